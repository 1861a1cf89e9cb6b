"""The receipts that brought a record: which are versions, which came again as they were, which were returned or replayed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from itertools import groupby
from typing import Any

from ...catalogue.models import Kind
from ...ledger.states import Outcome
from ...papers.record.model import Receipt
from . import values
from .rows import REPLAYED, Row

VERSIONS = "batch_seq bigint, row_no int, known_from date, known_to date"
Spans = Mapping[tuple[int, int], tuple[date | None, date | None]]


def known(versions: Iterable[Any]) -> Spans:
    """From which day till before which the row of a receipt was what was known, by batch and row."""
    spans: dict[tuple[int, int], tuple[date | None, date | None]] = {}
    for row in versions:
        place = (row.batch_seq, row.row_no)
        since, until = spans.get(place, (row.known_from, row.known_to))
        both = until and row.known_to
        spans[place] = (min(since, row.known_from), max(until, row.known_to) if both else None)
    return spans


def of(kind: Kind, rows: Iterable[Row], spans: Spans) -> tuple[Receipt, ...]:
    """One entry per receipt in the order of versions; runs of receipts that changed nothing are one entry.

    A replay is another attempt at the same receipt: no entry of its own, and no version.
    """
    found: list[Receipt] = []
    number, before = 0, None
    for unchanged, run in groupby(_receipts(rows), lambda receipt: _unchanged(receipt[0])):
        places = list(run)
        if unchanged:
            found.append(_again(places))
            continue
        for row, attempts in places:
            changes: tuple[str, ...] = ()
            if row.accepted:
                number += 1
                changes = values.differing(before, row, kind) if before else ()
                before = row
            since, until = spans.get((row.batch_seq, row.row_no), (None, None))
            found.append(_told(number if row.accepted else None, row, attempts, since, until, changes))
    return tuple(found)


def _receipts(rows: Iterable[Row]) -> list[tuple[Row, list[Row]]]:
    """Per place in a receipt the row that counts (of the live attempt, else the newest), and all its attempts."""
    places: dict[tuple[int, int], list[Row]] = {}
    for row in rows:
        places.setdefault((row.batch_seq, row.row_no), []).append(row)
    return [(next((row for row in every if row.live), every[-1]), every) for every in places.values()]


def _unchanged(row: Row) -> bool:
    return row.live and row.outcome == Outcome.DUPLICATE


def _told(
    number: int | None, row: Row, attempts: list[Row], since: date | None, until: date | None, changes: tuple[str, ...]
) -> Receipt:
    return Receipt(
        number=number,
        word=row.word,
        tone=row.tone,
        batch_seq=row.batch_seq,
        row_no=row.row_no,
        place=row.place,
        received_at=row.received_at,
        source_version=row.source_version,
        content_hash=row.content_hash,
        known_from=since,
        known_to=until,
        attempts=tuple(_attempt(one, row) for one in attempts) if len(attempts) > 1 else (),
        changes=changes,
    )


def _attempt(one: Row, live: Row) -> str:
    landed = f"{one.landed_at:%Y-%m-%d %H:%M}" if one.landed_at else "时间未记"
    same = "" if one.content_hash == live.content_hash else "，内容与现行不同"
    return f"第 {one.attempt} 次入库 {landed}" + ("，现行" if one.live else f"，{REPLAYED}{same}")


def _again(places: list[tuple[Row, list[Row]]]) -> Receipt:
    last = places[-1][0]
    first = places[0][0]
    span = f"{first.received_at:%Y-%m-%d} 起共 {len(places)} 次，最近一次：" if len(places) > 1 else ""
    return Receipt(
        number=None,
        word="内容未变的再报",
        tone="calm",
        batch_seq=last.batch_seq,
        row_no=last.row_no,
        place=f"{span}{last.place}",
        received_at=last.received_at,
        source_version=last.source_version,
        content_hash=last.content_hash,
        known_from=None,
        known_to=None,
        attempts=(),
        changes=(),
    )
