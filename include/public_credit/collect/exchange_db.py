"""Exchange database (前置库): a department writes rows under a batch number, we read finished batches.

A batch number is one receipt. It is taken when the batch table lists it with a row count and exactly that
many rows are there, in one consistent snapshot; otherwise it is left for a later run and said to be
incomplete (``truncated``). A batch that the batch table lists with more rows than were taken is taken again: what is in
already repeats itself. The last batches taken are compared with what is there now, row by row: rows that the batch table does
not tell of, in place of others or beside them, and rows that say something else under the same key are taken, too, and the
department is told. Of batches before these the rows are counted, and those that were never taken are told.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    bindparam,
    column,
    create_engine,
    event,
    exc,
    func,
    select,
    table,
    text,
)
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool
from sqlalchemy.sql.expression import TableClause
from sqlalchemy.types import NullType

from ..catalogue.models import ExchangeDb
from ..custody import archive
from .base import CollectError, Intake, SourceChanged, connection_uri, masked_path
from .streams import NoText, RowsTold, TooMuch, bounded, content_hash, header_line, key_hash, row_lines

FETCH_ROWS = 2000
DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
}
READ_ONLY = {
    "postgresql": "set session characteristics as transaction read only",
    "mysql": "set session transaction read only",
    "mariadb": "set session transaction read only",
}
LIMITS = {
    "postgresql": {"connect_timeout": 15, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3},
    "mysql": {"connect_timeout": 15, "read_timeout": 600},
    "mariadb": {"connect_timeout": 15, "read_timeout": 600},
}
_DENIED = {"28P01", "28000", 1044, 1045, 1698}
_NO_DATABASE = {"3D000", 1049}
_NO_RIGHT = {"42501", 1142, 1143}
_NO_TABLE = {"42P01", "42703", "3F000", 1146, 1054}
logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)


class Unreadable(Exception):
    """A value that no program can read, such as a date without end: its batch is left, the others are taken."""


@dataclass(frozen=True)
class Done:
    """A batch the department declares finished; ``rows`` is -1 where it does not say how many."""

    number: str
    rows: int


@dataclass(frozen=True)
class Fresh:
    """Rows that are there of a batch and were not in its last receipt: of new keys (``late``), of known ones (``changed``)."""

    late: int
    changed: int


def _in_order(number: str) -> tuple[int, str]:
    return len(number), number


def _rows_declared(given: Any) -> int:
    try:
        return int(given)
    except (TypeError, ValueError):
        return -1


def _engine(uri: str, conn_id: str) -> Engine:
    try:
        url = make_url(uri)
        url = url.set(drivername=DRIVERS.get(url.drivername, url.drivername))
        family = url.get_backend_name()
        isolation = {"isolation_level": "REPEATABLE READ"} if family in READ_ONLY else {}
        engine = create_engine(
            url, poolclass=NullPool, connect_args=LIMITS.get(family, {}), hide_parameters=True, **isolation
        )
    except (exc.ArgumentError, ImportError, ValueError):
        raise CollectError(
            f"连接 {conn_id} 不是可用的数据库地址。", "按 SQLAlchemy URL 书写，并安装相应驱动。", "data_engineer"
        ) from None
    if family in READ_ONLY:
        event.listen(engine, "connect", lambda connection, _: _set_read_only(connection, READ_ONLY[family]))
    return engine


def _set_read_only(connection: Any, statement: str) -> None:
    cursor = connection.cursor()
    cursor.execute(statement)
    cursor.close()
    connection.commit()


def _named(name: str, *columns: str) -> TableClause:
    """A table of the department with columns, named as the catalogue writes them; SQLAlchemy quotes for its database."""
    schema, _, plain = name.rpartition(".")
    return table(plain, *(column(item) for item in columns), schema=schema or None)


class Exchange:
    """One dataset's tables in the exchange database."""

    def __init__(self, connection: Connection, channel: ExchangeDb):
        self._connection = connection
        self.channel = channel
        self._source = _named(channel.table, channel.batch_column, channel.key_column)
        self._done = _named(channel.batch_done_table, "source_record_id", "table_name", "row_count")

    def finished(self) -> list[Done]:
        """Finished batches of our table, in order of their number."""
        plain = self.channel.table.rpartition(".")[2]
        query = select(self._done.c.source_record_id, self._done.c.row_count).where(
            func.lower(self._done.c.table_name).in_([plain.lower(), self.channel.table.lower()])
        )
        with _explained(self.channel):
            found: Sequence[Any] = self._connection.execute(query).all()
        batches: dict[str, int] = {}
        for told, rows in found:  # of several lines of a batch the one of most rows: it was added to
            number = "" if told is None else str(told).strip()
            if number:
                batches[number] = max(_rows_declared(rows), batches.get(number, -1))
        return sorted((Done(*batch) for batch in batches.items()), key=lambda item: _in_order(item.number))

    def _of(self, batch: Done) -> ColumnElement[bool]:
        """Condition: a row is of the batch. The database takes the number for what its column is, a text or not."""
        return self._source.c[self.channel.batch_column] == bindparam(None, batch.number, NullType())

    def present(self, batch: Done) -> int:
        """Rows of a batch that are there; none where its number is none of the table's."""
        query = select(func.count()).select_from(self._source).where(self._of(batch))
        with _explained(self.channel):
            try:
                return self._connection.execute(query).scalar_one()
            except exc.DataError:
                return 0

    def counted(self) -> dict[str, int]:
        """Rows that are there of every batch, by its number; '' has the rows without one."""
        number = self._source.c[self.channel.batch_column]
        counts: dict[str, int] = {}
        with _explained(self.channel):
            found: Sequence[Any] = self._connection.execute(select(number, func.count()).group_by(number)).all()
        for told, rows in found:
            name = "" if told is None else str(told).strip()
            counts[name] = counts.get(name, 0) + rows
        return counts

    def _rows(self, batch: Done) -> Iterator[tuple[list[str], list[dict[str, Any]]]]:
        """Columns and rows of a batch, in the order of their key, through a server-side cursor. Raises Unreadable."""
        query = (
            select(text("*"))
            .select_from(self._source)
            .where(self._of(batch))
            .order_by(self._source.c[self.channel.key_column])
        )
        with _explained(self.channel):
            try:
                result = self._connection.execute(
                    query, execution_options={"stream_results": True, "yield_per": FETCH_ROWS}
                )
                names = [name.lower() for name in result.keys()]  # noqa: SIM118  (a result is no mapping)
                yield names, []
                for rows in result.partitions():
                    yield names, [dict(zip(names, row, strict=True)) for row in rows]
            except exc.DataError:
                raise Unreadable from None

    def told(self, batch: Done) -> RowsTold:
        """What the rows of a batch say now. Raises NoText, Unreadable."""
        told = RowsTold()
        for _, rows in self._rows(batch):
            for row in rows:
                told.add(content_hash(row))
        return told

    def fresh(self, batch: Done, known: dict[int, set[int]]) -> Fresh:
        """Rows of a batch that are not among those ``known``: key → contents. Raises NoText, Unreadable."""
        late = changed = 0
        for _, rows in self._rows(batch):
            for row in rows:
                said = known.get(key_hash(row, self.channel.key_column.lower()))
                late += said is None
                changed += said is not None and content_hash(row) not in said
        return Fresh(late, changed)

    def lines(self, batch: Done, told: RowsTold) -> Iterator[bytes]:
        """The batch as JSON Lines; what its rows say is counted in ``told``.

        Raises SourceChanged when rows came or went meanwhile, NoText, Unreadable.
        """
        received, begun = 0, False
        for names, rows in self._rows(batch):
            if not begun:
                begun = True
                yield header_line(names, batch.number)
            received += len(rows)
            yield from row_lines(rows)
            for row in rows:
                told.add(content_hash(row))
        if received != batch.rows:
            raise SourceChanged

    def forget_snapshot(self) -> None:
        """End the transaction, so that the next batch is read as it is then."""
        with _explained(self.channel):
            self._connection.rollback()


