"""No score, grade, rank, level, count or sum of a person, and no table keyed by person: and the scanner sees one planted."""

from __future__ import annotations

import pytest

from tests.conftest import CHECKOUT
from tests.dbt.person_scan import findings, gathers, models

TOKEN = "P" + "B" * 26


def test_what_is_migrated_holds_none(warehouse) -> None:
    with warehouse.connect("owner") as owner:
        assert findings(owner) == []


def test_no_model_gathers_or_orders_by_person() -> None:
    assert models(CHECKOUT / "dbt_project" / "models") == [] and models(CHECKOUT / "dbt_project" / "macros") == []


@pytest.mark.parametrize(
    ("bad", "expected"),
    [
        ("create table marts.planted (person_ref text, record_id text, credit_score integer)", "credit_score"),
        ("create table marts.planted (record_id text, id_no text, penalty_count integer)", "penalty_count"),
        ("create table marts.planted (person_ref text primary key, record_id text)", "keyed by person"),
        ("create table marts.planted (person_ref text, last_seen date)", "not facts"),
        ("create table marts.planted (holder text, record_id text, risk_level text)", "risk_level"),
        (
            "create view marts.planted as select person_ref, count(*) as n, min(record_id) as record_id from marts.base group by person_ref",
            "gathers",
        ),
        (
            "create view marts.planted as select record_id, person_ref, row_number() over (partition by person_ref order by record_id) as n "
            "from marts.base",
            "gathers",
        ),
    ],
)
def test_a_planted_profile_of_persons_is_found(warehouse, bad: str, expected: str) -> None:
    with warehouse.connect("builder") as builder:
        builder.execute("create table marts.base (record_id text, person_ref text, event_on date)")
        builder.execute(bad)
        if "holder" in bad:
            builder.execute("insert into marts.planted (holder, record_id) values (%s, 'r1')", [TOKEN])
        builder.execute("grant select on all tables in schema marts to pcw_owner")
    with warehouse.connect("owner") as owner:
        found = findings(owner)
    assert any("planted" in problem and expected in problem for problem in found), found


def test_a_planted_model_is_found_and_a_comment_is_not() -> None:
    assert gathers("select id_no, sum(fine) from {{ ref('x') }} group by 1, id_no")
    assert gathers("select * from x order by c.person_ref, day")
    assert not gathers("-- never group by person_ref\nselect record_id, person_ref from x order by event_on")
