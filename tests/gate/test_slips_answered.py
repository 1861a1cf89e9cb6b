"""The slip itself, as clerks send it back: cut, doubled, merged, sorted, converted, twice, too late, with another one in the same file.

Decisions 1 to 3 are on file and came again with a fault, 41 to 43 were returned and never accepted. What must come out: every row
that was mended corrects its own returned row, nothing on file is given up, and whatever is in doubt asks somebody.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from copy import copy
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlwt
from openpyxl.worksheet.worksheet import Worksheet
from public_credit.land.readers.spreadsheet import SLIP_SHEET
from public_credit.papers import slips
from public_credit.steps.follow_up import follow_up

from tests import seeds
from tests.gate.test_resubmission import Office, decision
from tests.helpers.commands import credit
from tests.helpers.penalties import judge, land
from tests.helpers.runs import run_on

RETURNED = (1, 2, 3, 41, 42, 43)
ALL = set(RETURNED)
TYPE, NUMBER, FIRM = "违法行为类型", "行政处罚决定书文号", "行政相对人名称"
Table = list[list[Any]]


class Clerk(Office):
    """Answers with the slip's own workbook; ``said``: what the gate said of the last answer."""

    said = ""

    def slip(self, seq: int) -> openpyxl.Workbook:
        path = slips.write(seq)
        assert path is not None
        return openpyxl.load_workbook(path)

    def send(self, content: bytes, suffix: str = "xlsx") -> tuple[int, str]:
        """Hand a file in and have it judged; receipt and state."""
        self.files += 1
        seq = land(self.folder, f"答复{self.files}.{suffix}", content, self.day)
        outcome = judge(seq, self.day)
        follow_up(run_on(self.day))
        self.said = outcome.message
        return seq, outcome.state

    def undone(self) -> list[str]:
        """Returned rows that were corrected by another decision than their own."""
        return [f"{old} ← {new}" for old, new in self.corrected().items() if old != new]


@pytest.fixture
def clerk(warehouse: Any, tmp_path: Path) -> Clerk:
    made = Clerk(warehouse, tmp_path)
    made.deliver([decision(number) for number in range(1, 21)])
    made.returned(*RETURNED)
    follow_up(run_on(made.day))
    return made


def returned_in(clerk: Clerk) -> int:
    return clerk.query("select max(batch_seq) from ledger.quarantine")[0][0]


def mended(book: openpyxl.Workbook) -> Worksheet:
    """The sheet of the rows, each with the field that was at fault filled in."""
    sheet = book[SLIP_SHEET]
    column = next(cell.column for cell in sheet[1] if cell.value == TYPE)
    for line in range(2, sheet.max_row + 1):
        sheet.cell(line, column, decision(1)["violation_type"])
    return sheet


def table_of(sheet: Worksheet) -> Table:
    return [list(row) for row in sheet.iter_rows(values_only=True)]


def saved(book: openpyxl.Workbook) -> bytes:
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def refilled(book: openpyxl.Workbook, table: Table) -> bytes:
    sheet = book[SLIP_SHEET]
    sheet.delete_rows(1, sheet.max_row)
    for row in table:
        sheet.append(row)
    return saved(book)


def as_csv(table: Table, encoding: str = "utf-8-sig", delimiter: str = ",") -> bytes:
    target = io.StringIO()
    csv.writer(target, delimiter=delimiter).writerows([["" if cell is None else cell for cell in row] for row in table])
    return target.getvalue().encode(encoding)


def as_xls(table: Table) -> bytes:
    book, target = xlwt.Workbook(), io.BytesIO()
    sheet = book.add_sheet(SLIP_SHEET)
    for line, row in enumerate(table):
        for column, cell in enumerate(row):
            sheet.write(line, column, cell)
    book.save(target)
    return target.getvalue()


def at(table: Table, title: str) -> int:
    return table[0].index(title)


def merged(title: str, keep_values: bool = False) -> Callable[[openpyxl.Workbook], bytes]:
    """All cells of a column merged into one, as Excel does it: only the first keeps its value."""

    def change(book: openpyxl.Workbook) -> bytes:
        sheet = mended(book)
        column = at(table_of(sheet), title) + 1
        sheet.merge_cells(start_row=2, end_row=sheet.max_row, start_column=column, end_column=column)
        return saved(book)

    return change


def changed(change: Callable[[Table], Table]) -> Callable[[openpyxl.Workbook], bytes]:
    return lambda book: refilled(book, change(table_of(mended(book))))