def _code(error: exc.DBAPIError) -> Any:
    """SQLSTATE, server error number or ``dns``; drivers report a failed connection each in their own way."""
    original = error.orig
    words = str(original).lower()
    if any(sign in words for sign in ("resolve", "name or service not known", "getaddrinfo", "no address associated")):
        return "dns"
    arguments = getattr(original, "args", ())
    if arguments and isinstance(arguments[0], int):
        return arguments[0]
    if state := getattr(original, "sqlstate", None):
        return state
    if "authentication failed" in words or "no pg_hba.conf entry" in words:
        return "28P01"
    return "3D000" if "database" in words and "does not exist" in words else None


def _reading(error: exc.DBAPIError, channel: ExchangeDb) -> CollectError:
    """A person's reading of a database error.

    The error's own text is not shown, it may hold addresses or values.
    """
    code, conn_id = _code(error), channel.connection
    if code in _DENIED:
        return CollectError(
            f"前置库拒绝了连接 {conn_id} 的账号或口令。", "与来源单位核对账号，更新 connections.yaml。", "data_engineer"
        )
    if code in _NO_DATABASE:
        return CollectError(
            f"连接 {conn_id} 指向的数据库不存在。", "与来源单位核对库名，更新 connections.yaml。", "data_engineer"
        )
    if code in ("dns", 2005):
        return CollectError(f"连接 {conn_id} 的主机名无法解析。", "检查连接中的主机名与本机 DNS。", "data_engineer")
    if code in _NO_RIGHT:
        return CollectError(
            f"没有读取前置库表 {channel.table} 或 {channel.batch_done_table} 的权限。",
            "请来源单位授予只读权限。",
            "department",
        )
    if code in _NO_TABLE:
        return CollectError(
            f"前置库中没有 {channel.table}、{channel.batch_done_table} 或约定的列。",
            "请来源单位按约定建表，或改正目录中的表名、列名。",
            "department",
        )
    return CollectError(
        f"前置库（连接 {conn_id}）无法连接或中途断开。",
        "请来源单位检查数据库与网络；已收的批次不受影响。",
        "department",
    )


