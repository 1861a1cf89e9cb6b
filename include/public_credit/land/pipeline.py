"""The way of a chunk of rows, from what a reader gives to COPY data.

match headers → canonical text → scan → verdicts → seal → identify → write; each step is a module of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from ..catalogue import Dataset, Kind, load_catalogue
from ..custody.vault import Vault
from ..ledger.models import Batch
from . import copy_binary, matched, raw_tables, scanned, subjects
from .readers import Chunk, Table
from .repeats import Repeats
from .result import LandResult
from .rules import load_ruleset
from .rules.context import RowContext
from .rules.rows import RowRules
from .sealed import Seal
from .signals import Signals


class Lander:
    """Lands the tables of one attempt; keeps counts, refused rows, repeated keys and signals."""

    def __init__(self, batch: Batch, attempt: int, kind: Kind, dataset: Dataset, on: date, vault: Vault):
        self.batch_seq, self.attempt, self.variant = batch.seq, attempt, batch.variant
        self.kind, self.dataset, self.on = kind, dataset, on
        self.fields = kind.variants[batch.variant]
        self.result = LandResult(batch.seq, attempt)
        self.refused: list[dict[str, Any]] = []
        self.repeats, self.signals = Repeats(), Signals(batch.seq, attempt)
        self._rules = RowRules(kind, batch.variant, load_ruleset(kind.id))
        self._suppliers = load_catalogue().supplier_usccs
        self._seal = Seal(vault, kind, self.fields)

    def table(self, table: Table) -> Iterator[memoryview]:
        """COPY data of all rows of one table."""
        columns = matched.of_table(table, self.kind, self.variant, self.dataset)
        self.signals.of_headers(self.kind, columns.match, columns.channel)
        width = len(raw_tables.columns(self.kind, self.variant))
        writer = copy_binary.RowWriter(len(self.fields), width, self.batch_seq, self.attempt, table.sheet, self.variant)
        for chunk in table.chunks:
            for index, rows in scanned.others(chunk, columns.others):
                self.signals.of_other_column(table.headers[index], rows)
            yield self._chunk(chunk, table, columns, writer)

    def _chunk(self, chunk: Chunk, table: Table, columns: matched.Matched, writer: copy_binary.RowWriter) -> memoryview:
        first = self.result.rows_in + 1
        self.result.rows_in += chunk.frame.height
        frame = matched.named(chunk, columns, self.fields[0])
        if table.since_1904:
            frame = matched.since_1900(frame, chunk, columns, self.kind)
        read = self._rules.canonical(frame, table.spreadsheet)
        hits = scanned.fields(read, self.kind)
        numeric = {
            columns.match.columns[index]: mask
            for index, mask in chunk.numeric.items()
            if index in columns.match.columns
        }
        absent = set(self.fields) - set(frame.columns)
        context = RowContext(self.on, self._suppliers, table.spreadsheet, absent, numeric, hits, chunk.ragged)
        verdicts = self._rules.apply(frame, context, read)
        keep = verdicts.refused == ""
        self._refuse(verdicts.refused, keep, first, chunk.source_row, table.sheet)
        sealed = self._seal.canonical(verdicts.canonical, hits)
        valid = verdicts.usccs_valid
        if valid is not None and "uscc" in hits:  # a person's number that passes for one has become a token
            valid = valid & ~hits["uscc"]
        about = subjects.decide(self.kind, self.variant, sealed, valid)
        ids = copy_binary.record_ids(self.kind.id, self.variant, subjects.key_parts(self.kind, sealed, about))
        self._note_repeats(ids, sealed, first, keep)
        received = self._seal.received(frame, verdicts, hits, chunk, columns.match.slip_columns)
        others = [
            matched.versions(chunk, columns),
            verdicts.errors,
            verdicts.warnings,
            received,
            about.scheme,
            about.value,
        ]
        self.result.landed += int(keep.sum())
        return writer.rows([sealed[name] for name in self.fields], first, chunk.source_row, ids, others, keep)

    def _refuse(self, rule: pl.Series, keep: pl.Series, first: int, source_row: pl.Series, sheet: str | None) -> None:
        lost = ~keep
        for rule_id, place, line in zip(rule.filter(lost), lost.arg_true(), source_row.filter(lost), strict=True):
            self.refused.append(
                {
                    "batch_seq": self.batch_seq,
                    "attempt": self.attempt,
                    "row_no": first + place,
                    "rule_id": rule_id,
                    "sheet": sheet,
                    "source_row": line,
                }
            )
        self.result.refused = len(self.refused)

    def _note_repeats(self, ids: copy_binary.Ids, rows: pl.DataFrame, first: int, keep: pl.Series) -> None:
        landed = ids.complete & keep.to_numpy()
        keys = [ids.short]
        if "decision_no" in rows.columns and "subject_name" in rows.columns:
            keys.append(copy_binary.pair_hashes(rows["decision_no"], rows["subject_name"]))
        number = np.arange(first, first + len(landed), dtype=np.int32)
        self.repeats.note(number[landed], *(key[landed] for key in keys))
