"""What is altered behind the triggers is found and told; what the law or a restore takes is no finding; what is unproved is said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from public_credit.base import settings
from public_credit.base.messages import UserError
from public_credit.ledger.models import Base
from public_credit.ledger.session import session
from public_credit.oversight.audit import chain, places, rows, standing
from public_credit.steps import evidence
from public_credit.steps.migrate import migrate
from sqlalchemy import text

from tests.dumps.make import FOLDER
from tests.helpers import penalties
from tests.helpers.commands import agreed, credit
from tests.helpers.evidence import asleep
from tests.helpers.penalties import csv_bytes, judge, land
from tests.helpers.runs import run_on
from tests.ledger.test_old_warehouses import restored

NOT_EVIDENCE = {  # what can be made again, what stands in the district's folder, and the chain itself
    "alert", "business_day", "calendar_day", "chain_event", "chain_form", "chain_link", "chain_seal", "dataset", "delivery_day", "delivery_total", "district_file",
    "key_department", "kind_shape", "link_change", "lock_holder", "milestone_evidence", "purged_token", "repeated_row", "report_area", "relation_right", "stock",
    "target_unit", "unit",
}  # fmt: skip
LOOK = "insert into ledger.access_log (who, purpose, action) values ('李某', '核对', 'look')"


@pytest.fixture
def sealed(warehouse: Any, tmp_path: Path) -> Iterator[Any]:
    """A warehouse with a judged receipt and a look at a person's record, sealed."""
    judge(land(tmp_path, "a.csv", csv_bytes(penalties.rows(5))))
    with warehouse.connect() as owner:
        owner.execute(LOOK)
    answer = credit("audit", "seal")
    assert answer.code == 0, answer.err
    return warehouse


def behind(warehouse: Any, table: str, statement: str, *given: Any) -> None:
    """Do what the owner of the database can: put the table's triggers to sleep, alter it, wake them again."""
    with warehouse.connect() as owner:
        with asleep(owner, table):
            assert owner.execute(statement, given or None).rowcount


def verified(*given: Any) -> dict[str, Any]:
    answer = credit("audit", "verify", "--json", *given)
    assert answer.out, answer.err
    told: dict[str, Any] = json.loads(answer.out)
    away = any("没有能读" in line for line in told["unsaid"])
    assert answer.code == (1 if told["findings"] else 3 if away else 0), answer.err
    return told


def found(*given: Any) -> list[tuple[str, str]]:
    return [(finding["what"], finding["where"]) for finding in verified(*given)["findings"]]


def land_another(sealed: Any) -> None:
    """A second receipt, with an object of its own."""
    judge(land(sealed.home.parent, "b.csv", csv_bytes(penalties.rows(7))))


def archived() -> Path:
    (path,) = (settings.home() / "archive").glob("zhzf*/*.pcw")
    return path


def test_what_nobody_altered_is_told_so_and_what_cannot_be_proved_with_it(sealed: Any) -> None:
    answer = credit("audit", "verify")
    assert answer.code == 0, answer.out
    assert "没有发现改动" in answer.out and "原始行 5" in answer.out and "归档对象 1" in answer.out
    for told in ("根值没有送到本机以外", "证据链始于", "保险库", "没有为根值配密钥"):
        assert told in answer.out
    assert verified("--since", "2100-01-01")["counts"].get("objects", 0) == 0


