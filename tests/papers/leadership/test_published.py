"""What the command publishes from a real warehouse: figures as the marts hold them, in all three files, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from html import unescape
from pathlib import Path
from typing import Any

import openpyxl
import psycopg
import pytest
from public_credit.base.messages import UserError
from public_credit.build import run as build
from public_credit.editions import definitions
from public_credit.editions import run as editions
from public_credit.ledger.session import session
from public_credit.oversight import figure as figures
from public_credit.papers.leadership import load, publish, views, words
from public_credit.papers.leadership.model import Publication

from tests.conftest import open_warehouse
from tests.helpers.commands import credit
from tests.helpers.records import Records
from tests.helpers.registers import code
from tests.helpers.runs import run_on

from . import checks
from .browser import CHROMIUM, browser

pytestmark = pytest.mark.slow
ON = date(2021, 2, 25)


def _firm(number: int) -> dict[str, str]:
    return {"uscc": code(number), "name": f"示范区甲{number:06d}商贸有限公司", "established_on": "2016-01-05"}


def _decision(number: int, on: str, name: str) -> dict[str, str]:
    return {
        "uscc": code(number),
        "subject_name": f"示范区甲{number:06d}商贸有限公司",
        "decision_no": name,
        "decision_date": on,
        "valid_from": on,
    }


@dataclass
class District:
    """A built warehouse with a frozen year and a later correction, and what was published from it."""

    warehouse: Any
    records: Records
    publication: Publication
    published: publish.Published


@pytest.fixture(scope="module")
def district(migrated, tmp_path_factory) -> Iterator[District]:
    """Five firms, licences over the years, reported counts; the edition of 2020, then a late licence of 2018."""
    with (
        pytest.MonkeyPatch.context() as patch,
        open_warehouse(migrated, tmp_path_factory.mktemp("published"), patch) as warehouse,
    ):
        records = Records(warehouse)
        records.deliver(
            "enterprise_registration",
            ON,
            [_firm(n) for n in range(1, 6)],
            mode="full_snapshot",
            dataset="scjg.enterprise_registration",
        )
        records.deliver(
            "administrative_licence",
            ON,
            [_decision(1, "2018-03-10", "许1"), _decision(2, "2019-06-03", "许2"), _decision(5, "2021-02-22", "许5")],
        )
        records.run("update ledger.dataset set live_on = '2019-01-01' where dataset_id = 'zhzf.administrative_licence'")
        records.deliver(
            "aggregate_count",
            ON,
            [
                {"measure": "工程建设从业人员信用档案数", "month": "2020-06", "numerator": "60", "denominator": "80"},
                {"measure": "自然人信用档案数", "month": "2020-06", "numerator": "5000", "denominator": ""},
            ],
        )
        records.deliver(
            "training_count",
            ON,
            [
                {"month": "2018-11", "staff_count": "100", "trained_count": "84"},
                {
                    "month": "2018-11",
                    "staff_count": "7",
                    "trained_count": "3",
                    "unit_uscc": "11370399000001169Q",
                    "unit_name": "示范区财政局",
                },
                {
                    "month": "2018-11",
                    "staff_count": "40",
                    "trained_count": "20",
                    "unit_uscc": "11370399000001150U",
                    "unit_name": "示范区发展和改革局",
                },
            ],
        )
        build.run(run_on(ON))
        made = editions.draft(run_on(ON, "起草人"), 2020)
        editions.approve(run_on(ON, "领导"), made.edition_id, made.content_hash)
        editions.freeze(run_on(ON), made.edition_id)
        records.deliver("administrative_licence", date(2021, 2, 26), [_decision(3, "2020-05-11", "许3")])
        records.deliver(
            "aggregate_count",
            date(2021, 2, 26),
            [{"measure": "工程建设从业人员信用档案数", "month": "2020-06", "numerator": "70", "denominator": "80"}],
        )
        build.run(run_on(date(2021, 2, 26)))
        with warehouse.connect("builder") as builder:
            builder.execute(
                "update policy.target set definition = definition || '（改按名册）' where target_id = 'T08'"
            )
        restated = editions.draft(run_on(ON, "起草人"), 2020, "补报 2020 年的一件许可")
        editions.approve(run_on(ON, "领导"), restated.edition_id, restated.content_hash)
        editions.freeze(run_on(ON), restated.edition_id)
        yield District(
            warehouse, records, load.load(run_on(ON)), publish.publish(run_on(ON), 2020, tmp_path_factory.mktemp("out"))
        )


def test_figures_are_those_of_the_marts(district: District) -> None:
    rows = district.records.query(
        "select target_id, goal_no, unit_id, month_end, numerator, denominator, percent, state "
        "from marts.mart_targets__progress"
    )
    assert len(rows) == len(district.publication.figures) > 1000
    for target_id, goal_no, unit, month, numerator, denominator, percent, state in rows:
        figure = district.publication.figure_at[target_id, goal_no, unit, month]
        assert (figure.numerator, figure.denominator, figure.state) == (numerator, denominator, state)
        assert figure.percent == (None if percent is None else pytest.approx(float(percent) / 100))
        assert (figure.percent is None) == (denominator is None) or figure.denominator == 0


def test_rates_are_those_of_the_marts(district: District) -> None:
    rows = district.records.query(
        "select unit_id, year, decision_table, backlog, received, due, running, late, timely_rate "
        "from marts.mart_supervision__yearly"
    )
    assert rows
    assert {row[1] for row in rows if row[3]} == {2018} and {row[1] for row in rows if row[4]} == {2019, 2020, 2021}
    for unit, year, table, *counts, rate in rows:
        quality = district.publication.quality_of[unit, str(year), table]
        assert [quality.backlog, quality.received, quality.due, quality.running, quality.late] == counts
        assert quality.timely_rate == (None if rate is None else pytest.approx(float(rate)))


def test_a_restated_year_shows_the_revised_figure_and_the_first_one_beside_it(district: District) -> None:
    rows = {row.target.target_id: row for row in views.rows(district.publication, 2020)}
    row = rows["T05"]
    assert row.frozen and (row.figure.numerator, row.figure.denominator) == (3, 5) and row.running is None
    assert (row.first.numerator, row.first.denominator, row.mark) == (2, 5, "r")
    assert (rows["T08"].figure.numerator, rows["T08"].first.numerator, rows["T08"].mark) == (70, 60, "口径调整")
    page = district.published.page.read_text(encoding="utf-8")
    assert "已定版" in page and "r 首次定版 40.0%（2 / 5）" in page and "口径调整 首次定版 75.0%（60 / 80）" in page
    with session("reader") as opened:
        assert set(definitions.changed(opened, 1)) == {("T08", 1)} and definitions.changed(opened, 2) == {}


def test_a_frozen_correction_is_listed_with_the_rows_that_moved_it(district: District) -> None:
    (each,) = district.publication.restatements
    assert (each.year, each.restates, each.on, each.approved_by, each.reason) == (
        2020,
        "1",
        date(2021, 2, 26),
        "领导",
        "补报 2020 年的一件许可",
    )
    moved = {figure.figure_id: figure for figure in each.figures}
    assert set(moved) == {"T05", "T08"} and (moved["T05"].redefined, moved["T08"].redefined) == (False, True)
    figure = moved["T05"]
    assert (figure.old_numerator, figure.numerator, figure.denominator) == (2, 3, 5) and figure.moved == pytest.approx(
        20
    )
    assert (figure.came, figure.went, figure.changed) == (0, 0, 1), "the firm was counted before, and is covered now"
    page = district.published.page.read_text(encoding="utf-8")
    assert "更正重列（第 2 号）" in page and "2 / 5" in page and "补报 2020 年的一件许可" in page
    told = credit("editions", "diff", 1, 2)
    assert told.code == 0 and "r 数据更正" in told.out and "口径调整 T08-1" in told.out and "（改按名册）" in told.out


def test_the_district_has_its_month_from_the_mart(district: District) -> None:
    rows = district.records.query(
        "select month, received, late, timely_rate from marts.mart_supervision__unit_month where unit_id = '' and due > 0"
    )
    assert rows
    for month, received, late, rate in rows:
        quality = district.publication.quality_of["", month, ""]
        assert (quality.received, quality.late) == (received, late)
        assert quality.timely_rate == pytest.approx(float(rate))
    sums = district.records.query(
        "select month, sum(received), sum(late), sum(batches) from marts.mart_supervision__unit_month where unit_id <> '' group by 1"
    )
    whole = district.records.query(
        "select month, received, late, batches from marts.mart_supervision__unit_month where unit_id = ''"
    )
    assert sorted(sums) == sorted(whole)
    assert district.records.query("select count(*) from marts.mart_supervision__assessment where unit_id = ''") == [
        (0,)
    ]


def test_targets_that_are_not_advanced_have_a_number_and_nothing_else(district: District) -> None:
    for unit in ("", "fgj"):
        assert not {row.target.target_id for row in views.rows(district.publication, 2020, unit)} & {
            "T03",
            "T13",
            "T14",
            "T15",
            "T16",
            "T17",
            "T18",
        }
    counted = {row.target.target_id: row.figure for row in views.counted_only(district.publication, 2020)}
    assert set(counted) == {"T03", "T13", "T14", "T15", "T16", "T17", "T18"}
    assert counted["T15"].numerator == 5000
    assert all(
        (figure.denominator, figure.percent, figure.distance, figure.pace) == (None,) * 4 for figure in counted.values()
    )


def test_small_cells_of_persons_are_nowhere(district: District) -> None:
    hidden = [figure for figure in district.publication.figures if figure.suppressed]
    assert hidden and all(
        (figure.numerator, figure.denominator, figure.percent) == (None, None, None) for figure in hidden
    )
    assert {"czj", "fgj"} <= {figure.unit_id for figure in hidden}


def test_no_file_holds_a_record_a_subject_or_an_identifier(district: District) -> None:
    book = openpyxl.load_workbook(district.published.workbook)
    cells = " ".join(
        str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None
    )
    for text in (district.published.page.read_text(encoding="utf-8"), cells):
        assert "商贸有限公司" not in text and "许1" not in text
        assert not re.search(r"(?<![0-9A-Za-z+/=-])[0-9A-Z]{18}(?![0-9A-Za-z+/=])", text)
        assert not re.search(r"(?<!\d)1[3-9]\d{9}(?!\d)", text)


def test_the_page_asks_for_nothing_and_names_its_data(district: District) -> None:
    page = district.published.page.read_text(encoding="utf-8")
    assert "default-src 'none'; script-src 'sha256-" in unescape(page) and "unsafe" not in page.split("</head>")[0]
    assert not re.search(r"""(src|href)=["'](?!#|%E6%9C%AA%E8%A6%86%E7%9B%96|%E8%80%83%E6%A0%B8%E8%A1%A8)""", page), (
        "only the lists beside it"
    )
    assert " style=" not in page and "@import" not in page
    assert "url(" not in re.sub(r"url\(#[\w-]+\)", "", page)
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", page)
    assert (
        f"数据版本 {district.publication.build_id}" in page and "数据截至 2021-02-26" in page and 'lang="zh-CN"' in page
    )
    assert district.published.page.stat().st_size < 4_000_000


