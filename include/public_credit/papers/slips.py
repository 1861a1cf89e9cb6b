"""退回单: the rows a unit has to correct, as a workbook a clerk can work from.

One workbook per unit and batch, written into the unit's own folder. Sheet 1 says what to do. Sheet 退回记录 tells of each row why
it came back and how to mend it, its number, the fields at fault with what stood in them, then the row under the official headers
with the values as they were delivered, and where it stood. Sensitive values are never shown: the clerk fills them in again.
"""

from __future__ import annotations

import hashlib
import io
import itertools
from dataclasses import dataclass
from typing import Any

import orjson
import xlsxwriter
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from ..base import files, progress, settings
from ..base.quoting import quoted
from ..catalogue import dataset_of, load_catalogue, slip_names
from ..catalogue.models import Dataset, Kind
from ..identifiers import persons
from ..identifiers.identity import says_none
from ..land import shapes
from ..land.canonical import CodeReader
from ..land.readers.spreadsheet import LISTS_SHEET, SLIP_SHEET
from ..land.rules import load_ruleset
from ..land.rules.checks.subject import required
from ..land.rules.model import RowRule
from ..ledger import locks
from ..ledger.models import Batch, Quarantine, Slip
from ..ledger.session import session
from ..ledger.states import QuarantineState, sql
from . import choices
from .sheets import height, landscape

HIDDEN = "已隐去，请重新填写"
FIRST_HEADERS = ("退回原因", "修改办法", "行号", "出错字段", "原填内容")
LAST_HEADERS = ("工作表", "文件", "批次", "规则")
_PRINTED = 8  # columns: why, how, where, what, and the subject, document and day of the record
_WIDTHS = (26, 32, 7, 18, 24, 26, 24, 12)
_STEPS = (
    "一、打开“退回记录”表：第一列是退回的原因，第二列是修改办法，其后是行号、出错的字段和原来填的内容，右边是整条记录。",
    "二、在右边的记录中改正标色的单元格；有下拉选项的从下拉中选；写着“已隐去”的证件号码等，据原始案卷重新填写。",
    "三、不要改动表头、行号和最右边的工作表、文件、批次各列；不需要改正的行可以整行删去。",
    "四、改完按原渠道报送本文件，文件名不用改；也可以在原文件中改正后，重新报送原文件。",
    "五、对退回理由有异议的，请联系区公共信用信息平台数据管理员。",
)


def shown(value: str) -> str:
    """A delivered value as a slip may show it: vault tokens replaced by a request to fill in again."""
    return persons.without_tokens(value, HIDDEN)


def _rows(
    opened: Session, kind: Kind, batch: Batch, attempt: int, fields: list[str], slip_id: str
) -> list[dict[str, Any]]:
    """The rows that go back with this slip: those on no slip yet, and those on this one when it is written again."""
    columns = ", ".join(f"r.{quoted(field)}" for field in fields)
    return [
        dict(row)
        for row in opened.execute(
            text(f"""
        select r.row_no, r.sheet, r.source_row, r.received, r.row_errors, {columns},
               (select string_agg(v.rule_id || ' ' || v.detail, ';' order by v.rule_id) from ledger.row_verdict v
                where v.batch_seq = r.batch_seq and v.attempt = r.attempt and v.row_no = r.row_no
                  and v.severity = 'error') as cross_errors
        from {kind.raw} r join ledger.quarantine q
          on q.batch_seq = r.batch_seq and q.attempt = r.attempt and q.row_no = r.row_no
        where r.batch_seq = :seq and r.attempt = :attempt and (q.state = {sql(QuarantineState.OPEN)} or q.slip_id = :slip)
        order by r.row_no"""),
            {"seq": batch.seq, "attempt": attempt, "slip": slip_id},
        ).mappings()
    ]


def _order(kind: Kind, fields: list[str]) -> list[str]:
    """Fields as a slip shows them: what tells the record first (subject, document, day), then the official order."""
    name = next((field for field in ("subject_name", "name") if field in fields), None)
    first = [field for field in (name, kind.document, kind.event_date) if field in fields]
    return list(dict.fromkeys([*first, *fields]))


@dataclass(frozen=True)
class _Fault:
    """Why a row came back: titles and remedies of its rules, ids, and the fields at fault."""

    titles: list[str]
    remedies: list[str]
    codes: list[str]
    fields: list[str]


