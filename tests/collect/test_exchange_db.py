"""Exchange database against real servers: PostgreSQL always, MariaDB where it is installed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pymysql
import pytest
import sqlalchemy as sa
from public_credit import collect

from tests.helpers.receipts import DAY, archived_lines
from tests.helpers.runs import run_on
from tests.helpers.servers import has_mariadb, mariadb

ROWS = 5


class FrontEnd:
    """The department's side: writes batches into schema ``ex``."""

    def __init__(self, writer: sa.Engine, uri: str):
        self.writer, self.uri = writer, uri

    def run(self, *statements: str) -> None:
        with self.writer.begin() as connection:
            for statement in statements:
                connection.execute(sa.text(statement))

    def create(self) -> None:
        self.run(
            "create table ex.xk_fr (source_id varchar(64) primary key, source_record_id varchar(32), "
            "source_create_date timestamp, xk_xdr_mc text, xk_wsh text, bz text)",
            "create table ex.batch_done (source_record_id varchar(32), table_name varchar(32), "
            "row_count int, done_at timestamp)",
        )

    def rows(self, number: str, count: int = ROWS, start: int = 0) -> None:
        with self.writer.begin() as connection:
            connection.execute(
                sa.text("insert into ex.xk_fr values (:id, :batch, :at, :name, :doc, null)"),
                [
                    {
                        "id": f"{number}-{row:04d}",
                        "batch": number,
                        "at": datetime(2026, 2, 25, 7, 0, 0),
                        "name": f"示范企业{row}",
                        "doc": f"示审许〔2026〕{row}号",
                    }
                    for row in range(start, start + count)
                ],
            )

    def done(self, number: str, count: int = ROWS, table: str = "xk_fr") -> None:
        self.run(f"insert into ex.batch_done values ('{number}', '{table}', {count}, timestamp '2026-02-25 07:30:00')")


@pytest.fixture(scope="session")
def mariadb_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    if not has_mariadb():
        pytest.skip("本机没有 MariaDB（mariadbd）")
    with mariadb(tmp_path_factory.mktemp("m")) as arguments:
        yield arguments


def _postgresql(request: pytest.FixtureRequest) -> Iterator[FrontEnd]:
    cluster = request.getfixturevalue("postgres")
    writer = sa.create_engine(cluster.connections["exchange_db"].replace("postgresql://", "postgresql+psycopg://"))
    front_end = FrontEnd(writer, cluster.connections["exchange_db"])
    front_end.run("drop schema if exists ex cascade", "create schema ex")
    front_end.create()
    yield front_end
    front_end.run("drop schema ex cascade")
    writer.dispose()


def _mariadb(request: pytest.FixtureRequest) -> Iterator[FrontEnd]:
    server = request.getfixturevalue("mariadb_server")
    with pymysql.connect(**server) as admin, admin.cursor() as cursor:
        cursor.execute("drop database if exists ex")
        cursor.execute("create database ex character set utf8mb4")
        cursor.execute("create or replace user reader@'127.0.0.1' identified by 'pw'")
        cursor.execute("create or replace user reader@localhost identified by 'pw'")
        cursor.execute("grant all on ex.* to reader@'127.0.0.1', reader@localhost")
    writer = sa.create_engine(f"mariadb+pymysql://root:@127.0.0.1:{server['port']}/ex")
    front_end = FrontEnd(writer, f"mariadb://reader:pw@127.0.0.1:{server['port']}/ex")
    front_end.create()
    yield front_end
    writer.dispose()


@pytest.fixture(params=["postgresql", "mariadb"])
def source(request: pytest.FixtureRequest) -> Iterator[FrontEnd]:
    yield from (_postgresql if request.param == "postgresql" else _mariadb)(request)


@pytest.fixture
def pull(offer, source):
    warehouse = None

    def run(uri: str | None = None, **more):
        nonlocal warehouse
        if warehouse is None:
            channel = {
                "type": "exchange_db",
                "connection": "exchange_csdw",
                "table": "ex.xk_fr",
                "batch_done_table": "ex.batch_done",
            } | more
            warehouse = offer(licences={"channel": channel})
            warehouse.add_connections(exchange_csdw=uri or source.uri)
        return collect.collect(run_on(DAY), "csdw")[0]

    return run


