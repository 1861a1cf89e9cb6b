"""Kinds of penalty and their amounts: what each kind needs, and the unit 万元 against the text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from ..chunk import Rows, any_of
from ..registry import Mask, Parameters, check

_NUMBER = r"[0-9][0-9,]*(?:\.[0-9]+)?"


class Need(Parameters):
    """A kind of penalty (its name holds a word) needs a field; ``positive``: an amount above zero."""

    words: list[str]
    field: str
    positive: bool = False


def _kinds_with(categories: Iterable[str], words: list[str]) -> list[str]:
    """The category values of which one kind holds a word; the text of 其他 does not count."""
    return [
        value
        for value in categories
        if any(word in kind for kind in value.split(";") if not kind.startswith("其他") for word in words)
    ]


def _amount(rows: Rows, name: str) -> pl.Series:
    """The amount as a number, null where there is none."""
    return rows[name].cast(pl.Float64, strict=False)


@check
def needs_of_category(rows: Rows, *, category: str, needs: list[Need]) -> Mask:
    """A kind of penalty has what it needs (R11)."""
    known, categories, masks = rows.readable(category), rows.distinct(category), []
    for need in needs:
        kinds = _kinds_with(categories, need.words)
        if kinds:
            lacking = ~rows.filled(need.field)
            if need.positive:
                lacking = lacking | (_amount(rows, need.field) <= 0).fill_null(False)
            masks.append(known & rows[category].is_in(kinds) & lacking)
    return any_of(masks)


@check
def value_without_category(rows: Rows, *, category: str, needs: list[Need]) -> Mask:
    """A field is filled (zero does not count) though no kind of penalty asks for it (R11W)."""
    known, categories, masks = rows.readable(category), rows.distinct(category), []
    for need in needs:
        given = rows.filled(need.field) & (rows[need.field] != "0")
        if given.any():
            masks.append(known & given & ~rows[category].is_in(_kinds_with(categories, need.words)))
    return any_of(masks)


@check
def not_negative(rows: Rows, *, fields: list[str]) -> Mask:
    """Amounts are not negative (R12)."""
    return any_of([rows[name].str.starts_with("-") for name in fields])


@check
def at_most(rows: Rows, *, part: str, whole: str) -> Mask:
    """Of two readable counts the part is not larger than the whole."""
    both = rows.readable(part) & rows.readable(whole)
    if not both.any():
        return None
    positions = both.arg_true()
    larger = rows[part].gather(positions).cast(pl.Int64) > rows[whole].gather(positions).cast(pl.Int64)
    return rows.at(positions.filter(larger))


@dataclass
class _Figures:
    """Rows with an amount and figures in the text: the amount in 万元, the figures in 元."""

    positions: pl.Series
    amount: pl.Series
    count: pl.Series
    yuan: pl.Series  # of the only figure, else null
    same_number: pl.Series  # a figure written in 元 equals the amount in 万元


def _unconfirmed(rows: Rows, amount: str, text: str, word: str) -> pl.Series:
    """Rows with an amount whose text does not simply say it (罚款2000元 for 0.2): the few to look at."""
    positions = rows.readable(amount).arg_true()
    yuan = _amount(rows, amount).gather(positions) * 10000
    whole = yuan.round()
    frame = pl.DataFrame(
        [rows[text].gather(positions).alias("text"), whole.cast(pl.Int64).cast(pl.String).alias("yuan")]
    )
    said = frame.select(
        pl.col("text").str.contains(pl.concat_str(pl.lit(word), "yuan", pl.lit("元")), literal=True)
    )
    return positions.filter(~(said.to_series() & ((yuan - whole).abs() < 0.005)))


def _figures(rows: Rows, amount: str, text: str, word: str) -> _Figures | None:
    """What the text says after the word (罚款2000元) or before it (2000元罚款), if not simply the amount."""
    key = f"_figures_{amount}_{text}_{word}"
    if key in rows.shared:
        return rows.shared[key]
    pattern = rf"{word}[^0-9;；。，]{{0,12}}{_NUMBER}\s*万?元|{_NUMBER}\s*万?元(?:人民币)?整?的?{word}"
    positions = _unconfirmed(rows, amount, text, word)
    found = rows[text].gather(positions).str.extract_all(pattern)
    several = found.list.len()
    some = several > 0
    if not some.any():
        rows.shared[key] = None
        return None
    positions, found, several = positions.filter(some), found.filter(some), several.filter(some)
    frame = pl.DataFrame(
        {
            "row": pl.int_range(0, len(found), eager=True),
            "figure": found,
            "amount": _amount(rows, amount).gather(positions),
        }
    )
    each = frame.explode("figure").with_columns(
        number=pl.col("figure")
        .str.extract(f"({_NUMBER})", 1)
        .str.replace_all(",", "", literal=True)
        .cast(pl.Float64),
        wan=pl.col("figure").str.contains("万元", literal=True),
    )
    each = each.with_columns(
        yuan=pl.when("wan").then(pl.col("number") * 10000).otherwise("number"),
        same=~pl.col("wan") & (pl.col("number") == pl.col("amount")) & (pl.col("amount") > 0),
    )
    by_row = (
        each
        if each.height == frame.height
        else each.group_by("row", maintain_order=True).agg(pl.col("yuan").first(), pl.col("same").any())
    )
    only = pl.select(pl.when(several == 1).then(by_row["yuan"])).to_series()
    rows.shared[key] = _Figures(positions, frame["amount"], several, only, by_row["same"])
    return rows.shared[key]


@check
def unit_slip(rows: Rows, *, amount: str, text: str, word: str) -> Mask:
    """The amount in 万元 is the very number the text writes in 元 (R12)."""
    figures = _figures(rows, amount, text, word)
    return None if figures is None else rows.at(figures.positions.filter(figures.same_number))


@check
def amount_agrees_with_text(rows: Rows, *, amount: str, text: str, word: str) -> Mask:
    """The only figure of the text is the amount (R12W); a slip of the unit is another rule's."""
    figures = _figures(rows, amount, text, word)
    if figures is None:
        return None
    differs = (figures.yuan - figures.amount * 10000).abs() > 0.005
    return rows.at(figures.positions.filter((differs & ~figures.same_number).fill_null(False)))
