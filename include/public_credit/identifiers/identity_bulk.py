"""Whom each row of a chunk is about, by the rule of ``identity``: the first identifier that counts, else the name.

Nearly every row names its 统一社会信用代码, so that column is judged as a whole and the rest looks at the rows left over.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from ..kernels.columns import Marks
from .bulk import org_codes_valid, registrations_valid, usccs_valid
from .identity import RUN, SAYS_NONE, SHORTEST_CODE
from .names import folded

CODES = {  # field → scheme, in the order in which they count; what a tax number stands for, see ``_claims``
    "uscc": "uscc",
    "org_code": "org",
    "business_reg_no": "reg",
    "tax_reg_no": "tax",
    "institution_cert_no": "inst",
    "social_org_cert_no": "soc",
}
PERSON, NAME = "person", "name"
_IN_A_ROW = [RUN[first:last] for first in range(len(RUN)) for last in range(first + SHORTEST_CODE, len(RUN) + 1)]
_ZERO_ORG = "0" * 9  # the one repeated digit that passes GB 11714; of the runs none does, of GB 32100 none of either


@dataclass(frozen=True)
class Subjects:
    """Whom rows are about: scheme (uscc, org, reg, tax, inst, soc, name, person; '' where nobody is told) and value."""

    scheme: pl.Series
    value: pl.Series


def usable_values(scheme: str, values: pl.Series) -> Marks:
    """``identity.usable`` of canonical values, as one Boolean each."""
    if scheme == "uscc":
        return usccs_valid(values)
    if scheme == "org":
        return org_codes_valid(values) & ~_is(values, [_ZERO_ORG])
    marks = np.zeros(len(values), dtype=bool)
    length = values.str.len_chars().to_numpy()
    places = np.flatnonzero((length >= SHORTEST_CODE) & ~((length == 18) & (scheme in ("reg", "tax"))))
    if not len(places):
        return marks
    some = values[places]
    good = np.asarray(some.str.contains("[0-9]") & ~some.str.contains("〔", literal=True)) & ~_is(some, _IN_A_ROW)
    good &= np.asarray(some.str.split("").list.n_unique() >= 3)
    if scheme == "reg":
        digits = np.asarray(some.str.contains("^[0-9]+$"))
        good &= ~digits | (length[places] == 13) | registrations_valid(some)
    marks[places] = good
    return marks


def _is(values: pl.Series, wanted: list[str]) -> Marks:
    return np.asarray(values.is_in(wanted))


def _claims(rows: pl.DataFrame) -> Iterator[tuple[str, pl.Series, Marks]]:
    """Identifiers rows have beside ``uscc``, in the order in which they count: scheme, values, rows in which one counts.

    A tax number of 18 characters is a USCC; one of 15 holds the 组织机构代码 in characters 7 to 15, where that is one.
    """
    for field, scheme in CODES.items():
        if field == "uscc" or field not in rows.columns:
            continue
        values = rows[field]
        if scheme == "tax" and (values != "").any():
            inner = pl.select(pl.when(values.str.len_chars() == 15).then(values.str.slice(6)).otherwise(pl.lit("")))
            yield "uscc", values, usccs_valid(values)
            yield "org", inner.to_series(), usable_values("org", inner.to_series())
        yield scheme, values, usable_values(scheme, values)
    if "id_no" in rows.columns:
        yield PERSON, rows["id_no"], np.asarray(rows["id_no"] != "")


def folded_names(names: pl.Series) -> pl.Series:
    """Folded names, '' for what says that there is none."""
    known = {name: folded(name) for name in names.unique().to_list()}
    return pl.Series(["" if known[name] in SAYS_NONE else known[name] for name in names.to_list()], dtype=pl.String)


def of_organisations(rows: pl.DataFrame, names: pl.Series, valid: Marks | None = None) -> Subjects:
    """Whom rows with a column ``uscc`` and others of ``CODES``, canonical and with vault tokens, are about.

    A person's token in ``id_no`` counts after the codes, the folded name last. ``valid``: rows of a valid ``uscc``, where
    that is known already.
    """
    valid = usccs_valid(rows["uscc"]) if valid is None else valid
    scheme = pl.repeat("uscc", rows.height, dtype=pl.String, eager=True)
    if valid.all():
        return Subjects(scheme, rows["uscc"])
    left = np.flatnonzero(~valid)
    asked = [name for name in (*CODES, "id_no") if name in rows.columns]
    some, open_ = rows.select(asked)[left], np.ones(len(left), dtype=bool)
    scheme, value = scheme.scatter(left, ""), rows["uscc"].clone().scatter(left, "")
    for name, values, marks in _claims(some):
        taken = np.flatnonzero(marks & open_)
        if len(taken):
            scheme, value = scheme.scatter(left[taken], name), value.scatter(left[taken], values[taken])
            open_[taken] = False
    last = left[open_]
    if len(last):
        told = folded_names(names[last])
        scheme = scheme.scatter(
            last, pl.select(pl.when(told != "").then(pl.lit(NAME)).otherwise(pl.lit(""))).to_series()
        )
        value = value.scatter(last, told)
    return Subjects(scheme, value)
