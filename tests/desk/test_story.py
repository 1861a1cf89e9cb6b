"""One story through all roles, in a browser: a row is returned, corrected, delivered, counted, traced and taken along."""

from __future__ import annotations

import hashlib
import json
import re
import time
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from public_credit.catalogue import load_catalogue
from public_credit.desk import passwords
from public_credit.steps import work

from tests.helpers import penalties
from tests.helpers.runs import run_on
from tests.helpers.world import CityProcess
from tests.papers.leadership.browser import Tab

from .conftest import NEEDS_CHROMIUM, in_browser

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), NEEDS_CHROMIUM]
FIRST, NEXT = date(2026, 2, 25), date(2026, 2, 26)
PASSWORD = "a-long-password-of-the-story"
WRONG, RIGHT = "2099-01-01", "2026-02-20"
TABLE = "2026-02 处罚"


class Seat:
    """A browser in front of the desk: every page it comes to fits a desk's screen and a phone's."""

    def __init__(self, tab: Tab, address: str, folder: Path):
        self.tab, self.address, self.folder, self.pages = tab, address, folder, 0
        self.downloads = folder / "downloads"
        self.downloads.mkdir()
        tab.call("Page.setDownloadBehavior", behavior="allow", downloadPath=str(self.downloads))

    def go(self, path: str) -> str:
        """Open a page at both sizes; its text."""
        for width, height, phone in ((390, 844, True), (1440, 900, False)):
            self.tab.open(self.address + path, width, height, phone=phone)
            assert self.tab.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, f"{path} at {width}"
            self.tab.picture(self.folder / f"{self.pages:02}_{width}.png")
        self.pages += 1
        return self.text()

    def text(self) -> str:
        return str(self.tab.evaluate("document.body.innerText"))

    def fill(self, form: str, **values: str) -> None:
        """Fill in and send the form with this address; ``file``: the path of a file to choose."""
        chosen = f"document.querySelector('form[action={json.dumps(form)}]')"
        assert self.tab.evaluate(f"{chosen} !== null"), f"no form {form}: {self.text()}"
        for name, value in values.items():
            field = f"{chosen}.elements[{json.dumps(name)}]"
            if name == "file":
                found = self.tab.call("Runtime.evaluate", expression=field)["result"]["objectId"]
                self.tab.call("DOM.setFileInputFiles", files=[value], objectId=found)
            else:
                self.tab.evaluate(f"{field}.value = {json.dumps(value)}")
        self.tab.evaluate(f"{chosen}.querySelectorAll('input[type=checkbox]').forEach(box => box.click())")
        self._leave(f"{chosen}.querySelector('button').click()")

    def follow(self, words: str) -> str:
        """Click the first link with these words; the text of where it leads."""
        link = f"[...document.querySelectorAll('main a')].find(one => one.innerText.includes({json.dumps(words)}))"
        assert self.tab.evaluate(f"{link} !== undefined"), f"no link {words}: {self.text()}"
        self._leave(f"{link}.click()")
        return self.text()

    def _leave(self, click: str) -> None:
        self.tab.evaluate(f"window.before = true; setTimeout(() => {{ {click} }}, 0)")
        deadline = time.monotonic() + 60
        while self.tab.evaluate("window.before === true || document.readyState !== 'complete'"):
            assert time.monotonic() < deadline, self.text()
            time.sleep(0.05)

    def sign_in(self, account: str) -> str:
        self.tab.call("Network.clearBrowserCookies")
        self.go("/login")
        self.fill("/login", account=account, password=PASSWORD)
        return self.text()

    def done(self) -> str:
        """What the job that was started says once it has ended: it moves by itself."""
        deadline = time.monotonic() + 120
        while "进行中" in (said := self.text()):
            assert time.monotonic() < deadline, said
            time.sleep(0.2)
        assert "✓" in said, said
        return said

    def downloaded(self) -> Path:
        """The one file that came down since the last one was taken away."""
        deadline = time.monotonic() + 60
        while not (found := [path for path in self.downloads.iterdir() if path.suffix != ".crdownload"]):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        return found[0].rename(self.folder / found[0].name)


@pytest.fixture
def seat(warehouse: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Seat]:
    monkeypatch.setenv("PCW_BUSINESS_DATE", str(FIRST))
    for account in load_catalogue().users:
        passwords.set_password(account, PASSWORD)
    (tmp_path / "city").mkdir()
    city = CityProcess(tmp_path / "city")
    warehouse.add_connections(city_platform=city.uri)
    try:
        with in_browser(tmp_path / "browser") as (tab, address):
            yield Seat(tab, address, tmp_path)
    finally:
        city.stop()


