"""Fill a publication from the marts, the policy seeds and the ledger: the only module that reads them for the page.

The marts give shares of targets in percent (0–100) and rates of supervision as fractions; a publication holds fractions.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from ...base import settings
from ...base.messages import UserError
from ...base.run import Run
from ...catalogue import load_catalogue
from ...editions import definitions
from ...editions import diff as edition_diff
from ...ledger import published
from ...ledger.locks import between_builds
from ...ledger.session import session
from ...ledger.states import BuildState, EditionKind, EditionState, sql
from .model import (
    Ask,
    Assessed,
    Clock,
    DecisionMonth,
    Edition,
    Figure,
    GoalLine,
    Metric,
    Milestone,
    NoteRule,
    NoticeRule,
    Publication,
    Quality,
    Restated,
    Restatement,
    Returned,
    Silence,
    State,
    Target,
    Uncovered,
)

_FIGURE = """target_id, goal_no, unit_id, year, month_end, numerator, denominator, denominator_source, denominator_on,
    percent, distance, pace, state, suppressed"""
_PROGRESS = (
    f"select {_FIGURE}, quality_note from marts.mart_targets__progress order by target_id, goal_no, unit_id, month_end"
)
_TARGETS = """select target_id, goal_no, figure_id, title, clause, population, subject_type, goal, goal_text, due_on, figure_kind,
    responsible_units, contributing_units, advances, definition, note from marts.mart_targets__target order by target_id, goal_no"""
_STATES = "select state, symbol, hatch, worst_first, explanation from policy.target_state_rule order by worst_first"
_MILESTONES = """select milestone_id, year, title, due_on, state, evidence, document_no, state_on, clause, responsible_units
    from marts.mart_targets__milestone order by year, milestone_id"""
_METRICS = "select metric, title, definition, exclusions, cohort, source, mart, pages from policy.metric_definition"
_NOTICES = "select metric, threshold, clause, reason from policy.notice_rule order by metric"
_NOTE_RULES = """select fact, metrics, at_least, at_most, shown_in, words, clause
    from policy.quality_note_rule order by place"""
_GOAL_LINES = "select metric, goal, clause, word from policy.goal_line order by metric"
_COUNTS = """backlog, generated, received_of_generated, surplus, received, accepted, due, running, late, organisations,
    linked, to_publish, published"""
_RATES = "reporting_rate, timely_rate, late_rate, compliance_rate, link_rate, publication_rate"
_YEARLY = f"""select unit_id, cast(year as text) as period, decision_table as table, ledger_to, {_COUNTS},
    {_RATES} from marts.mart_supervision__yearly order by unit_id, year, decision_table"""
_MONTHLY = f"""select unit_id, month as period, '' as table, null as ledger_to, {_COUNTS},
    {_RATES} from marts.mart_supervision__unit_month order by unit_id, month"""
_SILENCE = """select unit_id, year, silent_weeks, attestations, nothing_yet, not_due, batches from marts.mart_supervision__unit_year
    where unit_id <> '' order by unit_id, year"""
_ASKS = """select place, shown, title, coalesce(unit_id, '') as unit_id, about_title, amount, measure, since, deadline, remedy,
    clause, deadline_provisional, rule from marts.mart_attention__line order by place"""
_DECISION_MONTHS = """select unit_id, decision_table, decision_month, generated, own_site_published, received, unreported,
    unreported_reason, accepted, published from marts.mart_supervision__decision_month order by 1, 3, 2"""
_CLOCKS = """select unit_id, due_today, due_next, breached, impossible_date, provisional
    from marts.mart_supervision__clock order by 1"""
_RETURNED = """select unit_id, returned, open_rows, oldest_on, corrected, fix_days from marts.mart_supervision__returned
    where returned > 0 order by 1"""
_ASSESSED = """select unit_id, year, title, points, max_points, formula, clause from marts.mart_supervision__assessment
    order by unit_id, year, sort_order"""
_UNCOVERED = """select target_id, coalesce(uscc, '') as uscc, coalesce(name, '') as name, unit_id, counted_since, reason
    from marts.mart_targets__uncovered order by target_id, unit_id, name, uscc"""
_EDITIONS = f"""select id, year, kind, decided_by, decided_at from ledger.edition
    where state = {sql(EditionState.FROZEN)} order by year, id"""
_EDITION_FIGURES = """select f.target_id, f.goal_no, f.unit_id, e.year, e.as_of as month_end, f.numerator, f.denominator,
    f.denominator_source, f.denominator_on, f.percent, f.distance, f.pace, f.state, f.suppressed, '' as quality_note
    from ledger.edition_figure f join ledger.edition e on e.id = f.edition_id where f.edition_id = :edition
    order by f.target_id, f.goal_no, f.unit_id"""
_RESTATEMENTS = f"""select id, year, restates, business_date, decided_by, reason from ledger.edition
    where state = {sql(EditionState.FROZEN)} and kind = {sql(EditionKind.RESTATEMENT)} order by year, id"""
_ON_DUTY = (
    "select distinct unit_id from ledger.dataset where kind in ('administrative_licence', 'administrative_penalty')"
)
_BUILD = f"""select build_id, business_date, built_at, code_version from ledger.build where state = {sql(BuildState.BUILT)}
    order by build_id desc limit 1"""


def _rows(opened: Session, query: str, **values: Any) -> Sequence[Any]:
    return opened.execute(text(query), values).mappings().all()


def _float(value: Any, scale: float = 1.0) -> float | None:
    return None if value is None else round(float(value) / scale, 9)


def _ids(value: str | None) -> tuple[str, ...]:
    return tuple(filter(None, (value or "").split(";")))


def _figure(row: Any) -> Figure:
    return Figure(
        row["target_id"],
        row["goal_no"],
        row["unit_id"],
        row["year"],
        row["month_end"],
        row["numerator"],
        row["denominator"],
        row["denominator_source"] or "",
        row["denominator_on"],
        _float(row["percent"], 100),
        _float(row["distance"]),
        _float(row["pace"], 100),
        row["state"],
        bool(row["suppressed"]),
        row["quality_note"] or "",
    )


_MEASURES = {"organisation": "家", "item": "项", "department": "个部门", "area": "个领域", "person": "人"}


def _target(row: Any) -> Target:
    return Target(
        row["target_id"],
        row["goal_no"],
        row["title"],
        row["clause"],
        row["population"],
        float(row["goal"]) / 100,
        row["due_on"],
        row["figure_kind"],
        _ids(row["responsible_units"]),
        _ids(row["contributing_units"]),
        row["advances"],
        row["subject_type"] == "person",
        row["figure_id"],
        row["goal_text"],
        row["definition"] or "",
        row["note"] or "",
        _MEASURES[row["subject_type"]],
    )


def _quality(row: Any) -> Quality:
    unit, period, table, ledger_to, *numbers = row.values()
    counts = len(_COUNTS.split(","))
    return Quality(
        *(unit, period, table, ledger_to or ""), *numbers[:counts], *(_float(rate) for rate in numbers[counts:])
    )


def _milestone(row: Any) -> Milestone:
    proof = " ".join(filter(None, (row["evidence"], row["document_no"])))
    return Milestone(
        row["milestone_id"],
        row["year"],
        row["title"],
        row["due_on"],
        row["state"],
        proof,
        row["state_on"],
        row["clause"],
        _ids(row["responsible_units"]),
    )


def _frozen(opened: Session, edition: int) -> dict[tuple[str, int, str], Figure]:
    figures = map(_figure, _rows(opened, _EDITION_FIGURES, edition=edition))
    return {(figure.target_id, figure.goal_no, figure.unit_id): figure for figure in figures}


def _editions(opened: Session) -> dict[int, Edition]:
    found: dict[int, Edition] = {}
    for year, rows in groupby(_rows(opened, _EDITIONS), lambda row: int(row["year"])):
        frozen = list(rows)
        first, newest = frozen[0], frozen[-1]
        approved: datetime | None = first["decided_at"]
        restated = newest["id"] != first["id"]
        found[year] = Edition(
            year,
            str(first["id"]),
            first["decided_by"],
            approved.astimezone(settings.TIMEZONE).date() if approved else None,
            _frozen(opened, newest["id"]),
            _frozen(opened, first["id"]) if restated else {},
            frozenset(definitions.changed(opened, first["id"], newest["id"])) if restated else frozenset(),
            frozenset(definitions.changed(opened, newest["id"])),
        )
    return found


def _restated(row: dict[str, Any]) -> Restated:
    return Restated(
        row["target_id"],
        row["goal_no"],
        row["figure_id"],
        row["title"],
        row["old_numerator"],
        row["old_denominator"],
        _float(row["old_percent"], 100),
        row["new_numerator"],
        row["new_denominator"],
        _float(row["new_percent"], 100),
        row["came"],
        row["went"],
        row["changed"],
        row["redefined"],
    )


def _restatements(opened: Session) -> list[Restatement]:
    return [
        Restatement(
            row["year"],
            str(row["id"]),
            str(row["restates"]),
            row["business_date"],
            row["decided_by"],
            row["reason"],
            [_restated(figure) for figure in edition_diff.figures(opened, row["restates"], row["id"])],
        )
        for row in _rows(opened, _RESTATEMENTS)
    ]


def _returned(row: Any) -> Returned:
    return Returned(
        row["unit_id"], row["returned"], row["open_rows"], row["oldest_on"], row["corrected"], _float(row["fix_days"])
    )


def _uncovered(opened: Session) -> dict[str, list[Uncovered]]:
    found: dict[str, list[Uncovered]] = {}
    for row in _rows(opened, _UNCOVERED):
        item = Uncovered(row["uscc"], row["name"], row["unit_id"], row["counted_since"], row["reason"])
        found.setdefault(row["target_id"], []).append(item)
    return found


def load(run: Run) -> Publication:
    """The publication of the newest finished build. Raises UserError (code 3) when there is none."""
    with between_builds("reader"), session("reader") as opened:
        opened.execute(text("set transaction isolation level repeatable read, read only"))
        build = next(iter(_rows(opened, _BUILD)), None)
        if build is None:
            raise UserError("还没有完成过构建，没有数字可以发布。", remedy="先运行 public-credit build。", code=3)
        published.require(opened)
        figures = [_figure(row) for row in _rows(opened, _PROGRESS)]
        if not figures:
            raise UserError(
                "目标进度集市是空的，没有数字可以发布。",
                remedy="检查最近一次构建，重新运行 public-credit build。",
                code=3,
            )
        return Publication(
            district=load_catalogue().district.name,
            business_date=build["business_date"],
            build_id=build["build_id"],
            built_at=build["built_at"].astimezone(settings.TIMEZONE) if build["built_at"] else None,
            code_version=build["code_version"] or run.code_version,
            units={
                row["unit_id"]: row["name"]
                for row in _rows(opened, "select unit_id, name from ledger.unit order by unit_id")
            },
            targets=[_target(row) for row in _rows(opened, _TARGETS)],
            figures=figures,
            states=[State(*row.values()) for row in _rows(opened, _STATES)],
            quality=[_quality(row) for query in (_YEARLY, _MONTHLY) for row in _rows(opened, query)],
            milestones=[_milestone(row) for row in _rows(opened, _MILESTONES)],
            metrics={
                row["metric"]: Metric(
                    *(row["metric"], row["title"], row["definition"], row["source"], row["mart"]),
                    *(row["exclusions"] or "", row["cohort"] or ""),
                )
                for row in _rows(opened, _METRICS)
                if "领导页" in (row["pages"] or "")
            },
            goal_lines={
                row["metric"]: GoalLine(row["metric"], float(row["goal"]) / 100, row["clause"], row["word"])
                for row in _rows(opened, _GOAL_LINES)
            },
            notices={
                row["metric"]: NoticeRule(row["metric"], float(row["threshold"]), row["clause"], row["reason"])
                for row in _rows(opened, _NOTICES)
            },
            note_rules=tuple(
                NoteRule(row["fact"], _ids(row["metrics"]), row["at_least"], row["at_most"], *list(row.values())[4:])
                for row in _rows(opened, _NOTE_RULES)
            ),
            editions=_editions(opened),
            restatements=_restatements(opened),
            silences=[Silence(*row.values()) for row in _rows(opened, _SILENCE)],
            asks=[Ask(*row.values()) for row in _rows(opened, _ASKS)],
            decision_months=[DecisionMonth(*row.values()) for row in _rows(opened, _DECISION_MONTHS)],
            clocks=[Clock(*row.values()) for row in _rows(opened, _CLOCKS)],
            returned=[_returned(row) for row in _rows(opened, _RETURNED)],
            assessed=[
                Assessed(
                    row["unit_id"],
                    row["year"],
                    row["title"],
                    _float(row["points"]),
                    _float(row["max_points"]),
                    row["formula"],
                    row["clause"],
                )
                for row in _rows(opened, _ASSESSED)
            ],
            uncovered=_uncovered(opened),
            on_duty=frozenset(row["unit_id"] for row in _rows(opened, _ON_DUTY)),
            simulated=settings.simulated_clock(),
        )
