"""The reviewed list as a workbook: the same list with notices beside it, every hit, every row not matched, notes."""

from __future__ import annotations

from typing import Any

from . import policy as policies
from .review import RED_LIST, Line, Reviewed
from .workbook import Book

ADDED = (
    "行号",
    "比对情况",
    "说明",
    "登记名称",
    "登记代码",
    "提示",
    "名单与处罚（名称，文号，依据，期限）",
    "守信激励信息",
    "评价等级",
)
_HIT_HEADERS = (
    "行号",
    "登记名称",
    "统一社会信用代码",
    "类别",
    "名称",
    "文号",
    "依据",
    "事由",
    "日期",
    "期限至",
    "认定机关",
    "标注",
    "记录编号",
)


_HEAD = 2  # line of the header of the first sheet, below the notice
_MARK = "▲ "  # beside the colour, which a print in black and white has not
_DETAILS = 46  # width of the column of hits


def _told(hit: dict[str, Any]) -> str:
    parts = [
        hit["title"] or hit["sort"],
        hit["document_no"] or "",
        hit["basis"] or "",
        f"{hit['since_on'] or ''} 起",
        f"至 {hit['term_on']}" if hit["term_on"] else "期限未载明",
    ]
    return "，".join(part for part in parts if part) + ("（异议中）" if hit["objected"] else "")


def _adverse(line: Line) -> list[dict[str, Any]]:
    """Hits that an office has to look at: a place on the red list is none."""
    return [hit for hit in line.hits if hit["sort"] != RED_LIST]


def _own_width(reviewed: Reviewed, column: int, header: str) -> int:
    """Width of a column of the list that was sent, by what stands in it."""
    cells = [line.applicant.cells[column] for line in reviewed.lines if column < len(line.applicant.cells)]
    return max(6, min(14, 2 * max(map(len, [header, *cells])) + 2))


def workbook(reviewed: Reviewed) -> bytes:
    """The result as xlsx bytes."""
    book = Book("批量信用审查", reviewed.number)
    footer = f"{reviewed.number}  数据日期 {reviewed.data_on}  只作提示"
    headers = [title or f"第 {column} 列" for column, title in enumerate(reviewed.listed.headers, start=1)]
    own = [_own_width(reviewed, column, header) for column, header in enumerate(headers)]
    sheet = book.sheet("审查清单", [*own, 5, 8, 16, 18, 12, 14, _DETAILS, 18, 12], footer)
    first = sorted(reviewed.lines, key=lambda line: not _adverse(line))
    rows = []
    for line in first:
        subject = line.subject or {}
        adverse = _adverse(line)
        cells = (line.applicant.cells + [""] * len(headers))[: len(headers)]
        rows.append(
            [
                *cells,
                line.applicant.row_no,
                line.applicant.state,
                line.applicant.reason,
                subject.get("name", ""),
                subject.get("uscc", ""),
                _MARK + line.hint if adverse else line.hint,
                "\n".join(map(_told, adverse)),
                "\n".join(_told(hit) for hit in line.hits if hit["sort"] == RED_LIST),
                "；".join(line.ratings),
            ]
        )
    noticed = sum(bool(_adverse(line)) for line in first)
    book.sentence(sheet, 0, policies.load().review.notice)
    book.sentence(
        sheet,
        1,
        f"共 {len(rows)} 行，其中 {noticed} 行有提示，排在最前并以 {_MARK.strip()} 和底色标出；其余按原名单的顺序。",
    )
    end = book.rows(sheet, _HEAD, [*headers, *ADDED], rows, marked=noticed)
    sheet.freeze_panes(_HEAD + 1, 0)
    sheet.repeat_rows(_HEAD)
    sheet.autofilter(_HEAD, 0, end - 1, len(headers) + len(ADDED) - 1)
    hits = book.sheet("命中明细", (5, 20, 12, 12, 20, 16, 22, 34, 11, 11, 16, 8, 14), footer)
    book.rows(
        hits,
        0,
        _HIT_HEADERS,
        [
            (
                line.applicant.row_no,
                line.subject["name"],
                line.subject["uscc"],
                hit["sort"],
                hit["title"],
                hit["document_no"],
                hit["basis"],
                hit["reason"],
                hit["since_on"],
                hit["term_on"],
                hit["authority_name"],
                "异议中" if hit["objected"] else "",
                hit["record_id"],
            )
            for line in reviewed.lines
            if line.subject
            for hit in line.hits
        ],
    )
    hits.freeze_panes(1, 0)
    missed = book.sheet("未匹配与未审查", (7, 18, 40, 60), footer)
    book.rows(
        missed,
        0,
        ("行号", "情况", "名称", "原因"),
        [
            (
                line.applicant.row_no,
                line.applicant.state,
                line.applicant.name if line.applicant.state == "未匹配" else "（自然人，不审查）",
                line.applicant.reason,
            )
            for line in reviewed.lines
            if line.applicant.state != "已比对"
        ],
    )
    notes = book.sheet("说明", (24, 100), footer)
    book.rows(
        notes,
        0,
        ("项目", "内容"),
        [
            ("编号", reviewed.number),
            ("使用人", reviewed.who),
            ("目的", reviewed.purpose),
            ("应用领域", reviewed.area or "未写明"),
            ("出具时间", f"{reviewed.made_at:%Y-%m-%d %H:%M}"),
            ("数据日期", reviewed.data_on),
            ("名单行数", len(reviewed.lines)),
            ("已比对", reviewed.count("已比对")),
            ("未匹配", reviewed.count("未匹配")),
            ("未审查（自然人）", reviewed.count("未审查（自然人）")),
            ("其中有提示", sum(bool(line.hits) for line in reviewed.lines)),
            ("范围", "在列的严重失信主体名单、经营异常名录、失信被执行人、红名单；程度为严重、尚在期限内的行政处罚"),
            ("评价等级", "、".join(reviewed.domains) or "目的中没有写明评价领域，未列出"),
            ("性质", policies.load().review.notice),
        ],
    )
    return book.content()
