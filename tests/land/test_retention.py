"""Rows whose record's retention has passed go, with what held nothing else; what somebody still needs stays."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from public_credit.base import settings
from public_credit.catalogue import load_catalogue
from public_credit.custody import archive
from public_credit.land import left_empty, partitions, retention
from public_credit.ledger import ids, locks
from public_credit.ledger.session import session
from sqlalchemy import text

from tests.helpers.commands import agreed, credit
from tests.helpers.penalties import csv_bytes, judge, land, rows
from tests.helpers.runs import run_on

KIND = "administrative_penalty"
PERSON = {"legal_rep_id_type": "身份证", "legal_rep_id_no": "370306199001011238"}
IN_TIME, LATE = date(2031, 2, 24), date(2031, 3, 1)  # five years after the decisions, and after they were accepted
THERE = f"select decision_no from raw.{KIND} order by batch_seq, attempt, row_no"
COUNTED = "select rows_in, accepted, quarantined, duplicate, refused from ledger.batch order by seq"
# What keeps a record: a correction that is awaited, an edition, an item on its way.
KEEPING = {
    "quarantine": """
        insert into ledger.quarantine (batch_seq, attempt, row_no, dataset_id, unit_id, kind, record_id, rules, opened_on)
        values (1, 1, 1, 'zhzf.penalty_entity', 'zhzf', 'administrative_penalty', '{record}', 'R01', '2026-02-25')""",
    "edition": """
        insert into ledger.edition (year, kind, as_of, business_date, build_id, computed_by)
        values (2026, 'original', '2026-12-31', '2027-01-05', 1, 'x');
        insert into ledger.edition_item select id, 'T01', 'x', '', '', '{record}', 1, 1, 0 from ledger.edition""",
    "delivery": """
        insert into ledger.build (business_date, state) values ('2026-02-25', 'built');
        insert into ledger.release (build_id, receiver, business_date, adds, mods, dels, diff_hash)
        select build_id, 'city', business_date, 1, 0, 0, 'x' from ledger.build;
        insert into ledger.delivery_item (release_id, receiver, interface, record_id, operation, version, payload)
        select release_id, 'city', 'cf_fr', '{record}', 'ADD', 'v', '{{}}' from ledger.release;
        insert into ledger.delivery_state (item_id, idempotency_key, state) select item_id, 'k', 'pending'
        from ledger.delivery_item""",
}


def numbers(warehouse: Any) -> list[str]:
    with warehouse.connect() as owner:
        return [number for (number,) in owner.execute(THERE).fetchall()]


def query(warehouse: Any, statement: str, *given: Any) -> list[Any]:
    with warehouse.connect() as owner:
        return owner.execute(statement, given or None).fetchall()


def record(warehouse: Any, number: str) -> str:
    ((found,),) = query(
        warehouse, f"select distinct {ids.record_id('record_id')} from raw.{KIND} where decision_no = %s", number
    )
    return str(found)


def test_a_record_goes_with_all_its_rows_and_nothing_else(warehouse: Any, tmp_path: Path) -> None:
    old, lasting, again = rows(3)
    first = land(tmp_path, "a.csv", csv_bytes([old, lasting | {"decision_date": "2030-02-25"}, again]))
    judge(first)
    second = land(tmp_path, "b.csv", csv_bytes([again | {"remark": "更正"}]), date(2030, 1, 1))
    judge(second, date(2030, 1, 1))
    counted, gone = query(warehouse, COUNTED), record(warehouse, old["decision_no"])
    assert "没有保存期限届满" in credit("purge", "--date", IN_TIME).out
    shown = credit("purge", "--date", LATE, "--dry-run").out
    assert "1 条记录、1 行" in shown and "山东省社会信用条例第38条" in shown
    assert len(numbers(warehouse)) == 4, "a preview"
    assert "1 条记录、1 行" in agreed("purge", "--date", LATE).out
    assert numbers(warehouse) == [lasting["decision_no"], again["decision_no"], again["decision_no"]]
    assert query(warehouse, "select kind, rule, clause, years, rows, records from ledger.purge") == [
        (KIND, "自行为终止之日起不超过 5 年", "山东省社会信用条例第38条", 5, 1, 1)
    ]
    told = credit("explain", gone)
    assert told.code == 4 and "已按保存期限清除" in told.err and "自行为终止之日起不超过 5 年" in told.err
    assert query(warehouse, COUNTED) == counted
    with warehouse.connect() as owner, pytest.raises(Exception, match="differ from the rows there"):
        owner.execute("update ledger.batch set accepted = accepted - 1, duplicate = duplicate + 1 where seq = 1")
    with warehouse.connect() as owner:  # the counts are those of the rows and of what was purged
        owner.execute("update ledger.batch set state = 'accepted_with_quarantine' where seq = 1")
    assert credit("replay", first).code == 4, "its file would bring the row back"
    assert "没有保存期限届满" in credit("purge", "--date", LATE).out


@pytest.mark.parametrize("what", KEEPING)
def test_what_is_needed_stays(warehouse: Any, tmp_path: Path, what: str) -> None:
    judge(land(tmp_path, "a.csv", csv_bytes(rows(2))))
    needed, other = numbers(warehouse)
    with warehouse.connect() as owner:
        owner.execute(KEEPING[what].format(record=record(warehouse, needed)))
    retention.purge(run_on(LATE))
    assert numbers(warehouse) == [needed] and other != needed


def test_a_killed_purge_goes_on_and_a_second_waits(
    warehouse: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seq = land(tmp_path, "a.csv", csv_bytes(rows(3, **PERSON)))
    judge(seq)
    monkeypatch.setattr(partitions, "SMALL", 0)
    monkeypatch.setattr(retention, "_MOST", 1)
    assert partitions.turn_all([load_catalogue().kinds[KIND]], date(2026, 3, 1)) == [KIND]
    purged, calls = retention._purge, list[Any]()

    def killed(run: Any, kind: Any, part: str) -> Any:
        if kind.id == KIND and calls:
            raise KeyboardInterrupt
        calls.extend([kind.id] * (kind.id == KIND))
        return purged(run, kind, part)

    with monkeypatch.context() as patch:
        patch.setattr(retention, "_purge", killed)
        with pytest.raises(KeyboardInterrupt):
            retention.purge(run_on(LATE))
    assert len(query(warehouse, "select from ledger.purged_row")) == 1 and len(numbers(warehouse)) == 2
    with locks.alone("builder", locks.BUILD, "构建", "测试"):
        assert agreed("purge", "--date", LATE).code == 6
    with monkeypatch.context() as patch:
        patch.setattr(archive, "shred", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            retention.purge(run_on(LATE))
    assert numbers(warehouse) == []
    ((uri,),) = query(warehouse, "select archive_uri from ledger.batch")
    assert Path(uri.removeprefix("file://")).exists()
    retention.purge(run_on(LATE))
    assert not Path(uri.removeprefix("file://")).exists()
    assert query(warehouse, "select shred_reason, wrapped_key from ledger.archive_object") == [
        (left_empty.PURGED, None)
    ]
    with session("reader") as opened:
        assert [part.first for part in partitions.of(opened, KIND)] == [seq + 1], "the closed one is empty"
    tokens = "select count(*) from vault.secret"
    assert query(warehouse, tokens) == [(1,)], "what a receiver deletes is sent with the number first"
    retention.purge(run_on(date(2031, 3, 2)))
    assert query(warehouse, tokens) == [(0,)] and query(warehouse, "select from ledger.purged_token") == []
    assert sum(rows for (rows,) in query(warehouse, "select rows from ledger.purge")) == 3


ENDED = f"update raw.{KIND} set decision_date = %s where row_no = %s"


def test_what_goes_is_what_was_agreed_to_row_by_row(warehouse: Any, tmp_path: Path) -> None:
    """As many rows of as many records, but others: agreed to by nobody."""
    lasting = "2030-02-25"
    first, second, third = rows(3)
    judge(land(tmp_path, "a.csv", csv_bytes([first, second, third])))
    with warehouse.connect() as owner:
        owner.execute(ENDED, [lasting, 2])
    asked = credit("purge", "--date", LATE, "--reason", "期满", "--json").json
    assert credit("approvals", "approve", asked["approval"], by="engineer2").code == 0
    about = credit("approvals", "--json").json[0]["about"]
    assert "2 条记录、2 行" in about
    with warehouse.connect() as owner:
        owner.execute(ENDED, [lasting, 1])
        owner.execute(ENDED, [first["decision_date"], 2])
    assert "2 条记录、2 行" in credit("purge", "--date", LATE, "--dry-run").out
    refused = credit("purge", "--date", LATE)
    assert refused.code == 4 and "名单已变化，请重新申请" in refused.err and f"第 {asked['approval']} 号" in refused.err
    assert len(numbers(warehouse)) == 3 and query(warehouse, "select from ledger.purge") == []
    anew = credit("purge", "--date", LATE, "--reason", "名单变了", "--json").json
    assert anew["waiting"] and anew["approval"] != asked["approval"]
    assert credit("purge", "--date", LATE, "--json").json["approval"] == anew["approval"], "the new question waits"
    assert credit("approvals", "approve", anew["approval"], by="engineer2").code == 0
    assert "2 条记录、2 行" in credit("purge", "--date", LATE).out
    assert numbers(warehouse) == [first["decision_no"]]


def test_what_was_agreed_to_yesterday_is_done_today(
    warehouse: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge(land(tmp_path, "a.csv", csv_bytes(rows(2))))
    monkeypatch.setenv("PCW_BUSINESS_DATE", str(LATE))
    asked = credit("purge", "--reason", "期满", "--json").json
    monkeypatch.setenv("PCW_BUSINESS_DATE", str(LATE + timedelta(days=1)))
    assert credit("approvals", "approve", asked["approval"], by="engineer2").code == 0
    assert "2 条记录、2 行" in credit("purge").out and numbers(warehouse) == []
    (row,) = credit("approvals", "--json").json
    assert row["state"] == "used"


def test_a_row_that_comes_between_two_transactions_is_not_taken(
    warehouse: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_MOST", 1)
    judge(land(tmp_path, "a.csv", csv_bytes(rows(3))))
    purged, calls = retention._purge, list[str]()

    def between(run: Any, kind: Any, part: str) -> Any:
        if len(calls) == 1:  # the next record in turn is another one now
            (there,) = query(warehouse, f"select row_no from raw.{KIND} order by record_id limit 1")
            with warehouse.connect() as owner:
                owner.execute(ENDED, ["2030-02-25", there[0]])
        calls.append(kind.id)
        return purged(run, kind, part)

    monkeypatch.setattr(retention, "_purge", between)
    answer = agreed("purge", "--date", LATE)
    assert answer.code == 4 and "名单已变化，请重新申请" in answer.err
    assert len(numbers(warehouse)) == 2 and len(query(warehouse, "select from ledger.purged_row")) == 1


def test_a_number_that_another_row_holds_stays(warehouse: Any, tmp_path: Path) -> None:
    judge(
        land(
            tmp_path, "a.csv", csv_bytes([rows(1, **PERSON)[0], rows(2, **PERSON)[1] | {"decision_date": "2030-02-25"}])
        )
    )
    retention.purge(run_on(LATE))
    retention.purge(run_on(date(2031, 3, 2)))
    assert len(numbers(warehouse)) == 1
    with settings.engine("owner").connect() as owner:
        assert owner.execute(text("select count(*) from vault.secret")).scalar() == 1
