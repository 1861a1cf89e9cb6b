"""Landed rows of a record, or of one place in a receipt, with what became of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from ...catalogue.models import Kind
from ...land.raw_tables import PROVENANCE
from ...ledger import ids, unchanged, words
from ...ledger.states import GOOD, BatchState, Outcome, QuarantineState
from ..trace import WITH_THE_BATCH

REPLAYED = "已被重放取代"
_MOST = 5_000  # landed rows of one record; a roster every day of ten years has 3,650

# What stands beside the fields begins with "_", as no name of a field does.
_ROWS = f"""
    select r.*, {ids.record_id("r.record_id")} as _record, {ids.content_hash("r.content_hash")} as _hash,
        {unchanged.OUTCOME} as _outcome, b.state as _batch_state, b.current_attempt as _current,
        coalesce(nullif(b.file_name, ''), b.locator) as _file, b.received_at as _received_at, b.gated_on as _gated_on,
        coalesce(a.landed_at, a.started_at) as _landed_at, a.rules_version as _rules, a.checked_at as _checked_at,
        q.state as _quarantine
    from {{raw}} r
    join ledger.batch b on b.seq = r.batch_seq
    join ledger.attempt a on a.batch_seq = r.batch_seq and a.attempt = r.attempt
    {unchanged.JOINS}
    left join ledger.quarantine q on q.batch_seq = r.batch_seq and q.attempt = r.attempt and q.row_no = r.row_no
    where {{where}}
    order by r.source_version, r.batch_seq, r.row_no, r.attempt limit {_MOST}"""


@dataclass(frozen=True)
class Row:
    """A landed row. ``values``: canonical text by field; ``received``: what was delivered, where it differs."""

    variant: str
    record_id: str
    batch_seq: int
    attempt: int
    row_no: int
    sheet: str
    source_row: int | None
    source_version: str
    content_hash: str
    subject: tuple[str, str]
    errors: tuple[str, ...]
    warnings: tuple[str, ...]
    values: Mapping[str, str]
    received: Mapping[str, Any]
    outcome: str | None
    batch_state: str
    live: bool
    quarantine_state: str | None
    file: str
    received_at: datetime
    landed_at: datetime | None
    gated_on: date | None
    rules_version: str
    cross_checked: bool

    @property
    def accepted(self) -> bool:
        """Whether it counts: of the live attempt of a good batch, neither returned nor unchanged."""
        return self.live and self.batch_state in GOOD and self.outcome is None

    @property
    def word(self) -> str:
        """What became of it."""
        if not self.live:
            return REPLAYED
        if self.batch_state in WITH_THE_BATCH:
            return WITH_THE_BATCH[BatchState(self.batch_state)]
        if self.quarantine_state == QuarantineState.CORRECTED:
            return "退回，已更正"
        return words.OUTCOME[self.outcome] if self.outcome else words.ACCEPTED

    @property
    def tone(self) -> str:
        """Whether that is well, wants an eye, or is bad."""
        if self.accepted:
            return "good"
        return "calm" if self.outcome == Outcome.DUPLICATE or not self.live else "bad"

    @property
    def place(self) -> str:
        """Where it stands: file, sheet, row."""
        sheet = f"，工作表 {self.sheet}" if self.sheet else ""
        row = f"，第 {self.source_row} 行" if self.source_row is not None else ""
        return f"{self.file}{sheet}{row}"


def _row(found: Mapping[str, Any]) -> Row:
    return Row(
        variant=found["variant"],
        record_id=found["_record"] or "",
        batch_seq=found["batch_seq"],
        attempt=found["attempt"],
        row_no=found["row_no"],
        sheet=found["sheet"] or "",
        source_row=found["source_row"],
        source_version=found["source_version"],
        content_hash=found["_hash"],
        subject=(found["subject_scheme"], found["subject_value"]),
        errors=tuple(code for code in found["row_errors"].split(";") if code),
        warnings=tuple(code for code in found["row_warnings"].split(";") if code),
        values={name: found[name] or "" for name in found if name not in PROVENANCE and not name.startswith("_")},
        received=orjson.loads(found["received"]) if found["received"] else {},
        outcome=found["_outcome"],
        batch_state=found["_batch_state"],
        live=found["attempt"] == found["_current"],
        quarantine_state=found["_quarantine"],
        file=found["_file"],
        received_at=found["_received_at"],
        landed_at=found["_landed_at"],
        gated_on=found["_gated_on"],
        rules_version=found["_rules"],
        cross_checked=found["_checked_at"] is not None,
    )


def of_record(opened: Session, kind: Kind, record_id: str) -> list[Row]:
    """Every landed row of a record, in the order of versions, a receipt's attempts side by side."""
    return _read(opened, kind, f"r.record_id = {ids.stored(':record')}", {"record": record_id})


def of_place(opened: Session, kind: Kind, batch_seq: int, row_no: int) -> list[Row]:
    """A row of a receipt as every attempt landed it, the oldest first."""
    return _read(opened, kind, "r.batch_seq = :seq and r.row_no = :row", {"seq": batch_seq, "row": row_no})


def _read(opened: Session, kind: Kind, where: str, asked: Mapping[str, Any]) -> list[Row]:
    result = opened.execute(text(_ROWS.format(raw=kind.raw, where=where)), asked)
    return [_row(dict(found)) for found in result.mappings()]
