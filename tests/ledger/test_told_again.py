"""A warehouse in which two firms of 注册号 无 were one record: after ``migrate`` they are two, and only these move."""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path
from typing import Any

import pytest
from public_credit.deliver import release
from public_credit.identifiers.codes import make_uscc
from public_credit.land import subjects
from public_credit.ledger import ids
from public_credit.ledger.session import session
from public_credit.steps import work
from public_credit.steps.migrate import migrate
from sqlalchemy import text

from tests.helpers.penalties import ON, csv_bytes, judge, land, rows
from tests.helpers.runs import run_on

pytestmark = [pytest.mark.slow]
RECORD = ids.record_id("record_id")
SHARED = "示罚决〔2026〕100号"
FIRMS = ("示范区甲记早点铺", "示范区乙记早点铺", "示范区丙记早点铺")
HELD = {"ledger.row_outcome": "record_id", "ledger.quarantine": "record_id", "ledger.record_link": "old_record_id"}


def record_of_old(row: dict[str, str], subject: str) -> str:
    """The record id that landing gave before: the first code that was filled told the subject."""
    parts = ["administrative_penalty", "entity", row["authority_uscc"], row["decision_no"], subject]
    return "r" + blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()[:31]


def delivered(folder: Path) -> tuple[int, str]:
    """Three decisions about one company, one number with three firms without a code, the third with an error; batch, old id."""
    known = rows(3, uscc=make_uscc("91", "MA3A0001"), org_code="")
    nobody = {"uscc": "", "org_code": "", "business_reg_no": "无", "subject_category": "个体工商户"}
    firms = [rows(1, **nobody)[0] | {"decision_no": SHARED, "subject_name": name} for name in FIRMS]
    firms[2]["decision_date"] = "不详"
    seq = land(folder, "a.csv", csv_bytes([*known, *firms]))
    assert judge(seq).state == "accepted_with_quarantine"
    return seq, record_of_old(firms[0], "reg:无")


def told(warehouse: Any) -> dict[int, tuple[str, str, str]]:
    with warehouse.connect() as owner:
        found = owner.execute(
            f"select row_no, {RECORD}, subject_scheme, subject_value from raw.administrative_penalty"
        ).fetchall()
    return {row[0]: row[1:] for row in found}


def made_old(warehouse: Any, seq: int, old: str) -> None:
    """Ids as they were: one for the three firms, in everything that holds it; a returned row of theirs was linked, too."""
    with warehouse.connect() as owner:
        owner.execute(
            f"update raw.administrative_penalty set record_id = {ids.stored('%s')} where decision_no = %s",
            [old, SHARED],
        )
        owner.execute("update ledger.row_outcome set record_id = %s where row_no = 6", [old])
        owner.execute(
            "update ledger.quarantine set record_id = %s, state = 'corrected', corrected_batch_seq = batch_seq, "
            f"corrected_row_no = 1, corrected_record_id = (select {RECORD} from raw.administrative_penalty where row_no = 1)",
            [old],
        )
        owner.execute(
            "insert into ledger.record_link (old_record_id, new_record_id, kind, batch_seq, row_no, reason, linked_on) "
            f"select %s, {RECORD}, 'administrative_penalty', %s, 1, '', %s from raw.administrative_penalty where row_no = 2",
            [old, seq, ON],
        )


def without_columns(warehouse: Any) -> None:
    with warehouse.connect() as owner:
        for name in ("subject_scheme", "subject_value"):
            owner.execute(f"alter table raw.administrative_penalty drop column {name} cascade")


def test_what_holds_the_id_of_a_shared_record_follows_its_rows(
    warehouse: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seq, old = delivered(tmp_path)
    landed = told(warehouse)
    assert [landed[number][1:] for number in (4, 5)] == [("name", FIRMS[0]), ("name", FIRMS[1])]
    assert len({landed[number][0] for number in landed}) == 6
    made_old(warehouse, seq, old)
    without_columns(warehouse)

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(subjects, "key_parts", killed)
        with pytest.raises(KeyboardInterrupt):
            migrate()
    migrate()
    assert told(warehouse) == landed
    with warehouse.connect() as owner:
        for table, column in HELD.items():
            assert owner.execute(f"select {column} from {table}").fetchall() == [(landed[6][0],)], table
        assert owner.execute("select corrected_record_id from ledger.quarantine").fetchall() == [(landed[1][0],)]
        repeated = owner.execute("select count(*) from ledger.repeated_row").fetchone()
    migrate()
    assert told(warehouse) == landed
    with warehouse.connect() as owner:
        assert owner.execute("select count(*) from ledger.repeated_row").fetchone() == repeated


def test_the_city_is_sent_the_firms_that_were_one_record_and_nothing_else(warehouse: Any, tmp_path: Path) -> None:
    seq, old = delivered(tmp_path)
    made_old(warehouse, seq, old)
    with session("owner") as opened:  # the link of the other test would take the record back
        opened.execute(text("delete from ledger.record_link"))
    assert work.build(run_on(ON)).build_id is not None
    first = work.release(run_on(ON))
    assert (first.adds, first.dels) == (4, 0)
    with warehouse.connect() as owner:
        owner.execute("update ledger.delivery_state set state = 'accepted'")
        # what reads the columns is built again by a new version, from the models as they are then
        without_columns(warehouse)
    migrate()
    work.build(run_on(ON), full=True)
    second = release.prepare(run_on(ON))
    assert (second.adds, second.mods, second.dels) == (2, 0, 1)
