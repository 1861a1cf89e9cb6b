"""Who looked at a record: booked before anything of it is read, told on its page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from ...base.messages import UserError
from ...base.run import Run
from ...identifiers import persons
from ...ledger.looks import refusals
from ...ledger.models import AccessLog
from ...ledger.session import acts_for_somebody, session, signed_in
from ...papers.record.model import Look

LOOKS = "at timestamptz, who text, purpose text, action text, channel text"
ACTIONS = {
    "explain": "查看记录",
    "case": "导出案卷",
    "original": "取出原件",
    "report_person": "本人报告",
    "find_person": "查找本人记录",
    "find": "按文书号查到",
}


def purpose_given(about_person: bool, purpose: str) -> str:
    """The purpose of a look, trimmed, numbers of persons blanked. Raises UserError (code 2) where a person's record is asked for without one."""
    if about_person and not purpose.strip():
        raise UserError("该记录涉及自然人，须说明查询目的。", remedy="加上 --purpose “……”，查询将记入日志。", code=2)
    return persons.mask(purpose.strip())


def say(opened: Session, action: str) -> None:
    """Tell the database, for this transaction, what the look it writes itself is for."""
    opened.execute(text("select set_config('pcw.look', :action, true)"), {"action": action})


@contextmanager
def signed_in_for(run: Run, about_person: bool, token: str) -> Iterator[str]:
    """The token of a session that may ask for a person's record: the one given, or one for whoever calls the command line."""
    if token or not about_person:
        yield token
    else:
        with signed_in(run) as own:
            yield own


def book(run: Run, record_id: str, place: str, *, purpose: str, action: str, channel: str) -> None:
    """Book a look at a record, or at a row that tells none (``place``: ``batch/row``); for whom a page acts, by the database.

    Numbers of persons in the purpose are blanked.
    """
    purpose, about = persons.mask(purpose.strip()), "" if record_id else f"row:{place}"
    with refusals(), session("reader") as opened:
        if acts_for_somebody():
            visit(opened, action, purpose, about, record_id)
        else:
            opened.add(
                AccessLog(
                    who=run.who, purpose=purpose, action=action, record_id=record_id, subject_ref=about, channel=channel
                )
            )


def visit(opened: Session, action: str, purpose: str, subject_ref: str, record_id: str = "") -> None:
    """Have the database log a look of the person of this session: who and when, it says itself; numbers of persons are blanked."""
    opened.execute(select(func.desk.note_visit(action, persons.mask(purpose.strip()), subject_ref, record_id)))


def at(found: list[Any]) -> tuple[Look, ...]:
    """Who looked at a record so far, this look included, oldest first."""
    return tuple(Look(row.at, row.who, row.purpose, ACTIONS.get(row.action, row.action), row.channel) for row in found)
