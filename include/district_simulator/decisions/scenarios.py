"""Accidents of whole deliveries and of decisions over time (issue section 3)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from district_simulator.decisions.events import add_events
from district_simulator.decisions.headings import DIALECTS, back_file_2016
from district_simulator.decisions.ledger import add_ledgers
from district_simulator.vocabulary.deliveries import Delivery
from district_simulator.vocabulary.rows import Row
from district_simulator.vocabulary.workcalendar import DAYS, deadline

if TYPE_CHECKING:
    from district_simulator.assemble import Plan

SOME = 10
HOLIDAY_DATASETS = ("sthj.penalty_entity", "zjj.licence_entity", "scjg.licence_entity", "xzsp.licence_person")


class Shelf:
    """Clean rows of the first day, each given away once."""

    def __init__(self, plan: Plan):
        self.plan, self.taken = plan, set()

    def take(self, dataset: str, count: int, day: int = 1) -> list[Row]:
        """Clean rows about ordinary subjects of a main delivery."""
        partners = self._partners(dataset, day)
        found = [
            r
            for r in self.plan.main[dataset, day].rows
            if not r.case
            and id(r) not in self.taken
            and r.truth["decision_no"] not in partners
            and (r.table.endswith("zrr") or r.subject.kind == "company")
            and r.get("licence_state") != "2"
        ]
        chosen = found[:count]
        if len(chosen) < count:
            raise AssertionError(f"{dataset}: too few clean rows")
        self.taken |= {id(r) for r in chosen}
        return chosen

    def _partners(self, dataset: str, day: int) -> set[str]:
        rows = self.plan.main[dataset, day].rows
        return {r.truth["decision_no"] for r in rows if "R16" in r.rules or "one_number" in r.note}


def add(plan: Plan) -> None:
    """Plant every scenario into the plan's deliveries."""
    shelf = Shelf(plan)
    plan.shelf = shelf
    plan.sequence_cases = []
    _repeats_in_one_file(plan, shelf)
    _back_and_forth(plan, shelf)
    _names_and_keys(plan, shelf)
    _older_versions(plan, shelf)
    _holiday(plan)
    _founded_before_the_roster_knows(plan)
    add_events(plan, shelf)
    _correction_of_an_accepted(plan, shelf)
    _redeliveries(plan, shelf)
    _broken_files(plan, shelf)
    _unfinished_batch(plan)
    add_ledgers(plan)


def _insert(plan: Plan, day: int, row: Row, case: str, note: str, expect: str = "accepted") -> Row:
    dataset = row.dataset
    plan.main[dataset, day].rows.append(row.plant(case, [], expect, note))
    return row


def amended(row: Row, text: str) -> Row:
    """The same decision with an amended content."""
    new = row.clone()
    name = "licence_content" if row.table.startswith("xk") else "violation_facts"
    new.fix(**{name: new.truth[name] + text})
    new.sjc = ""
    return new


def _repeats_in_one_file(plan: Plan, shelf: Shelf) -> None:
    for i, row in enumerate(shelf.take("jtys.penalty_entity", 20)):
        _insert(plan, 1, row.clone(), f"S-dup-{i:02d}", "同一文件内重复行", "duplicate")
    for i, row in enumerate(shelf.take("scjg.penalty_entity", SOME)):
        _insert(plan, 1, amended(row, "（补正）"), f"S-two-{i:02d}", "同一批次两个版本：后者为当前版本")


def _back_and_forth(plan: Plan, shelf: Shelf) -> None:
    """A → B → A is three versions."""
    wanted = {"xzsp.licence_entity": SOME, "zhzf.penalty_entity": SOME, "scjg.penalty_entity": 5}
    for dataset, count in wanted.items():
        for i, first in enumerate(shelf.take(dataset, count)):
            tag = f"S-aba-{dataset.split('.')[0]}-{i:02d}"
            _insert(plan, 2, amended(first, "（更正）"), f"{tag}-B", "A→B→A 的第二版")
            again = first.clone()
            again.sjc = ""
            _insert(plan, 3, again, f"{tag}-A", "A→B→A 的第三版：内容回到第一版，不是重复")


