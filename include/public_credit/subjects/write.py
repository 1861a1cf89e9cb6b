"""Compare what was resolved with what is stored, within the scope, and write the difference.

Reads the temporary tables of ``scope`` and ``want_subject``, ``want_identifier``, ``want_record``, ``want_succession``,
``want_item``. A subject that is no longer wanted hands its id over as an alias to whoever holds its canonical identifier
now; where nobody does, it stays as ``gone``, so every id that ever was still resolves.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from ..ledger.states import PastId, Topic, WorkState, sql

WANTED = {
    "want_subject": "subject_id text, canonical_key text, subject_class text, org_type text, uscc text, name text, "
    "name_key text, state text, established_on date, address text, legal_rep_name text, gone boolean",
    "want_identifier": "scheme text, value text, subject_id text, reason text",
    "want_record": "record_id text, subject_id text",
    "want_succession": "record_id text, old_subject_id text, new_subject_id text, kind text, known_on date",
    "want_item": "topic text, key text, reason text, detail jsonb",
}
_DESCRIBED = (
    "canonical_key",
    "subject_class",
    "org_type",
    "uscc",
    "name",
    "name_key",
    "state",
    "established_on",
    "address",
    "legal_rep_name",
    "gone",
)

_STATEMENTS = (
    # Identifiers that resolve differently.
    """create temp table moved on commit drop as
    select coalesce(w.scheme, o.scheme) as scheme, coalesce(w.value, o.value) as value, o.subject_id as old_subject_id,
           w.subject_id as new_subject_id, coalesce(w.reason, '') as reason, w.scheme is null as dropped,
           o.scheme is null or w.scheme is null or o.subject_id is distinct from w.subject_id as changed
    from want_identifier w full join (
        select i.* from scope_node n join subjects.identifier i on i.scheme = n.scheme and i.value = n.value) o
        on o.scheme = w.scheme and o.value = w.value
    where w.scheme is null or o.scheme is null or o.subject_id is distinct from w.subject_id or o.reason <> w.reason""",
    "create unique index on moved (scheme, value)",
    "analyze moved",
    """update subjects.change c set new_subject_id = m.new_subject_id from moved m
    where m.changed and c.build_id = :build and c.scheme = m.scheme and c.value = m.value""",
    """insert into subjects.change (build_id, scheme, value, old_subject_id, new_subject_id)
    select :build, scheme, value, old_subject_id, new_subject_id from moved m where changed and not exists (
        select 1 from subjects.change c where c.build_id = :build and c.scheme = m.scheme and c.value = m.value)
    order by scheme, value""",
    "delete from subjects.identifier i using moved m where m.dropped and i.scheme = m.scheme and i.value = m.value",
    """update subjects.identifier i set subject_id = m.new_subject_id, reason = m.reason, build_id = :build
    from moved m where not m.dropped and i.scheme = m.scheme and i.value = m.value""",
    """insert into subjects.identifier (scheme, value, subject_id, reason, build_id)
    select scheme, value, new_subject_id, reason, :build from moved m where not dropped and not exists (
        select 1 from subjects.identifier i where i.scheme = m.scheme and i.value = m.value) order by scheme, value""",
    # Ids that are no longer a subject's.
    """create temp table vanished on commit drop as
    select s.subject_id, s.canonical_key, i.subject_id as heir,
           exists (select 1 from subjects.subject h where h.subject_id = i.subject_id) as known
    from scope_subject x join subjects.subject s on s.subject_id = x.subject_id
    left join subjects.identifier i on i.scheme = split_part(s.canonical_key, ':', 1)
        and i.value = substr(s.canonical_key, position(':' in s.canonical_key) + 1)
    where not exists (select 1 from want_subject w where w.subject_id = x.subject_id)
      and (i.subject_id is not null or not s.gone)""",
    """update subjects.alias a set subject_id = v.heir, build_id = :build from vanished v
    where a.subject_id = v.subject_id and v.heir is not null""",
    """update subjects.alias a set subject_id = m.new_subject_id, build_id = :build from moved m
    where a.past_key = m.scheme || ':' || m.value and m.new_subject_id is not null and a.subject_id <> m.new_subject_id""",
    f"""insert into subjects.alias (past_id, past_key, subject_id, reason, build_id, since_on)
    select subject_id, canonical_key, heir, case when known then {sql(PastId.MERGED)} else {sql(PastId.RENUMBERED)} end, :build, :on
    from vanished where heir is not null
    on conflict (past_id) do update set subject_id = excluded.subject_id, build_id = excluded.build_id""",
    "delete from subjects.subject s using vanished v where v.heir is not null and s.subject_id = v.subject_id",
    "update subjects.subject s set gone = true, build_id = :build from vanished v "
    "where v.heir is null and s.subject_id = v.subject_id and not s.gone",
    "delete from subjects.alias a using want_subject w where w.subject_id = a.past_id",
    f"""update subjects.subject s set build_id = :build, {", ".join(f"{name} = w.{name}" for name in _DESCRIBED)}
    from want_subject w where s.subject_id = w.subject_id and ({", ".join("s." + name for name in _DESCRIBED)})
        is distinct from ({", ".join("w." + name for name in _DESCRIBED)})""",
    f"""insert into subjects.subject (subject_id, build_id, {", ".join(_DESCRIBED)})
    select w.subject_id, :build, {", ".join("w." + name for name in _DESCRIBED)} from want_subject w
    where not exists (select 1 from subjects.subject s where s.subject_id = w.subject_id) order by w.subject_id""",
    "update subjects.register r set subject_id = w.subject_id from want_record w "
    "where w.record_id = r.record_id and r.subject_id is distinct from w.subject_id",
    # Successions.
    """delete from subjects.succession s using scope_record r where r.record_id = s.record_id
    and not exists (select 1 from want_succession w where w.record_id = s.record_id)""",
    """insert into subjects.succession (record_id, old_subject_id, new_subject_id, kind, known_on, build_id)
    select record_id, old_subject_id, new_subject_id, kind, known_on, :build from want_succession
    on conflict (record_id) do update set old_subject_id = excluded.old_subject_id,
        new_subject_id = excluded.new_subject_id, known_on = excluded.known_on, build_id = excluded.build_id
    where (succession.old_subject_id, succession.new_subject_id, succession.known_on)
        is distinct from (excluded.old_subject_id, excluded.new_subject_id, excluded.known_on)""",
    # Work items about rows and identifiers in scope.
    f"""update subjects.work_item i set state = {sql(WorkState.DONE)}, closed_on = :on
    where i.state = {sql(WorkState.OPEN)} and i.topic in {sql((Topic.SEVERAL_USCCS, Topic.SHARED_IDENTIFIER))}
      and (exists (select 1 from scope_record r where r.record_id = i.key)
           or exists (select 1 from scope_node n where n.scheme = split_part(i.key, ':', 1)
                      and n.value = substr(i.key, position(':' in i.key) + 1)))
      and not exists (select 1 from want_item w where w.topic = i.topic and w.key = i.key)""",
    f"""insert into subjects.work_item (topic, key, reason, detail, opened_on)
    select topic, key, reason, detail, :on from want_item
    on conflict (topic, key) do update set reason = excluded.reason, detail = excluded.detail, state = {sql(WorkState.OPEN)},
        closed_on = null,
        opened_on = case when work_item.state = {sql(WorkState.OPEN)} then work_item.opened_on else excluded.opened_on end
    where work_item.state = {sql(WorkState.DONE)} or (work_item.reason, work_item.detail) is distinct from (excluded.reason, excluded.detail)""",
)


def prepare(session: Session) -> None:
    """Empty tables for what is wanted."""
    for name, columns in WANTED.items():
        session.execute(text(f"create temp table {name} ({columns}) on commit drop"))


def write(session: Session, build_id: int, on: date) -> dict[str, Any]:
    """Write the difference; how much of it there was."""
    session.execute(text("create unique index on want_subject (subject_id)"))
    session.execute(text("create unique index on want_identifier (scheme, value)"))
    for name in WANTED:
        session.execute(text(f"analyze {name}"))
    for statement in _STATEMENTS:
        names = {"build": build_id, "on": on}
        session.execute(text(statement), {name: value for name, value in names.items() if f":{name}" in statement})
    counts = (
        session.execute(
            text("""
        select (select count(*) from scope_record where record_id not like 'j%') as records,
               (select count(*) from want_subject) as subjects, (select count(*) from moved where changed) as identifiers,
               (select count(*) from vanished) as vanished""")
        )
        .mappings()
        .one()
    )
    return dict(counts)
