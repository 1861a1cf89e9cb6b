"""What days 2 and 3 change: exits from lists, fulfilled commitments, new grades, corrections, notices, a cut register."""

from __future__ import annotations

import random
from datetime import timedelta

from district_simulator.book import Book
from district_simulator.population.enterprises import Population
from district_simulator.population.organisations import Organisations
from district_simulator.sectors import food, registers
from district_simulator.sectors.clean import CleanRecords
from district_simulator.sectors.headings import on_day
from district_simulator.sectors.shelf import take
from district_simulator.vocabulary.deliveries import RefusedFile
from district_simulator.vocabulary.rows import Row
from district_simulator.vocabulary.subjects import Person
from district_simulator.vocabulary.workcalendar import DAYS


def add(
    book: Book, rng: random.Random, population: Population, organisations: Organisations, clean: CleanRecords
) -> None:
    """All changes of the later days."""
    corrected: set[int] = set()  # ids of rows that came back
    objected: list[Row] = []  # objections taken up on day 2
    for day in (2, 3):
        _exits(book, clean, day)
        _commitments(book, clean, day)
        _grades(book, clean, day)
        _corrections(book, day, corrected)
        _notices(book, clean, day, objected)
    _repeats(book, clean)
    _expiry(book, clean)
    _registers(book, organisations)
    _refused(book, rng, population)


def _change(book: Book, day: int, row: Row, case: str, note: str, **values: str) -> Row:
    """A new version of a record in the stream's delivery of a later day."""
    new = row.clone().fix(**values)
    new.sjc, new.extra = "", dict(row.extra)
    new.plant(case, [], "accepted", note)
    return book.insert(day, new)


# dataset → (exits per day, fields of the exit)
_EXITS = {
    "scjg.abnormal_operation": (
        8,
        {"removal_no": "示市监异移〔2026〕第{n:04d}号", "removal_reason": "已补报年度报告并公示"},
    ),
    "scjg.breach_list": (
        2,
        {"removal_no": "示市监移〔2026〕第{n:04d}号", "removal_reason": "已纠正违法行为，提前移出"},
    ),
    "yjgl.breach_list": (2, {"removal_no": "示应急移〔2026〕第{n:04d}号", "removal_reason": "已完成整改，提前移出"}),
    "swj.breach_list": (2, {"removal_no": "示税移〔2026〕第{n:04d}号", "removal_reason": "已缴清税款、滞纳金和罚款"}),
    "scjg.honour": (3, {"removal_reason": "复核不再符合条件"}),
    "fy.judgment_debtor_entity": (5, {"performance": "已履行"}),
    "fy.judgment_debtor_person": (5, {"performance": "已履行"}),
}


def _exits(book: Book, clean: CleanRecords, day: int) -> None:
    for name, (count, fields) in _EXITS.items():
        for i, row in enumerate(take(book, clean, name, count, removed_on="")):
            values = {k: v.format(n=day * 100 + i) for k, v in fields.items()}
            _change(
                book,
                day,
                row,
                f"SX-{name}-{day}-{i}",
                "移出（退出、屏蔽）",
                **values,
                removed_on=(DAYS[day] - timedelta(days=1)).isoformat(),
            )


def _commitments(book: Book, clean: CleanRecords, day: int) -> None:
    for name in ("yjgl.commitment", "tjj.commitment", "town_east.commitment", "sfj.commitment_person"):
        for i, row in enumerate(take(book, clean, name, 3, fulfilment="履行中")):
            broken = i == 2
            _change(
                book,
                day,
                row,
                f"SC-{name}-{day}-{i}",
                "违诺" if broken else "承诺已履行",
                fulfilment="违诺" if broken else "已履行",
                fulfilment_on=(DAYS[day] - timedelta(days=1)).isoformat(),
                breach_detail="未按承诺期限完成" if broken else "",
            )
    for i, row in enumerate(take(book, clean, "rsj.social_insurance_payment", 2, payment_state="欠缴")):
        _change(
            book,
            day,
            row,
            f"SP-{day}-{i}",
            "欠缴后补缴",
            payment_state="正常缴费",
            arrears_wan="",
            paid_on=(DAYS[day] - timedelta(days=1)).isoformat(),
        )


