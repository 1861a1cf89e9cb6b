"""Cross-record rules, set-based in SQL after landing, and duplicates. What is found is booked as the kind's own rule says.

A row's *current version* is what dbt built, overlaid by rows that were accepted since the last finished build. No
checksum and no regular expression is computed here; row-local rules ran in the landing stream.
"""

from __future__ import annotations

from itertools import product

from sqlalchemy import text
from sqlalchemy.orm import Session

from ..catalogue.models import Kind
from ..identifiers.names import same_name
from ..land import partitions
from ..land.rules import RuleSet, load_ruleset
from ..ledger import ids, unchanged
from ..ledger.session import written
from ..ledger.states import GOOD, BatchState, BuildState, InputOperation, Outcome, sql
from . import taken_again

REGISTRY_KINDS = {
    "enterprise_registration": "name",
    "organisation_registration": "subject_name",
}  # kind → its name column
DECISION_KINDS = {"administrative_licence": "许可", "administrative_penalty": "处罚"}
_VERSION = ["record_id", "content_hash", "source_version", "batch_seq", "row_no"]  # what tells a version and its order
_DECODED = {"record_id": ids.record_id("r.record_id"), "content_hash": ids.content_hash("r.content_hash")}
_ASKED = {kind: ["variant", "decision_no", "subject_name", "authority_uscc"] for kind in DECISION_KINDS} | {
    kind: ["uscc", "subject_name", "former_names"] for kind in REGISTRY_KINDS
}  # what else the rules ask of a version
_REGISTRY_FINDINGS = {"registry_name_differs", "registry_lacks_code"}
_GOOD = sql(GOOD)
# Whether the last finished build that had to do with the current attempt of batch ``b`` took it in.
_BUILT = f"""coalesce((select i.operation = {sql(InputOperation.ADD)} from ledger.build_input i join ledger.build using (build_id)
    where i.batch_seq = b.seq and i.attempt = b.current_attempt and build.state = {sql(BuildState.BUILT)}
    order by build_id desc limit 1), false)"""


def against_registry(kind: Kind) -> bool:
    """Whether the rows of a kind are compared with the registers: its rules say so."""
    return not _REGISTRY_FINDINGS.isdisjoint(load_ruleset(kind.id).findings)


def against_decisions(kind: Kind) -> bool:
    """Whether the rows of a kind speak of decisions that should be on record: its rules say so."""
    return "decision_unknown" in load_ruleset(kind.id).findings