def test_whoever_verifies_notes_it_and_whoever_reads_cannot(sealed: Any) -> None:
    for account in ("auditor", ""):
        assert credit("audit", "verify", by=account).code == 0
    with sealed.connect("reader") as reader:
        assert reader.execute("select count(*) from ledger.chain_event where operation = 'verified'").fetchone() == (2,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute('select ledger.chain_verified(\'{"findings": 0, "since": ""}\')')


@pytest.mark.parametrize(
    ("table", "statement", "what"),
    [
        ("ledger.batch", "update ledger.batch set file_name = 'other.csv'", "row_altered"),
        ("ledger.step", "delete from ledger.step where name = 'land'", "row_gone"),
        ("ledger.access_log", "update ledger.access_log set who = '王某'", "row_altered"),
        ("ledger.access_log", "delete from ledger.access_log", "row_gone"),
        ("ledger.access_log", LOOK, "row_unbooked"),
        ("ledger.archive_object", "update ledger.archive_object set sha256 = repeat('0', 64)", "object_altered"),
        ("raw.administrative_penalty", "update raw.administrative_penalty set remark = 'x' where row_no = 2", "raw_altered"),
        ("raw.administrative_penalty", "delete from raw.administrative_penalty where row_no = 2", "raw_altered"),
        (
            "raw.administrative_penalty",
            "insert into raw.administrative_penalty (batch_seq, attempt, variant, row_no, content_hash, source_version, "
            "row_errors, row_warnings) values (1, 7, 'x', 1, gen_random_uuid(), '', '', '')",
            "raw_unbooked",
        ),
        ("ledger.chain_event", "update ledger.chain_event set at = at - interval '1 day' where id = 3", "event_altered"),
        ("ledger.chain_event", "update ledger.chain_event set keys = array['9'] where relation = 'access_log'", "event_altered"),
        ("ledger.chain_event", "delete from ledger.chain_event where relation = 'access_log'", "event_gone"),
        ("ledger.chain_link", "delete from ledger.chain_link where position > 3", "link_gone"),
        ("ledger.chain_seal", "update ledger.chain_seal set sealed_at = sealed_at - interval '1 day'", "seal_altered"),
    ],
)  # fmt: skip
def test_what_is_altered_behind_the_triggers_is_found(sealed: Any, table: str, statement: str, what: str) -> None:
    assert found() == []
    before = datetime.now(UTC)
    behind(sealed, table, statement)
    told = verified()
    assert what in {finding["what"] for finding in told["findings"]}
    for finding in told["findings"]:
        assert datetime.fromisoformat(finding["not_after"]) > before, "at the latest now"
        assert finding["after_seal"] <= 1
    (one, *_) = [finding for finding in told["findings"] if finding["what"] == what]
    if one["not_before"]:
        assert datetime.fromisoformat(one["not_before"]) < before, "at the earliest since it was as booked"
    assert "至迟在" in credit("audit", "verify").out


def test_an_object_of_the_archive_that_is_removed_or_altered_is_found(sealed: Any) -> None:
    path = archived()
    kept = path.read_bytes()
    path.write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))
    assert [what for what, _ in found()] == ["object_altered"]
    path.unlink()
    told = verified()["findings"]
    assert [finding["text"] for finding in told] == ["归档对象不存在"]
    path.write_bytes(kept)
    assert found() == []


@pytest.mark.parametrize("cause", ["the store is not mounted", "another key"])
def test_an_archive_that_cannot_be_read_is_no_alteration_and_is_not_verified(sealed: Any, cause: str) -> None:
    land_another(sealed)
    place = settings.home() / ("archive" if cause == "the store is not mounted" else "secrets/archive.key")
    kept = place.with_name("kept")
    place.rename(kept)
    if place.suffix:
        place.write_text("00" * 32, encoding="ascii")
        place.chmod(0o600)
    told = verified()
    assert told["findings"] == [] and any("2 个归档对象这一次没有能读" in line for line in told["unsaid"])
    with session("reader") as opened:
        assert (stands := standing.standing(opened.connection())).count == 0 and stands.whole_at is None
    with pytest.raises(UserError):  # the task is tried again
        evidence.check(run_on(penalties.ON), whole=True)
    kept.rename(place)
    assert evidence.check(run_on(penalties.ON), whole=True) == 0
    with session("reader") as opened:
        assert standing.standing(opened.connection()).whole_at is not None


def test_the_kept_key_of_one_object_that_fits_no_more_is_an_alteration(sealed: Any) -> None:
    land_another(sealed)
    statement = "update ledger.archive_object set wrapped_key = overlay(wrapped_key placing '\\x00ff'::bytea from 20) where uri = (select min(uri) from ledger.archive_object)"
    behind(sealed, "ledger.archive_object", statement)
    told = verified()["findings"]
    assert "保存的对象密钥不能解开" in [finding["text"] for finding in told]


def test_rows_that_differed_once_more_are_another_finding(sealed: Any) -> None:
    again = """
        insert into ledger.raw_digest (batch_seq, attempt, reason, rows, columns, digest, agreed)
        select batch_seq, attempt, reason, rows, columns, digest, false from ledger.raw_digest order by id limit 1"""
    told = []
    for _ in range(2):
        with sealed.connect() as owner:
            owner.execute(again)
        told.append({finding["id"] for finding in verified()["findings"]})
    assert len(told[0]) == 1 and len(told[1]) == 2 and told[0] < told[1]