def _is_due(item: dict[str, Any], values: dict[str, str]) -> bool:
    """Whether a field that is required unless, or only when, another has one of some values is required here."""
    given = values.get(item["depends_on"], "")
    return given in item["when"] if item.get("when") else given not in item.get("unless", [])


def _is_blank(kind: Kind, name: str, value: str) -> bool:
    return not value or (name in kind.document_numbers and says_none(value))


def _at_fault(rule: RowRule, kind: Kind, values: dict[str, str]) -> list[str]:
    """The fields of a rule a clerk has to look at: of required ones the blank, of code lists those nobody can read."""
    demanded = [condition.params for condition in rule.conditions if condition.check == required.__name__]
    if demanded:
        due = {name for name, field in kind.fields.items() if field.required == "yes"}
        for params in demanded:
            due |= {item["field"] for item in params.get("conditional", []) if _is_due(item, values)}
            for group in params.get("one_of", []):
                due |= set() if any(values.get(name) for name in group) else set(group)
        return [name for name, value in values.items() if name in due and _is_blank(kind, name, value)]
    filled = [name for name in rule.fields if values.get(name)]
    lists = {name: kind.fields[name].code_list for name in filled}
    unread = [
        name for name, codes in lists.items() if codes and CodeReader(kind.code_lists[codes])(values[name]) is None
    ]
    return unread or filled or rule.fields


def _fault(row: dict[str, Any], rules: dict[str, RowRule], kind: Kind, values: dict[str, str]) -> _Fault:
    cross = [part.split(" ", 1)[0] for part in (row["cross_errors"] or "").split(";") if part]
    codes = [code for code in row["row_errors"].split(";") if code] + cross
    known = [rules[code] for code in codes if code in rules]
    marked = {field for rule in known for field in _at_fault(rule, kind, values)}
    return _Fault(
        [rules[code].title if code in rules else code for code in codes],
        list(dict.fromkeys(rule.remedy for rule in known)),
        codes,
        [field for field in values if field in marked],
    )


def _notes(book: xlsxwriter.Workbook, title: str) -> None:
    sheet = book.add_worksheet("说明")
    sheet.set_column(0, 0, 120)
    sheet.write_string(0, 0, title, book.add_format({"bold": True, "font_size": 14}))
    wrapped = book.add_format({"text_wrap": True, "font_size": 12, "valign": "top"})
    for line, sentence in enumerate(_STEPS, start=1):
        sheet.write_string(line, 0, sentence, wrapped)
        sheet.set_row(line, height([(sentence, 120)], 12))
    landscape(sheet, title)


def _workbook(kind: Kind, dataset: Dataset, batch: Batch, rows: list[dict[str, Any]], unit_name: str) -> bytes:
    fields = _order(kind, kind.variants[batch.variant])
    rules = {rule.id: rule for rule in load_ruleset(kind.id).row_rules}
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": "退回单", "created": batch.received_at.replace(tzinfo=None)})
    base: dict[str, Any] = {"border": 1, "valign": "top", "num_format": "@"}
    head = book.add_format(base | {"bold": True, "text_wrap": True, "bg_color": "#DCE6F1"})
    place = book.add_format(base | {"font_color": "#595959"})
    plain = book.add_format(base)
    wrapped = book.add_format(base | {"text_wrap": True})
    wrong = book.add_format(base | {"text_wrap": True, "bg_color": "#FCE4D6"})
    title = f"退回单  {unit_name}  {dataset.title}  共 {len(rows)} 行"
    _notes(book, title)
    sheet = book.add_worksheet(SLIP_SHEET)
    headers = [*FIRST_HEADERS, *(kind.fields[field].title for field in fields), *LAST_HEADERS]
    sheet.write_row(0, 0, headers, head)
    sheet.set_row(0, height(zip(headers, [*_WIDTHS, *(18 for _ in headers)], strict=False), 11))
    for line, row in enumerate(rows, start=1):
        received = orjson.loads(row["received"]) if row["received"] else {}
        values = {field: shown(str(received.get(field, row[field]) or "")) for field in fields}
        fault = _fault(row, rules, kind, values)
        why = [
            "；".join(fault.titles),
            "；".join(fault.remedies),
            str(row["source_row"]),
            "\n".join(kind.fields[field].title for field in fault.fields),
            "\n".join(values[field] or "（空）" for field in fault.fields),
        ]
        for column, (value, style) in enumerate(zip(why, (wrapped, wrapped, place, wrapped, wrong), strict=True)):
            sheet.write_string(line, column, value, style)
        printed = [*why, *values.values()][:_PRINTED]
        sheet.set_row(line, height(zip(printed, _WIDTHS, strict=True), 11))
        for column, field in enumerate(fields, start=len(FIRST_HEADERS)):
            kept = wrapped if column < _PRINTED else plain
            sheet.write_string(line, column, values[field], wrong if field in fault.fields else kept)
        last = (row["sheet"] or "", batch.file_name or "", batch.batch_id, ";".join(fault.codes))
        for column, value in enumerate(last, start=len(headers) - len(LAST_HEADERS)):
            sheet.write_string(line, column, value, place)
    sheet.set_column(len(_WIDTHS), len(headers) - 1, 18)
    for column, width in enumerate(_WIDTHS):
        sheet.set_column(column, column, width)
    sheet.freeze_panes(1, 3)
    landscape(sheet, title)
    sheet.print_area(0, 0, len(rows), _PRINTED - 1)
    sheet.repeat_rows(0)
    _drop_downs(book, sheet, kind, batch.variant, fields, len(rows))
    book.close()
    return buffer.getvalue()


