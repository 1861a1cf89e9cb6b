"""Place × likeness: which delivered row corrects a returned one, which goes to the work list and why, and what a decision does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from psycopg.types.json import Jsonb
from public_credit.gate import corrections, resubmission
from public_credit.identifiers.codes import make_uscc
from public_credit.oversight import status
from public_credit.oversight.waits import open_list
from public_credit.steps import work
from public_credit.steps.follow_up import follow_up

from tests.gate.test_resubmission import FAULT, Office, decision, renumbered
from tests.helpers.commands import credit
from tests.helpers.runs import run_on

ELSEWHERE = {"decision_date": "2026-02-02", "violation_facts": "另一件事。", "penalty_content": "警告。"}
FIRM = {"subject_name": "示范区他人商店有限公司", "uscc": make_uscc("91", "MA900099")}
LIKENESS: dict[str, Any] = {
    "its key": lambda n: decision(n),
    "number and name": lambda n: decision(n, uscc=make_uscc("91", f"MA8{n:05d}")),
    "name, day, content and facts": lambda n: renumbered(n),
    "number alone": lambda n: decision(n, **FIRM, **ELSEWHERE),
    "subject alone": lambda n: renumbered(n, **ELSEWHERE),
    "subject and day": lambda n: renumbered(n, violation_facts="另一件事。", penalty_content="警告。"),
    "day and content": lambda n: renumbered(n, **FIRM),
    "nothing": lambda n: renumbered(n, **FIRM, **ELSEWHERE),
    "number and name of two": lambda n: decision(n, uscc=make_uscc("91", f"MA8{n:05d}")),
}
PLACES = ("right", "another's", "of no returned row", "none")
ALWAYS = ("its key", "number and name", "name, day, content and facts")
UNANSWERED = 400


def expected(likeness: str, place: str) -> str:
    """``corrected``, the reason of a case, or '' for a record of its own."""
    if likeness in ALWAYS or (likeness, place) == ("number and name of two", "right"):
        return "corrected"
    if likeness == "number and name of two":
        return "ambiguous"
    return {"right": "other_row", "another's": "other_row", "of no returned row": "no_such_place", "none": ""}[place]


@pytest.fixture
def matrix(warehouse: Any, tmp_path: Path) -> tuple[Office, dict[tuple[str, str], int], int]:
    """A returned row per cell (two where it says so), and one answer with a row for each; cells by number; the answer's receipt."""
    office = Office(warehouse, tmp_path)
    cells = {
        (alike, place): 100 + 8 * index
        for index, (alike, place) in enumerate((alike, place) for alike in LIKENESS for place in PLACES)
    }
    twins = [
        decision(n, uscc=make_uscc("91", f"MA7{n:05d}"), **FAULT) for (alike, _), n in cells.items() if "two" in alike
    ]
    office.returned(UNANSWERED, *cells.values(), company=300, beside=twins)
    lines, slip = [], office.places[UNANSWERED]
    for (alike, place), number in cells.items():
        where = {
            "right": office.places[number],
            "another's": slip,
            "none": ("", "", "", ""),
            "of no returned row": (*slip[:3], "300"),
        }[place]
        lines.append((where, LIKENESS[alike](number)))
    return office, cells, office.under(lines)


def outcomes(office: Office, cells: dict[tuple[str, str], int], seq: int) -> dict[tuple[str, str], str]:
    """What became of every cell's row of the answer, by its place in it."""
    corrected = {
        no
        for (no,) in office.query("select corrected_row_no from ledger.quarantine where corrected_batch_seq = %s", seq)
    }
    cases = dict(office.query("select row_no, reason from ledger.correction_case where batch_seq = %s", seq))
    return {cell: "corrected" if row in corrected else cases.get(row, "") for row, cell in enumerate(cells, start=1)}


def listed(office: Office) -> dict[int, dict[str, Any]]:
    """Waiting cases by the row of the answer."""
    told = credit("corrections", "--json")
    assert told.code == 0, told.err
    return {case["row_no"]: case for case in told.json}


