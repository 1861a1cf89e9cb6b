"""What every channel shares: the receipt's identity, taking it in exactly once, and the outcome of a dataset.

A batch is one receipt: dataset + locator + source version + sha256 of its bytes. Bytes stream into the
archive and the batch is booked afterwards in one short transaction, so a collector killed at any instant
leaves either a booked batch with a complete object or nothing that is referenced; the next run finds the
receipt again.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from sqlalchemy import Text, any_, func, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert

from ..base import names, settings
from ..base.messages import UserError
from ..base.run import Run
from ..catalogue import Dataset, load_catalogue
from ..catalogue.models import DropFolder, ExchangeDb, HttpApi, Sftp
from ..identifiers import persons
from ..ledger import locks
from ..ledger.models import Batch, Step
from ..ledger.session import session
from ..ledger.states import StepName, Verdict
from . import refused
from .streams import ByteStream, RowsTold, version_of

UNMATCHED = "文件名与目录中的模式不符"  # begins the part of a message that names files nobody asked for
Owner = Literal["department", "data_engineer"]
Wanted = TypeVar("Wanted", HttpApi, Sftp, DropFolder, ExchangeDb)


class CollectError(UserError):
    """The source could not be read.

    ``owner`` is who has to act. The text never holds a credential or a value.
    """

    def __init__(self, text: str, remedy: str, owner: Owner):
        super().__init__(text, remedy, code=5)
        self.owner = owner


class SourceChanged(Exception):
    """The source changed while it was read (file still being written, version or batch moved on).

    Take nothing.
    """


@dataclass
class CollectOutcome:
    """What became of one dataset's collection: new batches, receipts already known, what was left and why."""

    dataset_id: str
    verdict: Verdict = Verdict.OK
    owner: str = ""
    batch_seqs: list[int] = field(default_factory=list)
    receipts: list[str] = field(default_factory=list)
    known: int = 0
    unchanged: int = 0
    busy: bool = False
    waiting: list[str] = field(default_factory=list)
    incomplete: list[str] = field(default_factory=list)
    behind: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    uncompared: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    turned_away: list[str] = field(default_factory=list)
    unmatched: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    unencrypted: str = ""

    def failed(self, error: UserError) -> None:
        """Book an error that ended the pull, with who has to act on it."""
        self.verdict, self.owner = Verdict.FAILED, getattr(error, "owner", "data_engineer")
        self.errors.append(str(error))

    def settle(self) -> None:
        """Verdict from what was noted, unless the collection failed."""
        if self.verdict == Verdict.FAILED:
            return
        if self.incomplete:
            self.verdict, self.owner = Verdict.INCOMPLETE, "department"
        elif self.refused or self.turned_away or self.behind or self.late or self.missing or self.uncompared:
            self.verdict, self.owner = Verdict.WARNING, "department"
        elif not (self.receipts or self.known or self.unchanged or self.waiting):
            self.verdict = Verdict.NOTHING_DUE
        if self.uncompared:  # the archive is ours
            self.owner = "data_engineer"

    @property
    def message(self) -> str:
        """One Chinese sentence for the step row."""
        if self.busy:
            return "另一任务正在采集本数据集，本次不重复采集"
        parts = list(self.errors)
        if self.receipts:
            parts.append(f"新收 {len(self.receipts)} 份")
        if self.known:
            parts.append(f"已收过 {self.known} 份，不再重复登记")
        if self.unchanged:
            parts.append("来源内容与上一份回执相同，不另行登记")
        if self.behind:
            parts.append(f"来源版本后退，已从头拉取全部：{_listed(self.behind)}")
        if self.late:
            parts.append(f"补收晚到或改动的行：{_listed(self.late)}")
        if self.missing:
            parts.append(f"从未收取、也不再核对的行：{_listed(self.missing)}")
        if self.uncompared:
            parts.append(f"归档的原件读不出，来源现有的不同无法核对：{_listed(self.uncompared)}")
        if self.waiting:
            parts.append(f"未就绪 {len(self.waiting)} 份，留待下次：{_listed(self.waiting)}")
        if self.incomplete:
            parts.append(f"不完整，暂不收取：{_listed(self.incomplete)}")
        if self.refused:
            parts.append(f"拒绝读取：{_listed(self.refused)}")
        if self.turned_away:
            parts.append(f"拒收（未入库、未归档）：{_listed(self.turned_away)}")
        if self.unmatched:
            parts.append(f"{UNMATCHED} {len(self.unmatched)} 份，未收取：{_listed(self.unmatched)}")
        if not (self.receipts or self.unchanged or self.errors):
            parts.append("无新增")
        if self.unencrypted:
            parts.append(self.unencrypted)
        return masked("；".join(parts))

    @property
    def counts(self) -> dict[str, int]:
        """Counts for the ledger: new receipts, receipts known already, what was turned away or is waited for."""
        return {
            "new": len(self.receipts),
            "known": self.known,
            "unchanged": self.unchanged,
            "behind": len(self.behind),
            "late": len(self.late),
            "missing": len(self.missing),
            "uncompared": len(self.uncompared),
            "waiting": len(self.waiting),
            "incomplete": len(self.incomplete),
            "refused": len(self.refused),
            "turned_away": len(self.turned_away),
            "unmatched": len(self.unmatched),
        }


