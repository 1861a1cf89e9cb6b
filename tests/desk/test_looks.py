"""The pages in a browser, at the size of a desk and of a phone: nothing overflows, nothing is asked for outside, what moves moves."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from public_credit.desk import guard

from tests.papers.leadership.browser import Tab

from .conftest import NEEDS_CHROMIUM, Desk, in_browser

pytestmark = NEEDS_CHROMIUM
PAGES = [
    ("engineer", "/intake"), ("engineer", "/batches"), ("engineer", "/batches/{returned}"), ("engineer", "/quarantine"),
    ("engineer", "/corrections"), ("engineer", "/subjects"), ("engineer", "/releases"), ("engineer", "/deliveries"),
    ("engineer", "/trends"), ("auditor", "/find"), ("auditor", "/batches/{returned}/rows/1"), ("auditor", "/signins"),
    ("clerk", "/mine"), ("clerk", "/mine/batches/{returned}"), ("leadership", "/targets"), ("nobody", "/login"),
]  # fmt: skip

OVERPRINTED = """[...document.querySelectorAll('table.stack td')].filter(cell => {
    const label = getComputedStyle(cell, '::before'), kept = parseFloat(getComputedStyle(cell).paddingLeft);
    return label.position === 'absolute' && label.content !== 'none' && kept < parseFloat(label.width);
}).map(cell => cell.innerText)"""


@pytest.fixture(scope="module")
def seat(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Tab, str]]:
    with in_browser(tmp_path_factory.mktemp("browser")) as seat:
        yield seat


def _as(tab: Tab, desk: Desk, address: str, role: str) -> None:
    tab.call("Network.clearBrowserCookies")
    if role in desk.people:
        tab.call("Network.setCookie", name=guard.COOKIE, value=desk.people[role].token, url=address, httpOnly=True)


def _leave(tab: Tab) -> None:
    """Leave the page before: what it was still asking for is broken off, and noted, before the next one is looked at."""
    tab.call("Page.navigate", url="about:blank")
    time.sleep(0.2)
    tab.evaluate("1")


@pytest.mark.parametrize(("role", "page"), PAGES, ids=[" ".join(item) for item in PAGES])
def test_a_page_fits_its_screen_and_asks_for_nothing_outside(
    desk: Desk, seat: tuple[Tab, str], tmp_path: Path, role: str, page: str
) -> None:
    tab, address = seat
    _as(tab, desk, address, role)
    for width, height, phone in ((1440, 900, False), (390, 844, True)):
        _leave(tab)
        tab.complaints.clear()
        tab.requests.clear()
        tab.open(address + page.format(returned=desk.returned), width, height, phone=phone)
        assert tab.evaluate("document.querySelector('h1, h2') !== null")
        assert tab.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, f"{page} overflows at {width}"
        assert tab.evaluate(OVERPRINTED) == [], f"{page}: labels stand on values at {width}"
        assert tab.complaints == [], "the console complains"
        assert [url for url in tab.requests if not url.startswith((address, "data:"))] == []
        tab.picture(tmp_path / f"{width}.png", whole=False)
        assert (tmp_path / f"{width}.png").stat().st_size > 5_000


def test_what_moves_moves_without_a_click(desk: Desk, seat: tuple[Tab, str]) -> None:
    tab, address = seat
    _as(tab, desk, address, "engineer")
    tab.open(f"{address}/batches", 1440, 900)
    assert "扣留" not in tab.evaluate("document.getElementById('rows').innerText")
    desk.query("update ledger.batch set message = '刚刚改过的说明' where seq = %s returning seq", desk.good)
    deadline = time.monotonic() + 30
    while "刚刚改过的说明" not in tab.evaluate("document.getElementById('rows').innerText"):
        assert time.monotonic() < deadline
        time.sleep(0.3)
