"""Change the raw table of a kind to the shape the edited catalogue gives it: add, rename, retype, drop a field.

A plan is read from the database and shown first; each kind is changed in one transaction, so a run that is killed leaves
every kind as it was or done. What was delivered is never lost: a renamed column takes its values along, a value that the
new type cannot read leaves its place and stays in ``received``, a dropped field's column is kept until it is erased by name.
The content hash covers a row's fields, so it is computed anew: a row delivered again unchanged is a duplicate as before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson
import polars as pl
from sqlalchemy import Connection, func, text, update
from sqlalchemy.dialects.postgresql import insert

from ..base import settings
from ..base.messages import UserError
from ..base.quoting import quoted
from ..base.run import Run
from ..catalogue import Catalogue, Kind, generate
from ..ledger import locks
from ..ledger.models import KindShape
from ..ledger.session import step
from ..ledger.states import DigestReason, StepName, Verdict
from . import content_hash, digests, raw_tables, shapes
from .canonical import canonicalise
from .rules import load_ruleset
from .rules.rows import RowRules

_NAMED = 3  # places of unreadable values that are named


@dataclass(frozen=True)
class Change:
    """One change of one field, in words; ``rows`` of the table it concerns, ``unreadable`` values it cannot convert."""

    action: str  # add | rename | retype | drop | order | erase
    field: str
    text: str
    old: str = ""
    rows: int = 0
    unreadable: int = 0


@dataclass
class Plan:
    """What has to be done for a kind: changes in their order, and why it cannot be done (nothing is done then)."""

    kind: Kind
    rows: int
    new: bool = False
    changes: list[Change] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def _table(kind_id: str) -> str:
    return quoted("raw", kind_id)


def _types(specs: list[dict[str, str]]) -> dict[str, tuple[str, str]]:
    return {spec["name"]: (spec["type"], spec["code_list"]) for spec in specs}


def _type_shown(kind_type: tuple[str, str]) -> str:
    return kind_type[0] + (f"（代码表 {kind_type[1]}）" if kind_type[1] else "")


def _filled(connection: Connection, kind_id: str, column: str) -> int:
    """Rows whose column holds something."""
    statement = f"select count(*) from {_table(kind_id)} where {quoted(column)} <> ''"
    return connection.execute(text(statement)).scalar_one()


def _conversions(connection: Connection, kind: Kind, name: str, column: str, received: str) -> Iterator[dict[str, Any]]:
    """Distinct values of a column with what the field's type makes of each: value and original as they are, ``new`` canonical
    text ('' where it cannot be read), rows, the first place. ``column`` and ``received`` are what both are called there.
    """
    statement = f"""
        select {quoted(column)} as value, cast(received as jsonb) ->> cast(:received as text) as original, count(*) as rows,
               min(array[batch_seq, row_no]) as place
        from {_table(kind.id)} where {quoted(column)} <> '' group by 1, 2"""
    found = connection.execute(text(statement), {"received": received}).mappings().all()
    if not found:
        return
    given = pl.DataFrame({name: [row["value"] if row["original"] is None else row["original"] for row in found]})
    read = canonicalise(given, [kind.fields[name]], kind.code_lists, False)
    marks = read.unreadable.get(name)
    for number, (row, value) in enumerate(zip(found, read.frame[name].to_list(), strict=True)):
        unreadable = marks is not None and bool(marks[number])
        yield dict(row) | {"new": "" if unreadable else value, "given": given[name][number], "unreadable": unreadable}


def _retyped(connection: Connection, kind: Kind, name: str, column: str, was: tuple[str, str]) -> Change:
    now = (kind.fields[name].type, kind.fields[name].code_list or "")
    values = list(_conversions(connection, kind, name, column, column))
    lost = [row for row in values if row["unreadable"]]
    rows, unreadable = sum(row["rows"] for row in values), sum(row["rows"] for row in lost)
    said = f"改类型 {name}：{_type_shown(was)} → {_type_shown(now)}，{rows:,} 行有值"
    if lost:
        places = "、".join(
            "批次 {} 第 {} 行".format(*row["place"]) for row in sorted(lost, key=lambda row: row["place"])[:_NAMED]
        )
        said += f"，其中 {unreadable:,} 行无法转换（如 {places}）：该栏留空，原值保留在 received 中，explain 可查"
    return Change("retype", name, said, rows=rows, unreadable=unreadable)


def _fields(connection: Connection, kind: Kind, shape: shapes.Shape, plan: Plan) -> None:
    """Compare the fields: renamed first, then added, retyped and dropped."""
    if shape.get("stored") != shapes.STORED:
        plan.refused.append("原始表还没有搬成按月分区：请先重新运行 public-credit migrate")
    was, kept = _types(shape["fields"]), _types(shape["kept"])
    renamed = {
        name: spec.renamed_from
        for name, spec in kind.fields.items()
        if spec.renamed_from in was and name not in was and name not in kept
    }
    for name in kind.columns:
        now = (kind.fields[name].type, kind.fields[name].code_list or "")
        old = renamed.get(name, name)
        if name in renamed:
            rows = _filled(connection, kind.id, old)
            plan.changes.append(
                Change("rename", name, f"改名 {old} → {name}，{rows:,} 行的值随之改名", old=old, rows=rows)
            )
        elif name not in was:
            rows = _filled(connection, kind.id, name) if name in kept else 0
            said = (
                f"恢复 {name}：原先停用时保留的 {rows:,} 行的值重新启用"
                if name in kept
                else f"新增 {name}（{_type_shown(now)}），已有 {plan.rows:,} 行此栏留空"
            )
            plan.changes.append(Change("add", name, said, rows=rows))
            if name not in kept:
                continue
        before = was[old] if old in was else kept[old]
        if before != now:
            plan.changes.append(_retyped(connection, kind, name, old, before))
            if plan.rows and name in kind.key:
                plan.refused.append(f"{name} 是主键的一部分，改类型会使同一条记录换编号：请另加一个字段")
            if "person_id" in (now[0], before[0]) and plan.changes[-1].rows:
                plan.refused.append(
                    f"{name} 改为或不再是证件号码，已入库的值须由保险库重新处理：请另加一个字段后重放批次"
                )
    for name in was:
        if name not in kind.fields and name not in renamed.values():
            rows = _filled(connection, kind.id, name)
            plan.changes.append(
                Change("drop", name, f"停用 {name}：不再进入 staging 与集市；原始层 {rows:,} 行的值保留，--erase {kind.id}.{name} 才清除"
                       "（如系改名，请在新字段上写 renamed_from）", rows=rows)
            )  # fmt: skip
    known = shapes.read_by_name(kind)
    for change in plan.changes:
        if change.action != "add" and (change.old or change.field) in known:
            plan.refused.append(
                f"{change.old or change.field} 由关卡或主体解析的程序按名读取，不能只在目录中改：请另加一个字段"
            )
    back = {old: name for name, old in renamed.items()}
    if plan.rows and [back.get(part, part) for part in shape["key"]] != kind.key:
        plan.refused.append("主键（key）有改动，已入库的记录会全部换编号：请另立一种记录，或恢复原主键")
    if not plan.changes and not plan.refused:
        plan.changes.append(Change("order", "", "字段顺序或变体有改动：内容指纹重算"))


def _rules(kind: Kind, plan: Plan) -> None:
    """The kind's rules must name fields it has: a file would not land otherwise."""
    try:
        ruleset = load_ruleset(kind.id)
        for variant in kind.variants:
            RowRules(kind, variant, ruleset)
    except UserError as error:
        plan.refused.append(str(error).rstrip("。"))
        return
    named = {name for rule in ruleset.row_rules for condition in rule.conditions for name in _texts(condition.params)}
    gone = {change.old or change.field for change in plan.changes if change.action in ("rename", "drop")}
    if missing := sorted((named & gone) | (ruleset.filled_fields - set(kind.fields))):
        plan.refused.append(f"expectations/{kind.id}.yml 的规则仍引用 {'、'.join(missing)}，请先改正")


