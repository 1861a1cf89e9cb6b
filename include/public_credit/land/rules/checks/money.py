"""Kinds of penalty and their amounts: what each kind needs, and the unit 万元 against the text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import polars as pl

from ....kernels.columns import Marks, pairs
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


def _number(texts: pl.Series) -> pl.Series:
    """Amounts as numbers, null where there is none."""
    return texts.cast(pl.Float64, strict=False)


@check
def needs_of_category(rows: Rows, *, category: str, needs: list[Need]) -> Mask:
    """A kind of penalty has what it needs (R11)."""
    known, categories, masks = rows.readable(category), rows.column(category).distinct, []
    for need in needs:
        kinds = _kinds_with(categories, need.words)
        if kinds:
            lacking = ~rows.filled(need.field)
            if need.positive:
                lacking = lacking | rows.where(need.field, lambda texts: (_number(texts) <= 0).fill_null(False))
            masks.append(known & rows.one_of(category, kinds) & lacking)
    return any_of(masks)


@check
def value_without_category(rows: Rows, *, category: str, needs: list[Need]) -> Mask:
    """A field is filled (zero does not count) though no kind of penalty asks for it (R11W)."""
    known, categories, masks = rows.readable(category), rows.column(category).distinct, []
    for need in needs:
        given = rows.filled(need.field) & ~rows.one_of(need.field, ["0"])
        if given.any():
            masks.append(known & given & ~rows.one_of(category, _kinds_with(categories, need.words)))
    return any_of(masks)


@check
def not_negative(rows: Rows, *, fields: list[str]) -> Mask:
    """Amounts are not negative (R12)."""
    return any_of([rows.where(name, lambda texts: texts.str.starts_with("-")) for name in fields])


@check
def at_most(rows: Rows, *, part: str, whole: str) -> Mask:
    """Of two readable counts the part is not larger than the whole."""
    both = rows.readable(part) & rows.readable(whole)
    if not both.any():
        return None
    counts = [np.asarray(rows[name].cast(pl.Int64, strict=False).fill_null(0)) for name in (part, whole)]
    return both & (counts[0] > counts[1])


@dataclass
class _Figures:
    """Pairs of amount and text with figures in the text: the amount in 万元, the figures in 元."""

    places: pl.Series
    amount: pl.Series
    count: pl.Series
    yuan: pl.Series  # of the only figure, else null
    same_number: pl.Series  # a figure written in 元 equals the amount in 万元


def _unconfirmed(amounts: pl.Series, texts: pl.Series, word: str) -> pl.Series:
    """Places with an amount whose text does not simply say it (罚款2000元 for 0.2): the few to look at."""
    places = amounts.is_not_null().arg_true()
    yuan = amounts.gather(places) * 10000
    whole = yuan.round()
    frame = pl.DataFrame(
        [texts.gather(places).alias("text"), whole.cast(pl.Int64, strict=False).cast(pl.String).alias("yuan")]
    )
    said = frame.select(pl.col("text").str.contains(pl.concat_str(pl.lit(word), "yuan", pl.lit("元")), literal=True))
    return places.filter(~(said.to_series() & ((yuan - whole).abs() < 0.005)))


def _figures(amounts: pl.Series, texts: pl.Series, word: str) -> _Figures | None:
    """What the text says after the word (罚款2000元) or before it (2000元罚款), if not simply the amount."""
    pattern = rf"{word}[^0-9;；。，]{{0,12}}{_NUMBER}\s*万?元|{_NUMBER}\s*万?元(?:人民币)?整?的?{word}"
    places = _unconfirmed(amounts, texts, word)
    found = texts.gather(places).str.extract_all(pattern)
    several = found.list.len()
    some = several > 0
    if not some.any():
        return None
    places, found, several = places.filter(some), found.filter(some), several.filter(some)
    frame = pl.DataFrame(
        {"row": pl.int_range(0, len(found), eager=True), "figure": found, "amount": amounts.gather(places)}
    )
    each = frame.explode("figure").with_columns(
        number=pl.col("figure").str.extract(f"({_NUMBER})", 1).str.replace_all(",", "", literal=True).cast(pl.Float64),
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
    return _Figures(places, frame["amount"], several, only, by_row["same"])


def _figure_marks(rows: Rows, amount: str, text: str, word: str) -> tuple[Marks, Marks]:
    """Rows in which (a figure of the text is the amount's number in 元, the only figure is another amount)."""
    amounts, texts, spread = pairs(rows.column(amount), rows.column(text))
    slips, others = np.zeros(len(amounts), dtype=bool), np.zeros(len(amounts), dtype=bool)
    figures = _figures(_number(amounts), texts, word)
    if figures is not None:
        differs = (figures.yuan - figures.amount * 10000).abs() > 0.005
        slips[figures.places.filter(figures.same_number)] = True
        others[figures.places.filter((differs & ~figures.same_number).fill_null(False))] = True
    readable = rows.readable(amount)
    return spread(slips) & readable, spread(others) & readable


def _shared_marks(rows: Rows, amount: str, text: str, word: str) -> tuple[Marks, Marks]:
    return rows.shared(("figures", amount, text, word), lambda: _figure_marks(rows, amount, text, word))


@check
def unit_slip(rows: Rows, *, amount: str, text: str, word: str) -> Mask:
    """The amount in 万元 is the very number the text writes in 元 (R12)."""
    return _shared_marks(rows, amount, text, word)[0]


@check
def amount_agrees_with_text(rows: Rows, *, amount: str, text: str, word: str) -> Mask:
    """The only figure of the text is the amount (R12W); a slip of the unit is another rule's."""
    return _shared_marks(rows, amount, text, word)[1]