def test_place_and_likeness(matrix: tuple[Office, dict[tuple[str, str], int], int]) -> None:
    office, cells, seq = matrix
    found = outcomes(office, cells, seq)
    assert found == {cell: expected(*cell) for cell in cells}
    assert office.links() == sum(alike != "its key" for (alike, _), told in found.items() if told == "corrected")
    assert office.given_up() == set(), "none of them was on file"

    cases, row = listed(office), {cell: index for index, cell in enumerate(cells, start=1)}
    assert set(cases) == {row[cell] for cell in cells if expected(*cell) not in ("corrected", "")}
    right, two = cases[row["subject alone", "right"]], cases[row["number and name of two", "none"]]
    assert [entry["source_row"] for entry in right["returned"]] == [
        int(office.places[cells["subject alone", "right"]][3])
    ]
    assert len(two["returned"]) == 2 and right["source_row"] == row["subject alone", "right"] + 1
    told = f"{len(cases)} 行"
    assert any(
        told in item["message"] and "corrections" in item["act"] for item in status.overview(run_on(office.day))["open"]
    )
    assert [item for item in open_list.items(office.day) if item.key == f"undecided/{seq}" and told in item.message]
    shown = credit("corrections").out
    assert "该位置上是另一条记录" in shown and "示范区" not in shown, "no delivered value"

    # What a person decides.
    waiting = len(office.open())
    entry = right["returned"][0]["id"]
    assert credit("corrections", "decide", right["id"], "--correction-of", entry, "--reason", "更名、改期").code == 0
    new = cases[row["nothing", "another's"]]
    assert credit("corrections", "decide", new["id"], "--new", "--reason", "另案").code == 0
    assert len(office.open()) == waiting - 1
    assert set(listed(office)) == set(cases) - {right["row_no"], new["row_no"]}
    decided = office.query("select corrected_row_no from ledger.quarantine where id = %s", entry)
    assert decided == [(right["row_no"],)]
    links = office.links()
    assert resubmission.match(seq) == 0 and office.links() == links, "matching again changes nothing"
    assert "早已这样认定" in credit("corrections", "decide", new["id"], "--new", "--reason", "另案").out
    for words, code in (
        ([9999, "--new", "--reason", "x"], 4),
        ([right["id"], "--new", "--reason", "x"], 4),
        ([two["id"], "--correction-of", entry, "--reason", "x"], 4),
        ([two["id"], "--correction-of", 9999, "--reason", "x"], 4),
        ([two["id"], "--new", "--reason", " "], 2),
        ([two["id"], "--reason", "x"], 2),
    ):
        assert credit("corrections", "decide", *words).code == code, words

    # It survives a replay, goes with the receipt, and comes back with it.
    assert credit("replay", seq).code == 0
    assert set(listed(office)) == set(cases) - {right["row_no"], new["row_no"]} and len(office.open()) == waiting - 1
    assert credit("batches", "withdraw", seq, "--reason", "误报").code == 0
    assert listed(office) == {} and len(office.open()) == len(cells) + 1
    assert credit("corrections", "decide", two["id"], "--new", "--reason", "x").code == 4
    assert credit("batches", "restore", seq, "--reason", "无误").code == 0
    follow_up(run_on(office.day))
    assert len(office.open()) == waiting - 1
    assert office.query("select corrected_row_no from ledger.quarantine where id = %s", entry) == decided

    # A case is settled by the right row, too: nobody is asked any more.
    first = cells["subject alone", "another's"]
    office.deliver([decision(UNANSWERED)])
    assert row["subject alone", "another's"] not in listed(office), f"{first} stood under the place of {UNANSWERED}"


