"""What a build makes has the rights of the policy, in every relation, and keeps them through a full refresh."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from public_credit.base import settings
from public_credit.ledger.rights import compare
from public_credit.ledger.rights.policy import load
from public_credit.ledger.session import session
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.helpers.records import UNIT, Records
from tests.ledger.test_audiences import OPEN
from tests.ledger.test_rights import matrix

pytestmark = pytest.mark.slow
ON = date(2026, 2, 25)
VIEWS = """
    select count(*), count(*) filter (where 'security_invoker=true' = any (c.reloptions)) from pg_class c
    join pg_namespace n on n.oid = c.relnamespace where c.relkind = 'v' and n.nspname in ('marts', 'published', 'intermediate')"""
SEEN = text("select distinct subject_class from marts.mart_subjects__timeline")


def _closed(role: str) -> list[str]:
    """Marts that are open to a role and made of what is closed to it."""
    closed = []
    names = [
        name
        for name, line in load().lines.items()
        if name.startswith("marts.") and role in {right.role for right in line.rights}
    ]
    for name in names:
        with session(role) as opened:
            try:
                opened.execute(text(f"select count(*) from {name}"))
            except DBAPIError as error:
                closed.append(f"{name}: {error.orig}")
    return closed


def test_rights_are_those_of_the_policy_before_and_after_a_full_refresh(warehouse: Any) -> None:
    records = Records(warehouse)
    records.deliver("administrative_penalty", ON, [{"decision_no": "示罚〔2026〕1号"}], variant="entity")
    records.deliver("administrative_penalty", ON, [{"decision_no": "示罚〔2026〕2号"}], variant="person")
    for token, role, unit in (("own", "clerk", UNIT), ("other", "clerk", "unheard_of")):
        with warehouse.connect("desk") as desk:
            desk.execute(OPEN, [token, token, role, role, unit])
    for full_refresh in (False, True):
        records.build(ON, full_refresh=full_refresh)
        with settings.engine("reader").connect() as connection:
            assert compare.differences(connection) == []
            views = connection.execute(text(VIEWS)).one()
            assert views[0] == views[1] and views[0] > 5
        assert matrix(warehouse) == []
        for role in ("reader", "engineer", "auditor"):
            assert _closed(role) == []
        with session("engineer") as opened:
            assert list(opened.scalars(SEEN)) == ["organisation"], "persons are hidden in the view, too"
        with session("reader") as opened:
            assert list(opened.scalars(SEEN)) == ["organisation"], "who only reads lists no persons either"
        with session("collector") as opened:
            there = text("select distinct subject_class from intermediate.int_records__current")
            assert sorted(opened.scalars(there)) == ["organisation", "person"]
        seen = text("select distinct unit_id from marts.mart_supervision__unit_year")
        with session("clerk", "own") as opened:
            assert list(opened.scalars(seen)) == [UNIT]
        with session("clerk", "other") as opened:
            assert list(opened.scalars(seen)) == []
