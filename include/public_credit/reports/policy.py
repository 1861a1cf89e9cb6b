"""What reports show to whom, from ``include/catalogue/reports.yml``; no literal of it is repeated in code."""

from __future__ import annotations

from functools import lru_cache

from pydantic import BaseModel, ConfigDict

from .. import plain_yaml
from ..catalogue.load import default_root


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Hiding(_Strict):
    """Why a record is not shown to a reader."""

    id: str
    reason: str
    clause: str
    years: int = 0


class Section(_Strict):
    """One section of an organisation's report: the kinds of record in it and how their columns are called."""

    id: str
    title: str
    kinds: list[str]
    figure: str
    document: str
    event: str
    ends: str


class Figure(_Strict):
    """A figure of the subject's mart with its one definition."""

    title: str
    definition: str


class Headers(_Strict):
    name: list[str]
    code: list[str]
    type: list[str]


class Review(_Strict):
    """How an applicant list is read."""

    headers: Headers
    person_words: list[str]
    organisation_words: list[str]
    notice: str


class ReportPolicy(_Strict):
    """The whole file."""

    levels: list[str]
    level_purposes: dict[str, str]
    notice: list[str]
    hiding: list[Hiding]
    sections: list[Section]
    figures: dict[str, Figure]
    person_notice: list[str]
    review: Review

    def rank(self, level: str) -> int:
        """Position of a disclosure level; an unknown one is the most restricted."""
        return self.levels.index(level) if level in self.levels else len(self.levels)


@lru_cache(maxsize=1)
def load() -> ReportPolicy:
    """The report policy of this checkout."""
    return ReportPolicy.model_validate(plain_yaml.load((default_root() / "reports.yml").read_text(encoding="utf-8")))