def _texts(value: Any) -> Iterator[str]:
    """All texts of a rule's parameters."""
    if isinstance(value, str):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ():
        yield from _texts(part)


def plan(connection: Connection, catalogue: Catalogue) -> list[Plan]:
    """What there is to do, kind by kind; nothing for those whose table has the catalogue's shape."""
    known, plans = shapes.applied(connection), []
    for kind in catalogue.kinds.values():
        if not shapes.differs(kind, known.get(kind.id)):
            continue
        there = kind.id in known
        rows = connection.execute(text(f"select count(*) from {_table(kind.id)}")).scalar_one() if there else 0
        made = Plan(kind, rows, new=not there)
        if there:
            _fields(connection, kind, known[kind.id], made)
        else:
            made.changes.append(Change("add", "", f"新增记录类型，{len(kind.columns)} 个字段"))
        _rules(kind, made)
        plans.append(made)
    return plans


def apply(run: Run, plans: list[Plan], catalogue: Catalogue) -> Iterator[str]:
    """Do what was planned, one transaction and one step of the ledger per kind; what was done, in words.

    What dbt says of the kinds is written first, while no build runs: one that comes after an ``apply`` that was killed fails
    for a column that is missing and says ``catalogue apply``. Raises UserError before anything is done when a plan is
    refused or a file cannot be written, Busy while a build runs.
    """
    refused = [f"{made.kind.id}：{reason}" for made in plans for reason in made.refused]
    if refused:
        raise UserError(
            "未作任何改动。" + "；".join(refused) + "。", remedy="按说明改正目录后重试（docs/adding-a-kind.md）。"
        )
    with locks.alone("builder", locks.BUILD, "构建或套用", run.holder):
        yield from (f"已按目录重写 dbt_project/{name}" for name in generate.write(catalogue))
        for made in plans:
            with step(run, "owner", StepName.CATALOGUE_APPLY) as record:
                with settings.engine("owner").begin() as connection:
                    done = _apply(connection, made.kind, catalogue, run.who)
                    record.counts = {"kind": made.kind.id, "rows": made.rows} | {
                        f"{change.action} {change.field}".strip(): change.unreadable
                        if change.action == "retype"
                        else change.rows
                        for change in done
                    }
                    record.verdict = Verdict.OK if done else Verdict.NOTHING_DUE
                    record.message = f"{run.who} 套用 {made.kind.id}：" + (
                        "；".join(change.text for change in done) or "无改动"
                    )
                    record.write(connection)
            yield record.message


