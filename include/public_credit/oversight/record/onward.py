"""Where a record went: releases and receipts, what receivers told later, and what it counts in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from ...catalogue import load_catalogue
from ...ledger import words
from ...ledger.states import InputOperation, ItemState, Operation, sql
from ...papers.record.model import Delivered, Told, Use

_TONES = {
    ItemState.ACCEPTED: "good",
    ItemState.WITHDRAWN: "calm",
    ItemState.SUPERSEDED: "calm",
    ItemState.REJECTED: "bad",
    ItemState.UNKNOWN: "warn",
}
_LISTS = """
    select list_kind, list_name, state, entered_on, document_no, legal_basis from marts.mart_lists__entry
    where subject_id = :subject and record_id = :record"""
_GRADES = """
    select b.role, b.event_on, g.grade, g.clause
    from marts.mart_subjects__food_drug_grade_basis b
    join marts.mart_subjects__food_drug_grade g on g.subject_id = b.subject_id
    where b.subject_id = :subject and b.record_id = :record"""
# A subject's archive counts by one record of it; a disclosed item, by itself; what units report, by the unit.
_FIGURES = """
    select c.figure_id, c.label, c.valid_from, c.valid_to, sum(c.numerator) as numerator, sum(c.denominator) as denominator
    from published.contributions c
    where c.record_id = :record and c.valid_from <= :on
    group by c.figure_id, c.label, c.valid_from, c.valid_to
    having sum(c.numerator) <> 0 or sum(c.denominator) <> 0 order by c.figure_id, c.valid_from"""
_TARGETS = """
    select figure_id, target_id, goal_no, title, subject_type from policy.target
    where figure_id = any(:figures) order by target_id, goal_no"""
_EDITIONS = """
    select i.edition_id, e.year, e.kind, e.state, i.figure_id, i.label, i.numerator, i.denominator
    from ledger.edition_item i join ledger.edition e on e.id = i.edition_id
    where i.record_id = :record and i.record_id <> '' order by i.edition_id, i.figure_id"""
DELIVERIES = (
    "item_id bigint, release_id bigint, build_id bigint, release_state text, diff_hash text, receiver text, interface text, "
    "operation text, state text, version text, payload jsonb, released_at timestamptz, sent_at timestamptz, due_on date, "
    "receipt_id text, receipt_code text, receipt_field text, receipt_text text, city_id text"
)
EVENTS = "seq bigint, event text, text text, at_on date"
DIFFERENCES = "receiver text, business_date date, difference text"  # of the newest comparison with each receiver
ASSESSED = "item text, year int, event_on date, counted numeric, out_of numeric, note text, unit_id text"


Sent = tuple[int, dict[str, Any]]  # the build a release was made of, and what was released, by official code


def deliveries(found: list[Any]) -> tuple[tuple[Delivered, ...], list[Sent]]:
    """Every operation on a record, oldest first; and what was released of it."""
    payloads = [(row.build_id, row.payload) for row in found if row.payload and row.operation != Operation.DEL]
    return tuple(
        Delivered(
            item_id=row.item_id,
            release_id=row.release_id,
            release_state=words.RELEASE[row.release_state],
            diff_hash=row.diff_hash,
            receiver=row.receiver,
            interface=row.interface,
            operation=words.OPERATION[row.operation],
            state=words.ITEM[row.state],
            tone=_TONES.get(row.state, "warn"),
            version=row.version,
            released_at=row.released_at,
            sent_at=row.sent_at,
            due_on=row.due_on,
            receipt_id=row.receipt_id or "",
            receipt_code=row.receipt_code or "",
            receipt_field=row.receipt_field or "",
            receipt_text=row.receipt_text or "",
            city_id=row.city_id or "",
        )
        for row in found
    ), payloads


_FIRST_BUILD = f"""
    select min(build_id) from ledger.build_input where batch_seq = :seq and operation = {sql(InputOperation.ADD)}"""


def payload(opened: Session, sent: list[Sent], batch_seq: int, next_batch: int | None) -> dict[str, Any] | None:
    """What was released last of the version a receipt brought, before ``next_batch`` brought another; None while nothing was."""
    first = opened.execute(text(_FIRST_BUILD), {"seq": batch_seq}).scalar()
    end = None if next_batch is None else opened.execute(text(_FIRST_BUILD), {"seq": next_batch}).scalar()
    found = [told for build, told in sent if first is not None and first <= build and (end is None or build < end)]
    return found[-1] if found else None


def told(later: list[Mapping[str, Any]], differences: list[Any]) -> tuple[Told, ...]:
    """What receivers told, and what the newest comparison with each of them found to differ."""
    found = [
        Told("后续回执", words.EVENT.get(item["event"], item["event"]), item["text"], item["at_on"]) for item in later
    ]
    found += [
        Told("对账差异", words.DIFFERENCE[row.difference], f"与 {row.receiver} 对账", row.business_date)
        for row in differences
    ]
    return tuple(found)


def uses(
    opened: Session, record_id: str, known: Mapping[str, Any] | None, on: date, assessed: list[Any]
) -> tuple[Use, ...]:
    """Lists, grades, target figures, assessments and editions the record counts in."""
    if known is None:
        return ()
    asked = {"record": record_id, "subject": known["subject_id"], "on": on}
    found: list[Use] = []
    if known["subject_id"]:
        found += [
            Use(
                "名单",
                f"{row.list_kind}：{row.list_name}",
                f"{row.state}；{row.legal_basis or '依据未写明'}",
                row.entered_on,
            )
            for row in opened.execute(text(_LISTS), asked)
        ]
        found += [
            Use("食品药品信用等级", f"{row.grade}（{row.role}）", row.clause, row.event_on)
            for row in opened.execute(text(_GRADES), asked)
        ]
    found += _figures(opened, asked)
    found += [
        Use(
            "双公示考核",
            f"{load_catalogue().unit_name(row.unit_id)} {row.year} 年",
            f"{_ITEMS.get(row.item, row.item)}：计 {float(row.counted):g} / {float(row.out_of or 1):g}"
            + (f"；{row.note}" if row.note else ""),
            row.event_on,
            f"{_RATE_OF[row.item]}/{row.unit_id}/{row.year}" if row.item in _RATE_OF else "",
        )
        for row in assessed
    ]
    found += [
        Use(
            "年度定稿",
            f"第 {row.edition_id} 号，{row.year} 年{words.EDITION_KIND[row.kind]}（{words.EDITION[row.state]}）",
            f"{row.figure_id}：{row.label}，分子 {row.numerator}，分母 {row.denominator}",
            None,
        )
        for row in opened.execute(text(_EDITIONS), asked)
    ]
    return tuple(found)


_ITEMS = {"timeliness": "及时", "compliance": "合规", "link": "关联", "correction": "退回更正"}
_RATE_OF = {"timeliness": "timely_rate", "compliance": "compliance_rate", "link": "link_rate", "correction": "fix_rate"}


def _figures(opened: Session, asked: Mapping[str, Any]) -> Iterator[Use]:
    counted = opened.execute(text(_FIGURES), asked).all()
    targets = opened.execute(text(_TARGETS), {"figures": [row.figure_id for row in counted]}).all() if counted else []
    for row in counted:
        for target in (one for one in targets if one.figure_id == row.figure_id):
            until = f"，至 {row.valid_to} 止" if row.valid_to else ""
            yield Use(
                "目标数字",
                target.title,
                f"以“{row.label}”计：分子 {int(row.numerator)}，分母 {int(row.denominator)}{until}",
                row.valid_from,
                f"{target.target_id}/{target.goal_no}/all/{asked['on'].year}"
                if target.subject_type != "person"
                else "",
            )