def test_a_trigger_that_sleeps_is_told(sealed: Any) -> None:
    with sealed.connect() as owner:
        owner.execute("alter table ledger.access_log disable trigger chain_insert")
    assert found() == [("guard_off", "ledger.access_log")]
    with sealed.connect() as owner:
        owner.execute("alter table ledger.access_log enable trigger chain_insert")
        owner.execute("drop trigger two_persons on ledger.approval")
    assert found() == [("guard_off", "ledger.approval")]


def recompute(warehouse: Any) -> None:
    """Rewrite a look and then all that speaks of it: the event, every link, every seal."""
    altered = [f"ledger.{name}" for name in ("access_log", "chain_event", "chain_link", "chain_seal")]
    with warehouse.connect() as owner, asleep(owner, *altered):
        owner.execute("set timezone = 'UTC'")
        owner.execute("update ledger.access_log set who = '王某'")
        owner.execute("""
            update ledger.chain_event e set leaves = array[n.leaf], digest = encode(sha256(convert_to(
                n.key || ' ' || encode(n.leaf, 'hex'), 'UTF8')), 'hex')
            from (select cast(id as text) as key, sha256(convert_to(cast(row(id, at, who, purpose, action, subject_ref,
                  record_id, channel) as text), 'UTF8')) as leaf from ledger.access_log) n
            where e.relation = 'access_log' and e.operation = 'insert'""")
        previous = ""
        for seal in owner.execute(
            "select seal_no, day, sealed_at, position from ledger.chain_seal order by 1"
        ).fetchall():
            number, day, sealed_at, position = seal
            hashed = chain.start(previous)
            links = owner.execute(
                "select e.id, e.at, e.relation, e.operation, e.rows, e.digest, cast(e.detail as text), e.txid "
                "from ledger.chain_link l join ledger.chain_event e on e.id = l.event_id where l.position <= %s and "
                "l.position > coalesce((select position from ledger.chain_seal where seal_no = %s), 0) order by l.position",
                [position, number - 1],
            ).fetchall()
            for link in links:
                event: Any = SimpleNamespace(**dict(zip(chain.Event.__annotations__, link, strict=True)))
                hashed = chain.link(hashed, event)
                owner.execute("update ledger.chain_link set hash = %s where event_id = %s", [hashed, link[0]])
            root = chain.root(number, day, sealed_at, position, previous, hashed)
            owner.execute(
                "update ledger.chain_seal set root = %s, previous = %s where seal_no = %s", [root, previous, number]
            )
            previous = root


def test_a_chain_that_its_owner_recomputes_is_told_by_the_roots_that_left(sealed: Any, tmp_path: Path) -> None:
    kept = tmp_path / "kept.txt"
    assert credit("audit", "roots", "--out", kept).code == 0
    recompute(sealed)
    told = verified()["findings"]
    assert {finding["what"] for finding in told} == {"root_differs", "root_gone"}
    assert {finding["where"][:4] for finding in told if finding["what"] == "root_differs"} == {"归档存储", "状态文件"}
    # Who can write to archive and state folder, too, leaves no trace here, and that is said.
    for folder in (settings.home() / "archive" / "roots", settings.home() / "audit" / "roots"):
        for path in folder.iterdir():
            path.unlink()
    with sealed.connect() as owner:
        for seal in owner.execute("select * from ledger.chain_seal").fetchall():
            root = places.Root(seal[0], seal[1].isoformat(), chain.moment(seal[2]), *seal[3:7])
            for folder in (settings.home() / "archive" / "roots", settings.home() / "audit" / "roots"):
                (folder / root.name).write_text(root.line)
    blind = verified()
    assert blind["findings"] == [] and any("重算整条链" in line for line in blind["unsaid"])
    assert [what for what, _ in found("--against", kept)] == ["root_differs"], "whoever kept the root elsewhere knows"


