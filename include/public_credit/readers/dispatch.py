"""Choose the reader by what the bytes are, not by what the name says; zip archives of any of these."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import BinaryIO

from ..catalogue.models import Dataset
from . import delimited, json_lines, markup, spreadsheet
from .base import HeaderScore, Opener, Table, UnreadableFile

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_MAX_MEMBER = 1 << 30


def _kind_of(opener: Opener) -> str:
    with opener() as source:
        first = source.read(512)
    if first.startswith(_ZIP):
        return "zip"
    if first.startswith(_OLE):
        return "xls"
    if first.startswith(b'{"columns":'):
        return "json_lines"
    if first.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<"):
        return "xml"
    return "csv"


def _zip_kind(data: bytes, name: str) -> str:
    spreadsheet.check_zip_directory(data, name)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return "xlsx" if "[Content_Types].xml" in archive.namelist() else "zip"


def _members(data: bytes, name: str, encoding: str, score: HeaderScore) -> Iterator[Table]:
    """Tables of the files in a zip archive; archives inside archives are refused."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        if not members:
            raise UnreadableFile(f"压缩包 {name} 是空的。", remedy="重新打包后报送。")
        for member in members:
            if member.file_size > _MAX_MEMBER or member.flag_bits & 1:
                raise UnreadableFile(f"压缩包 {name} 中的文件过大或已加密。", remedy="拆分或取消密码后重新报送。")

            def opener(member: zipfile.ZipInfo = member) -> BinaryIO:
                return archive.open(member)

            try:
                kind = _kind_of(opener)
                if kind == "zip":
                    with opener() as inner:
                        content = inner.read()
                    if _zip_kind(content, member.filename) != "xlsx":
                        raise UnreadableFile(f"压缩包 {name} 中还有压缩包。", remedy="只打包一层后重新报送。")
                    kind = "xlsx"
                for table in _plain_tables(kind, opener, member.filename, encoding, score):
                    yield Table(member.filename if table.sheet is None else f"{member.filename}/{table.sheet}",
                                table.headers, table.chunks, table.spreadsheet)
            except (zipfile.BadZipFile, EOFError):
                raise UnreadableFile(f"压缩包 {name} 已损坏或被截断。", remedy="重新打包并完整上传后再报送。") from None


def _plain_tables(kind: str, opener: Opener, name: str, encoding: str, score: HeaderScore) -> Iterator[Table]:
    if kind in ("xlsx", "xls"):
        yield from spreadsheet.tables(opener, name, kind, score)
    elif kind == "xml":
        yield from markup.tables(opener, name)
    elif kind == "json_lines":
        yield from json_lines.tables(opener, name)
    else:
        yield from delimited.tables(opener, name, encoding, score)


def open_tables(opener: Opener, file_name: str, dataset: Dataset, score: HeaderScore) -> Iterator[Table]:
    """Tables of one archived receipt. ``opener`` gives its plain bytes; raises UnreadableFile."""
    kind = _kind_of(opener)
    encoding = getattr(dataset.channel, "encoding", "auto")
    if kind == "zip":
        with opener() as source:
            data = source.read(spreadsheet.MAX_FILE + 1)
        if len(data) > spreadsheet.MAX_FILE:
            raise UnreadableFile(f"文件 {file_name} 超过 200 MB。", remedy="拆分为较小的文件后报送。")
        kind = _zip_kind(data, file_name)
        if kind == "zip":
            yield from _members(data, file_name, encoding, score)
            return
    yield from _plain_tables(kind, opener, file_name, encoding, score)
