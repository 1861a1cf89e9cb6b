"""Choose the reader by what the bytes are, not by what the name says; zip archives of any of these.

All tables of all readers pass here, so here is said what is no table of ours, and control characters end: NUL, which no database takes, and all others.
"""

from __future__ import annotations

import codecs
import csv
import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BufferedIOBase
from pathlib import PurePosixPath
from typing import TypeVar, cast

import polars as pl
import pyarrow as pa
from lxml import etree

from ...base import faults, names
from ...catalogue import load_catalogue
from ...catalogue.models import Dataset
from ...identifiers import persons
from .. import headers
from . import delimited, json_document, json_lines, markup, spreadsheet
from .base import KNOWN_HEADERS, Chunk, HeaderScore, Note, Opener, Table, UnreadableFile

_ZIP, _OLE = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"), b"\xd0\xcf\x11\xe0"
_AS_ZIP = "解开后重新打包为 zip 格式再报送。"
_AS_WORKBOOK = "用 Excel 或 WPS 打开，另存为 xlsx 后重新报送。"
_AS_TABLE = "按填报模板报送 xlsx 或 csv 文件。"
_TAR, _TAR_AT = b"ustar", 257  # POSIX.1-1988
_FOREIGN = (
    (b"Rar!\x1a\x07", "RAR 压缩包", _AS_ZIP),
    (b"7z\xbc\xaf\x27\x1c", "7z 压缩包", _AS_ZIP),
    (b"\x1f\x8b", "gzip 压缩包", _AS_ZIP),
    (b"BZh", "bzip2 压缩包", _AS_ZIP),
    (b"\xfd7zXZ\x00", "xz 压缩包", _AS_ZIP),
    (b"\xff\xd8\xff", "图片（JPEG）", _AS_TABLE),
    (b"\x89PNG\r\n", "图片（PNG）", _AS_TABLE),
    (b"{\\rtf", "RTF 文档", _AS_TABLE),
    (b"SQLite format 3\x00", "SQLite 数据库", _AS_TABLE),
    (b"PAR1", "Parquet 文件", _AS_TABLE),
    (b"%PDF-", "PDF 文件", _AS_TABLE),
    (b"MIME-Version:", "网页归档（mht）", _AS_WORKBOOK),
)
# Members that tell a document from a package of files.
_DOCUMENTS = (
    ("META-INF/manifest.xml", "OpenDocument 文档（ods 等）"),
    ("word/document.xml", "Word 文档（docx）"),
    ("ppt/presentation.xml", "演示文稿（pptx）"),
    ("xl/workbook.bin", "二进制工作簿（xlsb）"),
)
_DEFLATE64 = 9  # how Windows packs files beyond 2 GB
_BEFORE_ROOT = rb"^(?:\xef\xbb\xbf)?\s*+(?>(?:<\?.*?\?>|<!--.*?-->)\s*)*+"
_WEB_PAGE = re.compile(_BEFORE_ROOT + rb"<(?:!doctype\s+)?(?:html|head|meta|style|body|div|table)\b", re.I | re.S)
_JSON = re.compile(rb"[\[{]\s*[\[{\"\]}]")
_XML_WORKBOOK = re.compile(_BEFORE_ROOT + rb"<(?:\w+:)?Workbook\b", re.S)
_CONTROL = r"[\x00-\x08\x0B\x0C\x0E-\x1F\x7F]"  # all but tab and line ends
_MAX_MEMBER = 1 << 30
# What systems put beside the files of a person: resource forks, views of folders, locks of open documents.
_BESIDE_NAMES, _BESIDE_BEGINNINGS = frozenset({".ds_store", "thumbs.db", "desktop.ini"}), ("._", "~$")
_DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError, EOFError, RuntimeError, ValueError)
# What libraries throw at a file nobody foresaw; an error of the archive's storage is none of these.
_OF_READERS = (
    MemoryError,
    RecursionError,
    csv.Error,
    etree.LxmlError,
    pa.ArrowException,
    pl.exceptions.PolarsError,
    pl.exceptions.PanicException,
)
Read = TypeVar("Read")


