"""Numbers of persons, spelt in every way and put into every place, are nowhere afterwards but in the vault."""

from __future__ import annotations

import io
import logging
import unicodedata
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import xlsxwriter
from public_credit.base import settings
from public_credit.base.copying import copying
from public_credit.base.messages import UserError
from public_credit.collect import attest
from public_credit.gate import set_aside, waivers
from public_credit.ledger import ids, written
from public_credit.ledger.models import AccessLog, Alert, ReceiverEvent
from public_credit.ledger.session import session, signed_in, step
from public_credit.ledger.states import StepName
from public_credit.oversight import trace
from public_credit.steps import work
from sqlalchemy import select, text

from tests.helpers.penalties import DATASET, ON, csv_bytes, land, rows
from tests.helpers.runs import run_on
from tests.identifiers.test_persons import CARD, ID15, ID18, ID_X, MOBILE, OLD_CARD, SPELLINGS

NUMBERS = (ID18, ID_X, ID15, MOBILE, CARD, OLD_CARD)
SAID = f"{MOBILE} 与 {ID_X}、{CARD}"


def digits(content: str) -> str:
    """All digits of a text in a row: an oracle that knows nothing of the product's reading."""
    values = (unicodedata.digit(char, None) for part in content for char in unicodedata.normalize("NFKC", part))
    return "".join("" if value is None else str(value) for value in values)


def held(content: str) -> set[str]:
    """Planted numbers in a text."""
    found = digits(content)
    return {number for number in NUMBERS if number.rstrip("X") in found}