def _grades(book: Book, clean: CleanRecords, day: int) -> None:
    """Graded again; on day 3 three go back to the first grade (A → B → A)."""
    if day == 2:
        for i, row in enumerate(take(book, clean, "swj.rating", 6, grade="B")):
            _change(book, 2, row, f"SG-{i}-b", "复评：等级变更", grade="A")
            if i < 3:
                _change(book, 3, row, f"SG-{i}-a", "复核后恢复原等级：第三版，不是重复")
    for i, row in enumerate(take(book, clean, "zjj.rating", 2)):
        wanted = "AAA" if row.truth["grade"] != "AAA" else "AA"
        _change(book, day, row, f"SG-zjj-{day}-{i}", "年度复评", grade=wanted)


def _corrections(book: Book, day: int, corrected: set[int]) -> None:
    """Rows that came back corrected."""
    for name in (
        "scjg.inspection",
        "czj.contract_performance",
        "fgj.commitment",
        "tjj.commitment",
        "zjj.rating",
        "xzsp.contract_performance",
        "gaj.inspection",
    ):
        bad = [r for r in book.main[name, 1].rows if r.expect == "quarantined" and id(r) not in corrected]
        for i, row in enumerate(bad[:2]):
            corrected.add(id(row))
            _change(book, day, row, f"SR-{name}-{day}-{i}", f"退回更正（原 {row.case}）")


def _repeats(book: Book, clean: CleanRecords) -> None:
    for name in ("scjg.sampling", "czj.contract_performance", "xzsp.contract_performance"):
        for i, row in enumerate(take(book, clean, name, 4)):
            again = _change(book, 2, row, f"SD-{name}-{i}", "原样重报：重复")
            again.expect = "duplicate"


def _expiry(book: Book, clean: CleanRecords) -> None:
    """Entries whose term ends between day 2 and day 3 without any delivery about it."""
    for row in take(book, clean, "tjj.breach_list", 2, removed_on=""):
        row.fix(entered_on="2023-02-28", term_to="2026-02-27")
    for row in take(book, clean, "scjg.honour", 2, removed_on=""):
        row.fix(decided_on="2024-02-28", valid_to="2026-02-27")


# kind of record → word of the notice
_TABLES = {
    "scjg.breach_list": "名单",
    "scjg.abnormal_operation": "异常",
    "scjg.honour": "荣誉",
    "scjg.inspection": "检查",
    "yjgl.breach_list": "名单",
    "swj.rating": "评级",
    "czj.contract_performance": "履约",
    "yjgl.commitment": "承诺",
    "fy.judgment_debtor_entity": "失信",
    "rsj.labour_violation": "劳动",
}


def _notice(row: Row, day: int, kind: str, basis: str) -> Row:
    """A notice about a record, by its number, its authority and its subject."""
    dataset = "scjg.decision_event" if row.dataset.startswith("scjg") else "xzsp.decision_event"
    person = isinstance(row.subject, Person)
    values = {
        "event_type": kind,
        "decision_table": _TABLES[row.dataset],
        "decision_no": row.document_no,
        "authority_name": row.get("authority_name") or row.get("court_name"),
        "authority_uscc": row.get("authority_uscc"),
        "subject_name": row.get("subject_name"),
        "uscc": "" if person else row.get("uscc"),
        "id_type": "",
        "id_no": "",
        "event_date": (DAYS[day] - timedelta(days=1)).isoformat(),
        "basis": basis,
        "remark": "",
    }
    return Row(dataset, "events", values, row.subject)


