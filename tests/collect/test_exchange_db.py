"""Exchange database against real servers: PostgreSQL always, MariaDB where it is installed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pymysql
import pytest
import sqlalchemy as sa
from public_credit import collect, gate
from public_credit.catalogue import load_catalogue
from public_credit.custody import archive
from public_credit.oversight.waits import open_list
from public_credit.papers.template import example
from public_credit.steps.work import land_received

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
    assert "补收晚到或改动的行：批次 20260225001（收取后又写入 2 行，ex.batch_done 的行数未更新）" in step["message"]
    _, again = batches()
    assert len(archived_lines(again["archive_uri"])) - 1 == 5 - removed
    pull()
    assert (len(batches()), steps()[-1]["verdict"], steps()[-1]["counts"]["late"]) == (2, "ok", 0)


@pytest.mark.parametrize("damage", ["missing", "altered", "key gone", "shredded"])
def test_what_cannot_be_compared_is_told_unless_it_was_deleted_lawfully(
    source, pull, batches, steps, warehouse, damage
):
    for number in ("20260225001", "20260225002"):
        source.rows(number, count=3)
        source.done(number, 3)
    pull()
    uri = batches()[0]["archive_uri"]
    path = Path(uri.removeprefix("file://"))
    content = path.read_bytes()
    if damage == "shredded":
        archive.shred(uri, "保存期满")
    elif damage == "key gone":
        with warehouse.connect("owner") as owner:
            owner.execute("update ledger.archive_object set wrapped_key = null where uri = %s", [uri])
    elif damage == "altered":
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    else:
        path.unlink()
    for number in ("20260225001", "20260225002"):
        source.rows(number, count=2, start=3)
    for late in (1, 0):
        pull()
        step = steps()[-1]
        assert step["counts"]["late"] == late and len(batches()) == 3, "the other one is taken all the same"
        if damage == "shredded":
            assert step["counts"]["uncompared"] == 0 and step["owner"] in ("department", "")
            continue
        assert (step["verdict"], step["owner"], step["counts"]["uncompared"]) == ("warning", "data_engineer", 1)
        assert "归档的原件读不出，来源现有的不同无法核对：批次 20260225001（" in step["message"]
        (item,) = [item for item in open_list.items(DAY) if item.key == "collection/csdw.licences"]
        assert item.owner == "data_engineer" and "audit verify" in item.act
    if damage in ("missing", "altered"):
        path.write_bytes(content)
        pull()
        assert steps()[-1]["counts"]["late"] == 1 and len(batches()) == 4, "restored, it is compared and taken"


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


def test_rows_of_a_batch_nobody_looks_at_any_more_are_told_until_it_is_taken_again(
    source, pull, batches, steps, landed, warehouse
):
    for number in ("20260225001", "20260225002", "20260225003"):
        source.rows(number)
        source.done(number)
    pull(recheck_batches=1)
    landed()
    pull()
    assert (len(batches()), steps()[-1]["verdict"]) == (3, "ok")
    source.rows("20260225001", count=1, start=ROWS)
    source.rows("20260224009", count=2)
    source.rows("20260225004", count=2)
    source.run("insert into ex.xk_fr (source_id, source_record_id) values ('a', null), ('b', '')")
    pull()
    step = steps()[-1]
    assert (len(batches()), step["verdict"], step["owner"], step["counts"]["missing"]) == (
        3,
        "warning",
        "department",
        3,
    )
    for said in (
        "从未收取、也不再核对的行：批次 20260225001（现有 6 行，收过 5 行；请来源单位更新 ex.batch_done 的行数，或调大目录中的 recheck_batches）",
        "批次 20260224009（2 行，ex.batch_done 没有登记）",
        "没有批次号的 2 行",
    ):
        assert said in step["message"]
    assert "20260225004" not in step["message"], "it is being written"
    (item,) = [item for item in open_list.items(DAY) if item.key == "collection/csdw.licences"]
    assert item.owner == "department:csdw" and "现有 6 行，收过 5 行" in item.message
    source.run("update ex.batch_done set row_count = 6 where source_record_id = '20260225001'")
    source.done("20260224009", 2)
    source.run("delete from ex.xk_fr where source_id in ('a', 'b')")
    pull()
    assert [len(archived_lines(batch["archive_uri"])) - 1 for batch in batches()[3:]] == [2, 6]
    landed()
    pull()
    assert (len(batches()), steps()[-1]["verdict"]) == (5, "ok")


def test_rows_before_are_not_counted_where_the_catalogue_says_so(source, pull, steps, landed):
    for number in ("20260225001", "20260225002"):
        source.rows(number)
        source.done(number)
    pull(recheck_batches=1, count_behind=False)
    landed()
    source.rows("20260225001", count=1, start=ROWS)
    pull()
    assert steps()[-1]["verdict"] == "ok"


@pytest.mark.parametrize(
    "stamp", ["", ", source_create_date = timestamp '2025-12-31 00:00:00'"], ids=["as it was", "older"]
)
def test_a_row_that_says_something_else_under_its_key_is_taken_each_time_it_changes(
    source, pull, batches, steps, stamp
):
    source.rows("20260225001")
    source.done("20260225001")
    pull()
    for told in ("'改过'", "'又改'", "null"):
        source.run(f"update ex.xk_fr set bz = {told}{stamp} where source_id = '20260225001-0001'")
        pull()
        step = steps()[-1]
        assert (step["verdict"], step["owner"], step["counts"]["late"]) == ("warning", "department", 1)
        assert "批次 20260225001（收取后改动 1 行，主键未变）" in step["message"]
        pull()
        assert steps()[-1]["verdict"] == "ok", "it is in now"
    said = [archived_lines(batch["archive_uri"])[2]["bz"] for batch in batches()]
    assert said == [None, "改过", "又改", None], "changed back is news, too"
    source.rows("20260225001", count=1, start=ROWS)
    source.run("update ex.xk_fr set bz = 'x' where source_id = '20260225001-0000'")
    pull()
    assert "又写入 1 行，ex.batch_done 的行数未更新；改动 1 行，主键未变" in steps()[-1]["message"]


def test_a_column_more_in_another_order_is_no_change_of_a_row(source, pull, batches, steps):
    source.rows("20260225001")
    source.done("20260225001")
    pull()
    source.run(
        "alter table ex.xk_fr add zz text", "alter table ex.xk_fr drop column bz", "alter table ex.xk_fr add bz text"
    )
    pull()
    assert (len(batches()), steps()[-1]["verdict"]) == (1, "ok")
    source.run("update ex.xk_fr set zz = 'x' where source_id = '20260225001-0001'")
    pull()
    assert len(batches()) == 2 and "改动 1 行" in steps()[-1]["message"]


KEYS = {
    "int": ("int", ["1", "2", "30"]),
    "bigint": ("bigint", ["1", "9007199254740993", "9223372036854775807"]),
    "numeric": ("numeric(30, 2)", ["1.00", "2.50", "123456789012345678901234.25"]),
    "double": ("double precision", ["1", "0.1", "1e300"]),
    "date": ("date", ["date '2026-01-01'", "date '2026-01-02'", "date '1000-01-01'"]),
    "timestamp": ("timestamp(6)", [f"timestamp '2026-01-0{day} 07:00:00.12345{day}'" for day in (1, 2, 3)]),
    "time": ("time", ["time '01:00:00'", "time '02:00:00'", "time '23:59:59'"]),
    "fixed text": ("char(8)", ["'a'", "'b'", "'c d'"]),
    "text with blanks": ("varchar(20)", ["' a'", "'b b'", "'　c'"]),
    "null": ("varchar(20)", ["null", "null", "null"]),
}


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("number", ["varchar(20)", "bigint"])
def test_keys_and_numbers_of_every_type_are_compared(source, pull, batches, steps, key, number):
    """The first row is taken, the second comes late, then the first changes, and a batch whose key is another type's goes its way."""
    kind, (first, second, third) = KEYS[key]
    source.run(
        f"create table ex.t (id {kind}, batch {number}, xk_wsh text)",
        f"insert into ex.t values ({first}, '20260225001', 'a'), ({third}, '20260225002', 'c')",
    )
    source.done("20260225001", 1, "t")
    source.done("20260225002", 1, "t")
    places = {"table": "ex.t", "key_column": "id", "batch_column": "batch"}
    assert pull(**places).verdict == "ok" and len(batches()) == 2
    assert pull().verdict == "ok" and len(batches()) == 2, "the same rows"
    source.run(f"insert into ex.t values ({second}, '20260225001', 'b')")
    pull()
    expected = (
        "改动 1 行，主键未变" if key == "null" else "又写入 1 行"
    )  # rows without a key are told apart by what they say
    assert expected in steps()[-1]["message"] and len(batches()) == 3
    source.run("update ex.t set xk_wsh = 'd' where xk_wsh = 'a'")
    pull()
    assert "改动 1 行，主键未变" in steps()[-1]["message"] and len(batches()) == 4
    assert {row["xk_wsh"] for row in archived_lines(batches()[-1]["archive_uri"])[1:]} == {"b", "d"}
    assert pull().verdict == "ok" and len(batches()) == 4
    source.run("drop table ex.t")


