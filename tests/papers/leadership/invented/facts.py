"""What the invented district has besides figures: milestones, what asks for the person in charge, meanings."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

from public_credit.papers.leadership.model import Ask, Metric, Milestone, NoteRule

from .targets import D18, D20

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
        rule="held_roster",
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


def _note_rules() -> tuple[NoteRule, ...]:
    seed = Path(__file__).resolve().parents[4] / "dbt_project" / "seeds" / "targets" / "quality_note_rule.csv"
    with seed.open(encoding="utf-8") as lines:
        return tuple(
            NoteRule(
                row["fact"],
                tuple(row["metrics"].split(";")),
                int(row["at_least"]),
                int(row["at_most"]) if row["at_most"] else None,
                row["shown_in"],
                row["words"],
                row["clause"],
            )
            for row in csv.DictReader(lines)
        )


NOTE_RULES = _note_rules()


def milestone(year: int, key: str, title: str, due: date, state: str, evidence: str, on: date | None) -> Milestone:
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
        "按期合格入库的决定 ÷ 期限已过的决定；期限为决定次日起第 7 个工作日。",
        "双公示报送记录与工作日历",
    ),
    Metric("compliance_rate", "合规率", "合格入库数 ÷ 报送数。", "数据质量校验结果"),
    Metric("reporting_rate", "报送率", "报送数 ÷ 产生数；产生数来自执法台账。", "执法台账、双公示报送记录"),
    Metric("publication_rate", "公示率", "市平台已公示的决定 ÷ 须公示的决定。", "市平台公示回执"),
    Metric("link_rate", "关联率", "关联到登记主体的决定 ÷ 合格入库的组织的决定。", "主体登记库"),
    Metric("pace", "匀速进度", "自 2016-11-09 起到期限日按日线性推进，月末应达到的比例。", "周政发〔2017〕58号"),
]