def _notices(book: Book, clean: CleanRecords, day: int, objected: list[Row]) -> None:
    """Objections taken up on day 2 and settled on day 3; repairs and revocations on both."""
    told: list[Row] = []
    if day == 2:
        for name in (
            "scjg.breach_list",
            "scjg.abnormal_operation",
            "czj.contract_performance",
            "rsj.labour_violation",
            "yjgl.breach_list",
        ):
            objected += take(book, clean, name, 2)
        told += [_notice(r, 2, "异议受理", "主体提出异议申请") for r in objected]
        told += food.revocations(book)
    else:
        told += [_notice(r, 3, "异议办结", "经核查信息无误，维持原记录") for r in objected[::2]]
    for name, kind, basis in (
        ("scjg.breach_list", "修复", "完成信用修复"),
        ("scjg.abnormal_operation", "修复", "完成信用修复"),
        ("yjgl.breach_list", "修复", "完成信用修复"),
        ("scjg.honour", "撤销", "认定机关自行撤销"),
        ("scjg.inspection", "撤销", "检查结论有误，自行纠正"),
        ("swj.rating", "变更", "复评变更等级"),
        ("yjgl.commitment", "修复", "违诺情形已纠正"),
        ("fy.judgment_debtor_entity", "撤销", "执行裁定撤销"),
    ):
        told += [_notice(row, day, kind, basis) for row in take(book, clean, name, 1)]
    for i, row in enumerate(told):
        row.plant(f"SN-{day}-{i:02d}", [], "accepted", f"{row.get('event_type')}：{row.get('decision_table')}")
        if row.get("decision_table") == "处罚":
            row.city = "deleted"
        book.insert(day, row)


def _registers(book: Book, organisations: Organisations) -> None:
    """Day 2: the institutions' register is cut short and must be held; day 3: complete again, with changes."""
    for name in registers.REGISTERS:
        day1 = book.main[name, 1].rows
        if name == "jgbz.public_institution":
            cut = [r.again() for r in day1[: len(day1) // 3]]
            for row in cut:
                row.case = ""
            book.deliver(
                2,
                name,
                cut,
                on_day(name, 2),
                state="held",
                case="truncated_roster",
                note="登记名册快照只有三分之一，低于收缩下限：扣留，不得据此注销任何主体",
            )
        book.deliver(3, name, registers.third_day(book, organisations, name, day1), on_day(name, 3), main=True)
    book.deliver(3, "tjj.breach_list", [], on_day("tjj.breach_list", 3), case="zero_report", note="仅有表头：零报送")
    first = book.main["sfj.practitioner", 1].rows
    rows = []
    for row in first:
        new = row.again()
        new.case = ""
        rows.append(new)
    for i, row in enumerate(r for r in first if not r.case and r.truth["state"] == "有效"):
        if i == 4:
            break
        at = next(k for k, r in enumerate(first) if r is row)
        rows[at] = (
            row.clone()
            .fix(state="注销", state_on=DAYS[2].isoformat())
            .plant(f"SE-practice-{i}", [], "accepted", "执业注销")
        )
        rows[at].extra = dict(row.extra)
    book.deliver(3, "sfj.practitioner", rows, on_day("sfj.practitioner", 3), main=True)


_REFUSED = [
    (1, "street_south", "低收入家庭经济核对_{day}.csv", "低收入家庭经济核对"),
    (1, "jtj", "学生诚信档案_{day}.csv", "学生诚信"),
    (2, "sfj", "社区矫正人员信息_{day}.csv", "社区矫正"),
    (2, "gaj", "公民交通违法_{day}.csv", "公民交通违法"),
    (3, "town_east", "信访事项登记_{day}.csv", "信访"),
]


def _refused(book: Book, rng: random.Random, population: Population) -> None:
    """Files of datasets the law forbids; whatever is in them must be found nowhere afterwards."""
    for day, unit, pattern, title in _REFUSED:
        persons = rng.sample(population.persons, 8)
        lines = ["姓名,证件号码,内容", *(f"{p.name},{p.id_no},{title}信息" for p in persons)]
        book.refused[day].append(
            RefusedFile(
                unit,
                pattern.format(day=f"{DAYS[day]:%Y%m%d}"),
                title,
                ("\r\n".join(lines) + "\r\n").encode("utf-8"),
                tuple(p.id_no for p in persons),
            )
        )
