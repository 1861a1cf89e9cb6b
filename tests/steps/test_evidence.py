"""Evidence is verified by the clock: what was altered is told by status, alert, doctor and metrics until it is mended or explained."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from public_credit.oversight import alerts
from public_credit.steps import evidence

from tests.helpers import penalties
from tests.helpers.commands import agreed, credit
from tests.helpers.evidence import asleep
from tests.helpers.runs import run_on
from tests.oversight.test_audit import archived

ON = date(2026, 2, 25)
ALTER = "update ledger.access_log set purpose = %s where who = '李某'"
LOOK = "insert into ledger.access_log (who, purpose, action) values ('李某', '核对', 'look')"


@pytest.fixture
def checked(warehouse: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A warehouse with a judged receipt and a look, verified whole by the first night."""
    monkeypatch.setenv("PCW_BUSINESS_DATE", ON.isoformat())
    penalties.judge(penalties.land(tmp_path, "a.csv", penalties.csv_bytes(penalties.rows(3))))
    with warehouse.connect() as owner:
        owner.execute(LOOK)
    assert evidence.check(run_on(ON)) == 0
    alerts.tell(run_on(ON))
    return warehouse


def _alter(warehouse: Any, table: str, statement: str, *given: Any) -> None:
    with warehouse.connect() as owner, asleep(owner, table):
        assert owner.execute(statement, given or None).rowcount


def _line() -> list[dict[str, Any]]:
    return [item for item in credit("status", "--open", "--json").json if item["fingerprint"].startswith("audit#")]


def _doctor() -> dict[str, str]:
    return next(row for row in credit("doctor", "--json").json if row["subject"] == "留痕复核")


def _metric() -> str:
    return next(line for line in credit("metrics").out.splitlines() if line.startswith("pcw_audit_findings"))


def _steps(warehouse: Any) -> list[tuple[str, str]]:
    with warehouse.connect() as owner:
        found: list[tuple[str, str]] = owner.execute(
            "select verdict, message from ledger.step where name = 'audit' order by id"
        ).fetchall()
        return found


def test_a_night_verifies_what_is_recent_and_a_week_later_everything(
    checked: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    evidence.check(run_on(ON))
    monkeypatch.setattr(evidence, "WHOLE", timedelta(hours=12))
    evidence.check(run_on(ON))
    evidence.check(run_on(ON), whole=True)
    said = [message for _, message in _steps(checked)]
    assert ["全部" in message for message in said] == [True, False, True, True], said
    assert {verdict for verdict, _ in _steps(checked)} == {"ok"} and _line() == []
    assert _doctor()["verdict"] == "通过" and _metric() == "pcw_audit_findings 0"


def test_an_altered_row_is_told_everywhere_until_it_is_as_it_was(checked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _alter(checked, "ledger.access_log", ALTER, "闲看")
    assert evidence.check(run_on(ON)) == 1
    assert _steps(checked)[-1][0] == "warning"
    (line,) = _line()
    assert "ledger.access_log" in line["message"] and "audit explain" in line["act"] and line["owner"] == "leadership"
    assert _doctor()["verdict"] == "待办" and "ledger.access_log" in _doctor()["detail"]
    assert _metric() == "pcw_audit_findings 1"
    told = alerts.tell(run_on(ON))
    assert [item.key for item in told.new] == ["audit"] and told.sent
    _alter(checked, "ledger.access_log", ALTER, "核对")
    monkeypatch.setattr(evidence, "RECENT", timedelta(days=9))
    assert evidence.check(run_on(ON)) == 0, "a night looks at the whole ledger"
    assert _line() == [] and _doctor()["verdict"] == "通过"
    assert [gone.fingerprint.partition("#")[0] for gone in alerts.tell(run_on(ON)).settled] == ["audit"]


REMARK = "update raw.administrative_penalty set remark = %s where row_no = 1"


def test_a_night_that_did_not_look_at_a_landing_or_an_object_settles_nothing_there(
    checked: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with checked.connect() as owner:
        (was,) = owner.execute("select remark from raw.administrative_penalty where row_no = 1").fetchone()
    path = archived()
    kept = path.read_bytes()
    path.write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))
    _alter(checked, "raw.administrative_penalty", REMARK, "另一个")
    _alter(checked, "raw.administrative_penalty", UNBOOKED_ROW)
    assert evidence.check(run_on(ON), whole=True) == 3
    _alter(checked, "raw.administrative_penalty", REMARK, was)
    _alter(checked, "raw.administrative_penalty", "delete from raw.administrative_penalty where attempt = 7")
    path.write_bytes(kept)
    monkeypatch.setattr(evidence, "RECENT", timedelta(days=-2))
    assert evidence.check(run_on(ON)) == 3 and len(_line()) == 1, "that night looked at nothing that came before"
    assert any(
        "没有看到其所在" in line for line in credit("audit", "verify", "--since", "2100-01-01", "--json").json["unsaid"]
    )
    monkeypatch.setattr(evidence, "RECENT", timedelta(days=10))
    assert evidence.check(run_on(ON)) == 1, "rows nobody booked are looked for by a verification of everything"
    assert evidence.check(run_on(ON), whole=True) == 0 and _line() == []


def test_an_object_that_cannot_be_read_is_not_settled_by_that(checked: Any) -> None:
    path = archived()
    kept = path.read_bytes()
    path.write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))
    assert evidence.check(run_on(ON), whole=True) == 1
    path.unlink()
    assert evidence.check(run_on(ON), whole=True) == 2, "what it was is not known while it is gone"
    path.write_bytes(kept[:-1] + bytes([kept[-1] ^ 2]))
    assert evidence.check(run_on(ON), whole=True) == 2, "what cannot be decrypted is not looked at either"
    path.write_bytes(kept)
    assert evidence.check(run_on(ON), whole=True) == 0


