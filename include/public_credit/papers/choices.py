"""What a cell of a code list may hold, as a drop-down of a workbook a clerk fills in."""

from __future__ import annotations

from typing import Any

import xlsxwriter

from ..catalogue.models import Field, Kind
from ..land.rules import load_ruleset
from ..land.rules.checks.subject import value_fits_variant


def offered(kind: Kind, variant: str, field: Field) -> list[str]:
    """The values of a field's code list in this table, [] for a field without; a code that is a number with its word (1 有效)."""
    if not field.code_list:
        return []
    allowed = [
        condition.params["allowed"][variant]
        for rule in load_ruleset(kind.id).row_rules
        for condition in rule.conditions
        if condition.check == value_fits_variant.__name__ and condition.params["field"] == field.name
    ]
    return [
        next((spelling for spelling in spellings if spelling.startswith(f"{value} ")), value)
        for value, spellings in kind.code_lists[field.code_list].values.items()
        if all(value in values for values in allowed)
    ]


def open_ended(kind: Kind, field: Field) -> bool:
    """Whether a cell may hold what the list does not offer: 其他 with its text, or several values."""
    return kind.code_lists[field.code_list or ""].other or field.type == "enum_multi"


def drop_down(
    sheet: Any, column: int, rows: int, lists: Any, place: int, kind: Kind, variant: str, field: Field
) -> None:
    """Offer a field's values in the cells of a column below the header; they stand in column ``place`` of the sheet ``lists``."""
    values = offered(kind, variant, field)
    lists.write_column(0, place, [field.title, *values])
    lists.set_column(place, place, max(14, min(40, 2 * max(map(len, values)))))
    letter = xlsxwriter.utility.xl_col_to_name(place)
    other = open_ended(kind, field)
    sheet.data_validation(
        1,
        column,
        rows,
        column,
        {
            "validate": "list",
            "source": f"={lists.get_name()}!${letter}$2:${letter}${len(values) + 1}",
            "error_type": "warning" if other else "stop",
            "error_title": "不在代码表内",
            "error_message": "请从下拉列表选择" + ("，或填 其他-说明" if other else ""),
        },
    )
