"""Which record a row is about: the subject by its first identifier, the key by few stable fields, the id by the key."""

from __future__ import annotations

import polars as pl
from polars.expr.whenthen import ChainedThen, Then

from ..catalogue import Kind
from ..identifiers.codes import PLACEHOLDER
from . import copy_binary

_SUBJECT_CODES = (
    ("org_code", "org"),
    ("business_reg_no", "reg"),
    ("tax_reg_no", "tax"),
    ("institution_cert_no", "inst"),
    ("social_org_cert_no", "soc"),
)
# No code: nothing, zeros with or without the national placeholder's X, or another character over and over.
_NO_CODE = "^(?:0+X?|X+|" + "|".join(f"{digit}+" for digit in range(1, 10)) + ")?$"


class Identity:
    """Identifies the records of one kind and variant; ``voiding``: ids of the rules that void a code of the subject."""

    def __init__(self, kind: Kind, variant: str, voiding: list[str]):
        self._kind, self._variant = kind, variant
        self._void_uscc = rf"(?:^|;)(?:{'|'.join(voiding) or '-'})(?:;|$)"

    def record_ids(self, rows: pl.DataFrame, errors: pl.Series) -> copy_binary.Ids:
        """Record ids of sealed rows with these ';'-joined errors; a key with a part that cannot be read is not complete."""
        parts = [
            self._subject(rows, errors).alias(part) if part == "subject" else pl.col(part) for part in self._kind.key
        ]
        return copy_binary.record_ids(self._kind.id, self._variant, rows.select(parts).get_columns())

    def _subject(self, rows: pl.DataFrame, errors: pl.Series) -> pl.Expr:
        """subject_ref: the person's token, or the first identifier an organisation has, or its folded name."""
        if self._variant == "person":
            return pl.col("id_no")
        good = ~errors.str.contains(self._void_uscc) & ~rows["uscc"].str.contains("〔", literal=True)
        subject: Then | ChainedThen = pl.when(
            pl.lit(good) & (pl.col("uscc") != "") & (pl.col("uscc") != PLACEHOLDER)
        ).then(pl.concat_str(pl.lit("uscc:"), pl.col("uscc")))
        for name, label in _SUBJECT_CODES:
            if name in rows.columns:
                subject = subject.when(~pl.col(name).str.contains(_NO_CODE)).then(
                    pl.concat_str(pl.lit(f"{label}:"), pl.col(name))
                )
        if "id_no" in rows.columns:
            subject = subject.when(pl.col("id_no") != "").then(pl.col("id_no"))
        return subject.otherwise(
            pl.when(pl.col("subject_name") != "")
            .then(pl.concat_str(pl.lit("name:"), pl.col("subject_name").str.replace_all(r"\s", "")))
            .otherwise(pl.lit(""))
        )
