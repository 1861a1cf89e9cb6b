"""The search of an auditor: by document number, code, name, record id, batch, place, file hash, waiver or figure.

Several hits are normal. A person's record answers to its own number alone – of the document or the record – and shows nothing
but that there is one, neither kind nor id, and that is in the log and counts; by ID number ``of_person`` finds it, with a purpose,
one person at a time. Every look-up goes by an index.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from ..base.messages import UserError, key_given
from ..base.run import Run
from ..catalogue import load_catalogue
from ..identifiers.codes import check_id_number, normalise
from ..identifiers.names import same_name
from ..ledger import published, words
from ..ledger.session import session
from ..ledger.states import GOOD, sql
from ..papers import person
from . import trace
from .figure import EDITION, RATE, TARGET, bare

MOST = 100  # hits of a sort
_PLACE = re.compile(r"(?:批次\s*)?(\d{1,18})\s*(?:/|第)\s*(\d{1,9})\s*行?")
_BATCH = re.compile(r"(?:批次\s*)?(\d{1,18})")
_WAIVER = re.compile(r"豁免\s*(\d{1,18})")
_SHA256 = re.compile(r"[0-9a-f]{64}")

_FILES = """
    select b.seq, b.dataset_id, coalesce(nullif(b.file_name, ''), b.locator) as file, b.business_date, b.state
    from ledger.batch b where {where} order by b.seq limit :most"""
_TURNED_AWAY = """
    select dataset_id, file_name, reason, business_date from ledger.refused_delivery where sha256 = :given
    order by id limit :most"""
_OF_BATCH = """
    (select r.row_no, '拒收' as word, r.rule_id as rules from ledger.refused_row r
     join ledger.batch b on b.seq = r.batch_seq and b.current_attempt = r.attempt
     where r.batch_seq = :seq order by 1 limit :most)
    union all
    (select q.row_no, q.state, q.rules from ledger.quarantine q
     join ledger.batch b on b.seq = q.batch_seq and b.current_attempt = q.attempt
     where q.batch_seq = :seq order by 1 limit :most)
    union all
    (select row_no, '豁免后放行', rules from desk.waived_rows(:kind, :seq, :most))"""
_WAIVED = f"""
    select w.id, w.dataset_id, w.expectation_id, w.reason, b.seq, b.business_date from ledger.waiver w
    left join ledger.batch b on b.dataset_id = w.dataset_id and (w.batch_seq is null or w.batch_seq = b.seq)
        and b.gated_at >= w.granted_at and b.gated_on <= w.expires_on and (w.revoked_on is null or b.gated_on < w.revoked_on)
        and b.state in {sql(GOOD)}
    where w.id = :waiver order by b.seq limit :most"""
# One code or name may stand for several organisations: those that claim it.
_SUBJECTS = """
    with asked as (
        select subject_id, scheme, value from subjects.identifier
        where value = :code and scheme <> 'name' or value = :name and scheme = 'name'
    ), found as (
        select subject_id from asked where subject_id is not null
        union select r.subject_id from asked a join subjects.claim c on c.scheme = a.scheme and c.value = a.value
        join subjects.register r on r.record_id = c.record_id where a.subject_id is null and r.subject_id is not null
        union select subject_id from subjects.subject where subject_id = :given
        union select subject_id from subjects.alias where past_id = :given
    )
    select s.subject_id, s.name, s.uscc, s.state from found join subjects.subject s on s.subject_id = found.subject_id
    order by s.name, s.subject_id limit :most"""
_RECORDS = """
    select record_id, kind, title, document_no, authority_name, event_on, state, objected
    from marts.mart_subjects__timeline where subject_id = :subject and subject_class = 'organisation'
    order by event_on desc nulls last, record_id limit :most"""
_TOLD = """
    select record_id, title, document_no, authority_name, event_on, state, objected
    from marts.mart_subjects__timeline where record_id = any(:records) and subject_class = 'organisation'"""
# Records no register row answers to: by the very name they were delivered with.
_UNLINKED = """
    select record_id, kind, decision_no from desk.records_named(:given, :most)"""


@dataclass(frozen=True)
class Hit:
    """Something that answers. ``sort``: record, row, batch, subject, figure or receipt; ``key``: what its page is asked by."""

    sort: str
    key: str
    word: str
    title: str
    detail: str


@dataclass
class Found:
    """The hits of a search, and what is to be said beside them."""

    given: str
    hits: list[Hit] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def search(run: Run, given: str) -> Found:
    """Everything that answers to a text. Raises UserError for a blank one and for the number of a person."""
    wanted = key_given(given, "要查的内容")
    if check_id_number(normalise(wanted)[0], run.on).ok:
        raise UserError(
            "证件号码不在这里查。",
            remedy="用 public-credit find --person --purpose “……”，号码在提示符处或标准输入中给出。",
        )
    found = Found(wanted)
    with session("reader") as opened:
        if any(pattern.fullmatch(bare(wanted)) for pattern in (TARGET, RATE, EDITION)):
            found.hits.append(Hit("figure", wanted, "数字", wanted, "由哪些行相加而成，见 trace figure"))
        _receipts(opened, wanted, found)
        ready = published.ready(opened)
        _records(opened, wanted, found, ready)
        if ready:
            _organisations(opened, wanted, found)
        else:
            found.notes.append("最近一次构建没有完成，按主体的查询从略。")
    _persons(run, wanted, found)
    return found


def of_person(run: Run, given: str, *, purpose: str) -> Found:
    """The records of the person with this ID number, logged before they are read. Raises UserError as a person's report does."""
    told = person.look_up(run, given, purpose=purpose, action="find_person")
    found = Found(told.masked)
    for row in sorted(told.records, key=lambda row: (row["event_on"] or date.min, row["record_id"]))[:MOST]:
        marks = "，异议中" if row["objected"] else ""
        detail = f"{row['event_on'] or ''} {words.RECORD[row['state']]}{marks}"
        title = f"{_kind(row['kind'])}（{row['role']}）"
        found.hits.append(Hit("record", row["record_id"], "自然人记录", title, detail))
    return found


