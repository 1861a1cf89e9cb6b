"""The checks rules may name, each a whole-column computation: ``check(rows, params) -> mask of marked rows``.

A rule of the same shape needs no code: it names a check here with its parameters. ``None`` means no row is marked.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from .. import identifiers, policy
from ..canonical import Canonical
from ..catalogue.models import Kind

CROSS_RECORD = "cross_record"
Mask = pl.Series | None
Check = Callable[["Rows", dict[str, Any]], Mask]
CHECKS: dict[str, Check] = {}

ENTITY, INDIVIDUAL, PERSON = "法人及非法人组织", "个体工商户", "自然人"


def check(function: Check) -> Check:
    CHECKS[function.__name__] = function
    return function


class Rows:
    """A chunk under judgement: canonical columns with what several rules share, computed once."""

    def __init__(self, kind: Kind, variant: str, canonical: Canonical, context: Any):
        self.kind, self.variant, self.context = kind, variant, context
        self.frame = canonical.frame
        self.unreadable = canonical.unreadable
        self.mended = canonical.mended
        self.count = canonical.frame.height

    def __getitem__(self, name: str) -> pl.Series:
        return self.frame[name]

    def has(self, name: str) -> bool:
        return name in self.frame.columns

    def none(self) -> pl.Series:
        return pl.repeat(False, self.count, eager=True)

    def filled(self, name: str) -> pl.Series:
        return self[name] != ""

    def readable(self, name: str) -> pl.Series:
        """Rows whose value is present and could be read."""
        filled = self.filled(name)
        return filled & ~self.unreadable[name] if name in self.unreadable else filled

    def codes_valid(self, name: str) -> pl.Series:
        """Rows whose value is a valid 统一社会信用代码."""
        return self._valid(name, 18, identifiers.usccs_valid)

    def _valid(self, name: str, width: int, judge: Callable[[np.ndarray], np.ndarray]) -> pl.Series:
        values = self[name].unique(maintain_order=False) if name in ("authority_uscc", "source_unit_uscc") else None
        if values is not None:
            chars, fits = identifiers.series_bytes(values, width)
            return self[name].is_in(values.filter(pl.Series(judge(chars) & fits)).to_list())
        chars, fits = identifiers.series_bytes(self[name], width)
        return pl.Series(judge(chars) & fits)

    @cached_property
    def uscc_valid(self) -> pl.Series:
        return self.codes_valid("uscc")

    @cached_property
    def placeholder(self) -> pl.Series:
        return self["uscc"] == identifiers.PLACEHOLDER

    def category(self, value: str) -> pl.Series:
        return self["subject_category"] == value

    def contains(self, name: str, pattern: str) -> pl.Series:
        return self[name].str.contains(pattern)

    def derive(self) -> None:
        """Fill what the first-generation templates lack: the category, and the type of a representative's number."""
        absent = self.context.absent_fields
        if "subject_category" in absent and self.has("subject_category"):
            if self.variant == "person":
                derived = pl.repeat(PERSON, self.count, dtype=pl.String, eager=True)
            else:
                individual = self["uscc"].str.starts_with("92") | self.placeholder | (self["uscc"] == "")
                derived = pl.select(pl.when(individual).then(pl.lit(INDIVIDUAL)).otherwise(pl.lit(ENTITY))).to_series()
            self.frame = self.frame.with_columns(derived.alias("subject_category"))
        for type_field, number_field in (("legal_rep_id_type", "legal_rep_id_no"), ("id_type", "id_no")):
            if type_field in absent and number_field not in absent and self.has(type_field):
                derived = pl.select(pl.when(self.filled(number_field)).then(pl.lit("身份证")).otherwise(pl.lit("")))
                self.frame = self.frame.with_columns(derived.to_series().alias(type_field))


def _any(rows: Rows, masks: list[pl.Series]) -> Mask:
    if not masks:
        return None
    result = masks[0]
    for mask in masks[1:]:
        result = result | mask
    return result


@check
def required(rows: Rows, params: dict[str, Any]) -> Mask:
    """Fields the standard requires, and the conditional ones of organisations."""
    masks = [~rows.filled(name) for name in rows.kind.tables[rows.variant].fields
             if rows.kind.fields[name].required == "yes"]
    if params.get("organisation") and rows.variant == "entity":
        masks.append(~rows.filled("uscc") & ~rows.category(INDIVIDUAL))
        masks.append(~rows.filled("legal_rep_name") & rows.category(ENTITY))
    for group in params.get("one_of", []):
        empty = ~rows.filled(group[0])
        for name in group[1:]:
            empty = empty & ~rows.filled(name)
        masks.append(empty)
    return _any(rows, masks)