def _apply(connection: Connection, kind: Kind, catalogue: Catalogue, who: str) -> list[Change]:
    """Change one table and note its shape, by a plan made anew while nobody else uses it."""
    if kind.id not in shapes.applied(connection):
        raw_tables.make(connection, kind, catalogue.version, who)
        return [Change("add", "", f"新增记录类型，{len(kind.columns)} 个字段")]
    shapes.hold(connection, kind.id, shared=False)
    shape = shapes.applied(connection)[kind.id]
    if not shapes.differs(kind, shape):
        return []
    table = _table(kind.id)
    connection.execute(text(f"lock table {table} in access exclusive mode"))
    made = Plan(kind, connection.execute(text(f"select count(*) from {table}")).scalar_one())
    _fields(connection, kind, shape, made)
    if made.refused:
        raise UserError("；".join(made.refused) + "。", remedy="按说明改正目录后重试。")
    with digests.retaken(connection, kind.id, DigestReason.RESHAPED):
        for change in made.changes:
            if change.action == "rename":
                _rename(connection, kind.id, change.old, change.field)
            elif change.action == "add":
                connection.execute(
                    text(
                        f"alter table {table} add column if not exists {quoted(change.field)} text not null default ''"
                    )
                )
        for change in made.changes:
            if change.action == "retype":
                _retype(connection, kind, change.field)
        if made.rows:
            content_hash.compute_again(connection, kind.id, kind.variants)
    dropped = {change.field for change in made.changes if change.action == "drop"}
    kept = shape["kept"] + [spec for spec in shape["fields"] if spec["name"] in dropped]
    kept = [spec for spec in kept if spec["name"] not in kind.fields]
    raw_tables.equip(connection, kind)
    _note(connection, kind.id, shapes.of(kind) | {"kept": kept}, catalogue.version, who)
    return made.changes


