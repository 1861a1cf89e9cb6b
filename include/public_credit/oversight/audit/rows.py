"""Rows of the watched tables as they stand, compared with the last event of each; triggers that should book and refuse."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import Connection, text

from ...base.quoting import quoted
from ...ledger import words
from ...ledger.states import ChainOperation, sql
from .findings import GUARD_OFF, MOST, ROWS_MORE, TABLES, Finding, Report

KEPT = frozenset(  # tables whose rows never change and never go (revision 0036)
    [
        "access_log",
        "chain_sent",
        "delivery_item",
        "purge",
        "purged_row",
        "raw_digest",
        "receiver_event",
        "reconciliation",
        "reconciliation_difference",
        "refused_delivery",
        "report",
        "report_paper",
    ]
)
DECIDED = frozenset(
    ["approval", "edition", "release"]
)  # tables in which a trigger compares two persons (revision 0048)
_OF_RECORDS = frozenset(
    ["record_link", "reconciliation_difference"]
)  # their keys are ids of records, which no list names
_BOOKING = ("chain_insert", "chain_update", "chain_delete", "chain_truncate")
STAMPS = ("timezone = 'UTC'", "datestyle = 'ISO, YMD'", "bytea_output = 'hex'", "extra_float_digits = 1")  # of leaves
_FORMS = text(f"""
    select distinct on (detail ->> 'relation') detail ->> 'relation' as relation, detail ->> 'key' as key,
           detail ->> 'leaf' as leaf
    from ledger.chain_event where operation = {sql(ChainOperation.WATCHED)} order by detail ->> 'relation', id desc""")
_NOTED = text("select relation, key, leaf from ledger.chain_form")
_DIFFERING = """
    with last as (
        select distinct on (u.k collate "C") u.k, u.l, e.at, e.operation
        from ledger.chain_event e cross join lateral unnest(e.keys, e.leaves) u (k, l)
        where e.relation = :relation order by u.k collate "C", e.id desc),
    here as (
        select concat_ws('/', {key}) as k, sha256(convert_to(cast(row({leaf}) as text), 'UTF8')) as l from {table})
    select coalesce(last.k, here.k) as key, last.at, last.k is null as unbooked, here.k is null as gone,
           last.operation = {deleted} as deleted, encode(here.l, 'hex') as seen
    from last full join here on last.k = here.k
    where case when last.k is null then true when last.operation = {deleted} then here.k is not null
               else here.l is distinct from last.l end
    order by 1"""
_REWRITTEN = text(f"""
    select e.relation, e.operation, e.at, u.k as key from ledger.chain_event e cross join lateral unnest(e.keys) u (k)
    where e.relation = any(:kept) and e.operation in {sql((ChainOperation.UPDATE, ChainOperation.DELETE))} order by e.id""")
_TRIGGERS = text("""
    select c.relname as relation, array_agg(cast(t.tgname as text)) as names
    from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'ledger' and t.tgenabled in ('O', 'A') group by 1""")


class Form(NamedTuple):
    """A watched table: columns of its key, columns of a leaf."""

    relation: str
    key: str
    leaf: str


def forms(connection: Connection) -> list[Form]:
    """The watched tables, as the chain tells them."""
    return [Form(*row) for row in connection.execute(_FORMS).tuples()]


def _named(relation: str, key: str) -> str:
    """What a row is called in a finding."""
    return hashlib.sha256(key.encode()).hexdigest()[:16] if relation in _OF_RECORDS else key


def _differing(connection: Connection, form: Form, report: Report) -> Iterator[Finding]:
    known = {"key": form.key, "leaf": form.leaf, "table": quoted("ledger", form.relation)}
    statement = _DIFFERING.format(**known, deleted=sql(ChainOperation.DELETE))
    found = connection.execute(text(statement), {"relation": form.relation}).all()
    for row in found[:MOST]:
        where = f"ledger.{form.relation} {_named(form.relation, row.key)}"
        if row.unbooked:
            yield Finding("row_unbooked", where, "这一行没有登记过：绕过触发器写入，或登记它的事件被删", seen=row.seen)
        elif row.gone:
            yield Finding("row_gone", where, "登记过的行不在了，也没有登记过删除", row.at)
        elif row.deleted:
            yield Finding("row_back", where, "登记为已删除的行又在了", row.at, row.seen)
        else:
            yield Finding("row_altered", where, "与最后一次登记的内容不同", row.at, row.seen)
    report.saw(ROWS_MORE, f"ledger.{form.relation}")
    if len(found) <= MOST:
        report.saw_all(TABLES, f"ledger.{form.relation} ")
    else:
        report.partly.add(TABLES)
        yield Finding(ROWS_MORE, f"ledger.{form.relation}", f"另有 {len(found) - MOST:,} 行与登记不符")


def _guards(connection: Connection, watched: list[Form], report: Report) -> Iterator[Finding]:
    there = {row.relation: set(row.names) for row in connection.execute(_TRIGGERS)}
    for form in watched:
        report.saw(GUARD_OFF, f"ledger.{form.relation}")
        others = {"kept": form.relation in KEPT, "two_persons": form.relation in DECIDED}
        wanted = {*_BOOKING, *(name for name, there_is in others.items() if there_is)}
        for name in sorted(wanted - there.get(form.relation, set())):
            missed = "办理的是不是两人没有核对" if name == "two_persons" else "改动没有登记"
            yield Finding(GUARD_OFF, f"ledger.{form.relation}", f"触发器 {name} 被停用或删除：其间的{missed}")
    for relation in ("chain_event", "chain_link", "chain_seal"):
        report.saw(GUARD_OFF, f"ledger.{relation}")
        if "kept" not in there.get(relation, set()):
            yield Finding(GUARD_OFF, f"ledger.{relation}", "触发器 kept 被停用或删除：链本身可以改写")


def check(connection: Connection, report: Report) -> None:
    """Compare every watched table. ``connection`` is in one transaction, whose way of writing values is set here."""
    for stamp in STAMPS:
        connection.execute(text(f"set local {stamp}"))
    watched = forms(connection)
    noted = {Form(*row) for row in connection.execute(_NOTED).tuples()}
    report.saw("form_altered", "ledger.chain_form")
    if noted != set(watched):
        seen = hashlib.sha256(repr(sorted(noted)).encode()).hexdigest()
        report.findings.append(Finding("form_altered", "ledger.chain_form", "登记哪些列的说明与链上的不同", seen=seen))
    report.findings += _guards(connection, watched, report)
    for form in watched:
        report.findings += _differing(connection, form, report)
    for row in connection.execute(_REWRITTEN, {"kept": sorted(KEPT)}):
        report.findings.append(
            Finding(
                "kept_rewritten",
                f"ledger.{row.relation} {_named(row.relation, row.key)}",
                f"只增不改的行上登记了{words.CHAIN[row.operation]}",
                row.at,
                row.at.isoformat(),
            )
        )
    report.count(tables=len(watched))