def test_each_finished_batch_is_one_receipt_in_order_of_its_number(source, pull, batches, steps):
    for number in ("20260225010", "20260225002", "20260225009"):
        source.rows(number)
        source.done(number)
    source.rows("20260225011")
    source.done("20260225099", table="cf_fr")
    pull()
    assert [batch["source_version"] for batch in batches()] == ["20260225002", "20260225009", "20260225010"]
    header, *rows = archived_lines(batches()[0]["archive_uri"])
    assert header == {
        "columns": ["source_id", "source_record_id", "source_create_date", "xk_xdr_mc", "xk_wsh", "bz"],
        "source_version": "20260225002",
    }
    assert len(rows) == ROWS
    assert rows[1] == {
        "source_id": "20260225002-0001",
        "source_record_id": "20260225002",
        "source_create_date": "2026-02-25T07:00:00",
        "xk_xdr_mc": "示范企业1",
        "xk_wsh": "示审许〔2026〕1号",
        "bz": None,
    }
    pull()
    assert len(batches()) == 3
    assert "已收过 3 份" in steps()[-1]["message"]
    source.done("20260225011")
    pull()
    assert [batch["source_version"] for batch in batches()][3:] == ["20260225011"]


def test_a_truncated_batch_is_left_and_the_others_are_taken(source, pull, batches, steps):
    source.rows("20260225001", count=3)
    source.done("20260225001")
    source.rows("20260225002")
    source.done("20260225002")
    pull()
    assert [batch["source_version"] for batch in batches()] == ["20260225002"]
    step = steps()[-1]
    assert (step["verdict"], step["owner"]) == ("incomplete", "department")
    assert "批次 20260225001（truncated：应有 5 行，实有 3 行）" in step["message"]
    source.rows("20260225001", count=2, start=3)
    pull()
    assert [batch["source_version"] for batch in batches()] == ["20260225002", "20260225001"]
    assert steps()[-1]["verdict"] == "ok"


@pytest.fixture
def landed(warehouse, batches):
    """What landing books of every receipt: the rows its reader saw."""

    def book() -> None:
        with warehouse.connect() as owner:
            for batch in batches():
                seen = len(archived_lines(batch["archive_uri"])) - 1
                owner.execute("update ledger.batch set rows_in = %s where seq = %s", [seen, batch["seq"]])

    return book


def test_a_batch_that_grew_after_it_was_taken_is_taken_again(source, pull, batches, steps, landed):
    source.rows("20260225001", count=3)
    source.done("20260225001", 3)
    pull()
    landed()
    pull()
    assert (len(batches()), steps()[-1]["verdict"]) == (1, "ok")
    source.rows("20260225001", count=2, start=3)
    source.run("update ex.batch_done set row_count = 5")
    pull()
    first, second = batches()
    assert (first["source_version"], first["locator"]) == (second["source_version"], second["locator"])
    assert [len(archived_lines(batch["archive_uri"])) - 1 for batch in (first, second)] == [3, 5]
    landed()
    pull()
    assert (len(batches()), steps()[-1]["verdict"]) == (2, "ok")


@pytest.mark.parametrize("is_landed", [True, False])
@pytest.mark.parametrize(
    "removed", [0, 2, 3], ids=["beside the others", "in place of others", "where all were removed"]
)
def test_late_rows_the_batch_table_does_not_tell_of_are_taken(source, pull, batches, steps, landed, removed, is_landed):
    source.rows("20260225001", count=3)
    source.done("20260225001", 3)
    pull()
    if is_landed:
        landed()
    source.run(f"delete from ex.xk_fr where source_id < '20260225001-{removed:04d}'")
    source.rows("20260225001", count=2, start=3)
    pull()
    step = steps()[-1]
    assert (step["verdict"], step["owner"], step["counts"]["late"]) == ("warning", "department", 1)
    assert "补收晚到的行：批次 20260225001（收取后又写入 2 行，ex.batch_done 的行数未更新）" in step["message"]
    _, again = batches()
    assert len(archived_lines(again["archive_uri"])) - 1 == 5 - removed
    pull()
    assert (len(batches()), steps()[-1]["verdict"], steps()[-1]["counts"]["late"]) == (2, "ok", 0)


