"""Today at a glance, read from the ledger: what came, what became of it, and whose move it is."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from ..base.run import Run
from ..catalogue import load_catalogue
from ..collect.base import UNMATCHED
from ..collect.run import connected
from ..gate.corrections import WAITING
from ..land.rules import load_ruleset
from ..ledger import words
from ..ledger.session import newest_business_day, session
from ..ledger.states import (
    IN_DOUBT,
    NOT_BACK,
    OUT_OF_THE_WAY,
    BatchState,
    ItemState,
    Operation,
    ReleaseState,
    StepName,
    Verdict,
    sql,
)
from .alert_items import NOT_JUDGED
from .district import mistakes

STOPPED = (BatchState.HELD, BatchState.FAILED, *OUT_OF_THE_WAY)  # landed rows of such a batch went no further


def _datasets(opened: Any, on: date) -> list[dict[str, Any]]:
    latest = {
        row["dataset_id"]: dict(row)
        for row in opened.execute(
            text(f"""
        select distinct on (dataset_id) dataset_id, seq, business_date, state, rows_in, accepted, quarantined,
               duplicate, refused, case when state in {sql(OUT_OF_THE_WAY)} then set_aside_reason else message end as message
        from ledger.batch order by dataset_id, seq desc""")
        ).mappings()
    }
    returned = dict(
        opened.execute(
            text(f"""
        select dataset_id, count(*) from ledger.quarantine where state in {sql(NOT_BACK)} group by 1""")
        ).all()
    )
    steps = {
        row["dataset_id"]: dict(row)
        for row in opened.execute(
            text(f"""
        select distinct on (dataset_id) dataset_id, verdict, message, owner, counts from ledger.step
        where name = {sql(StepName.COLLECT)} and dataset_id is not null order by dataset_id, id desc""")
        ).mappings()
    }
    stuck = {row.seq: row.message for row in opened.execute(text(NOT_JUDGED)) if row.name == StepName.GATE}
    attested = dict(
        opened.execute(
            text("select dataset_id, max(period_to) from ledger.attestation where superseded_by is null group by 1")
        ).all()
    )
    rows, catalogue = [], load_catalogue()
    wrong = {mistake.unit_id: mistake.text for mistake in mistakes(catalogue)}
    for dataset in catalogue.datasets.values():
        batch = latest.get(dataset.id)
        row: dict[str, Any] = {
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
        }
        if batch and batch["seq"] in stuck:
            batch |= {"state": BatchState.FAILED, "message": stuck[batch["seq"]]}
        row["verdict"], row["move"] = _whose_move(
            dataset, batch, steps.get(dataset.id), row["open_quarantine"], attested.get(dataset.id), on
        )
        if dataset.unit in catalogue.stale:
            row["verdict"], row["move"] = "目录有误", f"数据管理员：{wrong[dataset.unit]}"
        rows.append(row)
    return rows


def _whose_move(
    dataset: Any,
    batch: dict[str, Any] | None,
    last_step: dict[str, Any] | None,
    returned: int,
    attested: date | None,
    on: date,
) -> tuple[str, str]:
    """Verdict and whose move it is, in the order in which somebody must act."""
    unmatched = _unmatched(last_step)
    if last_step and last_step["verdict"] in (Verdict.FAILED, Verdict.INCOMPLETE):
        who = "来源单位" if last_step["owner"] == "department" else "数据管理员"
        return "采集失败" if last_step["verdict"] == Verdict.FAILED else "未到齐", f"{who}：{last_step['message']}"
    if batch is None:
        if not connected(dataset):
            return "尚未接入", f"数据管理员：配置连接 {dataset.channel.connection}"
        live_on = load_catalogue().district.live_on(dataset.id)
        if live_on and live_on > on:
            return "待上线", f"自 {live_on} 起应当报送"
        if dataset.channel.type == "hand_in":
            return "待人工报送", ""
        return "未报送", unmatched or "来源单位：从未报送，催报或作零报送说明"
    if batch["state"] == BatchState.BROKEN:
        return "无法读取", f"来源单位：{batch['message']}"
    if batch["state"] in (BatchState.HELD, BatchState.FAILED):
        return words.BATCH[batch["state"]], f"数据管理员：{batch['message']}"
    if batch["state"] in OUT_OF_THE_WAY:
        return words.BATCH[batch["state"]], f"平台不再处理：{batch['message']}"
    if batch["state"] in (BatchState.RECEIVED, BatchState.LANDED):
        return words.BATCH[batch["state"]], "平台处理中"
    last_sign = max(filter(None, (batch["business_date"], attested)))
    verdict = "零报送" if batch["rows_in"] == 0 else words.BATCH[batch["state"]]
    if dataset.cadence_days and on - last_sign > timedelta(days=dataset.cadence_days):
        return verdict, f"来源单位：已 {(on - last_sign).days} 天未报送"
    if returned:
        return verdict, f"来源单位：{returned} 行待更正"
    if unmatched:
        return verdict, unmatched
    return verdict, ""


def _unmatched(last_step: dict[str, Any] | None) -> str:
    """The files in the dataset's folder that no pattern of the catalogue wants, named by the last collection; '' without any."""
    if not last_step or not (last_step["counts"] or {}).get("unmatched"):
        return ""
    said = next((part for part in last_step["message"].split("；") if part.startswith(UNMATCHED)), "")
    return f"来源单位与数据管理员：{said}"


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
        select count(*) filter (where sent_at is not null) as sent,
               count(*) filter (where state = {sql(ItemState.ACCEPTED)}) as accepted,
               count(*) filter (where state = {sql(ItemState.REJECTED)}) as rejected,
               count(*) filter (where state in {sql(IN_DOUBT)}) as unknown,
               count(*) filter (where state = {sql(ItemState.PENDING)}) as pending
        from ledger.delivery_state""")
        )
        .mappings()
        .one()
    )


def _attention(opened: Any, on: date) -> list[str]:
    lines = [f"目录：{mistake.text}" for mistake in mistakes(load_catalogue())]
    lines += [
        f"第 {row.release_id} 号变更单等待审批：{row.unusual}（public-credit release show {row.release_id}）"
        for row in opened.execute(
            text(f"select release_id, unusual from ledger.release where state = {sql(ReleaseState.WAITING)} order by 1")
        )
    ]
    undecided = opened.execute(text(f"select count(*) from {WAITING}")).scalar_one()
    if undecided:
        lines.append(f"{undecided} 行报回的记录是不是更正，须由数据管理员认定（public-credit corrections）")
    late = opened.execute(
        text(f"""
        select count(*) from ledger.delivery_state s join ledger.delivery_item i using (item_id)
        where s.underway and i.operation = {sql(Operation.DEL)} and i.due_on < :on"""),
        {"on": on},
    ).scalar_one()
    if late:
        lines.append(f"{late} 条撤销决定已过法定时限仍未在市平台撤下")
    latest = opened.execute(
        text("select missing, surplus, differing from ledger.reconciliation order by id desc limit 1")
    ).one_or_none()
    if latest and any(latest):
        lines.append(f"最近一次对账有差异：市平台缺 {latest.missing}，多 {latest.surplus}，版本不同 {latest.differing}")
    return lines


def overview(run: Run) -> dict[str, Any]:
    """Business date, one row per dataset, totals that balance, the city's side, and what needs attention."""
    on = newest_business_day("reader") or run.on
    with session("reader") as opened:
        return {
            "business_date": on,
            "datasets": _datasets(opened, on),
            "totals": _totals(opened),
            "city": _city(opened),
            "attention": _attention(opened, on),
        }


def quarantine_rows(unit: str | None, batch: int | None, every: bool, limit: int) -> list[dict[str, Any]]:
    """Quarantined rows with their place in the delivered file; no delivered value is shown."""
    states = "" if every else f"and q.state in {sql(NOT_BACK)}"
    with session("reader") as opened:
        rows = [
            dict(row)
            for row in opened.execute(
                text(f"""
            select q.id, q.batch_seq, q.attempt, q.dataset_id, q.unit_id, q.kind, b.file_name, q.row_no, q.record_id, q.rules,
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
        text(
            f"select row_no, sheet, source_row from {load_catalogue().kinds[kind].raw} "
            "where batch_seq = :seq and attempt = :attempt and row_no = any(:rows)"
        ),
        {"seq": seq, "attempt": attempt, "rows": [row["row_no"] for row in rows]},
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
