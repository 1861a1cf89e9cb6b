"""CSV: the delimiter and the header of a file, told by what the kind's headers are; its rows in ``records``."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from itertools import islice

from .base import (
    KNOWN_HEADERS,
    PREVIEW,
    Header,
    HeaderScore,
    Opener,
    Table,
    UnreadableFile,
    data_above,
    find_header,
    refuse_data_above,
)
from .records import Records, last_line_end, open_quote
from .text import Pieces, damaged

HEAD = 1 << 16
_DELIMITERS = ",\t;|"
# What separates columns in files that nobody can read here, as it is called in the reason.
_OTHER_SEPARATORS = {
    "，": "全角逗号“，”",
    "；": "全角分号“；”",
    "、": "顿号“、”",
    "：": "冒号“：”",
    ":": "冒号“:”",
    "^": "“^”",
    "~": "“~”",
    "#": "“#”",
    "\x01": "控制字符（0x01）",
    " ": "空格",
}
_ODD_LINE_ENDS = "\x0b\x0c\x85\u2028\u2029"


@dataclass
class _Record:
    """A record at the beginning of a file, the bytes up to its end, and the number of the line behind it."""

    cells: list[str]
    end: int
    line: int


def _first_records(text: str, delimiter: str) -> list[_Record]:
    end = 0

    def lines() -> Iterator[str]:
        nonlocal end
        for line in io.StringIO(text, newline=""):
            end += len(line.encode())
            yield line

    reader = csv.reader(lines(), delimiter=delimiter)
    return [
        _Record([cell.replace("\x00", "") for cell in cells], end, reader.line_num + 1)
        for cells in islice(reader, PREVIEW)
    ]


def tables(opener: Opener, name: str, encoding: str, score: HeaderScore) -> Generator[Table, None, None]:
    """The one table of a CSV file. Raises UnreadableFile for an empty, truncated or wrongly encoded file."""
    with opener() as source:
        pieces = Pieces(source, encoding, name)
        if pieces.empty:
            raise UnreadableFile(
                f"文件 {name} 是空文件（0 字节）。",
                remedy="重新导出后报送；本期无数据的，请报送只有表头的文件作为零报送。",
            )
        begun, text = _head(pieces, name)
        delimiter, preview, found = _header(text, score)
        headers = _as_wide(found.titles, [record.cells for record in preview[found.last + 1 :]])
        if not any(cell.strip() for cell in headers):
            raise UnreadableFile(f"文件 {name} 没有表头。", remedy="按填报模板保留第一行表头后重新报送。")
        known = score(headers) >= KNOWN_HEADERS
        above = data_above([record.cells for record in preview], found, score) if known else None
        if above is not None:
            raise refuse_data_above(name, above + 1)
        if any(("\n" in cell or "\r" in cell) and delimiter in cell for cell in headers):
            raise open_quote(name, preview[found.first - 1].line if found.first else 1)
        if any(mark in cell for cell in headers for mark in _ODD_LINE_ENDS):
            raise UnreadableFile(
                f"文件 {name} 的换行符不是通常的换行（U+2028、垂直制表等），分不出行。",
                remedy="用 Excel 或 WPS 打开，另存为 CSV 或 xlsx 后重新报送。",
            )
        if found.last == len(preview) - 1 or not known:
            _check_last(preview, text, name)
        if not known:
            _check_separator(text, score, name)
        header = preview[found.last]
        rest = Records(pieces, name, delimiter, len(headers), begun[header.end :], header.line)
        yield Table(None, headers, rest.chunks())


def _head(pieces: Pieces, name: str) -> tuple[bytes, str]:
    """What was read at the beginning of a file, and its whole lines there as text; all of it when it is short."""
    begun = b""
    while len(begun) < HEAD and (piece := pieces.read(HEAD)):
        begun += piece
    whole = pieces.last and len(begun) <= HEAD
    lines = begun if whole else begun[: last_line_end(begun[:HEAD])]
    if begun and not lines:
        raise UnreadableFile(f"文件 {name} 的第一行过长，不是表头。", remedy="按填报模板保留第一行表头后重新报送。")
    try:
        return begun, str(lines, "utf-8")
    except UnicodeDecodeError:
        raise damaged(name) from None


def _header(text: str, score: HeaderScore) -> tuple[str, list[_Record], Header]:
    """Delimiter, first records, and the header among them.

    The delimiter is the one the first line has most of, unless another one finds a known header below a title line.
    """
    title = re.split(r"[\r\n]", text, maxsplit=1)[0]
    found = []
    for delimiter in sorted(_DELIMITERS, key=title.count, reverse=True):
        preview = _first_records(text, delimiter)
        header = find_header([record.cells for record in preview] or [[]], score)
        found.append((delimiter, preview, header))
        if score(header.titles) >= KNOWN_HEADERS:
            return found[-1]
    return found[0]


def _as_wide(titles: list[str], rows: list[list[str]]) -> list[str]:
    """Titles with as many blank ones at the end as the rows have cells: some programs end lines with a delimiter, others titles.

    Only where most rows at the beginning agree, two at least: else a row has a cell too many or too few.
    """
    filled = [cells for cells in rows if any(map(str.strip, cells))]
    width = max(map(len, filled), key=list(map(len, filled)).count, default=0)
    agreeing = [cells for cells in filled if len(cells) == width]
    if len(agreeing) < 2 or len(agreeing) * 2 <= len(filled):
        return titles
    if any(map(str.strip, titles[width:])) or any(cell.strip() for cells in agreeing for cell in cells[len(titles) :]):
        return titles
    return titles[:width] + [""] * (width - len(titles))


def _check_separator(text: str, score: HeaderScore, name: str) -> None:
    """Refuse a header whose titles are separated by something else, and say by what."""
    for line in text.splitlines()[:PREVIEW]:
        for mark, called in _OTHER_SEPARATORS.items():
            if score(line.split() if mark == " " else line.split(mark)) >= KNOWN_HEADERS:
                raise UnreadableFile(
                    f"文件 {name} 用{called}分隔各列，分不出列。",
                    remedy="把分隔各列的符号改为半角逗号“,”，或另存为 xlsx 后重新报送。",
                )


def _check_last(preview: list[_Record], text: str, name: str) -> None:
    """Refuse a quote that opens before or in the header and swallows all that follows."""
    data, last = text.encode(), preview[-1]
    begin, line = (preview[-2].end, preview[-2].line) if len(preview) > 1 else (0, 1)
    if (
        last.end == len(data)
        and data.count(b'"', begin) % 2
        and any("\n" in cell or "\r" in cell for cell in last.cells)
    ):
        raise open_quote(name, line)
