"""Land a receipt: archived bytes → rows of canonical text with provenance and verdicts, by COPY in one transaction.

Per chunk: match headers, scan every value, judge the rows, put vault tokens in place of sensitive numbers, compute the
record's identity and content hash, write. ``rows_in`` is counted by the reader, the landed rows by the database; the
ledger's trigger compares them. Killed at any instant, nothing of the attempt is there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import orjson
import polars as pl
from sqlalchemy import Connection, func, insert, select, text, update
from sqlalchemy.orm import Session

from ..base import faults, settings
from ..base.messages import UserError
from ..base.quoting import quoted
from ..base.run import Run
from ..catalogue import Dataset, Kind, dataset_of, load_catalogue
from ..custody import archive, scan
from ..custody.vault import Vault
from ..kernels.columns import Marks, columns_of
from ..ledger.locks import lock
from ..ledger.models import Attempt, Batch, RefusedRow, Signal
from ..ledger.session import driver, session, step
from ..ledger.states import AttemptState, BatchState, StepName, Verdict
from . import copy_binary, headers, raw_tables, shapes, subjects
from .canonical import Canonical
from .readers import Chunk, Table, UnreadableFile, open_tables
from .repeats import Repeats
from .rules import load_ruleset
from .rules.context import RowContext
from .rules.rows import RowRules, Verdicts
from .stock import take_stock


@dataclass
class LandResult:
    """What an attempt brought: rows the reader counted, rows landed, rows refused, signals about the delivery."""

    batch_seq: int
    attempt: int
    rows_in: int = 0
    landed: int = 0
    refused: int = 0
    state: str = BatchState.LANDED
    message: str = ""
    signals: list[dict[str, Any]] = field(default_factory=list)


class Lander:
    """Lands the tables of one attempt; keeps counts, refused rows and signals."""

    def __init__(self, batch: Batch, attempt: int, kind: Kind, dataset: Dataset, on: date, vault: Vault):
        self.batch_seq, self.attempt, self.variant = batch.seq, attempt, batch.variant
        self.kind, self.dataset, self.on, self.vault = kind, dataset, on, vault
        self.rules = RowRules(kind, batch.variant, load_ruleset(kind.id))
        self.suppliers = load_catalogue().supplier_usccs
        self.fields = kind.variants[batch.variant]
        self.result = LandResult(batch.seq, attempt)
        self.refused: list[dict[str, Any]] = []
        self.repeats = Repeats()
        self._signals: Counter[tuple[str, str]] = Counter()
        self._texts: dict[tuple[str, str], tuple[str, str, str]] = {}

    # --- signals ----------------------------------------------------------------------------------
    def _signal(self, code: str, subject: str, severity: str, owner: str, message: str, rows: int = 0) -> None:
        self._signals[code, subject] += rows
        self._texts[code, subject] = (severity, owner, message)

    def signals(self) -> list[dict[str, Any]]:
        return [
            {
                "batch_seq": self.batch_seq,
                "attempt": self.attempt,
                "code": code,
                "subject": subject,
                "rows": rows,
                "severity": severity,
                "owner": owner,
                "message": message,
            }
            for (code, subject), rows in self._signals.items()
            for severity, owner, message in [self._texts[code, subject]]
        ]

    def _channel_columns(self) -> dict[str, str]:
        """Columns a channel adds to the record's own, by folded name."""
        channel = self.dataset.channel
        names = {
            name: getattr(channel, name, None)
            for name in ("row_version", "key_column", "batch_column", "created_column")
        }
        return {headers.fold(value): name for name, value in names.items() if value}

    def _note_headers(self, table: Table, match: headers.HeaderMatch, channel: set[str]) -> None:
        for header in match.unknown:
            if headers.fold(header) not in channel:
                shown = scan.mask(header)[:200]
                self._signal(
                    "unknown_column",
                    shown,
                    "warning",
                    "data_engineer",
                    f"列“{shown}”不在目录内，内容未入库；确有需要的，在目录中登记后重放本批次",
                )
        for header in match.forbidden:
            shown = scan.mask(header)[:200]
            self._signal(
                "forbidden_column", shown, "error", "department", f"列“{shown}”依法不得归集，内容未入库，请停止报送该列"
            )
        for header in match.ambiguous:
            shown = scan.mask(header)[:200]
            self._signal(
                "ambiguous_column",
                shown,
                "warning",
                "department",
                f"列“{shown}”与另一列含义相同，未采用，请删去多余的列",
            )
        for name in headers.required_missing(self.kind, match):
            title = self.kind.fields[name].title
            self._signal("missing_column", name, "error", "department", f"缺少必填列“{title}”，请按填报模板补上该列")

    # --- rows -------------------------------------------------------------------------------------
    def table(self, table: Table) -> Iterator[memoryview]:
        """COPY data of all rows of one table."""
        match = headers.match(self.kind, self.variant, table.headers, self.dataset)
        channel = self._channel_columns()
        self._note_headers(table, match, set(channel))
        version = next(
            (index for index, header in enumerate(table.headers) if channel.get(headers.fold(header)) == "row_version"),
            None,
        )
        known = set(match.columns) | set(match.slip_columns) | ({version} if version is not None else set())
        others = [
            index
            for index, header in enumerate(table.headers)
            if index not in known and headers.fold(header) not in channel
        ]
        writer = copy_binary.RowWriter(
            len(self.fields),
            len(raw_tables.columns(self.kind, self.variant)),
            self.batch_seq,
            self.attempt,
            table.sheet,
            self.variant,
        )
        for chunk in table.chunks:
            self._scan_others(chunk, table, others)
            yield self._chunk(chunk, table, match, version, writer)

    def _scan_others(self, chunk: Chunk, table: Table, others: list[int]) -> None:
        for index in others:
            hit = scan.find(columns_of([chunk.frame[f"c{index}"]])[f"c{index}"])
            if hit is not None:
                shown = scan.mask(table.headers[index])[:200]
                self._signal(
                    "sensitive_in_unknown_column",
                    shown,
                    "error",
                    "department",
                    f"目录外的列“{shown}”中有证件、手机或银行卡号，内容未入库，请停止报送该列",
                    int(hit.sum()),
                )

    def _chunk(
        self, chunk: Chunk, table: Table, match: headers.HeaderMatch, version: int | None, writer: copy_binary.RowWriter
    ) -> memoryview:
        count, first = chunk.frame.height, self.result.rows_in + 1
        frame = pl.DataFrame([chunk.frame[f"c{index}"].alias(name) for index, name in match.columns.items()])
        if not match.columns:
            frame = pl.DataFrame({self.fields[0]: [""] * count})
        self.result.rows_in += count
        read = self.rules.canonical(frame, table.spreadsheet)
        hits = self._hits(read)
        context = RowContext(
            self.on,
            self.suppliers,
            table.spreadsheet,
            set(self.fields) - set(frame.columns),
            {match.columns[index]: mask for index, mask in chunk.numeric.items() if index in match.columns},
            hits,
            chunk.ragged,
        )
        verdicts = self.rules.apply(frame, context, read)
        keep = verdicts.refused == ""
        if not keep.all():
            self._refuse(verdicts.refused, keep, first, chunk.source_row, table.sheet)
        canonical = self._tokenised(verdicts.canonical, hits)
        about = subjects.decide(self.kind, self.variant, canonical)
        ids = copy_binary.record_ids(self.kind.id, self.variant, subjects.key_parts(self.kind, canonical, about))
        self._note_repeats(ids, canonical, first, keep)
        source_version = chunk.frame[f"c{version}"] if version is not None else pl.repeat("", count, eager=True)
        others = [
            source_version,
            verdicts.errors,
            verdicts.warnings,
            self._received(frame, verdicts, hits, chunk, match),
            about.scheme,
            about.value,
        ]
        self.result.landed += int(keep.sum())
        return writer.rows([canonical[name] for name in self.fields], first, chunk.source_row, ids, others, keep)

    def _hits(self, read: Canonical) -> dict[str, Marks]:
        """Rows per field whose received value holds a sensitive number outside the field meant for it."""
        hits = {}
        for name, column in read.received.items():
            kind = self.kind.fields[name].type
            as_received = name not in read.unreadable and name not in read.changed
            if kind == "person_id" or (as_received and kind in ("date", "month")):
                continue
            hit = scan.find(column, name)
            if hit is not None:
                hits[name] = hit
        return hits

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

    def _token(self, number: str, letter: str) -> str:
        return self.vault.tokenise([number], letter)[0]

    def _tokenised(self, canonical: pl.DataFrame, hits: dict[str, Marks]) -> pl.DataFrame:
        """Canonical values with vault tokens for person numbers and for every number the scan found."""
        columns = []
        for name in self.fields:
            series = canonical[name]
            if self.kind.fields[name].type == "person_id":
                if (series != "").any():
                    columns.append(self.vault.tokenise_column(series).alias(name))
            elif name in hits:
                columns.append(self._replaced(series, hits[name], name).alias(name))
        return canonical.with_columns(columns) if columns else canonical

    def _replaced(self, series: pl.Series, mask: Marks, name: str) -> pl.Series:
        positions = pl.Series(np.flatnonzero(mask))
        return series.scatter(
            positions,
            pl.Series(
                [scan.replace_text(value, self._token, name) for value in series.gather(positions)], dtype=pl.String
            ),
        )

    def _note_repeats(self, ids: copy_binary.Ids, rows: pl.DataFrame, first: int, keep: pl.Series) -> None:
        landed = ids.complete & keep.to_numpy()
        keys = [ids.short]
        if "decision_no" in rows.columns and "subject_name" in rows.columns:
            keys.append(copy_binary.pair_hashes(rows["decision_no"], rows["subject_name"]))
        number = np.arange(first, first + len(landed), dtype=np.int32)
        self.repeats.note(number[landed], *(key[landed] for key in keys))

    def _received(
        self, frame: pl.DataFrame, verdicts: Verdicts, hits: dict[str, Marks], chunk: Chunk, match: headers.HeaderMatch
    ) -> pl.Series:
        """Sparse JSON of received values that differ from the canonical ones, and a slip's place columns."""
        sparse: dict[int, dict[str, str]] = {}
        for name in frame.columns:
            if self.kind.fields[name].type == "person_id":
                continue
            changed = verdicts.changed[name]
            if not changed.any():
                continue
            values = frame[name].fill_null("")
            if name in hits:
                values = self._replaced(values, hits[name], name)
            for position, value in zip(changed.arg_true().to_list(), values.filter(changed).to_list(), strict=True):
                sparse.setdefault(position, {})[name] = value
        for index, label in match.slip_columns.items():
            if label in ("批次", "行号", "工作表"):
                for position, value in enumerate(chunk.frame[f"c{index}"].to_list()):
                    if value:
                        sparse.setdefault(position, {})[label] = scan.mask(value)
        if not sparse:
            return pl.repeat(None, frame.height, dtype=pl.String, eager=True)
        lines: list[str | None] = [None] * frame.height
        for position, received in sparse.items():
            lines[position] = orjson.dumps(received).decode()
        return pl.Series(lines, dtype=pl.String)


