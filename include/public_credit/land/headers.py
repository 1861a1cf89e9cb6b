"""Match the headers of a delivery with the fields of a kind: by meaning, never by number or position.

Official codes, Chinese names, legacy synonyms and aliases of the catalogue are compared after folding: full width to half
width, one kind of bracket, no blanks, upper case, without the marks a form adds (必填, ★, 3.). A unit is part of the meaning:
an amount in 元 is none in 万元. A numbered code column (行政相对人代码_3(工商登记码)) is matched by the
text in its brackets; the number circulates in several orders and means nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..catalogue.load import Catalogue, load_catalogue
from ..catalogue.models import Dataset, Kind
from ..identifiers.codes import INVISIBLE

SLIP_HEADERS = ("退回原因", "修改办法", "行号", "出错字段", "原填内容", "工作表", "文件", "批次", "规则")
_NUMBERED = re.compile(r"^行政相对人代码_?\d*\((.+)\)$")
_UNIT = re.compile(r"\((?:单位:?)?(万元|千元|百元|元)\)$")
_FIELD_UNIT = "万元"
# What a form adds to a title: its number in the list, whether it must be filled, at the beginning or the end.
_ADDED = re.compile(r"^(?:[0-9]{1,3}[.、)]|\([0-9]{1,3}\))|\((?:必填|选填|非必填|可选|必选)[^()]*\)")
_BRACKETS = str.maketrans("【】〔〕[]{}「」", "()()()()()")


@dataclass(frozen=True)
class HeaderMatch:
    """Source column index → field, and everything that was not matched, by reason."""

    columns: dict[int, str]
    ignored: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    forbidden: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    ambiguous: list[str] = field(default_factory=list)
    other_unit: list[str] = field(default_factory=list)
    slip_columns: dict[int, str] = field(default_factory=dict)


def fold(header: str) -> str:
    """A header reduced to what it means: NFKC, upper case, one kind of bracket, no blanks, invisible letters or marks."""
    text = unicodedata.normalize("NFKC", header).upper().translate(_BRACKETS)
    text = re.sub(rf"[\s{INVISIBLE}*★☆●▲※\"'=]+", "", text)
    return _ADDED.sub("", text).rstrip(":")


def meanings(header: str) -> list[str]:
    """Folded forms under which a header may be known, most specific first."""
    text = fold(header)
    numbered = _NUMBERED.match(text)
    if numbered:
        return [numbered.group(1)]
    forms = [text]
    unit = _UNIT.search(text)
    if unit and unit[1] == _FIELD_UNIT:
        forms.append(text[: unit.start()])
    return forms


def _known(kind: Kind, variant: str, dataset: Dataset | None) -> dict[str, str]:
    """Folded spelling → field for one variant; exceptions of the dataset come first."""
    known: dict[str, str] = {}
    for header, name in (dataset.field_exceptions if dataset else {}).items():
        known[fold(header)] = name
    for name in kind.variants[variant]:
        spec = kind.fields[name]
        spellings = [*spec.codes.values(), spec.title, *spec.aliases]
        for spelling in spellings:
            for form in meanings(spelling):
                known.setdefault(form, name)
    return known


def match(
    kind: Kind, variant: str, headers: Sequence[str], dataset: Dataset | None = None, catalogue: Catalogue | None = None
) -> HeaderMatch:
    """Match all headers of one table; a second column for the same field is ambiguous and not used."""
    limits = (catalogue or load_catalogue()).forbidden.columns
    known = _known(kind, variant, dataset)
    ignored_spellings = {fold(text) for text in [*kind.ignored_headers, *(dataset.ignored_columns if dataset else [])]}
    slip = {fold(text): text for text in SLIP_HEADERS}
    result = HeaderMatch(columns={})
    taken: dict[str, int] = {}
    for index, header in enumerate(headers):
        text = fold(header)
        if not text:
            continue
        if any(fold(word) in text for limit in limits for word in limit.words):
            result.forbidden.append(header)
            continue
        name = next((known[form] for form in meanings(header) if form in known), None)
        if name is None:
            if text in slip:
                result.slip_columns[index] = slip[text]
                result.ignored.append(header)
            elif text in ignored_spellings:
                result.ignored.append(header)
            elif f"{_UNIT.sub('', text)}({_FIELD_UNIT})" in known:
                result.other_unit.append(header)
            else:
                result.unknown.append(header)
        elif name in taken:
            result.ambiguous.append(header)
        else:
            taken[name] = index
            result.columns[index] = name
    result.missing.extend(name for name in kind.tables[variant].fields if name not in taken)
    return result


def required_missing(kind: Kind, match: HeaderMatch) -> list[str]:
    """Required fields that no header stands for; the category of a subject follows from its variant and may be absent."""
    return [name for name in match.missing if kind.fields[name].required == "yes" and name != "subject_category"]


def recognised(kind: Kind, variant: str, headers: Sequence[str], dataset: Dataset | None = None) -> int:
    """How many headers of a row are fields of the kind; readers find the header row by it."""
    known = _known(kind, variant, dataset)
    return sum(any(form in known for form in meanings(header)) for header in headers if header)