def test_rows_the_department_removes_after_they_were_taken_are_no_news(source, pull, batches, steps, warehouse):
    source.rows("20260225001", count=3)
    source.done("20260225001", 3)
    pull()
    source.run("delete from ex.xk_fr where source_id < '20260225001-0002'")
    pull()
    with warehouse.connect() as owner:  # a receipt from before its keys were booked is compared by the archive
        owner.execute("update ledger.batch set source_rows = ''")
    pull()
    source.run("delete from ex.xk_fr")
    pull()
    assert len(batches()) == 1 and {step["verdict"] for step in steps()} == {"ok"}


def test_a_batch_beyond_its_bound_is_left_and_named(source, pull, batches, steps):
    for number, count in (("20260225001", 3000), ("20260225002", 3)):
        source.rows(number, count)
        source.done(number, count)
    pull(max_mb=0.1)
    assert [batch["source_version"] for batch in batches()] == ["20260225002"]
    step = steps()[-1]
    assert (step["verdict"], step["owner"]) == ("warning", "department")
    assert "批次 20260225001（超过 0.1 MB，请分批写入" in step["message"]


@pytest.mark.parametrize("place", ["bz", "source_id"])
def test_bytes_that_are_no_text_leave_their_batch_alone_and_name_the_column(source, pull, batches, steps, place):
    binary = "bytea" if source.writer.dialect.name == "postgresql" else "varbinary(64)"
    cast = f" using {place}::bytea" if source.writer.dialect.name == "postgresql" else ""
    change = f"alter column {place} type {binary}{cast}" if cast else f"modify {place} {binary}"
    for number in ("20260225001", "20260225002", "20260225003"):
        source.rows(number)
        source.done(number)
    source.run(f"alter table ex.xk_fr {change}")
    for number, value in (("20260225001", b"\x01\xff\xfe"), ("20260225003", "备注".encode("gb18030") + bytes(4))):
        with source.writer.begin() as connection:
            statement = f"update ex.xk_fr set {place} = :value where source_id = :id"
            connection.execute(
                sa.text(statement),
                {"value": value, "id": f"{number}-0000".encode() if place == "source_id" else f"{number}-0000"},
            )
    pull()
    assert [batch["source_version"] for batch in batches()] == ["20260225002", "20260225003"]
    (last,) = [line for line in archived_lines(batches()[-1]["archive_uri"])[1:] if "备注" in str(line)]
    assert last[place] == "备注"
    step = steps()[-1]
    assert (step["verdict"], step["owner"]) == ("warning", "department")
    assert f"批次 20260225001（列 {place} 是二进制" in step["message"]


def test_a_second_line_of_a_batch_counts_where_it_tells_of_more(source, pull, batches):
    source.rows("20260225001", count=5)
    source.done("20260225001", 5)
    source.done("20260225001", 3)
    pull()
    assert [len(archived_lines(batch["archive_uri"])) - 1 for batch in batches()] == [5]


def test_only_the_last_batches_are_looked_at_for_late_rows(source, pull, batches, steps, landed):
    for number in ("20260225001", "20260225002"):
        source.rows(number)
        source.done(number)
    pull(recheck_batches=1)
    landed()
    source.rows("20260225001", count=1, start=ROWS)
    pull(recheck_batches=1)
    assert (len(batches()), steps()[-1]["verdict"]) == (2, "ok")


def test_many_rows_come_through_a_cursor(source, pull, batches):
    source.rows("20260225001", count=4500)
    source.done("20260225001", 4500)
    pull()
    rows = archived_lines(batches()[0]["archive_uri"])[1:]
    assert [row["source_id"] for row in rows] == [f"20260225001-{number:04d}" for number in range(4500)]


def test_the_source_is_opened_read_only(source):
    from public_credit.collect.exchange_db import _engine

    engine = _engine(source.uri, "exchange_csdw")
    with pytest.raises(sa.exc.DBAPIError, match="(?i)read.only"), engine.begin() as connection:
        connection.execute(sa.text("delete from ex.xk_fr"))
    engine.dispose()


