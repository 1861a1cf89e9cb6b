"""Read a list of applicants: find name and code columns by meaning, and set aside rows that are persons.

Procurement, bidding, resource trading and subsidy offices send what they have. A row that is a person is marked and
nothing of it is looked up or stored; a number that looks like an ID number leaves this module masked only.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import python_calamine

from ..base.messages import UserError
from ..identifiers import persons
from ..identifiers.codes import PLACEHOLDER, Check, check_uscc, normalise
from ..land.headers import fold
from . import policy as policies
from .policy import Review

_HEADER_ROWS = 20
_HAN_NAME = re.compile(r"^[\u4e00-\u9fff·]{2,4}$")
_MOST_ROWS = 200_000


@dataclass
class Applicant:
    """One row of the list; ``scheme`` and ``value`` are what it is looked up by, '' when it must not or cannot be."""

    row_no: int
    cells: list[str]
    name: str = ""
    code: str = ""
    scheme: str = ""
    value: str = ""
    state: str = "待比对"
    reason: str = ""


@dataclass(frozen=True)
class ApplicantList:
    """A list as it was read."""

    headers: list[str]
    applicants: list[Applicant]
    columns: dict[str, int] = field(default_factory=dict)


def _text(cell: Any) -> str:
    """A cell as text; a number without decimals as its digits."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell).strip()


def _columns(row: Sequence[Any], review: Review) -> dict[str, int]:
    """Which columns hold name, code and type; the first spelling that fits counts."""
    found: dict[str, int] = {}
    for meaning, spellings in review.headers.model_dump().items():
        known = [fold(spelling) for spelling in spellings]
        places = [
            (known.index(fold(str(cell))), column)
            for column, cell in enumerate(row)
            if cell is not None and fold(str(cell)) in known
        ]
        if places:
            found[meaning] = min(places)[1]
    return found


def _find_header(rows: list[list[Any]], review: Review) -> tuple[int, dict[str, int]]:
    for index, row in enumerate(rows[:_HEADER_ROWS]):
        found = _columns(row, review)
        if "name" in found or "code" in found:
            return index, found
    raise UserError(
        "名单中没有找到名称列或统一社会信用代码列。", remedy="表头请用“名称”“统一社会信用代码”；表头应在前 20 行内。"
    )


def _holds_number(text: str) -> bool:
    return persons.holds(text, letters="P")


def masked(cells: list[str]) -> list[str]:
    """Cells with every number of a person blanked."""
    return [persons.mask(cell) if len(cell) >= 11 else cell for cell in cells]


def _person(applicant: Applicant, kind: str, code: Check, review: Review) -> str:
    """Why a row is a person, or ''."""
    if any(word in kind for word in review.person_words) or applicant.name in review.person_words:
        return "名单注明为自然人"
    if _holds_number(applicant.code) or _holds_number(applicant.name):
        return "所填为身份证件号码"
    if not code.ok and any(_holds_number(cell) for cell in applicant.cells):
        return "本行没有统一社会信用代码而有身份证件号码"
    plain = applicant.name.replace(" ", "").replace("\u3000", "")
    if not applicant.code and _HAN_NAME.match(plain) and not any(word in plain for word in review.organisation_words):
        return "没有代码，名称似为自然人姓名"
    return ""


def _lookup(applicant: Applicant, raw_code: Any, outcome: Check) -> None:
    """Set what an organisation is looked up by, or why it cannot be."""
    if isinstance(raw_code, int | float) and abs(raw_code) >= 1e15:
        applicant.state, applicant.reason = "未匹配", "代码在数字格式的单元格中，末几位已丢失；请改为文本格式重新填写"
        return
    if normalise(applicant.code)[0]:
        if outcome.ok:
            applicant.scheme, applicant.value = "uscc", outcome.value
        elif outcome.value == PLACEHOLDER:
            applicant.state, applicant.reason = "未匹配", "填写的是占位代码"
        elif len(outcome.value) == 18:
            applicant.state, applicant.reason = "未匹配", "统一社会信用代码未通过校验（GB 32100）"
        else:
            applicant.scheme, applicant.value = "other", normalise(applicant.code)[0]
    elif applicant.name:
        applicant.scheme, applicant.value = "name", applicant.name
    else:
        applicant.state, applicant.reason = "未匹配", "没有名称，也没有代码"


def read(content: bytes) -> ApplicantList:
    """The first sheet of a workbook that has a name or a code column. Raises UserError when none has."""
    review = policies.load().review
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = [book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names]
    except Exception as error:  # calamine raises its own types, none of them worth showing
        raise UserError("无法读取名单，文件不是完好的 Excel 工作簿。", remedy="另存为 xlsx 后重试。") from error
    problem: UserError | None = None
    for rows in sheets:
        try:
            start, columns = _find_header(rows, review)
            break
        except UserError as error:
            problem = problem or error
    else:
        raise problem or UserError("名单是空的。", remedy="检查工作簿。")
    if len(rows) - start > _MOST_ROWS:
        raise UserError(f"名单超过 {_MOST_ROWS:,} 行。", remedy="分成几份比对。")
    applicants = []
    for row_no, row in enumerate(rows[start + 1 :], start=start + 2):
        cells = [_text(cell) for cell in row]
        if not any(cells):
            continue
        picked = {meaning: cells[column] if column < len(cells) else "" for meaning, column in columns.items()}
        applicant = Applicant(row_no, cells, picked.get("name", ""), picked.get("code", ""))
        code = check_uscc(applicant.code)
        why = _person(applicant, picked.get("type", ""), code, review)
        if why:
            applicant.state, applicant.reason = "未审查（自然人）", why
            applicant.code = ""
        else:
            _lookup(applicant, row[columns["code"]] if "code" in columns and columns["code"] < len(row) else None, code)
        applicant.cells = masked(cells)
        applicants.append(applicant)
    if not applicants:
        raise UserError("名单只有表头，没有申请单位。", remedy="检查工作簿。")
    return ApplicantList([_text(cell) for cell in rows[start]], applicants, columns)