@check
def category_fits_table(rows: Rows, params: dict[str, Any]) -> Mask:
    """R02: organisations and 个体工商户 in the entity table, natural persons in the person table."""
    known = rows.readable("subject_category")
    return known & (~rows.category(PERSON) if rows.variant == "person" else rows.category(PERSON))


@check
def uscc_valid(rows: Rows, params: dict[str, Any]) -> Mask:
    """GB 32100 with the embedded 组织机构代码; in a person table any code is wrong."""
    name = params.get("field", "uscc")
    filled = rows.filled(name)
    if rows.variant == "person":
        return filled
    return filled & ~rows.codes_valid(name) & (rows[name] != identifiers.PLACEHOLDER)


@check
def individual_prefix(rows: Rows, params: dict[str, Any]) -> Mask:
    """R04: prefix 92 ⇔ 个体工商户, where code and category are known."""
    if rows.variant == "person":
        return None
    known = rows.uscc_valid & (rows.category(ENTITY) | rows.category(INDIVIDUAL))
    return known & (rows["uscc"].str.starts_with("92") != rows.category(INDIVIDUAL))


@check
def org_code_valid(rows: Rows, params: dict[str, Any]) -> Mask:
    """R05: check character, and agreement with the code embedded in a valid USCC."""
    if rows.variant == "person":
        return None
    filled = rows.filled("org_code")
    if not filled.any():
        return None
    valid = rows._valid("org_code", 9, identifiers.org_codes_valid)
    return filled & (~valid | (rows.uscc_valid & (rows["uscc"].str.slice(8, 9) != rows["org_code"])))


@check
def placeholder_code(rows: Rows, params: dict[str, Any]) -> Mask:
    """R07: the placeholder is for a 个体工商户 without a code only (``allowed``); never for an authority."""
    if params.get("allowed"):
        return rows.placeholder & rows.category(INDIVIDUAL) if rows.variant == "entity" else None
    masks = [rows[name] == identifiers.PLACEHOLDER for name in ("authority_uscc", "source_unit_uscc")]
    if rows.variant == "entity":
        masks.append(rows.placeholder & ~rows.category(INDIVIDUAL))
    return _any(rows, masks)


@check
def not_after_reception(rows: Rows, params: dict[str, Any]) -> Mask:
    """R08: a decision cannot be later than the day it was received."""
    name = params["field"]
    return rows.readable(name) & (rows[name] > rows.context.business_date.isoformat())


@check
def readable(rows: Rows, params: dict[str, Any]) -> Mask:
    """Values of the given field types that could not be read (dates, months, integers, code lists, amounts)."""
    names = [field.name for field in rows.kind.fields.values()
             if field.type in params["types"] and field.name in rows.unreadable]
    return _any(rows, [rows.unreadable[name] for name in names])


@check
def ordered(rows: Rows, params: dict[str, Any]) -> Mask:
    """Two dates out of order: ``first`` later than ``second`` (or equal, with ``strict``)."""
    first, second = params["first"], params["second"]
    if not (rows.has(first) and rows.has(second)):
        return None
    both = rows.readable(first) & rows.readable(second)
    return both & (rows[first] >= rows[second] if params.get("strict") else rows[first] > rows[second])


def _amount(rows: Rows, name: str) -> pl.Series:
    return pl.select(pl.when(pl.lit(rows.readable(name))).then(pl.lit(rows[name])).otherwise(None)
                     .cast(pl.Float64, strict=False)).to_series()


@check
def consequence_present(rows: Rows, params: dict[str, Any]) -> Mask:
    """R11: a kind of penalty without what it needs, or (``reverse``) the amount without its kind."""
    category, masks = rows["penalty_category"], []
    known = rows.readable("penalty_category")
    for words, name in ((("罚款",), "fine_amount_wan"), (("没收",), "confiscated_amount_wan"),
                        (("暂扣", "吊销"), "suspended_or_revoked_licence")):
        named = known & category.str.contains_any(list(words))
        if params.get("reverse"):
            masks.append(known & ~named & rows.filled(name) & ~rows[name].is_in(["0"]))
        elif name == "fine_amount_wan":
            masks.append(named & (~rows.filled(name) | (_amount(rows, name) == 0.0).fill_null(False)))
        else:
            masks.append(named & ~rows.filled(name))
    return _any(rows, masks)


