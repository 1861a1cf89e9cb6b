"""The database says who a session token stands for; nothing but ``pcw_desk`` writes sessions."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from public_credit.base import settings

OPEN = """insert into desk.session (token_hash, account, name, role, unit_id, channel, ends_at, closed_at)
    values (sha256(convert_to(%s, 'UTF8')), 'zhang', '张三', %s, %s, 'desk', clock_timestamp() + %s::interval, %s)"""


def _who(warehouse: Any, role: str, token: str | None) -> list[tuple[Any, ...]]:
    with warehouse.connect(role) as connection:
        if token is not None:
            connection.execute("select set_config('pcw.session', %s, true)", [token])
        return connection.execute("select account, name, role, unit_id from desk.who()").fetchall()


@pytest.mark.parametrize("role", settings.ROLES)
def test_a_live_token_is_its_person_for_every_role(warehouse: Any, role: str) -> None:
    with warehouse.connect("desk") as connection:
        connection.execute(OPEN, ["live", "clerk", "xyzx", "1 hour", None])
    assert _who(warehouse, role, "live") == [("zhang", "张三", "clerk", "xyzx")]
    for wrong in (None, "", "liv", "live "):
        assert _who(warehouse, role, wrong) == []


def test_ended_and_closed_sessions_are_nobody(warehouse: Any) -> None:
    with warehouse.connect("desk") as connection:
        connection.execute(OPEN, ["ended", "engineer", None, "-1 second", None])
        connection.execute(OPEN, ["closed", "engineer", None, "1 hour", "2026-02-25"])
    assert [_who(warehouse, "reader", token) for token in ("ended", "closed")] == [[], []]


def test_the_person_ends_with_the_transaction(warehouse: Any) -> None:
    with warehouse.connect("desk") as connection:
        connection.execute(OPEN, ["live", "auditor", None, "1 hour", None])
    with warehouse.connect("reader") as connection:
        connection.execute("select set_config('pcw.session', 'live', true)")
        assert connection.execute("select count(*) from desk.who()").fetchone() == (1,)
        connection.commit()
        assert connection.execute("select count(*) from desk.who()").fetchone() == (0,)


@pytest.mark.parametrize("role", [role for role in settings.ROLES if role not in ("owner", "desk")])
@pytest.mark.parametrize(
    "statement",
    [
        "insert into desk.login_attempt (account, address, outcome) values ('a', 'b', 'refused')",
        "update desk.session set ends_at = now()",
        "select token_hash from desk.session",
        "select * from desk.login_attempt",
        "delete from desk.session",
    ],
)
def test_nobody_else_touches_sessions(warehouse: Any, role: str, statement: str) -> None:
    with warehouse.connect(role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "update desk.session set account = 'other'",
        "update desk.session set role = 'engineer'",
        "delete from desk.session",
        "delete from desk.login_attempt",
        "select 1 from ledger.batch",
        "select 1 from vault.secret",
    ],
)
def test_the_desk_does_nothing_but_sign_in_and_out(warehouse: Any, statement: str) -> None:
    with warehouse.connect("desk") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)


@pytest.mark.parametrize(("role", "unit"), [("clerk", None), ("engineer", "xyzx"), ("owner", None)])
def test_a_clerk_has_a_unit_and_nobody_else(warehouse: Any, role: str, unit: str | None) -> None:
    with warehouse.connect("desk") as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(OPEN, ["token", role, unit, "1 hour", None])
