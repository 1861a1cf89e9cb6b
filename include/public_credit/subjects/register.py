"""The registers as they stand at a build: versions taken from raw, the current row per record, rosters, claims.

Leaves behind the temporary tables ``changed`` (record_id) and ``seed`` (scheme, value): the records whose current row is
another than before, and every identifier they named before or name now.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from ..base.copying import copying
from ..identifiers.names import same_name
from ..ledger import ids, unchanged
from ..ledger.session import driver
from ..ledger.states import InputOperation, sql
from . import scope
from .nodes import Row, claims, node

KINDS = ("enterprise_registration", "organisation_registration")
_FIELDS = {
    "enterprise_registration": {
        "name": "name",
        "org_type": "entity_type",
        "tax_reg_no": "",
        "institution_cert_no": "",
        "social_org_cert_no": "",
    },
    "organisation_registration": {"name": "subject_name"},
}
_PLAIN = (
    "uscc",
    "org_code",
    "business_reg_no",
    "tax_reg_no",
    "institution_cert_no",
    "social_org_cert_no",
    "predecessor_uscc",
    "name",
    "org_type",
    "state",
    "address",
    "legal_rep_name",
)
_ROW = (
    "record_id",
    "kind",
    "uscc",
    "org_code",
    "business_reg_no",
    "tax_reg_no",
    "institution_cert_no",
    "social_org_cert_no",
    "predecessor_uscc",
    "name",
    "name_key",
    "former_keys",
    "org_type",
    "state",
    "established_on",
    "address",
    "legal_rep_name",
)

_INPUTS = """
    create temp table input on commit drop as
    select * from (
        select i.batch_seq, i.attempt, i.operation, b.kind, b.dataset_id, b.delivery_mode = 'full_snapshot' as snapshot,
               coalesce(b.gated_on, b.business_date) as accepted_on,
               row_number() over (partition by i.batch_seq, i.attempt order by i.build_id desc, i.operation desc) as newest
        from ledger.build_input i join ledger.batch b on b.seq = i.batch_seq
        where i.build_id > :last and i.build_id <= :build and i.kind = any(:kinds)) inputs
    where newest = 1"""

_SNAPSHOT = f"""
    select i.batch_seq, i.attempt from ledger.build_input i join ledger.batch b on b.seq = i.batch_seq
    where b.dataset_id = :dataset and b.delivery_mode = 'full_snapshot' and b.rows_in > 0
      and i.operation = {sql(InputOperation.ADD)} and i.build_id <= :build and not exists (
        select 1 from ledger.build_input gone where gone.batch_seq = i.batch_seq and gone.attempt = i.attempt
          and gone.operation = {sql(InputOperation.REMOVE)} and gone.build_id > i.build_id and gone.build_id <= :build)
    order by i.batch_seq desc, i.attempt desc limit 1"""

_CURRENT = """
    create temp table fresh on commit drop as
    select record_id, batch_seq, attempt, row_no, gone from (
        select v.record_id, v.batch_seq, v.attempt, v.row_no,
               v.snapshot and not exists (select 1 from subjects.roster r where r.record_id = v.record_id) as gone,
               row_number() over (partition by v.record_id
                                  order by v.source_version desc, v.batch_seq desc, v.row_no desc) as newest
        from (select distinct record_id from touched) t join subjects.version v on v.record_id = t.record_id) ranked
    where newest = 1"""


def _insert_versions(kind: str) -> str:
    fields = {name: _FIELDS[kind].get(name, name) for name in _PLAIN}
    listed = ", ".join(f"r.{column} as {name}" if column else f"'' as {name}" for name, column in fields.items())
    name = f"r.{fields['name']}"
    former = f"""coalesce((select string_agg({same_name("former.name")}, ';')
        from unnest(string_to_array(r.former_names, ';')) as former(name)), '')"""
    return f"""
        with added as (insert into subjects.version (batch_seq, attempt, row_no, record_id, kind, dataset_id, snapshot, source_version,
            accepted_on, {", ".join(_PLAIN)}, name_key, former_keys, established_on)
        select r.batch_seq, r.attempt, r.row_no, {ids.record_id("r.record_id")}, i.kind, i.dataset_id, i.snapshot, r.source_version,
            i.accepted_on, {listed}, {same_name(name)}, {former}, cast(nullif(r.established_on, '') as date)
        from input i join raw.{kind} r on true
        {unchanged.JOINS}
        where i.batch_seq = :seq and i.attempt = :attempt and r.batch_seq = :seq and r.attempt = :attempt
          and {unchanged.ACCEPTED} and r.record_id is not null
        returning record_id)
        insert into touched select record_id from added"""


def _take_rosters(session: Session, build_id: int) -> None:
    """Replace the rosters of datasets that delivered (or lost) a full snapshot; records that came or went are touched."""
    datasets = session.execute(text("select distinct dataset_id, kind from input where snapshot")).all()
    for dataset, kind in datasets:
        newest = session.execute(text(_SNAPSHOT), {"dataset": dataset, "build": build_id}).first()
        session.execute(text("drop table if exists pg_temp.listed"))
        session.execute(
            text(f"""
            create temp table listed on commit drop as select distinct {ids.record_id("record_id")} as record_id from raw.{kind}
            where batch_seq = :seq and attempt = :attempt and record_id is not null"""),
            {"seq": newest.batch_seq if newest else -1, "attempt": newest.attempt if newest else -1},
        )
        session.execute(text("create unique index on pg_temp.listed (record_id)"))
        session.execute(text("analyze pg_temp.listed"))
        session.execute(
            text("""
            with came as (
                insert into subjects.roster select :dataset, l.record_id from pg_temp.listed l
                where not exists (select 1 from subjects.roster r
                                  where r.dataset_id = :dataset and r.record_id = l.record_id)
                order by l.record_id returning record_id
            ), went as (
                delete from subjects.roster r where r.dataset_id = :dataset
                  and not exists (select 1 from pg_temp.listed l where l.record_id = r.record_id) returning record_id
            )
            insert into touched select record_id from came union all select record_id from went"""),
            {"dataset": dataset},
        )


def take(session: Session, build_id: int, last: int) -> None:
    """Bring versions, rosters, current rows and claims to this build."""
    session.execute(text(_INPUTS), {"last": last, "build": build_id, "kinds": list(KINDS)})
    session.execute(text("analyze input"))
    session.execute(text("create temp table touched (record_id text) on commit drop"))
    inputs = session.execute(text("select batch_seq, attempt, kind, operation from input order by 1, 2")).tuples().all()
    for seq, attempt, kind, operation in inputs:
        one = {"seq": seq, "attempt": attempt}
        session.execute(
            text("""
            with taken as (
                delete from subjects.version where batch_seq = :seq and attempt = :attempt returning record_id)
            insert into touched select record_id from taken"""),
            one,
        )
        if operation == InputOperation.ADD:
            session.execute(text(_insert_versions(kind)), one)
    _take_rosters(session, build_id)
    session.execute(text("analyze touched"))
    if scope.much(session, "touched"):
        scope.plan_for_many(session)
    session.execute(text(_CURRENT))
    session.execute(text("create unique index on fresh (record_id)"))
    session.execute(
        text("""
        create temp table changed on commit drop as
        select t.record_id from (select distinct record_id from touched) t left join fresh f using (record_id)
        left join subjects.register r using (record_id)
        where (f.record_id is null) <> (r.record_id is null)
           or (f.batch_seq, f.attempt, f.row_no, f.gone) is distinct from (r.batch_seq, r.attempt, r.row_no, r.gone)""")
    )
    session.execute(text("create unique index on changed (record_id)"))
    session.execute(text("analyze changed"))
    session.execute(text("create temp table seed (scheme text, value text) on commit drop"))
    session.execute(text("create temp table scope_subject (subject_id text primary key) on commit drop"))
    session.execute(
        text("""
        insert into scope_subject select distinct r.subject_id from changed join subjects.register r using (record_id)
        where r.subject_id is not null and exists (
            select 1 from subjects.claim c where c.record_id = r.record_id and c.scheme <> 'name')""")
    )
    session.execute(
        text(
            "delete from subjects.register r using changed c where r.record_id = c.record_id "
            "and not exists (select 1 from fresh f where f.record_id = r.record_id)"
        )
    )
    session.execute(
        text("""
        update subjects.register r set batch_seq = f.batch_seq, attempt = f.attempt, row_no = f.row_no, gone = f.gone
        from fresh f join changed using (record_id) where r.record_id = f.record_id""")
    )
    session.execute(
        text("""
        insert into subjects.register (record_id, batch_seq, attempt, row_no, gone)
        select f.* from fresh f join changed using (record_id)
        where not exists (select 1 from subjects.register r where r.record_id = f.record_id) order by f.record_id""")
    )
    _replace_claims(session, ((row.record_id, claims(row)) for row in load(session, "changed")), "changed")


def _replace_claims(session: Session, found: Iterable[tuple[str, set[Any]]], among: str) -> None:
    """Write the claims of the records in the temporary table ``among``; old and new identifiers become seeds."""
    session.execute(
        text(f"""
        with old as (delete from subjects.claim c using {among} t where c.record_id = t.record_id
                     returning c.scheme, c.value)
        insert into seed select scheme, value from old""")
    )
    session.execute(text("create temp table claimed (scheme text, value text, record_id text) on commit drop"))
    copy(session, "claimed", ((scheme, value, record) for record, items in found for scheme, value in items))
    session.execute(text("insert into subjects.claim select * from claimed order by scheme, value"))
    session.execute(text("insert into seed select scheme, value from claimed"))
    session.execute(text("drop table claimed"))
    session.execute(text("analyze seed"))


def take_judgements(session: Session) -> None:
    """Put judgements in force or out of force; their identifiers become seeds."""
    session.execute(
        text("""
        create temp table rejudged on commit drop as
        select 'j' || coalesce(n.id, o.judgement_id) as record_id, coalesce(n.id, o.judgement_id) as id,
               n.decision, n.left_key, n.right_key
        from (select * from ledger.judgement where undone_at is null) n
        full join subjects.judged o on o.judgement_id = n.id
        where n.id is null or o.judgement_id is null""")
    )
    rows = session.execute(text("select record_id, left_key, right_key from rejudged where decision is not null")).all()
    session.execute(text("delete from subjects.judged using rejudged r where judgement_id = r.id"))
    session.execute(
        text(
            "insert into subjects.judged select id, decision, left_key, right_key from rejudged "
            "where decision is not null"
        )
    )
    _replace_claims(session, ((row.record_id, {node(row.left_key), node(row.right_key)}) for row in rows), "rejudged")


def load(session: Session, among: str) -> list[Row]:
    """The current register rows of the records in the temporary table ``among``."""
    listed = ", ".join(f"v.{name}" for name in _ROW)
    found = session.execute(
        text(f"""
        select {listed}, v.source_version, v.batch_seq, v.row_no, r.gone,
               case when v.predecessor_uscc <> '' then (select min(w.accepted_on) from subjects.version w
                   where w.record_id = v.record_id and w.predecessor_uscc = v.predecessor_uscc) end as known_on
        from {among} t join subjects.register r on r.record_id = t.record_id
        join subjects.version v on v.batch_seq = r.batch_seq and v.attempt = r.attempt and v.row_no = r.row_no""")
    )
    width = len(_ROW)
    return [
        Row(
            **dict(zip(_ROW, values[:width], strict=True)),
            newest=tuple(values[width : width + 3]),
            gone=values[width + 3],
            known_on=values[width + 4],
        )
        for values in found
    ]


def copy(session: Session, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """COPY rows into a temporary table of this transaction."""
    with copying(driver(session), f"copy {table} from stdin") as stream:
        for row in rows:
            stream.write_row(row)
