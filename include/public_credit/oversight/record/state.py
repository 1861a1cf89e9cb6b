"""The state of the record itself, with what brought it there: an event, a corrected key, a roster, a term, an objection."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from ...catalogue.models import Kind
from ...catalogue.records import Ending
from ...ledger import ids, words
from ...ledger.states import ReceiverEvent, RecordState
from ...papers import policy as policies
from ...papers.record.model import Cause, Related, Returned, Rule, State
from .rows import Row

OBJECTED = "异议中"
PREDECESSOR, SUCCESSOR = "更正前", "更正后"  # of a corrected key
_TONES = {
    RecordState.CURRENT: "good",
    RecordState.EXPIRED: "calm",
    RecordState.ENDED: "calm",
    RecordState.REVOKED: "bad",
    RecordState.REPLACED: "warn",
    RecordState.REPAIRED: "calm",
}
BUILT = (
    "state text, objected boolean, state_known_on date, event_on date, ends_on date, exited_on date, batch_seq bigint, attempt int, "
    "row_no int, lookup_scheme text, lookup_value text, title text, document_no text, authority_name text, subject_id text, "
    "build_id bigint"
)
# Events name a decision by number, authority and table; whom it is about, where they say it.
_EVENTS = f"""
    select event_type, event_date, basis, {ids.record_id("record_id")} as record_id, batch_seq, row_no
    from desk.decision_events(:kind, :record, :document, :authority, :table, :scheme, :value) order by event_date, batch_seq, row_no"""
# The states that events bring, by what the code list of decision_event calls them.
_BROUGHT_BY = {"撤销": RecordState.REVOKED, "修复": RecordState.REPAIRED}
_OBJECTIONS = ("异议受理", "异议办结")


def events(opened: Session, kind: Kind, row: Row) -> list[Mapping[str, Any]]:
    """Accepted events that a department told of the decision a row is, oldest first."""
    table = kind.record.event_table if kind.record else ""
    if not kind.record or not table or not kind.document:
        return []
    asked = {
        "kind": kind.id,
        "record": row.record_id,
        "document": row.values.get(kind.document, ""),
        "authority": row.values.get(kind.record.authority_uscc, ""),
        "table": table,
        "scheme": row.subject[0],
        "value": row.subject[1],
    }
    return [*opened.execute(text(_EVENTS), asked).mappings()] if asked["document"] else []


def of_record(
    kind: Kind,
    row: Row,
    known: Mapping[str, Any] | None,
    happened: Iterable[Mapping[str, Any]],
    related: Iterable[Related],
    told: Iterable[Mapping[str, Any]],
) -> State:
    """The state of a record. ``happened``: its events; ``told``: what receivers told later (event, text, at_on)."""
    successors = [item for item in related if item.role == SUCCESSOR]
    if known is None:
        causes = [
            Cause(f"更正为记录 {item.record_id}（{item.reason}）", item.on, item.record_id) for item in successors
        ]
        word = words.RECORD[RecordState.REPLACED] if successors else f"{row.word}，未建入数仓"
        return State(word, "warn" if successors else row.tone, None, tuple(causes))
    state = RecordState(known["state"])
    happened, told = list(happened), list(told)
    causes = [
        Cause(
            f"{event['event_type']}：{event['basis']}",
            _day(event["event_date"]),
            event["record_id"] or "",
            _place(event),
        )
        for event in happened
        if _BROUGHT_BY.get(event["event_type"]) == state
    ]
    if state == RecordState.REPLACED:
        causes += [
            Cause(f"更正为记录 {item.record_id}（{item.reason}）", item.on, item.record_id) for item in successors
        ]
    if state == RecordState.REPAIRED:
        causes += [
            Cause(f"接收方告知修复：{item['text']}", item["at_on"])
            for item in told
            if item["event"] == ReceiverEvent.REPAIRED
        ]
    if state == RecordState.ENDED:
        causes.append(Cause(_ended(kind, row, known), known["exited_on"]))
    if state == RecordState.EXPIRED:
        causes.append(
            Cause(f"期限至 {known['ends_on']}（{kind.publication.rule}；{kind.publication.clause}）", known["ends_on"])
        )
    if state == RecordState.CURRENT:
        ends = f"，期限至 {known['ends_on']}" if known["ends_on"] else ""
        causes.append(Cause(f"批次 {known['batch_seq']} 第 {known['row_no']} 行放行后没有使它失效的事项{ends}"))
    marks = []
    if known["objected"]:
        marks.append(OBJECTED)
        causes += [
            Cause(
                f"{event['event_type']}：{event['basis']}",
                _day(event["event_date"]),
                event["record_id"] or "",
                _place(event),
            )
            for event in happened
            if event["event_type"] in _OBJECTIONS
        ]
    return State(_word(kind, state), _TONES[state], known["state_known_on"], tuple(causes), tuple(marks))


def _word(kind: Kind, state: RecordState) -> str:
    """The general word, and after it what the kind calls the state, where that is another."""
    general = words.RECORD[state]
    own = next((item.words[state] for item in policies.load().states if kind.id in item.kinds), general)
    return general if own in general or general in own else f"{general}（{own}）"


def _ended(kind: Kind, row: Row, known: Mapping[str, Any]) -> str:
    left = next((item.left for item in policies.load().states if kind.id in item.kinds), "终止")
    told = kind.record.exited_on if kind.record else None
    field = told.field if isinstance(told, Ending) else told
    value = row.values.get(field, "") if field else ""
    stated = value in told.values if isinstance(told, Ending) else bool(value)
    if field and stated:
        return f"{left}：报送的“{kind.fields[field].title}”为 {value}"
    return f"{left}：{known['exited_on']} 起的全量名录不再列出"


def _place(event: Mapping[str, Any]) -> str:
    return f"{event['batch_seq']}/{event['row_no']}"


def _day(value: str) -> date | None:
    return date.fromisoformat(value) if value else None


def of_row(row: Row, rules: Iterable[Rule], returned: Iterable[Returned]) -> State:
    """The state of a landed row, with the rules it broke and its way back."""
    mine = [item for item in returned if (item.batch_seq, item.row_no) == (row.batch_seq, row.row_no)]
    causes = [Cause(f"{rule.id} {rule.title}") for rule in rules if rule.tone == "bad"]
    for item in mine:
        slip = f"，退回单 {item.slip_id}" if item.slip_id else ""
        causes.append(Cause(f"{item.state}{slip}", item.closed_on or item.opened_on))
        if item.corrected_by:
            causes.append(Cause("由后来的报送更正", item.closed_on, item.corrected_record, item.corrected_by))
    return State(row.word, row.tone, row.gated_on, tuple(causes))
