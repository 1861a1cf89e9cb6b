"""Who a record is about, and which authority made it: required fields, category, codes."""

from __future__ import annotations

import numpy as np
import polars as pl

from ....identifiers.bulk import org_codes_embedded, org_codes_valid, registrations_valid
from ....identifiers.codes import PLACEHOLDER
from ....identifiers.identity import LONGEST_NONE, says_none
from ....identifiers.identity_bulk import CODES, NAME
from ....kernels.columns import Marks
from ...subjects import decide
from ..chunk import Rows, any_of, union
from ..registry import Mask, Parameters, check


class Condition(Parameters):
    """A field required unless, or only when, another field has one of the values."""

    field: str
    depends_on: str
    when: list[str] = []
    unless: list[str] = []


def _say_none(values: pl.Series) -> Marks:
    marks = np.zeros(len(values), dtype=bool)
    short = np.flatnonzero(np.asarray(values.str.len_chars().is_between(1, LONGEST_NONE)))
    marks[short] = [says_none(value) for value in values.gather(short).to_list()]
    return marks


@check
def required(rows: Rows, *, one_of: list[list[str]] = [], conditional: list[Condition] = []) -> Mask:
    """Fields the catalogue requires are filled, one of each group, conditional ones where due.

    The number of a document is not filled by a word that says there is none: all documents without a number would be one.
    """
    masks = [~rows.filled(field.name) for field in rows.fields if field.required == "yes"]
    masks += [rows.where(name, _say_none) for name in rows.kind.document_numbers if name in rows]
    for group in one_of:
        masks.append(~union([rows.filled(name) for name in group]))
    for item in conditional:
        if item.field in rows.kind.tables[rows.variant].fields:
            due = rows.one_of(item.depends_on, item.when) if item.when else ~rows.one_of(item.depends_on, item.unless)
            masks.append(~rows.filled(item.field) & due)
    return any_of(masks)


@check
def none_filled(rows: Rows, *, fields: list[str]) -> Mask:
    """None of the fields is filled; fields this table lacks count for nothing, a table that lacks all is passed over."""
    given = [rows.filled(name) for name in fields if name in rows]
    return ~union(given) if given else None


@check
def value_fits_variant(rows: Rows, *, field: str, allowed: dict[str, list[str]]) -> Mask:
    """A readable value is one of those allowed in this table (R02)."""
    return rows.readable(field) & ~rows.one_of(field, allowed[rows.variant])


@check
def uscc_valid(rows: Rows, *, field: str, placeholder_passes: bool = True, blank_in: list[str] = []) -> Mask:
    """A code given passes GB 32100 with its embedded 组织机构代码; in tables ``blank_in`` any code is wrong."""
    if field not in rows:
        return None
    filled = rows.filled(field)
    if rows.variant in blank_in:
        return filled
    wrong = filled & ~rows.uscc_valid(field)
    return wrong & ~rows.placeholder(field) if placeholder_passes else wrong


@check
def prefix_fits_category(
    rows: Rows, *, field: str, prefix: str, category: str, values: list[str], others: list[str]
) -> Mask:
    """A valid code has the prefix exactly when its category is of ``values``, not ``others`` (R04)."""
    if field not in rows or rows.variant == "person":
        return None
    own = rows.one_of(category, values)
    known = rows.uscc_valid(field) & (own | rows.one_of(category, others))
    return known & (rows.where(field, lambda codes: codes.str.starts_with(prefix)) ^ own)


@check
def org_code_valid(rows: Rows, *, field: str, uscc: str, check_digit: bool = True) -> Mask:
    """A 组织机构代码 passes GB 11714 and is the one embedded in a valid USCC."""
    if field not in rows or not rows.filled(field).any():
        return None
    differs = rows.uscc_valid(uscc) & ~org_codes_embedded(rows[uscc], rows[field])
    if check_digit:
        differs = differs | ~rows.where(field, org_codes_valid)
    return rows.filled(field) & differs


@check
def placeholder_code(
    rows: Rows, *, fields: list[str], category: str = "", values: list[str] = [], except_values: list[str] = []
) -> Mask:
    """The placeholder 17 zeros + X in a field, where the category is (or is not) one of the values (R07)."""
    masks = []
    for name in fields:
        if name in rows and not (rows.variant == "person" and name == "uscc"):  # any code there is R03's
            mask = rows.placeholder(name)
            if values:
                mask = mask & rows.one_of(category, values)
            elif except_values:
                mask = mask & ~rows.one_of(category, except_values)
            masks.append(mask)
    return any_of(masks)


@check
def known_supplier(rows: Rows, *, fields: list[str]) -> Mask:
    """Authorities and source units are in the supplier register, which holds valid codes only (R15)."""
    passing = ["", PLACEHOLDER, *rows.context.supplier_usccs]
    return any_of([rows.where(name, lambda codes: ~codes.is_in(passing)) for name in fields])


@check
def registration_valid(rows: Rows, *, field: str) -> Mask:
    """A 工商注册号 of 15 digits has the right check digit; other lengths have none."""
    fifteen = rows.where(field, lambda numbers: numbers.str.contains(r"^[0-9]{15}$"))
    return fifteen & ~rows.where(field, registrations_valid) if fifteen.any() else None


def _subject_schemes(rows: Rows) -> pl.Series:
    """By what each row tells its subject, '' where it tells nobody."""
    return rows.shared("subject", lambda: decide(rows.kind, rows.variant, rows.frame(), rows.uscc_valid("uscc")).scheme)


@check
def tells_nobody(rows: Rows) -> Mask:
    """Neither a code nor a name tells whom the row is about; a blank name that is required has a rule of its own (R24)."""
    if rows.variant == "person" or rows.uscc_valid("uscc").all():
        return None
    nobody = np.asarray(_subject_schemes(rows) == "")
    return nobody & rows.filled("subject_name") if rows.kind.fields["subject_name"].required == "yes" else nobody


@check
def codes_tell_nobody(rows: Rows) -> Mask:
    """Codes are filled, but only the name tells the subject; a wrong USCC or 组织机构代码 has a rule of its own (R24W)."""
    if rows.variant == "person" or rows.uscc_valid("uscc").all():
        return None
    filled = union([rows.filled(name) for name in CODES])
    wrong = rows.filled("uscc") | (rows.filled("org_code") & ~rows.where("org_code", org_codes_valid))
    told_by_name: Marks = np.asarray(_subject_schemes(rows) == NAME)
    return filled & ~wrong & told_by_name