def _built_and_published(on: date) -> None:
    """What the scheduler does after the gate."""
    work.build(run_on(on))
    work.publish(run_on(on))
    work.release(run_on(on))


def _counted(seat: Seat, day: date) -> int:
    """Decisions taken in, of the month, as leadership's page says it."""
    assert "目标进度" in seat.sign_in("leader")
    assert str(day) in seat.go("/targets")
    told = seat.follow("打开领导看板")
    (line,) = [line for line in told.splitlines() if line.startswith(TABLE)] or [told]
    return int(re.findall(r"\d+", line.removeprefix(TABLE))[1])


def _corrected(slip: Path) -> Path:
    book = openpyxl.load_workbook(slip)
    wrong = [cell for sheet in book for row in sheet.iter_rows() for cell in row if str(cell.value).startswith(WRONG)]
    assert wrong
    for cell in wrong:
        cell.value = RIGHT
    book.save(slip)
    return slip


def test_a_row_is_returned_corrected_delivered_counted_traced_and_taken_along(
    seat: Seat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = "示罚决〔2026〕3号"
    *good, wrong = penalties.rows(3, decision_date=RIGHT)
    given = [*good, wrong | {"decision_date": WRONG}]
    handed = tmp_path / "2月处罚.csv"
    handed.write_bytes(penalties.csv_bytes(given))

    assert "我的报送" in seat.sign_in("clerk")
    seat.fill("/mine/hand-in", dataset=penalties.DATASET, file=str(handed))
    seat.done()
    assert "待关卡裁决" in seat.follow("逐行预览")

    assert "装载" in seat.sign_in("engineer")
    seat.go("/intake")
    seat.fill("/gate")
    seat.done()
    assert "2月处罚.csv" in seat.go("/batches")
    told = seat.follow("1")
    assert "退回单" in told and "R" in told and "✕ 错误" in told
    _built_and_published(FIRST)

    assert _counted(seat, FIRST) == 2
    seat.go("/releases")
    assert "行政处罚（法人及非法人组织、个体工商户） 新增：2" in seat.follow("1")
    work.deliver(run_on(FIRST))
    work.receive(run_on(FIRST))

    monkeypatch.setenv("PCW_BUSINESS_DATE", str(NEXT))
    seat.sign_in("clerk")
    assert "未更正 1" in seat.go("/mine")
    seat.tab.evaluate("[...document.querySelectorAll('a')].find(one => one.innerText === '下载退回单').click()")
    slip = _corrected(seat.downloaded())
    action = seat.tab.evaluate("document.querySelector('form[action^=\"/mine/slips/\"]').getAttribute('action')")
    seat.fill(action, file=str(slip))
    seat.done()
    assert "没有一行违反" in seat.follow("逐行预览")

    seat.sign_in("engineer")
    seat.go("/intake")
    seat.fill("/gate")
    seat.done()
    assert number not in seat.go("/quarantine")
    _built_and_published(NEXT)
    work.deliver(run_on(NEXT))
    work.receive(run_on(NEXT))
    seat.sign_in("clerk")
    assert "全部更正" in seat.go("/mine")
    assert _counted(seat, NEXT) == 3

    assert "溯源" in seat.sign_in("auditor")
    assert number in seat.go(f"/find?q={number}")
    told = seat.follow(number)
    for words in ("有效", "2月处罚.csv", RIGHT, slip.name, "接收", "重算一致", "审计人员（auditor）"):
        assert words in told, f"{words}: {told}"
    record = seat.tab.evaluate("location.pathname")
    told = seat.go("/batches/1/rows/3")
    assert WRONG in told and "已更正" in told
    seat.go(record)
    seat.tab.evaluate("document.querySelector('#take input[name=purpose]').value = '专项审计'")
    seat.tab.evaluate("document.querySelector('#take button').click()")
    taken = seat.downloaded()
    with zipfile.ZipFile(taken) as packed:
        for line in packed.read("SHA256SUMS").decode().splitlines():
            assert hashlib.sha256(packed.read(line[66:])).hexdigest() == line[:64]
        assert json.loads(packed.read("record.json"))["record_id"] == record.rpartition("/")[2]
        assert json.loads(packed.read("receipts.json"))["deliveries"]
    assert "导出案卷：专项审计" in seat.go(record)
    assert seat.tab.complaints == []
    assert [url for url in seat.tab.requests if not url.startswith((seat.address, "data:", "about:"))] == []