def _kind_of(opener: Opener, name: str) -> str:
    """What a file is. Raises UnreadableFile for what is known and not read."""
    with opener() as source:
        first = source.read(4096)
    if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        first = first.decode("utf-16", "ignore").encode()
    for beginning, title, remedy in _FOREIGN:
        if first.startswith(beginning):
            raise UnreadableFile(f"文件 {name} 是 {title}，不能读取。", remedy=remedy)
    if first[_TAR_AT:].startswith(_TAR):
        raise UnreadableFile(f"文件 {name} 是 tar 压缩包，不能读取。", remedy=_AS_ZIP)
    if _WEB_PAGE.match(first):
        raise UnreadableFile(f"文件 {name} 是网页（HTML），不是 Excel 表格。", remedy=_AS_WORKBOOK)
    if _XML_WORKBOOK.match(first):
        raise UnreadableFile(f"文件 {name} 是“XML 电子表格 2003”，不能读取。", remedy=_AS_WORKBOOK)
    if first.startswith(_ZIP):
        return "zip"
    if first.startswith(_OLE):
        return "xls"
    if first.startswith(b'{"columns":'):
        return "json_lines"
    begin = first.lstrip(b"\xef\xbb\xbf \r\n\t")
    if begin.startswith(b"<"):
        return "xml"
    if _JSON.match(begin):
        return "json"
    return "csv"


def _zip_kind(data: bytes, name: str) -> str:
    """What an archive is: a workbook, or a package of files. Raises UnreadableFile for other documents."""
    spreadsheet.check_zip_directory(data, name)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.namelist()
    for sign, title in _DOCUMENTS:
        if sign in members:
            raise UnreadableFile(f"文件 {name} 是 {title}，不能读取。", remedy=_AS_WORKBOOK)
    return "xlsx" if "[Content_Types].xml" in members else "zip"


class _Member(io.RawIOBase):
    """The bytes of a file in a zip archive; whatever keeps them from being unpacked is damage of the archive."""

    def __init__(self, archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str):
        self._name = name
        try:
            self._source = cast(zipfile.ZipExtFile, archive.open(member))
        except NotImplementedError:
            way = "Deflate64 压缩" if member.compress_type == _DEFLATE64 else "不支持的压缩方式"
            raise UnreadableFile(
                f"压缩包 {name} 使用了{way}，不能解开。",
                remedy="改用普通 zip（Deflate）方式打包，或直接报送其中的文件。",
            ) from None
        except _DAMAGED:
            raise self._damaged() from None

    def _damaged(self) -> UnreadableFile:
        return UnreadableFile(f"压缩包 {self._name} 已损坏或被截断。", remedy="重新打包并完整上传后再报送。")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]  # as BufferedReader calls it
        try:
            return self._source.readinto(buffer)
        except _DAMAGED:
            raise self._damaged() from None

    def close(self) -> None:
        if not self.closed and hasattr(self, "_source"):
            self._source.close()
        super().close()


