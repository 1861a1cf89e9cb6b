"""What has to be so at the end of every day: the equations, and nothing open that should not be."""

from __future__ import annotations

from typing import Any

from public_credit.catalogue import load_catalogue
from public_credit.ledger.states import (
    GOOD,
    AttemptState,
    BatchState,
    BuildState,
    Outcome,
    ReleaseState,
    StepName,
    Verdict,
    sql,
)

from .site import Site

# A name → a query whose rows are what is wrong.
LEDGER = {
    "received is not accepted + returned + duplicate + refused": f"""
        select seq, rows_in, accepted, quarantined, duplicate, refused from ledger.batch
        where state in {sql(GOOD)} and rows_in <> accepted + quarantined + duplicate + refused""",
    "receipts that went no further": f"""
        select seq, dataset_id, state, message from ledger.batch
        where state not in {sql((*GOOD, BatchState.WITHDRAWN))}""",
    "the current attempt is not the one that was judged": f"""
        select b.seq, b.current_attempt, a.state from ledger.batch b left join ledger.attempt a
          on a.batch_seq = b.seq and a.attempt = b.current_attempt
        where b.state in {sql(GOOD)} and a.state is distinct from {sql(AttemptState.GATED)}""",
    "outcomes of rows do not add up": f"""
        select seq, quarantined, duplicate, returned, repeated from (
          select b.seq, b.quarantined, b.duplicate,
            (select count(*) from ledger.row_outcome o where o.batch_seq = b.seq and o.attempt = b.current_attempt
               and o.outcome = {sql(Outcome.QUARANTINED)}) as returned,
            (select coalesce(sum(bit_count(u.rows)), 0) from ledger.unchanged_rows u
             where u.batch_seq = b.seq and u.attempt = b.current_attempt) as repeated
          from ledger.batch b where b.state in {sql(GOOD)}) counted
        where (quarantined, duplicate) <> (returned, repeated)""",
    "returned rows are not all on the way back": f"""
        select b.seq, b.quarantined, count(q.id) from ledger.batch b
        left join ledger.quarantine q on q.batch_seq = b.seq and q.attempt = b.current_attempt
        where b.state in {sql(GOOD)} group by b.seq, b.quarantined having b.quarantined <> count(q.id)""",
    "open builds": f"select build_id, business_date from ledger.build where state <> {sql(BuildState.BUILT)}",
    "accepted and not built": f"""
        select seq, current_attempt from ledger.batch b where state in {sql(GOOD)} and not exists (
          select 1 from ledger.build_input i where i.batch_seq = b.seq and i.attempt = b.current_attempt and i.operation = 'add')""",
    "built twice": """
        select batch_seq, attempt, sum(case operation when 'add' then 1 else -1 end) from ledger.build_input
        group by 1, 2 having sum(case operation when 'add' then 1 else -1 end) not in (0, 1)""",
    "releases that wait": f"select release_id, unusual from ledger.release where state = {sql(ReleaseState.WAITING)}",
}
UNDONE = f"""
    select s.name, s.unit_id, s.dataset_id, s.verdict, s.message from (
      select distinct on (name, unit_id, dataset_id, batch_seq) * from ledger.step
      order by name, unit_id, dataset_id, batch_seq, id desc) s
    where s.verdict in {sql((Verdict.FAILED, Verdict.INCOMPLETE))}"""
OUTBOX = {
    "items that are not settled": "select item_id, state from ledger.delivery_state where underway",
    "the city holds something else": """
        select missing, surplus, differing, unsettled from (select * from ledger.reconciliation order by id desc limit 1) last
        where missing + surplus + differing + unsettled > 0""",
    "nobody compared today": """
        select max(business_date) from ledger.reconciliation
        having max(business_date) is distinct from (select max(day) from ledger.business_day)""",
}


def wrong(site: Site, *, waiting: bool = False) -> list[tuple[str, list[Any]]]:
    """What is not as it has to be, in words and with the first rows; ``waiting``: the city could not be reached today."""
    undone = UNDONE + (f" and s.name <> {sql(StepName.DELIVER)}" if waiting else "")
    queries = LEDGER | {"steps that failed, and were not done since": undone} | ({} if waiting else OUTBOX)
    found = [(name, site.query(query)[:3]) for name, query in queries.items()]
    for kind in load_catalogue().kinds.values():
        found.append((f"rows of {kind.id} that are not those that were counted", site.query(_rows_there(kind.raw))[:3]))
    with site.connect() as owner:
        left = owner.execute(
            "select application_name, state, query from pg_stat_activity where datname = current_database() "
            "and application_name like 'pcw %' and pid <> pg_backend_pid()"
        ).fetchall()
    return [(name, rows) for name, rows in [*found, ("sessions that were left", left[:3])] if rows]


def _rows_there(raw: str) -> str:
    """Receipts whose landed rows are not as many as were received and not refused."""
    return f"""
        select b.seq, b.rows_in - b.refused, count(r.row_no) from ledger.batch b
        left join {raw} r on r.batch_seq = b.seq and r.attempt = b.current_attempt
        where b.state in {sql(GOOD)} and b.kind = '{raw.partition(".")[2]}'
        group by b.seq, b.rows_in, b.refused having b.rows_in - b.refused <> count(r.row_no)"""
