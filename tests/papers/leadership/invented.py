"""An invented district with a five-year history: figures a page has to get right, each for a reason.

Planted: one target without a denominator, one restated figure of a frozen year, one silent department, one cell of
persons under 5, one share that must not be rounded up to 100 %.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from public_credit.papers.leadership.model import (
    Ask,
    Assessed,
    Clock,
    DecisionMonth,
    Edition,
    Figure,
    GoalLine,
    Metric,
    Milestone,
    NoticeRule,
    Publication,
    Quality,
    Restated,
    Restatement,
    Returned,
    Silence,
    State,
    Target,
    Uncovered,
)

UNITS = {
    "zfb": "示范区人民政府办公室",
    "fgj": "示范区发展和改革局",
    "scjg": "示范区市场监督管理局",
    "xzsp": "示范区行政审批服务局",
    "zjj": "示范区住房和城乡建设局",
    "yjgl": "示范区应急管理局",
    "wsjk": "示范区卫生健康局",
    "rsj": "示范区人力资源和社会保障局",
    "jtys": "示范区交通运输局",
    "sthj": "市生态环境局示范分局",
    "nync": "示范区农业农村局",
    "wlj": "示范区文化和旅游局",
    "sfj": "示范区司法局",
    "mzj": "示范区民政局",
    "czj": "示范区财政局",
    "swj": "国家税务总局示范区税务局",
    "jtj": "示范区教育和体育局",
    "gaj": "市公安局示范分局",
    "jgbz": "示范区机构编制委员会办公室",
    "zhzf": "示范区综合行政执法局",
    "xfdd": "示范区消防救援大队",
    "kfq": "示范经济开发区管理委员会",
    "street_north": "示范北街道办事处",
    "town_east": "示范东镇人民政府",
}
STATES = [
    State("逾期", "■", "竖线", 1, "期限已过，比率仍低于目标"),
    State("落后", "▼", "交叉线", 2, "期限未到，低于按期限直线推算的进度"),
    State("推进中", "▲", "疏斜线", 3, "期限未到，不低于按期限直线推算的进度"),
    State("接近", "◐", "密斜线", 4, "期限未到，距目标不超过 5 个百分点"),
    State("缺分母", "？", "空白虚框", 5, "没有名册或填报的分母，不出比率"),
    State("已达标", "●", "实底", 6, "比率不低于目标"),
    State("只列数", "·", "浅底", 7, "人员类目标只列部门填报的数"),
    State("依现行法不推进", "－", "无底纹", 10, "只列报送数"),
    State("不足5人不显示", "※", "无底纹", 9, "部门的人数格少于 5，不列数字"),
]
D18, D20 = date(2018, 12, 31), date(2020, 12, 31)
# id, goal number, title, goal, due, kind, units, share reached at the end of 2020, roster, persons, what is counted
_TARGETS = [
    ("T01", 1, "政务公开信息网上发布率", 1.0, D18, "部门填报", ("zfb",), 1.0, 4820, False, ""),
    ("T02", 1, "事业单位信用档案覆盖率", 1.0, D18, "系统计算", ("jgbz",), 0.9996, 2500, False, ""),
    ("T02", 2, "事业单位信用档案覆盖率", 1.0, D20, "系统计算", ("jgbz",), 0.9996, 2500, False, ""),
    ("T04", 1, "公务员和事业单位工作人员信用培训覆盖率", 0.8, D18, "部门填报", ("rsj", "wsjk"), 0.942, 6240, True, ""),
    ("T04", 2, "公务员和事业单位工作人员信用培训覆盖率", 1.0, D20, "部门填报", ("rsj", "wsjk"), 0.942, 6240, True, ""),
    ("T05", 1, "各行业各领域企业信用信息档案覆盖率", 0.85, D20, "系统计算", ("fgj", "scjg"), 0.783, 21384, False, ""),
    ("T06", 1, "重点企业安全生产信用档案覆盖率", 1.0, D20, "系统计算", ("yjgl",), 0.874, 318, False, ""),
    ("T07", 1, "工程建设企业信用档案覆盖率", 1.0, D20, "系统计算", ("zjj",), 1.0, 246, False, ""),
    ("T08", 1, "工程建设从业人员信用档案覆盖率", 1.0, D20, "部门填报", ("zjj",), 0.969, 5127, True, ""),
    ("T09", 1, "政府采购参与主体信用档案覆盖率", 1.0, D20, "系统计算", ("czj",), 0.955, 402, False, ""),
    ("T10", 1, "招标投标参与主体信用档案覆盖率", 1.0, D20, "系统计算", ("fgj", "zjj"), 0.806, 655, False, ""),
    ("T11", 1, "中介服务机构信用档案覆盖率", 1.0, D20, "系统计算", ("scjg", "sfj"), None, None, False, ""),
    ("T12", 1, "社会组织信用档案覆盖率", 1.0, D20, "系统计算", ("mzj",), 1.0, 387, False, ""),
    ("T19", 1, "重点部门接入平台数", 1.0, D18, "系统计算", ("fgj",), 0.9, 10, False, "个部门"),
    ("T20", 1, "推行信用报告制度的领域数", 1.0, D18, "系统计算", ("fgj", "czj"), 1.0, 4, False, "个领域"),
    ("T03", 1, "公务员和事业单位工作人员信用档案", 1.0, D20, "部门填报", ("rsj",), 312, None, True, ""),
    ("T13", 1, "重点人群信用档案", 1.0, D20, "部门填报", ("sfj",), 0, None, True, ""),
    ("T14", 1, "教育、科研从业人员信用档案", 1.0, D20, "部门填报", ("jtj",), 145, None, True, ""),
    ("T15", 1, "自然人信用档案", 0.85, D20, "部门填报", ("fgj",), 0, None, True, ""),
    ("T16", 1, "职业信用档案", 1.0, D20, "部门填报", ("rsj",), 2210, None, True, ""),
    ("T17", 1, "司法执法人员信用档案", 1.0, D18, "部门填报", ("gaj",), 87, None, True, ""),
    ("T18", 1, "司法从业人员信用档案", 1.0, D18, "部门填报", ("sfj",), 64, None, True, ""),
]
_START, _FIRST_DAY = date(2016, 11, 9), date(2016, 12, 31)


def _months() -> list[date]:
    ends = []
    for year in range(2016, 2021):
        for month in range(12 if year == 2016 else 1, 13):
            following = date(year + month // 12, month % 12 + 1, 1)
            ends.append(date.fromordinal(following.toordinal() - 1))
    return ends


def _state(percent: float | None, goal: float, pace: float, overdue: bool) -> str:
    if percent is None:
        return "缺分母"
    if percent >= goal:
        return "已达标"
    if overdue:
        return "逾期"
    if goal - percent <= 0.05:
        return "接近"
    return "推进中" if percent >= pace else "落后"


def _figure(target: Target, unit: str, month: date, share: float | None, roster: int | None, reached: float) -> Figure:
    span = (target.due_on - _START).days
    pace = min(1.0, (month - _START).days / span) * target.goal
    if not target.advances:
        return Figure(
            target.target_id,
            1,
            unit,
            month.year,
            month,
            int(reached * (share or 0)),
            None,
            "",
            None,
            None,
            None,
            None,
            "依现行法不推进",
        )
    if share is None or roster is None:
        numerator, percent, distance = int(180 * reached), None, None
    else:
        numerator = int(roster * share * reached + 0.0001)
        percent = round(numerator / roster, 6)
        distance = round((target.goal - percent) * 100, 4)
    if target.about_persons and unit and 0 < numerator < 5:
        return Figure(
            target.target_id,
            target.goal_no,
            unit,
            month.year,
            month,
            None,
            None,
            "",
            None,
            None,
            None,
            round(pace, 6),
            "不足5人不显示",
            True,
        )
    return Figure(
        target.target_id,
        target.goal_no,
        unit,
        month.year,
        month,
        numerator,
        roster,
        "市场监管局市场主体登记库" if target.figure_kind == "系统计算" else "责任单位填报",
        month if roster else None,
        percent,
        None if target.about_persons else distance,
        None if target.about_persons or roster is None else round(pace, 6),
        "只列数"
        if target.about_persons and percent is not None
        else _state(percent, target.goal, pace, target.due_on < month),
    )


def _figures(targets: list[Target]) -> list[Figure]:
    months, found = _months(), []
    for target, (*_, share, roster, _persons, _unit) in zip(targets, _TARGETS, strict=True):
        for index, month in enumerate(months):
            reached = min(1.0, (0.12 + 0.88 * (index / (len(months) - 1)) ** 0.8))
            if target.key == ("T10", 1) and month.year == 2020:
                reached *= 0.97 if month.month == 12 else 0.99
            if target.key[0] in ("T01", "T07", "T12", "T20"):
                reached = min(1.0, reached * 1.35)
            found.append(_figure(target, "", month, share, roster, reached))
            if target.key[0] in ("T05", "T10", "T04") and roster:
                for place, unit in enumerate(target.responsible):
                    part = 7 if unit == "wsjk" else roster // (2 + place)
                    found.append(
                        _figure(
                            target,
                            unit,
                            month,
                            0.5 if unit == "wsjk" else min(1, share + 0.04 * (-1) ** place),
                            part,
                            reached,
                        )
                    )
    return found


def _rate(above: int, below: int) -> float | None:
    return round(above / below, 6) if below else None


def _quality() -> list[Quality]:
    found: list[Quality] = []

    def add(unit: str, period: str, table: str, generated: int, received: int, accepted: int, late: int) -> None:
        due, organisations = max(late, received - received // 20), accepted - accepted // 10
        linked = int(organisations * 0.93)
        found.append(
            Quality(
                unit,
                period,
                table,
                ledger_to=f"{period}-12"[:7] if generated else "",
                backlog=0,
                generated=generated,
                received_known=received,
                surplus=0,
                received=received,
                accepted=accepted,
                due=due,
                running=received - due,
                late=late,
                organisations=organisations,
                linked=linked,
                to_publish=organisations,
                published=organisations - late // 3,
                reporting_rate=_rate(received, generated),
                timely_rate=_rate(due - late, due),
                late_rate=_rate(late, due),
                compliance_rate=_rate(accepted, received),
                link_rate=_rate(linked, organisations),
                publication_rate=_rate(organisations - late // 3, organisations),
            )
        )

    deliver = [unit for unit in UNITS if unit not in ("zfb", "jgbz", "fgj", "czj", "swj", "jtj", "mzj")]
    for year in range(2016, 2021):
        total = {"licence": [0, 0, 0, 0], "penalty": [0, 0, 0, 0]}
        for place, unit in enumerate(deliver):
            own = {"licence": [0, 0, 0, 0], "penalty": [0, 0, 0, 0]}
            for month in range(12 if year == 2016 else 1, 13):
                both = [0, 0, 0, 0]
                for table in own:
                    generated = 0 if unit == "xfdd" and year == 2020 else 3 + (place * 7 + month * 3 + len(table)) % 9
                    received = max(generated - (1 if (place + month) % 7 == 0 else 0), 0)
                    late = min(
                        received, (1 if (place * 5 + month + year) % (4 + year - 2016) == 0 else 0) + (place % 6 == 3)
                    )
                    counts = [
                        generated,
                        received,
                        received - (1 if (place + month + year) % 11 == 0 and received else 0),
                        late,
                    ]
                    own[table] = [a + b for a, b in zip(own[table], counts, strict=True)]
                    both = [a + b for a, b in zip(both, counts, strict=True)]
                add(unit, f"{year}-{month:02}", "", *both)
            for table, counts in own.items():
                add(unit, str(year), table, *counts)
                total[table] = [a + b for a, b in zip(total[table], counts, strict=True)]
            add(unit, str(year), "", *[a + b for a, b in zip(*own.values(), strict=True)])
        for table, counts in total.items():
            add("", str(year), table, *counts)
        add("", str(year), "", *[a + b for a, b in zip(*total.values(), strict=True)])
        for month in range(12 if year == 2016 else 1, 13):
            part = [item for item in found if item.period == f"{year}-{month:02}" and item.unit_id]
            add(
                "",
                f"{year}-{month:02}",
                "",
                sum(item.generated or 0 for item in part),
                sum(item.received for item in part),
                sum(item.accepted for item in part),
                sum(item.late for item in part),
            )
    return found


MILESTONES = [
    ("M01", "信用信息目录和标准体系", D18, "按期完成", "目录第 3 版印发（示范发〔2018〕41号）", date(2018, 9, 12)),
    ("M02", "重点区域、重点行业信用合作初见成效", D18, "按期完成", "与邻区签订合作备忘录", date(2018, 11, 20)),
    ("M03", "事业单位信息披露制度", D18, "按期完成", "制度印发（示范编办〔2018〕7号）", date(2018, 6, 30)),
    ("M04", "平台框架基本建成", D18, "按期完成", "平台初验报告", date(2018, 12, 3)),
    ("M05", "“信用示范”网站", D18, "按期完成", "网站上线公告", date(2018, 10, 8)),
    ("M06", "守信激励失信惩戒机制初步建立", D18, "逾期未完成", "", None),
    ("M07", "信用服务市场体系初步形成", D18, "逾期完成", "三家信用服务机构备案", date(2019, 3, 5)),
    ("M08", "信用服务市场体系全区覆盖", D20, "推进中", "覆盖 8 个镇街", date(2020, 6, 30)),
    ("M09", "各部门、各行业信用信息系统完善", D20, "推进中", "24 个单位接入", date(2020, 9, 30)),
    ("M10", "信用监管机制基本健全", D20, "按期完成", "监管办法印发（示范发〔2020〕12号）", date(2020, 8, 14)),
    ("M11", "与市信用信息互为查询", D20, "按期完成", "接口验收单", date(2020, 5, 29)),
    ("M12", "公益类事业单位信用评价机制", D20, "未启动", "", None),
    ("M13", "比较完善的社会信用体系", D20, "推进中", "年度自评报告", date(2020, 12, 15)),
]
ASKS = [
    Ask(
        1,
        True,
        "决定今天到期，尚未合格入库",
        "wsjk",
        "行政处罚",
        12,
        "条",
        date(2020, 12, 22),
        D20,
        "请单位今天补齐或更正",
        "发改办财金〔2018〕424号",
    ),
    Ask(
        2,
        True,
        "执法台账有产生，未报送",
        "wlj",
        "行政许可",
        62,
        "条",
        date(2020, 9, 1),
        None,
        "请单位补报，或说明不报的依据",
        "报送率",
    ),
    Ask(
        3,
        True,
        "新名册扣留待核，仍按旧名册计算",
        "scjg",
        "企业登记信息",
        41575,
        "行",
        date(2020, 12, 28),
        None,
        "请单位核对名册",
        "周政发〔2017〕58号四",
    ),
    Ask(
        4,
        True,
        "退回后尚未更正",
        "zjj",
        "行政许可",
        301,
        "行",
        date(2020, 11, 30),
        None,
        "请单位按退回单更正后重报",
        "山东省公共信用信息管理办法",
    ),
    Ask(
        5,
        True,
        "目标缺单位填报，比率不完整",
        "zfb",
        "政务公开信息网上发布率",
        3,
        "个单位",
        None,
        D18,
        "请责任单位填报本月数字",
        "周政发〔2017〕58号五（四）",
    ),
    Ask(
        6,
        False,
        "退回后尚未更正",
        "yjgl",
        "行政处罚",
        3,
        "行",
        date(2020, 12, 1),
        None,
        "请单位按退回单更正后重报",
        "山东省公共信用信息管理办法",
    ),
]


def _milestone(year: int, key: str, title: str, due: date, state: str, evidence: str, on: date | None) -> Milestone:
    """A milestone at a year's end: before its evidence it is open, or overdue."""
    if on is None or on.year > year:
        state, evidence, on = "逾期未完成" if due < date(year, 12, 31) else "未启动", "", None
    return Milestone(key, year, title, due, state, evidence, on, "周政发〔2017〕58号 三", ("fgj",))