def _new_attempt(run: Run, batch_seq: int) -> tuple[Batch, int]:
    """Open the next attempt of a batch; attempts that were killed while landing are marked failed."""
    with session("collector") as opened:
        lock(opened, f"land {batch_seq}")
        batch = _not_aside(opened.get(Batch, batch_seq), batch_seq)
        opened.execute(
            update(Attempt)
            .where(Attempt.batch_seq == batch_seq, Attempt.state == AttemptState.LANDING)
            .values(state=AttemptState.FAILED)
        )
        number = (opened.scalar(select(func.max(Attempt.attempt)).where(Attempt.batch_seq == batch_seq)) or 0) + 1
        ruleset = load_ruleset(batch.kind)
        opened.add(
            Attempt(
                batch_seq=batch_seq,
                attempt=number,
                business_date=run.on,
                code_version=run.code_version,
                catalogue_version=load_catalogue().version,
                rules_version=ruleset.version,
            )
        )
        opened.flush()
        opened.expunge(batch)
    return batch, number


def _copy(connection: Connection, lander: Lander, batch: Batch) -> None:
    columns = ", ".join(map(quoted, raw_tables.columns(lander.kind, lander.variant)))
    statement = f"copy {lander.kind.raw} ({columns}) from stdin (format binary)"
    raw = driver(connection)
    with raw.cursor() as cursor, cursor.copy(statement) as copy:
        tables = open_tables(
            lambda: archive.open_plain(batch.archive_uri),
            batch.file_name,
            lander.dataset,
            lambda row: headers.recognised(lander.kind, lander.variant, row, lander.dataset),
        )
        copy.write(copy_binary.HEADER)
        for table in tables:
            for data in lander.table(table):
                copy.write(data)
        copy.write(copy_binary.TRAILER)
    rows = lander.repeats.rows()
    if len(rows):
        with (
            raw.cursor() as cursor,
            cursor.copy("copy ledger.repeated_row (batch_seq, attempt, row_no) from stdin") as copy,
        ):
            copy.write("".join(f"{batch.seq}\t{lander.attempt}\t{row}\n" for row in rows.tolist()))


