"""Today at a glance, read from the ledger: what came, what became of it, and whose move it is."""

from __future__ import annotations

from datetime import date
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from ..base.messages import spoken
from ..base.run import Run
from ..catalogue import Catalogue, Dataset, load_catalogue
from ..collect.run import connected
from ..land.rules import load_ruleset
from ..ledger import words
from ..ledger.session import newest_business_day, session
from ..ledger.states import GOOD, IN_DOUBT, NOT_BACK, OUT_OF_THE_WAY, BatchState, ItemState, Verdict, sql
from .waits import open_list
from .waits.district import DISTRICT
from .waits.item import Item, Rank

STOPPED = (BatchState.HELD, BatchState.FAILED, *OUT_OF_THE_WAY)  # landed rows of such a batch went no further


def _datasets(opened: Any, on: date, waiting: list[Item], unit: str | None) -> list[dict[str, Any]]:
    """A row per dataset, of all units or of one."""
    latest = {
        row["dataset_id"]: dict(row)
        for row in opened.execute(
            text("""
        select distinct on (dataset_id) dataset_id, seq, business_date, state, rows_in, accepted, quarantined,
               duplicate, refused from ledger.batch order by dataset_id, seq desc""")
        ).mappings()
    }
    returned = dict(
        opened.execute(
            text(f"""
        select dataset_id, count(*) from ledger.quarantine where state in {sql(NOT_BACK)} group by 1""")
        ).all()
    )
    faults = {item.key for item in waiting if item.rank == Rank.OUR_FAULT}
    worst: dict[str, Item] = {}
    for one in sorted(waiting, key=attrgetter("rank", "since")):
        worst.setdefault(one.dataset_id, one)
    rows, catalogue = [], load_catalogue()
    wrong = {one.unit_id: one for one in waiting if one.key.startswith(DISTRICT)}
    for dataset in catalogue.datasets.values():
        if unit not in (None, dataset.unit):
            continue
        stale = wrong.get(dataset.unit) if dataset.unit in catalogue.stale else None
        batch, item = latest.get(dataset.id), stale or worst.get(dataset.id)
        comes = batch is not None or connected(dataset)
        rows.append(
            {
                "dataset_id": dataset.id,
                "unit_id": dataset.unit,
                "title": dataset.title,
                "unit_name": catalogue.units[dataset.unit].name,
                "last_delivery": batch["business_date"] if batch else None,
                **{
                    name: batch[name] if batch else None
                    for name in ("rows_in", "accepted", "quarantined", "duplicate", "refused")
                },
                "open_quarantine": returned.get(dataset.id, 0),
                "verdict": words.BATCH[BatchState.FAILED]
                if batch and f"batch/{batch['seq']}" in faults
                else _verdict(catalogue, dataset, batch, item, on, comes),
                "move": f"{item.owner_name}：{spoken(item.message)}" if item else _to_connect(dataset, comes),
            }
        )
    return rows


def _to_connect(dataset: Dataset, comes: bool) -> str:
    """Whose move it is where nothing can come yet."""
    if comes:
        return ""
    return f"数据管理员：配置连接 {getattr(dataset.channel, 'connection', '')}"


def _verdict(
    catalogue: Catalogue, dataset: Dataset, batch: dict[str, Any] | None, item: Item | None, on: date, comes: bool
) -> str:
    """A dataset in a word: a mistake in its unit's file, a collection that failed, otherwise its newest receipt.

    ``comes``: whether it has a way to come, or came already.
    """
    if dataset.unit in catalogue.stale:
        return "目录有误"
    if item and item.key == f"collection/{dataset.id}" and item.rank == Rank.NOT_TAKEN:
        return "采集失败" if item.state == Verdict.FAILED else "未到齐"
    if batch is not None:
        return "零报送" if batch["state"] in GOOD and batch["rows_in"] == 0 else words.BATCH[batch["state"]]
    if not comes:
        return "尚未接入"
    live_on = catalogue.district.live_on(dataset.id)
    if live_on and live_on > on:
        return f"待上线（{live_on}）"
    return "待人工报送" if dataset.channel.type == "hand_in" else "未报送"


def _totals(opened: Any) -> dict[str, int]:
    return dict(
        opened.execute(
            text(f"""
        select count(*) as batches, coalesce(sum(rows_in), 0)::bigint as rows_in,
               coalesce(sum(accepted) filter (where state <> all(:stopped)), 0)::bigint as accepted,
               coalesce(sum(quarantined) filter (where state <> all(:stopped)), 0)::bigint as quarantined,
               coalesce(sum(duplicate) filter (where state <> all(:stopped)), 0)::bigint as duplicate,
               coalesce(sum(refused) filter (where state <> all(:stopped)), 0)::bigint as refused,
               count(*) filter (where state = {sql(BatchState.HELD)}) as held, count(*) filter (where state = {sql(BatchState.BROKEN)}) as broken,
               count(*) filter (where state = {sql(BatchState.FAILED)}) as failed, count(*) filter (where state = {sql(BatchState.SET_ASIDE)}) as set_aside,
               count(*) filter (where state = {sql(BatchState.WITHDRAWN)}) as withdrawn,
               coalesce(sum(rows_in) filter (where state = any(:stopped)), 0)::bigint as rows_held,
               coalesce(sum(rows_in - refused) filter (where state = {sql(BatchState.LANDED)}), 0)::bigint as rows_waiting
        from ledger.batch"""),
            {"stopped": list(STOPPED)},
        )
        .mappings()
        .one()
    )