_FINE = r"罚款[^0-9;；。，]{0,12}([0-9][0-9,]*(?:\.[0-9]+)?)\s*(万?)元"


def _fine_in_text(rows: Rows) -> tuple[pl.Series, pl.Series, pl.Series]:
    """Rows with exactly one 罚款 figure in the text and a readable amount; its value in 元; whether it says 万元."""
    text = rows["penalty_content"]
    amount = rows.readable("fine_amount_wan")
    one = amount & (text.str.count_matches(_FINE) == 1)
    wan = text.str.extract(_FINE, 2) == "万"
    number = text.str.extract(_FINE, 1).str.replace_all(",", "").cast(pl.Float64, strict=False)
    yuan = pl.select(pl.when(pl.lit(wan)).then(pl.lit(number) * 10000).otherwise(pl.lit(number))).to_series()
    return one.fill_null(False), yuan, wan.fill_null(False)


@check
def amount_valid(rows: Rows, params: dict[str, Any]) -> Mask:
    """R12: decimal(18,6) in 万元, not negative, and not the 元 figure of the text by mistake."""
    masks = []
    for name in ("fine_amount_wan", "confiscated_amount_wan"):
        if name in rows.unreadable:
            masks.append(rows.unreadable[name])
        masks.append(rows[name].str.starts_with("-"))
    one, yuan, wan = _fine_in_text(rows)
    if one.any():
        fine = _amount(rows, "fine_amount_wan")
        masks.append((one & ~wan & (fine == yuan)).fill_null(False))
    return _any(rows, masks)


@check
def amount_agrees_with_text(rows: Rows, params: dict[str, Any]) -> Mask:
    """R12W: the only 罚款 figure of the text is not the amount (and not its 元 figure, which is an error)."""
    one, yuan, wan = _fine_in_text(rows)
    if not one.any():
        return None
    fine = _amount(rows, "fine_amount_wan")
    same = (fine * 10000 - yuan).abs() < 0.005
    return (one & ~same & ~(~wan & (fine == yuan))).fill_null(False)


def _number_pairs(rows: Rows) -> list[tuple[str, str]]:
    return [pair for pair in (("id_type", "id_no"), ("legal_rep_id_type", "legal_rep_id_no"))
            if rows.has(pair[0]) and rows.has(pair[1])]


@check
def id_number_valid(rows: Rows, params: dict[str, Any]) -> Mask:
    """R14: type and number both or neither; a 身份证 number passes GB 11643 (15 digits: R14W)."""
    masks = []
    for type_field, number_field in _number_pairs(rows):
        typed, numbered = rows.filled(type_field), rows.filled(number_field)
        masks.append(typed != numbered)
        cards = numbered & (rows[type_field] == "身份证")
        if cards.any():
            number = rows[number_field]
            chars, fits = identifiers.series_bytes(number, 18)
            good = fits & identifiers.ids_checksum_valid(chars) & identifiers.births_plausible(
                chars[:, 6:14], rows.context.business_date)
            old = number.str.contains(r"^\d{15}$")
            if old.any():
                old_chars, old_fits = identifiers.series_bytes(number, 15)
                born = np.concatenate([np.tile(np.frombuffer(b"19", np.uint8), (len(number), 1)), old_chars[:, 6:12]], 1)
                good = good | (old_fits & old.to_numpy() & identifiers.births_plausible(
                    np.ascontiguousarray(born), rows.context.business_date))
            masks.append(cards & ~pl.Series(good))
    return _any(rows, masks)


@check
def id_number_legacy(rows: Rows, params: dict[str, Any]) -> Mask:
    """R14W: the 15-digit form."""
    return _any(rows, [(rows[type_field] == "身份证") & rows[number].str.contains(r"^\d{15}$")
                       for type_field, number in _number_pairs(rows)])


@check
def known_supplier(rows: Rows, params: dict[str, Any]) -> Mask:
    """R15: the code is a valid USCC and in the supplier register."""
    known = list(rows.context.supplier_usccs)
    masks = []
    for name in params["fields"]:
        masks.append(rows.filled(name) & (rows[name] != identifiers.PLACEHOLDER) & ~rows[name].is_in(known))
    return _any(rows, masks)