def _book(connection: Connection, lander: Lander, batch: Batch) -> None:
    """Counts, refused rows and signals, in the transaction of the rows themselves; the database takes stock of these."""
    result = lander.result
    take_stock(
        connection,
        lander.kind,
        lander.variant,
        batch.seq,
        lander.attempt,
        load_ruleset(lander.kind.id).filled_fields,
        lander.on,
    )
    with Session(connection) as opened:
        if lander.refused:
            opened.execute(insert(RefusedRow), lander.refused)
        result.signals = lander.signals()
        if result.signals:
            opened.execute(insert(Signal), result.signals)
        opened.execute(
            update(Attempt)
            .where(Attempt.batch_seq == batch.seq, Attempt.attempt == lander.attempt)
            .values(
                state=AttemptState.LANDED,
                rows_in=result.rows_in,
                rows_landed=result.landed,
                refused=result.refused,
                landed_at=func.clock_timestamp(),
            )
        )
        opened.execute(
            update(Batch)
            .where(
                Batch.seq == batch.seq,
                Batch.state.in_(
                    (BatchState.RECEIVED, BatchState.LANDED, BatchState.HELD, BatchState.BROKEN, BatchState.FAILED)
                ),
            )
            .values(
                state=BatchState.LANDED,
                current_attempt=lander.attempt,
                rows_in=result.rows_in,
                accepted=0,
                quarantined=0,
                duplicate=0,
                refused=result.refused,
                message="",
            )
        )
        opened.flush()