def _drop_downs(book: Any, sheet: Any, kind: Kind, variant: str, fields: list[str], rows: int) -> None:
    """Fields of a code list offer its values, as in the template the advice speaks of."""
    listed = [(place, kind.fields[field]) for place, field in enumerate(fields) if kind.fields[field].code_list]
    if listed:
        lists = book.add_worksheet(LISTS_SHEET)
        landscape(lists, f"{kind.title}  {LISTS_SHEET}")
        for number, (place, field) in enumerate(listed):
            choices.drop_down(sheet, len(FIRST_HEADERS) + place, rows, lists, number, kind, variant, field)


def _file_name(opened: Session, batch: Batch, slip_id: str, rows: int) -> str:
    """The name of a slip: the one it has, else the first no other slip of the unit has."""
    known = opened.get(Slip, slip_id)
    if known is not None:
        return known.file_name
    locks.lock(opened, f"slips {batch.unit_id}")
    taken = set(opened.scalars(select(Slip.file_name).where(Slip.unit_id == batch.unit_id)))
    catalogue, dataset = load_catalogue(), dataset_of(batch.seq, batch.dataset_id)
    names = (slip_names.file_name(catalogue, dataset, batch.business_date, rows, count) for count in itertools.count(1))
    return next(name for name in names if name not in taken)


def write(batch_seq: int) -> str | None:
    """Write the slip of one gated batch; its path, or None when nothing goes back. Writing twice is one slip.

    A row that is on a slip already, or corrected, does not go back again.
    """
    catalogue = load_catalogue()
    with session("collector") as opened:
        batch = opened.get_one(Batch, batch_seq)
        attempt = batch.current_attempt
        kind = catalogue.kinds[batch.kind]
        shapes.require(opened, kind)
        fields = kind.variants[batch.variant]
        slip_id = f"{batch.batch_id}-{attempt}"
        rows = _rows(opened, kind, batch, attempt, fields, slip_id) if attempt else []
        if not rows:
            return None
        name = _file_name(opened, batch, slip_id, len(rows))
        path = settings.slips_folder(batch.unit_id) / name
        known = opened.get(Slip, slip_id)
        if known is None or not path.exists():
            dataset = dataset_of(batch_seq, batch.dataset_id)
            content = _workbook(kind, dataset, batch, rows, catalogue.unit_name(batch.unit_id))
            files.write(path, content, files.SHARED)
            opened.merge(
                Slip(
                    slip_id=slip_id,
                    unit_id=batch.unit_id,
                    batch_seq=batch_seq,
                    attempt=attempt,
                    file_name=name,
                    sha256=hashlib.sha256(content).hexdigest(),
                    rows=len(rows),
                    written_on=batch.gated_on or batch.business_date,
                )
            )
            opened.flush()
        opened.execute(
            update(Quarantine)
            .where(
                Quarantine.batch_seq == batch_seq,
                Quarantine.attempt == attempt,
                Quarantine.state == QuarantineState.OPEN,
            )
            .values(state=QuarantineState.RETURNED, slip_id=slip_id)
        )
        progress.say(f"退回单 批次 {batch_seq}（{batch.dataset_id}）  {len(rows):,} 行  {path}")
        return str(path)
