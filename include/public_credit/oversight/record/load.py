"""One record, or one row of a receipt, as a case: the look is booked, then everything is read in one transaction."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session, defer

from ...base import settings
from ...base.messages import UserError
from ...base.run import Run, now
from ...catalogue import load_catalogue
from ...catalogue.models import Kind
from ...land import shapes
from ...ledger import published
from ...ledger.looks import refusals
from ...ledger.models import PurgedRow, RefusedRow
from ...ledger.session import session
from ...ledger.states import BuildState, sql
from ...papers.record.model import Cause, Check, RecordCase, Rule, State, hidden
from .. import part, trace
from . import beside, looked, onward, receipts, rules, source, state, values
from .rows import Row, of_place, of_record

_PLACE = re.compile(r"(\d{1,18})/(\d{1,9})")
_PERSON = "person"
_PARTS = {
    "deliveries": onward.DELIVERIES,
    "events": onward.EVENTS,
    "differences": onward.DIFFERENCES,
    "looks": looked.LOOKS,
    "links": beside.LINKS,
    "returned": beside.RETURNED,
}
_BUILT = {"built": state.BUILT, "versions": receipts.VERSIONS, "assessed": onward.ASSESSED}
_NOT_BUILT = "最近一次构建没有完成：记录的状态、有效期间和计入何处，以构建完成后为准。"


@dataclass(frozen=True)
class Asked:
    """What is asked for: a record of a kind, or a place in a receipt."""

    kind: Kind
    record_id: str
    batch_seq: int
    row_no: int
    about_person: bool

    @property
    def place(self) -> str:
        """The place as it is written: ``batch/row``."""
        return f"{self.batch_seq}/{self.row_no}"


def load(
    run: Run, key: str, *, purpose: str = "", channel: str = "cli", action: str = "explain", check: bool = True
) -> RecordCase:
    """The case of ``key``: a record's id, its document number where one record answers, or a place ``batch/row``.

    ``check``: whether the original is read through to compute its hash again. The look is in ``access_log`` before anything
    is read. Raises UserError: nothing or more than one record answers (code 4, 2), a person without a purpose (code 2).
    """
    return case(run, one(key, run, purpose=purpose), purpose=purpose, channel=channel, action=action, check=check)


def one(key: str, run: Run | None = None, *, purpose: str = "") -> Asked:
    """What a key asks for. Raises UserError where that is nothing, or more than one record, or as ``trace.find`` does."""
    if place := place_of(key):
        return at_place(*place)
    return only(every(key, run, purpose=purpose), key)


def only(asked: list[Asked], key: str) -> Asked:
    """The one record a key asks for. Raises UserError where there are more."""
    if len(asked) > 1:
        listed = "、".join(item.record_id or item.place for item in asked[:20])
        raise UserError(f"有 {len(asked)} 条记录答以“{key.strip()}”。", remedy=f"改用记录编号查询：{listed}。")
    return asked[0]


def place_of(key: str) -> tuple[int, int] | None:
    """Batch and row of a place ``batch/row``; None for any other key."""
    found = _PLACE.fullmatch(key.strip())
    return (int(found[1]), int(found[2])) if found else None


def every(key: str, run: Run | None = None, *, purpose: str = "") -> list[Asked]:
    """The records that answer to a document number or record id. Raises UserError (code 4) for none, or as ``trace.find`` does."""
    return [asked_for(item) for item in answering(key, run, purpose=purpose)]


def answering(key: str, run: Run | None, *, purpose: str) -> list[trace.Found]:
    """What ``every`` asks for, as it was found."""
    found = trace.find(key, run, purpose=purpose)
    if not found:
        more = "自然人的记录须登录后按文书号查询。" if run is not None and run.token is None else ""
        raise UserError(
            f"没有文书号或记录编号为 {key} 的记录。", remedy=f"核对文书号（括号可用全角或半角）。{more}", code=4
        )
    return found


def asked_for(item: trace.Found) -> Asked:
    """A record that was found, as it is asked for."""
    return Asked(
        load_catalogue().kinds[item.kind], item.record_id or "", item.batch_seq, item.row_no, item.about_person
    )


def at_place(batch_seq: int, row_no: int) -> Asked:
    """The row of a receipt. Raises UserError (code 4) where it has none of that number."""
    with session("reader") as opened:
        batch = source.batch(opened, batch_seq)
        kind = load_catalogue().kinds.get(batch["kind"])
        if kind is None:
            raise UserError(
                f"批次 {batch_seq} 的记录类型 {batch['kind']} 已不在目录中。", remedy="由数据工程师核查。", code=4
            )
        landed = opened.execute(
            text("select exists (select from desk.receipt_rows(:kind, :seq, null, array[cast(:row as integer)]))"),
            {"kind": kind.id, "seq": batch_seq, "row": row_no},
        ).scalar()
        if not landed and _gone(opened, batch_seq, row_no) is None:
            raise UserError(f"批次 {batch_seq} 没有第 {row_no} 行。", remedy="行号从 1 起，是批次内的序号。", code=4)
    return Asked(kind, "", batch_seq, row_no, batch["variant"] == _PERSON)


def _gone(opened: Session, batch_seq: int, row_no: int) -> RefusedRow | PurgedRow | None:
    """A row whose content is not kept: refused, or purged."""
    refused = opened.scalars(
        select(RefusedRow)
        .where(RefusedRow.batch_seq == batch_seq, RefusedRow.row_no == row_no)
        .order_by(RefusedRow.attempt.desc())
    ).first()
    return (
        refused
        or opened.scalars(
            select(PurgedRow)
            .options(defer(PurgedRow.record_id))
            .where(PurgedRow.batch_seq == batch_seq, PurgedRow.row_no == row_no)
            .order_by(PurgedRow.attempt.desc())
        ).first()
    )


def case(
    run: Run,
    asked: Asked,
    *,
    purpose: str = "",
    channel: str = "cli",
    action: str = "explain",
    check: bool = True,
    largest: int | None = None,
    token: str = "",
) -> RecordCase:
    """The case of what is asked for, see ``load``; a person's to whom ``token`` stands for, without one to who calls.

    ``largest``: bytes of an original that is read through, None for any.
    """
    purpose = looked.purpose_given(asked.about_person, purpose)
    if not asked.about_person:  # of a person's the database writes the look as it answers
        looked.book(run, asked.record_id, asked.place, purpose=purpose, action=action, channel=channel)
    with looked.signed_in_for(run, asked.about_person, token) as held, refusals(), session("reader", held) as opened:
        looked.say(opened, action)
        if asked.record_id:
            found = of_record(opened, asked.kind, asked.record_id, purpose)
        else:
            found = of_place(opened, asked.kind, asked.batch_seq, asked.row_no, purpose)
        made = (
            _landed(run, opened, asked, found, purpose, check, largest)
            if found
            else _content_gone(run, opened, asked, purpose, check, largest)
        )
    return hidden(made)


def _focus(rows: list[Row], known: Any) -> Row:
    """The row a record stands on: the one the build knows as current, else the newest accepted, live, or any."""
    if known is not None:
        place = (known["batch_seq"], known["attempt"], known["row_no"])
        for row in rows:
            if (row.batch_seq, row.attempt, row.row_no) == place:
                return row
    accepted, live = [row for row in rows if row.accepted], [row for row in rows if row.live]
    return (accepted or live or rows)[-1]


def _next(rows: list[Row], row: Row) -> int | None:
    """The receipt that brought the version after a row's, None where it is the newest."""
    versions = [each for each in rows if each.accepted]
    after = versions[versions.index(row) + 1 :]
    return after[0].batch_seq if after else None