def _city(opened: Any) -> dict[str, int]:
    return dict(
        opened.execute(
            text(f"""
        select cast(coalesce(sum(sent), 0) as bigint) as sent,
               cast(coalesce(sum(items) filter (where state = {sql(ItemState.ACCEPTED)}), 0) as bigint) as accepted,
               cast(coalesce(sum(items) filter (where state = {sql(ItemState.REJECTED)}), 0) as bigint) as rejected,
               cast(coalesce(sum(items) filter (where state in {sql(IN_DOUBT)}), 0) as bigint) as unknown,
               cast(coalesce(sum(items) filter (where state = {sql(ItemState.PENDING)}), 0) as bigint) as pending
        from ledger.delivery_total""")
        )
        .mappings()
        .one()
    )


def overview(run: Run, unit: str | None = None) -> dict[str, Any]:
    """Business date, what is open (by owner, worst first), one row per dataset, totals that balance, and the city's side.

    With ``unit`` what is open and the datasets are that unit's; totals and the city's side are always the district's.
    """
    on = newest_business_day("reader") or run.on
    waiting = open_list.items(on, unit)
    with session("reader") as opened:
        return {
            "business_date": on,
            "open": [item.as_json() for item in waiting],
            "datasets": _datasets(opened, on, waiting, unit),
            "totals": _totals(opened),
            "city": _city(opened),
        }


def of_unit(run: Run, unit: str) -> dict[str, Any]:
    """Business date, what is open and one row per dataset, all of one unit: read from what a clerk of it may see."""
    on = newest_business_day("reader") or run.on
    waiting = open_list.items(on, unit)
    with session("reader") as opened:
        return {
            "business_date": on,
            "open": [item.as_json() for item in waiting],
            "datasets": _datasets(opened, on, waiting, unit),
        }


def quarantine_rows(unit: str | None, batch: int | None, every: bool, limit: int) -> list[dict[str, Any]]:
    """Quarantined rows with their place in the delivered file; no delivered value is shown."""
    states = "" if every else f"and q.state in {sql(NOT_BACK)}"
    with session("reader") as opened:
        rows = [
            dict(row)
            for row in opened.execute(
                text(f"""
            select q.id, q.batch_seq, q.attempt, q.dataset_id, q.unit_id, q.kind, b.file_name, q.row_no, q.rules,
                   q.state, q.opened_on, q.closed_on, q.slip_id, q.corrected_batch_seq
            from ledger.quarantine q join ledger.batch b on b.seq = q.batch_seq
            where (cast(:unit as text) is null or q.unit_id = :unit)
              and (cast(:batch as bigint) is null or q.batch_seq = :batch) and q.kind = any(:kinds) {states}
            order by q.batch_seq, q.attempt, q.row_no limit :limit"""),
                {"unit": unit, "batch": batch, "limit": limit, "kinds": list(load_catalogue().kinds)},
            ).mappings()
        ]
        for (kind, seq, attempt), returned in groupby(rows, itemgetter("kind", "batch_seq", "attempt")):
            _add_places(opened, kind, seq, attempt, list(returned))
    return rows


def _add_places(opened: Session, kind: str, seq: int, attempt: int, rows: list[dict[str, Any]]) -> None:
    """Put sheet and row in the delivered file to rows of one attempt."""
    found = opened.execute(
        text("select row_no, sheet, source_row from desk.receipt_rows(:kind, :seq, :attempt, :rows)"),
        {"kind": kind, "seq": seq, "attempt": attempt, "rows": [row["row_no"] for row in rows]},
    )
    places = {place.row_no: {"sheet": place.sheet, "source_row": place.source_row} for place in found}
    for row in rows:
        row |= places.get(row["row_no"], {"sheet": None, "source_row": None})  # closed long ago, and purged


def rule_titles(rows: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """(rule, title, kinds) of what quarantined rows were returned for; every title is that of the row's own kind."""
    told: dict[tuple[str, str], set[str]] = {}
    for kind, code in {(row["kind"], code) for row in rows for code in row["rules"].split(";")}:
        rule = load_ruleset(kind).row_rule(code)
        told.setdefault((code, rule.title if rule else ""), set()).add(load_catalogue().kinds[kind].title)
    return sorted((code, title, "、".join(sorted(kinds))) for (code, title), kinds in told.items())
