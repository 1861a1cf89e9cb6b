"""The published page as a reader meets it: in a browser, at four sizes, from a file, with the network watched."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from public_credit.papers.leadership import page
from public_credit.papers.leadership.model import Publication

from . import checks
from .browser import CHROMIUM, Tab, browser
from .invented import publication

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium on this machine (Debian: apt-get install chromium fonts-noto-cjk)"
)
SIZES = [(1440, 900, False), (390, 844, True), (1920, 1080, False), (1024, 768, False)]


@pytest.fixture(scope="module")
def district() -> Publication:
    return publication()


@pytest.fixture(scope="module")
def file(district: Publication, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "leadership.html"
    path.write_text(page.render(district), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    with browser(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


def _quiet(tab: Tab, file: Path) -> None:
    assert tab.complaints == [], "the console complains"
    assert {address.split("#")[0] for address in tab.requests} <= {file.as_uri()}, "the page asks for something outside"


@pytest.mark.parametrize(("width", "height", "phone"), SIZES)
def test_nothing_overflows_overlaps_or_is_cut_at(
    tab: Tab, file: Path, tmp_path: Path, width: int, height: int, phone: bool
) -> None:
    tab.open(file.as_uri(), width, height, phone=phone)
    for theme in ("light", "dark"):
        tab.evaluate(f"document.documentElement.setAttribute('data-theme', '{theme}')")
        for year, unit in ((2020, ""), (2016, ""), (2018, "rsj"), (2020, "wsjk"), (2020, "xfdd"), (2019, "zjj")):
            checks.choose(tab, year, unit)
            assert tab.evaluate(checks.LAYOUT) == [], f"{year} {unit} at {width}, {theme}"
        checks.choose(tab, 2020, "")
        tab.picture(tmp_path / f"{width}_{theme}.png")
        assert (tmp_path / f"{width}_{theme}.png").stat().st_size > 50_000
    _quiet(tab, file)


def test_every_figure_is_the_one_of_the_marts(tab: Tab, file: Path, district: Publication) -> None:
    tab.open(file.as_uri(), 1440, 900)
    assert checks.wrong_figures(tab, district) == []
    assert len(tab.evaluate(checks.FIGURES)) > 90 and len(tab.evaluate(checks.RATES)) > 300


def test_a_figure_that_differs_from_the_mart_is_found(tab: Tab, file: Path, district: Publication) -> None:
    tab.open(file.as_uri(), 1440, 900)
    moved = [
        replace(figure, numerator=figure.numerator + 1) if figure.key == ("T06", 1) else figure
        for figure in district.figures
    ]
    wrong = checks.wrong_figures(tab, replace(district, figures=moved))
    assert wrong and all(line.startswith("T06/1//") for line in wrong)


def test_a_phone_shows_cards_targets_and_changes_first_and_folds_the_rest(tab: Tab, file: Path) -> None:
    tab.open(file.as_uri(), 390, 844, phone=True)
    assert tab.evaluate("document.documentElement.scrollHeight") <= 7000
    tops = tab.evaluate(
        "['.asks', '.tiles', '.o1', '.o4', '.o2'].map(s => document.querySelector(s).getBoundingClientRect().top)"
    )
    assert tops == sorted(tops)
    assert tab.evaluate("[...document.querySelectorAll('.fold>details')].every(fold => !fold.open)")
    small = """[...document.querySelectorAll('details.why>summary')].filter(e => e.getClientRects().length)
        .map(e => e.getBoundingClientRect()).filter(r => r.width < 40 || r.height < 40).length"""
    assert tab.evaluate(small) == 0, "what a finger meets is 40 px at least"
    tab.open(file.as_uri(), 1440, 900)
    assert tab.evaluate("[...document.querySelectorAll('.fold>details')].every(fold => fold.open)")


def test_switches_show_the_rows_of_the_year_and_scope_in_order(tab: Tab, file: Path, district: Publication) -> None:
    tab.open(file.as_uri(), 1440, 900)
    for year in district.years:
        for unit in page.scopes(district):
            checks.choose(tab, year, unit)
            assert checks.shown_rows(tab) == checks.expected_rows(district, year, unit), (year, unit)
    _quiet(tab, file)


def test_an_address_opens_its_view_and_a_department_name_switches(tab: Tab, file: Path, district: Publication) -> None:
    tab.open(file.as_uri() + "#2018/zjj", 1440, 900)
    assert checks.shown_rows(tab) == checks.expected_rows(district, 2018, "zjj")
    assert tab.evaluate("document.getElementById('scope').value") == "zjj"
    tab.evaluate("[...document.querySelectorAll('[data-set-unit=yjgl]')].find(e => e.getClientRects().length).click()")
    assert checks.shown_rows(tab) == checks.expected_rows(district, 2018, "yjgl")


def test_what_a_figure_means_is_one_click_away(tab: Tab, file: Path) -> None:
    tab.open(file.as_uri(), 1440, 900)
    script = (
        "(() => {{ const e = [...document.querySelectorAll('{0}')].find(e => e.getClientRects().length); e.click(); "
        "return e.parentElement.innerText; }})()"
    )
    row = tab.evaluate(script.format(".row summary"))
    for word in ("口径", "分子 / 分母", "分母来源", "截至", "责任单位", "依据", "周政发〔2017〕58号"):
        assert word in row
    tile = tab.evaluate(script.format(".tile .why summary"))
    assert "口径" in tile and "截至" in tile
    assert tab.evaluate(checks.LAYOUT) == []


def test_the_policy_of_the_page_forbids_the_network(tab: Tab, file: Path) -> None:
    tab.open(file.as_uri(), 1440, 900)
    blocked = tab.evaluate("""new Promise(done => {
        const told = []; document.addEventListener('securitypolicyviolation', e => told.push(e.violatedDirective));
        fetch('http://127.0.0.1:9/').catch(() => 0); const i = new Image(); i.src = 'http://127.0.0.1:9/x.png';
        const s = document.createElement('script'); s.textContent = 'window.injected = 1'; document.body.append(s);
        setTimeout(() => done([told.join(' '), window.injected === undefined]), 400); })""")
    assert "connect-src" in blocked[0] and "img-src" in blocked[0] and "script-src" in blocked[0] and blocked[1]
    tab.complaints.clear()
    tab.requests.clear()


def test_print_is_dark_on_white_even_from_the_dark_theme(tab: Tab, file: Path) -> None:
    tab.open(file.as_uri(), 1440, 900)
    tab.evaluate("document.getElementById('theme').click()")
    colour = "getComputedStyle(document.querySelector('.card')).backgroundColor"
    assert tab.evaluate(colour) == "rgb(24, 33, 42)"
    tab.call("Emulation.setEmulatedMedia", media="print")
    try:
        assert tab.evaluate(colour) == "rgb(255, 255, 255)"
        assert tab.evaluate("[...document.querySelectorAll('.controls, .why')].every(e => !e.getClientRects().length)")
    finally:
        tab.call("Emulation.setEmulatedMedia", media="")


def test_the_print_form_fits_its_pages(tab: Tab, file: Path, tmp_path: Path) -> None:
    tab.open(file.as_uri(), 1440, 900)
    tab.printed(tmp_path / "print.pdf")
    pdf = (tmp_path / "print.pdf").read_bytes()
    assert (
        pdf.startswith(b"%PDF")
        and 3 <= pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") + pdf.count(b"/Type /Page/") <= 8
    )
    if shutil.which("pdftotext"):
        text = subprocess.run(
            ["pdftotext", "-layout", str(tmp_path / "print.pdf"), "-"], capture_output=True, text=True, check=True
        ).stdout
        assert "目标完成情况" in text and "当前查看：2020 年" in text and "深 / 浅" not in text
