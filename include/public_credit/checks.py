"""Cross-record rules, set-based in SQL after landing: R06, R16, V05, and duplicates.

A row's *current version* is what dbt built, overlaid by rows that were accepted since the last finished build. No
checksum and no regular expression is computed here; row-local rules ran in the landing stream.
"""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from .catalogue import load_catalogue
from .catalogue.models import Kind

REGISTRY_KIND = "enterprise_registration"
DECISION_KINDS = {"administrative_licence": "许可", "administrative_penalty": "处罚"}
PLACEHOLDER_USCC = "00000000000000000X"
_VERSION_ORDER = "source_version desc, batch_seq desc, row_no desc"


def same_name(column: str) -> str:
    """SQL that folds a name for comparison only: NFKC, upper case, no blanks, one kind of bracket."""
    return f"translate(upper(normalize({column}, NFKC)), '〔〕【】[] \t', '()()()')"


def heads(session: Session, kind: str, columns: list[str], where: str = "true") -> str:
    """SQL of the current version of every record of ``kind`` (record_id, content_hash, version order, ``columns``)."""
    wanted = ", ".join(["record_id", "content_hash", "source_version", "batch_seq", "row_no", *columns])
    built = f"intermediate.int_{kind}__current"
    arms = [f"""
        select {wanted} from raw.{kind} r
        where r.record_id is not null and {where}
          and (r.batch_seq, r.attempt) in (
            select b.seq, b.current_attempt from ledger.batch b
            where b.kind = '{kind}' and b.state in ('accepted', 'accepted_with_quarantine') and not exists (
                select 1 from ledger.build_input i join ledger.build using (build_id)
                where i.batch_seq = b.seq and i.attempt = b.current_attempt and i.operation = 'add'
                  and build.state = 'built'))
          and not exists (select 1 from ledger.row_outcome o
                          where o.batch_seq = r.batch_seq and o.attempt = r.attempt and o.row_no = r.row_no)"""]
    if session.execute(text("select to_regclass(:name)"), {"name": built}).scalar():
        arms.append(f"select {wanted} from {built} r where {where}")
    return f"""select * from (
        select *, row_number() over (partition by record_id order by {_VERSION_ORDER}) as newest
        from ({' union all '.join(arms)}) versions) ranked where newest = 1"""


def registry_version(session: Session) -> str:
    """Version of the base registry a verdict rests on: the newest accepted registration batch, '' when none."""
    newest = session.execute(text(
        "select max(seq) from ledger.batch where kind = :kind and state in ('accepted', 'accepted_with_quarantine')"),
        {"kind": REGISTRY_KIND}).scalar()
    return str(newest or "")


def prepare_registry(session: Session) -> None:
    """Make the temporary table ``registry`` (uscc, folded name) of this connection: current and former names."""
    names = f"""
        select uscc, {same_name('name')} as name from ({heads(session, REGISTRY_KIND, ['uscc', 'name', 'former_names'])}) h
        union
        select uscc, {same_name('former.name')} from (
            {heads(session, REGISTRY_KIND, ['uscc', 'name', 'former_names'])}) h,
            unnest(string_to_array(former_names, ';')) as former(name)
        where former_names <> ''"""
    session.execute(text("drop table if exists pg_temp.registry"))
    session.execute(text(f"create temp table registry as {names}"))
    session.execute(text("create index on pg_temp.registry (uscc)"))
    session.execute(text("analyze pg_temp.registry"))


_INSERT = """insert into ledger.row_verdict
    (batch_seq, attempt, row_no, rule_id, severity, detail, rules_version, registry_version)
    select :seq, :attempt, v.row_no, v.rule_id, v.severity, v.detail, :rules, :registry from ({found}) v
    on conflict do nothing"""


def _registry_agreement(kind: str) -> str:
    """R06: the name contradicts the registry (error); the code is not in the registry (warning)."""
    return f"""
        select r.row_no, case when known.uscc is null then 'R06W' else 'R06' end as rule_id,
               case when known.uscc is null then 'warning' else 'error' end as severity,
               case when known.uscc is null then '登记库中没有该统一社会信用代码'
                    else '名称与登记库不一致' end as detail
        from raw.{kind} r
        left join (select distinct uscc from pg_temp.registry) known on known.uscc = r.uscc
        where r.batch_seq = :seq and r.attempt = :attempt and r.variant = 'entity'
          and r.uscc not in ('', '{PLACEHOLDER_USCC}') and r.subject_name <> ''
          and position(';R03;' in ';' || r.row_errors || ';') = 0
          and position(';R19;' in ';' || r.row_errors || ';') = 0
          and not exists (select 1 from pg_temp.registry g
                          where g.uscc = r.uscc and g.name = {same_name('r.subject_name')})"""


