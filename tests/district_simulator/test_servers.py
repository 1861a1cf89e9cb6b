"""The departments answer over their real protocols, and the clerks answer slips."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncssh
import httpx
import openpyxl
import pytest
import sqlalchemy
from district_simulator.control import call, open_door
from district_simulator.district import District, SimulatorError
from district_simulator.servers import http_api
from district_simulator.vocabulary.tables import TABLES
from district_simulator.vocabulary.units import table_of, unit_of
from python_calamine import CalamineWorkbook


@pytest.fixture(scope="module")
def exchange_url(postgres) -> str:
    return postgres.server.url("postgres", "postgres")


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory, exchange_url: str):
    home = tmp_path_factory.mktemp("state") / "simulator"
    made = District(home, seed=3, scale=0.02, exchange_url=exchange_url)
    made.serve()
    made.play(1)
    yield made
    made.stop()


def ask(uri: str, interface: str, *, wrong_sign: bool = False, skew: int = 0, patient: bool = True, **query):
    parts = urlsplit(uri)
    stamp = str(int(time.time()) + skew)
    sign = hashlib.md5(f"{parts.username}{parts.password}{stamp}".encode()).hexdigest()
    base = f"http://127.0.0.1:{parts.port}/api/v1/{interface}"
    query |= {"appKey": parts.username, "time": stamp, "sign": "0" * 32 if wrong_sign else sign}
    while True:
        reply = httpx.get(base, params=query, trust_env=False)
        if not patient or reply.status_code == 200:
            return reply
        time.sleep(0.05 if reply.status_code != 429 else 0.3)


def pull(uri: str, interface: str, size: int = 400, **query) -> tuple[list[dict], str]:
    rows, page = [], 1
    while True:
        data = ask(uri, interface, page=page, size=size, **query).json()["data"]
        rows += data["rows"]
        if page >= data["pages"]:
            assert len(rows) == data["total"]
            return rows, data["version"]
        page += 1


def test_api_pages_are_complete_and_since_gives_only_the_new(district: District) -> None:
    uri = district.connections["api_xzsp"]
    rows, version = pull(uri, "xk_fr")
    assert len(rows) == len(district.book.main["xzsp.licence_entity", 1].rows)
    assert {"XK_XDR_MC", "XK_WSH", "SJC"} <= set(rows[0]) and None in rows[0].values()
    assert pull(uri, "xk_fr", since=version) == ([], version)


def test_api_refuses_with_its_codes(district: District) -> None:
    uri = district.connections["api_xzsp"]
    assert ask(uri, "xk_fr", wrong_sign=True).json()["code"] == "96"
    assert ask(uri, "xk_fr", skew=-900).json()["code"] == "97"
    assert ask(uri, "nothing").json()["code"] == "98"
    assert ask(uri, "xk_fr", page=10_000).json()["code"] == "99"


def test_api_limits_the_rate(district: District, monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine: the API's second does not pass while the requests are made."""
    now = time.monotonic()
    monkeypatch.setattr(http_api, "time", SimpleNamespace(monotonic=lambda: now, time=time.time))
    uri = district.connections["api_xzsp"]
    replies = [ask(uri, "xk_zrr", patient=False, size=1) for _ in range(30)]
    limited = [r for r in replies if r.status_code == 429]
    assert limited and limited[0].headers["retry-after"] == "1"


def test_the_flaky_department_fails_and_recovers(district: District) -> None:
    uri = district.connections["api_yjgl"]
    codes = set()
    for _ in range(30):
        codes.add(ask(uri, "cf_fr", patient=False, size=1).status_code)
        time.sleep(0.11)
    assert 200 in codes and codes & {500, 503}
    rows, _ = pull(uri, "cf_fr")
    assert "COMP_NAME" in rows[0] and "CF_CFWSH" in rows[0]