def test_roots_are_settled_by_who_could_read_them(checked: Any, tmp_path: Path) -> None:
    """A place that cannot be reached, a key that is not there and roots that nobody hands back settle nothing."""
    outside = tmp_path / "outside"
    checked.add_connections(audit=outside.as_uri())
    (checked.home / "secrets" / "audit.key").write_text("07" * 32)
    assert credit("audit", "seal").code == 0
    handed = tmp_path / "roots.txt"
    assert credit("audit", "roots", "--out", handed).code == 0
    (path,) = outside.glob("*.json")
    kept = path.read_text()
    path.unlink()
    assert evidence.check(run_on(ON), whole=True) == 1
    hidden = tmp_path / "hidden"
    outside.rename(hidden)
    outside.write_text("not a folder: nobody answers")
    assert evidence.check(run_on(ON), whole=True) == 1 and _line(), "nobody could read there"
    outside.unlink()
    hidden.rename(outside)
    path.write_text(kept)
    assert evidence.check(run_on(ON), whole=True) == 0 and _line() == []

    false = json.loads(kept) | {"root": "0" * 64}
    handed.write_text(json.dumps(false))
    assert credit("audit", "verify", "--against", handed).code == 1
    assert evidence.check(run_on(ON), whole=True) == 1, "nobody handed it back this time"

    mac = "update ledger.chain_seal set mac = %s where seal_no = 1"
    with checked.connect() as owner:
        (signed,) = owner.execute("select mac from ledger.chain_seal").fetchone()
    _alter(checked, "ledger.chain_seal", mac, "0" * 64)
    assert evidence.check(run_on(ON), whole=True) == 2
    (checked.home / "secrets" / "audit.key").rename(checked.home / "audit.key")
    assert evidence.check(run_on(ON), whole=True) == 2, "without the key no signature is looked at"
    (checked.home / "audit.key").rename(checked.home / "secrets" / "audit.key")
    assert evidence.check(run_on(ON), whole=True) == 2
    _alter(checked, "ledger.chain_seal", mac, signed)
    assert evidence.check(run_on(ON), whole=True) == 1


def test_a_table_with_too_many_findings_to_tell_settles_none_of_them(checked: Any) -> None:
    with checked.connect() as owner:
        owner.execute(
            "insert into ledger.access_log (who, purpose, action) select '某', '核对', 'look' from generate_series(1, 410)"
        )
    _alter(checked, "ledger.access_log", "update ledger.access_log set purpose = '闲看' where id = 400")
    assert evidence.check(run_on(ON)) == 1
    _alter(checked, "ledger.access_log", "update ledger.access_log set purpose = '闲看' where id between 2 and 300")
    assert evidence.check(run_on(ON)) == 202, "two hundred one by one, one for the others, and the one from before"
    _alter(checked, "ledger.access_log", "update ledger.access_log set purpose = '核对' where id between 2 and 400")
    assert evidence.check(run_on(ON)) == 0 and _line() == []


def test_two_persons_explain_a_finding_as_it_is_and_not_what_comes_later(checked: Any) -> None:
    _alter(checked, "ledger.access_log", ALTER, "笔误更正")
    assert evidence.check(run_on(ON)) == 1
    (finding,) = credit("audit", "verify", "--json").json["findings"]
    assert finding["id"] in credit("audit", "verify").out
    done = agreed("audit", "explain", finding["id"])
    assert done.code == 0, done.err
    assert _line() == [] and _doctor()["verdict"] == "通过", "settled at once"
    verified = credit("audit", "verify", "--json")
    assert verified.code == 0
    (said,) = [line for line in verified.json["accepted"] if finding["where"] in line]
    assert "测试。数据工程师甲（engineer） 说明，数据工程师乙（engineer2） 同意" in said
    assert evidence.check(run_on(ON)) == 0
    assert credit("audit", "explain", finding["id"], "--reason", "再说").code == 4
    _alter(checked, "ledger.access_log", ALTER, "又一次")
    assert evidence.check(run_on(ON)) == 1 and len(_line()) == 1
    assert credit("audit", "seal").code == 0
    assert [found["where"] for found in credit("audit", "verify", "--json").json["findings"]] == [finding["where"]]


