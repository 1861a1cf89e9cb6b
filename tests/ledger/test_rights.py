"""Who may do what: the policy, tried role by role on every relation, both ways; and what differs from it is found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import errors, sql
from public_credit.base import plain_yaml, settings
from public_credit.base.messages import UserError
from public_credit.ledger.rights import apply, compare
from public_credit.ledger.rights.policy import Policy, load, read

ACTIONS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE")
_MADE = """
    select n.nspname, c.relname, c.relispartition, array(
        select attname from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped
        and attgenerated = '' and attidentity <> 'a' order by attnum), c.relkind
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = any(%s) and c.relkind in ('r', 'p', 'v') order by 1, 2"""


@pytest.fixture
def faults(warehouse: Any) -> Any:
    """What differs, as of now."""

    def found() -> list[str]:
        with settings.engine("reader").connect() as connection:
            return compare.differences(connection)

    return found


def _may(policy: Policy, role: str, schema: str, name: str, partition: bool) -> dict[str, set[str]]:
    """Privilege → columns a role may use ('' for all of them), as the policy says."""
    line = policy.line(schema, name, partition)
    assert line is not None, f"{schema}.{name} has no line in the policy"
    may: dict[str, set[str]] = {}
    for right in line.rights:
        if right.role == role:
            may.setdefault(right.action.upper(), set()).update(right.columns or {""})
    return may


def _tries(schema: str, name: str, columns: list[str]) -> Iterator[tuple[str, str, sql.Composed]]:
    """A statement per privilege and column that touches no row: (privilege, column, statement)."""
    table = sql.Identifier(schema, name)
    for column in columns:
        one = sql.Identifier(column)
        yield "SELECT", column, sql.SQL("select {} from {} where false").format(one, table)
        yield "UPDATE", column, sql.SQL("update {} set {} = null where false").format(table, one)
        yield "INSERT", column, sql.SQL("insert into {} ({}) select null where false").format(table, one)
    yield "DELETE", "", sql.SQL("delete from {} where false").format(table)
    yield "TRUNCATE", "", sql.SQL("truncate {}").format(table)


def _refused(connection: psycopg.Connection, statement: sql.Composed, name: str) -> bool:
    """Whether the database refuses a statement for want of a right on a relation; whatever it did is undone.

    A view may be open to whom what it is made of is not: that is refused under the other's name.
    """
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(statement)
    except psycopg.Error as error:  # refused later, for another reason: the right was there
        said = str(error.diag.message_primary)
        return said.startswith("permission denied") and (said.endswith(f" {name}") or "schema" in said)
    return False


def matrix(warehouse: Any) -> list[str]:
    """Every role × relation × column × action in which the database does otherwise than the policy says."""
    policy, wrong = load(), []
    with warehouse.connect("owner") as owner:
        made = owner.execute(_MADE, [list(policy.owners)]).fetchall()
    for role in policy.roles:
        if role == "owner":
            continue
        with psycopg.connect(settings.dsn(role), autocommit=True) as connection:
            connection.execute("set lock_timeout = '2s'")
            for schema, name, partition, columns, kind in made:
                if policy.owners[schema] == role:
                    continue
                may = _may(policy, role, schema, name, partition)
                line = policy.line(schema, name, partition)
                if line is not None and not any(right.columns for right in line.rights):
                    columns = columns[:1]  # rights on the whole table are tried on one
                for action, column, statement in _tries(schema, name, columns):
                    if kind in ("v", b"v") and action != "SELECT":
                        continue
                    allowed = bool(may.get(action, set()) & {"", column})
                    if allowed == _refused(connection, statement, name):
                        wrong.append(f"{role} {action} {schema}.{name}.{column}: policy {allowed}")
    return wrong


def test_every_role_may_what_the_policy_says_and_nothing_else(warehouse: Any) -> None:
    assert matrix(warehouse) == []


def test_the_matrix_sees_a_right_too_many_and_one_too_few(warehouse: Any) -> None:
    with warehouse.connect("owner") as owner:
        owner.execute("grant update (diff_hash) on ledger.release to pcw_collector")
        owner.execute("revoke insert on ledger.delivery from pcw_sender")
    found = matrix(warehouse)
    assert "collector UPDATE ledger.release.diff_hash: policy False" in found
    assert "sender INSERT ledger.delivery.items: policy True" in found


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("grant select on vault.secret to pcw_reader", "vault.secret 多出 pcw_reader select"),
        ("grant update (diff_hash) on ledger.release to pcw_collector", "ledger.release 多出 pcw_collector update(diff_hash)"),
        ("grant select on ledger.batch to public", "ledger.batch 多出 public select"),
        ("grant select on ledger.batch to pcw_reader with grant option", "select with grant option"),
        ("revoke insert on ledger.delivery from pcw_sender", "ledger.delivery 缺少 pcw_sender insert"),
        ("grant create on schema ledger to pcw_collector", "模式 ledger 多出 pcw_collector create"),
        ("revoke usage on schema raw from pcw_builder", "模式 raw 缺少 pcw_builder usage"),
        ("grant execute on function ledger.take_stock to public", "函数 ledger.take_stock 多出 public execute"),
        ("create table ledger.planted (a int); grant select on ledger.planted to pcw_reader", "ledger.planted 在策略中没有条目"),
        (
            "create function ledger.planted() returns int language sql security definer as 'select 1'",
            "函数 ledger.planted 以所有者权限运行，在策略中没有条目",
        ),
        ("alter table ledger.build enable row level security", "ledger.build 的行级权限与策略不同"),
        ("alter policy clerk on ledger.batch using (true)", "ledger.batch 的行级权限与策略不同"),
    ],
)  # fmt: skip
def test_what_differs_is_said_refused_and_mended(warehouse: Any, faults: Any, statement: str, said: str) -> None:
    assert faults() == []
    with warehouse.connect("owner") as owner:
        owner.execute(statement)
    assert said in "；".join(faults())
    with pytest.raises(UserError, match=r"rights\.yml 不同") as refused:
        compare.require("builder")
    assert "public-credit migrate" in refused.value.remedy
    if "planted()" in statement:
        with warehouse.connect("owner") as owner:
            owner.execute("drop function ledger.planted")
    with settings.engine("owner").begin() as connection:
        apply.write(connection)
    apply.apply()
    assert faults() == []


def test_a_relation_of_dbt_that_the_policy_does_not_know_is_not_made(warehouse: Any) -> None:
    with (
        warehouse.connect("builder") as builder,
        pytest.raises(errors.InsufficientPrivilege, match="no line for marts.planted"),
    ):
        builder.execute("create table marts.planted (a integer)")
        builder.execute("select ledger.settle_rights('marts.planted')")


def test_nobody_but_the_owner_writes_what_relations_get(warehouse: Any) -> None:
    for role in ("collector", "builder", "sender", "reader"):
        with warehouse.connect(role) as connection, pytest.raises(errors.InsufficientPrivilege):
            connection.execute("insert into ledger.relation_right values ('raw.*', '{}')")


def test_a_policy_that_nobody_understands_is_refused(root: Any) -> None:
    path = root / "include" / "catalogue" / "rights.yml"
    text = path.read_text(encoding="utf-8")
    for before, after in (
        ("ledger.alembic_version: {reader: select,", "ledger.alembic_version: {reader: selekt,"),
        ("ledger.alembic_version: {reader: select,", "ledger.alembic_version: {stranger: select,"),
        ("ledger.alembic_version: {reader: select,", "ledger.alembic_version: {reader: select where unheard_of,"),
    ):
        assert before in text
        path.write_text(text.replace(before, after), encoding="utf-8")
        with pytest.raises(UserError, match=r"rights\.yml"):
            read(path)


def test_every_role_says_what_it_is_for_and_on_what_ground() -> None:
    said = plain_yaml.load((settings.checkout() / "include" / "catalogue" / "rights.yml").read_bytes())
    roles = said["tasks"] | said["audiences"]
    assert set(roles) <= set(settings.ROLES)
    assert all(spec["title"] and re.search("第.+条", spec["clause"]) for spec in roles.values())
