"""The publication of the invented district."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from public_credit.papers.leadership.model import (
    Assessed,
    Clock,
    DecisionMonth,
    Edition,
    Figure,
    GoalLine,
    NoticeRule,
    Publication,
    Restated,
    Restatement,
    Returned,
    Silence,
    Target,
    Uncovered,
)

from .facts import ASKS, METRICS, MILESTONES, NOTE_RULES, milestone
from .quality import DELIVER, quality
from .targets import D18, D20, STATES, TARGETS, figures
from .units import UNITS

T06, T09, T12 = ("T06", 1), ("T09", 1), ("T12", 1)


def _year_end(every: list[Figure], year: int) -> dict[tuple[str, int, str], Figure]:
    return {(f.target_id, f.goal_no, f.unit_id): f for f in every if f.month_end == date(year, 12, 31)}


def _less(figure: Figure, fewer: int) -> Figure:
    numerator = (figure.numerator or 0) - fewer
    percent = round(numerator / (figure.denominator or 1), 6)
    return replace(figure, numerator=numerator, percent=percent, distance=round(100 - percent * 100, 4))


def _restated(title: str, old: Figure, new: Figure, rows: tuple[int, int, int], *, redefined: bool = False) -> Restated:
    sides = (old.numerator, old.denominator, old.percent, new.numerator, new.denominator, new.percent)
    return Restated(new.target_id, new.goal_no, new.target_id, title, *sides, *rows, redefined)


def publication() -> Publication:
    """The invented district on 2020-12-31."""
    targets = [
        Target(
            key,
            number,
            title,
            "周政发〔2017〕58号 三（一）",
            "组织",
            goal,
            due,
            kind,
            units,
            (),
            key not in ("T03", "T13", "T14", "T15", "T16", "T17", "T18"),
            persons,
            key,
            f"{roster} {unit}" if unit else f"{goal:.0%}",
            "信用档案：登记信息之外至少有一条目录内记录的主体。覆盖率 = 有档案的主体 ÷ 月末存续的主体。",
        )
        for key, number, title, goal, due, kind, units, _share, roster, persons, unit in TARGETS
    ]
    every = figures(targets)
    editions = {
        year: Edition(year, str(year - 2010), "分管副区长", date(year + 1, 1, 20), _year_end(every, year))
        for year in (2018, 2019)
    }
    newest = editions[2018].figures
    first = newest | {key: _less(newest[key], fewer) for key, fewer in (((*T12, ""), 3), ((*T09, ""), 7))}
    editions[2018] = replace(editions[2018], first=first, redefined=frozenset({T09}))
    waiting = editions[2019].figures | {(*T06, ""): _less(editions[2019].figures[*T06, ""], 2)}
    editions[2019] = replace(editions[2019], figures=waiting)
    restatement = Restatement(
        2018,
        "11",
        "8",
        date(2019, 6, 30),
        "分管副区长",
        "民政局补报 2018 年三家社会组织的年检记录；采购代理机构改按名册计",
        [
            _restated("社会组织信用档案覆盖率", first[*T12, ""], newest[*T12, ""], (3, 0, 1)),
            _restated("政府采购参与主体信用档案覆盖率", first[*T09, ""], newest[*T09, ""], (7, 0, 0), redefined=True),
        ],
    )
    rowsonly = Restatement(2019, "12", "9", date(2020, 6, 30), "分管副区长", "更正一条记录的日期", [])
    return Publication(
        "示范区",
        D20,
        214,
        datetime(2020, 12, 31, 7, 40, tzinfo=UTC),
        "0.4.0",
        UNITS,
        targets,
        every,
        STATES,
        quality(),
        [milestone(year, *item) for year in range(2016, 2021) for item in MILESTONES],
        {item.metric: item for item in METRICS},
        {"timely_rate": GoalLine("timely_rate", 1.0, "宝鸡市双公示填报说明：报送及时率 100%", "参考线")},
        {"silent_weeks": NoticeRule("silent_weeks", 4, "周政发〔2017〕58号五（四）", "约一个月")},
        editions,
        [restatement, rowsonly],
        [
            Silence(unit, 2020, 39 if unit == "xfdd" else place % 3, place % 2, unit == "town_east")
            for place, unit in enumerate(UNITS)
        ],
        ASKS,
        [
            DecisionMonth(
                unit,
                table,
                f"2020-{month:02}",
                20 * size,
                19 * size,
                18 * size,
                2 * size,
                "涉密" if unit else "",
                17 * size,
                15 * size,
            )
            for unit, size in (("", 2), ("zjj", 1), ("wsjk", 1))
            for month in (11, 12)
            for table in ("licence", "penalty")
        ],
        [Clock("", 12, 3, 40, 1), Clock("wsjk", 12, 3, 0, 0), Clock("zjj", 0, 0, 40, 1)],
        [Returned("", 340, 304, date(2020, 11, 30), 36, 2.5), Returned("zjj", 310, 301, date(2020, 11, 30), 9, None)],
        [
            Assessed(
                unit,
                2020,
                title,
                points,
                top,
                "30 × 98 ÷ 100 = 29.4" if points else "没有分母，不计分",
                "周政发〔2017〕58号五（四）",
            )
            for unit in ("zjj", "wsjk")
            for title, points, top in (("报送率", 29.4, 30.0), ("关联率", None, None))
        ],
        {
            "T05": [
                Uncovered(f"91370399MA3{n:06}X", f"示范区第{n}号商贸有限公司", "scjg", D18, "尚无目录记录")
                for n in range(40)
            ]
        },
        frozenset(DELIVER),
        True,
        NOTE_RULES,
    )