def _names_and_keys(plan: Plan, shelf: Shelf) -> None:
    for dataset in ("sthj.penalty_entity", "rsj.licence_entity"):
        former = plan.population.groups["former"]
        for i in range(SOME):
            subject = former[(i * 7) % len(former)]
            row = plan.decisions.row(dataset, subject=subject)
            first = row.clone()
            first.put("subject_name", subject.former_names[0])
            _insert(plan, 1, first, f"S-name-{dataset[:4]}-{i:02d}-a", "以曾用名报送")
            _insert(plan, 2, row.clone(), f"S-name-{dataset[:4]}-{i:02d}-b", "更正名称：同一决定的新版本（MOD）")
    for i, right in enumerate(shelf.take("xzsp.licence_entity", 8)):
        number = right.truth["decision_no"]
        wrong = right.clone().fix(decision_no=number.replace("许准", "许准误"))
        wrong.sjc = ""
        day1 = plan.main["xzsp.licence_entity", 1].rows
        day1[next(k for k, r in enumerate(day1) if r is right)] = wrong
        wrong.plant(f"S-key-{i:02d}-a", [], "accepted", "文号有误；次日撤销并以正确文号重报")
        wrong.city = "accepted"
        corrected = right.clone()
        corrected.sjc = ""
        _insert(plan, 2, corrected, f"S-key-{i:02d}-b", "正确文号")
        plan.revocations.append((2, wrong, "文号录入错误，撤销原记录"))


def _older_versions(plan: Plan, shelf: Shelf) -> None:
    """A late older version enters history, never current."""
    for dataset in ("xzsp.licence_entity", "yjgl.penalty_entity"):
        for i, newer in enumerate(shelf.take(dataset, SOME)):
            newer.sjc = f"{DAYS[1].isoformat()}T17:{i:02d}:00"
            older = amended(newer, "（旧稿）")
            older.sjc = f"2026-02-24T08:{i:02d}:00"
            _insert(plan, 2, older, f"S-old-{dataset[:4]}-{i:02d}", "迟到的旧版本：进入历史，不成为当前版本")
            older.current = False


def _holiday(plan: Plan) -> None:
    """Decisions around the Spring Festival: the make-up Saturdays decide whether they are late."""
    moments = {
        1: [date(2026, 2, d) for d in (5, 6, 9, 10, 11, 13)],
        2: [date(2026, 2, d) for d in (9, 10, 11, 12, 13)],
        3: [date(2026, 2, d) for d in (11, 12, 13, 14, 24)],
    }
    for day, decided in moments.items():
        for dataset in HOLIDAY_DATASETS:
            for k, when in enumerate(decided * 2):
                row = plan.decisions.row(dataset, day=when)
                last = deadline(when)
                late = DAYS[day] > last
                _insert(
                    plan,
                    day,
                    row,
                    f"S-holiday-{dataset[:4]}-{day}-{k:02d}",
                    f"决定日 {when}，最后期限 {last}，{'迟报' if late else '按时'}",
                )


def _founded_before_the_roster_knows(plan: Plan) -> None:
    """Licences of firms that enter the roster only on day 3: 未关联 first, linked afterwards."""
    for dataset in ("xzsp.licence_entity", "scjg.licence_entity"):
        for i in range(5):
            offset = 0 if dataset.startswith("xzsp") else 5
            row = plan.decisions.row(dataset, subject=plan.population.newcomers[i + offset], recent=True)
            _insert(plan, 2, row, f"S-founded-{dataset[:4]}-{i:02d}", "名册第三日才收录：先未关联，后关联").rules = [
                "R06W"
            ]


def _correction_of_an_accepted(plan: Plan, shelf: Shelf) -> None:
    """Accepted on day 1, redelivered with a slip of the pen on day 2; the clerk will find on day 3 that the
    decision number was wrong too: an edited slip with a corrected key (one DEL + ADD)."""
    for dataset in ("wsjk.penalty_entity", "jtys.penalty_entity"):
        for i, row in enumerate(shelf.take(dataset, 6)):
            bad = amended(row, "（补充）")
            bad.fix(
                penalty_category="罚款",
                penalty_content="处以罚款2000元。",
                fine_amount_wan="0.2",
                confiscated_amount_wan="",
                suspended_or_revoked_licence="",
            )
            bad.put("fine_amount_wan", "2000", "2000")
            _insert(
                plan,
                2,
                bad,
                f"S-rekey-{dataset[:4]}-{i:02d}",
                "已入库记录的更正稿金额单位有误；第三日连同文号一并更正",
                "quarantined",
            ).rules = ["R12"]
            bad.city = "accepted"  # the first version stays
            plan.rekey[row.truth["decision_no"]] = row.truth["decision_no"].replace("罚〔", "罚更〔")
    for i, row in enumerate(shelf.take("zjj.licence_entity", 6)):
        bad = amended(row, "（补充）")
        bad.put("licence_category", "普通许可", "普通许可")
        _insert(
            plan, 2, bad, f"S-rekey-zjj-{i:02d}", "已入库记录的更正稿类别有误；第三日连同文号一并更正", "quarantined"
        ).rules = ["R13"]
        bad.city = "accepted"
        plan.rekey[row.truth["decision_no"]] = row.truth["decision_no"].replace("许准〔", "许准更〔")


