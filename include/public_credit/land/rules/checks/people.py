"""Numbers of persons: type and number together, GB 11643, sensitive numbers where they do not belong."""

from __future__ import annotations

import numpy as np
import polars as pl

from ....identifiers.bulk import id_numbers_valid
from ..chunk import ID_CARD, ID_PAIRS, Rows, any_of
from ..registry import Mask, check


def _pairs(rows: Rows) -> list[tuple[str, str]]:
    return [pair for pair in ID_PAIRS if pair[0] in rows and pair[1] in rows]


@check
def id_number_valid(rows: Rows, *, both_required: list[str] = []) -> Mask:
    """ID type and number both or neither (both in ``both_required``); a 身份证 passes GB 11643 (R14)."""
    masks = []
    for type_field, number_field in _pairs(rows):
        typed, numbered = rows.filled(type_field), rows.filled(number_field)
        if rows.variant in both_required and type_field == "id_type":
            masks.append(~(typed & numbered))
        else:
            masks.append(typed != numbered)
        cards = numbered & rows.one_of(type_field, [ID_CARD])
        if cards.any():
            masks.append(
                cards & ~rows.where(number_field, lambda ids: id_numbers_valid(ids, rows.context.business_date))
            )
    return any_of(masks)


def _fifteen_digits(numbers: pl.Series) -> pl.Series:
    fifteen = numbers.str.len_bytes() == 15
    return fifteen & numbers.str.contains("^[0-9]{15}$") if fifteen.any() else fifteen


@check
def id_number_legacy(rows: Rows) -> Mask:
    """A 身份证 number in the 15-digit form of before 1999 (R14W)."""
    return any_of(
        [
            rows.where(number, _fifteen_digits) & rows.one_of(type_field, [ID_CARD])
            for type_field, number in _pairs(rows)
        ]
    )


@check
def sensitive_number(rows: Rows) -> Mask:
    """An identity, mobile or card number in a field not meant for it (R19), as the landing scan found."""
    return any_of(
        [
            np.asarray(mask)
            for name, mask in rows.context.scan_hits.items()
            if name in rows and rows.kind.fields[name].type != "person_id"
        ]
    )
