"""Raw rows go when the retention of their record has passed: all rows of a record together, row by row, each noted.

A kind states ``years`` and from when they run (``ends``, docs/decisions/0034). A record stays as long as it is in force, waits
for a correction, is evidence of an edition or is on its way to a receiver. What held nothing but purged rows follows: the
archived object, the numbers in the vault, the partition. Every function may be run again; a run that is killed goes on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Connection, Row, func, insert, text, update

from ..base import settings
from ..base.days import years_before
from ..base.messages import UserError
from ..base.quoting import quoted
from ..base.run import Run
from ..catalogue import load_catalogue
from ..catalogue.models import Kind
from ..custody.vault import TOKEN
from ..ledger import ids, locks
from ..ledger.models import KindShape, Purge
from ..ledger.session import step
from ..ledger.states import GOOD, NOT_BACK, UNDERWAY, DigestReason, StepName, Verdict, sql
from . import digests, left_empty, shapes

_MOST = 10_000  # records in a transaction

_ACCEPTED = f"(b.state in {sql(GOOD)} and o.row_no is null)"
# Batches that came long ago, and what newer ones still speak of. ``last`` leaves newer partitions alone.
_OLD = """
    create temp table old_batch on commit drop as
    select seq, current_attempt, state from ledger.batch
    where kind = :kind and coalesce(gated_on, business_date) <= :until and current_attempt is not null"""
_EXPIRED = f"""
    create temp table expired on commit drop as
    with told as (
        select r.record_id, case when {_ACCEPTED} then {{ended}} else '' end as ended, row_number() over (
            partition by r.record_id order by {_ACCEPTED} desc, r.source_version desc, r.batch_seq desc,
                r.row_no desc) as newest
        from {{raw}} r join old_batch b on b.seq = r.batch_seq and b.current_attempt = r.attempt
        left join ledger.row_outcome o on (o.batch_seq, o.attempt, o.row_no) = (r.batch_seq, r.attempt, r.row_no)
        where r.record_id is not null and r.batch_seq <= :last
    )
    select t.record_id from told t
    where t.newest = 1 and t.ended <= :until_text
      and not exists (select 1 from {{raw}} n where n.record_id = t.record_id
                      and n.batch_seq not in (select seq from old_batch))
      and not exists (select 1 from ledger.quarantine q where q.record_id = {ids.record_id("t.record_id")}
                      and q.state in {sql(NOT_BACK)})
      and not exists (select 1 from ledger.edition_item e where e.record_id = {ids.record_id("t.record_id")})
      and not exists (select 1 from ledger.delivery_item i join ledger.delivery_state s using (item_id)
                      where i.record_id = {ids.record_id("t.record_id")} and s.state in {sql(UNDERWAY)})
    order by t.record_id limit :most"""
# Rows of a batch of then that tell no record stay while they wait for a correction.
_ROWS = f"""
    create temp table gone on commit drop as
    select r.batch_seq, r.attempt, r.row_no, r.record_id from {{raw}} r
    where r.batch_seq <= :last and (r.record_id in (select record_id from expired) or r.record_id is null
      and r.batch_seq in (select seq from old_batch) and not exists (
        select 1 from ledger.quarantine q where (q.batch_seq, q.attempt, q.row_no) = (r.batch_seq, r.attempt, r.row_no)
          and q.state in {sql(NOT_BACK)}))"""
_DELETE = """
    with taken as (
        delete from {raw} r using gone g where (r.batch_seq, r.attempt, r.row_no) = (g.batch_seq, g.attempt, g.row_no)
        returning r.*)
    , noted as (
        insert into ledger.purged_row select batch_seq, attempt, row_no, record_id, :purge from taken)
    select cast(taken as text) from taken"""

_LISTED = text("""
    select batch_seq, attempt, row_no, record_id from gone order by record_id nulls first, batch_seq, attempt, row_no""")
_TOUCHED = text("select distinct batch_seq, attempt from gone")


@dataclass(frozen=True)
class Due:
    """What is due of a kind, or went: rows and the records they told of.

    ``parts``: the SHA-256 of the rows' identities, transaction by transaction; ``objects``: archived objects that go after them.
    """

    kind: Kind
    rows: int
    records: int
    parts: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()


def fingerprint(on: date, due: Sequence[Due]) -> str:
    """What a purge on a day takes, row by row and object by object, as one SHA-256: what a second person agrees to."""
    told = [(each.kind.id, *each.parts, *each.objects) for each in due]
    return hashlib.sha256(repr((on.isoformat(), told)).encode()).hexdigest()


def changed(number: int | None = None) -> UserError:
    """What somebody is told whose purge would take other rows than were agreed to."""
    which = f"第 {number} 号申请" if number else "申请"
    return UserError(
        f"名单已变化，请重新申请：{which}所列的行与现在期满的不同，未列的没有清除。",
        remedy="用 public-credit purge --dry-run 核对，再以 --reason “……” 重新申请，由另一人批准。",
        code=4,
    )


def _find(connection: Connection, kind: Kind, on: date, most: int | None = None) -> Due:
    """Put the rows that are due into the temporary table ``gone``, those of so many records."""
    rule = kind.retention
    assert rule.years is not None  # kinds without are passed over
    until = years_before(on, rule.years)
    known: dict[str, object] = {"kind": kind.id, "until": until, "until_text": until.isoformat(), "most": most}
    connection.execute(text(_OLD), known)
    known["last"] = connection.execute(text("select coalesce(max(seq), 0) from old_batch")).scalar_one()
    told = ", ".join(f"nullif(r.{quoted(name)}, '')" for name in rule.ends or [])
    ended = f"greatest({told})" if told else "''"
    connection.execute(text(_EXPIRED.format(raw=kind.raw, ended=ended)), known)
    connection.execute(text("analyze expired"))
    connection.execute(text(_ROWS.format(raw=kind.raw)), known)
    counts: Row[tuple[int, int]] = connection.execute(
        text("select count(*) as rows, count(distinct record_id) as records from gone")
    ).one()
    return Due(kind, counts.rows, counts.records)


def _parts(connection: Connection) -> tuple[str, ...]:
    """The digests of the rows in ``gone``, one for so many records as a transaction takes."""
    parts, listed, records, before = list[str](), hashlib.sha256(), 0, None
    for row in connection.execute(_LISTED, execution_options={"yield_per": 10_000}):
        if row.record_id is not None and row.record_id != before:
            if records == _MOST:
                parts.append(listed.hexdigest())
                listed, records = hashlib.sha256(), 0
            records, before = records + 1, row.record_id
        listed.update(f"{row.batch_seq}/{row.attempt}/{row.row_no} {row.record_id or ''}\n".encode())
    return (*parts, listed.hexdigest())


def _kinds() -> Iterator[Kind]:
    """Kinds whose rows can expire: ``ends: []`` says that nothing collected so far tells the end."""
    for kind in load_catalogue().kinds.values():
        if kind.retention.years is not None and kind.retention.ends != []:
            yield kind


def preview(on: date) -> list[Due]:
    """What a purge on a day would take, kind by kind; nothing is changed."""
    found = []
    for kind in _kinds():
        with settings.engine("owner").connect() as connection:
            due = _find(connection, kind, on)
            if due.rows:
                objects = left_empty.bare(connection, kind, "gone")
                found.append(replace(due, parts=_parts(connection), objects=tuple(objects)))
    return found


def purge(run: Run, agreed: Sequence[Due] | None = None) -> list[Due]:
    """Remove what is due, a transaction and an entry of ``ledger.purge`` for the rows of 10,000 records.

    ``agreed``: what a second person agreed to (None: whatever is due); nothing else goes. Raises UserError (code 4) where
    other rows are due by now, Busy while a build or another purge runs. The next build computes everything, without what went.
    """
    done = []
    with (
        locks.alone("builder", locks.BUILD, "构建、套用或期满清除", run.holder),
        step(run, "owner", StepName.PURGE) as record,
    ):
        objects, now = 0, preview(run.on)
        if agreed is not None and fingerprint(run.on, now) != fingerprint(run.on, agreed):
            raise changed()
        listed = {each.kind.id: each for each in now}
        for kind in _kinds():
            known = listed.get(kind.id)
            for part in known.parts if known else ():
                done.append(_purge(run, kind, part))
            objects += left_empty.shred(kind, known.objects if known else None)
            left_empty.drop_partitions(kind)
        numbers = left_empty.forget(run.on)
        rows = sum(due.rows for due in done)
        record.counts = {"rows": rows, "objects": objects, "numbers": numbers or 0}
        record.message = f"{run.who} 期满清除：原始层 {rows} 行，归档 {objects} 个对象，保险库 {numbers or 0} 个号码"
        if not any(record.counts.values()):
            record.verdict = Verdict.NOTHING_DUE
    return done


def _purge(run: Run, kind: Kind, agreed: str) -> Due:
    """One transaction of a kind's rows; landing and gate of the kind wait meanwhile. Raises UserError for others than the agreed ones."""
    with settings.engine("owner").begin() as connection:
        shapes.hold(connection, kind.id, shared=False)
        due, rule = _find(connection, kind, run.on, _MOST), kind.retention
        if not due.rows or _parts(connection) != (agreed,):
            raise changed()
        told = {"rule": rule.rule, "clause": rule.clause, "years": rule.years, "rows": due.rows, "records": due.records}
        noted = {"kind": kind.id, "business_date": run.on, "purged_by": run.who} | told
        purge_id = connection.execute(insert(Purge).values(noted).returning(Purge.id)).scalar_one()
        told_of = [digests.Attempt(*row) for row in connection.execute(_TOUCHED).tuples()]
        with digests.retaken(connection, kind.id, DigestReason.PURGED, told_of):
            deleted = connection.execute(text(_DELETE.format(raw=kind.raw)), {"purge": purge_id})
            gone: list[str] = list(deleted.scalars())
        tokens = {token for row in gone for token in TOKEN.findall(row)}
        connection.execute(
            text(
                "insert into ledger.purged_token select unnest(cast(:tokens as text[])), :purge on conflict do nothing"
            ),
            {"tokens": list(tokens), "purge": purge_id},
        )
        # What was built holds the records still: until the next build, which computes everything, the gate reads raw.
        connection.execute(update(KindShape).where(KindShape.kind == kind.id).values(applied_at=func.clock_timestamp()))
    return due
