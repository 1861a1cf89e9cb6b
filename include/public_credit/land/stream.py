"""Land a receipt: archived bytes → rows of canonical text with provenance and verdicts, by COPY in one transaction.

``pipeline`` is the way of the rows; here is what makes a landing of it: the attempt, the transaction, the counts, and how it
ends. ``rows_in`` is counted by the reader, the landed rows by the database; the ledger's trigger compares them. Killed at
any instant, nothing of the attempt is there.
"""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import Connection, exists, func, insert, select, text, update
from sqlalchemy.orm import Session

from ..base import faults, settings
from ..base.copying import copying
from ..base.messages import UserError
from ..base.quoting import quoted
from ..base.run import Run
from ..catalogue import dataset_of, load_catalogue
from ..custody import archive
from ..custody.vault import Vault
from ..ledger import locks, words
from ..ledger.locks import VAULT, lock
from ..ledger.models import Attempt, Batch, PurgedRow, RefusedRow, Signal
from ..ledger.session import driver, session, step
from ..ledger.states import OUT_OF_THE_WAY, AttemptState, BatchState, StepName, Verdict
from . import copy_binary, digests, headers, raw_tables, shapes
from .pipeline import Lander
from .readers import UnreadableFile, open_tables
from .result import NOTHING, LandResult, instead
from .rules import load_ruleset
from .stock import take_stock


def _new_attempt(run: Run, batch_seq: int) -> tuple[Batch, int]:
    """Open the next attempt of a batch; attempts that were killed while landing are marked failed."""
    with session("collector") as opened:
        lock(opened, locks.batch(batch_seq))
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


def _copy(connection: Connection, lander: Lander, batch: Batch) -> digests.Digest:
    """Copy the rows of all tables; the digest of what was sent. Raises ArchiveDamaged where the bytes are not the receipt's."""
    names, sent = raw_tables.columns(lander.kind, lander.variant), hashlib.sha256()
    statement = f"copy {lander.kind.raw} ({', '.join(map(quoted, names))}) from stdin (format binary)"
    raw, original = driver(connection), archive.Original(batch.archive_uri, batch.sha256)
    with copying(raw, statement) as copy:

        def send(data: bytes | memoryview) -> None:
            sent.update(data)
            copy.write(data)

        tables = open_tables(
            original.open,
            batch.file_name,
            lander.dataset,
            lambda row: headers.recognised(lander.kind, lander.variant, row, lander.dataset),
            lander.signals.of_file,
        )
        send(copy_binary.HEADER)
        for table in tables:
            for data in lander.table(table):
                send(data)
        send(copy_binary.TRAILER)
    original.require()
    rows = lander.repeats.rows()
    if len(rows):
        with copying(raw, "copy ledger.repeated_row (batch_seq, attempt, row_no) from stdin") as copy:
            copy.write("".join(f"{batch.seq}\t{lander.attempt}\t{row}\n" for row in rows.tolist()))
    return digests.Digest(lander.result.landed, names, sent.hexdigest())


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
        result.signals = lander.signals.values()
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
        opened.execute(  # what it brings in the place of: nobody judges that any more
            update(Attempt)
            .where(
                Attempt.batch_seq == batch.seq, Attempt.attempt < lander.attempt, Attempt.state == AttemptState.LANDED
            )
            .values(state=AttemptState.SUPERSEDED)
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


def _given_up(batch: Batch, attempt: int) -> None:
    """End an attempt that was refused once it held the receipt; nobody is landing it."""
    with session("collector") as opened:
        opened.execute(
            update(Attempt)
            .where(Attempt.batch_seq == batch.seq, Attempt.attempt == attempt, Attempt.state == AttemptState.LANDING)
            .values(state=AttemptState.FAILED)
        )


FAILED = "入库时出错（{}），其他批次照常处理；修正后运行 public-credit replay {}，或用 {}"


def _not_aside(batch: Batch | None, seq: int) -> Batch:
    """Raises UserError for a batch that is not there or was set aside."""
    if batch is None:
        raise UserError(f"没有批次 {seq}。", remedy="用 public-credit batches 查看批次序号。", code=4)
    if batch.state in OUT_OF_THE_WAY:
        raise UserError(
            f"批次 {seq} {words.BATCH[batch.state]}：{batch.set_aside_reason}。",
            remedy=f"先运行 public-credit batches restore {seq} --reason “……”。",
            code=4,
        )
    return batch


def _still_ours(opened: Session, seq: int, attempt: int) -> None:
    """Raises UserError when another landing of the batch has begun while this one waited for the lock."""
    if opened.get_one(Attempt, (seq, attempt)).state != AttemptState.LANDING:
        raise UserError(f"批次 {seq} 正由另一个任务重新入库。", remedy="等它结束；仍需要的，再运行一次。", code=6)


def _not_purged(opened: Session, seq: int) -> None:
    """Raises UserError for a batch of which rows have gone: its file would bring them back."""
    if opened.scalar(select(exists().where(PurgedRow.batch_seq == seq))):
        raise UserError(
            f"批次 {seq} 有行已按保存期限清除，不能重放。", remedy="需要其余各行的，请单位重新报送。", code=4
        )


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
            _not_purged(opened, batch_seq)
        batch, attempt = _new_attempt(run, batch_seq)
        record.links["attempt"] = attempt
        try:
            with settings.connect("collector") as vault_connection, settings.engine("collector").begin() as connection:
                lock(connection, locks.batch(batch_seq))
                lock(connection, VAULT, shared=True)
                shapes.require(connection, kind)
                with Session(connection) as opened:
                    _not_aside(opened.get(Batch, batch_seq), batch_seq)
                    _still_ours(opened, batch_seq, attempt)
                    _not_purged(opened, batch_seq)
                connection.execute(text("set local synchronous_commit = on"))
                connection.execute(
                    text("select set_config('pcw.landing', :attempt, true)"), {"attempt": f"{batch_seq}/{attempt}"}
                )
                lander = Lander(batch, attempt, kind, dataset, run.on, Vault(vault_connection))
                sent = _copy(connection, lander, batch)
                _book(connection, lander, batch)
                digests.land(connection, kind.id, digests.Attempt(batch_seq, attempt), sent)
                result = lander.result
        except UnreadableFile as error:
            _ended(batch, attempt, {"state": BatchState.BROKEN, "message": str(error)} | NOTHING)
            record.verdict, record.message, record.owner = Verdict.FAILED, str(error), "department"
            return LandResult(batch_seq, attempt, state=BatchState.BROKEN, message=str(error))
        except BaseException as error:
            if not faults.of_receipt(error):
                if isinstance(error, UserError):  # set aside, purged or taken over before the lock was ours
                    _given_up(batch, attempt)
                raise
            faults.note(f"batch {batch_seq} could not be landed", error)
            message = FAILED.format(faults.text(error), batch_seq, instead(batch.state))
            _ended(batch, attempt, {"state": BatchState.FAILED, "message": message})
            record.verdict, record.message, record.owner = Verdict.FAILED, message, "data_engineer"
            return LandResult(batch_seq, attempt, state=BatchState.FAILED, message=message)
        record.counts = {"rows_in": result.rows_in, "landed": result.landed, "refused": result.refused}
        record.message = f"入库 {result.landed} 行，拒收 {result.refused} 行"
        if result.signals:
            record.verdict, record.owner = Verdict.WARNING, "data_engineer"
            record.message += "；" + "；".join(signal["message"] for signal in result.signals[:5])
        return result
