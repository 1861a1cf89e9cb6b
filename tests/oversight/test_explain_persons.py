"""Records of persons are told one at a time; a blank document number names none of them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from public_credit.base.messages import UserError
from public_credit.ledger import ids
from public_credit.oversight import trace

from tests.helpers.commands import credit
from tests.helpers.records import Records

ON = date(2026, 2, 25)


@pytest.fixture
def records(warehouse: Any) -> Records:
    """Five persons whose decisions lack a number, two in one decision, one and an organisation in decisions of their own."""
    made = Records(warehouse)
    persons = [{"decision_no": "", "subject_name": f"张{word}", "id_no": f"〔{word}〕"} for word in "甲乙丙丁戊"]
    persons += [
        {"decision_no": "示罚〔2026〕7号", "subject_name": f"李{word}", "id_no": f"〔李{word}〕"} for word in "甲乙"
    ]
    made.deliver(
        "administrative_penalty",
        ON,
        [*persons, {"decision_no": "示罚〔2026〕8号", "subject_name": "王甲"}],
        variant="person",
    )
    made.deliver(
        "administrative_penalty", ON, [{"decision_no": "示罚〔2026〕9号"}, {"decision_no": ""}], variant="entity"
    )
    return made


@pytest.mark.parametrize("key", ["", " ", "\u3000", "〔〕", "-"])
def test_rows_without_a_number_do_not_answer_to_a_blank_key(records: Records, key: str) -> None:
    answer = credit("explain", key, "--purpose", "核查")
    assert (answer.code, answer.out) == (2, "") and "没有填写" in answer.err
    with pytest.raises(UserError):
        trace.find(key)
    assert records.query("select count(*) from ledger.access_log") == [(0,)]


def test_a_decision_about_several_persons_is_told_one_person_at_a_time(records: Records) -> None:
    several = credit("explain", "示罚〔2026〕7号", "--purpose", "核查")
    assert (several.code, several.out) == (2, "") and "涉及 2 条自然人记录" in several.err and "李" not in several.err
    found = [
        row
        for (row,) in records.query(
            f"select {ids.record_id('record_id')} from raw.administrative_penalty where decision_no = '示罚〔2026〕7号'"
        )
    ]
    assert len(set(found)) == 2 and all(record in several.err for record in found)
    assert records.query("select count(*) from ledger.access_log") == [(0,)]
    assert [item.record_id for item in trace.find(found[0])] == [found[0]]
    assert [len(trace.find(f"示罚〔2026〕{number}号")) for number in (8, 9)] == [1, 1]