def _beside(member: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(member.filename)
    return (
        path.parts[:1] == ("__MACOSX",)
        or path.name.lower() in _BESIDE_NAMES
        or path.name.startswith(_BESIDE_BEGINNINGS)
    )


def _name(member: zipfile.ZipInfo) -> str:
    """A member's name; without the mark for UTF-8 it may be so all the same, or in GBK (zipfile takes it for cp437)."""
    if member.flag_bits & 0x800:
        return member.filename
    return names.readable(member.filename.encode("cp437"))


def _members(
    data: bytes, name: str, encoding: str, score: HeaderScore, note: Callable[[Note], None]
) -> Iterator[Table]:
    """Tables of the files in a zip archive; archives inside archives are refused."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = [member for member in archive.infolist() if not member.is_dir() and not _beside(member)]
        if not members:
            raise UnreadableFile(
                f"压缩包 {name} 是空的。", remedy="重新打包后报送；本期无数据的，请报送只有表头的文件作为零报送。"
            )
        for member in members:
            own = names.shown(_name(member))
            shown = persons.mask(own)
            if member.file_size > _MAX_MEMBER or member.flag_bits & 1:
                raise UnreadableFile(f"压缩包 {name} 中的文件过大或已加密。", remedy="拆分或取消密码后重新报送。")

            def opener(member: zipfile.ZipInfo = member) -> BufferedIOBase:
                return io.BufferedReader(_Member(archive, member, name), 1 << 20)

            kind = _kind_of(opener, shown)
            if kind == "zip":
                with opener() as inner:
                    content = inner.read()
                if _zip_kind(content, shown) != "xlsx":
                    raise UnreadableFile(f"压缩包 {name} 中还有压缩包。", remedy="只打包一层后重新报送。")
                kind = "xlsx"
            for table in _plain_tables(kind, opener, shown, encoding, score, note):
                yield replace(table, sheet=own if table.sheet is None else f"{own}/{table.sheet}")


def _plain_tables(
    kind: str, opener: Opener, name: str, encoding: str, score: HeaderScore, note: Callable[[Note], None]
) -> Iterator[Table]:
    if kind in ("xlsx", "xls"):
        yield from spreadsheet.tables(opener, name, kind, score, note)
    elif kind == "xml":
        yield from markup.tables(opener, name)
    elif kind == "json_lines":
        yield from json_lines.tables(opener, name)
    elif kind == "json":
        yield json_document.table(opener, name)
    else:
        yield from delimited.tables(opener, name, encoding, score)


def _tables(
    opener: Opener, file_name: str, dataset: Dataset, score: HeaderScore, note: Callable[[Note], None]
) -> Iterator[Table]:
    kind = _kind_of(opener, file_name)
    encoding = getattr(dataset.channel, "encoding", "auto")
    if kind == "zip":
        with opener() as source:
            data = source.read(spreadsheet.MAX_FILE + 1)
        if len(data) > spreadsheet.MAX_FILE:
            raise UnreadableFile(f"文件 {file_name} 超过 200 MB。", remedy="拆分为较小的文件后报送。")
        kind = _zip_kind(data, file_name)
        if kind == "zip":
            yield from _members(data, file_name, encoding, score, note)
            return
    yield from _plain_tables(kind, opener, file_name, encoding, score, note)


def _or_unreadable(items: Iterator[Read], name: str) -> Iterator[Read]:
    """What a reader gives; what a library throws meanwhile becomes the verdict on the file."""
    try:
        yield from items
    except _OF_READERS as error:
        faults.note("a file could not be read", error)
        raise UnreadableFile(
            f"文件 {name} 的内容超出内存或无法解析（{faults.name(error)}）。",
            remedy="拆分为较小的文件，或用 Excel、WPS 打开另存后重新报送。",
        ) from None


def _without_controls(text: str) -> str:
    return re.sub(_CONTROL, "", text)


class _Reading:
    """Tables on their way out of one receipt: known by their headers, free of control characters, counted."""

    def __init__(self, file_name: str, dataset: Dataset):
        self._name, self._dataset = file_name, dataset
        self._kind = load_catalogue().kinds[dataset.kind]
        self._rows, self._stated = 0, False
        self._lacking: list[list[str]] = []  # per table the required fields without a header

    def table(self, table: Table) -> Table:
        """The table as it goes on. Raises UnreadableFile when its headers are not those of the kind."""
        titles = [_without_controls(header) for header in table.headers]
        sheet = table.sheet and persons.mask(names.shown(_without_controls(table.sheet)))
        found = headers.match(self._kind, self._dataset.variant, titles, self._dataset)
        if len(found.columns) < KNOWN_HEADERS:
            place = f"文件 {self._name}" + (f" 中的 {sheet}" if sheet else "")
            raise UnreadableFile(
                f"{place} 没有找到“{self._kind.title}”的表头。",
                remedy="按填报模板保留表头行后重新报送；与本类数据无关的文件不要放入同一份报送。",
            )
        self._lacking.append(headers.required_missing(self._kind, found))
        return replace(table, sheet=sheet, headers=titles, chunks=self._chunks(table.chunks))

    def _chunks(self, chunks: Iterator[Chunk]) -> Iterator[Chunk]:
        for chunk in _or_unreadable(chunks, self._name):
            self._rows += chunk.frame.height
            if not chunk.plain:
                held = [column.name for column in chunk.frame if column.str.contains(_CONTROL).any()]
                if held:
                    chunk.frame = chunk.frame.with_columns(pl.col(held).str.replace_all(_CONTROL, ""))
            yield chunk

    def stated(self) -> None:
        """Note that the file has the agreed form of a statement that there is nothing to report."""
        self._stated = True

    def finish(self) -> None:
        """Nothing to report is a statement of the unit: only a whole header without rows makes it, or the form agreed for it."""
        if not self._rows and (any(self._lacking) or not (self._lacking or self._stated)):
            titles = "、".join(
                self._kind.fields[name].title for name in min(filter(None, self._lacking), key=len, default=[])
            )
            raise UnreadableFile(
                f"文件 {self._name} 没有数据行，表头又缺少必填列：{titles}，不能作为零报送。",
                remedy="按填报模板补全表头；本期无数据的，报送只有完整表头的文件作为零报送。",
            )


def open_tables(
    opener: Opener, file_name: str, dataset: Dataset, score: HeaderScore, note: Callable[[Note], None] = lambda _: None
) -> Iterator[Table]:
    """Tables of one archived receipt. ``opener`` gives its plain bytes; raises UnreadableFile.

    ``note`` is told what a reader has to say beside the rows, while these are read.

    A receipt without any row is one only when a table of it has all required columns of the kind; a file in an archive
    of which nothing is understood makes the whole receipt unreadable.
    """
    reading = _Reading(file_name, dataset)
    for table in _or_unreadable(_tables(opener, file_name, dataset, score, note), file_name):
        if table.nothing:
            reading.stated()
        else:
            yield reading.table(table)
    reading.finish()
