"""Row verdicts against the simulator's planted faults and look-alikes, through header match and scan.

The whole-chain tests compare outcomes; this one names row and rule within seconds. Cross-record rules are
left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
import pytest
from district_simulator.assemble import assemble
from district_simulator.book import Book
from district_simulator.vocabulary.deliveries import Delivery
from district_simulator.vocabulary.formats import cells
from district_simulator.vocabulary.rows import DateCell, NumberCell, Row
from district_simulator.vocabulary.workcalendar import DAYS
from public_credit.catalogue import load_catalogue
from public_credit.custody import scan
from public_credit.kernels.columns import Column
from public_credit.land import headers
from public_credit.land.rules import load_ruleset
from public_credit.land.rules.context import RowContext
from public_credit.land.rules.rows import RowRules, Verdicts

CROSS = {"R06", "R06W", "R16", "V05"}
SEED = 20260225


def _text(value: Any) -> str:
    if isinstance(value, DateCell):
        return value.value.isoformat()
    if isinstance(value, NumberCell):
        return str(int(value.value)) if value.value.is_integer() else repr(value.value)
    return value


def verdicts_of(delivery: Delivery) -> Verdicts:
    catalogue = load_catalogue()
    dataset = catalogue.datasets[delivery.dataset]
    kind, spreadsheet = catalogue.kinds[dataset.kind], delivery.format in ("xlsx", "xls")
    match = headers.match(kind, dataset.variant, delivery.dialect.headers, dataset)
    lines = [cells(row, delivery.dialect) for row in delivery.rows]
    frame = pl.DataFrame(
        {name: [_text(line[index]) for line in lines] for index, name in match.columns.items()},
        schema=dict.fromkeys(match.columns.values(), pl.String),
    )
    numeric = (
        {
            name: pl.Series([isinstance(line[index], NumberCell) for line in lines])
            for index, name in match.columns.items()
        }
        if spreadsheet
        else {}
    )
    found = {
        name: scan.find(Column(frame[name]), kind.fields[name].role)
        for name in frame.columns
        if kind.fields[name].type != "person_id"
    }
    context = RowContext(
        DAYS[delivery.day],
        catalogue.supplier_usccs,
        spreadsheet,
        set(),
        numeric,
        {name: hit for name, hit in found.items() if hit is not None},
        pl.Series([bool(row.ragged) for row in delivery.rows]),
    )
    return RowRules(kind, dataset.variant, load_ruleset(kind.id)).apply(frame, context)


def expected_here(row: Row, severity: Mapping[str, str]) -> str:
    """Outcome of the row before cross-record rules and the comparison with earlier versions."""
    if row.expect == "duplicate":
        return "accepted"
    if row.expect == "quarantined" and set(row.rules) & CROSS:
        return "quarantined" if any(severity[rule] == "error" for rule in set(row.rules) - CROSS) else "accepted"
    return row.expect


@pytest.fixture(scope="module")
def book() -> Book:
    return assemble(SEED, 0.02).book


@pytest.mark.parametrize("day", [1, 2, 3])
def test_verdicts_are_the_answer_key(book: Book, day: int) -> None:
    wrong, rows, planted = [], 0, 0
    for delivery in book.deliveries[day]:
        if delivery.damage or delivery.content is not None or not delivery.rows:
            continue
        verdicts = verdicts_of(delivery)
        severity = {
            rule.id: rule.severity for rule in load_ruleset(load_catalogue().datasets[delivery.dataset].kind).row_rules
        }
        for number, row in enumerate(delivery.rows):
            errors, warnings, refused = (verdicts.errors[number], verdicts.warnings[number], verdicts.refused[number])
            outcome = "refused" if refused else "quarantined" if errors else "accepted"
            missing = set(row.rules) - CROSS - {*errors.split(";"), *warnings.split(";"), refused}
            if outcome != expected_here(row, severity):
                missing.add(f"{outcome}, not {row.expect}")
            if missing:
                wrong.append((delivery.dataset, delivery.name, number, row.case, sorted(missing), errors, warnings))
            rows, planted = rows + 1, planted + bool(row.rules)
    assert not wrong[:5], f"{len(wrong)} of {rows} rows"
    assert rows > 100 and planted > 20
