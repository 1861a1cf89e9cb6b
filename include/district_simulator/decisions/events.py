"""decision_event: revocations and changes, with their own faults V01–V05."""

from __future__ import annotations

from datetime import timedelta

from district_simulator.book import Book
from district_simulator.decisions.faults.references import stranger_office
from district_simulator.decisions.headings import on_day
from district_simulator.decisions.shelf import take
from district_simulator.vocabulary.rows import Row
from district_simulator.vocabulary.subjects import Person
from district_simulator.vocabulary.workcalendar import DAYS

SOURCES = ("xzsp.licence_entity", "xzsp.licence_person", "scjg.licence_entity", "scjg.penalty_entity")
BASES = ["行政复议决定撤销", "行政诉讼判决撤销", "作出机关自行纠正"]


def event_of(row: Row, day: int, kind: str, basis: str, dataset: str) -> Row:
    """The notice that a decision ended or changed."""
    person = isinstance(row.subject, Person)
    values = {
        "event_type": kind,
        "decision_table": "许可" if row.table.startswith("xk") else "处罚",
        "decision_no": row.get("decision_no"),
        "authority_name": row.get("authority_name"),
        "authority_uscc": row.get("authority_uscc"),
        "subject_name": row.get("subject_name"),
        "uscc": "" if person else row.get("uscc"),
        "id_type": "身份证" if person else "",
        "id_no": row.get("id_no") if person else "",
        "event_date": (DAYS[day] - timedelta(days=1)).isoformat(),
        "basis": basis,
        "remark": "",
    }
    return Row(dataset, "events", values, row.subject)


def add(book: Book) -> None:
    """Day 1: decisions revoked before they were ever reported; day 2 and 3: after delivery."""
    events: dict[tuple[str, int], list[Row]] = {}

    def tell(day: int, row: Row, kind: str, basis: str, case: str, note: str, city: str) -> Row:
        dataset = "scjg.decision_event" if row.dataset.startswith("scjg") else "xzsp.decision_event"
        event = event_of(row, day, kind, basis, dataset).plant(case, [], "accepted", note)
        event.city = city
        events.setdefault((dataset, day), []).append(event)
        return event

    plans = {1: 4, 2: 16, 3: 6}
    for day, count in plans.items():
        for dataset in SOURCES:
            for i, row in enumerate(take(book, dataset, count)):
                tag = dataset.replace(".", "-").replace("licence", "xk").replace("penalty", "cf")
                tell(
                    day,
                    row,
                    "撤销",
                    BASES[i % 3],
                    f"S-revoke-{tag}-{day}-{i:02d}",
                    "撤销：市平台记录应删除" if day > 1 else "首次报送当日即已撤销：不得报市",
                    "deleted" if day > 1 else "absent",
                )
    for i, row in enumerate(take(book, "scjg.penalty_entity", 8) + take(book, "xzsp.licence_entity", 8)):
        tell(2, row, "变更", "行政复议决定变更", f"S-change-{i:02d}", "变更：同日报送变更后的内容（MOD）", "accepted")
        changed = row.amended("（依复议决定变更）")
        book.insert(2, changed.plant(f"S-changed-{i:02d}", [], "accepted", "变更后的决定"))
    for day, row, basis in book.wrong_numbers:
        tell(day, row, "撤销", basis, f"S-key-revoke-{row.case[-4:-2]}", "错误文号的记录撤销：市平台删除", "deleted")
    for (dataset, day), rows in sorted(events.items()):
        rows += _planted(book, dataset, day)
        book.deliver(day, dataset, rows, on_day(dataset, day), main=True)


def _planted(book: Book, dataset: str, day: int) -> list[Row]:
    """A few faulty notices; the decisions they mean stay in force."""
    if day != 2:
        return []
    source = "scjg.penalty_entity" if dataset.startswith("scjg") else "xzsp.licence_entity"
    rows = []
    for i, target in enumerate(take(book, source, 6)):
        event = event_of(target, day, "撤销", BASES[0], dataset)
        rule = ["V01", "V02", "V03", "V04", "V05", "V01"][i]
        expect = "accepted" if rule == "V05" else "quarantined"
        event.plant(f"V-{dataset[:4]}-{i}", [rule], expect, "有误的事件：原决定不受影响")
        if i == 0:
            event.put("basis", "")
        elif i == 1:
            event.put("event_type", "作废", "作废")
        elif i == 2:
            event.put("event_date", "2026-02-30", "2026-02-30")
        elif i == 3:
            event.put("authority_uscc", stranger_office(500 + i))
        elif i == 4:
            event.put("decision_no", target.truth["decision_no"].replace("第", "第9"))
        else:
            event.put("uscc", "")
        rows.append(event)
    return rows
