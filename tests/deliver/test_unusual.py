"""What makes a release unusual: a dataset fills a field less often than when it came last, whichever others come along."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from public_credit.catalogue import load_catalogue
from public_credit.deliver import release
from public_credit.ledger.models import Build, Release
from public_credit.ledger.session import session
from public_credit.ledger.states import BuildState, ReleaseState
from sqlalchemy import text
from sqlalchemy.orm import Session

ROADS, CULTURE = "jtys.penalty_entity", "wlj.penalty_entity"


@pytest.fixture
def opened(warehouse: Any) -> Iterator[Session]:
    """A transaction of the sender with an empty difference."""
    with session("sender") as made:
        made.execute(
            text(
                "create temp table diff (interface text, record_id text, dataset_id text, operation text, payload jsonb)"
                " on commit drop"
            )
        )
        yield made


def _differ(opened: Session, dataset: str, records: int, filled: int) -> None:
    opened.execute(
        text(
            "insert into diff select 'cf_fr', :dataset || n, :dataset, 'ADD', "
            "jsonb_build_object('CF_NR_FK', case when n <= :filled then '1' else '' end) "
            "from generate_series(1, :records) n"
        ),
        {"dataset": dataset, "records": records, "filled": filled},
    )


def _reasons(opened: Session, *before: dict[str, Any]) -> list[str]:
    """Reasons of the difference after releases with these fill rates, the oldest first."""
    for number, rates in enumerate(before, 1):
        with session("owner") as owner:
            owner.add(Build(build_id=number, business_date=date(2026, 2, 25), code_version="x", state=BuildState.BUILT))
            owner.flush()
            owner.add(
                Release(
                    build_id=number,
                    receiver="city",
                    business_date=date(2026, 2, 25),
                    adds=1000,
                    mods=0,
                    dels=0,
                    diff_hash="x",
                    cover={"fill_rates": rates},
                    state=ReleaseState.RELEASED,
                )
            )
    receiver = load_catalogue().receiver("city")
    return release._unusual(opened, receiver, 0, release._fill_rates(opened, receiver.unusual.min_records))


def test_other_datasets_than_last_time_are_nothing_unusual(opened: Session) -> None:
    _differ(opened, ROADS, 100, 10)
    assert _reasons(opened, {CULTURE: {"cf_fr.CF_NR_FK": 1.0}}) == []


def test_a_dataset_is_compared_with_its_own_last_time_however_many_releases_ago(opened: Session) -> None:
    _differ(opened, ROADS, 100, 80)
    _differ(opened, CULTURE, 900, 900)
    (reason,) = _reasons(
        opened, {ROADS: {"cf_fr.CF_NR_FK": 0.2}}, {ROADS: {"cf_fr.CF_NR_FK": 0.95}}, {CULTURE: {"cf_fr.CF_NR_FK": 0.5}}
    )
    assert f"（{ROADS}）cf_fr.CF_NR_FK" in reason and CULTURE not in reason


@pytest.mark.parametrize(
    ("records", "filled", "before"),
    [
        (100, 90, {ROADS: {"cf_fr.CF_NR_FK": 0.99}}),  # nine points
        (100, 100, {ROADS: {"cf_fr.CF_NR_FK": 0.1}}),  # better
        (49, 0, {ROADS: {"cf_fr.CF_NR_FK": 1.0}}),  # too few to tell
        (100, 0, {ROADS: {"cf_fr.CF_XZ": 1.0}}),  # a field that is new
        (100, 0, {"cf_fr.CF_NR_FK": 1.0}),  # as releases of earlier versions say it
    ],
)
def test_what_is_no_fall_waits_for_nobody(opened: Session, records: int, filled: int, before: dict[str, Any]) -> None:
    _differ(opened, ROADS, records, filled)
    assert _reasons(opened, before) == []
