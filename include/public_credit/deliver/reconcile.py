"""Two-sided reconciliation: what we think a receiver holds against what it says it holds, record by record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy import text

from ..base.copying import copying
from ..base.run import Run
from ..catalogue import load_catalogue
from ..ledger.models import Reconciliation
from ..ledger.session import driver, session, step
from ..ledger.states import IN_DOUBT, Difference, ItemState, Operation, StepName, Verdict, sql
from .base import Adapter
from .run import adapter_for


@dataclass(frozen=True)
class ReconcileResult:
    """Counts of one comparison; ``unsettled`` records wait for an outcome and are not compared."""

    ours: int
    theirs: int
    agreed: int
    missing: int
    surplus: int
    differing: int
    unsettled: int

    @property
    def clean(self) -> bool:
        """Whether both sides hold the same."""
        return not (self.missing or self.surplus or self.differing)


_COMPARE = f"""
    create temp table compared on commit drop as
    with last as (
        select interface, record_id, version, operation from (
            select interface, record_id, version, operation,
                   row_number() over (partition by interface, record_id order by item_id desc) as newest
            from ledger.delivery_item join ledger.delivery_state s using (item_id)
            where receiver = :receiver and s.state = {sql(ItemState.ACCEPTED)}) accepted
        where newest = 1 and operation <> {sql(Operation.DEL)}
    ), unsettled as (
        select distinct interface, record_id from ledger.delivery_item join ledger.delivery_state s using (item_id)
        where receiver = :receiver and s.underway and s.state in {sql(IN_DOUBT)}
    )
    select coalesce(o.interface, t.interface) as interface, coalesce(o.record_id, t.record_id) as record_id,
           o.version as our_version, t.version as their_version,
           case when u.record_id is not null then {sql(Difference.UNSETTLED)} when t.record_id is null then {sql(Difference.MISSING)}
                when o.record_id is null then {sql(Difference.SURPLUS)} when o.version <> t.version then {sql(Difference.DIFFERING)}
                else 'agreed' end as verdict
    from last o
    full outer join theirs t on t.interface = o.interface and t.record_id = o.record_id
    left join unsettled u on u.interface = coalesce(o.interface, t.interface)
                         and u.record_id = coalesce(o.record_id, t.record_id)"""


def _load(raw: psycopg.Connection[Any], adapter: Adapter, interfaces: list[str]) -> None:
    raw.execute("create temp table theirs (interface text, record_id text, version text) on commit drop")
    with copying(raw, "copy theirs from stdin") as copy:
        for interface in interfaces:
            for page in adapter.held(interface):
                for row in page:
                    if row["state"] == "held":
                        copy.write_row((interface, row["recordId"], row["version"]))
    raw.execute("analyze theirs")


def differences(receiver: str = "city") -> list[tuple[str, str, str | None, str | None, str | None]]:
    """What the last comparison found: difference, interface, record (None: a person's), our version, theirs."""
    with session("reader") as opened:
        return list(opened.execute(text("select * from desk.reconciled(:receiver)"), {"receiver": receiver}).tuples())


def run(run: Run, receiver: str = "city") -> ReconcileResult:
    """Compare both sides and book the result with every difference."""
    found = load_catalogue().receiver(receiver)
    with step(run, "sender", StepName.RECONCILE) as record:
        adapter = adapter_for(found, run.on)
        try:
            with session("sender") as opened:
                _load(driver(opened), adapter, list(found.interfaces))
                opened.execute(text(_COMPARE), {"receiver": receiver})
                counted: dict[str, int] = dict(
                    opened.execute(text("select verdict, count(*) from compared group by 1")).tuples().all()
                )
                theirs: int = opened.execute(text("select count(*) from theirs")).scalar_one()
                ours: int = opened.execute(text("select count(our_version) from compared")).scalar_one()
                result = ReconcileResult(ours, theirs, *(counted.get(name, 0) for name in ("agreed", *Difference)))
                row = Reconciliation(receiver=receiver, business_date=run.on, **result.__dict__)
                opened.add(row)
                opened.flush()
                opened.execute(
                    text(f"""
                    insert into ledger.reconciliation_difference
                        (reconciliation_id, interface, record_id, difference, our_version, their_version)
                    select :id, interface, record_id, verdict, our_version, their_version from compared
                    where verdict in {sql((Difference.MISSING, Difference.SURPLUS, Difference.DIFFERING))}"""),
                    {"id": row.id},
                )
        finally:
            adapter.close()
        record.counts = result.__dict__
        record.message = (
            f"我方应有 {result.ours:,}，市平台持有 {result.theirs:,}，一致 {result.agreed:,}，缺 {result.missing:,}，"
            f"多 {result.surplus:,}，版本不同 {result.differing:,}"
        )
        if not result.clean:
            record.verdict, record.owner = Verdict.WARNING, "data_engineer"
        return result