def _landed(
    run: Run, opened: Session, asked: Asked, rows: list[Row], purpose: str, check: bool, largest: int | None
) -> RecordCase:
    kind = asked.kind
    ready = published.ready(opened)
    record_id = asked.record_id or rows[-1].record_id
    apart = part.told(opened, kind, record_id, _PARTS | (_BUILT if ready else {}))
    known = apart["built"][0]._asdict() if apart.get("built") else None
    row = _focus(rows, known if asked.record_id else None)
    if not asked.record_id and record_id:
        rows = of_record(opened, kind, record_id, purpose)
    batch = source.batch(opened, row.batch_seq, row.attempt)
    waived = rules.waivers(opened, batch)
    seen, note = rules.of(opened, kind, row, waived)
    sent, payloads = onward.deliveries(apart["deliveries"])
    later = [each._asdict() for each in apart["events"]]
    linked = beside.related(opened, kind, record_id, apart["links"])
    returned = apart["returned"] if record_id else beside.returned_at(opened, row.batch_seq, row.row_no)
    sent_back = beside.returned(returned)
    if asked.record_id:
        condition = state.of_record(kind, row, known, state.events(opened, kind, row), linked, later)
        marks = tuple(
            f"{item.state}：批次 {item.batch_seq} 第 {item.row_no} 行" for item in sent_back if not item.closed_on
        )
        condition = State(condition.word, condition.tone, condition.since, condition.causes, condition.marks + marks)
    else:
        condition = state.of_row(row, seen, sent_back)
    data_on, shape = _data_on(opened), shapes.applied_to(opened, kind.id)
    payload = onward.payload(opened, payloads, row.batch_seq, _next(rows, row)) if row.accepted else None
    shown = row.values
    return RecordCase(
        kind=kind.id,
        kind_title=kind.title,
        variant=row.variant,
        about_person=row.variant == _PERSON,
        record_id=record_id,
        batch_seq=row.batch_seq,
        row_no=row.row_no,
        document_no=shown.get(kind.document or "", ""),
        subject=shown.get("subject_name") or shown.get("name", ""),
        authority=shown.get("authority_name", ""),
        unit=batch["unit_name"],
        event_on=shown.get(kind.event_date or "", ""),
        entered=row.accepted,
        state=condition,
        source=source.of(batch, row.row_no, row.sheet, row.source_row, source.checked(batch, check, largest)),
        row_hash=_row_hash(kind, row, shape),
        values=values.of(kind, row, payload, shape),
        rules=seen,
        receipts=receipts.of(kind, rows, receipts.known(apart.get("versions", ()))),
        related=linked,
        returned=sent_back,
        waivers=waived,
        gate=rules.results(opened, row.batch_seq, row.attempt),
        builds=beside.builds(opened, row.batch_seq),
        uses=onward.uses(opened, record_id, known, data_on or run.on, apart.get("assessed", [])),
        deliveries=sent,
        told=onward.told(later, apart["differences"]),
        looks=looked.at(apart["looks"]),
        notes=tuple(filter(None, (note, "" if ready else _NOT_BUILT))),
        **_made(run, data_on, purpose),
    )


