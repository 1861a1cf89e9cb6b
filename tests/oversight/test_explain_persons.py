"""Records of persons are told one at a time; a blank document number names none of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from public_credit.base.messages import UserError
from public_credit.ledger import ids
from public_credit.oversight import search, trace
from public_credit.oversight.record import load

from tests.helpers.commands import credit
from tests.helpers.records import Records
from tests.helpers.runs import run_on

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
    booked = records.query("select action, purpose, record_id from ledger.access_log")
    assert sorted(booked) == sorted(("find", "核查", record) for record in set(found))
    assert [item.record_id for item in trace.find(found[0])] == [found[0]]
    assert [len(trace.find(f"示罚〔2026〕{number}号", run_on(), purpose="核查")) for number in (8, 9)] == [1, 1]


def test_a_document_number_says_of_a_persons_record_that_there_is_one_and_that_is_a_look(records: Records) -> None:
    (hit,) = search.search(run_on(who="甲"), "示罚(2026)7号").hits
    assert (hit.sort, hit.key, hit.word) == ("record", "示罚(2026)7号", "自然人记录")
    assert "处罚" not in hit.title + hit.detail, "not what it is"
    with pytest.raises(trace.PurposeNeeded):
        trace.find("示罚〔2026〕8号", run_on(who="甲"))
    log = records.query("select who, action, purpose, record_id, subject_ref from ledger.access_log")
    assert log == [("甲", "find", "", "", "")] * 2
    for kind in ("administrative_penalty", "administrative_licence"):
        assert records.query("select * from desk.find_records(%s, null, array['示罚〔2026〕7号'])", kind) == []
    assert (
        len(records.query("select * from desk.find_records('administrative_penalty', null, array['示罚〔2026〕9号'])"))
        == 1
    )


def test_records_of_persons_are_not_counted_by_running_through_numbers(records: Records) -> None:
    for _ in range(60):
        assert [hit.word for hit in search.search(run_on(who="甲"), "示罚〔2026〕8号").hits] == ["自然人记录"]
    for number in (7, 8, 1000):
        paused = search.search(run_on(who="甲"), f"示罚〔2026〕{number}号")
        assert paused.hits == [] and "暂停按文书号查自然人的记录" in paused.notes[-1], "whether there is one or not"
    (hit,) = search.search(run_on(who="甲"), "示罚〔2026〕9号").hits
    assert hit.word != "自然人记录"
    with pytest.raises(UserError, match="暂停"):
        trace.find("示罚〔2026〕8号", run_on(who="甲"), purpose="核查")
    assert search.search(run_on(who="乙"), "示罚〔2026〕8号").hits


def test_nobody_who_is_not_signed_in_is_told_of_one(records: Records) -> None:
    nobody = replace(run_on(), token=None)
    assert search.search(nobody, "示罚〔2026〕8号").hits == [] == trace.find("示罚〔2026〕8号", nobody, purpose="核查")
    with pytest.raises(UserError, match="登录"):
        load.one("示罚〔2026〕8号", nobody, purpose="核查")