class Heads:
    """Current versions of one kind on one connection: what was built (``published.heads``), overlaid by
    ``pg_temp.pending_<kind>``.

    What stood before a batch that a build took in already is asked of all versions (``published.versions``): where the
    batch brought a record's current version, its former one is no head any more. The temporary table holds the accepted
    rows no finished build has taken in; it is made once per gate run and batch by batch extended, so a run costs what came, not what is stored. While schema ``published`` cannot be read (``built``
    False), and where the kind changed its shape since the last build or had a batch withdrawn, it holds all accepted rows.
    """

    def __init__(self, session: Session, kind: Kind, *, built: bool):
        self.kind = kind
        self.columns = _ASKED.get(kind.id, [])
        self.pending = f"pg_temp.pending_{kind.id}"
        wanted = [*_VERSION, *self.columns]
        built = built and not self._reshaped(session) and not self._withdrawn(session)
        self.sources, self.before = [self.pending], [self.pending]
        if built:
            self.sources.append(f"(select {', '.join(wanted)} from published.heads where kind = '{kind.id}')")
            self.before.append(f"(select {', '.join(_VERSION)} from published.versions where kind = '{kind.id}')")
        raw = _DECODED | {"subject_name": f"r.{REGISTRY_KINDS.get(kind.id, 'subject_name')}"}  # named otherwise there
        self._select = "select " + ", ".join(f"{raw.get(name, f'r.{name}')} as {name}" for name in wanted)
        session.execute(text(f"drop table if exists {self.pending}"))
        session.execute(text(f"create temp table pending_{kind.id} as {self._select} from {kind.raw} r limit 0"))
        waiting = session.execute(
            text(f"""
            select b.seq, b.current_attempt from ledger.batch b
            where b.kind = :kind and b.state in {_GOOD} {f"and not {_BUILT}" if built else ""} order by b.seq"""),
            {"kind": kind.id},
        )
        for seq, attempt in waiting.tuples().all():
            self._take(session, seq, attempt)
        session.execute(text(f"create index on {self.pending} (record_id)"))
        if "decision_no" in self.columns:
            session.execute(text(f"create index on {self.pending} (decision_no)"))
        session.execute(text(f"analyze {self.pending}"))

    def _reshaped(self, session: Session) -> bool:
        """Whether the raw table changed its shape since the last build began: what was built is of the former shape."""
        return bool(
            session.execute(
                text(f"""
                select applied_at > (select max(opened_at) from ledger.build where state = {sql(BuildState.BUILT)})
                from ledger.kind_shape where kind = :kind"""),
                {"kind": self.kind.id},
            ).scalar()
        )

    def _withdrawn(self, session: Session) -> bool:
        """Whether a batch was withdrawn whose rows stand in what was built: then what stood before them is current."""
        withdrawn = (
            f"select 1 from ledger.batch b where b.kind = :kind and b.state = {sql(BatchState.WITHDRAWN)} and {_BUILT}"
        )
        return bool(session.execute(text(f"select exists ({withdrawn})"), {"kind": self.kind.id}).scalar())

    def add(self, session: Session, seq: int, attempt: int) -> None:
        """Take in a batch that was just accepted (an earlier attempt of it goes out)."""
        session.execute(text(f"delete from {self.pending} where batch_seq = :seq"), {"seq": seq})
        self._take(session, seq, attempt)
        session.execute(text(f"analyze {self.pending}"))

    def _take(self, session: Session, seq: int, attempt: int) -> None:
        """The accepted rows of a batch: asked for by its number, so that no other row of the raw table is read."""
        session.execute(
            text(f"""
            insert into {self.pending} {self._select} from {self.kind.raw} r {unchanged.JOINS}
            where r.batch_seq = :seq and r.attempt = :attempt and r.record_id is not null and {unchanged.ACCEPTED}"""),
            {"seq": seq, "attempt": attempt},
        )

    def sql(self, columns: list[str], join: str = "") -> str:
        """The newest version per record, with ``columns``; ``join`` narrows ``h`` to what is asked for."""
        return _newest(self.sources, columns, join)

    def sql_before(self, seq: int, built: bool) -> str:
        """The newest version of the records in ``this_batch`` apart from the batch itself; ``built``: a build took it in."""
        others = f"where h.batch_seq <> {int(seq)} and h.record_id in (select record_id from pg_temp.this_batch)"
        return _newest(self.before if built else self.sources, [], others)


def _newest(sources: list[str], columns: list[str], join: str) -> str:
    wanted = ", ".join(f"h.{name}" for name in dict.fromkeys([*_VERSION, *columns]))
    arms = " union all ".join(f"select {wanted} from {source} h {join}" for source in sources)
    return f"""select * from (
        select *, row_number() over (
            partition by record_id order by source_version desc, batch_seq desc, row_no desc) as newest
        from ({arms}) versions) ranked where newest = 1"""