def test_a_receiver_outside_makes_the_difference_and_is_sent_again_what_it_missed(sealed: Any, tmp_path: Path) -> None:
    outside = tmp_path / "kept by others"
    outside.write_text("no folder yet")
    sealed.add_connections(audit=outside.as_uri())
    answer = credit("audit", "seal")
    assert answer.code == 5 and "根值未能送到辖区的接收方" in answer.out
    outside.unlink()
    assert credit("audit", "seal").code == 0
    assert len(list(outside.glob("*.json"))) == 3
    told = verified()
    assert told["findings"] == [] and not any("本机以外" in line for line in told["unsaid"])
    next(outside.glob("*-000001-*.json")).unlink()
    assert [what for what, _ in found()] == ["root_gone"]


def test_a_key_signs_the_roots(sealed: Any) -> None:
    (sealed.home / "secrets" / "audit.key").write_text("07" * 32)
    assert credit("audit", "seal").code == 0
    assert found() == []
    behind(sealed, "ledger.chain_seal", "update ledger.chain_seal set mac = repeat('0', 64) where seal_no = 2")
    assert found() == [("seal_altered", "第 2 次封存")]


def test_evidence_is_not_changed_by_its_owner_either(sealed: Any) -> None:
    for statement in (
        "update ledger.access_log set who = 'x'",
        "delete from ledger.access_log",
        "truncate ledger.access_log",
        "update ledger.batch set sha256 = 'x'",
        "delete from ledger.step",
        "update ledger.step set message = 'x' where ended_at is not null",
        "update ledger.archive_object set size_bytes = 0",
        "truncate ledger.row_outcome",
        "update ledger.chain_event set rows = 0",
        "delete from ledger.chain_link",
        "truncate ledger.chain_seal cascade",
        "update ledger.raw_digest set rows = 0",
    ):
        with sealed.connect() as owner, pytest.raises(psycopg.errors.RestrictViolation, match="evidence"):
            owner.execute(statement)
    assert found() == []


def test_an_event_booked_later_cannot_rewrite_what_never_changes(sealed: Any) -> None:
    with sealed.connect() as owner:
        owner.execute("alter table ledger.access_log disable trigger kept")
        owner.execute("update ledger.access_log set who = '王某'")
        owner.execute("alter table ledger.access_log enable trigger kept")
    assert found() == [("kept_rewritten", "ledger.access_log 1")]


def test_work_that_goes_on_is_no_alteration(sealed: Any, tmp_path: Path) -> None:
    changed = csv_bytes([row | {"remark": "更正"} for row in penalties.rows(3)])
    judge(land(tmp_path, "b.csv", changed))
    assert credit("replay", 1).code == 0
    assert credit("audit", "seal").code == 0
    (sealed.home / "secrets" / "archive.2.key").write_text("02" * 32)
    assert agreed("vault", "rekey").code == 0
    told = verified()
    assert told["findings"] == [] and told["counts"]["unsealed"] > 0
    assert told["counts"]["raw_rows"] == 13, "both landings of the first receipt"


def test_a_purge_the_law_asks_for_is_no_alteration(sealed: Any) -> None:
    assert "5 行" in agreed("purge", "--date", "2031-03-01").out
    told = verified()
    assert told["findings"] == []
    assert sum("已按规定删除" in line for line in told["accepted"]) == 2, "rows and object"
    with sealed.connect() as owner:  # one row more than the law asked for
        with asleep(owner, "ledger.purged_row"):
            owner.execute("delete from ledger.purged_row where row_no = 5")
    assert {what for what, _ in found()} == {"row_gone", "raw_counts"}


def test_rows_that_were_altered_before_a_purge_stay_altered(sealed: Any, tmp_path: Path) -> None:
    lasting = [row | {"decision_date": "2030-02-25"} for row in penalties.rows(2)]
    rows_of_both = csv_bytes(
        [*lasting, *({**row, "decision_no": row["decision_no"] + "甲"} for row in penalties.rows(2))]
    )
    judge(land(tmp_path, "b.csv", rows_of_both))
    behind(
        sealed,
        "raw.administrative_penalty",
        "update raw.administrative_penalty set remark = 'x' where batch_seq = 2 and row_no = 1",
    )
    assert agreed("purge", "--date", "2031-03-01").code == 0
    assert ("raw_altered", "raw.administrative_penalty 批次 2 第 1 次入库") in found()


def test_hashes_of_another_version_are_no_alteration(sealed: Any) -> None:
    with session("owner") as opened:
        opened.execute(text("update ledger.kind_shape set shape = shape - 'content_hash'"))
    migrate()
    assert found() == []
    with sealed.connect() as owner:
        reasons = owner.execute("select reason, agreed from ledger.raw_digest order by id").fetchall()
    assert reasons == [("landed", True), ("reshaped", True)]


