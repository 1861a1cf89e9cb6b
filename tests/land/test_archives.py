"""ZIP archives: what is in them, what beside, and what is damaged."""

from __future__ import annotations

import zipfile

import pytest
from public_credit.land.readers import UnreadableFile

from .tables import package, read, table

COMPRESSIONS = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_a_damaged_archive_is_read_as_it_was_or_called_damaged(compression):
    """A byte of it changed, at many places: nothing else comes out, above all no other rows."""
    whole = package(("a.csv", table(40)), compression=compression)
    told, expected = 0, [rows for _, _, rows in read(whole)]
    for place in range(0, len(whole), max(1, len(whole) // 120)):
        for bits in (0x01, 0x80, 0xFF):
            damaged = bytearray(whole)
            damaged[place] ^= bits
            try:
                assert [rows for _, _, rows in read(bytes(damaged))] == expected
            except UnreadableFile:
                told += 1
    assert told > 50
    for size in range(4, len(whole), max(1, len(whole) // 40)):
        with pytest.raises(UnreadableFile):
            read(whole[:size])


@pytest.mark.parametrize(
    "place, value, reason",
    [
        ("method", 99, "不支持的压缩方式"),
        ("method", 9, "Deflate64"),
        ("flags", 1, "已加密"),
        ("flags", 0x800, "已损坏"),
    ],
)
def test_an_archive_that_cannot_be_opened_says_why(place, value, reason):
    whole = bytearray(package(("\u00e9.csv" if value == 0x800 else "a.csv", table(2))))
    offset = {"flags": 6, "method": 8}[place]
    local, central = 0, bytes(whole).index(b"PK\x01\x02") + 2
    for start in (local, central):
        whole[start + offset : start + offset + 2] = value.to_bytes(2, "little")
    if value == 0x800:  # said to be UTF-8, but it is not
        whole = bytearray(bytes(whole).replace("\u00e9".encode(), b"\xff\xff"))
    with pytest.raises(UnreadableFile, match=reason):
        read(bytes(whole))


def test_what_systems_put_beside_the_files_is_passed_over():
    data = package(
        ("a.csv", table(2)),
        ("__MACOSX/._a.csv", b"\0\5\x16\7\xff"),
        (".DS_Store", b"\0\0\xff"),
        ("b/Thumbs.db", b"\xd0\xcf"),
        ("~$a.xlsx", b"\7"),
        ("desktop.ini", b"[x]"),
    )
    assert [sheet for sheet, _, _ in read(data)] == ["a.csv"]


def test_a_members_chinese_name_is_readable_whichever_way_it_was_written():
    utf8 = package(("处罚决定.csv", table(1)))
    gbk = package(("XXXXXXXX.csv", table(1))).replace(b"XXXXXXXX", "处罚决定".encode("gbk"))
    unmarked = package(("X" * 12 + ".csv", table(1))).replace(b"X" * 12, "处罚决定".encode())
    assert [read(data)[0][0] for data in (utf8, gbk, unmarked)] == ["处罚决定.csv"] * 3


def test_a_members_name_that_could_act_is_shown_escaped():
    ((sheet, _, _),) = read(package(("处罚\u202e\n\x1b.csv", table(1))))
    assert sheet == r"处罚\u202e\n\x1b.csv"


@pytest.mark.parametrize("content", ["产品,数量\n".encode(), b"%PDF-1.7\n", b"<a>", b"PK\3\4", b"\xff"])
def test_a_number_in_a_members_name_is_not_in_the_message(content):
    with pytest.raises(UnreadableFile) as raised:
        read(package(("370399199001011231.csv", content)))
    assert "199001" not in str(raised.value)
