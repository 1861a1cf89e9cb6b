"""What comes out of a receipt: rows, a zero report of a table that is known, or a reason a department can act on."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import openpyxl
import orjson
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from public_credit.catalogue import load_catalogue
from public_credit.land import headers
from public_credit.land.readers import UnreadableFile, delimited, open_tables
from public_credit.papers import template

from tests.conftest import SHARED
from tests.helpers.pieces import pieces_of

DATASET = load_catalogue().datasets["wlj.penalty_entity"]
KIND = load_catalogue().kinds[DATASET.kind]
FIELDS = KIND.tables[DATASET.variant].fields
TITLES = [KIND.fields[name].title for name in FIELDS]
CODES = [KIND.fields[name].codes["entity"] for name in FIELDS]
LICENCE = [
    load_catalogue().kinds["administrative_licence"].fields[name].title
    for name in load_catalogue().kinds["administrative_licence"].tables["entity"].fields
]


def read(data: bytes, name: str = "t") -> list[tuple[str | None, list[str], list[tuple[int, list[str]]]]]:
    """Sheet, headers and (row number, cells) of every table of a receipt."""
    found = []
    for table in open_tables(
        lambda: io.BytesIO(data), name, DATASET, lambda row: headers.recognised(KIND, DATASET.variant, row, DATASET)
    ):
        rows = [
            (number, list(cells))
            for chunk in table.chunks
            for number, cells in zip(chunk.source_row.to_list(), chunk.frame.iter_rows(), strict=True)
        ]
        found.append((table.sheet, table.headers, rows))
    return found


def row_numbers(data: bytes) -> list[int]:
    return [number for _, _, rows in read(data) for number, _ in rows]


def line(count: int, mark: str = "甲") -> str:
    """A row that says its own number in its first cell."""
    return f"{mark}{count}," + ",".join(f"v{place}" for place in range(1, len(TITLES)))


def table(rows: int = 2, end: str = "\n", titles: list[str] = TITLES) -> bytes:
    return "".join(text + end for text in [",".join(titles), *(line(n) for n in range(rows))]).encode()


def package(*members: tuple[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return target.getvalue()


def workbook(*sheets: list[list[Any]]) -> bytes:
    book, target = openpyxl.Workbook(), io.BytesIO()
    book.remove(book.active)
    for rows in sheets:
        sheet = book.create_sheet()
        for row in rows:
            sheet.append(row)
    book.save(target)
    return target.getvalue()


def envelope(columns: object, *rows: object) -> bytes:
    return b"".join(orjson.dumps(item) + b"\n" for item in [{"columns": columns, "source_version": "1"}, *rows])


def rowdata(*rows: str, root: str = "ROWDATA", record: str = "ROW") -> bytes:
    return f"<{root}>{''.join(f'<{record}>{row}</{record}>' for row in rows)}</{root}>".encode()


# --- nothing understood is never nothing to report ------------------------------------------------------------------
WITHOUT_REQUIRED = [title for title in TITLES if title != KIND.fields["decision_no"].title]
HTML_ROWS = "<tr><td>" + "</td><td>".join(TITLES) + "</td></tr><tr><td>甲</td></tr>"


NOTHING_UNDERSTOOD = [
    ("another table", "产品,数量\n".encode(), "没有找到“行政处罚”的表头"),
    ("another table with rows", "产品,数量\n甲,1\n乙,2\n".encode(), "没有找到“行政处罚”的表头"),
    ("one coincidence", "序号,处罚机关\n".encode(), "没有找到“行政处罚”的表头"),
    ("the same column twice", "处罚机关,处罚机关\n".encode(), "没有找到“行政处罚”的表头"),
    ("two coincidences", "处罚机关,备注\n".encode(), "缺少必填列"),
    ("header of another kind", table(0, titles=LICENCE), "缺少必填列"),
    ("a header that lacks a column", table(0, titles=WITHOUT_REQUIRED), "缺少必填列：行政处罚决定书文号"),
    ("title with one quote", '"双公示 报送表\n'.encode() + table(2), "第 1 行起的一个单元格没有结束"),
    ("second title with one quote", '报送表\n"双公示\n'.encode() + table(2), "第 2 行起的一个单元格没有结束"),
    (
        "header that opens a quote",
        table(2).replace("备注".encode(), '"备注'.encode(), 1),
        "第 1 行起的一个单元格没有结束",
    ),
    ("blank lines", b"\n\r\n\n", "没有表头"),
    ("an upload that broke off in room set aside", table(0) + b"\0" * 4096, "成段的空字节"),
    ("the same behind rows", table(3) + b"\0" * 4096, "成段的空字节"),
    (
        "the header sorted below the rows",
        (line(1) + "\n" + line(2) + "\n").encode() + table(0),
        "表头上方第 1 行像是数据",
    ),
    ("the header sorted among the rows", (line(1) + "\n").encode() + table(2), "表头上方第 1 行像是数据"),
    ("the same in a workbook", workbook([line(1).split(","), TITLES, line(2).split(",")]), "表头上方第 1 行像是数据"),
    (
        "a sheet nobody understands beside a whole header",
        workbook([TITLES], [["甲", "乙", "丙", "丁"], ["1", "2", "3", "4"]]),
        "有内容而没有表头",
    ),
    (
        "a member that lacks a column beside a whole header",
        package(("a.csv", table(0)), ("b.csv", table(0, titles=WITHOUT_REQUIRED))),
        "缺少必填列：行政处罚决定书文号",
    ),
    (
        "a header cell that swallows the rows",
        table(0).rstrip() + b',"x\n' + ",".join(["甲"] * 9).encode() + b'"\n',
        "没有结束",
    ),
    *((f"rows ended by U+{ord(mark):04X}", table(3, end=mark) + b"\n", "分不出行") for mark in "\x0b\x0c\x85\u2028"),
    ("byte order mark alone", b"\xef\xbb\xbf", "没有表头"),
    ("other tag for rows", rowdata("<CF_WSH>1</CF_WSH>", root="DATA", record="RECORD"), "没有 ROW 记录"),
    ("no rows in XML", b"<ROWDATA><ROWS/></ROWDATA>", "没有 ROW 记录"),
    ("text for rows in XML", "<ROWDATA>无</ROWDATA>".encode(), "没有 ROW 记录"),
    ("an empty root of another name", b"<DATA/>", "没有 ROW 记录"),
    ("an empty root cut off", b"<ROWDATA>", "不是完整的 XML"),
    ("rows without columns", rowdata("", ""), "没有找到“行政处罚”的表头"),
    ("a row alone in XML", b"<ROW><CF_XDR_MC>A</CF_XDR_MC></ROW>", "没有找到“行政处罚”的表头"),
    ("web page", f"<html><meta charset=utf-8><table>{HTML_ROWS}</table>".encode(), "是网页（HTML）"),
    (
        "XHTML",
        f"<?xml version='1.0'?><!-- a --><HTML><body><table>{HTML_ROWS}</table></body></HTML>".encode(),
        "是网页（HTML）",
    ),
    ("table of a web page", f"\ufeff \n<table border=1>{HTML_ROWS}</table>".encode(), "是网页（HTML）"),
    ("page with a document type", f"<!DOCTYPE html>\n<html>{HTML_ROWS}</html>".encode(), "是网页（HTML）"),
    (
        "Excel 2003 XML",
        b"<?xml version='1.0'?><?mso-application progid='Excel.Sheet'?><Workbook><Row/></Workbook>",
        "电子表格 2003",
    ),
    ("RAR", b"Rar!\x1a\x07\x01\x00" + bytes(range(100)), "RAR 压缩包"),
    ("7z", b"7z\xbc\xaf\x27\x1c" + bytes(100), "7z 压缩包"),
    ("gzip", b"\x1f\x8b\x08" + bytes(100), "gzip 压缩包"),
    ("PDF", b"%PDF-1.7\n", "PDF"),
    ("bzip2", b"BZh91AY&SY" + bytes(100), "bzip2"),
    ("xz", b"\xfd7zXZ\x00" + bytes(100), "xz 压缩包"),
    ("tar", b"a.csv" + bytes(252) + b"ustar\x0000" + bytes(600), "tar"),
    ("a scan", b"\xff\xd8\xff\xe0" + bytes(100), "图片"),
    ("a screenshot", b"\x89PNG\r\n\x1a\n" + bytes(100), "图片"),
    ("RTF", b"{\\rtf1\\ansi", "RTF"),
    ("SQLite", b"SQLite format 3\x00" + bytes(100), "SQLite"),
    ("Parquet", b"PAR1" + bytes(100), "Parquet"),
    ("empty archive", package(), "是空的"),
    (
        "archive of a system's own files",
        package(("__MACOSX/._a.csv", b"\0\5\x16\7"), (".DS_Store", b"\0"), ("x/Thumbs.db", b"1")),
        "是空的",
    ),
    ("empty archive cut", package()[:-1], "已损坏"),
    (
        "note beside the table",
        package(("a.csv", table(2)), ("说明.txt", "本月数据已核对\n".encode())),
        "说明.txt 没有找到“行政处罚”的表头",
    ),
    ("picture of a page beside the table", package(("a.csv", table(2)), ("b.pdf", b"%PDF-1.7\n")), "b.pdf 是 PDF"),
    ("other table in an archive", package(("b.csv", "产品,数量\n".encode())), "没有找到“行政处罚”的表头"),
    ("blank sheets", workbook([], []), "没有找到表头"),
    ("sheet of another table", workbook([["产品", "数量"], ["甲", "1"]]), "没有找到表头"),
    ("sheet with two coincidences", workbook([["处罚机关", "备注"]]), "缺少必填列"),
    ("no columns", envelope([]), "没有找到“行政处罚”的表头"),
    ("rows without names", envelope([], {}, {}), "没有找到“行政处罚”的表头"),
    ("no list of columns", envelope("CF_XDR_MC"), "缺少列清单"),
    ("columns that are no names", envelope([1, None]), "缺少列清单"),
    ("JSON of another form", b'[{"CF_XDR_MC": "A"}]', "是 JSON"),
    ("an empty list in JSON", b"[]", "是 JSON"),
    ("an envelope that lacks its rows", b'{"code": "00", "data": {"total": 3, "rows": []}}', "是 JSON"),
    ("an envelope of an error", b'{"code": "96", "data": {"total": 0, "rows": []}}', "是 JSON"),
    ("an envelope without a total", b'{"code": "00", "data": {"rows": []}}', "是 JSON"),
    ("an error document", b'{"code": "00", "data": null}', "是 JSON"),
    ("full-width commas", table(2).replace(b",", "，".encode()), "全角逗号"),
    ("full-width commas under a title", "报送表\n".encode() + table(0).replace(b",", "，".encode()), "全角逗号"),
    ("OpenDocument", package(("mimetype", b"x"), ("META-INF/manifest.xml", b"<x/>")), "OpenDocument"),
    ("Word", package(("[Content_Types].xml", b"<x/>"), ("word/document.xml", b"<x/>")), "Word 文档"),
    ("binary workbook", package(("[Content_Types].xml", b"<x/>"), ("xl/workbook.bin", b"1")), "xlsb"),
    ("Excel 95", b"\xd0\xcf\x11\xe0" + bytes(600) + "Book".encode("utf-16-le") + bytes(100), "Excel 95"),
    (
        "encrypted workbook",
        b"\xd0\xcf\x11\xe0" + bytes(9) + "EncryptedPackage".encode("utf-16-le") + bytes(9),
        "打开密码",
    ),
    ("old Word", b"\xd0\xcf\x11\xe0" + bytes(9) + "WordDocument".encode("utf-16-le") + bytes(9), "Word 文档"),
]


@pytest.mark.parametrize(
    "data, reason", [case[1:] for case in NOTHING_UNDERSTOOD], ids=[case[0] for case in NOTHING_UNDERSTOOD]
)
def test_where_nothing_is_understood_the_receipt_is_unreadable(data, reason):
    with pytest.raises(UnreadableFile, match=reason) as raised:
        read(data)
    assert raised.value.remedy


@pytest.mark.parametrize(
    "data",
    [
        table(0),
        table(0).rstrip(),
        table(0, "\r\n"),
        table(0, "\r"),
        "报送单位：甲；2026 年 2 月\n\n".encode() + table(0),
        table(0, titles=[title for title in TITLES if title != KIND.fields["subject_category"].title]),
        table(0).replace("备注".encode(), '"备注\n（选填）"'.encode()),
        table(0) + b",,,,\n\n",
        workbook([TITLES]),
        workbook([["双公示报送表"], TITLES], []),
        envelope([code.lower() for code in CODES]),
        package(("a.csv", table(0))),
        b"<ROWDATA></ROWDATA>",
        b"\xef\xbb\xbf<?xml version='1.0'?><!-- a -->\n<rowdata />",
        package(("a.xml", b"<ROWDATA/>")),
        b'{"code": "00", "msg": "ok", "data": {"total": 0, "page": 1, "pages": 0, "version": "1", "rows": []}}',
    ],
)
def test_a_known_header_without_rows_is_nothing_to_report(data):
    assert [rows for _, _, rows in read(data) if rows] == []


@pytest.mark.parametrize("dataset", load_catalogue().datasets.values(), ids=lambda dataset: dataset.id)
def test_every_dataset_can_report_nothing_with_titles_codes_or_its_template(dataset):
    kind, unit = load_catalogue().kinds[dataset.kind], load_catalogue().units[dataset.unit]
    fields = [kind.fields[name] for name in kind.tables[dataset.variant].fields]
    for data in (
        ",".join(field.title for field in fields).encode(),
        template.workbook(kind, dataset, unit.name, unit.uscc),
        envelope([field.codes[dataset.variant].lower() for field in fields]),
    ):
        for found in open_tables(
            lambda data=data: io.BytesIO(data),
            "t",
            dataset,
            lambda row: headers.recognised(kind, dataset.variant, row, dataset),
        ):
            assert not list(found.chunks)


def test_a_table_whose_header_is_known_in_part_is_read_for_the_gate_to_judge():
    assert row_numbers("处罚机关,备注,别的\n甲,乙,丙\n".encode()) == [2]
    assert len(row_numbers(package(("a.csv", table(3)), ("b.csv", table(0, titles=WITHOUT_REQUIRED))))) == 3


def test_the_delimiter_is_the_headers_not_the_titles():
    assert row_numbers("填报单位：甲；乙;日期\n".encode() + table(2)) == [3, 4]
    assert row_numbers("标题,一,二\n".encode() + table(2).replace(b",", b";")) == [3, 4]


@pytest.mark.parametrize("title", ["甲单位", "甲,乙,丙", "甲；乙;丙;丁", "甲\t乙|丙", '"甲"",乙"'])
@pytest.mark.parametrize("delimiter", list(",;\t|"))
def test_a_title_line_with_any_delimiter_changes_nothing(title, delimiter):
    ((_, titles, rows),) = read(f"{title}\n".encode() + table(3).replace(b",", delimiter.encode()))
    assert titles == TITLES and [number for number, _ in rows] == [3, 4, 5]


def test_a_header_of_two_rows_is_joined():
    over, under = [*TITLES], [""] * len(TITLES)
    for place in (3, 4, 5):
        over[place], under[place] = "行政相对人代码" if place == 3 else "", TITLES[place]
    rows = [over, under, line(0).split(","), line(1).split(",")]
    text = "\n".join(",".join(row) for row in rows).encode()
    for data in (text, "报送表\n".encode() + text, workbook(rows), workbook([["报送表"], *rows])):
        ((_, titles, found),) = read(data)
        assert titles == TITLES and [cells[0] for _, cells in found] == ["甲0", "甲1"]
        assert found[0][0] in (3, 4) and found[1][0] == found[0][0] + 1


def test_a_header_of_three_rows_is_joined():
    top, middle, low = [*TITLES], [""] * len(TITLES), [""] * len(TITLES)
    for place in (3, 4, 5):
        top[place], middle[place], low[place] = "当事人" * (place == 3), "代码" * (place == 3), TITLES[place]
    top[7], middle[7] = "", TITLES[7]
    rows = [top, middle, low, line(0).split(","), line(1).split(",")]
    text = "\n".join(",".join(row) for row in rows).encode()
    for data in (text, "报送表\n".encode() + text, workbook(rows), workbook([["报送表"], *rows])):
        ((_, titles, found),) = read(data)
        assert titles == TITLES and [cells[0] for _, cells in found] == ["甲0", "甲1"]
        assert found[0][0] in (4, 5) and found[1][0] == found[0][0] + 1


def test_a_record_whose_cells_are_words_of_the_header_is_no_header():
    cells = [*TITLES[:3], *[f"v{place}" for place in range(3, len(TITLES))]]
    assert row_numbers((",".join(TITLES) + "\n" + ",".join(cells) + "\n").encode()) == [2]


@pytest.mark.parametrize("row", range(4))
@pytest.mark.parametrize("count", [1, 2, 3])
def test_inch_marks_lose_no_row(row, count):
    lines = [line(n) for n in range(4)]
    lines[row] = lines[row].replace("v1,", "显示器 55" + '"' * count + ",", 1)
    text = "\n".join([",".join(TITLES), *lines, ""]).encode()
    ((_, _, rows),) = read(text)
    assert [number for number, _ in rows] == [2, 3, 4, 5] and rows[row][1][1] == "显示器 55" + '"' * count


def test_a_quote_that_opens_a_cell_and_swallows_records_names_its_line():
    lines = [line(n) for n in range(6)]
    lines[1], lines[4] = lines[1].replace("v1", '"v1', 1), lines[4].replace("v3", '"v3', 1)
    with pytest.raises(UnreadableFile, match="第 3 行起的一个单元格没有结束"):
        read("\n".join([",".join(TITLES), *lines, ""]).encode())
    with pytest.raises(UnreadableFile, match="第 5 行起的一个单元格没有结束"):
        read("\n".join([",".join(TITLES), *lines[:1], *lines[2:], ""]).encode())


@pytest.mark.parametrize("declared", ["gb2312", "GBK", "gb18030", "utf-8"])
def test_xml_is_read_in_the_encoding_it_was_written_in(declared):
    """镕 is in GBK and not in GB 2312, 𠀀 in GB 18030 alone."""
    text = f'<?xml version="1.0" encoding="{declared}"?><ROWDATA><ROW>' + "".join(
        f"<{code}>朱镕𠀀</{code}>" for code in CODES
    )
    data = (text + "</ROW></ROWDATA>").encode("utf-8" if declared == "utf-8" else "gb18030")
    ((_, _, ((_, cells),)),) = read(data)
    assert set(cells) == {"朱镕𠀀"}


def test_a_lone_quote_in_the_header_swallows_no_row():
    """Neither all of them nor those up to the next lone quote."""
    odd = table(5).decode().replace("备注", '备注"', 1).replace("甲1", '甲1"').replace("甲3", '甲3"').encode()
    assert row_numbers(odd) == [2, 3, 4, 5, 6]


# --- line ends ------------------------------------------------------------------------------------------------------
@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["\r", "\n", "\r\n"]), min_size=3, max_size=40), st.integers(600, 2000), st.booleans())
def test_every_kind_of_line_end_ends_a_row_wherever_a_block_ends(ends, size, closed):
    lines = [",".join(TITLES), *(line(n, '"甲\r乙"' if n % 5 == 4 else "甲") for n in range(len(ends) - 1))]
    text = "".join(map("".join, zip(lines, ends, strict=True)))
    expected, number = [], 1
    for row in lines:
        expected.append(number)
        number += 1 + row.count("\r")
    with pieces_of(size, len(lines[0].encode()) + 2):
        ((_, titles, rows),) = read((text if closed else text.rstrip("\r\n")).encode())
    assert titles == TITLES and len(rows) == len(ends) - 1
    assert [number for number, _ in rows] == expected[1:]


def test_a_first_line_longer_than_what_is_looked_at_is_no_header_but_no_fault(monkeypatch):
    for size in range(100, 104):
        monkeypatch.setattr(delimited, "HEAD", size)
        with pytest.raises(UnreadableFile, match="第一行过长"):
            read("甲乙丙丁".encode() * 50 + b"\n" + table(2))


def test_a_cell_longer_than_any_field_is_an_open_quote_with_its_line():
    text = table(3).decode().replace("甲1,", '甲1,"' + "甲" * 200_000 + '"x,')
    with pytest.raises(UnreadableFile, match="第 3 行起的一个单元格没有结束"):
        read(text.encode())


# --- archives -------------------------------------------------------------------------------------------------------
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


# --- rows that are none ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("row", [None, [1, 2], 3, "x", True])
@pytest.mark.parametrize("before", [0, 3])
def test_a_record_that_is_no_object_makes_the_receipt_unreadable_and_is_named(row, before):
    with pytest.raises(UnreadableFile, match=f"第 {before + 1} 条记录"):
        read(envelope(CODES, *[{CODES[0]: "甲"}] * before, row))


@pytest.mark.parametrize("before", ["", "<!-- 导出 -->", "<?x y?><!-- a --><!-- b -->"])
def test_a_row_may_be_the_root_with_anything_before_it(before):
    cells = "".join(f"<{code}>v</{code}>" for code in CODES)
    assert row_numbers(f"{before}<ROW>{cells}</ROW>".encode()) == [1]
    assert row_numbers(
        f"{before}<ROWDATA><!-- c --><ROW>{cells}</ROW><!-- d --><ROW>{cells}</ROW></ROWDATA>".encode()
    ) == [1, 2]


def test_damaged_xml_names_the_place():
    with pytest.raises(UnreadableFile, match="第 2 行第 "):
        read(b"<ROWDATA>\n<ROW><CF_WSH>a & b</CF_WSH></ROW></ROWDATA>")


SEEDS = [
    table(4),
    table(4, "\r"),
    table(4).decode().encode("gb18030"),
    rowdata(*["<CF_XDR_MC>A</CF_XDR_MC><CF_WSH>B</CF_WSH>"] * 3),
    envelope(CODES, *[dict.fromkeys(CODES, "v\u0000")] * 3),
    package(("a.csv", table(4))),
    package(("a.xml", rowdata("<A>1</A>"))),
]
BITS = st.sampled_from(
    [b'"', b"\r", b"\n", b"\0", b",", b"\xe4", b"<", b"</", b"{", b"[", b"null\n", b"&#0;", b"\\u0000", b";", b"\xff"]
)


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.floats(0, 0.999), BITS, st.integers(0, 30)), max_size=8),
    st.floats(0.3, 1),
)
def test_whatever_arrives_is_read_or_unreadable(data, changes, kept):
    data = bytearray(data)
    for place, new, removed in changes:
        start = int(place * len(data))
        data[start : start + removed] = new
    try:
        read(bytes(data[: int(kept * len(data))]))
    except UnreadableFile as error:
        assert error.remedy


@pytest.mark.skipif(not (SHARED / "cases" / "damaged").exists(), reason="../shared/cases 不在本机")
def test_files_that_failed_before_are_read_or_unreadable_and_none_is_a_zero_report():
    for path in [*(SHARED / "cases" / "damaged").iterdir(), *(SHARED / "cases" / "public-reports").glob("F*")]:
        try:
            rows = row_numbers(path.read_bytes())
        except UnreadableFile as error:
            assert error.remedy, path.name
        else:
            assert rows or path.name == "F28_header_only.csv", path.name


# --- NUL --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "data",
    [
        workbook([TITLES, ["甲_x0000_乙", "_x0000_", *["v"] * (len(TITLES) - 2)]]),
        workbook([[TITLES[0] + "_x0000_", *TITLES[1:]], ["甲乙", "", *["v"] * (len(TITLES) - 2)]]),
        envelope(CODES, dict.fromkeys(CODES, "v") | {CODES[0]: "甲\u0000乙", CODES[1]: "\u0000"}),
        envelope(
            [CODES[0] + "\u0000", *CODES[1:]], dict.fromkeys(CODES, "v") | {CODES[0] + "\u0000": "甲乙", CODES[1]: None}
        ),
        package(("a.jsonl", envelope(CODES, dict.fromkeys(CODES, "v") | {CODES[0]: "\u0000甲乙\u0000", CODES[1]: ""}))),
        table(0) + "甲\0乙,\0,".encode() + b",".join([b"v"] * (len(TITLES) - 2)) + b"\n",
    ],
)
def test_no_zero_byte_leaves_the_readers(data):
    ((sheet, titles, ((_, cells),)),) = read(data)
    assert "\0" not in f"{sheet}{titles}" and len(headers.match(KIND, "entity", titles).columns) == len(TITLES)
    assert cells == ["甲乙", "", *["v"] * (len(TITLES) - 2)]


@pytest.mark.parametrize("odd", ["\x01", "\x08", "\x0b", "\x1f", "\x7f"])
def test_no_control_character_leaves_the_readers(odd):
    rest, escaped = ["v"] * (len(TITLES) - 2), f"_x{ord(odd):04X}_"
    for data in (
        workbook([[TITLES[0] + escaped, *TITLES[1:]], [f"甲{escaped}乙", "a\tb", *rest]]),
        envelope(CODES, dict.fromkeys(CODES, "v") | {CODES[0]: f"甲{odd}乙", CODES[1]: "a\tb"}),
        table(0) + f"{odd}甲乙{odd},a\tb,".encode() + b",".join([b"v"] * len(rest)) + b"\n",
        table(0) + f"甲\0乙{odd},a\tb,".encode() + b",".join([b"v"] * len(rest)) + b"\n",
    ):
        ((_, titles, ((_, cells),)),) = read(data)
        assert odd not in str(titles) and cells == ["甲乙", "a\tb", *rest]


def test_numbers_of_a_workbook_stay_numbers_when_zero_bytes_are_taken_out():
    data = workbook([TITLES, ["甲_x0000_", 7, *["v"] * (len(TITLES) - 2)]])
    for found in open_tables(
        lambda: io.BytesIO(data), "t", DATASET, lambda row: headers.recognised(KIND, "entity", row)
    ):
        (chunk,) = found.chunks
        assert {index: mask.to_list() for index, mask in chunk.numeric.items()} == {1: [True]}
        assert chunk.frame.row(0)[:2] == ("甲", "7") and chunk.frame.dtypes == [pl.String] * len(TITLES)