def _texts(path: Path) -> Iterator[str]:
    data = path.read_bytes()
    yield path.name
    if data[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield from (archive.read(name).decode() for name in archive.namelist())
    elif path.suffix != ".pcw":  # an object of the archive, encrypted
        yield from data.decode("utf-8", "replace").splitlines()


def in_tables(connection: psycopg.Connection) -> dict[str, set[str]]:
    """Planted numbers per table of every schema but the vault."""
    result: dict[str, set[str]] = {}
    tables = connection.execute(
        "select schemaname, tablename from pg_tables "
        "where schemaname not in ('pg_catalog', 'information_schema', 'vault') and schemaname not like 'pg_t%'"
    ).fetchall()
    for schema, table in tables:
        with connection.cursor() as cursor, cursor.copy(f'copy (select * from "{schema}"."{table}") to stdout') as copy:
            lines = b"".join(map(bytes, copy)).decode().splitlines()
        if found := {number for line in lines for number in held(line.replace("\\n", " "))}:
            result[f"{schema}.{table}"] = found
    return result


def _workbook() -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        sheet = book.add_worksheet(f"名单{ID18}")
        sheet.write_row(0, 0, csv_bytes(rows(1)).decode().splitlines()[0].split(","))
        for line, row in enumerate(rows(2, decision_no="示罚决〔2026〕900号", uscc="1"), start=1):
            sheet.write_row(line, 0, list(row.values()))
    return buffer.getvalue()


@pytest.fixture
def planted(warehouse: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Any:
    """Everything a department, a clerk, the city or a fault can bring a number to."""
    run = run_on(ON).by(f"张三 {MOBILE}")
    lines = [row | {"remark": f"联系 {spelt}"} for row, (spelt, _) in zip(rows(99), SPELLINGS, strict=False)]
    lines[0] |= {"subject_name": f"某公司{ID18}", "decision_no": f"示罚决{ID_X}号"}
    table = csv_bytes(lines).decode().split("\r\n")
    table = [f"{table[0]},电话{MOBILE},其他", *(f"{line},{SAID.replace(',', ' ')},{ID15}" for line in table[1:-1])]
    seq = land(tmp_path, f"名单{MOBILE}_{ID18}.csv", "\r\n".join(table).encode())
    (tmp_path / "other").mkdir()
    land(tmp_path / "other", f"{CARD}.xlsx", _workbook())
    work.gate(run)
    waivers.grant(run, DATASET, "B01", reason=SAID, owner=SAID, expires_on=ON, batch_seq=seq)
    set_aside.set_aside(run, seq, SAID)
    attest.attest(run, "zhzf.penalty_person", ON, ON, SAID)
    with session("collector") as opened:
        opened.execute(text("update ledger.batch set message = :said where seq = :seq"), {"said": SAID, "seq": seq})
        opened.add(Alert(fingerprint=SAID, owner="x", message=SAID, first_on=ON, last_on=ON))
    with session("reader") as opened:
        opened.add(AccessLog(who=SAID, purpose=f"核查 {ID18}", action="explain"))
    with session("sender") as opened:
        opened.add(ReceiverEvent(receiver="city", seq=1, record_id="r1", city_id=CARD, event=MOBILE, text=SAID))
    with pytest.raises(ValueError) as raised, step(run, "collector", StepName.LAND) as record:
        record.counts = {"said": [SAID, {ID18: MOBILE}]}
        raise ValueError(SAID) from KeyError(ID18)
    assert not held(repr(raised.value)) and not held(repr(raised.value.__cause__))
    with pytest.raises(UserError) as told, step(run, "collector", StepName.LAND) as record:
        raise UserError(SAID, remedy=SAID)
    assert not held(str(told.value))
    with settings.connect("owner") as connection:
        connection.execute("create temp table copied (value text)")
        with pytest.raises(RuntimeError, match=MOBILE), copying(connection, "copy copied from stdin") as copy:
            copy.write_row([ID18])
            raise RuntimeError(SAID)
    before = logging.getLogRecordFactory()
    written.watch_logs()
    try:
        logging.getLogger("x").warning("%s: %s", "说", SAID)
        logging.getLogger("x").error("fault", exc_info=ValueError(SAID))
    finally:
        logging.setLogRecordFactory(before)
    assert "说: 〔手机******〕" in caplog.text and not held(caplog.text)
    return warehouse


def test_planted_numbers_are_in_the_vault_alone(planted: Any) -> None:
    with planted.connect("owner") as connection:
        assert in_tables(connection) == {}
        letters = dict(connection.execute("select letter, count(*) from vault.secret group by 1").fetchall())
        landed = connection.execute("select count(*) from raw.administrative_penalty").fetchone()
    assert letters["P"] >= 3 and letters["M"] >= 1 and letters["C"] >= 2
    assert landed == (len(SPELLINGS) + 2,)
    files = [path for path in planted.home.rglob("*") if path.is_file()]
    assert any(path.suffix == ".xlsx" for path in files), "slips"
    files += [path for path in planted.cluster.home.glob("*.log")]
    assert any("_Stopped" in line for path in files if path.suffix == ".log" for line in _texts(path)), "COPY FAIL"
    assert {path.name: found for path in files if (found := {n for line in _texts(path) for n in held(line)})} == {}
    with session("reader") as opened:
        assert opened.scalar(select(AccessLog.purpose)) == "核查 〔证件******〕"


def test_explain_shows_no_token(planted: Any) -> None:
    with planted.connect("owner") as connection:
        record, remark = connection.execute(
            f"select {ids.record_id('record_id')}, remark from raw.administrative_penalty "
            "where remark like '%〔%' order by row_no limit 1"
        ).fetchone()
    token = remark.partition("〔")[2].partition("〕")[0][2:]
    assert len(token) == 27
    with signed_in(run_on()) as signed:
        told = str([trace.story(found, purpose="核查", token=signed) for found in trace.find(record)])
    assert "号码已隐去" in told and token not in told


def test_the_search_finds_what_is_there(warehouse: Any) -> None:
    with warehouse.connect("owner") as connection:
        connection.execute("create table public.leak (value text)")
        connection.execute("insert into public.leak values ('a 3703 9919 9001 0112 31'), ('１３８００１３８０００')")
        assert in_tables(connection) == {"public.leak": {ID18, MOBILE}}