def _same_pair(session: Session, kind: str) -> str:
    """R16: the pair (decision number, subject name) already stands in this table under another record."""
    earlier = heads(session, kind, ["variant", "decision_no", "subject_name"],
                    where=f"(decision_no, variant) in (select decision_no, variant from raw.{kind} "
                          "where batch_seq = :seq and attempt = :attempt)")
    return f"""
        select r.row_no, 'R16' as rule_id, 'warning' as severity, '同一文书号与名称已有另一条记录' as detail
        from raw.{kind} r
        where r.batch_seq = :seq and r.attempt = :attempt and r.record_id is not null
          and r.decision_no <> '' and r.subject_name <> '' and (
            exists (select 1 from ({earlier}) h where h.decision_no = r.decision_no and h.variant = r.variant
                      and h.subject_name = r.subject_name and h.record_id <> r.record_id)
            or exists (select 1 from raw.{kind} other
                       where other.batch_seq = :seq and other.attempt = :attempt and other.row_no < r.row_no
                         and other.decision_no = r.decision_no and other.subject_name = r.subject_name
                         and other.variant = r.variant and other.record_id <> r.record_id))"""


def _event_has_decision(session: Session) -> str:
    """V05: the decision an event speaks of is not on record (warning; it may still arrive)."""
    known = " union all ".join(
        f"select '{name}' as decision_table, decision_no, authority_uscc from ("
        + heads(session, kind, ["decision_no", "authority_uscc"],
                where="decision_no in (select decision_no from raw.decision_event "
                      "where batch_seq = :seq and attempt = :attempt)") + f") h_{kind}"
        for kind, name in DECISION_KINDS.items())
    return f"""
        select r.row_no, 'V05' as rule_id, 'warning' as severity, '库中尚无该决定' as detail
        from raw.decision_event r
        where r.batch_seq = :seq and r.attempt = :attempt and r.decision_no <> '' and not exists (
            select 1 from ({known}) k where k.decision_table = r.decision_table
              and k.decision_no = r.decision_no and k.authority_uscc = r.authority_uscc)"""


def cross_record(session: Session, kind: Kind, seq: int, attempt: int, rules_version: str) -> None:
    """Book the cross-record verdicts of one landed attempt; the temporary registry must be prepared."""
    version = registry_version(session)
    found: list[str] = []
    if kind.id in DECISION_KINDS:
        if version:
            found.append(_registry_agreement(kind.id))
        found.append(_same_pair(session, kind.id))
    elif kind.id == "decision_event":
        found.append(_event_has_decision(session))
    parameters = {"seq": seq, "attempt": attempt, "rules": rules_version, "registry": version}
    session.execute(text("delete from ledger.row_verdict where batch_seq = :seq and attempt = :attempt"), parameters)
    for query in found:
        session.execute(text(_INSERT.format(found=query)), parameters)
    session.execute(text("update ledger.attempt set registry_version = :registry, checked_at = now() "
                         "where batch_seq = :seq and attempt = :attempt"), parameters)


def outcomes(session: Session, kind: Kind, seq: int, attempt: int, waived: list[str]) -> dict[str, int]:
    """Book which landed rows are quarantined or duplicates; the counts of both and of the accepted rest.

    Quarantined: a row with an error that no waiver covers. Duplicate: its content equals the version before it,
    which is the row above it under the same key in this batch, or else the record's current version.
    """
    parameters = {"seq": seq, "attempt": attempt, "waived": waived}
    session.execute(text("delete from ledger.row_outcome where batch_seq = :seq and attempt = :attempt"), parameters)
    session.execute(text(f"""
        insert into ledger.row_outcome (batch_seq, attempt, row_no, outcome, record_id)
        select r.batch_seq, r.attempt, r.row_no, 'quarantined', r.record_id from raw.{kind.id} r
        where r.batch_seq = :seq and r.attempt = :attempt and (
            (r.row_errors <> '' and not string_to_array(r.row_errors, ';') <@ cast(:waived as text[]))
            or exists (select 1 from ledger.row_verdict v
                       where v.batch_seq = r.batch_seq and v.attempt = r.attempt and v.row_no = r.row_no
                         and v.severity = 'error' and v.rule_id <> all (cast(:waived as text[]))))"""), parameters)
    current = heads(session, kind.id, [], where=f"record_id in (select record_id from raw.{kind.id} "
                                                "where batch_seq = :seq and attempt = :attempt) "
                                                "and batch_seq <> :seq")
    session.execute(text(f"""
        insert into ledger.row_outcome (batch_seq, attempt, row_no, outcome, record_id)
        select :seq, :attempt, row_no, 'duplicate', record_id from (
            select r.row_no, r.record_id, r.content_hash, h.content_hash as current_hash,
                   lag(r.content_hash) over (partition by r.record_id order by r.source_version, r.row_no) as before
            from raw.{kind.id} r left join ({current}) h on h.record_id = r.record_id
            where r.batch_seq = :seq and r.attempt = :attempt and r.record_id is not null and not exists (
                select 1 from ledger.row_outcome o
                where o.batch_seq = r.batch_seq and o.attempt = r.attempt and o.row_no = r.row_no)) rows
        where content_hash = coalesce(before, current_hash)"""), parameters)
    counted = dict(session.execute(text(
        "select outcome, count(*) from ledger.row_outcome where batch_seq = :seq and attempt = :attempt group by 1"),
        parameters).all())
    landed = session.execute(text(
        f"select count(*) from raw.{kind.id} where batch_seq = :seq and attempt = :attempt"), parameters).scalar_one()
    quarantined, duplicate = counted.get("quarantined", 0), counted.get("duplicate", 0)
    return {"accepted": landed - quarantined - duplicate, "quarantined": quarantined, "duplicate": duplicate}


def kind_of(kind_id: str) -> Kind:
    return load_catalogue().kinds[kind_id]