def test_one_person_alone_explains_nothing_and_a_sleeping_guard_is_woken(checked: Any) -> None:
    _alter(checked, "ledger.access_log", ALTER, "闲看")
    with checked.connect() as owner:
        owner.execute("alter table ledger.step disable trigger chain_update")
    assert evidence.check(run_on(ON)) == 2
    found = {row["what"]: row["id"] for row in credit("audit", "verify", "--json").json["findings"]}
    asked = credit("audit", "explain", found["row_altered"], "--reason", "笔误", "--json").json
    assert asked["waiting"] and credit("approvals", "approve", asked["approval"]).code == 4
    assert credit("audit", "explain", found["row_altered"], "--json").json["waiting"]
    guard = credit("audit", "explain", found["guard_off"], "--reason", "维护")
    assert guard.code == 4 and "触发器" in guard.err
    assert len(_line()) == 1


UNBOOKED_ROW = """insert into raw.administrative_penalty
    (batch_seq, attempt, variant, row_no, content_hash, source_version, row_errors, row_warnings)
    values (1, 7, 'x', 1, gen_random_uuid(), '', '', '')"""


@pytest.mark.parametrize(
    ("table", "statement", "what"),
    [
        ("raw.administrative_penalty", UNBOOKED_ROW, "raw_unbooked"),
        ("ledger.chain_seal", "delete from ledger.chain_seal", "seal_gone"),  # ledger.chain_sent refers to it
        (
            "ledger.access_log",
            "insert into ledger.access_log (who, purpose, action) select '某', 'x', 'look' from generate_series(1, 201)",
            "rows_more",
        ),
    ],
)
def test_what_could_hide_the_next_alteration_is_mended_and_not_explained(
    checked: Any, table: str, statement: str, what: str
) -> None:
    assert credit("audit", "seal").code == 0
    if what == "seal_gone":
        _alter(checked, "ledger.chain_sent", "delete from ledger.chain_sent")
    _alter(checked, table, statement)
    assert evidence.check(run_on(ON), whole=True) >= 1
    found = {row["what"]: row["id"] for row in credit("audit", "verify", "--json").json["findings"]}
    assert len(found[what]) == 32
    refused = credit("audit", "explain", found[what], "--reason", "笔误")
    assert refused.code == 4 and re.search("不能|没有发现过", refused.err), (refused.err, found)


def test_altered_once_more_an_explained_receipt_is_found_again(checked: Any) -> None:
    _alter(checked, "ledger.batch", "update ledger.batch set size_bytes = size_bytes + 1")
    evidence.check(run_on(ON), whole=True)
    first = {row["what"]: row["id"] for row in credit("audit", "verify", "--json").json["findings"]}
    _alter(checked, "ledger.batch", "update ledger.batch set size_bytes = size_bytes + 1")
    second = {row["what"]: row["id"] for row in credit("audit", "verify", "--json").json["findings"]}
    assert first["digest_differs"] != second["digest_differs"]


def test_landed_rows_of_recent_days_are_among_it(checked: Any) -> None:
    _alter(
        checked,
        "raw.administrative_penalty",
        "update raw.administrative_penalty set decision_no = 'x' where row_no = 1",
    )
    assert evidence.check(run_on(ON)) == 1
    assert "批次 1" in _line()[0]["message"]


def test_the_task_ends_failed_without_another_try(checked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.sdk.exceptions import AirflowFailException
    from public_credit.steps import airflow

    monkeypatch.setattr(airflow, "run_of", lambda context: run_on(ON))
    context = {"params": {"whole": False}, "dag_run": SimpleNamespace(dag_id="verify_evidence", run_id="x")}
    airflow.evidence(context)
    _alter(checked, "ledger.access_log", ALTER, "闲看")
    with pytest.raises(AirflowFailException, match="1 处改动"):
        airflow.evidence(context)


def test_what_a_verification_books_names_places_and_no_value(checked: Any) -> None:
    _alter(checked, "ledger.access_log", ALTER, "闲看")
    evidence.check(run_on(ON))
    with checked.connect() as owner:
        (detail,) = owner.execute(
            "select detail from ledger.chain_event where operation = 'verified' order by id desc limit 1"
        ).fetchone()
    assert set(detail["found"][0]) == {"id", "what", "where"} and "闲看" not in json.dumps(detail, ensure_ascii=False)