@pytest.mark.parametrize("late", [True, False], ids=["in a batch that was taken", "in a new batch"])
def test_a_value_no_program_reads_leaves_its_batch_alone(source, pull, batches, steps, late):
    if source.writer.dialect.name != "postgresql":
        pytest.skip("MariaDB has no such day")
    for number in ("20260225001", "20260225002", "20260225003"):
        source.rows(number)
        source.done(number)
    if late:
        pull()
    source.run("update ex.xk_fr set source_create_date = 'infinity' where source_id = '20260225002-0003'")
    pull()
    taken = ["20260225001", "20260225002", "20260225003"] if late else ["20260225001", "20260225003"]
    assert [batch["source_version"] for batch in batches()] == taken
    step = steps()[-1]
    assert (step["verdict"], step["owner"]) == ("warning", "department")
    assert "批次 20260225002（有读不出的值" in step["message"]


@pytest.mark.parametrize("told", ["null", "''", "'若干'"])
def test_a_batch_that_says_no_number_of_rows_is_left_and_the_others_are_taken(source, pull, batches, steps, told):
    source.run(
        "drop table ex.batch_done",
        "create table ex.batch_done (source_record_id varchar(32), table_name text, row_count text)",
    )
    for number, rows in (("20260225001", told), ("20260225002", f"'{ROWS}'")):
        source.rows(number)
        source.run(f"insert into ex.batch_done values ('{number}', 'xk_fr', {rows})")
    source.run("insert into ex.batch_done values (null, 'xk_fr', '5')")
    pull()
    assert [batch["source_version"] for batch in batches()] == ["20260225002"]
    step = steps()[-1]
    assert (step["verdict"], step["owner"]) == ("incomplete", "department")
    assert "批次 20260225001（ex.batch_done 没有写明行数）" in step["message"]