def _ended(batch: Batch, attempt: int, values: dict[str, Any]) -> None:
    """Book how a landing ended that brought nothing; an earlier attempt that was landed stays live."""
    with session("collector") as opened:
        opened.execute(
            update(Attempt)
            .where(Attempt.batch_seq == batch.seq, Attempt.attempt == attempt)
            .values(state=AttemptState.FAILED)
        )
        opened.execute(
            update(Batch)
            .where(Batch.seq == batch.seq, Batch.state.in_((BatchState.RECEIVED, BatchState.BROKEN, BatchState.FAILED)))
            .values(values)
        )


_NOTHING = {"rows_in": 0, "accepted": 0, "quarantined": 0, "duplicate": 0, "refused": 0}
FAILED = "入库时出错（{}），其他批次照常处理；修正后运行 public-credit replay {}，或用 batches set-aside 搁置"


def _not_aside(batch: Batch | None, seq: int) -> Batch:
    """Raises UserError for a batch that is not there or was set aside."""
    if batch is None:
        raise UserError(f"没有批次 {seq}。", remedy="用 public-credit batches 查看批次序号。", code=4)
    if batch.state == BatchState.SET_ASIDE:
        raise UserError(
            f"批次 {seq} 已搁置：{batch.set_aside_reason}。",
            remedy=f"先运行 public-credit batches restore {seq} --reason “……”。",
            code=4,
        )
    return batch


def land(run: Run, batch_seq: int) -> LandResult:
    """Land one receipt as a new attempt. A file that cannot be read is a batch ``broken`` with its reason.

    Any other error that arose at this receipt makes it ``failed``, for us to look at; what concerns all receipts alike
    (``faults.of_receipt``) is raised and leaves the batch as it was.
    It is booked on the day of reception, which rules compare with: the batch's own business date, whenever it is landed.
    """
    with session("reader") as opened:
        found = _not_aside(opened.get(Batch, batch_seq), batch_seq)
        run, dataset_id = run.at(found.business_date), found.dataset_id
        links = {"unit_id": found.unit_id, "dataset_id": dataset_id, "batch_seq": batch_seq}
    with step(run, "collector", StepName.LAND, **links) as record:
        dataset = dataset_of(batch_seq, dataset_id)
        kind = load_catalogue().kinds[dataset.kind]
        with session("collector") as opened:
            shapes.require(opened, kind)
        batch, attempt = _new_attempt(run, batch_seq)
        record.links["attempt"] = attempt
        try:
            with settings.connect("collector") as vault_connection, settings.engine("collector").begin() as connection:
                lock(connection, f"land {batch_seq}")
                shapes.require(connection, kind)
                with Session(connection) as opened:
                    _not_aside(opened.get(Batch, batch_seq), batch_seq)
                connection.execute(text("set local synchronous_commit = on"))
                connection.execute(
                    text("select set_config('pcw.landing', :attempt, true)"), {"attempt": f"{batch_seq}/{attempt}"}
                )
                lander = Lander(batch, attempt, kind, dataset, run.on, Vault(vault_connection))
                _copy(connection, lander, batch)
                _book(connection, lander, batch)
                result = lander.result
        except UnreadableFile as error:
            _ended(batch, attempt, {"state": BatchState.BROKEN, "message": str(error)} | _NOTHING)
            record.verdict, record.message, record.owner = Verdict.FAILED, str(error), "department"
            return LandResult(batch_seq, attempt, state=BatchState.BROKEN, message=str(error))
        except BaseException as error:
            if not faults.of_receipt(error):
                raise
            faults.note(f"batch {batch_seq} could not be landed", error)
            message = FAILED.format(faults.text(error), batch_seq)
            _ended(batch, attempt, {"state": BatchState.FAILED, "message": message})
            record.verdict, record.message, record.owner = Verdict.FAILED, message, "data_engineer"
            return LandResult(batch_seq, attempt, state=BatchState.FAILED, message=message)
        record.counts = {"rows_in": result.rows_in, "landed": result.landed, "refused": result.refused}
        record.message = f"入库 {result.landed} 行，拒收 {result.refused} 行"
        if result.signals:
            record.verdict, record.owner = Verdict.WARNING, "data_engineer"
            record.message += "；" + "；".join(signal["message"] for signal in result.signals[:5])
        return result
