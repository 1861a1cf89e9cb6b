"""Nothing understood is never nothing to report: a zero report comes from a table that is known, all else has a reason a
department can act on."""

from __future__ import annotations

import io

import pytest
from public_credit.catalogue import load_catalogue
from public_credit.land import headers
from public_credit.land.readers import UnreadableFile, open_tables
from public_credit.papers import template

from .tables import CODES, KIND, LICENCE, TITLES, envelope, line, package, read, row_numbers, rowdata, table, workbook

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
    *(
        (f"columns separated by {mark!a}", table(2).replace(b",", mark.encode()), f"用{said}.*分隔各列")
        for mark, said in [
            ("；", "全角分号"),
            ("、", "顿号"),
            ("^", "“"),
            ("~", "“"),
            (":", "冒号"),
            ("\x01", "控制字符"),
            ("  ", "空格"),
        ]
    ),
    (
        "XML with an entity of its own",
        b"<!DOCTYPE r [<!ENTITY co 'Ltd'>]>" + rowdata("<CF_XDR_MC>A &co;</CF_XDR_MC>"),
        "定义了 XML 实体",
    ),
    ("web page in UTF-16", f"<html><table>{HTML_ROWS}</table></html>".encode("utf-16"), "是网页（HTML）"),
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