def test_what_a_batch_said_before_takes_nothing_back_when_it_is_taken_again(source, pull, warehouse, steps):
    """Decision 1 is delivered, and changed by a later batch; then the first batch is taken again for a late row."""
    catalogue = load_catalogue()
    kind, own = catalogue.kinds["administrative_licence"], next(iter(catalogue.units.values()))
    codes = [kind.fields[name].codes["entity"].lower() for name in kind.tables["entity"].fields]
    first = example(kind, "entity", own.name, own.uscc)
    source.run(
        "drop table ex.xk_fr",
        f"create table ex.xk_fr (source_id varchar(20), source_record_id varchar(20), {', '.join(f'{code} text' for code in codes)})",
    )

    def write(number: str, *rows: tuple[int, str]) -> None:
        with source.writer.begin() as connection:
            for index, remark in rows:
                row = first | {
                    "licence_no": f"示审许〔2026〕{index}号",
                    "decision_no": f"示审许〔2026〕{index}号",
                    "remark": remark,
                }
                values = [f"{number}-{index}", number, *(row[name] for name in kind.tables["entity"].fields)]
                marks = ", ".join(f":v{place}" for place in range(len(values)))
                connection.execute(
                    sa.text(f"insert into ex.xk_fr values ({marks})"),
                    {f"v{place}": value for place, value in enumerate(values)},
                )

    def judge() -> list[tuple[Any, ...]]:
        pull()
        land_received(run_on(DAY), "csdw")
        gate.run(run_on(DAY))
        with warehouse.connect() as reader:
            return reader.execute("select accepted, quarantined, duplicate from ledger.batch order by seq").fetchall()

    write("20260225001", *((index, "") for index in range(1, 21)))
    source.done("20260225001", 20)
    judge()
    write("20260225002", *((index, "后来改的") for index in range(1, 21)))
    source.done("20260225002", 20)
    assert judge() == [(20, 0, 0), (20, 0, 0)]
    write("20260225001", (21, ""))
    assert judge()[2:] == [(1, 0, 20)], "what the first batch said before is no news"
    source.run("update ex.xk_fr set bz = '原地改' where source_id = '20260225001-7'")
    assert judge()[3:] == [(1, 0, 20)], "what it says now is"
    source.run("update ex.xk_fr set bz = '' where source_id = '20260225001-7'")
    assert judge()[4:] == [(1, 0, 20)], "and so is what it said at first, said again"


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