@contextmanager
def _explained(channel: ExchangeDb) -> Iterator[None]:
    """Turn errors of the exchange database, and only of it, into what a person can act on."""
    try:
        yield
    except exc.DBAPIError as error:
        raise _reading(error, channel) from None


def _archived(uri: str, key_column: str) -> dict[int, set[int]]:
    """The rows of a receipt, read from the archive: key (``key_hash``) → what was said under it (``content_hash``)."""
    known: dict[int, set[int]] = {}
    with archive.open_plain(uri) as lines:
        lines.readline()
        for line in lines:
            row = orjson.loads(line)
            known.setdefault(key_hash(row, key_column), set()).add(content_hash(row))
    return known


def _fresh(intake: Intake, exchange: Exchange, batch: Done, where: str) -> Fresh | None:
    """Rows of a batch that was taken which its last receipt lacks, None for none; what was removed is no news.

    Nor can what is there be told from what was where the receipt was deleted as the law asks. Raises NoText, Unreadable, and
    ArchiveDamaged where it is missing or altered.
    """
    last = intake.last(where + batch.number, batch.number)
    if last is None:
        return None
    exchange.forget_snapshot()
    told = exchange.told(batch)
    if not told.count or str(told) == last.source_rows:
        return None
    with suppress(archive.ArchiveShredded):
        fresh = exchange.fresh(batch, _archived(last.archive_uri, exchange.channel.key_column.lower()))
        if fresh.late or fresh.changed:
            return fresh
        intake.shows(last, told)
    return None


def _why_refused(error: Exception, exchange: Exchange) -> str:
    """Why a batch is left for good, in words."""
    channel = exchange.channel
    if isinstance(error, NoText):
        column = error.column or channel.key_column
        return f"列 {column} 是二进制，内容不是 UTF-8 或 GB18030 文字，请来源单位改为文本类型后重写该批次"
    if isinstance(error, TooMuch):
        return f"超过 {channel.max_mb:g} MB，请分批写入，或调大目录中的 max_mb"
    return "有读不出的值，例如 infinity 或公元前的日期，请来源单位改正后重写该批次"


def _take(intake: Intake, exchange: Exchange, batch: Done, where: str, after: str = "") -> bool:
    """Take in a batch with as many rows as it says; False, and noted why, where it does not stand still or is refused.

    ``after``: id of the receipt this one follows, of a batch that says something else than it did.
    """
    plain, told = exchange.channel.table.rpartition(".")[2], RowsTold()
    lines = bounded(exchange.lines(batch, told), exchange.channel.max_mb)
    try:
        intake.take(where + batch.number, batch.number, f"{plain}@{batch.number}", lines, told, after=after)
        return True
    except SourceChanged:
        intake.outcome.incomplete.append(f"批次 {batch.number}（truncated：读取时行数有变）")
    except (NoText, TooMuch, Unreadable) as error:
        intake.outcome.refused.append(f"批次 {batch.number}（{_why_refused(error, exchange)}）")
    return False


