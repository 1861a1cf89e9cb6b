"""Who is meant: which values identify an organisation. The one rule; landing, dbt and resolution decide by it alone.

One value here; the first identifier of every row of a chunk in ``identity_bulk``. Neither numpy nor polars is imported.
"""

from __future__ import annotations

from .codes import check_org_code, check_registration, check_uscc
from .names import folded

SHORTEST_CODE = 6
DIGITS = "0123456789"
RUN = DIGITS * 2
# What clerks write where there is nothing to write, folded as names are. Our own list, from returned sheets and public data
# (企业类型 is N/A in 84 % of the rows of one open register); no clause names these words.
SAYS_NONE = frozenset([
    "无", "无证", "无号", "无码", "无代码", "无证号", "无编号", "无注册号", "无名称", "没有", "暂无", "暂缺", "尚无", "不详", "不明", "不清楚",
    "未知", "未填", "未办理", "未登记", "未提供", "待补", "待补充", "略", "空", "同上", "NA", "N/A", "NONE", "NULL", "NIL", "NAN", "NAT", "UNDEFINED", "(NULL)", "<NULL>", "<NA>", "\\N", "X", "XX", "XXX",
    "-", "--", "---", "—", "——", "/", "//", "\\", "*", "**", "***", ".", "...", "。", "、", "?", "??", "???",
])  # fmt: skip


LONGEST_NONE = max(map(len, SAYS_NONE))


def says_none(value: str) -> bool:
    """Whether a value is a word that stands where there is nothing to write."""
    return folded(value) in SAYS_NONE


def usable(scheme: str, value: str) -> bool:
    """Whether a canonical value of a scheme (uscc, org, reg, tax, inst, soc) identifies an organisation.

    None does that says "none", is a placeholder (one character over and over, digits in a row), holds a vault token, or
    fails the test of its kind. 18 characters as registration or tax number are a 统一社会信用代码 in the wrong place.
    """
    if "〔" in value or len(set(value)) < 2 or value in RUN or value in SAYS_NONE:
        return False
    if scheme == "uscc":
        return check_uscc(value).ok
    if scheme == "org":
        return check_org_code(value).ok
    if len(value) < SHORTEST_CODE or len(set(value)) < 3 or not any(char in DIGITS for char in value):
        return False
    if scheme == "reg" and all(char in DIGITS for char in value):
        return check_registration(value).ok
    return not (scheme in ("reg", "tax") and len(value) == 18)