def test_the_workbook_answers_one_question_a_sheet_and_prints(district: District) -> None:
    book = openpyxl.load_workbook(district.published.workbook)
    assert book.sheetnames == [
        "总体怎么样",
        "需要您过问",
        "哪些目标落后",
        "部门分项",
        "逐年进展",
        "双公示质量",
        "双公示逐月",
        "退回与考核",
        "部门报送比较",
        "里程碑到哪了",
        "本月变了什么",
        "定版后的更正",
        "依现行法不推进",
        "口径与来源",
    ]
    for sheet in book:
        assert sheet.page_setup.orientation == "landscape" and sheet.page_setup.paperSize == 9 and sheet.freeze_panes
        assert (
            sheet.print_title_rows
            and (sheet.sheet_properties.pageSetUpPr.fitToPage or sheet.col_breaks.brk)
            and "2021-02-26" in sheet["A2"].value
        )
    sheet = book["哪些目标落后"]
    head = [cell.value for cell in sheet[4]]
    shown = [dict(zip(head, (cell.value for cell in row), strict=True)) for row in sheet.iter_rows(min_row=5)]
    rows = views.rows(district.publication, 2020)
    assert [(line["编号"], line["分子"], line["分母"]) for line in shown] == [
        (
            row.target.target_id,
            *("—" if count is None else count for count in (row.figure.numerator, row.figure.denominator)),
        )
        for row in rows
    ]
    assert all((line["完成率"] == "—") == (line["分母"] == "—") for line in shown)
    assert not any(cell.data_type == "f" for each in book for row in each.iter_rows() for cell in row)


