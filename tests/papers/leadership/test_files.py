"""Files written from an invented district: what is in them, in which order, and that they are whole or absent."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from urllib.parse import unquote

import altair
import openpyxl
import pytest
from jsonschema import ValidationError
from public_credit.base.messages import UserError
from public_credit.papers.leadership import charts, corrections, drawings, notes, page, paper, publish, views, words
from public_credit.papers.leadership.model import Publication

from .invented import publication


@pytest.fixture(scope="module")
def district() -> Publication:
    return publication()


@pytest.fixture(scope="module")
def small(district: Publication) -> Publication:
    """Three departments of the district: what a rendered page says does not need all of them."""
    units = {unit: name for unit, name in district.units.items() if unit in ("fgj", "zjj", "xfdd")}
    return replace(
        district,
        units=units,
        quality=[item for item in district.quality if not item.unit_id or item.unit_id in units],
        targets=[
            target for target in district.targets if target.target_id in ("T05", "T06", "T07", "T10", "T12", "T15")
        ],
    )


def _pages(path: Path) -> int:
    return len(re.findall(rb"/Type ?/Page[^s]", path.read_bytes()))


def test_the_pdf_keeps_one_page_per_subject_however_long_a_page_gets(district: Publication, tmp_path: Path) -> None:
    expected = 1 + len(district.units_in_charge) + 2
    paper.write(district, tmp_path / "usual.pdf", 2020)
    assert _pages(tmp_path / "usual.pdf") == expected
    assert b"NotoSansCJK" in (tmp_path / "usual.pdf").read_bytes()
    long = [
        replace(target, title=target.title * 3, responsible=(*target.responsible, "fgj")) for target in district.targets
    ]
    paper.write(replace(district, targets=long), tmp_path / "long.pdf", 2020)
    assert _pages(tmp_path / "long.pdf") == expected


def test_the_same_figures_give_the_same_page(small: Publication) -> None:
    assert page.render(small, 2020) == page.render(replace(small), 2020)


def test_worst_targets_come_first_and_persons_targets_that_are_not_advanced_are_left_out(district: Publication) -> None:
    rows = views.rows(district, 2020)
    assert [row.state.order for row in rows] == sorted(row.state.order for row in rows)
    for state in {row.state.name for row in rows}:
        missing = [row.distance or 0 for row in rows if row.state.name == state]
        assert missing == sorted(missing, reverse=True)
    assert all(row.target.advances for row in rows) and len(rows) == 13
    assert views.met(district, 2020) == (4, 11) and sum(count for _, count in views.state_counts(district, 2020)) == 11
    persons = [row for row in rows if row.target.about_persons]
    assert {row.state.name for row in persons} <= {"只列数", "缺分母"} and len(persons) == 2
    assert all(row.distance is None and row.ahead is None and not row.overdue for row in persons)


def test_a_figure_with_two_goals_is_one_target_judged_by_the_first_goal_it_has_not_met(district: Publication) -> None:
    rows = {row.target.figure_id: row for row in views.rows(district, 2020)}
    t02, t04 = rows["T02"], rows["T04"]
    assert (t02.target.goal_no, t02.state.name, t02.overdue_years) == (1, "逾期", 2), "100 % by 2018 is not met"
    assert (t04.target.goal_no, t04.overdue_years) == (2, None), "of persons nothing is judged: its last goal"
    assert [goal.goal_no for goal in (*t02.other_goals, *t04.other_goals)] == [2, 1]
    assert "其他期限</dt><dd>100% · 2020-12-31" in page.render(district, 2020)


def test_milestones_are_shown_as_the_chosen_year_left_them(district: Publication, tmp_path: Path) -> None:
    states = {year: {item.milestone_id: item.state for item in district.milestones_of(year)} for year in (2017, 2018)}
    assert states[2017]["M01"] == "未启动" and states[2018]["M01"] == "按期完成"
    html = page.render(district, 2018)
    part = html.split('<ul class="steps" data-y="2018">')[1].split("</ul>")[0]
    assert part.count("<li>") == 13 and "M01 信用信息目录" in part and "发展和改革局" in part
    assert 'data-y="2017" hidden><li' in html.replace("\n", "") and '<span data-milestones="2018">5<' in html
    sheet = openpyxl.load_workbook(publish.write(district, tmp_path, 2017).workbook)["里程碑到哪了"]
    assert {row[0] for row in sheet.iter_rows(min_row=5, values_only=True)} == {"未启动"}


def test_each_unit_in_charge_gets_the_list_of_those_its_targets_do_not_cover(
    district: Publication, tmp_path: Path
) -> None:
    published = publish.write(district, tmp_path, 2020)
    assert {path.name for path in published.lists} == {
        "考核表_2020_2020-12-31.xlsx",
        *(f"未覆盖名单_{district.units[unit]}_2020-12-31.xlsx" for unit in ("fgj", "scjg")),
    } and set(published.lists) <= set(tmp_path.iterdir())
    rows = list(openpyxl.load_workbook(published.lists[0])["T05"].iter_rows(min_row=5, values_only=True))
    assert len(rows) == 40 and rows[0][1] == "示范区第0号商贸有限公司"
    html = published.page.read_text(encoding="utf-8")
    links = {unquote(found) for found in re.findall(r'<a href="([^"]+)"', html)}
    assert links == {path.name for path in published.lists} and "示范区第0号" not in html
    persons = replace(district, uncovered={"T04": district.uncovered["T05"]})
    assert [path.name for path in publish.write(persons, tmp_path / "persons", 2020).lists] == [
        "考核表_2020_2020-12-31.xlsx"
    ]


def test_months_since_the_first_day_of_service_the_clock_and_the_sheet_of_each_unit(
    district: Publication, tmp_path: Path
) -> None:
    html = page.render(district, 2020)
    assert html.count('data-month="zjj/') == 4 and html.index("zjj/licence/2020-12") < html.index("zjj/licence/2020-11")
    clock = html.split('data-clock="zjj"')[1].split("</p>")[0]
    assert "已逾期未入库 40 件" in clock and "决定日期不可能" in clock
    assert "没有逾期未入库" in html.split('data-clock="wsjk"')[1].split("</p>")[0]
    assert "29.4 / 30" in html, "what has no denominator gives no points and asks for none"
    published = publish.write(district, tmp_path, 2020)
    sheets = openpyxl.load_workbook(next(path for path in published.lists if path.name.startswith("考核表")))
    assert set(sheets.sheetnames) == {"说明", district.units["zjj"], district.units["wsjk"]}
    rows = list(sheets[district.units["zjj"]].iter_rows(min_row=5, values_only=True))
    assert [row[:3] for row in rows] == [("报送率", 29.4, 30), ("关联率", "—", "—")]
    book = openpyxl.load_workbook(published.workbook)
    months = list(book["双公示逐月"].iter_rows(min_row=5, values_only=True))
    assert len(months) == 12 and months[0][:3] == ("全区", "2020-12", "许可")
    assert len(list(book["退回与考核"].iter_rows(min_row=5, values_only=True))) == 3


def test_what_is_missing_is_counted_in_what_the_goal_counts_and_never_in_persons(district: Publication) -> None:
    rows = {row.target.figure_id: row for row in views.rows(district, 2020)}
    t05 = rows["T05"].figure
    assert rows["T05"].still_missing == -(-85 * t05.denominator // 100) - t05.numerator, "85 % of the firms"
    assert (rows["T19"].still_missing, rows["T20"].still_missing, rows["T11"].still_missing) == (1, 0, None)
    assert rows["T04"].still_missing is None and rows["T08"].still_missing is None


def test_the_first_card_shows_what_its_rules_say_and_names_the_rest(district: Publication, tmp_path: Path) -> None:
    shown = views.asks(district)
    assert [ask.place for ask in shown.shown] == [1, 2, 3, 4, 5] and shown.rest == 1
    html = page.render(district)
    card = html.split('id="asks"')[1].split("</section>")[0]
    assert card.count("data-ask=") == 5 and "另有 1 件" in card and "▼ 已过期限 2018-12-31" in card
    assert "没有需要您过问的事项" in page.render(replace(district, asks=[]))
    book = openpyxl.load_workbook(publish.write(district, tmp_path, 2020).workbook)["需要您过问"]
    assert [row[0] for row in book.iter_rows(min_row=5, values_only=True)] == [1, 2, 3, 4, 5, 6]
    assert len(paper.content(district, 2020)["asks"]) == 5


def test_a_deadline_that_rests_on_unannounced_days_says_so(district: Publication, tmp_path: Path) -> None:
    marked = [replace(ask, deadline=district.business_date, deadline_provisional=True) for ask in district.asks]
    clocks = [replace(clock, provisional=7) for clock in district.clocks]
    assert not re.search("（暂按周末推算）|暂按周末推算 <b>", page.render(district))
    html = page.render(replace(district, asks=marked, clocks=clocks))
    card = html.split('id="asks"')[1].split("</section>")[0]
    assert card.count("（暂按周末推算）") == 5 and "期限暂按周末推算 <b>7</b> 件" in html
    book = openpyxl.load_workbook(publish.write(replace(district, asks=marked), tmp_path, 2020).workbook)
    assert {row[8] for row in book["需要您过问"].iter_rows(min_row=5, values_only=True)} == {"暂按周末推算"}
    assert all("暂按周末推算" in line[4] for line in paper.content(replace(district, asks=marked), 2020)["asks"])


def test_a_department_sees_its_own_figure_where_there_is_one_and_the_districts_marked_so(district: Publication) -> None:
    rows = {row.target.key: row for row in views.rows(district, 2020, "zjj")}
    assert rows["T10", 1].own and rows["T10", 1].scope == district.units["zjj"]
    assert not rows["T07", 1].own and rows["T07", 1].scope == "全区"


def test_a_figure_without_denominator_has_no_percent_no_distance_and_no_bar(district: Publication) -> None:
    row = next(row for row in views.rows(district, 2020) if row.target.target_id == "T11")
    assert (row.percent, row.distance, row.ahead) == (None, None, None) and words.fraction(row.figure) == "180 / 缺分母"
    assert charts.months_of_target(row.target, views.series(district, row.target, "")) is None


def test_a_goal_line_is_drawn_only_where_a_clause_is_cited(small: Publication) -> None:
    without = replace(small, goal_lines={})
    assert charts.quality_by_year(without, "").count(charts.INK) < charts.quality_by_year(small, "").count(charts.INK)
    assert all(item.gap is None for item in views.compared(without, 2020))
    assert "距目标" in page.render(small).split("部门双公示比较")[1] and "没有可引的目标" in page.render(without)


def test_departments_are_compared_farthest_first_and_silence_is_pointed_out(district: Publication) -> None:
    items = views.compared(district, 2020)
    gaps = [item.gap for item in items if item.gap is not None]
    assert gaps == sorted(gaps) and [item.unit_id for item in items if item.standing == "长期未报"] == ["xfdd"]
    assert items[len(gaps)].unit_id == "xfdd", "no rate, but the most silent weeks"
    assert [item.unit_id for item in items if item.standing == "从未报送"] == ["town_east"]


def test_from_how_many_weeks_on_silence_is_pointed_out_is_policy_with_its_clause(small: Publication) -> None:
    rule = small.notices["silent_weeks"]
    units = {item.unit_id: item.silent_weeks for item in views.compared(small, 2020) if item.standing == "长期未报"}
    assert units == {"xfdd": 39}
    stricter = replace(small, notices={"silent_weeks": replace(rule, threshold=1)})
    assert (
        {item.unit_id for item in views.compared(stricter, 2020) if item.standing == "长期未报"}
        == {item.unit_id for item in views.compared(small, 2020) if (item.silent_weeks or 0) >= 1}
        > {"xfdd"}
    )
    none = replace(small, notices={})
    assert not any(item.standing == "长期未报" for item in views.compared(none, 2020))
    assert rule.clause in page.render(small) and rule.clause + "）：" not in page.render(none)


def test_one_table_tells_what_was_corrected_why_and_what_waits(district: Publication, tmp_path: Path) -> None:
    told = corrections.corrections(district)
    assert [(item.year, item.title[:4], item.mark, item.rows) for item in told] == [
        (2018, "社会组织", "r", (3, 0, 1)),
        (2018, "政府采购", "口径调整", (7, 0, 0)),
        (2019, "全区数字", "r", None),
        (2019, "重点企业", "r", None),
    ]
    assert [item.after.numerator - item.before.numerator for item in told if item.before] == [3, 7, 2]
    assert told[3].state == "未重列" and told[2].before is None
    assert corrections.version(district, 2018) == "已定版（第 8 号），更正重列（第 11 号）"
    assert corrections.version(district, 2020) == "动态数，未定版"
    html, texts = page.render(district), [told[0].reason, told[2].reason, "第 11 号重列（改第 8 号）", "3 / 0 / 1"]
    for text in (*texts, words.points(told[0].moved), "全区数字不变，只有明细变化"):
        assert text in html
    assert "没有更正" in page.render(
        replace(district, restatements=[], editions={2018: replace(district.editions[2018], first={})})
    )
    published = publish.write(district, tmp_path, 2020)
    lines = list(openpyxl.load_workbook(published.workbook)["定版后的更正"].iter_rows(min_row=5, values_only=True))
    assert [line[0] for line in lines] == [2018, 2018, 2019, 2019] and lines[0][4:6] == (told[0].before.numerator, 387)
    assert (
        lines[0][10:13] == (3, 0, 1)
        and lines[2][4] == "—"
        and [line[2] for line in lines] == ["r", "口径调整", "r", "r"]
    )
    shown = paper.content(district, 2018)
    assert len(shown["corrections"]) == 4 and told[0].reason in shown["corrections"][0]
    assert "〔口径调整〕" in shown["corrections"][1] and "更正重列" in shown["edition"]


def test_a_restated_year_shows_the_revised_figure_with_its_mark_and_the_first_one(district: Publication) -> None:
    rows = {row.target.target_id: row for row in views.rows(district, 2018)}
    for target, mark, fewer in (("T12", "r", 3), ("T09", "口径调整", 7)):
        row = rows[target]
        assert row.mark == mark and row.figure.numerator - row.first.numerator == fewer
        told = f"{mark} 首次定版 {words.percent(row.first.percent)}（{words.fraction(row.first)}）"
        assert told in page.render(district) and told in str(paper.content(district, 2018)["rows"])
    assert {row.mark for row in rows.values()} == {"", "r", "口径调整"}
    assert all(row.mark == "" for row in views.rows(district, 2020))


def test_a_definition_names_chinese_sources_and_the_workbook_alone_its_mart(
    district: Publication, tmp_path: Path
) -> None:
    html = page.render(district)
    assert "来源：各目标所列名册或登记库</dd>" in html and "mart_" not in html
    assert "mart_" not in str(paper.content(district, 2020))
    told = openpyxl.load_workbook(publish.write(district, tmp_path, 2020).workbook)["口径与来源"]
    assert "mart_targets__progress" in {cell.value for row in told.iter_rows() for cell in row}


def test_its_reader_meets_no_word_of_the_workshop(district: Publication) -> None:
    told = re.sub(r"<(script|style)>.*?</\1>|<[^>]*>", " ", page.render(district), flags=re.S)
    for text in (told, str(paper.content(district, 2020))):
        assert not re.findall(r"放行|静默|次构建|int_|\b[RAGL] [÷数]|[数量] [RAGL]\b", text)


def test_a_figure_to_be_read_with_care_says_why_beside_it(district: Publication, tmp_path: Path) -> None:
    assert "数据质量提示：" not in page.render(district)
    why, month = "3 个单位中 2 个有数", date(2020, 12, 31)
    figures = [
        replace(f, quality_note=why) if (f.key, f.month_end) == (("T01", 1), month) else f for f in district.figures
    ]
    noted = replace(district, figures=figures)
    assert page.render(noted).count(f"数据质量提示：{why}") == 1
    assert f"数据质量提示：{why}" in str(paper.content(noted, 2020)["rows"])
    book = openpyxl.load_workbook(publish.write(noted, tmp_path, 2020).workbook)["哪些目标落后"]
    head, *lines = book.iter_rows(min_row=4, values_only=True)
    assert {line[1] for line in lines if line[head.index("数据质量提示")] == why} == {"T01"}


def test_what_a_rate_rests_on_is_said_beside_it_in_the_same_words_everywhere(
    district: Publication, tmp_path: Path
) -> None:
    whole = district.quality_of["", "2020", ""]
    young = replace(whole, surplus=7, backlog=5, ledger_to="2020-12")
    noted = replace(
        district,
        quality=[young if item is whole else item for item in district.quality],
        clocks=[replace(clock, provisional=2 * (not clock.unit_id)) for clock in district.clocks],
    )
    said = {
        "timely_rate": "决定日期不可能为真的 1 件未计入，2 件的期限暂按周末推算",
        "reporting_rate": "台账到 12 月，台账只有 2 个整月，台账少报 7",
        "link_rate": "1 份较新名册扣留待核，按旧名册关联",
        "publication_rate": "",
    }
    for metric, words_said in said.items():
        assert notes.of_rate(noted, young, metric) == words_said
    tile = notes.of_rate(noted, young, "timely_rate", tile=True)
    assert f"另有办理期内 {young.running:,}，存量补录 5，决定日期不可能为真的 1 件未计入" in tile
    made = publish.write(noted, tmp_path, 2020)
    html, told = made.page.read_text(encoding="utf-8"), str(paper.content(noted, 2020))
    book = openpyxl.load_workbook(made.workbook)
    sheets = str([[cell.value for cell in row] for name in book.sheetnames for row in book[name].iter_rows()])
    for words_said in (tile, said["reporting_rate"], said["link_rate"]):
        assert words_said in html or words_said == said["link_rate"]
        assert words_said in sheets
    assert tile in told and said["reporting_rate"] in told
    unit = district.quality_of["zjj", "2020", ""]
    assert said["link_rate"] in notes.of_rate(noted, unit, "link_rate"), "a roster concerns every unit"
    assert said["link_rate"] in html and said["link_rate"] in told
    assert notes.of_rate(noted, district.quality_of["", "2019", ""], "link_rate") == "", (
        "what is so today is not told of 2019"
    )
    assert "已更正不足 10 行，天数仅供参考" in html and "已更正不足 10 行，天数仅供参考" in sheets


def test_a_small_denominator_is_said_and_not_judged(district: Publication) -> None:
    unit = district.quality_of["zjj", "2020", ""]
    few = replace(unit, due=9, late=3, timely_rate=0.666667)
    noted = replace(district, quality=[few if item is unit else item for item in district.quality])
    (item,) = (item for item in views.compared(noted, 2020) if item.unit_id == "zjj")
    assert item.gap is None and "分母不足 10" in notes.of_rate(noted, few, "timely_rate")
    without = replace(noted, note_rules=())
    (item,) = (item for item in views.compared(without, 2020) if item.unit_id == "zjj")
    assert item.gap is not None and notes.of_rate(without, few, "timely_rate") == ""


def test_a_reference_line_is_not_called_a_goal(district: Publication) -> None:
    html = page.render(district)
    assert "▼ 距参考线 100%" in html and "（━ 参考线 100%）" in html and "与参考线比：及时率 100%" in html
    cited = {"timely_rate": replace(district.goal_lines["timely_rate"], word="目标")}
    assert "▼ 距目标 100%" in page.render(replace(district, goal_lines=cited))


def test_the_unit_that_reported_is_named_whoever_is_in_charge(district: Publication) -> None:
    rows = {row.target.target_id: row for row in views.counted_only(district, 2020)}
    assert rows["T16"].target.responsible == ("rsj",) and views.reporters(district, rows["T16"]) == ["wsjk"]
    assert views.reporters(district, rows["T13"]) == []
    told = {line[0][:3]: line[1] for line in paper.content(district, 2020)["counted"]}
    assert told["T16"] == "示范区卫生健康局" and told["T13"] == "尚无单位报送"


def test_units_without_a_duty_of_reporting_decisions_are_one_line(district: Publication) -> None:
    items = views.compared(district, 2020)
    assert [item.on_duty for item in items] == sorted((item.on_duty for item in items), reverse=True)
    idle = [item.name for item in items if not item.on_duty]
    assert len(idle) == 7
    line = views.without_duty(district, 2020)
    assert line.startswith("另有 7 个单位没有双公示职责") and all(name in line for name in idle)
    shown = paper.content(district, 2020)
    assert line in shown["compare_note"] and len(shown["compared"]) == len(items) - 7
    assert line in page.render(district)


def test_the_years_before_the_records_are_said_and_drawn_to_be_so(district: Publication) -> None:
    early = [replace(f, numerator=0, percent=0.0) if f.year < 2018 and f.numerator else f for f in district.figures]
    late = [item for item in district.quality if item.period[:4] >= "2019"]
    young = replace(district, figures=early, quality=late)
    assert views.horizon(district) == 2016 and views.horizon(young) == 2018
    assert corrections.version(young, 2017) == "记录起点之前，还没有信用记录"
    drawn = charts.states_by_year(young, "")
    assert "2018 年以前为记录起点之前" in drawn and "2017 年落后" not in drawn and drawn.count(">记录起点之前<") == 2
    assert charts.quality_by_year(young, "").count(">上线前<") == 3
    target = next(target for target in young.targets if target.target_id == "T05")
    assert ">记录起点<" in charts.months_of_target(target, views.series(young, target, ""))
    for plain in (charts.states_by_year(district, ""), charts.quality_by_year(district, "")):
        assert "记录起点" not in plain and "上线前" not in plain


def test_what_moved_since_last_month_is_told_once_per_figure(district: Publication) -> None:
    moves = views.changes(district)
    assert moves[0].state_moved and all(move.before.month_end == date(2020, 11, 30) for move in moves)
    assert [move.target.figure_id for move in moves if not move.state_moved].count("T02") == 1


def test_an_edition_that_does_not_hold_a_figure_says_so(small: Publication) -> None:
    edition = small.editions[2019]
    fewer = {key: figure for key, figure in edition.figures.items() if key[0] != "T06"}
    changed = replace(small, editions={2019: replace(edition, figures=fewer)})
    rows = {row.target.target_id: row for row in views.rows(changed, 2019)}
    assert rows["T06"].unfrozen and not rows["T06"].frozen and rows["T07"].frozen and not rows["T07"].unfrozen
    assert "动态，未定版" in page.render(changed)


def test_a_state_the_rules_do_not_know_is_shown_and_not_lost(district: Publication) -> None:
    odd = [replace(figure, state="新状态") if figure.key == ("T07", 1) else figure for figure in district.figures]
    row = next(row for row in views.rows(replace(district, figures=odd), 2020) if row.target.target_id == "T07")
    assert row.state.name == "新状态"


def _drawn(district: Publication) -> list[str | None]:
    target = next(
        row.target
        for row in views.rows(district, 2020)
        if charts.months_of_target(row.target, views.series(district, row.target, ""))
    )
    return [
        charts.states_by_year(district, ""),
        charts.quality_by_year(district, ""),
        charts.months_of_target(target, views.series(district, target, "")),
    ]


def test_every_kind_of_chart_is_a_valid_specification(district: Publication, monkeypatch: pytest.MonkeyPatch) -> None:
    specifications: list[dict] = []
    monkeypatch.setattr(
        drawings,
        "svg",
        lambda specification: specifications.append(specification) or '<svg width="1" height="1" viewBox="0"/>',
    )
    assert all(_drawn(district)) and len(specifications) >= 4
    for specification in specifications:
        altair.LayerChart.from_dict(specification, validate=True)
    with pytest.raises(ValidationError):
        altair.LayerChart.from_dict(specifications[0] | {"width": "wide"}, validate=True)


def test_charts_are_laid_out_by_a_font_the_renderer_brings_and_shown_in_those_of_the_reader(
    district: Publication, monkeypatch: pytest.MonkeyPatch
) -> None:
    named: set[str] = set()
    draw = drawings.svg
    monkeypatch.setattr(
        drawings,
        "svg",
        lambda specification: (
            named.update(re.findall(r'"font": "([^"]*)"', json.dumps(specification))) or draw(specification)
        ),
    )
    for drawn in _drawn(district):
        assert set(re.findall(r'font-family="([^"]*)"', drawn)) == {charts.FONTS}
    assert named == {"sans-serif"}


def test_a_drawing_is_taken_from_the_last_publication_and_forgotten_when_unused(
    district: Publication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unused = tmp_path / "unused.svg"
    unused.write_text("<svg/>")
    os.utime(unused, (0, 0))
    plain = _drawn(district)
    with drawings.kept(tmp_path):
        assert _drawn(district) == plain
    assert not unused.exists() and len(list(tmp_path.iterdir())) == len(plain)

    def renderer(*_: object, **__: object) -> str:
        raise AssertionError("drawn again")

    monkeypatch.setattr("vl_convert.vegalite_to_svg", renderer)
    with drawings.kept(tmp_path):
        assert _drawn(district) == plain
    with pytest.raises(AssertionError, match="drawn again"):
        _drawn(district)


def test_files_are_whole_or_absent(small: Publication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="没有 2031 年"):
        publish.write(small, tmp_path, 2031)

    def broken(*_: object) -> None:
        raise RuntimeError("interrupted")

    monkeypatch.setattr("public_credit.papers.leadership.workbook.write", broken)
    with pytest.raises(RuntimeError):
        publish.write(small, tmp_path, 2020)
    assert {path.name for path in tmp_path.iterdir()} == {
        "leadership_2020-12-31.html",
        "考核表_2020_2020-12-31.xlsx",
        *(f"未覆盖名单_{small.units[unit]}_2020-12-31.xlsx" for unit in ("fgj",)),
    }


def test_cells_of_the_workbook_are_numbers_with_their_denominator_beside_them(
    small: Publication, tmp_path: Path
) -> None:
    published = publish.write(small, tmp_path, 2020)
    sheet = openpyxl.load_workbook(published.workbook)["部门报送比较"]
    head = [cell.value for cell in sheet[4]]
    for row in sheet.iter_rows(min_row=5, values_only=True):
        line = dict(zip(head, row, strict=True))
        assert (line["及时率"] == "—") == (line["期限已过"] in ("—", 0))
        if line["及时率"] != "—":
            assert line["及时率"] == pytest.approx((line["期限已过"] - line["迟报"]) / line["期限已过"], abs=1e-6)
            assert line["关联率"] == pytest.approx(line["关联"] / line["组织的决定"], abs=1e-6)
            assert line["公示率"] == pytest.approx(line["已公示"] / line["须公示"], abs=1e-6)
    assert all(path.stat().st_size > 20_000 for path in (published.page, published.workbook, published.pdf))
