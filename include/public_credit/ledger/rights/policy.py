"""The policy of rights, ``include/catalogue/rights.yml``: which database role may do what with which relation.

A relation's line is the one of its name, else that of its schema (``raw.*``; ``raw.* partition`` for parts of a table). A right is
written ``select``, ``insert``, ``update(column, …)``, ``delete``, ``maintain``; ``select where <condition>`` narrows the rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ...base import plain_yaml, settings
from ...base.messages import UserError

PREFIX = "pcw_"
_RIGHT = re.compile(r"(select|insert|update|delete|maintain|create|usage)(?:\s*\(([^()]*)\))?(?:\s+where\s+(\w+))?")
Granted = tuple[str, str, str]  # role as the database calls it, privilege in capitals, column or ""


@dataclass(frozen=True)
class Right:
    """One action of one role: the columns it is limited to (none: all), the condition its rows fulfil ('' for every row)."""

    role: str
    action: str
    columns: tuple[str, ...] = ()
    condition: str = ""

    @property
    def granted(self) -> set[Granted]:
        """As the database's own lists tell it."""
        return {(PREFIX + self.role, self.action.upper(), column) for column in self.columns or ("",)}


@dataclass(frozen=True)
class Line:
    """What the policy says about a relation."""

    key: str
    rights: tuple[Right, ...]

    @property
    def by_rows(self) -> bool:
        """Whether somebody sees some of the rows only: the relation then has row-level security."""
        return any(right.condition for right in self.rights)


@dataclass(frozen=True)
class Policy:
    """The whole policy. ``owners``: schema → role that owns its relations; ``conditions``: as the database prints them."""

    tasks: tuple[str, ...]
    audiences: tuple[str, ...]
    owners: dict[str, str]
    schemas: dict[str, tuple[Right, ...]]
    lines: dict[str, Line]
    functions: dict[str, tuple[str, ...]]
    conditions: dict[str, str]

    @property
    def roles(self) -> tuple[str, ...]:
        """Every role of the database that is ours, without the prefix."""
        return (*self.tasks, *self.audiences)

    def line(self, schema: str, name: str, partition: bool = False) -> Line | None:
        """The line of a relation, None where the policy does not know it."""
        if partition:
            return self.lines.get(f"{schema}.* partition")
        return self.lines.get(f"{schema}.{name}") or self.lines.get(f"{schema}.*")

    def row_rules(self, line: Line) -> dict[str, tuple[str, tuple[str, ...], str]]:
        """Row-level policies of a relation: name → (command, roles, condition as the database prints it).

        Tasks and owners work on all rows, unless a line says otherwise; FORCE binds the owner, so it is named too.
        """
        if not line.by_rows:
            return {}
        narrowed = {right.role for right in line.rights if right.condition}
        rules = {"tasks": ("ALL", tuple(sorted(PREFIX + role for role in self.tasks if role not in narrowed)), "true")}
        for right in line.rights:
            if right.role in self.audiences or right.condition:
                condition = self.conditions[right.condition] if right.condition else "true"
                rules[right.role] = ("SELECT", (PREFIX + right.role,), condition)
        return rules

    def statements(self, line: Line) -> list[str]:
        """What gives a relation (``%1$s``) the rights of its line, for one that has none yet."""
        made = []
        for right in line.rights:
            columns = f" ({', '.join(right.columns)})" if right.columns else ""
            made.append(f"grant {right.action}{columns} on %1$s to {PREFIX}{right.role}")
        rules = self.row_rules(line)
        if rules:
            made += ["alter table %1$s enable row level security", "alter table %1$s force row level security"]
        for name, (command, roles, condition) in rules.items():
            checked = f" with check ({condition})" if command == "ALL" else ""
            made.append(
                f"create policy {name} on %1$s for {command.lower()} to {', '.join(roles)} using ({condition}){checked}"
            )
        return made


def _rights(said: dict[str, Any], roles: tuple[str, ...], where: str) -> Iterator[Right]:
    for names, actions in said.items():
        found = list(_RIGHT.finditer(actions))
        left = _RIGHT.sub("", actions).replace(",", "").strip()
        for role in (name.strip() for name in names.split(",")):
            if role not in roles or left or not found:
                raise UserError(
                    f"权限策略 rights.yml 中 {where} 的“{names}: {actions}”无法理解。",
                    remedy="角色取自同一文件的 tasks 与 audiences；写法见文件开头的说明。",
                    code=3,
                )
            for match in found:
                action, columns, condition = match.groups()
                named = tuple(sorted(column.strip() for column in (columns or "").split(",") if column.strip()))
                yield Right(role, action, named, condition or "")


def read(path: Path) -> Policy:
    """The policy of a file. Raises UserError (code 3) for what it says that nobody understands."""
    said = plain_yaml.load(path.read_bytes())
    tasks, audiences = tuple(said["tasks"]), tuple(said["audiences"])
    roles = (*tasks, *audiences)
    schemas = {name: tuple(_rights(spec["roles"], roles, name)) for name, spec in said["schemas"].items()}
    lines = {key: Line(key, tuple(_rights(spec or {}, roles, key))) for key, spec in said["relations"].items()}
    functions = {name: tuple(spec["execute"]) for name, spec in said["functions"].items()}
    conditions = {name: spec["condition"] for name, spec in said["conditions"].items()}
    unknown = {right.condition for line in lines.values() for right in line.rights} - {"", *conditions}
    unknown |= {role for executors in functions.values() for role in executors if role not in roles}
    if unknown:
        raise UserError(
            f"权限策略 rights.yml 引用了没有写明的条件或角色：{'、'.join(sorted(unknown))}。",
            remedy="在 conditions、tasks 或 audiences 中写明，或改正引用。",
            code=3,
        )
    owners = {name: spec["relations_of"] for name, spec in said["schemas"].items()}
    return Policy(tasks, audiences, owners, schemas, lines, functions, conditions)


@lru_cache(maxsize=4)
def _read(path: Path, _changed: int) -> Policy:
    return read(path)


def load() -> Policy:
    """The policy of this installation."""
    path = settings.checkout() / "include" / "catalogue" / "rights.yml"
    return _read(path, path.stat().st_mtime_ns)