def test_sftp_serves_the_files_read_only_with_its_pinned_key(district: District) -> None:
    parts = urlsplit(district.connections["sftp_wsjk"])
    pinned = parse_qs(parts.query)["host_key"][0].replace(" ", "+")
    known = asyncssh.import_known_hosts(f"[127.0.0.1]:{parts.port} ssh-ed25519 {pinned}\n")

    async def visit() -> tuple[list[str], Any]:
        async with asyncssh.connect(
            "127.0.0.1", parts.port, username=parts.username, password=parts.password, known_hosts=known, config=None
        ) as connection:
            async with connection.start_sftp_client() as client:
                names = await client.listdir("out")
                async with client.open("out/xzcf_fr_20260225.xlsx", "rb") as file:
                    content = await file.read()
                for attempt in (client.remove("out/xzcf_fr_20260225.xlsx"), client.open("out/new.txt", "wb")):
                    with pytest.raises(asyncssh.SFTPPermissionDenied):
                        await attempt
                assert not await client.exists("/etc/passwd")
                return list(map(str, names)), content

    import asyncio

    names, content = asyncio.run(visit())
    assert {"xzcf_fr_20260225.xlsx", "xzxk_zrr_20260225.xlsx", "~$xzcf_fr_20260225.xlsx"} <= set(names)
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0)
    assert sheet.height == len(district.book.main["wsjk.penalty_entity", 1].rows) + 1


def test_an_outage_shuts_one_department_only(district: District) -> None:
    district.outage("xzsp")
    try:
        assert ask(district.connections["api_xzsp"], "xk_fr", patient=False).status_code == 503
        assert ask(district.connections["api_yjgl"], "cf_fr", size=1).status_code == 200
    finally:
        district.outage("xzsp", False)