def test_a_record_that_stays_on_file_beside_its_correction_is_decided(warehouse: Any, tmp_path: Path) -> None:
    office = Office(warehouse, tmp_path)
    office.deliver([decision(number) for number in range(1, 41)])
    office.returned(1, 2)
    seq = office.deliver([renumbered(1), renumbered(2)])
    cases = listed(office)
    assert [case["reason"] for case in cases.values()] == ["old_stays"] * 2 and office.open() == set()
    first, second = cases.values()
    other = second["returned"][0]["id"]
    assert credit("corrections", "decide", first["id"], "--correction-of", other, "--reason", "x").code == 4
    assert (
        credit(
            "corrections", "decide", first["id"], "--correction-of", first["returned"][0]["id"], "--reason", "更正文号"
        ).code
        == 0
    )
    assert credit("corrections", "decide", second["id"], "--new", "--reason", "两份决定").code == 0
    assert office.given_up() == {decision(1)["decision_no"]} and office.links() == 1
    assert listed(office) == {} and resubmission.match(seq) == 0 and office.links() == 1
    # Taken back, the old record stands again, and the case asks again; decided once more, it is given up once more.
    undo(first["id"])
    assert office.given_up() == set() and office.links() == 0 and office.open() == set()
    assert [case["id"] for case in listed(office).values()] == [first["id"]]
    undo(second["id"])
    assert len(listed(office)) == 2
    assert decide(first, first["returned"][0]["id"]) == 0 and office.given_up() == {decision(1)["decision_no"]}


def decide(case: dict[str, Any], entry: int) -> int:
    return credit("corrections", "decide", case["id"], "--correction-of", entry, "--reason", "更正").code


def undo(case_id: int) -> None:
    answer = credit("corrections", "undo", case_id, "--reason", "认错了")
    assert answer.code == 0 and "已撤销" in answer.out, answer


@pytest.mark.parametrize("again", ["decide", "undo"])
def test_a_decision_is_followed_up_by_whoever_runs_next(warehouse: Any, tmp_path: Path, again: str) -> None:
    """A command that was killed once the decision was booked leaves the rest to the next run of the gate."""
    office = Office(warehouse, tmp_path)
    office.returned(1)
    seq = office.answer([(1, renumbered(1, **ELSEWHERE))])
    due = "select followed_up_at is null from ledger.attempt where batch_seq = %s"
    follow_up(run_on(office.day))
    ((_, case),) = listed(office).items()
    entry = case["returned"][0]["id"]
    corrections.decide(run_on(office.day), case["id"], entry, "更名、改期")
    assert office.query(due, seq) == [(True,)]
    assert work.gate(run_on(office.day)) == []
    assert office.query(due, seq) == [(False,)]
    assert office.query("select corrected_batch_seq from ledger.quarantine where id = %s", entry) == [(seq,)]
    assert office.links() == 1
    if again == "undo":
        corrections.undo(run_on(office.day), case["id"], "认错了")
        assert work.gate(run_on(office.day)) == [] and office.open() == {1} and office.links() == 0
        corrections.decide(run_on(office.day), case["id"], None, "另案")
        follow_up(run_on(office.day))
        corrections.undo(run_on(office.day), case["id"], "认错了")
        assert office.query(due, seq) == [(True,)], "what else the row may correct is asked anew"


def test_a_decision_whose_matching_fails_is_told_and_made_up_for(warehouse: Any, tmp_path: Path) -> None:
    office = Office(warehouse, tmp_path)
    office.returned(1)
    seq = office.answer([(1, renumbered(1, **ELSEWHERE))])
    follow_up(run_on(office.day))
    ((_, case),) = listed(office).items()
    entry = case["returned"][0]["id"]
    with warehouse.connect("owner") as owner:
        ((shape,),) = owner.execute(
            "select shape from ledger.kind_shape where kind = 'administrative_penalty'"
        ).fetchall()
        owner.execute(
            "update ledger.kind_shape set shape = jsonb_set(shape, '{fields}', '[]') where kind = 'administrative_penalty'"
        )
    assert decide(case, entry) == 1, "the catalogue is not applied"
    assert any(item.key == f"batch/{seq}" and item.state == "not_followed_up" for item in open_list.items(office.day))
    with warehouse.connect("owner") as owner:
        owner.execute("update ledger.kind_shape set shape = %s where kind = 'administrative_penalty'", [Jsonb(shape)])
    assert work.gate(run_on(office.day)) == []
    assert office.query("select corrected_batch_seq from ledger.quarantine where id = %s", entry) == [(seq,)]


