"""What an xls workbook (BIFF8) says beside its cells: its calendar and hidden rows; older and other files are named.

Records are walked in the file as it lies there; a workbook whose stream lies in several pieces tells only what its first one
holds. [MS-XLS] 2.4.77 (Date1904), 2.4.28 (BoundSheet8), 2.4.220 (Row).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from .base import UnreadableFile
from .workbook import Sheet, Workbook

_BOF, _EOF, _DATE_MODE, _SHEET, _ROW = 0x0809, 0x000A, 0x0022, 0x0085, 0x0208
_GLOBALS = b"\x09\x08\x10\x00\x00\x06\x05\x00"
_HIDDEN = 0x20
_SAVE_AS = "用 Excel 或 WPS 打开，另存为 xlsx 后重新报送。"


def _holds(data: bytes, stream: str) -> bool:
    return data.find(stream.encode("utf-16-le") + b"\0\0") >= 0


def look(data: bytes, name: str) -> Workbook:
    """Look through an xls workbook. Raises UnreadableFile for what is none."""
    if _holds(data, "EncryptedPackage"):
        raise UnreadableFile(f"文件 {name} 设有打开密码，不能读取。", remedy="取消打开密码后重新报送。")
    if _holds(data, "WordDocument"):
        raise UnreadableFile(f"文件 {name} 是 Word 文档，不是表格。", remedy="按填报模板报送 xlsx 或 csv 文件。")
    if not _holds(data, "Workbook") and _holds(data, "Book"):
        raise UnreadableFile(f"文件 {name} 是 Excel 95 或更早的格式，不能读取。", remedy=_SAVE_AS)
    book, start = Workbook(data), data.find(_GLOBALS)
    if start < 0:
        return book
    for kind, place, length in _records(data, start):
        if kind == _DATE_MODE and length == 2:
            book.since_1904 = data[place] == 1
        elif kind == _SHEET and length >= 8:
            (offset,) = struct.unpack_from("<I", data, place)
            size, wide = data[place + 6], data[place + 7] & 1
            title = data[place + 8 : place + 8 + size * (1 + wide)].decode(
                "utf-16-le" if wide else "latin-1", "replace"
            )
            book.sheets[title] = Sheet(hidden=_hidden(data, start + offset))
    return book


def _records(data: bytes, place: int) -> Iterator[tuple[int, int, int]]:
    """Type, place and length of the records of one substream, those of charts inside it left out."""
    depth = 0
    while place + 4 <= len(data):
        kind, length = struct.unpack_from("<HH", data, place)
        place += 4
        depth += (kind == _BOF) - (kind == _EOF)
        if depth <= 0 or place + length > len(data):
            return
        if depth == 1:
            yield kind, place, length
        place += length


def _hidden(data: bytes, place: int) -> set[int]:
    return {
        struct.unpack_from("<H", data, at)[0] + 1
        for kind, at, length in _records(data, place)
        if kind == _ROW and length >= 14 and data[at + 12] & _HIDDEN
    }
