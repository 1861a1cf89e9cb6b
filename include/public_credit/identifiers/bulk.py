"""Whole columns of identifiers: which of the values are valid, as NumPy arrays of Booleans; agrees with ``identifiers``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import polars as pl

from ..kernels.columns import Marks
from ..kernels.views import Texts
from . import compiled as identifier_codes


def _marked(kernel: Callable[..., None], series: pl.Series, *arguments: int) -> Marks:
    texts, marks = Texts([series]), np.empty(len(series), dtype=bool)
    kernel(texts.views, texts.buffers, 0, texts.count, *arguments, marks)
    return marks


def org_codes_valid(series: pl.Series) -> Marks:
    """组织机构代码, GB 11714."""
    return _marked(identifier_codes.org_codes, series)


def usccs_valid(series: pl.Series) -> Marks:
    """统一社会信用代码, GB 32100: alphabet, department, check character, embedded 组织机构代码."""
    return _marked(identifier_codes.usccs, series)


def org_codes_embedded(usccs: pl.Series, org_codes: pl.Series) -> Marks:
    """Whether each 统一社会信用代码 of 18 ASCII characters holds the 组织机构代码 beside it (characters 9 to 17)."""
    texts, marks = Texts([usccs, org_codes]), np.empty(len(usccs), dtype=bool)
    identifier_codes.embedded(texts.views, texts.buffers, texts.count, marks)
    return marks


def id_numbers_valid(series: pl.Series, on: date) -> Marks:
    """公民身份号码: 18 characters, check character and a birth date up to ``on``; or 15 digits (legacy)."""
    return _marked(identifier_codes.id_numbers, series, on.year * 10000 + on.month * 100 + on.day)


def registrations_valid(series: pl.Series) -> Marks:
    """工商注册号 of 15 digits: ISO 7064 mod 11,10."""
    return _marked(identifier_codes.registrations, series)