def _content_gone(
    run: Run, opened: Session, asked: Asked, purpose: str, check: bool, largest: int | None
) -> RecordCase:
    """The case of a row of which only place and reason are kept."""
    gone = _gone(opened, asked.batch_seq, asked.row_no)
    assert gone is not None  # at_place has asked
    batch = source.batch(opened, asked.batch_seq, gone.attempt)
    seen: tuple[Rule, ...] = ()
    if isinstance(gone, RefusedRow):
        rule = rules.refused(asked.kind, gone.rule_id)
        seen, sheet, source_row = (rule,), gone.sheet or "", gone.source_row
        condition = State("拒收", "bad", batch["gated_on"], (Cause(f"{rule.id} {rule.title}（{rule.clause}）"),))
        note = "拒收的行只留件数、规则和行号，不留内容。"
    else:
        sheet, source_row = "", None
        condition = State("已按规定清除", "calm", None, (Cause("保存期限已满"),))
        note = "清除的行只留行号，不留内容。"
    return RecordCase(
        kind=asked.kind.id,
        kind_title=asked.kind.title,
        variant=batch["variant"],
        about_person=asked.about_person,
        record_id="",
        batch_seq=asked.batch_seq,
        row_no=asked.row_no,
        document_no="",
        subject="",
        authority="",
        unit=batch["unit_name"],
        event_on="",
        entered=False,
        state=condition,
        source=source.of(batch, asked.row_no, sheet, source_row, source.checked(batch, check, largest)),
        row_hash=None,
        values=(),
        rules=seen,
        receipts=(),
        related=(),
        returned=(),
        waivers=rules.waivers(opened, batch),
        gate=rules.results(opened, asked.batch_seq, gone.attempt),
        builds=beside.builds(opened, asked.batch_seq),
        uses=(),
        deliveries=(),
        told=(),
        looks=(),
        notes=(note,),
        **_made(run, _data_on(opened), purpose),
    )


def _made(run: Run, data_on: date | None, purpose: str) -> dict[str, Any]:
    return {
        "district": load_catalogue().district.title,
        "simulated": settings.simulated_clock(),
        "data_on": data_on,
        "made_at": now(),
        "who": run.who,
        "purpose": purpose,
    }


def _data_on(opened: Session) -> date | None:
    """The business date of the newest finished build."""
    found: date | None = opened.execute(
        text(f"select max(business_date) from ledger.build where state = {sql(BuildState.BUILT)}")
    ).scalar()
    return found


def _row_hash(kind: Kind, row: Row, shape: shapes.Shape | None) -> Check | None:
    """The content hash of a row, computed again from the values that are there; none where the kind's shape is another by now."""
    if shapes.differs(kind, shape):
        return None
    found = _content_hash([row.values.get(name, "") for name in kind.variants[row.variant]])
    if found == row.content_hash:
        return Check("重算一致", "good", row.content_hash, found)
    return Check("与入库时不一致", "bad", row.content_hash, found, "入库之后有人改动过这一行")


def _content_hash(values: Iterable[str]) -> str:
    """BLAKE2b-128 over the values, each in UTF-8 after its length in four bytes: what ``land.copy_binary`` writes, computed apart."""
    told = [value.encode() for value in values]
    return blake2b(b"".join(struct.pack(">i", len(value)) + value for value in told), digest_size=16).hexdigest()