def _recheck(intake: Intake, exchange: Exchange, taken: list[Done], where: str) -> None:
    """Take batches again that have other rows now, or rows that say something else, though the batch table does not tell of it."""
    for batch in taken:
        try:
            fresh = _fresh(intake, exchange, batch, where)
        except (NoText, Unreadable) as error:
            intake.outcome.refused.append(f"批次 {batch.number}（{_why_refused(error, exchange)}）")
            continue
        except archive.ArchiveDamaged as error:
            intake.outcome.uncompared.append(f"批次 {batch.number}（{error.text}{error.remedy}）")
            continue
        if fresh is None:
            continue
        last = intake.last(where + batch.number, batch.number)
        exchange.forget_snapshot()
        now = Done(batch.number, exchange.present(batch))
        if _take(intake, exchange, now, where, after=last.batch_id if last else ""):
            said = [f"又写入 {fresh.late} 行，{exchange.channel.batch_done_table} 的行数未更新"] if fresh.late else []
            said += [f"改动 {fresh.changed} 行，主键未变"] if fresh.changed else []
            intake.outcome.late.append(f"批次 {batch.number}（收取后{'；'.join(said)}）")


def _tell_missing(
    intake: Intake, exchange: Exchange, finished: list[Done], behind: list[Done], taken: dict[str, int | None]
) -> None:
    """Note rows that were never taken and that no later pull will take: of batches nobody looks at any more, or of no batch."""
    channel, outcome = exchange.channel, intake.outcome
    exchange.forget_snapshot()
    there, declared = exchange.counted(), {batch.number for batch in finished}
    for batch in behind:
        rows, had = there.get(batch.number, 0), taken.get(masked_path(batch.number))
        if had is not None and rows > had:
            outcome.missing.append(
                f"批次 {batch.number}（现有 {rows} 行，收过 {had} 行；请来源单位更新 {channel.batch_done_table} 的行数，"
                "或调大目录中的 recheck_batches）"
            )
    last = _in_order(behind[-1].number) if behind else (0, "")
    for number in sorted(there.keys() - declared - {""}, key=_in_order):
        if _in_order(number) < last:
            outcome.missing.append(f"批次 {number}（{there[number]} 行，{channel.batch_done_table} 没有登记）")
    if there.get(""):
        outcome.missing.append(f"没有批次号的 {there['']} 行（请来源单位补写批次号并登记）")


def _take_finished(intake: Intake, exchange: Exchange) -> None:
    channel = exchange.channel
    where = f"exchange_db:{channel.connection}/{channel.table}#"
    booked, finished = intake.booked_versions(where), exchange.finished()
    taken = {batch: rows for batch in finished if (rows := booked.get(masked_path(batch.number))) is not None}
    known = [
        batch
        for batch in finished
        if masked_path(batch.number) in booked and batch.rows <= taken.get(batch, batch.rows)
    ]
    behind, looked_at = known[: -channel.recheck_batches], known[-channel.recheck_batches :]
    _recheck(intake, exchange, looked_at, where)
    intake.outcome.known += len(known)
    settled = set(known)
    for batch in finished:
        if batch in settled:
            continue
        if batch.rows < 0:
            intake.outcome.incomplete.append(f"批次 {batch.number}（{channel.batch_done_table} 没有写明行数）")
            continue
        exchange.forget_snapshot()
        present = exchange.present(batch)
        if present != batch.rows:
            intake.outcome.incomplete.append(
                f"批次 {batch.number}（truncated：应有 {batch.rows} 行，实有 {present} 行）"
            )
            continue
        _take(intake, exchange, batch, where)
    if channel.count_behind:
        _tell_missing(intake, exchange, finished, behind, booked)
    exchange.forget_snapshot()


def pull(intake: Intake) -> None:
    """Take in the finished batches that are not booked yet, in order of their number."""
    channel = intake.channel(ExchangeDb)
    engine = _engine(connection_uri(channel.connection), channel.connection)
    try:
        with _explained(channel):
            connection = engine.connect()
        with connection:
            _take_finished(intake, Exchange(connection, channel))
    finally:
        engine.dispose()