def each(title: str, say: Callable[[Any], Any]) -> Callable[[openpyxl.Workbook], bytes]:
    def change(table: Table) -> Table:
        place = at(table, title)
        return [table[0], *([*row[:place], say(row[place]), *row[place + 1 :]] for row in table[1:])]

    return changed(change)


def without(*titles: str) -> Callable[[openpyxl.Workbook], bytes]:
    def change(table: Table) -> Table:
        kept = [place for place, title in enumerate(table[0]) if title not in titles]
        return [[row[place] for place in kept] for row in table]

    return changed(change)


def shuffled(table: Table) -> Table:
    rows = table[1:]
    seeds.rng("slip").shuffle(rows)
    return [table[0], *rows]


def sorted_by_firm_alone(table: Table) -> Table:
    """One column was sorted without the others: the firms stand beside other decisions."""
    place = at(table, FIRM)
    firms = sorted((row[place] for row in table[1:]), reverse=True)
    return [table[0], *([*row[:place], firm, *row[place + 1 :]] for row, firm in zip(table[1:], firms, strict=True))]


def half_mended_copy(table: Table) -> Table:
    """One row twice: as it was returned, and mended below it."""
    place, row = at(table, TYPE), table[1]
    return [table[0], [*row[:place], "", *row[place + 1 :]], *table[1:]]


def hidden(book: openpyxl.Workbook) -> bytes:
    sheet = mended(book)
    for line in (3, 4):
        sheet.row_dimensions[line].hidden = True
    return saved(book)


def only_sheet(book: openpyxl.Workbook) -> bytes:
    mended(book)
    for name in book.sheetnames:
        if name != SLIP_SHEET:
            del book[name]
    return saved(book)


def renamed_sheet(book: openpyxl.Workbook) -> bytes:
    mended(book).title = "Sheet1"
    return saved(book)


def titled(book: openpyxl.Workbook) -> bytes:
    table = table_of(mended(book))
    return refilled(book, [["示范区综合执法局 退回数据更正表"], ["填报日期：2026年3月1日"], *table])


def copied_formats(book: openpyxl.Workbook) -> bytes:
    """Numbers of rows and days as a spreadsheet keeps them: numbers."""
    sheet = mended(book)
    place = at(table_of(sheet), "行号") + 1
    for line in range(2, sheet.max_row + 1):
        cell = sheet.cell(line, place)
        cell.value, cell.number_format = int(cell.value), copy("General")
    return saved(book)


# What is done with the slip; which returned rows wait afterwards.
WORKBOOKS: dict[str, tuple[Callable[[openpyxl.Workbook], bytes], set[int]]] = {
    "mended in place": (changed(list), set()),
    "rows deleted": (changed(lambda table: [table[0], table[2], table[5]]), ALL - {2, 42}),
    "each row twice": (changed(lambda table: [table[0], *(row for row in table[1:] for _ in "ab")]), set()),
    "one row as it was and mended": (changed(half_mended_copy), {1}),  # its copy in the answer is returned in turn
    "all rows twice, below each other": (changed(lambda table: [*table, *table[1:]]), set()),
    "sorted otherwise": (changed(shuffled), set()),
    "sorted upside down": (changed(lambda table: [table[0], *table[:0:-1]]), set()),
    "batch merged": (merged("批次"), set()),
    "file and batch blank below the first": (
        changed(lambda table: [table[0], table[1], *([*row[:-3], None, None, row[-1]] for row in table[2:])]),
        set(),
    ),
    "reason merged": (merged("退回原因"), set()),
    "rows hidden": (hidden, set()),
    "the sheet alone": (only_sheet, set()),
    "the sheet under another name": (renamed_sheet, set()),
    "a title above": (titled, set()),
    "numbers of rows as numbers": (copied_formats, set()),
    "numbers of rows in words": (each("行号", lambda told: f"第{told}行"), set()),
    "no places": (without("行号", "工作表", "文件", "批次", "规则"), set()),
    "blanks around the number": (each(NUMBER, lambda told: f" {told} "), set()),
    "blank lines between": (
        changed(lambda table: [table[0], *(given for row in table[1:] for given in (row, [None] * len(row)))]),
        set(),
    ),
}


@pytest.mark.parametrize("case", WORKBOOKS)
def test_however_the_slip_comes_back_each_row_corrects_its_own(clerk: Clerk, case: str) -> None:
    change, left = WORKBOOKS[case]
    _, state = clerk.send(change(clerk.slip(returned_in(clerk))))
    assert (clerk.open(), state.startswith("accepted")) == (left, True), clerk.said
    assert clerk.undone() == [] and clerk.given_up() == set() and clerk.links() == 0


