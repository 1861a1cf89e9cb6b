"""What makes a release unusual: its datasets fill a field less often than when each came last, whichever come together."""

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

ROADS, CULTURE, CODE = "jtys.penalty_entity", "wlj.penalty_entity", "cf_fr.CF_NR_FK"


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
    return release._unusual(opened, receiver, 0, release._filled(opened))


def test_another_mixture_of_datasets_is_nothing_unusual(opened: Session) -> None:
    _differ(opened, ROADS, 100, 10)
    _differ(opened, CULTURE, 10, 10)
    assert _reasons(opened, {CULTURE: {CODE: 1.0}}, {ROADS: {CODE: 0.12}, CULTURE: {CODE: 1.0}}) == []


def test_the_datasets_are_compared_with_their_own_last_time_however_many_releases_ago(opened: Session) -> None:
    _differ(opened, ROADS, 100, 80)
    _differ(opened, CULTURE, 20, 10)
    (reason,) = _reasons(opened, {ROADS: {CODE: 0.2}}, {ROADS: {CODE: 0.95}}, {CULTURE: {CODE: 0.5}})
    assert reason == f"填报率较各数据集上次明显下降：{CODE}"


def test_what_is_kept_for_later_comes_from_datasets_with_enough_records(opened: Session) -> None:
    _differ(opened, ROADS, 100, 80)
    _differ(opened, CULTURE, 49, 10)
    assert release._fill_rates(release._filled(opened), 50) == {ROADS: {CODE: 0.8}}


@pytest.mark.parametrize(
    ("records", "filled", "before"),
    [
        (100, 90, {ROADS: {CODE: 0.99}}),  # nine points
        (100, 100, {ROADS: {CODE: 0.1}}),  # better
        (49, 0, {ROADS: {CODE: 1.0}}),  # too few to tell
        (100, 0, {ROADS: {"cf_fr.CF_XZ": 1.0}}),  # a field that is new
        (100, 0, {CODE: 1.0}),  # as releases of earlier versions say it
    ],
)
def test_what_is_no_fall_waits_for_nobody(opened: Session, records: int, filled: int, before: dict[str, Any]) -> None:
    _differ(opened, ROADS, records, filled)
    assert _reasons(opened, before) == []


def test_a_field_that_is_filled_when_there_is_something_to_say_holds_nothing(opened: Session) -> None:
    before = {ROADS: {CODE: 1.0}}
    _differ(opened, ROADS, 100, 10)
    assert any(CODE in reason for reason in _reasons(opened, before))
    free = load_catalogue().receiver("city").unusual.free_fields
    free.append(CODE.partition(".")[2])
    try:
        assert _reasons(opened) == []
    finally:
        free.pop()
