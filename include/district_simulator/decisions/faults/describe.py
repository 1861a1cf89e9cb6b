"""How a fault in a licence or penalty is described: which rule, which tables and formats, which fields it touches."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from district_simulator.population.enterprises import Population
from district_simulator.vocabulary.dialects import Dialect
from district_simulator.vocabulary.rows import Row

ENTITY, PERSON = ("xk_fr", "cf_fr"), ("xk_zrr", "cf_zrr")
LICENCE, PENALTY = ("xk_fr", "xk_zrr"), ("cf_fr", "cf_zrr")
ALL = ("xk_fr", "xk_zrr", "cf_fr", "cf_zrr")


@dataclass
class Context:
    """What a mutator may use."""

    rng: random.Random
    population: Population
    today: date
    dialect: Dialect
    fmt: str  # csv | xlsx | xls | xml | json | db
    partner: Row | None = None
    n: int = 0  # running number of this variant: rotates through the wordings

    @property
    def other(self) -> Row:
        """The partner's row, for variants whose subject is a partner (AssertionError for others)."""
        assert self.partner is not None, "no partner"
        return self.partner

    def pick(self, *choices):
        return choices[self.n % len(choices)]


@dataclass(frozen=True)
class Variant:
    """One way to go wrong (or to look wrong and be right)."""

    rule: str
    name: str
    apply: Callable[[Row, Context], None]
    tables: tuple[str, ...]
    touches: frozenset[str]
    rules: tuple[str, ...]
    expect: str  # accepted | quarantined | refused
    alike: bool
    needs: tuple[str, ...] = ()  # fields the dialect must have
    lacks: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    subject: str = ""  # which kind of subject it needs

    def fits(self, dataset: str, table: str, dialect: Dialect, fmt: str) -> bool:
        """True if this variant can be planted in a delivery of that shape."""
        return (
            table in self.tables
            and all(f in dialect.fields for f in self.needs)
            and not any(f in dialect.fields for f in self.lacks)
            and ("remark" not in self.touches or "remark" in dialect.fields)
            and (not self.formats or fmt in self.formats)
            and (not self.datasets or dataset in self.datasets)
        )


DECISION_FAULTS: list[Variant] = []


def variant(
    rule: str,
    *,
    tables: tuple[str, ...] = ALL,
    touches: str,
    rules: str | None = None,
    expect: str = "quarantined",
    needs: str = "",
    lacks: str = "",
    formats: str = "",
    datasets: str = "",
    subject: str = "",
    alike: bool = False,
):
    """Register a mutator.  ``rules`` defaults to the rule itself (to nothing for a look-alike)."""

    def register(function: Callable[[Row, Context], None]) -> Callable[[Row, Context], None]:
        reported = rules if rules is not None else ("" if alike else rule)
        DECISION_FAULTS.append(
            Variant(
                rule,
                function.__name__,
                function,
                tables,
                frozenset(touches.split()),
                tuple(reported.split()),
                "accepted" if alike else expect,
                alike,
                tuple(needs.split()),
                tuple(lacks.split()),
                tuple(formats.split()),
                tuple(datasets.split()),
                subject,
            )
        )
        return function

    return register


def alike(rule: str, **options):
    """Register a valid look-alike of a rule."""
    return variant(rule, alike=True, **options)
