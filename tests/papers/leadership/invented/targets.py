"""The targets of the invented district and their figures, month by month."""

from __future__ import annotations

from datetime import date

from public_credit.papers.leadership.model import Figure, State, Target

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
TARGETS = [
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


def figures(targets: list[Target]) -> list[Figure]:
    months, found = _months(), []
    for target, (*_, share, roster, _persons, _unit) in zip(targets, TARGETS, strict=True):
        for index, month in enumerate(months):
            reached = min(1.0, (0.12 + 0.88 * (index / (len(months) - 1)) ** 0.8))
            if target.key == ("T10", 1) and month.year == 2020:
                reached *= 0.97 if month.month == 12 else 0.99
            if target.key[0] in ("T01", "T07", "T12", "T20"):
                reached = min(1.0, reached * 1.35)
            found.append(_figure(target, "", month, share, roster, reached))
            if target.target_id == "T16":  # reported by another unit than the one in charge
                found.append(_figure(target, "wsjk", month, share, roster, reached))
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