@pytest.mark.parametrize("case", ["utf-8-sig", "gb18030", "tab", "xls"])
def test_a_slip_converted_to_another_format_is_the_same(clerk: Clerk, case: str) -> None:
    table = table_of(mended(clerk.slip(returned_in(clerk))))
    made = {"xls": lambda: (as_xls(table), "xls"), "tab": lambda: (as_csv(table, delimiter="\t"), "csv")}.get(
        case, lambda: (as_csv(table, case), "csv")
    )()
    _, state = clerk.send(*made)
    assert (clerk.open(), state) == (set(), "accepted")
    assert clerk.undone() == [] and clerk.given_up() == set() and clerk.links() == 0


def test_one_column_sorted_alone_corrects_no_other_and_asks(clerk: Clerk) -> None:
    """The numbers are their own, the firms are others': by number each may be a correction of its own row only."""
    clerk.send(changed(sorted_by_firm_alone)(clerk.slip(returned_in(clerk))))
    assert clerk.undone() == [] and clerk.given_up() == set()


def test_firms_merged_into_one_cell_are_not_given_to_all_rows(clerk: Clerk) -> None:
    """A merged cell stands for the rows below it in a form, not in a table: rows without a name are returned, not guessed."""
    clerk.send(merged(FIRM)(clerk.slip(returned_in(clerk))))
    assert clerk.undone() == [] and clerk.given_up() == set()


def test_a_slip_sent_back_as_it_was_corrects_nothing(clerk: Clerk) -> None:
    clerk.send(saved(clerk.slip(returned_in(clerk))))
    assert clerk.open() == ALL and clerk.corrected() == {} and clerk.links() == 0


@pytest.mark.parametrize("again", ["the same file", "the same rows", "other words"])
def test_a_slip_answered_twice_is_answered_once(clerk: Clerk, again: str) -> None:
    book = clerk.slip(returned_in(clerk))
    sheet = mended(book)
    first, _ = clerk.send(saved(book))
    corrected = clerk.query("select id, state, corrected_batch_seq from ledger.quarantine order by id")
    if again == "the same rows":
        sheet.append(["", ""])
    if again == "other words":
        column = at(table_of(sheet), "违法事实") + 1
        for line in range(2, sheet.max_row + 1):
            sheet.cell(line, column, f"{sheet.cell(line, column).value}（补充）")
    _, state = clerk.send(saved(book))
    assert state == "accepted" and clerk.open() == set()
    assert clerk.query("select id, state, corrected_batch_seq from ledger.quarantine order by id") == corrected
    assert clerk.given_up() == set() and {seq for _, _, seq in corrected} == {first}
    assert credit("corrections").out == "没有待认定的更正。\n"


def test_a_slip_answered_after_its_receipt_was_withdrawn_brings_records_and_asks_nobody(clerk: Clerk) -> None:
    seq = returned_in(clerk)
    content = saved(mended(clerk.slip(seq)).parent)
    assert credit("batches", "withdraw", seq, "--reason", "整批误报").code == 0
    assert clerk.open() == set()
    _, state = clerk.send(content)
    assert state == "accepted" and clerk.corrected() == {} and clerk.links() == 0
    assert credit("corrections").out == "没有待认定的更正。\n"
    assert credit("batches", "restore", seq, "--reason", "撤错了").code == 0
    follow_up(run_on(clerk.day))
    assert clerk.open() == set() and clerk.undone() == [], "the answer that came meanwhile is its answer"


@pytest.mark.parametrize("as_sheets", [False, True], ids=["below each other", "as two sheets"])
def test_two_slips_in_one_file_answer_both(clerk: Clerk, as_sheets: bool) -> None:
    first = returned_in(clerk)
    clerk.returned(51, 52, 53)
    follow_up(run_on(clerk.day))
    second = returned_in(clerk)
    assert second != first
    one, other = (clerk.slip(seq) for seq in (first, second))
    table = table_of(mended(other))
    sheet = mended(one)
    if as_sheets:
        more = one.create_sheet(f"{SLIP_SHEET} (2)")
        for row in table:
            more.append(row)
    else:
        for row in table[1:]:
            sheet.append(row)
    _, state = clerk.send(saved(one))
    assert state == "accepted" and clerk.open() == set() and clerk.undone() == [] and clerk.links() == 0


def test_the_slip_of_another_unit_corrects_nothing_and_is_said(clerk: Clerk, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.helpers import penalties

    content = saved(mended(clerk.slip(returned_in(clerk))).parent)
    monkeypatch.setattr(penalties, "DATASET", "wsjk.penalty_entity")
    clerk.send(content)
    assert clerk.open() >= ALL and clerk.corrected() == {} and clerk.links() == 0