def prepare_batch(session: Session, kind: Kind, seq: int, attempt: int, heads: Heads) -> None:
    """Make what the checks read: the view ``batch_rows`` of all landed rows and the table ``this_batch``.

    ``this_batch`` holds the few rows the outcome can turn on: those with a finding, those that repeat a key within the
    attempt (``ledger.repeated_row``) and those whose record or decision number stands in the warehouse already.
    """
    columns = [
        name
        for name in ("decision_no", "subject_name", "authority_uscc", "uscc", "decision_table")
        if name in kind.fields
    ]
    session.execute(text("drop table if exists pg_temp.this_batch"))
    session.execute(text("drop view if exists pg_temp.batch_rows"))
    session.execute(
        text(f"""
        create temp view batch_rows as
        select {
            ", ".join(
                [
                    "row_no",
                    *(f"{column} as {name}" for name, column in _DECODED.items()),
                    "source_version",
                    "variant",
                    "row_errors",
                    "row_warnings",
                    "subject_scheme",
                    "subject_value",
                    *columns,
                ]
            )
        }
        from {kind.raw} r where batch_seq = {int(seq)} and attempt = {int(attempt)}""")
    )
    session.execute(
        text(
            "create temp table this_batch as select * from pg_temp.batch_rows "
            "where row_errors <> '' or row_warnings <> ''"
        )
    )
    # A key tells which rows are there already: a join would read the whole table for each row of a batch the planner takes for small.
    session.execute(text("create unique index on pg_temp.this_batch (row_no)"))
    session.execute(text("set local default_statistics_target = 10"))  # a few thousand rows tell the planner enough
    session.execute(text("analyze pg_temp.this_batch"))
    parameters = {"seq": seq, "attempt": attempt}
    repeated = "select row_no from ledger.repeated_row where batch_seq = :seq and attempt = :attempt"
    if session.execute(text(f"select exists ({repeated})"), parameters).scalar():
        session.execute(
            text(
                f"insert into pg_temp.this_batch select * from pg_temp.batch_rows where row_no in ({repeated}) "
                "on conflict do nothing"
            ),
            parameters,
        )
    keys = ["record_id", "decision_no"] if "decision_no" in heads.columns else ["record_id"]
    for table, key in product(heads.sources, keys):
        if not session.execute(text(f"select exists (select 1 from {table} h where h.{key} <> '')")).scalar():
            continue  # without statistics of an empty table the whole batch would be read for it
        session.execute(
            text(f"""
            insert into pg_temp.this_batch select r.* from pg_temp.batch_rows r
            where exists (select 1 from {table} h where h.{key} = r.{key} and h.{key} <> '')
            on conflict do nothing""")
        )
    session.execute(text("analyze pg_temp.this_batch"))


def registry_version(session: Session) -> str:
    """Version of the base registry a verdict rests on: the newest accepted registration batch, '' when none."""
    newest = session.execute(
        text(f"select max(seq) from ledger.batch where kind = any(:kinds) and state in {_GOOD}"),
        {"kinds": list(REGISTRY_KINDS)},
    ).scalar()
    return str(newest or "")


def prepare_registry(session: Session, registries: list[Heads]) -> None:
    """Make the temporary table ``registry`` (uscc, folded name) of this connection: current and former names.

    Enterprises and organisations together: any record may be about either.
    """
    current = " union all ".join(
        f"select uscc, subject_name as name, former_names from ({heads.sql(heads.columns)}) {heads.kind.id}"
        " where uscc <> ''"
        for heads in registries
    )
    session.execute(text("drop table if exists pg_temp.registry"))
    session.execute(
        text(f"""
        create temp table registry as
        with current as materialized ({current})
        select uscc, {same_name("name")} as name from current
        union
        select uscc, {same_name("former.name")}
        from current, unnest(string_to_array(former_names, ';')) as former(name) where former_names <> ''""")
    )
    session.execute(text("create index on pg_temp.registry (uscc)"))
    session.execute(text("analyze pg_temp.registry"))


_INSERT = """insert into ledger.row_verdict
    (batch_seq, attempt, row_no, rule_id, severity, detail, rules_version, registry_version)
    select :seq, :attempt, v.row_no, r.rule_id, r.severity, r.title, :rules, :registry from ({found}) v
    join unnest(cast(:findings as text[]), cast(:ids as text[]), cast(:severities as text[]), cast(:titles as text[]))
      as r (finding, rule_id, severity, title) using (finding)
    on conflict do nothing"""

