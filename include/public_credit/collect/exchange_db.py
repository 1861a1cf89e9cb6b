"""Exchange database (前置库): a department writes rows under a batch number, we read finished batches.

A batch number is one receipt. It is taken when the batch table lists it with a row count and exactly that
many rows are there, in one consistent snapshot; otherwise it is left for a later run and said to be
incomplete (``truncated``). A batch that the batch table lists with more rows than were taken is taken again: what is in
already repeats itself. The last batches taken are compared with what is there now, key by key: rows that the batch table does
not tell of, in place of others or beside them, are taken, too, and the department is told.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, column, create_engine, event, exc, func, select, table, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool
from sqlalchemy.sql.expression import TableClause

from ..catalogue.models import ExchangeDb
from ..custody import archive
from .base import CollectError, Intake, SourceChanged, connection_uri, masked_path
from .streams import NoText, RowsTold, TooMuch, bounded, header_line, key_hash, row_lines

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


@dataclass(frozen=True)
class Done:
    """A batch the department declares finished."""

    number: str
    rows: int


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
            number = str(told).strip()
            batches[number] = max(int(rows), batches.get(number, 0))
        return sorted((Done(*batch) for batch in batches.items()), key=lambda item: (len(item.number), item.number))

    def present(self, batch: Done) -> int:
        """Rows of a batch that are there."""
        with _explained(self.channel):
            return self._connection.execute(
                select(func.count())
                .select_from(self._source)
                .where(self._source.c[self.channel.batch_column] == batch.number)
            ).scalar_one()

    def keys(self, numbers: list[str]) -> Iterator[tuple[str, int]]:
        """Number and key (``key_hash``) of every row that is there of several batches."""
        number, key = self._source.c[self.channel.batch_column], self._source.c[self.channel.key_column]
        with _explained(self.channel):
            result = self._connection.execute(
                select(number, key).where(number.in_(numbers)),
                execution_options={"stream_results": True, "yield_per": FETCH_ROWS},
            )
            for batch, value in result:
                yield str(batch).strip(), key_hash(value)

    def lines(self, batch: Done, told: RowsTold) -> Iterator[bytes]:
        """The batch as JSON Lines through a server-side cursor; its keys are counted in ``told``.

        SourceChanged when rows came or went meanwhile.
        """
        query = (
            select(text("*"))
            .select_from(self._source)
            .where(self._source.c[self.channel.batch_column] == batch.number)
            .order_by(self._source.c[self.channel.key_column])
        )
        with _explained(self.channel):
            result = self._connection.execute(
                query, execution_options={"stream_results": True, "yield_per": FETCH_ROWS}
            )
            names, received = [name.lower() for name in result.keys()], 0  # noqa: SIM118  (a result is no mapping)
            yield header_line(names, batch.number)
            place = names.index(self.channel.key_column.lower())
            for rows in result.partitions():
                received += len(rows)
                for row in rows:
                    told.add(key_hash(row[place]))
                yield from row_lines(dict(zip(names, row, strict=True)) for row in rows)
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


def _archived_keys(uri: str, key_column: str) -> set[int]:
    """Keys (``key_hash``) of the rows of a receipt, read from the archive."""
    with archive.open_plain(uri) as lines:
        lines.readline()
        return {key_hash(orjson.loads(line)[key_column.lower()]) for line in lines}


def _late(intake: Intake, exchange: Exchange, taken: list[Done], where: str) -> dict[Done, int]:
    """Of batches that were taken those with rows there now that the last receipt lacks, and how many; what was removed is no news."""
    exchange.forget_snapshot()
    there = {batch.number: RowsTold() for batch in taken}
    for number, key in exchange.keys(list(there)):
        if number in there:  # some databases find a number in other letters, too
            there[number].add(key)
    late: dict[Done, int] = {}
    for batch in taken:
        last = intake.last(where + batch.number, batch.number)
        if last is None or not there[batch.number].count or str(there[batch.number]) == last.source_rows:
            continue
        with suppress(
            archive.ArchiveDamaged
        ):  # deleted as the law asks: what is there now cannot be told from what was
            known = _archived_keys(last.archive_uri, exchange.channel.key_column)
            if fresh := len({key for _, key in exchange.keys([batch.number]) if key not in known}):
                late[batch] = fresh
    return late


def _take(intake: Intake, exchange: Exchange, batch: Done, where: str) -> bool:
    """Take in a batch with as many rows as it says; False, and noted why, where it does not stand still or is too large."""
    plain, told = exchange.channel.table.rpartition(".")[2], RowsTold()
    lines = bounded(exchange.lines(batch, told), exchange.channel.max_mb)
    try:
        intake.take(where + batch.number, batch.number, f"{plain}@{batch.number}", lines, told)
        return True
    except SourceChanged:
        intake.outcome.incomplete.append(f"批次 {batch.number}（truncated：读取时行数有变）")
    except NoText as error:
        column = error.column or exchange.channel.key_column
        intake.outcome.refused.append(
            f"批次 {batch.number}（列 {column} 是二进制，内容不是 UTF-8 或 GB18030 文字，请来源单位改为文本类型后重写该批次）"
        )
    except TooMuch:
        intake.outcome.refused.append(
            f"批次 {batch.number}（超过 {exchange.channel.max_mb:g} MB，请分批写入，或调大目录中的 max_mb）"
        )
    return False


def _take_late(intake: Intake, exchange: Exchange, late: dict[Done, int], where: str) -> None:
    for batch, rows in late.items():
        exchange.forget_snapshot()
        if _take(intake, exchange, Done(batch.number, exchange.present(batch)), where):
            intake.outcome.late.append(
                f"批次 {batch.number}（收取后又写入 {rows} 行，{exchange.channel.batch_done_table} 的行数未更新）"
            )


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
    _take_late(intake, exchange, _late(intake, exchange, known[-channel.recheck_batches :], where), where)
    intake.outcome.known += len(known)
    settled = set(known)
    for batch in finished:
        if batch in settled:
            continue
        exchange.forget_snapshot()
        present = exchange.present(batch)
        if present != batch.rows:
            intake.outcome.incomplete.append(
                f"批次 {batch.number}（truncated：应有 {batch.rows} 行，实有 {present} 行）"
            )
            continue
        _take(intake, exchange, batch, where)
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