METRICS = [
    Metric(
        "coverage",
        "信用档案覆盖率",
        "有信用档案的主体 ÷ 月末存续的主体。信用档案：登记信息之外至少有一条目录内记录。",
        "各目标所列名册或登记库",
        "mart_targets__progress",
    ),
    Metric(
        "timely_rate",
        "上报及时率",
        "按期放行的决定 ÷ 期限已过的决定；期限为决定次日起第 7 个工作日。",
        "双公示报送记录与工作日历",
    ),
    Metric("compliance_rate", "合规率", "放行数 A ÷ 报送数 R。", "质量关卡裁决"),
    Metric("reporting_rate", "报送率", "报送数 R ÷ 产生数 G；产生数来自执法台账。", "执法台账、双公示报送记录"),
    Metric("publication_rate", "公示率", "市平台已公示的决定 ÷ 须公示的决定。", "市平台公示回执"),
    Metric("link_rate", "关联率", "关联到登记主体的决定 ÷ 放行的组织的决定。", "主体登记库"),
    Metric("pace", "匀速进度", "自 2016-11-09 起到期限日按日线性推进，月末应达到的比例。", "周政发〔2017〕58号"),
]


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
        for key, number, title, goal, due, kind, units, _share, roster, persons, unit in _TARGETS
    ]
    figures = _figures(targets)
    editions = {}
    for year in (2018, 2019):
        held = {(f.target_id, f.goal_no, f.unit_id): f for f in figures if f.month_end == date(year, 12, 31)}
        if year == 2018:
            key = ("T12", 1, "")
            fewer = held[key].numerator - 3
            held[key] = replace(
                held[key], numerator=fewer, percent=round(fewer / 387, 6), distance=round(100 - fewer / 3.87, 4)
            )
        editions[year] = Edition(year, str(year - 2010), "分管副区长", date(year + 1, 1, 20), held)
    frozen = editions[2018].figures[key]
    restatement = Restatement(
        2018,
        "11",
        "8",
        date(2019, 6, 30),
        "分管副区长",
        "民政局补报 2018 年三家社会组织的年检记录",
        [
            Restated(
                "T12",
                1,
                "T12",
                "社会组织信用档案覆盖率",
                frozen.numerator,
                387,
                frozen.percent,
                frozen.numerator + 3,
                387,
                round((frozen.numerator + 3) / 387, 6),
                3,
                0,
                1,
            )
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
        figures,
        STATES,
        _quality(),
        [_milestone(year, *item) for year in range(2016, 2021) for item in MILESTONES],
        {item.metric: item for item in METRICS},
        {"timely_rate": GoalLine("timely_rate", 1.0, "宝鸡市双公示填报说明：报送及时率目标 100%")},
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
        True,
    )
