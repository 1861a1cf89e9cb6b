"""待批准: what one person asked for or drafted and another one agrees to or turns down, with the way to releases that wait."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.responses import Response

from ...base.messages import UserError
from ...catalogue import load_catalogue
from ...editions import run as editions
from ...ledger import approvals
from ...ledger.states import ApprovalState, EditionState, ReleaseState
from ...oversight import outbound
from .. import actions
from ..database import opened
from ..guard import Form, Signed
from . import forms, register
from .register import Told
from .work import Seq

_DECIDED = 30  # questions that are shown after they were decided
_MOVES = {"approve": "批准", "reject": "否决"}


def waiting(person: Signed) -> Told:
    """What waits for a second person, and the newest questions that were decided."""
    asked, drafted = approvals.listing(), editions.listing()
    with opened(person) as read:
        releases = [row for row in outbound.releases(read) if row["state"] == ReleaseState.WAITING]
    return {
        "questions": [
            row | {"mine": approvals.same_person(row["asked_by"], person.who)}
            for row in asked
            if row["state"] == ApprovalState.WAITING
        ],
        "decided": [row for row in asked if row["state"] != ApprovalState.WAITING][:_DECIDED],
        "editions": [
            row | {"mine": approvals.same_person(row["computed_by"], person.who)}
            for row in drafted
            if row["state"] == EditionState.DRAFT
        ],
        "releases": releases,
        "alone": bool(load_catalogue().district.single_handed),
    }


def _move(move: str) -> str:
    if move not in _MOVES:
        raise UserError("没有这项操作。", remedy="从待批准页进入。", code=4)
    return _MOVES[move]


def decide(person: Signed, form: Form, number: Seq, move: str) -> Response:
    """Agree to what another one asked for, or turn it down; he then runs his command again."""
    title = f"{_move(move)}第 {number} 号申请"
    forms.confirmed(form)
    return register.to_job(actions.start(person, title, "/approvals", ("approvals", move), str(number)))


def settle(person: Signed, form: Form, edition: Seq, move: str) -> Response:
    """Approve and freeze the edition whose fingerprint was shown, or turn it down."""
    title = f"{_move(move)}第 {edition} 号定稿"
    forms.confirmed(form)
    if move == "reject":
        option = f"--reason={forms.text(form, 'reason', '理由')}"
    else:
        option = f"--hash={forms.text(form, 'hash', '内容指纹', 64)}"
    return register.to_job(actions.start(person, title, "/approvals", ("editions", move, option), str(edition)))


def register_all(app: FastAPI) -> None:
    """Put the routes into the application."""
    register.page(app, "/approvals", "approvals.html.j2", "待批准", waiting)
    register.plain(app, "POST", "/approvals/{number}/{move}", decide)
    register.plain(app, "POST", "/editions/{edition}/{move}", settle)