# The name contradicts the registry, or the code is not in the registry; only the code that tells the subject is compared.
_REGISTRY_AGREEMENT = f"""
    select r.row_no, case when exists (select 1 from pg_temp.registry known where known.uscc = r.uscc)
        then 'registry_name_differs' else 'registry_lacks_code' end as finding
    from pg_temp.batch_rows r
    left join pg_temp.registry same on same.uscc = r.uscc and same.name = {same_name("r.subject_name")}
    where r.subject_scheme = 'uscc' and r.subject_value = r.uscc and r.subject_name <> '' and same.uscc is null"""


def _same_pair(heads: Heads) -> str:
    """The pair (decision number, subject name) already stands in this table under another record."""
    earlier = heads.sql(
        ["variant", "decision_no", "subject_name"],
        join="where h.decision_no in (select decision_no from pg_temp.this_batch)",
    )
    return f"""
        with pairs as (
            select decision_no, subject_name, variant, record_id, 0 as row_no from ({earlier}) h
            union all
            select decision_no, subject_name, variant, record_id, row_no from pg_temp.this_batch
            where record_id is not null
        ), several as (
            select decision_no, subject_name, variant from pairs where decision_no <> '' and subject_name <> ''
            group by decision_no, subject_name, variant having count(distinct record_id) > 1
        )
        select r.row_no, 'decision_repeated' as finding
        from pg_temp.this_batch r join several using (decision_no, subject_name, variant)
        where r.record_id is not null and exists (
            select 1 from pairs p where p.decision_no = r.decision_no and p.subject_name = r.subject_name
              and p.variant = r.variant and p.record_id <> r.record_id and p.row_no < r.row_no)"""


def _event_has_decision(decisions: dict[str, Heads]) -> str:
    """The licence or penalty an event speaks of is not on record (it may still arrive)."""
    known = " union all ".join(
        f"select '{DECISION_KINDS[kind]}' as decision_table, decision_no, authority_uscc from ("
        + heads.sql(
            ["decision_no", "authority_uscc"],
            join="where h.decision_no in (select decision_no from pg_temp.batch_rows)",
        )
        + f") h_{kind}"
        for kind, heads in decisions.items()
    )
    return f"""
        select r.row_no, 'decision_unknown' as finding
        from pg_temp.batch_rows r
        where r.decision_no <> '' and r.decision_table in ('{"', '".join(DECISION_KINDS.values())}') and not exists (
            select 1 from ({known}) k where k.decision_table = r.decision_table
              and k.decision_no = r.decision_no and k.authority_uscc = r.authority_uscc)"""


def book_verdicts(
    session: Session, kind: Kind, seq: int, attempt: int, ruleset: RuleSet, heads: dict[str, Heads]
) -> None:
    """Book the cross-record verdicts of one landed attempt; ``this_batch`` and the registry must be prepared."""
    version = registry_version(session)
    found: list[str] = []
    if version and against_registry(kind):
        found.append(_REGISTRY_AGREEMENT)
    if "decision_repeated" in ruleset.findings:
        found.append(_same_pair(heads[kind.id]))
    if against_decisions(kind):
        found.append(_event_has_decision({name: heads[name] for name in DECISION_KINDS}))
    rules = ruleset.findings.values()
    parameters = {
        "seq": seq,
        "attempt": attempt,
        "rules": ruleset.version,
        "registry": version,
        "findings": list(ruleset.findings),
        "ids": [rule.id for rule in rules],
        "severities": [rule.severity for rule in rules],
        "titles": [rule.title for rule in rules],
    }
    session.execute(text("delete from ledger.row_verdict where batch_seq = :seq and attempt = :attempt"), parameters)
    for query in found:
        session.execute(text(_INSERT.format(found=query)), parameters)
    session.execute(
        text(
            "update ledger.attempt set registry_version = :registry, checked_at = now() "
            "where batch_seq = :seq and attempt = :attempt"
        ),
        parameters,
    )


