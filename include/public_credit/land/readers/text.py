"""Text of a delivered file: UTF-8 or UTF-16 (with or without BOM), GB18030 or UTF-32, handed on piece by piece as bytes of UTF-8."""

from __future__ import annotations

import codecs
from io import BufferedIOBase

import polars as pl
import pyarrow as pa

from .base import UnreadableFile

PROBE = 1 << 20
SPARE = 16  # bytes a piece may have beyond what was asked for: a few characters of GB18030
_HOLE = b"\x00" * 8  # room that was set aside and never written; single NUL are taken out


def _encoding(first: bytes, complete: bool, declared: str, name: str) -> str:
    """utf-8-sig, utf-8, gb18030, utf-32 or utf-16 (“Unicode 文本” of spreadsheet programs); strict: bytes that fit none of them make the file unreadable.

    UTF-8 that ends inside a character stays UTF-8 and is refused as such: read as GB18030 it would be other text.
    """
    if first.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if first.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):  # the first begins like that of UTF-16
        return "utf-32"
    if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    wide = _wide(first)
    if wide and first.count(0) * 5 > len(first) * 2:  # ASCII nearly alone, which would be UTF-8 full of NUL
        return wide
    for encoding in ("gb18030", "utf-8") if declared == "gb18030" else ("utf-8", "gb18030"):
        if wide and encoding == "gb18030":
            return wide
        decoder = codecs.getincrementaldecoder(encoding)("strict")
        try:
            begun = decoder.decode(first)
            if encoding != "utf-8" or begun.isascii():
                decoder.decode(b"", complete)
        except UnicodeDecodeError:
            continue
        return encoding
    raise UnreadableFile(
        f"文件 {name} 的编码既不是 UTF-8 也不是 GB18030。", remedy="另存为“CSV UTF-8（逗号分隔）”后重新报送。"
    )


def _wide(first: bytes) -> str:
    """UTF-16 without BOM: of delimiters, digits and line ends every other byte is NUL, the first or the second."""
    before, behind = first[0::2].count(0), first[1::2].count(0)
    if max(before, behind) * 20 < len(first) or max(before, behind) < 4 * min(before, behind):
        return ""
    return "utf-16-be" if before > behind else "utf-16-le"


def damaged(name: str) -> UnreadableFile:
    """What is said of bytes that are no text."""
    return UnreadableFile(
        f"文件 {name} 中有无法识别的字符（编码不一致或文件被截断）。", remedy="重新导出并完整上传后再报送。"
    )


def is_utf8(text: pa.Buffer) -> bool:
    """Whether bytes are whole characters of UTF-8; nothing else may go to a library that takes text on trust."""
    ends = pa.py_buffer(b"".join(place.to_bytes(8, "little") for place in (0, text.size)))
    whole = pl.from_arrow(pa.Array.from_buffers(pa.large_binary(), 1, [None, ends, text]))
    assert isinstance(whole, pl.Series)  # of an array
    try:
        whole.cast(pl.String)
    except pl.exceptions.PolarsError:
        return False
    return True


class Pieces:
    """Pieces of a file. Of other encodings than UTF-8 they are valid text; of UTF-8 they are as delivered, and checked by whoever cuts them."""

    def __init__(self, source: BufferedIOBase, declared: str, name: str):
        self._source, self._name = source, name
        first = source.read(PROBE)
        self.empty, self.last = not first, False
        encoding = _encoding(first, len(first) < PROBE, declared, name)
        self._decoder = None if encoding.startswith("utf-8") else codecs.getincrementaldecoder(encoding)("strict")
        self._first = first.removeprefix(codecs.BOM_UTF8) if encoding == "utf-8-sig" else first

    def read(self, size: int) -> bytes:
        """About ``size`` bytes more; none at the end, and ``last`` is set then. Raises UnreadableFile."""
        while not self.last:
            data, self._first = (
                self._first or self._source.read(size if self._decoder is None else (size + 1) // 2),
                b"",
            )
            self.last = not data
            self._without_hole(data, 0, len(data))
            text = data if self._decoder is None else self._decoded(data, self._decoder)
            if text:  # a part of a character alone gives no text yet
                return text
        return b""

    def into(self, room: bytearray, begin: int, size: int) -> int:
        """``read`` into a room, which has ``SPARE`` bytes more than asked for behind ``begin``; the number of bytes."""
        if self._decoder is not None or self._first:
            text = self.read(size)
            room[begin : begin + len(text)] = text
            return len(text)
        with memoryview(room) as whole, whole[begin : begin + size] as free:
            count = self._source.readinto(free)
        self.last = not count
        self._without_hole(room, begin, begin + count)
        return count

    def _without_hole(self, data: bytes | bytearray, begin: int, end: int) -> None:
        if data.find(b"\x00", begin, end) >= 0 and data.find(_HOLE, begin, end) >= 0:
            raise UnreadableFile(
                f"文件 {self._name} 中有成段的空字节，上传中断或文件已损坏。", remedy="重新导出并完整上传后再报送。"
            )

    def _decoded(self, data: bytes, decoder: codecs.IncrementalDecoder) -> bytes:
        try:
            return decoder.decode(data, self.last).encode()
        except UnicodeDecodeError:
            raise damaged(self._name) from None
