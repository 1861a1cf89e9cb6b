"""Resolve a build: take the registers in, resolve what they touched (or everything), write the difference.

One transaction per build under a lock: a build that was killed in it is resolved again from where it began, a build that
was resolved says so. Resolving everything gives the same tables as resolving what was touched.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from ..base.run import Run
from ..ledger.locks import lock
from ..ledger.session import session
from ..ledger.states import Conversion, Decision, SubjectClass
from . import names, register, scope, write
from .component import Judgement, Outcome, representative, resolve
from .nodes import Node, Row, key, node, subject_id

CLASSES = {"enterprise_registration": SubjectClass.ENTERPRISE, "organisation_registration": SubjectClass.NON_ENTERPRISE}


def run(run: Run, build_id: int) -> dict[str, Any]:
    """Resolve the subjects of a build, once; what was touched. A build that is resolved already gives ``{}``."""
    with session("builder") as opened:
        lock(opened, "resolve")
        last: int = opened.execute(text("select coalesce(max(build_id), 0) from subjects.progress")).scalar_one()
        if last >= build_id:
            return {}
        counts = _resolve(opened, build_id, last, run.on, full=False)
        opened.execute(
            text("insert into subjects.progress (build_id, counts) values (:build, cast(:counts as jsonb))"),
            {"build": build_id, "counts": json.dumps(counts)},
        )
    return counts


def full(run: Run, build_id: int) -> dict[str, Any]:
    """Resolve everything again as of a build; counts of what differed (nothing, unless the rules changed)."""
    with session("builder") as opened:
        lock(opened, "resolve")
        last: int = opened.execute(text("select coalesce(max(build_id), 0) from subjects.progress")).scalar_one()
        counts = _resolve(opened, max(build_id, last), last, run.on, full=True)
        opened.execute(
            text(
                "insert into subjects.progress (build_id, counts) values (:build, cast(:counts as jsonb)) "
                "on conflict do nothing"
            ),
            {"build": max(build_id, last), "counts": json.dumps(counts)},
        )
    return counts


def _resolve(opened: Session, build_id: int, last: int, on: date, *, full: bool) -> dict[str, Any]:
    scope.plan_for_few(opened)
    register.take(opened, build_id, last)
    register.take_judgements(opened)
    whole = full or scope.much(opened, "changed")
    if whole:
        scope.plan_for_many(opened)
        opened.execute(text("set local default_statistics_target = 20"))  # as dbt's sessions: 6,000 rows tell enough
        for table in ("version", "register", "claim", "roster"):
            _analyze(opened, f"subjects.{table}")
        scope.all_of_it(opened)
    else:
        scope.plan_for_few(opened)
        scope.touched(opened)
    rows = register.load(opened, "scope_record")
    judged = [
        Judgement(found.judgement_id, found.decision == Decision.SAME, node(found.left_key), node(found.right_key))
        for found in opened.execute(
            text("select j.* from subjects.judged j join scope_record r on r.record_id = 'j' || j.judgement_id")
        )
    ]
    if whole:
        from .whole import resolve_all

        outcome = resolve_all(rows, judged)
    else:
        outcome = resolve(rows, judged)
    write.prepare(opened)
    _want(opened, rows, outcome)
    counts = write.write(opened, build_id, on) | {"whole": whole}
    if whole:
        for table in ("identifier", "subject", "register"):
            _analyze(opened, f"subjects.{table}")
    return counts


def _analyze(opened: Session, table: str) -> None:
    """Statistics, where a non-owner may (PostgreSQL 17 on)."""
    if opened.execute(text("select current_setting('server_version_num')::int")).scalar_one() >= 170000:
        opened.execute(text(f"analyze {table}"))


def _holders(opened: Session, ids: dict[str, str | None]) -> list[names.Holder]:
    """Every row that has or had a name in scope, with the subject it has now."""
    found = opened.execute(
        text("""
        select c.value, c.record_id, r.subject_id, v.name_key = c.value as current,
               not exists (select 1 from subjects.claim o
                           where o.record_id = c.record_id and o.scheme <> 'name') as only
        from (select value from scope_node where scheme = 'name') n
        join subjects.claim c on c.scheme = 'name' and c.value = n.value
        join subjects.register r on r.record_id = c.record_id
        join subjects.version v on v.batch_seq = r.batch_seq and v.attempt = r.attempt and v.row_no = r.row_no""")
    )
    return [
        names.Holder(value, record, None if only else ids.get(record, stored), only)
        for value, record, stored, current, only in found.tuples()
        if current or not only
    ]


def _want(opened: Session, rows: list[Row], outcome: Outcome) -> None:
    """Fill the tables of what is wanted from the outcome; names are resolved on the way."""
    ids: dict[Node, str] = {}

    def id_of(item: Node | None) -> str | None:
        if item is not None and item not in ids:
            ids[item] = subject_id(item)
        return None if item is None else ids[item]

    of_record = {record: id_of(item) for record, item in outcome.rows.items()}
    judged_names = {item[1]: id_of(owner) for item, (owner, _) in outcome.owners.items() if item[0] == "name"}
    named = names.resolve(_holders(opened, of_record), judged_names, subject_id)
    identifiers = {item: (id_of(owner), reason) for item, (owner, reason) in outcome.owners.items()}
    identifiers |= {("name", name): found for name, found in named.owners.items()}
    register.copy(opened, "want_identifier", ((*item, *found) for item, found in identifiers.items()))
    register.copy(opened, "want_record", (of_record | named.rows).items())
    described: dict[Node, list[Row]] = defaultdict(list)
    for row in rows:
        canonical = outcome.rows.get(row.record_id)
        if canonical is not None:
            described[canonical].append(row)
    alone = _rows_of_names(opened, rows, named)
    for name in named.subjects:
        described["name", name] = alone[name]
    register.copy(opened, "want_subject", (_subject(item, id_of(item), found) for item, found in described.items()))
    register.copy(
        opened,
        "want_succession",
        (
            (record, id_of(old), id_of(new), Conversion.CONVERTED, known)
            for record, old, new, known in outcome.successions
        ),
    )
    register.copy(
        opened,
        "want_item",
        ((item.topic, item.key, item.reason, json.dumps(item.detail, ensure_ascii=False)) for item in outcome.items),
    )


def _rows_of_names(opened: Session, rows: Iterable[Row], named: names.Names) -> dict[str, list[Row]]:
    """The rows that describe subjects known by name alone."""
    known = {row.record_id: row for row in rows}
    missing = [record for record in named.rows if record not in known]
    if missing:
        opened.execute(text("create temp table missing (record_id text) on commit drop"))
        register.copy(opened, "missing", ((record,) for record in missing))
        known |= {row.record_id: row for row in register.load(opened, "missing")}
    found: dict[str, list[Row]] = defaultdict(list)
    for record in named.rows:
        found[known[record].name_key].append(known[record])
    return found


def _subject(canonical: Node, own_id: str | None, rows: list[Row]) -> tuple[Any, ...]:
    row = representative(rows)
    return (
        own_id,
        key(canonical),
        CLASSES[row.kind],
        row.org_type,
        row.uscc,
        row.name,
        row.name_key,
        row.state,
        row.established_on,
        row.address,
        row.legal_rep_name,
        all(item.gone for item in rows),
    )