def _changed(uri: str, **parts: Any) -> str:
    return sa.make_url(uri).set(**parts).render_as_string(hide_password=False)


@pytest.mark.parametrize(
    ("parts", "words", "owner"),
    [
        ({"password": "not-the-password"}, "拒绝了连接 exchange_csdw 的账号或口令", "data_engineer"),
        ({"port": 1}, "无法连接或中途断开", "department"),
        ({"host": "no-such-host.invalid"}, "主机名无法解析", "data_engineer"),
        ({"drivername": "nosuchdb"}, "不是可用的数据库地址", "data_engineer"),
    ],
)
def test_a_connection_that_fails_is_said_without_secrets(source, pull, steps, parts, words, owner):
    pull(uri=_changed(source.uri, **parts))
    step = steps()[-1]
    assert (step["verdict"], step["owner"]) == ("failed", owner)
    assert words in step["message"]
    assert "not-the-password" not in step["message"]


def test_a_database_that_does_not_exist_is_said(source, pull, steps):
    outcome = pull(uri=_changed(source.uri, database="no_such_db"))
    assert outcome.verdict == "failed"
    assert "数据库不存在" in outcome.message or "拒绝了连接" in outcome.message


@pytest.mark.parametrize(
    "more", [{"table": "ex.no_such"}, {"batch_done_table": "ex.no_such"}, {"batch_column": "no_such"}]
)
def test_a_missing_table_or_column_is_the_departments_move(source, pull, batches, more):
    source.rows("20260225001")
    source.done("20260225001")
    source.done("20260225001", table="no_such")
    outcome = pull(**more)
    assert (outcome.verdict, outcome.owner) == ("failed", "department")
    assert "约定" in outcome.message
    assert batches() == []


@pytest.mark.parametrize(
    "names",
    [
        {"table": "order", "batch_done_table": "user", "key_column": "select", "batch_column": "group"},
        {"table": "Select", "batch_done_table": "FROM", "key_column": "Order", "batch_column": "WHERE"},
        {"table": "行政许可", "batch_done_table": "完成批次", "key_column": "编号", "batch_column": "批次号"},
        {"table": "xk$1", "batch_done_table": "done#1", "key_column": "id$", "batch_column": "batch#"},
    ],
    ids=["reserved", "capitals", "chinese", "signs"],
)
def test_tables_and_columns_are_called_as_the_department_calls_them(source, pull, batches, names):
    quote = source.writer.dialect.identifier_preparer.quote_identifier
    table, done, key, batch = (quote(name) for name in names.values())
    source.run(
        f"create table ex.{table} ({key} varchar(64) primary key, {batch} varchar(32), xk_wsh text)",
        f"create table ex.{done} (source_record_id varchar(32), table_name varchar(32), row_count int, done_at timestamp)",
        f"insert into ex.{table} values ('2', '20260225001', 'b'), ('1', '20260225001', 'a')",
        f"insert into ex.{done} values ('20260225001', '{names['table']}', 2, timestamp '2026-02-25 07:30:00')",
    )
    places = {name: f"ex.{value}" if "table" in name else value for name, value in names.items()}
    outcome = pull(**places)
    assert outcome.verdict == "ok", outcome.message
    rows = archived_lines(batches()[0]["archive_uri"])[1:]
    assert [row["xk_wsh"] for row in rows] == ["a", "b"]


@pytest.mark.parametrize("place", ["table", "batch_done_table", "key_column", "batch_column", "created_column"])
@pytest.mark.parametrize("name", ['xk"; drop table x; --', "xk`", "a b", "a'", "", "a.b.c", "a;", "a\n", "x" * 64])
def test_a_name_no_database_gives_is_refused_by_the_catalogue(place, name):
    from public_credit.catalogue.models import ExchangeDb
    from pydantic import ValidationError

    given = {"type": "exchange_db", "connection": "exchange_csdw", "table": "ex.xk", "batch_done_table": "ex.done"}
    ExchangeDb.model_validate(given)
    with pytest.raises(ValidationError, match="表名、列名|列名不能"):
        ExchangeDb.model_validate(given | {place: name})