def test_a_decision_that_is_taken_back_leaves_things_as_they_were(warehouse: Any, tmp_path: Path) -> None:
    office = Office(warehouse, tmp_path)
    office.returned(1, 2)
    seq = office.answer([(1, renumbered(1, **ELSEWHERE))])
    follow_up(run_on(office.day))
    ((_, case),) = listed(office).items()
    before = office.query("select id, state, corrected_batch_seq from ledger.quarantine order by id")
    (first, *_), (second, *_) = before
    assert decide(case, first) == 0 and office.links() == 1 and office.open() == {2}
    undo(case["id"])
    assert office.query("select id, state, corrected_batch_seq from ledger.quarantine order by id") == before
    assert office.links() == 0 and list(listed(office).values())[0]["id"] == case["id"]
    assert office.query("select resubmission_of from ledger.batch where seq = %s", seq) == [(None,)]
    again = credit("corrections", "undo", case["id"], "--reason", "x")
    assert again.code == 0 and "未作改动" in again.out
    assert credit("corrections", "undo", case["id"], "--reason", " ").code == 2
    assert resubmission.match(seq) == 0 and credit("replay", seq).code == 0
    assert office.open() == {1, 2} and len(listed(office)) == 1, "a replay does not decide it either"
    told = office.query("select message from ledger.step where name = 'decide' order by id")
    assert "认错了" in told[1][0] and "更正" in told[1][0], "who had decided what, and why it was taken back"

    assert decide(case, second) == 0 and office.open() == {1}, "the other one was meant"
    undo(case["id"])
    assert credit("corrections", "decide", case["id"], "--new", "--reason", "另案").code == 0 and listed(office) == {}
    undo(case["id"])
    assert len(listed(office)) == 1 and office.open() == {1, 2}, "a new record may be taken back as well"
    assert decide(case, first) == 0
    assert credit("batches", "withdraw", seq, "--reason", "误报").code == 0
    undo(case["id"])
    assert credit("batches", "restore", seq, "--reason", "无误").code == 0
    follow_up(run_on(office.day))
    assert office.open() == {1, 2} and len(listed(office)) == 1, "what was taken back meanwhile does not come back"


def test_what_was_taken_back_is_not_matched_again_by_likeness(warehouse: Any, tmp_path: Path) -> None:
    """A row like two returned ones was taken for the first; the second has come by itself since: one is left, and it is not meant."""
    office = Office(warehouse, tmp_path)
    twin = decision(1, uscc=make_uscc("91", "MA700001"))
    office.returned(1, beside=[twin | FAULT])
    seq = office.deliver([decision(1, uscc=make_uscc("91", "MA800001"))])
    ((_, case),) = listed(office).items()
    assert case["reason"] == "ambiguous"
    first, second = (entry["id"] for entry in case["returned"])
    assert decide(case, first) == 0
    office.deliver([twin])
    undo(case["id"])
    assert resubmission.match(seq) == 0 and credit("replay", seq).code == 0
    states = dict(office.query("select id, state from ledger.quarantine"))
    assert (states[first], states[second]) == ("returned", "corrected") and len(listed(office)) == 1


def test_the_true_correction_that_came_meanwhile_is_found_when_the_wrong_one_is_taken_back(
    warehouse: Any, tmp_path: Path
) -> None:
    office = Office(warehouse, tmp_path)
    office.returned(1)
    office.answer([(1, renumbered(1, **ELSEWHERE))])
    ((_, case),) = listed(office).items()
    assert decide(case, case["returned"][0]["id"]) == 0 and office.open() == set()
    true = office.deliver([decision(1)])
    undo(case["id"])
    assert office.query("select state, corrected_batch_seq from ledger.quarantine") == [("corrected", true)]
    assert listed(office) == {} and office.links() == 0