def _listed(items: list[str], most: int = 5) -> str:
    return "、".join(items[:most]) + (f" 等 {len(items)} 项" if len(items) > most else "")


def batch_id(dataset_id: str, locator: str, source_version: str, sha256: str, after: str = "") -> str:
    """Identity of a receipt, from its content and provenance only; ``after``: the receipt it follows, where it may repeat one before."""
    joined = "\x1f".join((dataset_id, locator, source_version, sha256, *([after] if after else [])))
    return "b" + hashlib.sha256(joined.encode()).hexdigest()[:31]


class Intake:
    """Takes in receipts of one dataset; channels call it, it knows the ledger and the archive."""

    def __init__(self, run: Run, dataset: Dataset):
        self.run = run
        self.dataset = dataset
        self.outcome = CollectOutcome(dataset.id)

    def channel(self, wanted: type[Wanted]) -> Wanted:
        """The dataset's channel, which is of the kind its module reads. Raises TypeError where it is another."""
        found = self.dataset.channel
        if not isinstance(found, wanted):
            raise TypeError(f"{self.dataset.id} is delivered by {found.type}, not by {wanted.__name__}")
        return found

    def known(self, locators: list[str]) -> set[tuple[str, str]]:
        """(locator, source version) of receipts among ``locators`` that are booked already."""
        with session("collector") as opened:
            return {
                (locator, version)
                for locator, version in opened.execute(
                    select(Batch.locator, Batch.source_version).where(
                        Batch.dataset_id == self.dataset.id, Batch.locator == any_(literal(locators, ARRAY(Text)))
                    )
                )
            }

    def last(self, locator: str, source_version: str | None = None) -> Batch | None:
        """The last receipt booked from ``locator``, of a version where one is given."""
        with session("collector") as opened:
            query = select(Batch).where(Batch.dataset_id == self.dataset.id, Batch.locator == masked_path(locator))
            if source_version is not None:
                query = query.where(Batch.source_version == masked_path(source_version))
            found = opened.scalar(query.order_by(Batch.seq.desc()).limit(1))
            if found is not None:
                opened.expunge(found)
            return found

    def shows(self, receipt: Batch, told: RowsTold) -> None:
        """Note what the source shows now of a receipt: nothing that is not in it."""
        with session("collector") as opened:
            opened.execute(update(Batch).where(Batch.seq == receipt.seq).values(source_rows=str(told)))

    def booked_versions(self, prefix: str) -> dict[str, int | None]:
        """Source versions of all booked receipts whose locator starts with ``prefix``, with the rows that came in.

        Of several receipts of a version the most rows; None where none of them could be read yet.
        """
        with session("collector") as opened:
            return dict(
                opened.execute(
                    select(Batch.source_version, func.max(Batch.rows_in))
                    .where(Batch.dataset_id == self.dataset.id, Batch.locator.startswith(prefix, autoescape=True))
                    .group_by(Batch.source_version)
                )
                .tuples()
                .all()
            )

    def cursor(self, prefix: str) -> str:
        """Source version of the last receipt booked from ``prefix``, as its source gave it: where the next pull begins.

        One in which a number of a person stands is booked without it; unchanged it is in the archived receipt alone, which
        is encrypted. Raises ArchiveDamaged when that was destroyed.
        """
        with session("collector") as opened:
            last = opened.execute(
                select(Batch.source_version, Batch.archive_uri)
                .where(Batch.dataset_id == self.dataset.id, Batch.locator.startswith(prefix, autoescape=True))
                .order_by(Batch.seq.desc())
                .limit(1)
            ).first()
        if last is None or persons.BLANKED not in last.source_version:
            return last.source_version if last else ""
        from ..custody import archive

        with archive.open_plain(last.archive_uri) as plain:
            return version_of(plain.readline())

    def take(
        self,
        locator: str,
        source_version: str,
        file_name: str,
        chunks: Iterable[bytes],
        told: RowsTold | None = None,
        news: Callable[[], bool] = lambda: True,
        after: str = "",
    ) -> None:
        """Archive the bytes, then book the receipt; booked before = said so, nothing changes.

        Where the receipt comes from is booked without numbers of persons, whatever the channel hands in. ``told`` (complete when
        the bytes have come) is booked with it; ``news``, asked then, says whether they are worth a receipt. ``after`` is the id
        of the receipt whose place this one takes: it is another one even if it says what an earlier one said.
        """
        locator, source_version, file_name = masked_path(locator), masked_path(source_version), masked(file_name)
        stored = self._archive(chunks)
        if not news():
            self._forget(stored.uri)
            self.outcome.unchanged += 1
            return
        values = self._row(locator, source_version, file_name, stored, after) | {"source_rows": str(told or "")}
        with session("collector") as opened:
            seq = opened.scalar(
                insert(Batch)
                .values(values)
                .on_conflict_do_nothing(index_elements=[Batch.batch_id])
                .returning(Batch.seq)
            )
            if seq is not None:
                opened.add(
                    Step(
                        name=StepName.RECEIVE,
                        unit_id=self.dataset.unit,
                        dataset_id=self.dataset.id,
                        batch_seq=seq,
                        business_date=self.run.on,
                        ended_at=func.clock_timestamp(),
                        verdict=Verdict.OK,
                        message=f"已归档并登记 {file_name}，{stored.bytes:,} 字节",
                        counts={"bytes": stored.bytes},
                        dag_run=self.run.dag_run,
                    )
                )
        if seq is None:
            self._discard(values["batch_id"], stored.uri)
            self.outcome.known += 1
        else:
            self.outcome.batch_seqs.append(seq)
            self.outcome.receipts.append(file_name)

    def turn_away(
        self, refused_id: str, locator: str, source_version: str, file_name: str, chunks: Iterable[bytes]
    ) -> None:
        """Count a delivery of what is never collected, once; only the dataset that met it first speaks of it."""
        locator, source_version, file_name = masked_path(locator), masked_path(source_version), masked(file_name)
        met = refused.met_by(self.dataset.unit, locator, source_version)
        if met is None:
            receipt = {
                "unit_id": self.dataset.unit,
                "dataset_id": self.dataset.id,
                "locator": locator,
                "source_version": source_version,
                "file_name": file_name,
            }
            refused.book(self.run, refused_id, receipt, chunks)
        if met in (None, self.dataset.id):
            self.outcome.turned_away.append(f"{file_name}（{refused.why(refused_id)}；{refused.REMEDY}）")

    def _forget(self, uri: str) -> None:
        """Destroy what was archived of a source that shows what it showed before."""
        from ..custody import archive

        archive.shred(uri, "与上一份回执内容相同")

    def _discard(self, wanted: str, uri: str) -> None:
        """Destroy a second copy of a receipt that turned out to be booked."""
        from ..custody import archive

        with session("collector") as opened:
            booked = opened.scalar(select(Batch.archive_uri).where(Batch.batch_id == wanted))
        if booked != uri:
            archive.shred(uri, "同一回执的第二份副本")

    def _archive(self, chunks: Iterable[bytes]) -> Any:
        """Store the bytes.

        A fault of the store is told apart from one of the source, which goes on unchanged.
        """
        from ..custody import archive

        stream = ByteStream(chunks)
        try:
            return archive.store(stream, self.dataset.id)
        except (OSError, EOFError) as error:
            if error is stream.error:
                raise
            raise CollectError(
                "归档存储写入失败。", "检查归档存储的空间、权限与网络；未归档的回执下次重新收取。", "data_engineer"
            ) from error

    def has(self, locator: str, source_version: str, sha256: str) -> bool:
        """Whether exactly this receipt is booked."""
        wanted = batch_id(self.dataset.id, locator, source_version, sha256)
        with session("collector") as opened:
            return opened.scalar(select(Batch.seq).where(Batch.batch_id == wanted)) is not None

    def _row(self, locator: str, source_version: str, file_name: str, stored: Any, after: str) -> dict[str, Any]:
        dataset = self.dataset
        return {
            "batch_id": batch_id(dataset.id, locator, source_version, stored.sha256, after),
            "dataset_id": dataset.id,
            "unit_id": dataset.unit,
            "kind": dataset.kind,
            "variant": dataset.variant,
            "delivery_mode": dataset.delivery_mode,
            "locator": locator,
            "source_version": source_version,
            "file_name": file_name,
            "sha256": stored.sha256,
            "size_bytes": stored.bytes,
            "archive_uri": stored.uri,
            "business_date": self.run.on,
            "code_version": self.run.code_version,
            "catalogue_version": load_catalogue().version,
            "dag_run": self.run.dag_run,
        }


