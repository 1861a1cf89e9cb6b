"""Which delivered row corrects which returned one; and that a place column alone never gives up a record on file.

A world of decisions on file, some delivered again with a fault (so the returned row bears the key of a record on file), some
returned and never accepted. Then slips come back: honest, of other decisions, re-sorted, shifted, shuffled.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from public_credit.gate import resubmission
from public_credit.identifiers.codes import make_uscc
from public_credit.ledger import ids

from tests import seeds
from tests.helpers import penalties
from tests.helpers.penalties import ON, csv_bytes, judge, land, rows

Row = dict[str, str]
FIRMS = 4
FAULT = {"violation_type": ""}


def decision(number: int, **changes: str) -> Row:
    """One of the district's decisions: several of the same firm, some of them on the same day."""
    firm = number % FIRMS
    return (
        rows(1)[0]
        | {
            "decision_no": f"示罚决〔2026〕{number}号",
            "subject_name": f"示范区第{firm}商店有限公司",
            "uscc": make_uscc("91", f"MA9{firm:05d}"),
            "violation_facts": f"第{number}件事的违法事实。",
            "decision_date": f"2026-01-{10 + number // (2 * FIRMS) % 15:02d}",
        }
        | changes
    )


def renumbered(number: int, **changes: str) -> Row:
    return decision(number, decision_no=f"示罚决更〔2026〕{number}号", **changes)


class Office:
    """A department that delivers files and answers slips."""

    def __init__(self, warehouse: Any, folder: Path):
        self.warehouse, self.folder, self.day, self.files = warehouse, folder, ON, 0
        self.places: dict[int, tuple[str, str, str, str]] = {}  # decision number → its place on the slip

    def query(self, sql: str, *parameters: Any) -> list[tuple]:
        with self.warehouse.connect() as connection:
            return connection.execute(sql, parameters).fetchall()

    def bring(self, content: bytes) -> int:
        self.day += timedelta(days=1)
        self.files += 1
        seq = land(self.folder, f"{self.files}.csv", content, self.day)
        outcome = judge(seq, self.day)
        assert outcome.state in ("accepted", "accepted_with_quarantine"), outcome.message
        resubmission.match(seq)
        return seq

    def deliver(self, given: list[Row]) -> int:
        return self.bring(csv_bytes(given))

    def returned(self, *numbers: int, company: int = 40, beside: Sequence[Row] = ()) -> None:
        """Deliver good company and decisions with a fault that goes back, others ``beside`` them; remember their places."""
        good = [decision(900 + self.files * 50 + index) for index in range(company)]
        given = [decision(number, **FAULT) for number in numbers]
        seq = self.deliver([*given, *beside, *good])
        ((batch_id, name),) = self.query("select batch_id, file_name from ledger.batch where seq = %s", seq)
        for index, number in enumerate(numbers):
            self.places[number] = (batch_id, name, "", str(index + 2))
        assert len(self.open()) >= len(numbers)

    def answer(self, given: list[tuple[int, Row]]) -> int:
        """A slip: each row under the place of the decision named."""
        return self.under([(self.places[number], row) for number, row in given])

    def under(self, given: list[tuple[tuple[str, str, str, str], Row]]) -> int:
        """Rows under places as they are given."""
        lines = csv_bytes([row for _, row in given]).decode().splitlines()
        places = [("批次", "文件", "工作表", "行号"), *(place for place, _ in given)]
        return self.bring(
            "\n".join(",".join(place) + "," + line for place, line in zip(places, lines, strict=True)).encode()
        )

    def open(self) -> set[int]:
        return {
            int(no.split("〕")[1][:-1])
            for (no,) in self.query("""
            select r.decision_no from ledger.quarantine q join raw.administrative_penalty r
              on r.batch_seq = q.batch_seq and r.attempt = q.attempt and r.row_no = q.row_no where q.state in ('open', 'returned')""")
        }

    def corrected(self) -> dict[str, str]:
        """Number of the returned row → number of the row that corrected it."""
        return dict(
            self.query("""
            select r.decision_no, n.decision_no from ledger.quarantine q join raw.administrative_penalty r
              on r.batch_seq = q.batch_seq and r.attempt = q.attempt and r.row_no = q.row_no
            join raw.administrative_penalty n on n.batch_seq = q.corrected_batch_seq and n.row_no = q.corrected_row_no""")
        )

    def given_up(self) -> set[str]:
        """Numbers of the records on file that a link would withdraw: those accepted before the link was made."""
        return {
            no
            for (no,) in self.query(f"""
            select r.decision_no from ledger.record_link l
            join raw.administrative_penalty r on {ids.record_id("r.record_id")} = l.old_record_id
            left join ledger.row_outcome o on o.batch_seq = r.batch_seq and o.attempt = r.attempt and o.row_no = r.row_no
            left join lateral ledger.unchanged(r.batch_seq, r.attempt, r.row_no) u on true
            where o.row_no is null and u.batch_seq is null and r.batch_seq < l.batch_seq""")
        }

    def links(self) -> int:
        return self.query("select count(*) from ledger.record_link")[0][0]


@pytest.fixture
def office(warehouse, tmp_path: Path) -> Office:
    """Decisions 1 to 40 on file; 1 to 6 delivered again with a fault, 41 to 46 returned and never accepted."""
    made = Office(warehouse, tmp_path)
    made.deliver([decision(number) for number in range(1, 41)])
    made.returned(*range(1, 7), *range(41, 47))
    assert made.open() == {*range(1, 7), *range(41, 47)} and made.links() == 0
    return made


