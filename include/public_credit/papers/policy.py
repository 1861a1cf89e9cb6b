"""What reports show to whom, from ``include/catalogue/reports.yml``; no literal of it is repeated in code."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from ..base import plain_yaml
from ..base.files import kept_while_unchanged
from ..catalogue.load import default_root
from ..ledger.states import RecordState


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Records(_Strict):
    """Which records are meant: by kind, state, nature and severity class; where none is named, any."""

    kinds: list[str] = []
    states: list[str] = []
    natures: list[str] = []
    severities: list[str] = []

    def fits(self, record: Mapping[str, Any]) -> bool:
        """Whether a record is of those the rule names."""
        return all(
            not named or record[column] in named
            for named, column in (
                (self.kinds, "kind"),
                (self.states, "state"),
                (self.natures, "nature"),
                (self.severities, "severity_class"),
            )
        )


class Hiding(Records):
    """Why a record is not shown to a reader below a level."""

    id: str
    reason: str
    clause: str
    shown_from: str
    years: int = 0


class States(_Strict):
    """What the states of records of these kinds are called; ``left``: what happened on the day one ended before its term."""

    kinds: list[str]
    words: dict[RecordState, str]
    left: str


class Section(_Strict):
    """One section of an organisation's report: the kinds of record in it and how their columns are called."""

    id: str
    title: str
    kinds: list[str]
    figure: str
    document: str
    event: str
    ends: str


class Figure(Records):
    """A figure over the records listed, with its one definition."""

    title: str
    definition: str


class Headers(_Strict):
    """Headers by which the columns of a list of applicants are found."""

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
    scope: str
    states: list[States]
    sections: list[Section]
    figures: dict[str, Figure]
    person_notice: list[str]
    review: Review

    def rule(self, name: str) -> Hiding:
        """The hiding rule of an id. Raises StopIteration for one the policy has not."""
        return next(rule for rule in self.hiding if rule.id == name)

    def states_of(self, kind: str) -> States:
        """The vocabulary of a kind. Raises StopIteration for one the policy has not."""
        return next(states for states in self.states if kind in states.kinds)

    def rank(self, level: str) -> int:
        """Position of a disclosure level; an unknown one is the most restricted."""
        return self.levels.index(level) if level in self.levels else len(self.levels)


def load() -> ReportPolicy:
    """The report policy of this checkout, as it is now."""
    return _read(default_root() / "reports.yml")


@kept_while_unchanged
def _read(path: Path) -> ReportPolicy:
    return ReportPolicy.model_validate(plain_yaml.load(path.read_text(encoding="utf-8")))