def _note(connection: Connection, kind_id: str, shape: shapes.Shape, version: str, who: str) -> None:
    values = {"shape": shape, "catalogue_version": version, "applied_by": who, "applied_at": func.clock_timestamp()}
    statement = insert(KindShape).values(kind=kind_id, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["kind"], set_=values))


def _rename(connection: Connection, kind_id: str, old: str, new: str) -> None:
    """Rename a column, and the field among the received values."""
    table = _table(kind_id)
    connection.execute(text(f"alter table {table} rename column {quoted(old)} to {quoted(new)}"))
    connection.execute(
        text(f"""
        update {table} set received = cast((cast(received as jsonb) - cast(:old as text))
            || jsonb_build_object(cast(:new as text), cast(received as jsonb) -> cast(:old as text)) as text)
        where received is not null and jsonb_exists(cast(received as jsonb), :old)"""),
        {"old": old, "new": new},
    )


def _retype(connection: Connection, kind: Kind, name: str) -> None:
    """Put the values as the new type reads them; what differs from the value as it came stays in ``received``."""
    changed = []
    for row in _conversions(connection, kind, name, name, name):
        original = None if row["new"] == row["given"] else row["given"]
        if (row["new"], original) != (row["value"], row["original"]):
            changed.append({"value": row["value"], "was": row["original"], "new": row["new"], "original": original})
    if not changed:
        return
    connection.execute(
        text(f"""
        update {_table(kind.id)} r
        set {quoted(name)} = c.new, received = nullif(cast(
            case when c.original is null then coalesce(cast(r.received as jsonb), '{{}}') - cast(:name as text)
                 else coalesce(cast(r.received as jsonb), '{{}}') || jsonb_build_object(cast(:name as text), c.original) end
            as text), '{{}}')
        from jsonb_to_recordset(cast(:changed as jsonb)) as c (value text, was text, new text, original text)
        where r.{quoted(name)} = c.value and (cast(r.received as jsonb) ->> cast(:name as text)) is not distinct from c.was"""),
        {"name": name, "changed": orjson.dumps(changed).decode()},
    )


def _keeping(connection: Connection, kind_id: str, name: str) -> shapes.Shape:
    """The shape of a kind that keeps a dropped field of this name. Raises UserError (code 4) when it does not."""
    shape = shapes.applied(connection).get(kind_id, {"kept": []})
    if name not in _types(shape["kept"]):
        raise UserError(
            f"{kind_id}.{name} 不是已停用、尚保留的字段。",
            remedy="先从目录中删去该字段并 catalogue apply --yes。",
            code=4,
        )
    return shape


def erase(run: Run, kind_id: str, name: str) -> str:
    """Destroy what is kept of a dropped field, in its column and among the received values; what was done, in words.

    Raises UserError when nothing of that name is kept.
    """
    with settings.engine("owner").connect() as connection:
        _keeping(connection, kind_id, name)
    with step(run, "owner", StepName.CATALOGUE_APPLY) as record:
        with settings.engine("owner").begin() as connection:
            shapes.hold(connection, kind_id, shared=False)
            shape = _keeping(connection, kind_id, name)
            rows = _filled(connection, kind_id, name)
            with digests.retaken(connection, kind_id, DigestReason.RESHAPED):
                connection.execute(
                    text(f"""
                    update {_table(kind_id)} set received = nullif(cast(cast(received as jsonb) - cast(:name as text) as text), '{{}}')
                    where received is not null and jsonb_exists(cast(received as jsonb), :name)"""),
                    {"name": name},
                )
                connection.execute(text(f"alter table {_table(kind_id)} drop column {quoted(name)}"))
            shape = shape | {"kept": [spec for spec in shape["kept"] if spec["name"] != name]}
            connection.execute(update(KindShape).where(KindShape.kind == kind_id).values(shape=shape))
            record.counts = {"kind": kind_id, f"erase {name}": rows}
            record.message = f"{run.who} 清除 {kind_id}.{name}：{rows:,} 行的值已从原始层删去"
            record.write(connection)
    return record.message
