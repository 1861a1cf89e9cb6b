"""Value by value: as received, as landed, as delivered, and what was done on the way, in the words of the field's type."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

from ...catalogue import generate
from ...catalogue.models import Field, Kind
from ...identifiers import persons
from ...papers.record.model import HIDDEN, Value
from .rows import Row

SAME = "原样"
LEFT_OUT = "不报送"
_MARK = "\N{NULL}"  # stands for a token while values are compared; no value can hold it
_BY_TYPE = {
    "date": "日期统一为 年-月-日",
    "month": "月份统一为 年-月",
    "decimal": "数字规范写法",
    "integer": "数字规范写法",
    "uscc": "代码统一为半角大写",
    "org_code": "代码统一为半角大写",
    "code": "代码统一为半角大写",
    "list": "分隔符统一为分号",
    "enum_multi": "按代码表统一，分隔符为分号",
}


def of(kind: Kind, row: Row, payload: Mapping[str, Any] | None, shape: Mapping[str, Any] | None) -> tuple[Value, ...]:
    """The values of a row in the order of its table; ``payload``: what was delivered of this row, by official code.

    ``shape``: as it was applied last (``land.shapes``). A column kept of a field that left the catalogue is told as such.
    """
    table = kind.tables[row.variant]
    kept = (shape or {}).get("kept", [])
    titles = {name: kind.fields[name].title for name in kind.variants[row.variant]}
    titles |= {spec["name"]: f"{spec['name']}（已停用）" for spec in kept}
    exported = generate.export_relation(table.interface) if table.interface else ""
    found = []
    for name, title in titles.items():
        field, landed = kind.fields.get(name), row.values.get(name, "")
        received = str(row.received.get(name, landed))
        code = _code(field, row.variant) if field else ""
        sent = str(payload[code] or "") if payload is not None and code in payload else None
        if landed or received or sent:
            found.append(
                Value(
                    field=name,
                    title=title,
                    received=received,
                    landed=landed,
                    delivered=sent,
                    landing=landing(kind, field, received, landed),
                    delivering=_delivering(kind, field, landed, sent, payload is not None),
                    column=f"{exported}.{code.lower()}"
                    if sent is not None and exported
                    else ".".join(("raw", kind.id, name)),
                )
            )
    return tuple(found)


def _code(field: Field, variant: str) -> str:
    return field.codes.get(variant, field.codes.get("all", ""))


def landing(kind: Kind, field: Field | None, received: str, landed: str) -> str:
    """What was done to a value when it was landed."""
    if _hidden(landed) or _hidden(received):
        return "号码存入保险库，此处只留标识"
    if received == landed:
        return SAME
    if received and not landed:
        return "读不出，留空"
    if received.strip() == landed:
        return "去首尾空白"
    if field and field.type == "enum" and field.code_list:
        return f"按代码表“{kind.code_lists[field.code_list].title}”统一"
    if field and field.type in _BY_TYPE:
        return _BY_TYPE[field.type]
    if unicodedata.normalize("NFKC", received).strip() == unicodedata.normalize("NFKC", landed):
        return "全角半角统一"
    return "统一写法"


def _delivering(kind: Kind, field: Field | None, landed: str, sent: str | None, delivered: bool) -> str:
    """What was done to a value between raw and a receiver."""
    if sent is None:
        return LEFT_OUT if delivered else ""
    if _hidden(sent):
        return "报送时由发送程序填入号码"
    if sent == landed:
        return SAME
    if field and field.sent_as:
        return "由数仓按公示规则算出"
    return _BY_TYPE.get(field.type, "由数仓换算") if field else "由数仓换算"


def _hidden(value: str) -> bool:
    """Whether a value holds a token of the vault."""
    return persons.without_tokens(value, _MARK) != value or HIDDEN in value


def differing(before: Row, after: Row, kind: Kind) -> tuple[str, ...]:
    """Titles of the fields in which two versions differ."""
    names = dict.fromkeys([*kind.variants[after.variant], *kind.variants[before.variant]])
    return tuple(kind.fields[name].title for name in names if before.values.get(name, "") != after.values.get(name, ""))