def copy_of(warehouse: Any, source: str, target: str) -> None:
    for role in settings.ROLES:
        settings.engine(role).dispose()
    with warehouse.cluster.admin() as admin:
        admin.execute(f"drop database if exists {target} with (force)")
        admin.execute(f"create database {target} template {source} owner pcw_owner")


def test_a_restore_is_a_gap_the_chain_tells_of(sealed: Any) -> None:
    """A database that is put back without a word is found, one that was restored and says so is not."""
    backup = f"{sealed.database}_backup"
    copy_of(sealed, sealed.database, backup)
    made_at = datetime.now(UTC)
    with sealed.connect() as owner:
        owner.execute(LOOK)
    assert credit("audit", "seal").code == 0
    try:
        copy_of(sealed, backup, sealed.database)
        assert found() == [("root_differs", f"{place}留存的第 2 次封存") for place in ("归档存储", "状态文件夹")]
        with sealed.connect() as owner:
            owner.execute(
                "select ledger.chain_note('restored', jsonb_build_object('made_at', cast(%s as text)))",
                [made_at.isoformat()],
            )
        assert credit("audit", "seal").code == 0
        told = verified()
        assert told["findings"] == [] and any("从" in line and "的备份恢复" in line for line in told["accepted"])
    finally:
        with sealed.cluster.admin() as admin:
            admin.execute(f"drop database if exists {backup} with (force)")


def test_a_receipt_whose_bytes_are_others_is_not_landed(sealed: Any) -> None:
    behind(sealed, "ledger.batch", "update ledger.batch set sha256 = repeat('0', 64)")
    assert credit("replay", 1).code != 0
    with sealed.connect() as owner:
        ((state, number),) = owner.execute(
            "select max(state), count(*) from ledger.attempt where attempt = 2"
        ).fetchall()
    assert (state, number) == ("failed", 1)
    assert ("digest_differs", "ledger.batch 1") in found()


def test_every_table_of_the_ledger_is_watched_or_said_to_be_no_evidence(warehouse: Any) -> None:
    tables = {table.name for table in Base.metadata.tables.values() if table.schema == "ledger"}
    with warehouse.connect() as owner:
        watched = {name for (name,) in owner.execute("select relation from ledger.chain_form").fetchall()}
        kept = {
            name
            for (name,) in owner.execute(
                "select c.relname from pg_trigger t join pg_class c on c.oid = t.tgrelid "
                "where t.tgname = 'kept' and not exists (select 1 from pg_trigger o where o.tgrelid = t.tgrelid "
                "and o.tgname = 'kept_columns')"
            )
        }
        columns = dict(
            owner.execute(
                "select relname, array_agg(cast(attname as text)) from pg_class join pg_attribute on attrelid = pg_class.oid "
                "where relnamespace = cast('ledger' as regnamespace) and attnum > 0 group by 1"
            ).fetchall()
        )
    with session("collector") as opened:
        for form in rows.forms(opened.connection()):
            assert {name.split()[0] for name in form.leaf.split(", ")} <= set(columns[form.relation])
    assert watched | NOT_EVIDENCE == tables and not watched & NOT_EVIDENCE
    assert kept == rows.KEPT | {"chain_event", "chain_link", "chain_seal"}


@pytest.mark.slow
@pytest.mark.parametrize("dump", ["v0.1.0", "migration_0024"])
def test_an_older_warehouse_begins_its_chain_with_what_it_finds(warehouse: Any, tmp_path: Path, dump: str) -> None:
    """The archive of an older warehouse is not in its dump: its objects cannot be verified, and nothing else is amiss."""
    restored(warehouse, FOLDER / f"{dump}.sql.xz", tmp_path)
    migrate()
    told = verified()
    assert told["findings"] == [] and told["counts"]["raw_rows"] > 0
    assert any(f"{told['counts']['objects']} 个归档对象这一次没有能读" in line for line in told["unsaid"])
    assert any("证据链始于" in line for line in told["unsaid"]) and any("升级到" in line for line in told["accepted"])
    behind(warehouse, "ledger.batch", "update ledger.batch set file_name = 'x' where seq = 1")
    assert found() == [("row_altered", "ledger.batch 1")]
