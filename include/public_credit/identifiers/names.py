"""Names of organisations, folded for comparison; what is stored keeps its spelling."""

from __future__ import annotations

import unicodedata

_ALIKE = str.maketrans("〔〕【】[]", "()()()", " \t")


def same_name(column: str) -> str:
    """SQL that folds a name for comparison only: NFKC, upper case, no blanks, one kind of bracket."""
    return f"translate(upper(normalize({column}, NFKC)), '〔〕【】[] \t', '()()()')"


def folded(name: str) -> str:
    """A name as the SQL of ``same_name`` folds it: letter by letter, so ß, which has no capital of one letter, stays."""
    text = unicodedata.normalize("NFKC", name)
    upper = text.upper()
    if len(upper) != len(text):
        upper = "".join(map(_capital, text))
    return upper.translate(_ALIKE)


def _capital(char: str) -> str:
    """The capital of one letter; its title form where the capital is written as two, the letter itself where there is none."""
    return next((form for form in (char.upper(), char.title()) if len(form) == 1), char)