def _kind(name: str) -> str:
    kind = load_catalogue().kinds.get(name)
    return kind.title if kind else name


def _receipts(opened: Session, wanted: str, found: Found) -> None:
    """Batches by number, id or hash; a place; the rows of a batch that went another way; a waiver with its batches."""
    if place := _PLACE.fullmatch(wanted):
        found.hits.append(Hit("row", f"{place[1]}/{place[2]}", "行", f"批次 {place[1]} 第 {place[2]} 行", ""))
        return
    if waiver := _WAIVER.fullmatch(wanted):
        return _waiver(opened, int(waiver[1]), found)
    asked: dict[str, Any] = {"given": wanted.lower(), "most": MOST}
    if number := _BATCH.fullmatch(wanted):
        asked |= {"seq": int(number[1])}
        where = "b.seq = :seq"
    elif _SHA256.fullmatch(wanted.lower()):
        where = "b.sha256 = :given"
        found.hits += [
            Hit("receipt", row.file_name, "拒收的报送", row.file_name, f"{row.business_date} {row.reason}")
            for row in opened.execute(text(_TURNED_AWAY), asked)
        ]
    else:
        where = "b.batch_id = :given"
    batches = opened.execute(text(_FILES.format(where=where)), asked).all()
    for row in batches:
        detail = f"{row.dataset_id} {row.business_date} {words.BATCH[row.state]}"
        found.hits.append(Hit("batch", str(row.seq), "批次", f"批次 {row.seq}：{row.file}", detail))
    for row in batches[:1]:
        _rows_of(opened, row.seq, found)


