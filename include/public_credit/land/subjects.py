"""Whom the rows of a kind are about, and the record's key made from it: the same at landing and whenever it is computed again."""

from __future__ import annotations

import polars as pl

from ..catalogue.models import Kind
from ..identifiers.identity_bulk import NAME, PERSON, Subjects, of_organisations
from ..kernels.columns import Marks

_SEPARATOR = "\x1e"  # inside the subject's part of a key; parts themselves are told apart by 0x1f


def decide(kind: Kind, variant: str, rows: pl.DataFrame, usccs_valid: Marks | None = None) -> Subjects:
    """Whom canonical rows with vault tokens are about; nobody in kinds that are about none.

    ``usccs_valid``: rows of a valid ``uscc``, where that is known already.
    """
    nobody = pl.repeat("", rows.height, dtype=pl.String, eager=True)
    if variant == "person":
        told = pl.select(pl.when(rows["id_no"] != "").then(pl.lit(PERSON)).otherwise(pl.lit(""))).to_series()
        return Subjects(told, rows["id_no"])
    if "uscc" not in rows.columns:
        return Subjects(nobody, nobody)
    return of_organisations(rows, rows["subject_name" if "subject_name" in rows.columns else "name"], usccs_valid)


def told_apart_by(kind: Kind) -> list[str]:
    """What tells records apart, beside the key, whose subject has a name only: authority and document number."""
    fields = ("authority_uscc", kind.document)
    return [name for name in fields if name is not None and name in kind.fields and name not in kind.key]


def key_parts(kind: Kind, rows: pl.DataFrame, subjects: Subjects) -> list[pl.Series]:
    """The parts of the records' keys, '' where one is not told.

    The subject's: a person's token; ``scheme:value`` of an organisation; behind a mere name what ``told_apart_by`` lists.
    """
    more = [pl.lit(_SEPARATOR) + rows[name] for name in told_apart_by(kind)]
    scheme, value = pl.lit(subjects.scheme), pl.lit(subjects.value)
    about = (
        pl.when((scheme == "") | (scheme == PERSON))
        .then(value)
        .when(scheme == NAME)
        .then(pl.concat_str(scheme, pl.lit(":"), value, *more))
        .otherwise(pl.concat_str(scheme, pl.lit(":"), value))
    )
    return [pl.select(about).to_series() if part == "subject" else rows[part] for part in kind.key]
