"""The catalogue's grammar of a record: how a row of a kind becomes a record of a subject (decision 0008).

A *text* is the name of a field, or words with fields in braces (``"{rating_domain}（{period}年度）"``).
"""

from __future__ import annotations

import re
from itertools import chain

from pydantic import Field as Attribute
from pydantic import field_validator

from .strict import Strict

_UNSAID = re.compile(r"[{}'\\]")  # what no SQL text of a template may hold
_FIELD = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
Texts = list[str] | dict[str, list[str]]  # the same for all variants, or by variant


def pieces(words: str) -> list[tuple[bool, str]]:
    """A text in pieces, in their order: (is it a field, its name or the words)."""
    if _NAME.fullmatch(words):
        return [(True, words)]
    return [(bool(number % 2), piece) for number, piece in enumerate(_FIELD.split(words)) if piece]


def _all(texts: Texts) -> list[str]:
    return texts if isinstance(texts, list) else list(chain.from_iterable(texts.values()))


def _said(words: str) -> None:
    if _UNSAID.search(words):
        raise ValueError("花括号内只能是一个字段名；文字不能含引号、反斜杠和其他花括号")


class Ending(Strict):
    """A state that ends a record: a field has one of the values; it does so on the first of the days that is given."""

    field: str
    values: list[str] = Attribute(min_length=1)
    day: list[str] = Attribute(min_length=1)

    @field_validator("values")
    @classmethod
    def _plain(cls, values: list[str]) -> list[str]:
        for value in values:
            _said(value)
        return values


class Record(Strict):
    """What of a row the one chain of records needs; the number, the day and whom it is about stand in the kind itself.

    ``title`` and ``detail``: texts, joined by ： and ；, blank ones left out; for all variants, or by variant.
    ``event_table``: how a ``decision_event`` names the kind, '' where no event can. ``topic_value``: field (or ``variant``) by which
    the seed record_topic tells topics apart.
    ``event_month``: the month a record without a day is of. ``conduct_ended_on``, ``stated_end_on``, ``exited_on``: the days from
    which terms run, to which it says it is in force, on which it left. ``severity``: field that says the class of severity, and so
    how long the record may be published (macro ``join_severity``).
    """

    title: Texts
    detail: Texts = []
    event_table: str = ""
    topic_value: str | None = None
    event_month: str | None = None
    conduct_ended_on: str | None = None
    stated_end_on: str | None = None
    exited_on: str | Ending | None = None
    authority_name: str = "authority_name"
    authority_uscc: str = "authority_uscc"
    severity: str | None = None

    @field_validator("title", "detail")
    @classmethod
    def _whole(cls, texts: Texts) -> Texts:
        for words in _all(texts):
            for field, piece in pieces(words):
                if not field:
                    _said(piece)
        return texts

    @field_validator("event_table")
    @classmethod
    def _plain(cls, name: str) -> str:
        if not re.fullmatch(r"\w*", name):
            raise ValueError("只能由文字组成")
        return name

    @property
    def by_variant(self) -> list[set[str]]:
        """The variants of each text that differs by variant."""
        return [set(texts) for texts in (self.title, self.detail) if isinstance(texts, dict)]

    @property
    def shown(self) -> set[str]:
        """Fields in title and detail."""
        found = chain.from_iterable(map(pieces, [*_all(self.title), *_all(self.detail)]))
        return {name for field, name in found if field}

    @property
    def days(self) -> set[str]:
        """Fields that are to be days."""
        left = (*self.exited_on.day,) if isinstance(self.exited_on, Ending) else (self.exited_on,)
        return {name for name in (self.conduct_ended_on, self.stated_end_on, *left) if name}

    @property
    def names(self) -> set[str]:
        """All fields it names."""
        state = self.exited_on.field if isinstance(self.exited_on, Ending) else None
        others = (self.topic_value, self.event_month, self.authority_name, self.authority_uscc, self.severity, state)
        return self.shown | self.days | {name for name in others if name}
