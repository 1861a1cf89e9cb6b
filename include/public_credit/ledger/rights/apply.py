"""Rights brought from the policy into the database; nothing is touched where they agree already.

The owner writes what each relation gets into ``ledger.relation_right``. ``ledger.settle_rights`` gives it to one relation, run
by the relation's own owner: here, and by dbt in the transaction that makes a table.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, insert, text

from ...base import settings
from ...base.messages import UserError
from ..models import RelationRight
from . import compare
from .policy import PREFIX, Policy, load

_SETTLE = text("select ledger.settle_rights(cast(:relation as regclass))")


def settle(connection: Connection, relation: str) -> None:
    """Give one relation the rights of its line; the session is its owner's."""
    connection.execute(_SETTLE, {"relation": relation})


def _write(connection: Connection, policy: Policy) -> None:
    rows: list[dict[str, Any]] = [
        {"relation": key, "statements": policy.statements(line)} for key, line in policy.lines.items()
    ]
    connection.execute(delete(RelationRight))
    connection.execute(insert(RelationRight), rows)


def _schemas(connection: Connection, policy: Policy) -> None:
    names = ", ".join(policy.owners)
    everyone = ", ".join(PREFIX + role for role in policy.roles if role != "owner")
    connection.execute(text(f"revoke all on schema {names} from public, {everyone}"))
    for schema, rights in policy.schemas.items():
        for right in rights:
            connection.execute(text(f"grant {right.action} on schema {schema} to {PREFIX}{right.role}"))


def _functions(connection: Connection, policy: Policy) -> None:
    everyone = ", ".join(PREFIX + role for role in policy.roles if role != "owner")
    there = compare.functions(connection, policy)
    for name, executors in policy.functions.items():
        if name not in there:
            continue
        connection.execute(text(f"revoke all on function {name} from public, {everyone}"))
        for role in executors:
            connection.execute(text(f"grant execute on function {name} to {PREFIX}{role}"))


def _settle_differing(connection: Connection, policy: Policy, owner: str) -> None:
    everyone = ", ".join(PREFIX + role for role in policy.roles if PREFIX + role != owner)
    for found in compare.relations(connection, policy):
        if found.owner != owner:
            continue
        if not found.view:
            # First the lock the rights of rows need: an autovacuum of the table would wait for the grants, and they for it.
            connection.execute(text(f"lock table {found.sql} in access exclusive mode"))
        if found.line is None:
            connection.execute(text(f"revoke all on {found.sql} from public, {everyone} cascade"))
        else:
            settle(connection, found.sql)


def write(connection: Connection) -> None:
    """As pcw_owner: what the policy says goes into the database, for tables that are made from now on.

    Raises UserError (code 3) when the server lacks one of the roles.
    """
    policy = load()
    if absent := compare.missing_roles(connection, policy):
        raise UserError(
            f"数据库服务器上没有角色 {'、'.join(absent)}。",
            remedy=f"重新启动服务（{settings.starting()}），角色会补上；再运行 public-credit migrate。",
            code=3,
        )
    _write(connection, policy)
    _schemas(connection, policy)


def apply() -> None:
    """Bring what differs to the policy, as each relation's owner. Raises UserError when something still differs."""
    policy = load()
    with settings.engine("owner").begin() as connection:
        _functions(connection, policy)
        _settle_differing(connection, policy, PREFIX + "owner")
    with settings.engine("builder").begin() as connection:
        for schema, owner in policy.owners.items():
            if owner == "builder":
                connection.execute(
                    text(
                        f"alter default privileges in schema {schema} revoke all on tables from "
                        + ", ".join(PREFIX + role for role in policy.roles if role != "builder")
                    )
                )
        _settle_differing(connection, policy, PREFIX + "builder")
    compare.require("owner", to_come=True)