@check
def beyond_publication_maximum(rows: Rows, params: dict[str, Any]) -> Mask:
    """R17W: the declared end of publication is later than the legal maximum of its severity class."""
    both = rows.readable("publication_end") & rows.readable("decision_date") & rows.readable("penalty_category")
    if not both.any():
        return None
    some = rows.frame.filter(both).select("decision_date", "penalty_category", "publication_end")
    distinct = some.select("decision_date", "penalty_category").unique()
    latest = [policy.latest_publication_end(day, kinds) for day, kinds in distinct.iter_rows()]
    limits = distinct.with_columns(pl.Series("latest", latest, dtype=pl.String))
    joined = some.join(limits, on=["decision_date", "penalty_category"], how="left", maintain_order="left")
    beyond = (joined["publication_end"] > joined["latest"]).fill_null(False)
    return rows.none().scatter(both.arg_true().filter(beyond), True) if beyond.any() else None


@check
def length_within_standard(rows: Rows, params: dict[str, Any]) -> Mask:
    """R18: longer than the standard; reported, never cut. Codes, dates and amounts have rules of their own."""
    masks = []
    for name in rows.kind.variants[rows.variant]:
        field = rows.kind.fields[name]
        if field.type in ("text", "code", "list"):
            over = rows[name].str.len_bytes() > field.length
            if over.any():
                masks.append(rows[name].str.len_chars() > field.length)
    return _any(rows, masks)


@check
def sensitive_number(rows: Rows, params: dict[str, Any]) -> Mask:
    """R19: an identity, mobile or card number in a field that is not for it."""
    hits = [mask for name, mask in rows.context.scan_hits.items()
            if name in rows.kind.fields and rows.kind.fields[name].type != "person_id"]
    return _any(rows, hits)


@check
def contains_words(rows: Rows, params: dict[str, Any]) -> Mask:
    """Text that contains one of ``words`` unless every occurrence follows one of ``unless_after``."""
    words, masks = params["words"], []
    pattern = "|".join(words)
    negated = f"(?:{'|'.join(params['unless_after'])})(?:{pattern})" if params.get("unless_after") else None
    for name in rows.kind.variants[rows.variant]:
        if rows.kind.fields[name].type not in ("text", "list"):
            continue
        hit = rows[name].str.contains_any(words)
        if hit.any():
            if negated:
                some = rows[name].filter(hit)
                left = some.str.count_matches(pattern) > some.str.count_matches(negated)
                hit = rows.none().scatter(hit.arg_true().filter(left), True) if left.any() else rows.none()
            masks.append(hit)
    return _any(rows, masks)


@check
def mended_spelling(rows: Rows, params: dict[str, Any]) -> Mask:
    """R21: full width, lower case, blanks or hyphens were mended in a code, date or amount."""
    return _any(rows, list(rows.mended.values()))


@check
def precision_lost(rows: Rows, params: dict[str, Any]) -> Mask:
    """R22: a code of 15 digits or more came as a numeric spreadsheet cell; its last digits are gone."""
    masks = []
    for name, numeric in rows.context.numeric_cells.items():
        field = rows.kind.fields.get(name)
        if field and field.type in ("code", "uscc", "org_code", "person_id"):
            masks.append(numeric & (rows[name].str.len_chars() >= 15))
    return _any(rows, masks)


@check
def ragged(rows: Rows, params: dict[str, Any]) -> Mask:
    """R23: the row has more or fewer cells than the header."""
    return rows.context.ragged


@check
def registration_number(rows: Rows, params: dict[str, Any]) -> Mask:
    """A 15-digit 工商注册号 whose check digit is wrong."""
    fifteen = rows["business_reg_no"].str.contains(r"^\d{15}$")
    if not fifteen.any():
        return None
    return fifteen & ~rows._valid("business_reg_no", 15, identifiers.registrations_valid)


@check
def org_code_agrees(rows: Rows, params: dict[str, Any]) -> Mask:
    """The 组织机构代码 is not the one embedded in the valid USCC."""
    return rows.filled("org_code") & rows.uscc_valid & (rows["uscc"].str.slice(8, 9) != rows["org_code"])