def _redeliveries(plan: Plan, shelf: Shelf) -> None:
    first = plan.main["zhzf.penalty_person", 1]
    rows = [r.again() for r in first.rows]
    for row in rows:
        row.case = ""
    plan.deliver(
        2,
        "zhzf.penalty_person",
        rows,
        first.dialect,
        tail="_重报",
        case="exact_redelivery",
        same=first,
        note="与第一日文件逐字节相同：已入库的全部为重复",
    )
    first = plan.main["zjj.licence_entity", 1]
    changed = {id(r): amended(r, "（更正）") for r in shelf.take("zjj.licence_entity", 12)}
    rows = []
    for row in first.rows:
        if row.expect not in ("accepted", "duplicate"):
            continue
        new = changed.get(id(row)) or row.again()
        new.case = ""
        if id(row) in changed:
            new.plant(f"S-corrected-{len(rows):04d}", [], "accepted", "更正重报：内容有变的行")
        rows.append(new)
    plan.deliver(
        2,
        "zjj.licence_entity",
        rows,
        first.dialect,
        tail="_更正重报",
        case="corrected_redelivery",
        note="整份更正重报：12 行为新版本，其余为重复",
    )


def _broken_files(plan: Plan, shelf: Shelf) -> None:
    main = plan.main["wsjk.penalty_entity", 3]
    lost = [plan.decisions.row("wsjk.penalty_entity", recent=True) for _ in range(40)]
    plan.deliver(
        2,
        "wsjk.penalty_entity",
        [r.clone() for r in lost],
        damage="truncated",
        tail="_2",
        state="broken",
        case="truncated_file",
        note="文件传输中断，xlsx 不完整；第三日补报",
    )
    main.rows += lost
    rows = [plan.decisions.row("jtys.penalty_entity", recent=True) for _ in range(30)]
    dialect = DIALECTS["jtys.penalty_entity"].with_columns(
        rename={"行政处罚决定书文号": "!处罚文号新"}, suffix="_renamed"
    )
    for row in rows:
        row.extra["处罚文号新"] = row.truth["decision_no"]
        row.put("decision_no", "")
        row.expect, row.rules = "quarantined", ["R01"]
    plan.deliver(
        3,
        "jtys.penalty_entity",
        rows,
        dialect,
        tail="_新模板",
        state="held",
        case="renamed_column",
        note="必填列改名：文号列无法识别，整批扣留",
    )
    for dataset in ("sthj.penalty_entity", "sthj.licence_entity"):
        table = "cf_fr" if "penalty" in dataset else "xk_fr"
        rows = [plan.decisions.row(dataset) for _ in range(25)]
        for row in rows:
            row.put("authority_uscc", "")
            row.expect, row.rules = "quarantined", ["R01"]
        plan.deliver(
            2,
            dataset,
            rows,
            back_file_2016(table),
            tail="_lsbl",
            state="held",
            case="back_file_2016",
            note="2014/2016 代码集的历史补录：缺机关代码等必填项",
        )
    for day in DAYS:
        if day == 2:
            plan.deliver(
                day, "nync.penalty_entity", [], damage="empty", state="broken", case="empty_file", note="零字节文件"
            )
        else:
            plan.deliver(day, "nync.penalty_entity", [], case="zero_report", note="仅有表头：零报送")


def _unfinished_batch(plan: Plan) -> None:
    rows = [plan.decisions.row("rsj.penalty_entity", recent=True) for _ in range(40)]
    number = f"{DAYS[1]:%Y%m%d}009"
    part: Delivery = plan.deliver(
        1,
        "rsj.penalty_entity",
        rows[:15],
        batch_no=number,
        done=False,
        state="pending",
        case="unfinished_batch",
        note="批次未登记完成（batch_done 中没有）：当日不得收取",
    )
    part.rows = [r.clone() for r in rows[:15]]
    plan.deliver(
        2, "rsj.penalty_entity", rows, batch_no=number, case="finished_batch", note="前一日未完成的批次今日完成"
    )