_QUARANTINED = f"""insert into ledger.row_outcome (batch_seq, attempt, row_no, outcome, record_id)
    select :seq, :attempt, r.row_no, {sql(Outcome.QUARANTINED)}, r.record_id"""
_MARKED = """select v.row_no from ledger.row_verdict v where v.batch_seq = :seq and v.attempt = :attempt
    and v.severity = 'error' and v.rule_id <> all (cast(:waived as text[]))"""


_DUPLICATES = """
    with clean as (
        select r.row_no, r.record_id, r.content_hash, r.source_version from pg_temp.this_batch r
        where r.record_id is not null and r.row_no not in (
            select row_no from ledger.row_outcome where batch_seq = :seq and attempt = :attempt)
    ), repeated as materialized (
        select record_id from clean group by record_id having count(*) > 1
    ), current as materialized ({current})
    select cast(:seq as bigint) as batch_seq, cast(:attempt as smallint) as attempt, r.row_no
    from clean r join current h using (record_id)
    where r.content_hash = h.content_hash and r.record_id not in (select record_id from repeated)
    union all
    select :seq, :attempt, row_no from (
        select r.row_no, r.content_hash, h.content_hash as current_hash,
               lag(r.content_hash) over (partition by r.record_id order by r.source_version, r.row_no) as before
        from clean r join repeated using (record_id) left join current h using (record_id)) versions
    where content_hash = coalesce(before, current_hash)
    union all {taken_again}"""


def outcomes(session: Session, kind: Kind, seq: int, attempt: int, waived: list[str], heads: Heads) -> dict[str, int]:
    """Book which landed rows are quarantined or duplicates; how many of both.

    Quarantined: a row with an error that no waiver covers, or that tells no record, waived or not. Duplicate: its content equals the version before it,
    which is the row above it under the same key in this batch, or else the record's current version; or it stood in the receipt
    that this one is taken again for (``taken_again``).
    """
    parameters = {"seq": seq, "attempt": attempt, "waived": waived}
    for table in ("row_outcome", "unchanged_rows"):
        session.execute(text(f"delete from ledger.{table} where batch_seq = :seq and attempt = :attempt"), parameters)
    quarantined = written(
        session.execute(
            text(
                f"{_QUARANTINED} from pg_temp.this_batch r where r.row_errors <> '' "
                "and (r.record_id is null or not string_to_array(r.row_errors, ';') <@ cast(:waived as text[]))"
            ),
            parameters,
        )
    )
    if session.execute(text(f"select exists ({_MARKED})"), parameters).scalar():
        quarantined += written(
            session.execute(
                text(f"{_QUARANTINED} from pg_temp.batch_rows r where r.row_no in ({_MARKED}) on conflict do nothing"),
                parameters,
            )
        )
    built = session.execute(text("select exists (select 1 from ledger.build_input where batch_seq = :seq)"), parameters)
    current = heads.sql_before(seq, bool(built.scalar()))
    session.execute(
        text(unchanged.booking(_DUPLICATES.format(current=current, taken_again=taken_again.repeated(kind)))), parameters
    )
    duplicate: int = session.execute(
        text(
            "select cast(coalesce(sum(bit_count(rows)), 0) as bigint) from ledger.unchanged_rows "
            "where batch_seq = :seq and attempt = :attempt"
        ),
        parameters,
    ).scalar_one()
    return {Outcome.QUARANTINED: quarantined, Outcome.DUPLICATE: duplicate}


def refresh_statistics(session: Session, kinds: set[str]) -> None:
    """Statistics of what a gate run wrote, for slips and the build (PostgreSQL 17 on lets a non-owner do this)."""
    if session.execute(text("select current_setting('server_version_num')::int")).scalar_one() >= 170000:
        session.execute(text("set local default_statistics_target = 10"))
        for kind in sorted(kinds):
            partitions.analyze(session, kind)
        session.execute(text("analyze ledger.row_outcome, ledger.unchanged_rows, ledger.row_verdict"))
