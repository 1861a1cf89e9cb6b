"""What befalls single decisions over the three days: repeats, corrections, late older versions, wrong numbers and names."""

from __future__ import annotations

from datetime import date

from district_simulator.book import Book
from district_simulator.decisions.clean import CleanDecisions
from district_simulator.decisions.shelf import take
from district_simulator.population.enterprises import Population
from district_simulator.vocabulary.rows import Row
from district_simulator.vocabulary.workcalendar import DAYS, deadline

SOME = 10
HOLIDAY_DATASETS = ("sthj.penalty_entity", "zjj.licence_entity", "scjg.licence_entity", "xzsp.licence_person")


def add(book: Book, population: Population, clean: CleanDecisions) -> None:
    """Rows of the ordinary deliveries."""
    _repeats_in_one_file(book)
    _back_and_forth(book)
    _names_and_keys(book, population, clean)
    _older_versions(book)
    _holiday(book, clean)
    _founded_before_the_roster_knows(book, population, clean)
    _correction_of_an_accepted(book)


def _insert(book: Book, day: int, row: Row, case: str, note: str, expect: str = "accepted") -> Row:
    return book.insert(day, row.plant(case, [], expect, note))


def _repeats_in_one_file(book: Book) -> None:
    for i, row in enumerate(take(book, "jtys.penalty_entity", 20)):
        _insert(book, 1, row.clone(), f"S-dup-{i:02d}", "同一文件内重复行", "duplicate")
    for i, row in enumerate(take(book, "scjg.penalty_entity", SOME)):
        _insert(book, 1, row.amended("（补正）"), f"S-two-{i:02d}", "同一批次两个版本：后者为当前版本")


def _back_and_forth(book: Book) -> None:
    """A → B → A is three versions."""
    wanted = {"xzsp.licence_entity": SOME, "zhzf.penalty_entity": SOME, "scjg.penalty_entity": 5}
    for dataset, count in wanted.items():
        for i, first in enumerate(take(book, dataset, count)):
            tag = f"S-aba-{dataset.split('.')[0]}-{i:02d}"
            _insert(book, 2, first.amended("（更正）"), f"{tag}-B", "A→B→A 的第二版")
            again = first.clone()
            again.sjc = ""
            _insert(book, 3, again, f"{tag}-A", "A→B→A 的第三版：内容回到第一版，不是重复")


def _names_and_keys(book: Book, population: Population, clean: CleanDecisions) -> None:
    for dataset in ("sthj.penalty_entity", "rsj.licence_entity"):
        former = population.groups["former"]
        for i in range(SOME):
            subject = former[(i * 7) % len(former)]
            row = clean.row(dataset, subject=subject)
            first = row.clone()
            first.put("subject_name", subject.former_names[0])
            _insert(book, 1, first, f"S-name-{dataset[:4]}-{i:02d}-a", "以曾用名报送")
            _insert(book, 2, row.clone(), f"S-name-{dataset[:4]}-{i:02d}-b", "更正名称：同一决定的新版本（MOD）")
    for i, right in enumerate(take(book, "xzsp.licence_entity", 8)):
        number = right.truth["decision_no"]
        wrong = right.clone().fix(decision_no=number.replace("许准", "许准误"))
        wrong.sjc = ""
        day1 = book.main["xzsp.licence_entity", 1].rows
        day1[next(k for k, r in enumerate(day1) if r is right)] = wrong
        wrong.plant(f"S-key-{i:02d}-a", [], "accepted", "文号有误；次日撤销并以正确文号重报")
        wrong.city = "accepted"
        corrected = right.clone()
        corrected.sjc = ""
        _insert(book, 2, corrected, f"S-key-{i:02d}-b", "正确文号")
        book.wrong_numbers.append((2, wrong, "文号录入错误，撤销原记录"))


def _older_versions(book: Book) -> None:
    """A late older version enters history, never current."""
    for dataset in ("xzsp.licence_entity", "yjgl.penalty_entity"):
        for i, newer in enumerate(take(book, dataset, SOME)):
            newer.sjc = f"{DAYS[1].isoformat()}T17:{i:02d}:00"
            older = newer.amended("（旧稿）")
            older.sjc = f"2026-02-24T08:{i:02d}:00"
            _insert(book, 2, older, f"S-old-{dataset[:4]}-{i:02d}", "迟到的旧版本：进入历史，不成为当前版本")
            older.current = False


def _holiday(book: Book, clean: CleanDecisions) -> None:
    """Decisions around the Spring Festival: the make-up Saturdays decide whether they are late."""
    moments = {
        1: [date(2026, 2, d) for d in (5, 6, 9, 10, 11, 13)],
        2: [date(2026, 2, d) for d in (9, 10, 11, 12, 13)],
        3: [date(2026, 2, d) for d in (11, 12, 13, 14, 24)],
    }
    for day, decided in moments.items():
        for dataset in HOLIDAY_DATASETS:
            for k, when in enumerate(decided * 2):
                row = clean.row(dataset, day=when)
                last = deadline(when)
                late = DAYS[day] > last
                _insert(
                    book,
                    day,
                    row,
                    f"S-holiday-{dataset[:4]}-{day}-{k:02d}",
                    f"决定日 {when}，最后期限 {last}，{'迟报' if late else '按时'}",
                )


def _founded_before_the_roster_knows(book: Book, population: Population, clean: CleanDecisions) -> None:
    """Licences of firms that enter the roster only on day 3: 未关联 first, linked afterwards."""
    for dataset in ("xzsp.licence_entity", "scjg.licence_entity"):
        for i in range(5):
            offset = 0 if dataset.startswith("xzsp") else 5
            row = clean.row(dataset, subject=population.newcomers[i + offset], recent=True)
            _insert(book, 2, row, f"S-founded-{dataset[:4]}-{i:02d}", "名册第三日才收录：先未关联，后关联").rules = [
                "R06W"
            ]


def _correction_of_an_accepted(book: Book) -> None:
    """Accepted on day 1, redelivered with a slip of the pen on day 2; the clerk will find on day 3 that the
    decision number was wrong too: an edited slip with a corrected key (one DEL + ADD)."""
    for dataset in ("wsjk.penalty_entity", "jtys.penalty_entity"):
        for i, row in enumerate(take(book, dataset, 6)):
            bad = row.amended("（补充）")
            bad.fix(
                penalty_category="罚款",
                penalty_content="处以罚款2000元。",
                fine_amount_wan="0.2",
                confiscated_amount_wan="",
                suspended_or_revoked_licence="",
            )
            bad.put("fine_amount_wan", "2000", "2000")
            _insert(
                book,
                2,
                bad,
                f"S-rekey-{dataset[:4]}-{i:02d}",
                "已入库记录的更正稿金额单位有误；第三日连同文号一并更正",
                "quarantined",
            ).rules = ["R12"]
            bad.city = "accepted"  # the first version stays
            book.rekey[row.truth["decision_no"]] = row.truth["decision_no"].replace("罚〔", "罚更〔")
    for i, row in enumerate(take(book, "zjj.licence_entity", 6)):
        bad = row.amended("（补充）")
        bad.put("licence_category", "普通许可", "普通许可")
        _insert(
            book, 2, bad, f"S-rekey-zjj-{i:02d}", "已入库记录的更正稿类别有误；第三日连同文号一并更正", "quarantined"
        ).rules = ["R13"]
        bad.city = "accepted"
        book.rekey[row.truth["decision_no"]] = row.truth["decision_no"].replace("许准〔", "许准更〔")
