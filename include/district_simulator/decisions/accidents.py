"""Accidents of whole deliveries: sent twice, cut off, renamed columns, old code sets, empty, unfinished."""

from __future__ import annotations

from typing import Any

from district_simulator.book import Book
from district_simulator.decisions.clean import CleanDecisions
from district_simulator.decisions.headings import DIALECTS, back_file_2016, on_day
from district_simulator.decisions.shelf import take
from district_simulator.vocabulary.workcalendar import DAYS, EARLIER


def add(book: Book, clean: CleanDecisions) -> None:
    """Deliveries of their own beside the ordinary ones."""
    _redeliveries(book)
    _broken_files(book, clean)
    _unfinished_batch(book, clean)


def _redeliveries(book: Book) -> None:
    first = book.main["zhzf.penalty_person", 1]
    rows = [r.again() for r in first.rows]
    for row in rows:
        row.case = ""
    book.deliver(
        2,
        "zhzf.penalty_person",
        rows,
        first.dialect,
        tail="_重报",
        case="exact_redelivery",
        same=first,
        note="与第一日文件逐字节相同：已入库的全部为重复",
    )
    first = book.main["zjj.licence_entity", 1]
    changed = {id(r): r.amended("（更正）") for r in take(book, "zjj.licence_entity", 12)}
    rows = []
    for row in first.rows:
        if row.expect not in ("accepted", "duplicate"):
            continue
        new = changed.get(id(row)) or row.again()
        new.case = ""
        if id(row) in changed:
            new.plant(f"S-corrected-{len(rows):04d}", [], "accepted", "更正重报：内容有变的行")
        rows.append(new)
    book.deliver(
        2,
        "zjj.licence_entity",
        rows,
        first.dialect,
        tail="_更正重报",
        case="corrected_redelivery",
        note="整份更正重报：12 行为新版本，其余为重复",
    )


def _broken_files(book: Book, clean: CleanDecisions) -> None:
    main = book.main["wsjk.penalty_entity", 3]
    lost = [clean.row("wsjk.penalty_entity", recent=True) for _ in range(40)]
    book.deliver(
        2,
        "wsjk.penalty_entity",
        [r.clone() for r in lost],
        on_day("wsjk.penalty_entity", 2),
        damage="truncated",
        tail="_2",
        state="broken",
        case="truncated_file",
        note="文件传输中断，xlsx 不完整；第三日补报",
    )
    main.rows += lost
    rows = [clean.row("jtys.penalty_entity", recent=True) for _ in range(30)]
    dialect = DIALECTS["jtys.penalty_entity"].with_columns(
        rename={"行政处罚决定书文号": "!处罚文号新"}, suffix="_renamed"
    )
    for row in rows:
        row.extra["处罚文号新"] = row.truth["decision_no"]
        row.put("decision_no", "")
        row.expect, row.rules = "quarantined", ["R01"]
    book.deliver(
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
        rows = [clean.row(dataset) for _ in range(25)]
        for row in rows:
            row.put("authority_uscc", "")
            row.expect, row.rules = "quarantined", ["R01"]
        book.deliver(
            2,
            dataset,
            rows,
            back_file_2016(table),
            tail="_lsbl",
            state="held",
            case="back_file_2016",
            note="2014/2016 代码集的历史补录：缺机关代码等必填项",
        )
    for day in EARLIER:
        if day % 2:
            dialect = on_day("nync.penalty_entity", day)
            book.deliver(day, "nync.penalty_entity", [], dialect, case="zero_report", note="仅有表头：零报送")
    for day in DAYS:
        dialect = on_day("nync.penalty_entity", day)
        said: dict[str, Any] = {"case": "zero_report", "note": "仅有表头：零报送"}
        if day == 2:
            said = {"damage": "empty", "state": "broken", "case": "empty_file", "note": "零字节文件"}
        book.deliver(day, "nync.penalty_entity", [], dialect, **said)


def _unfinished_batch(book: Book, clean: CleanDecisions) -> None:
    rows = [clean.row("rsj.penalty_entity", recent=True) for _ in range(40)]
    number = f"{DAYS[1]:%Y%m%d}009"
    part = book.deliver(
        1,
        "rsj.penalty_entity",
        rows[:15],
        on_day("rsj.penalty_entity", 1),
        batch_no=number,
        done=False,
        state="pending",
        case="unfinished_batch",
        note="批次未登记完成（batch_done 中没有）：当日不得收取",
    )
    part.rows = [r.clone() for r in rows[:15]]
    book.deliver(
        2,
        "rsj.penalty_entity",
        rows,
        on_day("rsj.penalty_entity", 2),
        batch_no=number,
        case="finished_batch",
        note="前一日未完成的批次今日完成",
    )
