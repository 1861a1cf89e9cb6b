"""What a workbook says beside its cells: hidden rows, formulas nobody calculated, its calendar; sparse sheets made dense.

The library that reads cells (``spreadsheet_child``) tells none of these, and takes room for every cell between the first and
the last of a sheet: one cell in column XFD would cost gigabytes. Every sheet is looked through for a few marks, which costs a
twentieth of its reading; only where one is found is it parsed here. Damage is left for the reader of cells to name.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from lxml import etree

_PIECE, _OVERLAP = 1 << 18, 64
_DIMENSION = re.compile(rb'<dimension ref="([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})"')
_PREFIXED = re.compile(rb"<\w+:worksheet\b")
_FAR = re.compile(rb'r="(?:[A-Z]{3}|[D-Z][A-Z])')  # a cell beyond column CZ
_LAST_ROW = re.compile(rb'<row[^>]*? r="([0-9]{1,7})"')
# What fills the unit in beside what is typed (``papers.template``): without anything typed in its row it says nothing.
_FILLS_IN = re.compile(r'IF\(\$[A-Z]+\d+="","","[^"]*"\)')
DENSE = 4_000_000  # so many cells cost nothing even where most are blank
_SAFE = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False}
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    etree.LxmlError,
    KeyError,
    ValueError,
    RuntimeError,
    EOFError,
    NotImplementedError,
)


@dataclass
class Sheet:
    """A sheet's hidden rows (numbers), formulas without a value (row number, column from 0), and the row numbers it had.

    ``numbers``: of a sheet that was made dense, per row of what is read the number a clerk sees.
    """

    hidden: set[int] = field(default_factory=set)
    uncalculated: list[tuple[int, int]] = field(default_factory=list)
    numbers: list[int] | None = None


@dataclass
class Workbook:
    """The bytes to read, whether serial numbers of dates count from 1904, and sheets by name that have something to say."""

    data: bytes
    since_1904: bool = False
    sheets: dict[str, Sheet] = field(default_factory=dict)


def column_index(letters: str) -> int:
    """A (0), B (1), … XFD (16383)."""
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - 64
    return index - 1


def column_letters(index: int) -> str:
    """0 (A), 1 (B), …"""
    letters, index = "", index + 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def look(data: bytes) -> Workbook:
    """Look through an xlsx workbook."""
    book = Workbook(data)
    dense: dict[str, bytes] = {}
    with suppress(*_DAMAGE), zipfile.ZipFile(io.BytesIO(data)) as archive:
        book.since_1904, parts = _parts(archive)
        for name, part in parts.items():
            if not _suspicious(archive, part):
                continue
            sheet = book.sheets[name] = Sheet()
            taken = _parsed(archive, part, sheet)
            if taken is not None:
                dense[part], sheet.numbers = _made_dense(archive, part, *taken)
        if dense:
            book.data = _replaced(archive, dense)
    return book


def _local(element: etree._Element) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _parts(archive: zipfile.ZipFile) -> tuple[bool, dict[str, str]]:
    """Whether the calendar begins in 1904, and the member of every sheet by the sheet's name."""
    parser = etree.XMLParser(**_SAFE)
    links = etree.fromstring(archive.read("_rels/.rels"), parser)
    targets_of_package = [link.get("Target", "") for link in links if link.get("Type", "").endswith("/officeDocument")]
    main = "".join(targets_of_package[:1]).lstrip("/")
    folder, file = posixpath.split(main)
    targets = {
        link.get("Id"): link.get("Target", "")
        for link in etree.fromstring(archive.read(f"{folder}/_rels/{file}.rels".lstrip("/")), parser)
    }
    since_1904, parts = False, {}
    for element in etree.fromstring(archive.read(main), parser).iter():
        if _local(element) == "workbookPr":
            since_1904 = element.get("date1904", "") in ("1", "true", "on")
        elif _local(element) == "sheet":
            link = next((value for key, value in element.items() if etree.QName(key).localname == "id"), "")
            target = targets.get(link, "")
            part = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
            if part in archive.namelist() and "chartsheets" not in part:
                parts[element.get("name", "")] = part
    return since_1904, parts


