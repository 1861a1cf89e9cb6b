"""What has to be resolved again: the components the seeds lie in, or everything.

Leaves the temporary tables ``scope_record``, ``scope_node`` and ``scope_subject``. All rows of a subject in scope are in
scope, except rows that follow it by their name alone. A name ties records together only
where a judgement names it; otherwise names are looked at one by one.
"""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

MOST = 1000  # changed records from which on everything is resolved again when they are a fifth of all
_FOR_MANY = ("enable_seqscan", "enable_hashjoin", "enable_mergejoin", "jit")
_STEP = """select b.record_id from {} a
    join subjects.claim c on c.record_id = a.record_id
    join subjects.claim b on b.scheme = c.scheme and b.value = c.value
    where c.scheme <> 'name' or c.record_id like 'j%' or b.record_id like 'j%'"""
_REACHED = f"""
    create temp table scope_record on commit drop as
    with recursive start as (
        select record_id from changed
        union
        select c.record_id from seed s join subjects.claim c using (scheme, value)
        where c.scheme <> 'name' or c.record_id like 'j%'
    ), reached (record_id) as (
        select record_id from start
        union
        {_STEP.format("reached")}
    ) select record_id from reached"""


def plan_for_few(session: Session) -> None:
    """Keep the planner from reading whole tables for what a few rows ask, whatever it believes their number to be."""
    for way in _FOR_MANY:
        session.execute(text(f"set local {way} = off"))


def plan_for_many(session: Session) -> None:
    """Let the planner choose as usual."""
    for way in _FOR_MANY:
        session.execute(text(f"reset {way}"))


def much(session: Session, table: str) -> bool:
    """Whether a temporary table has so many records that looking at all of them is cheaper."""
    records: int = session.execute(text(f"select count(distinct record_id) from {table}")).scalar_one()
    if records <= MOST:
        return False
    register: int = session.execute(text("select count(*) from subjects.register")).scalar_one()
    return 5 * records > register


def touched(session: Session) -> None:
    """The components in which a record, an identifier or a judgement changed."""
    session.execute(text(_REACHED))
    session.execute(text("create unique index on scope_record (record_id)"))
    session.execute(text("analyze scope_record"))
    session.execute(
        text(
            "create temp table scope_node on commit drop as "
            "select scheme, value from seed union "
            "select c.scheme, c.value from scope_record r join subjects.claim c using (record_id)"
        )
    )
    session.execute(text("create unique index on scope_node (scheme, value)"))
    session.execute(text("analyze scope_node"))
    session.execute(
        text("""
        insert into scope_subject
        select r.subject_id from scope_record join subjects.register r using (record_id)
        where r.subject_id is not null and exists (
            select 1 from subjects.claim c where c.record_id = r.record_id and c.scheme <> 'name')
        union
        select i.subject_id from scope_node n join subjects.identifier i using (scheme, value)
        where i.subject_id is not null and n.scheme <> 'name'
        union
        select s.subject_id from scope_node n join subjects.subject s on s.canonical_key = n.scheme || ':' || n.value
        on conflict do nothing""")
    )
    session.execute(text("analyze scope_subject"))


def all_of_it(session: Session) -> None:
    """Every record, identifier and subject."""
    session.execute(
        text("""
        create temp table scope_record on commit drop as
        select record_id from subjects.register union select record_id from subjects.claim union
        select record_id from changed union select record_id from subjects.succession""")
    )
    session.execute(
        text(
            "create temp table scope_node on commit drop as select distinct scheme, value from subjects.claim "
            "union select scheme, value from subjects.identifier union select scheme, value from seed"
        )
    )
    session.execute(text("insert into scope_subject select subject_id from subjects.subject on conflict do nothing"))
    for name in ("scope_record", "scope_node", "scope_subject"):
        session.execute(text(f"analyze {name}"))
