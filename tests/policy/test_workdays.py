"""Working days: what was announced, what the district says otherwise, and the days nobody announced yet."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from public_credit.base.messages import UserError
from public_credit.build import inputs
from public_credit.oversight import doctor
from public_credit.policy import announcement, calendar_file
from public_credit.policy.workdays import WorkCalendar

from tests.conftest import DEMO
from tests.helpers.commands import credit

HEAD = "day,is_workday,note,source\n"
NOTICE = "day,is_workday,note\n2027-01-01,false,元旦\n2027-01-09,true,\n2027-10-01,false,国庆节\n"


@pytest.fixture
def district(root: Path) -> Path:
    """The folder of the invented district in a copy of the checkout."""
    return root / DEMO.relative_to(DEMO.parents[2])


def test_holidays_and_make_up_days_of_an_announced_year() -> None:
    calendar = WorkCalendar.load()
    assert calendar.deadline(date(2026, 2, 10)) == date(2026, 2, 26), "春节 2 月 15–23 日放假，2 月 14 日上班"
    assert not calendar.is_workday(date(2026, 10, 1)) and calendar.is_workday(date(2026, 9, 30))
    assert not calendar.is_provisional(date(2026, 2, 10))


def test_every_day_has_a_deadline_across_new_year_and_the_next_ones() -> None:
    calendar = WorkCalendar.load()
    last = calendar.announced_through()
    assert (last.month, last.day) == (12, 31)
    before = [date(last.year, 12, day) for day in range(10, 32)]
    assert [calendar.deadline(day) > last for day in before] == [calendar.is_provisional(day) for day in before]
    assert calendar.is_provisional(before[-1]) and not calendar.is_provisional(before[0])
    assert calendar.deadline(date(2051, 6, 1)) == date(2051, 6, 12), "Thursday; 7 weekdays and one week-end"


def test_the_district_overrides_single_days_and_announces_years(district: Path) -> None:
    assert WorkCalendar.load().deadline(date(2026, 3, 2)) == date(2026, 3, 11)
    (district / "calendar.csv").write_text(HEAD + "2026-03-05,false,本地节日,示政发〔2026〕1号\n", encoding="utf-8")
    assert WorkCalendar.load().deadline(date(2026, 3, 2)) == date(2026, 3, 12)
    assert not WorkCalendar.load().is_provisional(date(2026, 3, 2))
    told = inputs.calendar_days(date(2026, 3, 2))
    assert told[0]["day"] == date(2026, 3, 5) and told[0]["announced"]
    assert [day["day"] for day in told[1:3]] == [date(2027, 1, 1), date(2027, 1, 2)]
    assert not any(day["announced"] for day in told[1:]) and told[-1]["day"] == date(2027, 12, 31)


@pytest.mark.parametrize("year", [2016, 2023, 2026])
def test_the_package_tells_the_years_of_the_seed(year: int) -> None:
    assert announcement.of_package(year) == [
        day for day in calendar_file.read(calendar_file.seed_path()) if day.day.year == year
    ]


def test_a_notice_is_taken_in_and_shown(district: Path, tmp_path: Path) -> None:
    notice = tmp_path / "notice.csv"
    notice.write_text(NOTICE, encoding="utf-8")
    assert "2027 年有 365 天尚未公布，暂按周末推算" in credit("calendar", "show", 2027).out
    assert "期限 2027-01-08（暂按周末推算）" in credit("calendar", "deadline", "2026-12-30").out
    done = credit("calendar", "import", 2027, "--file", notice, "--source", "国办发明电〔2026〕9号")
    assert done.code == 0 and "平日放假 2 天，周末上班 1 天" in done.out, done.err
    calendar = WorkCalendar.load()
    assert credit("calendar", "deadline", "2026-12-30").out == "2026-12-30 作出的决定：期限 2027-01-09\n"
    assert calendar.announced_through() == date(2027, 12, 31)
    assert calendar.deadline(date(2026, 12, 30)) == date(2027, 1, 9) and not calendar.is_provisional(date(2026, 12, 30))
    kept = (district / "calendar.csv").read_bytes()
    again = credit("calendar", "import", 2027, "--file", notice, "--source", "国办发明电〔2026〕9号")
    assert again.code == 0 and (district / "calendar.csv").read_bytes() == kept
    shown = credit("calendar", "show", 2027, "--json").json
    assert [row["日期"] for row in shown] == ["2027-01-01", "2027-01-09", "2027-10-01"]
    years = credit("calendar", "show", "--json").json
    assert years[-2]["来源"] == "国办发明电〔2026〕9号" and years[-1]["来源"] == "暂按周末推算"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (NOTICE.replace("2027-01-09", "2026-01-09"), "第 3 行：2026-01-09 不在 2027 年"),
        (NOTICE.replace("2027-01-09", "2027-01-08"), "第 3 行：2027-01-08 本来就是工作日"),
        (NOTICE.replace("2027-01-01,false,元旦\n", ""), "2027-01-01 没有放假"),
        (NOTICE.replace("2027-01-09", "2027-01-01"), "第 3 行：2027-01-01 重复"),
        (NOTICE.replace("2027-01-09", "1 月 9 日"), "第 3 行：day 应为日期"),
        (NOTICE.replace("true", "是"), "第 3 行：is_workday 只能是"),
        (NOTICE.replace("note", "memo"), "第 1 行：表头不对"),
    ],
)
def test_a_notice_that_is_wrong_is_told_by_line_and_changes_nothing(
    district: Path, tmp_path: Path, text: str, said: str
) -> None:
    notice = tmp_path / "notice.csv"
    notice.write_text(text, encoding="utf-8")
    done = credit("calendar", "import", 2027, "--file", notice, "--source", "文号")
    assert done.code == 3 and said in done.err, done.err
    assert not (district / "calendar.csv").exists()


def test_a_year_that_the_package_does_not_have_says_what_to_do(district: Path) -> None:
    done = credit("calendar", "import", 2099)
    assert done.code == 4 and "--file" in done.err


def test_the_doctor_asks_for_the_next_announcement_in_time(district: Path) -> None:
    assert doctor._calendar(date(2026, 11, 30)).verdict == "通过"
    due = doctor._calendar(date(2026, 12, 1))
    assert due.verdict == "提醒" and "calendar import 2027" in due.detail
    (district / "calendar.csv").write_text(HEAD + "2026-03-05,yes,,\n", encoding="utf-8")
    assert "calendar.csv 第 2 行" in doctor._safely("工作日历", lambda: doctor._calendar(date(2026, 3, 1)))[0].detail
    assert credit("catalogue", "check").code == 3


def test_before_the_first_day_nothing_is_computed_and_an_empty_table_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="工作日历没有"):
        WorkCalendar.load().deadline(date(1999, 1, 1))
    empty = tmp_path / "working_days.csv"
    empty.write_text(HEAD, encoding="utf-8")
    with pytest.raises(UserError):
        WorkCalendar.load(empty)