OTHERS = {
    "another firm, number and day": decision(70),
    "same firm, another day": decision(69, decision_date="2026-02-01"),
    "same firm, same day, another matter": decision(69, decision_date=decision(1)["decision_date"]),
    "another firm under the same number": decision(
        70, decision_no=decision(1)["decision_no"], decision_date=decision(1)["decision_date"]
    ),
    "a decision on file already": decision(9, remark="补充"),
    "a decision on file already, unchanged": decision(17),
    "a decision on file that reads the same but for its number": decision(
        9, violation_facts=decision(1)["violation_facts"], decision_date=decision(1)["decision_date"]
    ),
}


@pytest.mark.parametrize("place", [1, 41], ids=["of a record on file", "of one never accepted"])
@pytest.mark.parametrize("case", OTHERS)
def test_the_place_of_another_decision_corrects_and_withdraws_nothing(office: Office, case: str, place: int) -> None:
    row = dict(OTHERS[case])
    if place == 41 and case.startswith("same firm"):
        row |= (
            {"decision_date": "2026-02-01"}
            if "another day" in case
            else {"decision_date": decision(41)["decision_date"]}
        )
    before = office.open()
    office.answer([(place, row)])
    assert office.open() == before and office.corrected() == {} and office.links() == 0


def test_an_honest_slip_corrects_whatever_field_was_wrong(office: Office) -> None:
    office.answer(
        [
            (1, decision(1)),
            (2, renumbered(2)),
            (41, decision(41)),
            (42, renumbered(42)),
            (43, decision(43, uscc=make_uscc("91", "MA900099"))),
            (44, decision(44, decision_date="2026-02-02")),
            (45, decision(45, subject_name="示范区更名商店有限公司")),
            (3, renumbered(3, penalty_content="警告，并处罚款2000元。")),
        ]
    )
    assert office.open() == {4, 5, 6, 46}
    assert office.corrected()[decision(42)["decision_no"]] == renumbered(42)["decision_no"]
    assert office.given_up() == {decision(2)["decision_no"], decision(3)["decision_no"]}, (
        "one DEL each; 43 was never on file"
    )


def test_a_slip_that_failed_once_is_still_the_answer(office: Office) -> None:
    """The number was corrected but the fault was still there: that row came back too. The slip sent again answers both."""
    numbers = [2, 3, 4, 5, 6, *range(41, 47)]
    office.answer([(1, renumbered(1, **FAULT)), *zip(numbers, map(decision, numbers), strict=True)])
    assert office.open() == {1} and office.links() == 0
    office.answer([(1, renumbered(1))])
    assert office.open() == set() and office.given_up() == {decision(1)["decision_no"]}


def test_the_original_again_in_another_order_is_matched_and_nothing_given_up(office: Office) -> None:
    given = [decision(number) for number in [*range(41, 47), *range(1, 41)]]
    seeds.rng("re-sorted").shuffle(given)
    office.deliver(given)
    assert office.open() == set() and office.links() == 0


def test_a_corrected_number_outside_a_slip_gives_no_record_on_file_up(office: Office) -> None:
    office.deliver([renumbered(1), renumbered(41)])
    assert {1, 41}.isdisjoint(office.open()) and office.given_up() == set()


@pytest.mark.parametrize("by", [1, -1])
def test_places_shifted_by_a_row_change_nothing(office: Office, by: int) -> None:
    numbers = [*range(1, 7), *range(41, 47)]
    office.answer(list(zip(numbers[by:] + numbers[:by], map(decision, numbers), strict=True)))
    assert office.open() == set() and office.links() == 0
    assert all(old == new for old, new in office.corrected().items())


def test_a_slip_of_another_dataset_corrects_nothing(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    before = office.open()
    monkeypatch.setattr(penalties, "DATASET", "wsjk.penalty_entity")
    office.answer([(1, renumbered(1)), (41, decision(41))])
    assert office.open() == before and office.links() == 0


def test_a_record_that_comes_after_the_correction_is_not_the_one_corrected(office: Office) -> None:
    """41 was typed for 41更 and never accepted; the true 41 comes later. The link is there, for the returned row only."""
    office.answer([(41, renumbered(41))])
    assert office.links() == 1
    office.deliver([decision(41, violation_facts="另一件事。", decision_date="2026-02-03")])
    assert office.given_up() == set()


@pytest.mark.parametrize("course", range(6))
def test_however_places_are_shuffled_no_record_on_file_is_given_up(office: Office, course: int) -> None:
    """Rows of returned, filed and new decisions under places drawn at random, some left out, some places twice."""
    rng = seeds.rng(f"places {course}")
    numbers = rng.sample([*range(1, 7), *range(41, 47), *range(7, 30), *range(60, 70)], 20)
    given = [decision(number, remark=rng.choice(["", "补充"])) for number in numbers]
    office.answer([(rng.choice(list(office.places)), row) for row in given])
    assert office.links() == 0 and office.given_up() == set()
    assert all(old == new for old, new in office.corrected().items()), "corrected by its own row or not at all"
    assert office.open() == ({*range(1, 7), *range(41, 47)} - set(numbers))
