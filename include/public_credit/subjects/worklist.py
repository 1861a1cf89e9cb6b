"""The work list: records that found no subject after a build, and what a person has to look at."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from ..base.run import Run
from ..ledger.locks import lock
from ..ledger.session import session, written
from ..ledger.states import Topic, WorkState, sql

REASONS = {
    "predecessor_of_another_kind": "原统一社会信用代码属另一类机构，不自动合并",
    "predecessor_of_several": "同一原统一社会信用代码被多个主体引用",
    "predecessor_alive_under_another_name": "原代码的主体仍存续且名称不同",
    "identifiers_contradict": "同一登记行的标识分属不同主体",
    "judgements_contradict": "裁定之间互相矛盾",
    "shared": "登记名册中多个主体填报同一标识",
    "not_in_registry": "登记库中没有该标识",
    "ambiguous": "标识对应不止一个主体",
    "no_identifier": "没有任何标识",
    "placeholder": "占位代码",
    "name_unknown": "登记库中没有该名称",
    "alike": "名称、住所、法定代表人相近",
}

_CLOSE = f"""
    update subjects.work_item i set state = {sql(WorkState.DONE)}, closed_on = :on
    where i.topic = {sql(Topic.UNRESOLVED_RECORD)} and i.state = {sql(WorkState.OPEN)}
      and i.key in (select record_id from published.record_changes where build_id = :build)
      and not exists (select 1 from published.record_links l where l.record_id = i.key and l.link_state = 'unresolved')"""
_OPEN = f"""
    insert into subjects.work_item (topic, key, reason, detail, opened_on)
    select {sql(Topic.UNRESOLVED_RECORD)}, record_id, link_reason,
           jsonb_build_object('kind', kind, 'unit_id', unit_id, 'scheme', lookup_scheme, 'value', lookup_value), :on
    from published.record_links
    where link_state = 'unresolved' and subject_class = 'organisation' and build_id = :build
    on conflict (topic, key) do update set reason = excluded.reason, detail = excluded.detail, state = {sql(WorkState.OPEN)},
        closed_on = null, opened_on = case when work_item.state = {sql(WorkState.OPEN)} then work_item.opened_on else excluded.opened_on end
    where work_item.state = {sql(WorkState.DONE)} or (work_item.reason, work_item.detail) is distinct from (excluded.reason, excluded.detail)"""


def follow_up(run: Run, build_id: int) -> dict[str, int]:
    """After dbt: open items for the organisations' records this build left unlinked, close those that found a subject."""
    with session("builder") as opened:
        lock(opened, "resolve")
        this = {"on": run.on, "build": build_id}
        closed = written(opened.execute(text(_CLOSE), this))
        added = written(opened.execute(text(_OPEN), this))
        return {"opened": added, "closed": closed}


def work(opened: Session, topic: str | None = None) -> list[dict[str, Any]]:
    """Open items, those of one topic or all, oldest first."""
    return [
        dict(row)
        for row in opened.execute(
            text(f"""
        select topic, key, reason, detail, opened_on from subjects.work_item
        where state = {sql(WorkState.OPEN)} and (cast(:topic as text) is null or topic = :topic) order by topic, opened_on, key"""),
            {"topic": topic},
        ).mappings()
    ]
