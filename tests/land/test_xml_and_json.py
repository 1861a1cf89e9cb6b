"""Rows of XML and of an interface: encodings, roots, what is no row."""

from __future__ import annotations

import pytest
from public_credit.land.readers import UnreadableFile

from .tables import CODES, envelope, read, row_numbers


@pytest.mark.parametrize("declared", ["gb2312", "GBK", "gb18030", "utf-8"])
def test_xml_is_read_in_the_encoding_it_was_written_in(declared):
    """镕 is in GBK and not in GB 2312, 𠀀 in GB 18030 alone."""
    text = f'<?xml version="1.0" encoding="{declared}"?><ROWDATA><ROW>' + "".join(
        f"<{code}>朱镕𠀀</{code}>" for code in CODES
    )
    data = (text + "</ROW></ROWDATA>").encode("utf-8" if declared == "utf-8" else "gb18030")
    ((_, _, ((_, cells),)),) = read(data)
    assert set(cells) == {"朱镕𠀀"}


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