class Probe(Intake):
    """Asks the source the same questions and takes nothing."""

    def take(
        self,
        locator: str,
        source_version: str,
        file_name: str,
        chunks: Iterable[bytes],
        told: RowsTold | None = None,
        news: Callable[[], bool] = lambda: True,
        after: str = "",
    ) -> None:
        """Note the receipt's name; nothing is stored."""
        self.outcome.receipts.append(masked(file_name))

    def shows(self, receipt: Batch, told: RowsTold) -> None:
        """Nothing is noted."""

    def turn_away(
        self, refused_id: str, locator: str, source_version: str, file_name: str, chunks: Iterable[bytes]
    ) -> None:
        """Note what is refused at the door and why; nothing is stored."""
        self.outcome.turned_away.append(f"{masked(file_name)}（{refused.why(refused_id)}）")


def only_one(run: Run, name: str) -> AbstractContextManager[bool]:
    """Hold the advisory lock ``name`` of the ledger while the block runs; False when another holds it."""
    return locks.hold("collector", name, holder=run.holder)


def masked(name: str) -> str:
    """A file name as messages and the ledger may hold it: readable, escaped, a person's number in it blanked."""
    return persons.mask(names.shown(name))


def masked_path(path: str) -> str:
    """A path for a locator.

    Blanked and escaped like ``masked``, with a keyed tag that keeps different paths different.
    """
    shown = masked(path)
    if shown == path:
        return path
    return f"{shown}~{hmac.new(settings.secret_key('lookup'), names.raw(path), 'sha256').hexdigest()[:8]}"


def connection_uri(conn_id: str) -> str:
    """URI of a channel's connection; a missing one is for the data engineer."""
    try:
        return settings.connection(conn_id)
    except UserError as error:
        raise CollectError(error.text, error.remedy, "data_engineer") from None