def test_the_pdf_has_a_summary_a_page_per_department_and_the_annex(district: District) -> None:
    pdf = district.published.pdf.read_bytes()
    assert pdf.startswith(b"%PDF") and b"NotoSansCJK" in pdf
    pages = len(re.findall(rb"/Type ?/Page[^s]", pdf))
    assert pages == 1 + len(district.publication.units_in_charge) + 2


@pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium on this machine (Debian: apt-get install chromium fonts-noto-cjk)"
)
def test_the_page_of_a_real_warehouse_in_a_browser(district: District, tmp_path: Path) -> None:
    with browser(tmp_path) as tab:
        for width, height, phone in ((1440, 900, False), (390, 844, True)):
            tab.open(district.published.page.as_uri(), width, height, phone=phone)
            for year, unit in ((2021, ""), (2016, ""), (2020, "fgj"), (2019, "czj")):
                checks.choose(tab, year, unit)
                assert tab.evaluate(checks.LAYOUT) == [], f"{year} {unit} at {width}"
        assert checks.wrong_figures(tab, district.publication) == []
        assert tab.complaints == [] and {item.split("#")[0] for item in tab.requests} == {
            district.published.page.as_uri()
        }


def test_the_command_says_where_the_files_are_and_refuses_a_year_without_figures(
    district: District, tmp_path: Path
) -> None:
    done = credit("report", "leadership", "--out", str(tmp_path), "--json")
    assert done.code == 0 and done.json["year"] == 2021
    assert sorted(path.suffix for path in tmp_path.glob("leadership_*")) == [".html", ".pdf", ".xlsx"]
    assert all(Path(done.json[name]).stat().st_size > 20_000 for name in ("page", "workbook", "pdf"))
    step = district.records.query(
        "select verdict, counts from ledger.step where name = 'publish_leadership' order by id desc limit 1"
    )
    assert step[0][0] == "ok" and set(step[0][1]) == {"html", "xlsx", "pdf", "lists"}
    refused = credit("report", "leadership", "--year", "2001", "--out", str(tmp_path))
    assert refused.code == 2 and "没有 2001 年的数字" in refused.err


