"""A person's own report: found by the ID number alone, logged before anything is shown, that person's facts only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import select, text

from ..base.messages import UserError
from ..base.run import Run, now
from ..catalogue import load_catalogue
from ..custody import vault
from ..identifiers import persons
from ..identifiers.codes import check_id_number, normalise
from ..ledger.looks import refusals
from ..ledger.models import PublishedUnit
from ..ledger.session import session, signed_in
from . import policy as policies
from .policy import ReportPolicy
from .subject import data_on, number
from .visibility import may_see

# Logged and answered in one statement; the first row is the entry in the log.
_RECORDS = text("select entry, record from desk.person_records(:lookups, :asked, :purpose)")
_THERE = text("select to_regclass('marts.mart_subjects__natural_person') is not null")
_DAYS = ("event_on", "ends_on", "exited_on")


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


def _dated(record: dict[str, Any], units: dict[str, str]) -> dict[str, Any]:
    """A row of the database's answer, its days as days and its unit by name."""
    days = {name: date.fromisoformat(record[name]) if record[name] else None for name in _DAYS}
    return record | days | {"unit_name": units.get(record["unit_id"], record["unit_id"])}


def checked(run: Run, given: str) -> str:
    """The ID number in its canonical form. Raises UserError that never repeats it."""
    plain = normalise(given)[0]
    outcome = check_id_number(plain, run.on)
    if not outcome.ok:
        raise UserError(
            "身份证号码未通过校验。", remedy="核对号码后重新输入；号码只在提示符处或标准输入中给出，不写在命令行上。"
        )
    return plain


@dataclass(frozen=True)
class LookUp:
    """What the database answers about one number: the entry of the log it wrote with the answer, and the records."""

    masked: str
    entry: int
    records: list[dict[str, Any]]


def look_up(run: Run, given: str, *, purpose: str, action: str = "report_person") -> LookUp:
    """The records of the person with a number, for a purpose, in the name of who calls.

    Raises UserError without a purpose, for a number that fails its check, after too many look-ups without a result, and
    (code 3) before anything was built.
    """
    if not purpose.strip():
        raise UserError("按证件号码查询须说明目的。", remedy="加上 --purpose “……”，查询将记入日志。")
    plain = checked(run, given)
    asked = {"lookups": vault.lookups(plain), "asked": vault.asked(plain), "purpose": persons.mask(purpose.strip())}
    with signed_in(run) as token, refusals(), session("reader", token) as opened:
        opened.execute(text("select set_config('pcw.look', :action, true)"), {"action": action})
        answers = opened.execute(_RECORDS, asked).all()
        there = opened.scalar(_THERE)
        units = dict(opened.execute(select(PublishedUnit.unit_id, PublishedUnit.name)).tuples().all())
    if not there:
        raise UserError(
            "自然人的记录（marts.mart_subjects__natural_person）还没有构建。",
            remedy="先运行 public-credit build。",
            code=3,
        )
    records = [_dated(answer.record, units) for answer in answers if answer.record is not None]
    return LookUp(vault.mask(plain), answers[0].entry, records)


def gather(run: Run, id_number: str, *, purpose: str) -> PersonReport:
    """Look one person up and read that person's facts; the look is in ``access_log`` before they are read."""
    if not purpose.strip():
        raise UserError("出具本人报告须说明目的。", remedy="加上 --purpose “……”，查询将记入日志。")
    made_at = now()
    told = look_up(run, id_number, purpose=purpose)
    with session("reader") as opened:
        on = data_on(opened)
    # One's own facts are open to oneself; revoked ones and those past their five years are gone.
    policy = policies.load()
    own = [dict(row) | {"disclosure": policy.levels[0], "severity_class": ""} for row in told.records]
    facts_shown = [row for row in own if may_see(row, "授权查询", on, policy)]
    return PersonReport(
        number=number("GRBG", made_at.date(), told.entry),
        issuer=load_catalogue().district.issuer,
        who=run.who,
        purpose=persons.mask(purpose.strip()),
        made_at=made_at,
        data_on=on,
        masked_number=told.masked,
        roles=[
            (role, [_fact(row, policy) for row in facts])
            for role, facts in groupby(facts_shown, key=lambda row: row["role"])
        ],
    )
