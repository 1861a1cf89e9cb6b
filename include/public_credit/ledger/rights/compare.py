"""What the database's own lists say about rights, compared with the policy both ways: what is missing and what is surplus."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from ...base import settings
from ...base.messages import UserError
from ...base.quoting import quoted
from .policy import PREFIX, Granted, Line, Policy, load

_MAINTAIN_FROM = 170000
_RELATIONS = text("""
    select c.oid, n.nspname as schema, c.relname as name, c.relispartition as partition, c.relkind = 'v' as view,
           array[c.relrowsecurity, c.relforcerowsecurity] as by_rows, pg_get_userbyid(c.relowner) as owner,
           coalesce('security_invoker=true' = any (c.reloptions), false) as as_invoker,
           array(select cast(t.attname as text) from pg_attribute t where t.attrelid = c.oid and t.attnum > 0 and not t.attisdropped) as columns
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname = any(:schemas) order by 2, 3""")
_GRANTED = text("""
    select c.oid, coalesce(pg_get_userbyid(nullif(a.grantee, 0)), 'public') as grantee, a.privilege_type, '' as column,
           a.is_grantable
    from pg_class c join pg_namespace n on n.oid = c.relnamespace cross join lateral aclexplode(c.relacl) a
    where n.nspname = any(:schemas) and c.relkind in ('r', 'p', 'v', 'm', 'f') and a.grantee <> c.relowner
    union all
    select c.oid, coalesce(pg_get_userbyid(nullif(a.grantee, 0)), 'public'), a.privilege_type, t.attname, a.is_grantable
    from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute t on t.attrelid = c.oid
    cross join lateral aclexplode(t.attacl) a
    where n.nspname = any(:schemas) and t.attnum > 0 and not t.attisdropped and a.grantee <> c.relowner""")
_ROW_RULES = text("""
    select p.polrelid, p.polname, case p.polcmd when '*' then 'ALL' when 'r' then 'SELECT' else 'ANOTHER' end as command,
           array(select pg_get_userbyid(r) from unnest(p.polroles) r order by 1) as roles,
           pg_get_expr(p.polqual, p.polrelid) as condition, pg_get_expr(p.polwithcheck, p.polrelid) as checked
    from pg_policy p join pg_class c on c.oid = p.polrelid join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = any(:schemas)""")
_SCHEMAS = text("""
    select n.nspname, coalesce(pg_get_userbyid(nullif(a.grantee, 0)), 'public') as grantee, a.privilege_type
    from pg_namespace n cross join lateral aclexplode(n.nspacl) a
    where n.nspname = any(:schemas) and a.grantee <> n.nspowner""")
_FUNCTIONS = text("""
    select n.nspname || '.' || p.proname as name, coalesce(pg_get_userbyid(nullif(a.grantee, 0)), 'public') as grantee
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
    where n.nspname = any(:schemas) and p.prosecdef and a.grantee <> p.proowner""")
_DEFINERS = text("""
    select n.nspname || '.' || p.proname as name,
           coalesce(array_to_string(p.proconfig, ' ') like '%search_path=%', false) as pinned
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = any(:schemas) and p.prosecdef""")
_ROLES = text("""
    select rolname, rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls as more,
           exists (select 1 from pg_auth_members m where m.member = r.oid) as member
    from pg_roles r where rolname = any(:roles)""")


def missing_roles(connection: Connection, policy: Policy) -> list[str]:
    """Roles of the policy that the server does not have."""
    wanted = [PREFIX + role for role in policy.roles]
    found = {row.rolname for row in connection.execute(_ROLES, {"roles": wanted})}
    return [role for role in wanted if role not in found]


def functions(connection: Connection, policy: Policy) -> set[str]:
    """Functions of the policy's schemas that run with their owner's rights."""
    return {row.name for row in connection.execute(_DEFINERS, {"schemas": list(policy.owners)})}


def _keyed(rows: Any) -> dict[Any, list[Any]]:
    found: dict[Any, list[Any]] = defaultdict(list)
    for row in rows:
        found[row[0]].append(row)
    return found


def _said(granted: set[Granted]) -> str:
    return "、".join(
        f"{role} {action.lower()}{f'({column})' if column else ''}" for role, action, column in sorted(granted)
    )


def _difference(name: str, wanted: set[Granted], there: set[Granted]) -> list[str]:
    faults = [f"{name} 缺少 {_said(wanted - there)}"] if wanted - there else []
    return faults + ([f"{name} 多出 {_said(there - wanted)}"] if there - wanted else [])


def _wanted(line: Line, version: int) -> set[Granted]:
    granted = {item for right in line.rights for item in right.granted}
    return {item for item in granted if item[1] != "MAINTAIN" or version >= _MAINTAIN_FROM}


def _rows_differ(policy: Policy, line: Line, row: Any, rules: list[Any]) -> bool:
    wanted = {
        (name, command, roles, condition, condition if command == "ALL" else None)
        for name, (command, roles, condition) in policy.row_rules(line).items()
    }
    there = {(r.polname, r.command, tuple(r.roles), r.condition, r.checked) for r in rules}
    return wanted != there or row.by_rows != [line.by_rows] * 2


@dataclass(frozen=True)
class Differing:
    """A relation whose rights are not those of its line."""

    schema: str
    name: str
    owner: str
    line: Line | None
    faults: list[str]
    view: bool

    @property
    def sql(self) -> str:
        """Its name as SQL writes it."""
        return quoted(self.schema, self.name)


def relations(connection: Connection, policy: Policy, to_come: bool = False) -> list[Differing]:
    """The relations whose rights are not those of the policy.

    ``to_come``: a table of an earlier version may lack a column that is granted; the next build makes it anew.
    """
    known = {"schemas": list(policy.owners)}
    granted, rules = _keyed(connection.execute(_GRANTED, known)), _keyed(connection.execute(_ROW_RULES, known))
    version: int = connection.execute(text("select current_setting('server_version_num')::int")).scalar_one()
    found = []
    for row in connection.execute(_RELATIONS, known).all():
        name, faults = f"{row.schema}.{row.name}", list[str]()
        line = policy.line(row.schema, row.name, row.partition)
        if line is None:  # what an earlier version left: nobody but its owner may touch it
            if granted[row.oid]:
                faults.append(f"{name} 在策略中没有条目，却有授权")
        else:
            there = {
                (r.grantee, r.privilege_type + (" with grant option" if r.is_grantable else ""), r.column)
                for r in granted[row.oid]
            }
            wanted = _wanted(line, version)
            if to_come:
                wanted = {one for one in wanted if one[2] in ("", *row.columns)}
            faults += _difference(name, wanted, there)
            if _rows_differ(policy, line, row, rules[row.oid]):
                faults.append(f"{name} 的行级权限与策略不同")
        owner = PREFIX + policy.owners[row.schema]
        if row.owner != owner:
            faults.append(f"{name} 属于 {row.owner}，应属于 {owner}")
        if row.view and line is not None and not row.as_invoker:
            faults.append(f"{name} 不以读取者的权限读取（security_invoker）")
        if faults:
            found.append(Differing(row.schema, row.name, row.owner, line, faults, row.view))
    return found


def _others(connection: Connection, policy: Policy) -> list[str]:
    """Faults of roles, schemas and functions that run with their owner's rights."""
    known, faults = {"schemas": list(policy.owners)}, list[str]()
    roles = [PREFIX + role for role in policy.roles]
    for row in connection.execute(_ROLES, {"roles": roles}):
        if row.more or row.member:
            faults.append(f"角色 {row.rolname} 有超出策略的特权或角色成员身份")
    wanted = {
        (f"模式 {schema}", role, action.lower())
        for schema, rights in policy.schemas.items()
        for right in rights
        for role, action, _ in right.granted
    }
    there = {(f"模式 {row[0]}", row[1], row[2].lower()) for row in connection.execute(_SCHEMAS, known)}
    definers = {row.name: row.pinned for row in connection.execute(_DEFINERS, known)}
    may = {(row.name, row.grantee) for row in connection.execute(_FUNCTIONS, known)}
    for name, pinned in definers.items():
        if name not in policy.functions:
            faults.append(f"函数 {name} 以所有者权限运行，在策略中没有条目")
        if not pinned:
            faults.append(f"函数 {name} 以所有者权限运行而没有固定 search_path")
    wanted |= {
        (f"函数 {name}", PREFIX + role, "execute")
        for name in policy.functions.keys() & definers.keys()
        for role in policy.functions[name]
    }
    there |= {(f"函数 {name}", role, "execute") for name, role in may if name in policy.functions}
    for word, unlike in (("缺少", wanted - there), ("多出", there - wanted)):
        faults += [f"{what} {word} {role} {action}" for what, role, action in sorted(unlike)]
    return faults


def differences(connection: Connection, to_come: bool = False) -> list[str]:
    """Everything in which the database differs from the policy, a sentence each; empty when they agree both ways (``relations``)."""
    policy = load()
    absent = [f"没有角色 {role}" for role in missing_roles(connection, policy)]
    found = [fault for differing in relations(connection, policy, to_come) for fault in differing.faults]
    return absent + _others(connection, policy) + found


def require(role: str, to_come: bool = False) -> None:
    """Raises UserError (code 4) when rights in the database are not those of the policy (``relations``)."""
    with settings.engine(role).connect() as connection:
        faults = differences(connection, to_come)
    if faults:
        more = f" 等 {len(faults)} 处" if len(faults) > 5 else ""
        raise UserError(
            f"数据库中的权限与策略 rights.yml 不同：{'；'.join(faults[:5])}{more}。",
            remedy="查明是谁改的；运行 public-credit migrate 重新套用，再运行 public-credit doctor 核对。",
            code=4,
        )
