"""A person's own report: found by the ID number alone, logged before anything is shown, that person's facts only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import func, select, text

from ..base.messages import UserError
from ..base.run import Run, now
from ..catalogue import load_catalogue
from ..custody import vault
from ..identifiers import persons
from ..identifiers.codes import check_id_number, normalise
from ..ledger.models import AccessLog
from ..ledger.session import session
from . import policy as policies
from .policy import ReportPolicy
from .subject import data_on, number
from .visibility import may_see

REPORT, LOOK_UP = "report_person", "find_person"  # why a number was asked for, in the log
_MISSED = "miss:"  # before the keyed hash of a number that nobody here has
_MOST_MISSED, _SPAN = 10, timedelta(hours=1)  # look-ups without result that one user may make


@dataclass(frozen=True)
class PersonReport:
    """What stands in a person's own report: facts by role, each with its source; nothing is added up."""

    number: str
    issuer: str
    who: str
    purpose: str
    made_at: datetime
    data_on: date
    masked_number: str
    roles: list[tuple[str, list[dict[str, Any]]]]


def _fact(row: Mapping[str, Any], policy: ReportPolicy) -> dict[str, Any]:
    return {
        name: row[name]
        for name in (
            "topic",
            "title",
            "detail",
            "document_no",
            "authority_name",
            "unit_name",
            "event_on",
            "ends_on",
            "exited_on",
            "record_id",
        )
    } | {
        "state": policy.states_of(row["kind"]).words[row["state"]],
        "left": policy.states_of(row["kind"]).left,
        "marks": ["异议中"] if row["objected"] else [],
    }


def checked(run: Run, given: str) -> str:
    """The ID number in its canonical form. Raises UserError that never repeats it."""
    plain = normalise(given)[0]
    outcome = check_id_number(plain, run.on)
    if not outcome.ok:
        raise UserError(
            "身份证号码未通过校验。", remedy="核对号码后重新输入；号码只在提示符处或标准输入中给出，不写在命令行上。"
        )
    return plain


def asked(run: Run, given: str, *, purpose: str, action: str) -> tuple[str, list[str], int]:
    """A number in its canonical form, the tokens it is known by, and the entry of the log that was written first.

    Raises UserError without a purpose, for a number that fails its check, and after too many look-ups without a result.
    """
    if not purpose.strip():
        raise UserError("按证件号码查询须说明目的。", remedy="加上 --purpose “……”，查询将记入日志。")
    plain = checked(run, given)
    with session("reader") as opened:
        missed = opened.scalar(
            select(func.count())
            .select_from(AccessLog)
            .where(
                AccessLog.who == persons.mask(run.who),
                AccessLog.action.in_((REPORT, LOOK_UP)),
                AccessLog.subject_ref.startswith(_MISSED),
                AccessLog.at > func.now() - _SPAN,
            )
        )
    if (missed or 0) >= _MOST_MISSED:
        raise UserError(
            f"一小时内已有 {missed} 次查询没有结果，暂停查询。",
            remedy="核对号码来源；一小时后再查，或请数据管理员核实。",
            code=4,
        )
    tokens = vault.tokens_of(plain)
    with session("reader") as opened:
        subject = tokens[0] if tokens else f"{_MISSED}{vault.asked(plain)}"
        entry = AccessLog(who=run.who, purpose=purpose.strip(), action=action, subject_ref=subject)
        opened.add(entry)
        opened.flush()
        return plain, tokens, entry.id


def gather(run: Run, id_number: str, *, purpose: str) -> PersonReport:
    """Look one person up and read that person's facts; the look is in ``access_log`` before they are read."""
    if not purpose.strip():
        raise UserError("出具本人报告须说明目的。", remedy="加上 --purpose “……”，查询将记入日志。")
    made_at = now()
    plain, tokens, log_number = asked(run, id_number, purpose=purpose, action=REPORT)
    with session("reader") as opened:
        on = data_on(opened)
        rows = list(
            opened.execute(
                text("""
            select p.*, coalesce(u.name, p.unit_id) as unit_name
            from marts.mart_subjects__natural_person p left join ledger.unit u on u.unit_id = p.unit_id
            where p.person_ref = any(:tokens)
            order by p.role, p.event_on, p.record_id"""),
                {"tokens": tokens},
            ).mappings()
        )
    # One's own facts are open to oneself; revoked ones and those past their five years are gone.
    policy = policies.load()
    own = [dict(row) | {"disclosure": policy.levels[0], "severity_class": ""} for row in rows]
    facts_shown = [row for row in own if may_see(row, "授权查询", on, policy)]
    return PersonReport(
        number=number("GRBG", made_at.date(), log_number),
        issuer=load_catalogue().district.issuer,
        who=run.who,
        purpose=persons.mask(purpose.strip()),
        made_at=made_at,
        data_on=on,
        masked_number=vault.mask(plain),
        roles=[
            (role, [_fact(row, policy) for row in facts])
            for role, facts in groupby(facts_shown, key=lambda row: row["role"])
        ],
    )