def _suspicious(archive: zipfile.ZipFile, part: str) -> bool:
    """Whether a sheet has a mark of something hidden, of a formula, or far more room than cells."""
    cells = rows = area = last = 0
    far, before = False, b""
    with archive.open(part) as source:
        while piece := source.read(_PIECE):
            if not before:
                if _PREFIXED.search(piece):
                    return True
                found = _DIMENSION.search(piece)
                area = _area(found) if found else -1
            text = before[-_OVERLAP:] + piece
            if b"hidden=" in text or text.rfind(b"</f>") >= 0:
                return True
            if area < 0:  # the sheet does not say how far it goes, or says that it is one cell
                far = far or _FAR.search(text) is not None
                rows += piece.count(b"<row")
                last = max(map(int, _LAST_ROW.findall(text[text.rfind(b"<row") :])), default=last)
            elif area > DENSE:
                cells += piece.count(b"<c ")
            before = piece
    return far or last > 2 * rows + 1000 or (area > DENSE and area > 2 * cells)


def _area(found: re.Match[bytes]) -> int:
    left, top, right, bottom = (group.decode() for group in found.groups())
    return (column_index(right) - column_index(left) + 1) * (int(bottom) - int(top) + 1)


def _rows(
    archive: zipfile.ZipFile, part: str
) -> Iterator[tuple[int, etree._Element, list[tuple[int, etree._Element]]]]:
    """Number, element, and (column, element) of the cells of every row of a sheet."""
    number = 0
    with archive.open(part) as source:
        for _, row in etree.iterparse(source, events=("end",), tag="{*}row", **_SAFE):
            number = int(row.get("r") or number + 1)
            column, cells = -1, []
            for cell in row:
                if _local(cell) == "c":
                    place = cell.get("r", "").rstrip("0123456789")
                    column = column_index(place) if place else column + 1
                    cells.append((column, cell))
            yield number, row, cells
            row.clear()
            while row.getprevious() is not None:
                del row.getparent()[0]


def _has_value(cell: etree._Element) -> bool:
    return any(_local(part) in ("v", "is") and "".join(part.itertext()) for part in cell)


def _is_uncalculated(cell: etree._Element) -> bool:
    return cell.get("t") != "str" and any(_local(part) == "f" for part in cell) and not _has_value(cell)


def _fills_in(cell: etree._Element) -> bool:
    return any(_local(part) == "f" and _FILLS_IN.fullmatch(part.text or "") is not None for part in cell)


def _parsed(archive: zipfile.ZipFile, part: str, sheet: Sheet) -> tuple[list[int], list[int]] | None:
    """Note what a sheet hides; rows and columns with a value where these are few in the room they take."""
    rows, columns = list[int](), set[int]()
    for number, row, cells in _rows(archive, part):
        values = [column for column, cell in cells if _has_value(cell)]
        if values:
            rows.append(number)
            columns.update(values)
            if row.get("hidden") in ("1", "true"):
                sheet.hidden.add(number)
        sheet.uncalculated += [
            (number, column) for column, cell in cells if _is_uncalculated(cell) and (values or not _fills_in(cell))
        ]
    if not rows or rows != sorted(set(rows)):
        return None
    area = (rows[-1] - rows[0] + 1) * (max(columns) - min(columns) + 1)
    return (rows, sorted(columns)) if area > DENSE and area > 2 * len(rows) * len(columns) else None


def _made_dense(archive: zipfile.ZipFile, part: str, rows: list[int], columns: list[int]) -> tuple[bytes, list[int]]:
    """The sheet with these rows and columns alone, and the numbers its rows had."""
    places = {column: column_letters(place) for place, column in enumerate(columns)}
    wanted, out, count, namespace = set(rows), io.BytesIO(), 0, ""
    for number, row, cells in _rows(archive, part):
        if number not in wanted:
            continue
        count += 1
        row.set("r", str(count))
        for column, cell in cells:
            if _has_value(cell):
                cell.set("r", f"{places[column]}{count}")
            else:
                row.remove(cell)
        namespace = etree.QName(row).namespace or ""
        out.write(etree.tostring(row, with_tail=False))
    begin = f'<worksheet xmlns="{namespace}"><sheetData>'.encode()
    return begin + out.getvalue() + b"</sheetData></worksheet>", rows


def _replaced(archive: zipfile.ZipFile, parts: dict[str, bytes]) -> bytes:
    """The archive with other content of some members."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as copy:
        for member in archive.infolist():
            copy.writestr(member.filename, parts.get(member.filename) or archive.read(member))
    return target.getvalue()
