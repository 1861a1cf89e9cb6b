"""退回单: the rows a unit has to correct, as a workbook a clerk can work from.

One workbook per unit and batch, written into the unit's own folder. Sheet 退回记录 holds each row under the official
headers with the values as they were delivered, where it stood (批次, 文件, 工作表, 行号) and, at the right, why it came
back, the rule and the remedy. Sensitive values are never shown: the clerk fills them in again.
"""

from __future__ import annotations

import hashlib
import io
from typing import Any

import orjson
import xlsxwriter
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from ..base import files, settings
from ..base.quoting import quoted
from ..catalogue import load_catalogue
from ..catalogue.models import Kind
from ..identifiers import persons
from ..land import shapes
from ..land.rules import load_ruleset
from ..ledger.models import Batch, Quarantine, Slip
from ..ledger.session import session
from ..ledger.states import QuarantineState, sql

PLACE_HEADERS = ("批次", "文件", "工作表", "行号")
REASON_HEADERS = ("退回原因", "规则", "修改办法")
HIDDEN = "已隐去，请重新填写"


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


def _workbook(kind: Kind, batch: Batch, rows: list[dict[str, Any]], fields: list[str], unit_name: str) -> bytes:
    rules = {rule.id: rule for rule in load_ruleset(kind.id).row_rules}
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": "退回单", "created": batch.received_at.replace(tzinfo=None)})
    head = book.add_format({"bold": True, "text_wrap": True, "border": 1, "bg_color": "#DCE6F1", "valign": "top"})
    place = book.add_format({"border": 1, "font_color": "#595959", "valign": "top", "num_format": "@"})
    plain = book.add_format({"border": 1, "valign": "top", "num_format": "@"})
    wrong = book.add_format({"border": 1, "valign": "top", "num_format": "@", "bg_color": "#FCE4D6"})
    reason = book.add_format({"border": 1, "valign": "top", "text_wrap": True})
    sheet = book.add_worksheet("退回记录")
    headers = [*PLACE_HEADERS, *(kind.fields[field].title for field in fields), *REASON_HEADERS]
    sheet.write_row(0, 0, headers, head)
    for line, row in enumerate(rows, start=1):
        errors = [code for code in row["row_errors"].split(";") if code]
        cross = [tuple(part.split(" ", 1)) for part in (row["cross_errors"] or "").split(";") if part]
        codes = errors + [code for code, _ in cross]
        received = orjson.loads(row["received"]) if row["received"] else {}
        marked = {field for code in codes if code in rules for field in rules[code].fields}
        for column, value in enumerate((batch.batch_id, batch.file_name, row["sheet"] or "", row["source_row"])):
            sheet.write(line, column, value, place)
        for column, field in enumerate(fields, start=len(PLACE_HEADERS)):
            value = shown(str(received.get(field, row[field]) or ""))
            sheet.write_string(line, column, value, wrong if field in marked else plain)
        titles = [rules[code].title if code in rules else code for code in codes]
        remedies = [rules[code].remedy for code in codes if code in rules]
        first = len(PLACE_HEADERS) + len(fields)
        sheet.write_string(line, first, "；".join(titles), reason)
        sheet.write_string(line, first + 1, "；".join(codes), reason)
        sheet.write_string(line, first + 2, "；".join(dict.fromkeys(remedies)), reason)
    sheet.freeze_panes(1, len(PLACE_HEADERS))
    sheet.set_column(0, 0, 14)
    sheet.set_column(1, 3, 10)
    sheet.set_column(len(PLACE_HEADERS), len(headers) - 4, 18)
    sheet.set_column(len(headers) - 3, len(headers) - 1, 40)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    notes = book.add_worksheet("说明")
    notes.set_column(0, 0, 100)
    for line, sentence in enumerate(
        (
            f"退回单  {unit_name}  批次 {batch.batch_id}  共 {len(rows)} 行",
            "一、请按“修改办法”改正标色的单元格，证件号码等已隐去的内容请据原始案卷重新填写。",
            "二、改正后保留前四列（批次、文件、工作表、行号），按原渠道重新报送本表；也可以在原文件中改正后重新报送原文件。",
            "三、不需要改正的行可以删除。请不要改动表头。",
            "四、对退回理由有异议的，请联系区公共信用信息平台数据管理员。",
        )
    ):
        notes.write_string(line, 0, sentence)
    book.close()
    return buffer.getvalue()


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
        name = f"退回单_{batch.dataset_id}_{batch.business_date:%Y%m%d}_{slip_id}.xlsx"
        path = settings.slips_folder(batch.unit_id) / name
        known = opened.get(Slip, slip_id)
        if known is None or not path.exists():
            content = _workbook(kind, batch, rows, fields, catalogue.units[batch.unit_id].name)
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
        return str(path)
