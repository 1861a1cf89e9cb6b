"""Names of organisations, folded for comparison; what is stored keeps its spelling."""

from __future__ import annotations


def same_name(column: str) -> str:
    """SQL that folds a name for comparison only: NFKC, upper case, no blanks, one kind of bracket."""
    return f"translate(upper(normalize({column}, NFKC)), '〔〕【】[] \t', '()()()')"