def test_the_answer_key_counts_every_row(district: District) -> None:
    folder = district.home / "answer_key"
    counts = json.loads((folder / "day1_counts.json").read_text(encoding="utf-8"))
    for count in counts:
        parts = [count[k] for k in ("accepted", "quarantined", "duplicate", "refused")]
        assert count["rows_in"] == sum(parts), count
    lines = [json.loads(x) for x in (folder / "day1.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len({x["case_id"] for x in lines}) == len(lines)
    assert {"accepted", "quarantined", "refused", "duplicate"} <= {x["expect"] for x in lines}
    assert sum(x["city"] == "rejected" and x["expect"] == "accepted" for x in lines) >= 60


def test_the_exchange_database_is_filled_through_sqlalchemy(district: District) -> None:
    engine = sqlalchemy.create_engine(district.connections["exchange_scjg"])
    with engine.connect() as connection:

        def number(sql: str) -> int:
            return connection.execute(sqlalchemy.text(sql)).scalar_one()

        roster = district.book.main["scjg.enterprise_registration", 1].rows
        assert number("select count(*) from scjg.qydj") == len(roster)
        assert number("select count(*) from rsj.cf_fr where source_record_id = '20260225009'") == 15
        assert number("select count(*) from rsj.batch_done where source_record_id = '20260225009'") == 0
        assert number("select count(*) from scjg.batch_done") == 9
    unfinished = next(d for d in district.deliveries(2) if d.case == "finished_batch")
    district.exchange.publish(unfinished)
    with engine.connect() as connection:
        assert number("select count(*) from rsj.cf_fr where source_record_id = '20260225009'") == 40
        assert number("select row_count from rsj.batch_done where source_record_id = '20260225009'") == 40
    engine.dispose()


def write_slip(folder: Path, district: District, dataset: str, batch: str = "B1") -> int:
    """A slip as the product would lay it out: every quarantined row of the day-1 file, ID numbers hidden."""
    delivery, table = district.book.main[dataset, 1], table_of(dataset)
    book = openpyxl.Workbook()
    book.active.title = "说明"
    sheet = book.create_sheet("退回记录")
    fields = [name for name, _, _ in TABLES[table]]
    titles = [title for _, _, title in TABLES[table]]
    first, last = ["退回原因", "修改办法", "行号", "出错字段", "原填内容"], ["工作表", "文件", "批次", "规则"]
    sheet.append([*first, *titles, *last])
    number = 0
    for i, row in enumerate(delivery.rows):
        if row.expect == "quarantined":
            values = ["已隐去，请重新填写" if f.endswith("id_no") and row.get(f) else row.get(f) for f in fields]
            why = ["原因", "请更正", i + 2, "字段", "内容"]
            sheet.append([*why, *values, "Sheet1", delivery.name, batch, ";".join(row.rules)])
            number += 1
    folder.mkdir(parents=True, exist_ok=True)
    title = f"行政{'许可' if 'licence' in dataset else '处罚'}（{'自然人' if 'person' in dataset else '法人'}）"
    book.save(folder / f"退回单_{unit_of(dataset).name}_{title}_20260225_{number}行.xlsx")
    return number


def test_clerks_answer_slips_each_in_his_own_way(tmp_path: Path) -> None:
    district = District(tmp_path / "simulator", seed=3, scale=0.02)
    try:
        district.play(1)
        datasets = [
            "wsjk.penalty_entity",
            "wsjk.licence_person",
            "jtys.penalty_person",
            "zjj.licence_entity",
            "zhzf.penalty_person",
            "sthj.penalty_entity",
            "xzsp.licence_entity",
            "scjg.penalty_entity",
        ]
        returned = {d: write_slip(tmp_path / "slips" / d.split(".")[0], district, d) for d in datasets}
        ways = ("edited_slip", "resorted_original", "corrected_in_system")
        sent = [d for d in district.play(2) if d.case in ways]
        assert {d.dataset for d in sent} == set(datasets)
        for delivery in sent:
            corrected = [r for r in delivery.rows if r.case.startswith("C2-")]
            assert 0.6 * returned[delivery.dataset] <= len(corrected) <= returned[delivery.dataset]
            assert sum(r.expect == "accepted" for r in corrected) >= 0.6 * len(corrected)
        edited = (district.folder("wsjk") / "xzxk_zrr_20260226_退回更正.xlsx").read_bytes()
        sheet = openpyxl.load_workbook(io.BytesIO(edited))["退回记录"]
        assert "已隐去" not in str([[c.value for c in row] for row in sheet.iter_rows()])
        resorted = next(d for d in sent if d.case == "resorted_original")
        text = (district.folder("zhzf") / resorted.name).read_bytes().decode("gb18030")
        original = district.book.main["zhzf.penalty_person", 1]
        assert len(list(csv.reader(io.StringIO(text)))) == len(original.rows) + 1
        key = district.home / "answer_key"
        counts = json.loads((key / "day2_counts.json").read_text(encoding="utf-8"))
        own = next(c for c in counts if c["file"] == resorted.name)
        assert own["duplicate"] > 0.8 * own["rows_in"] and own["accepted"] > 0
        again = District(tmp_path / "simulator", seed=3, scale=0.02)  # a restart remembers everything
        assert again.next_day == 3 and again.accounts.counts == district.accounts.counts
        assert again.clerks.memory == district.clerks.memory
        assert_the_play_ends(district)
    finally:
        district.stop()


def assert_the_play_ends(district: District) -> None:
    """The last day over the control door, then nothing is due."""
    district.serve()
    open_door(district)
    assert call(district.home, "POST", "/play", {"day": 3})["played"] == [1, 2, 3]
    assert call(district.home, "GET", "/status")["next_day"] is None
    with pytest.raises(SimulatorError, match="没有待交付"):
        call(district.home, "POST", "/play", {"day": 4})
    metrics = json.loads((district.home / "answer_key" / "day3_metrics.json").read_text(encoding="utf-8"))
    silent = [m for m in metrics if m["unit"] == "wlj"]
    assert silent and all(m["R"] == 0 and m["G"] > 0 for m in silent)
    february = [m for m in metrics if m["unit"] == "sthj" and m["month"] == "2026-02"]
    assert any(0 < m["L"] < m["R"] for m in february)