def test_unchanged_content_is_published_once_unless_asked_for_or_a_file_is_missing(
    district: District, tmp_path: Path
) -> None:
    def publish_again(**options: bool) -> tuple[str, set[int]]:
        files = publish.publish(run_on(ON), None, tmp_path, **options).files
        (verdict,) = district.records.query(
            "select verdict from ledger.step where name = 'publish_leadership' order by id desc limit 1"
        )[0]
        return verdict, {path.stat().st_mtime_ns for path in files}

    first = publish_again()
    server, database = district.warehouse.cluster.server, district.warehouse.database
    with psycopg.connect(
        server.url(database)
    ) as admin:  # what autovacuum does at any time: statistics that let a scan be chosen
        admin.execute("set session_replication_role = replica")
        assert admin.execute("update ledger.edition_figure set state = state where unit_id = ''").rowcount > 1
        admin.execute("analyze ledger.edition_figure")
    assert publish_again(again=False) == ("nothing_due", first[1])
    verdict, written = publish_again()
    assert verdict == "ok" and written.isdisjoint(first[1])
    next(tmp_path.glob("*.pdf")).unlink()
    assert publish_again(again=False)[0] == "ok"
    other = publish.publish(run_on(ON), 2020, tmp_path, again=False)
    assert other.page.exists() and publish_again(again=False)[0] == "ok", "another year was published in between"


def test_nothing_is_published_before_the_first_build(warehouse, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="还没有完成过构建"):
        publish.publish(run_on(ON), None, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_percents_are_never_rounded_to_a_goal_they_do_not_reach() -> None:
    assert [words.percent(value) for value in (None, 0, 0.0001, 0.5, 0.99951, 0.9999, 1)] == [
        "—",
        "0.0%",
        "0.1%",
        "50.0%",
        "99.9%",
        "99.9%",
        "100.0%",
    ]
    assert [words.missing(value) for value in (None, 0.0, 0.004, 4.5, -0.6)] == [
        "—",
        "达到",
        "差 0.1",
        "差 4.5",
        "超 0.6",
    ]
    assert [words.points(value) for value in (-0.25, 0.0, 0.01, None)] == ["−0.3", "±0.0", "+0.1", "—"]


def test_a_figure_of_the_page_is_the_sum_of_the_lines_behind_it(district: District, tmp_path: Path) -> None:
    told = 0
    for target in district.publication.targets:
        for year in district.publication.years:
            figure = district.publication.figure_at.get((*target.key, "", district.publication.month_of(year)))
            if figure is None:
                continue
            answer = credit("trace", "figure", f"{target.target_id}/{target.goal_no}/all/{year}", "--json").json
            assert (answer["numerator"], answer["denominator"]) == (figure.numerator, figure.denominator)
            if target.about_persons:
                assert answer["lines"] == [], "persons are counts"
            elif figure.denominator is not None:
                told += len(answer["lines"])
                assert sum(line["计入分子"] for line in answer["lines"]) == figure.numerator, target.key
                assert sum(line["计入分母"] for line in answer["lines"]) == figure.denominator, target.key
    assert told > 50
    assert credit("trace", "figure", "T05/1/all/2021", "--out", tmp_path / "t05.xlsx").code == 0
    sheet = openpyxl.load_workbook(tmp_path / "t05.xlsx").active
    assert sheet.max_row == 3 + len(figures.lines("T05/1/all/2021").rows)
    for number in ("T99/1/all/2021", "T05/1/all/1999", "timely_rate/nobody/2021", "x", ""):
        assert credit("trace", "figure", number).code == 4