def _rows_of(opened: Session, seq: int, found: Found) -> None:
    kind = load_catalogue().kinds.get(
        opened.execute(text("select kind from ledger.batch where seq = :seq"), {"seq": seq}).scalar_one()
    )
    if kind is None:
        return
    for row in opened.execute(text(_OF_BATCH), {"kind": kind.id, "seq": seq, "most": MOST}):
        word = words.QUARANTINE.get(row.word, row.word)
        found.hits.append(
            Hit(
                "row",
                f"{seq}/{row.row_no}",
                word,
                f"批次 {seq} 第 {row.row_no} 行",
                f"规则 {row.rules.replace(';', '、')}",
            )
        )


def _waiver(opened: Session, number: int, found: Found) -> None:
    for row in opened.execute(text(_WAIVED), {"waiver": number, "most": MOST}):
        said = f"第 {row.id} 号豁免：{row.dataset_id} {row.expectation_id}，{row.reason}"
        if row.seq is None:
            found.notes.append(f"{said}；还没有批次在它之下裁决。")
        else:
            found.hits.append(
                Hit("batch", str(row.seq), "豁免下的批次", f"批次 {row.seq}（{row.business_date}）", said)
            )
            _rows_of(opened, row.seq, found)


def _records(opened: Session, wanted: str, found: Found, ready: bool) -> None:
    """Records of organisations by document number, anybody's by record id; of a person's nothing but that there is one."""
    answering = trace.answering(opened, wanted)[:MOST]
    asked = [item.record_id for item in answering if ready and item.record_id and not item.about_person]
    told = {row.record_id: row for row in opened.execute(text(_TOLD), {"records": asked})} if asked else {}
    for item in answering:
        place = f"批次 {item.batch_seq} 第 {item.row_no} 行"
        if item.record_id is None:
            found.hits.append(Hit("row", f"{item.batch_seq}/{item.row_no}", "无法识别的行", place, _kind(item.kind)))
        elif item.about_person:
            found.hits.append(_of_person(wanted))
        elif row := told.get(item.record_id):
            found.hits.append(_hit(_kind(item.kind), row))
        else:
            found.hits.append(Hit("record", item.record_id, _kind(item.kind), wanted, f"{place}，未建入数仓"))


def _of_person(wanted: str) -> Hit:
    """That a person's record answers; what is asked by it asks for a purpose."""
    return Hit("record", wanted, "自然人记录", wanted, "查看须说明目的，逐人查询")


def _persons(run: Run, wanted: str, found: Found) -> None:
    """That there is a person's record with this document number, as often as an account may ask in an hour."""
    try:
        if trace.persons_answering(wanted, run):
            found.hits.append(_of_person(wanted))
    except UserError as refused:
        found.notes.append(f"{refused.text}{refused.remedy}")


def _organisations(opened: Session, wanted: str, found: Found) -> None:
    """Organisations by code, name or id, each with its newest records; and records of that name nobody answers to."""
    folded: str = opened.execute(text(f"select {same_name('cast(:name as text)')}"), {"name": wanted}).scalar_one()
    asked = {"given": wanted, "code": normalise(wanted)[0], "name": folded, "most": MOST}
    known = {hit.key for hit in found.hits}
    for subject in opened.execute(text(_SUBJECTS), asked).all():
        found.hits.append(
            Hit(
                "subject",
                subject.subject_id,
                "组织",
                subject.name,
                f"{subject.uscc or '无统一社会信用代码'} {subject.state}",
            )
        )
        for row in opened.execute(text(_RECORDS), {"subject": subject.subject_id, "most": MOST}):
            if row.record_id not in known:
                known.add(row.record_id)
                found.hits.append(_hit(_kind(row.kind), row))
    for row in opened.execute(text(_UNLINKED), asked):
        if row.record_id not in known:
            found.hits.append(
                Hit("record", row.record_id, _kind(row.kind), row.decision_no or row.record_id, "名称相同")
            )


def _hit(kind: str, row: Any) -> Hit:
    marks = "，异议中" if row.objected else ""
    detail = f"{row.event_on or ''} {row.authority_name or ''} {words.RECORD[row.state]}{marks}".strip()
    return Hit("record", row.record_id, kind, row.document_no or row.title or row.record_id, detail)
