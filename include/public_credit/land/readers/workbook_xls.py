"""What an xls workbook (BIFF8) says beside its cells: its calendar and hidden rows; older and other files are named.

Records are walked in the file as it lies there; a workbook whose stream lies in several pieces tells only what its first one
holds. [MS-XLS] 2.4.77 (Date1904), 2.4.28 (BoundSheet8), 2.4.220 (Row). A sparse sheet is made dense where it lies, as
``workbook`` does: cells have places of a fixed size (2.5.13 Cell), which are numbered anew.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator

from .base import UnreadableFile
from .workbook import DENSE, Sheet, Workbook

_BOF, _EOF, _DATE_MODE, _SHEET, _ROW = 0x0809, 0x000A, 0x0022, 0x0085, 0x0208
_GLOBALS = b"\x09\x08\x10\x00\x00\x06\x05\x00"
_HIDDEN = 0x20
_DIMENSIONS, _SEVERAL = 0x0200, 0x00BD  # MulRk: cells of one row side by side, the last column at its end
# Formula, Number, Label, BoolErr, RString, LabelSst, RK: a row, a column, a value.
_CELLS = frozenset({0x0006, 0x0203, 0x0204, 0x0205, 0x00D6, 0x00FD, 0x027E, _SEVERAL})
_FAT_AT, _FAT_SECTORS = 76, 109  # [MS-CFB] 2.2: the first sectors of the table of sectors stand in the file's header
_END = 0xFFFFFFFE
_SECTORS = {9: 512, 12: 4096}  # [MS-CFB] 2.2, Sector Shift
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
    whole, dense = _lies_in_one_piece(data, start), bytearray()
    for kind, place, length in _records(data, start):
        if kind == _DATE_MODE and length == 2:
            book.since_1904 = data[place] == 1
        elif kind == _SHEET and length >= 8:
            (offset,) = struct.unpack_from("<I", data, place)
            size, wide = data[place + 6], data[place + 7] & 1
            title = data[place + 8 : place + 8 + size * (1 + wide)].decode(
                "utf-16-le" if wide else "latin-1", "replace"
            )
            hidden, area = _rows(data, start + offset)
            sheet = book.sheets[title] = Sheet(hidden=hidden)
            if whole and area > DENSE and (taken := _few_in_much_room(data, start + offset)):
                dense = dense or bytearray(data)
                sheet.numbers = _made_dense(dense, start + offset, *taken)
    if dense:
        book.data = bytes(dense)
    return book


def _lies_in_one_piece(data: bytes, start: int) -> bool:
    """Whether the sectors of the stream that begins at ``start`` follow each other in the file ([MS-CFB] 2.3)."""
    if len(data) < _FAT_AT + 4 * _FAT_SECTORS:
        return False
    sector = _SECTORS.get(data[30], 0)
    if not sector:
        return False
    listed = struct.unpack_from(f"<{_FAT_SECTORS}I", data, _FAT_AT)
    fat = array("I")
    for place in (sector * (number + 1) for number in listed if number < _END - 1):
        fat.frombytes(data[place : min(place + sector, len(data) - len(data) % 4)])
    at, within = divmod(start - sector, sector)
    while not within and 0 <= at < len(fat):
        if fat[at] == _END:
            return True
        if fat[at] != at + 1:
            return False
        at += 1
    return False


def _few_in_much_room(data: bytes, place: int) -> tuple[list[int], list[int]] | None:
    """Rows and columns with a value where these are few in the room they take."""
    rows, columns = set[int](), set[int]()
    for kind, at, length in _records(data, place):
        if kind in _CELLS and length >= 6:
            row, first = struct.unpack_from("<HH", data, at)
            rows.add(row)
            last = _last(data, kind, at, length)
            columns.update((first, last), range(first, last + 1))
    if not rows:
        return None
    area = (max(rows) - min(rows) + 1) * (max(columns) - min(columns) + 1)
    return (sorted(rows), sorted(columns)) if area > DENSE and area > 2 * len(rows) * len(columns) else None


def _last(data: bytes, kind: int, at: int, length: int) -> int:
    column: int = struct.unpack_from("<H", data, at + length - 2 if kind == _SEVERAL else at + 2)[0]
    return column


def _made_dense(data: bytearray, place: int, rows: list[int], columns: list[int]) -> list[int]:
    """Number the cells of a sheet anew, in place; the numbers its rows had."""
    row_at = {row: number for number, row in enumerate(rows)}
    column_at = {column: number for number, column in enumerate(columns)}
    for kind, at, length in list(_records(data, place)):
        if kind == _DIMENSIONS and length >= 12:
            struct.pack_into("<IIHH", data, at, 0, len(rows), 0, len(columns))
        elif kind in _CELLS and length >= 6:
            row, first = struct.unpack_from("<HH", data, at)
            last = _last(data, kind, at, length)
            struct.pack_into("<HH", data, at, row_at[row], column_at[first])
            if kind == _SEVERAL:
                struct.pack_into("<H", data, at + length - 2, column_at[last])
    return [row + 1 for row in rows]


def _records(data: bytes | bytearray, place: int) -> Iterator[tuple[int, int, int]]:
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


def _rows(data: bytes, place: int) -> tuple[set[int], int]:
    """Numbers of the hidden rows of a sheet, and the cells it says to have room for, in its own record or those of its rows."""
    hidden, bottom, right = set[int](), 0, 0
    for kind, at, length in _records(data, place):
        if kind == _ROW and length >= 14:
            row, _, beyond = struct.unpack_from("<HHH", data, at)
            bottom, right = max(bottom, row + 1), max(right, beyond)
            if data[at + 12] & _HIDDEN:
                hidden.add(row + 1)
        elif kind == _DIMENSIONS and length >= 12:
            _, beneath, _, beyond = struct.unpack_from("<IIHH", data, at)
            bottom, right = max(bottom, beneath), max(right, beyond)
    return hidden, bottom * right
