"""A simulated year of monthly deliveries, and every question asked back: what was known on day X about day Y.

The answers come from a journal that is kept beside the deliveries and knows nothing of the warehouse: per record what was
delivered on which day in which version, and what was told of it later. Corrections, late older versions, exits, repairs,
objections, replaced keys and revocations arrive months after the day they are about.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest
from public_credit.identifiers.codes import make_uscc
from public_credit.ledger import ids
from public_credit.ledger.session import session
from public_credit.oversight import asof

from tests import seeds
from tests.conftest import Cluster, open_warehouse
from tests.helpers.records import Records

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
MONTHS = [date(2025 + (month > 9), (month + 2) % 12 + 1, 25) for month in range(1, 13)]  # April 2025 to March 2026
SUBJECTS = {f"S{number}": make_uscc("91", f"MA8{number:05d}") for number in range(1, 6)}
LATE = "S5"  # registered in the seventh month only; its records are on file before
#       kind: (number, event, end, exit, how an event names the kind)
SHAPES = {
    "breach_list": ("entry_no", "entered_on", "term_to", "removed_on", "名单"),
    "abnormal_operation": ("entry_no", "entered_on", "", "removed_on", "异常"),
    "honour": ("document_no", "decided_on", "valid_to", "removed_on", "荣誉"),
    "labour_violation": ("case_no", "decision_date", "", "", "劳动"),
}
TOLD = ("state", "objected", "event_on", "ends_on", "exited_on")


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


@dataclass
class Told:
    """One record as the journal knows it: (known on, version, fields) as delivered, and (known on, fact, day it is about)."""

    kind: str
    subject: str
    versions: list[tuple[date, str, dict[str, str]]] = field(default_factory=list)
    facts: list[tuple[date, str, date]] = field(default_factory=list)

    def newest(self, known_on: date) -> dict[str, str] | None:
        heard = [(version, index, row) for index, (day, version, row) in enumerate(self.versions) if day <= known_on]
        return max(heard)[2] if heard else None

    def answer(self, known_on: date, about: date) -> tuple[Any, ...] | None:
        """State, objected, event, end and exit of the record; None when nothing was known of it, or it lay ahead."""
        row = self.newest(known_on)
        if row is None:
            return None
        _, event, end, exit_, _ = SHAPES[self.kind]
        event_on, exited_on = _day(row[event]), _day(row.get(exit_, ""))
        ends_on = _day(row.get(end, ""))
        if self.kind == "labour_violation":  # five years from the day it was put right, else from the decision
            counted = _day(row["corrected_on"]) or event_on
            ends_on = counted.replace(year=counted.year + 5)
        if event_on > about:
            return None
        heard: dict[str, list[date]] = {}
        for day, fact, on in self.facts:
            if day <= known_on:
                heard.setdefault(fact, []).append(on)
        if any(on <= about for on in heard.get("撤销", [])):
            state = "revoked"
        elif any(on <= about for on in heard.get("取代", [])):
            state = "replaced"
        elif any(on <= about for on in heard.get("修复", [])):
            state = "repaired"
        elif exited_on and exited_on <= about:
            state = "ended"
        else:
            state = "expired" if ends_on and ends_on < about else "current"
        opened = max(heard.get("异议受理", [date.max]))
        closed = max(heard.get("异议办结", [date.min]))
        objected = opened <= about and not opened <= closed <= about
        return state, objected, event_on, ends_on, exited_on


class Year:
    """Twelve months played with a random course; the journal, and what the timeline said at the end of each month."""

    def __init__(self, records: Records):
        self.records, self.rng = records, seeds.rng("year")
        self.journal: dict[str, Told] = {}
        self.said: dict[date, dict[str, tuple[Any, ...]]] = {}
        for month, day in enumerate(MONTHS):
            known = [subject for subject in SUBJECTS if subject != LATE] if month == 0 else [LATE] if month == 6 else []
            records.register(month + 1, **{f"uscc_{SUBJECTS[subject]}": subject for subject in known})
            self.play(day)
            records.build(
                day, select=("+mart_subjects__timeline", "+fct_records__version", "+record_changes", "+record_links")
            )
            self.said[day] = {
                row[0]: row[1:]
                for row in records.query(f"select document_no, {', '.join(TOLD)} from marts.mart_subjects__timeline")
            }

    def play(self, day: date) -> None:
        before = list(self.journal)
        rows: dict[tuple[str, str], list[dict[str, str]]] = {}

        def tell(number: str, row: dict[str, str], version: str) -> None:
            told = self.journal[number]
            told.versions.append((day, version, row))
            rows.setdefault((told.kind, version), []).append(
                row | {"uscc": SUBJECTS[told.subject], SHAPES[told.kind][0]: number}
            )

        for kind in SHAPES:
            for _ in range(3):
                number = f"{kind}{len(self.journal) + 1}"
                self.journal[number] = Told(kind, self.rng.choice(list(SUBJECTS)))
                tell(number, self.fresh(kind, day), f"{day}T08:00:00")
        for number in self.rng.sample(before, min(len(before), 6)):
            tell(number, self.corrected(self.journal[number], day), f"{day}T09:00:00")
        for number in self.rng.sample(before, min(len(before), 2)):  # an older version that comes late
            tell(number, self.fresh(self.journal[number].kind, day - timedelta(days=400)), "2025-01-01T00:00:00")
        events = [self.told_later(number, day) for number in self.rng.sample(before, min(len(before), 8))]
        self.replace(before, day)
        for (kind, version), delivered in rows.items():
            self.records.deliver(kind, day, delivered, version=version)
        if events:
            self.records.deliver("decision_event", day, events)

    def past(self, day: date, days: int) -> str:
        return str(day - timedelta(days=self.rng.randrange(1, days)))

    def fresh(self, kind: str, day: date) -> dict[str, str]:
        """A record whose event lies up to a month back; terms that end within the year, and after it."""
        _, event, end, exit_, _ = SHAPES[kind]
        row = {event: self.past(day, 1900 if kind == "labour_violation" else 30)}
        if end:
            row[end] = self.rng.choice(["", str(day + timedelta(days=self.rng.randrange(20, 500)))])
        return row | ({exit_: ""} if exit_ else {"corrected_on": ""})

    def corrected(self, told: Told, day: date) -> dict[str, str]:
        """What is on file with one thing put right: the event, the end of the term, or an exit some weeks ago."""
        _, event, end, exit_, _ = SHAPES[told.kind]
        row = dict(told.newest(day))
        change = self.rng.choice([event, end or exit_ or "corrected_on", exit_ or "corrected_on"])
        return row | {change: self.past(day, 90)}

    def told_later(self, number: str, day: date) -> dict[str, str]:
        told = self.journal[number]
        fact = self.rng.choice(["撤销", "修复", "异议受理", "异议受理", "异议办结"])
        on = date.fromisoformat(self.past(day, 150))
        told.facts.append((day, fact, on))
        return {
            "decision_table": SHAPES[told.kind][4],
            "decision_no": number,
            "event_type": fact,
            "event_date": str(on),
            "uscc": SUBJECTS[told.subject],
            "id_no": "",
        }

    def replace(self, before: list[str], day: date) -> None:
        """A key was corrected: another record on file, untold today, takes the place of one from today on, if there are two."""
        untold = [name for name in before if all(known < day for known, _, _ in self.journal[name].versions)]
        pairs = [
            (number, other)
            for number in before
            for other in untold
            if number != other and self.journal[number].kind == self.journal[other].kind
        ]
        if not pairs:
            return
        number, other = self.rng.choice(pairs)
        told = self.journal[number]
        records = {
            name: self.records.query(
                f"select {ids.record_id('record_id')} from raw.{told.kind} where {SHAPES[told.kind][0]} = %s limit 1",
                name,
            )[0][0]
            for name in (number, other)
        }
        seq = self.records.deliver(told.kind, day, [])
        self.records.run(
            "insert into ledger.record_link (old_record_id, new_record_id, kind, batch_seq, row_no, reason, linked_on) "
            "values (%s, %s, %s, %s, 1, '更正', %s) on conflict do nothing",
            records[number],
            records[other],
            told.kind,
            seq,
            day,
        )
        told.facts.append((day, "取代", day))

    def expected(self, known_on: date, about: date, subject: str = "") -> dict[str, tuple[Any, ...]]:
        answers = {
            number: told.answer(known_on, about)
            for number, told in self.journal.items()
            if subject in ("", told.subject)
        }
        return {number: answer for number, answer in answers.items() if answer is not None}


@pytest.fixture(scope="module")
def year(migrated: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Year]:
    with (
        pytest.MonkeyPatch.context() as patch,
        open_warehouse(migrated, tmp_path_factory.mktemp("year"), patch) as opened,
    ):
        yield Year(Records(opened))


def test_the_timeline_said_each_month_what_was_known(year: Year):
    for day, said in year.said.items():
        assert said == year.expected(day, day), day


def test_both_axes_are_answered_as_the_journal_answers(year: Year):
    asked = [
        MONTHS[0] - timedelta(days=1),
        *MONTHS,
        *(day + timedelta(days=year.rng.randrange(1, 27)) for day in MONTHS),
    ]
    different = 0
    with session("reader") as opened:
        for subject in SUBJECTS:
            for known_on in asked:
                for about in (*asked, date(2021, 6, 30), date(2027, 6, 30), date(2031, 1, 1)):
                    found = {
                        row["document_no"]: tuple(row[name] for name in TOLD)
                        for row in asof.records(opened, subject, known_on, about)
                    }
                    expected = year.expected(known_on, about, subject)
                    assert found == expected, f"{subject}: known on {known_on} about {about}"
                    different += found != year.expected(MONTHS[-1], about, subject)
    assert different > 500, "what is known today is not what was known then"


def test_the_course_of_the_year_holds_what_it_should(year: Year):
    """A random course is worth nothing unless everything happened in it, late."""
    last = MONTHS[-1]
    states = {answer[0] for answer in year.expected(last, last).values()}
    assert states == {"current", "expired", "ended", "repaired", "replaced", "revoked"}
    assert sum(known - on > timedelta(days=31) for told in year.journal.values() for known, _, on in told.facts) > 20
    assert any(told.newest(last) is not told.versions[-1][2] for told in year.journal.values()), (
        "no older version came late"
    )
