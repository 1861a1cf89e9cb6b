"""What every figure of the target ledger must be, worked out from what was delivered and accepted, apart from the product.

``day<N>_targets.json`` (and ``targets.json``, the newest of them): one entry per figure and month end (31 December 2016 to
2025, and the month of the day): ``figure``, ``month_end``, ``unit`` ('' = district), ``numerator`` as ``[least, most]`` (the
two differ where a record may or may not be told apart), ``denominator`` (null where there is none) and, for counts of
persons, ``hidden`` for a unit's cell under five, for any two numbers that differ by less than five, and for one more unit where a
single one is hidden. ``restated`` names the figure that a later day changes for a frozen year, and
by how much.
"""

from __future__ import annotations

import calendar
import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from district_simulator.book import Booked, Registry
from district_simulator.sectors.history import RESTATED, RESTATED_BY, RESTATED_ON
from district_simulator.sectors.office import CONNECTED, INTRODUCED, USES
from district_simulator.sectors.registers import REGISTERS
from district_simulator.sectors.stories import ROSTER
from district_simulator.vocabulary.units import UNITS
from district_simulator.vocabulary.workcalendar import CALENDAR, DAYS

NEVER = date(9999, 12, 31)
# table → field of the day that counts, word by which a notice names the record
EVENTS = {
    "xk_fr": ("decision_date", "许可"),
    "cf_fr": ("decision_date", "处罚"),
    "statutory_rating.entity": ("decided_on", "评级"),
    "inspection_result.inspection": ("inspected_on", "检查"),
    "inspection_result.sampling": ("inspected_on", "检查"),
    "honour.entity": ("decided_on", "荣誉"),
    "breach_list.entity": ("entered_on", "名单"),
    "abnormal_operation.entity": ("entered_on", "异常"),
    "judgment_debtor.entity": ("published_on", "失信"),
    "contract_performance.entity": ("evaluated_on", "履约"),
    "social_insurance_payment.entity": ("period", ""),
    "labour_violation.entity": ("decision_date", "劳动"),
    "commitment.entity": ("made_on", "承诺"),
    "disclosure_item.body": ("due_on", ""),
}
ROSTERS = {
    "安全生产重点企业": "T06",
    "工程建设企业": "T07",
    "政府采购参与主体": "T09",
    "招标投标参与主体": "T10",
    "中介服务机构": "T11",
}
MEASURES = {
    "公务员和事业单位工作人员信用档案数": "T03",
    "工程建设从业人员信用档案数": "T08",
    "政府采购评审专家信用档案数": "T09P",
    "招标投标评审专家信用档案数": "T10P",
    "重点人群信用档案数": "T13",
    "教育科研从业人员信用档案数": "T14",
    "自然人信用档案数": "T15",
    "职业信用档案数": "T16",
    "司法执法人员信用档案数": "T17",
    "司法从业人员信用档案数": "T18",
}
NOT_COUNTED = {"T03", "T13", "T14", "T15", "T16", "T17", "T18"}  # numbers only, the law forbids to push for more
SOCIAL = ("社会团体", "民办非企业单位", "基金会")


@dataclass
class Member:
    """Somebody a coverage figure counts, and between which days."""

    subject: str
    since: date
    until: date = NEVER


def _day(value: str) -> date:
    return date.fromisoformat(f"{value}-01" if len(value) == 7 else value)


def month_ends(day: int) -> list[date]:
    today = DAYS[day]
    return [
        *(date(year, 12, 31) for year in range(2016, 2026)),
        today.replace(day=calendar.monthrange(today.year, today.month)[1]),
    ]


def _accepted(booked: list[Booked]) -> list[Booked]:
    return [item for item in booked if item.result in ("accepted", "duplicate")]


def registered(booked: list[Booked], known: Registry) -> dict[str, list[Member]]:
    """Figure → the organisations of the registers it counts."""
    versions, newest = defaultdict(list), {}
    for item in booked:
        if item.row.dataset == ROSTER or item.row.dataset in REGISTERS:
            newest[item.row.dataset] = item.delivery
    for item in _accepted(booked):
        if item.row.dataset in newest and item.row.get("uscc"):
            versions[item.row.get("uscc")].append(item)
    found: dict[str, list[Member]] = {"T02": [], "T05": [], "T12": []}
    for code, seen in versions.items():
        row = seen[-1].row
        kind = row.get("org_type")
        figure = "T05" if row.dataset == ROSTER else "T02" if kind == "事业单位" else "T12" if kind in SOCIAL else ""
        if not figure or code in known.reissued:
            continue
        since = _day(row.get("established_on")) if row.get("established_on") else date(1900, 1, 1)
        until = NEVER
        if row.get("state") not in ("", "存续"):
            was_alive = any(item.row.get("state") in ("", "存续") for item in seen[:-1])
            until = (
                _day(row.get("state_on"))
                if row.get("state_on")
                else (CALENDAR[seen[-1].delivery.day] if row.dataset == ROSTER and was_alive else since)
            )
        elif seen[-1].delivery is not newest[row.dataset] and not any(i.delivery is newest[row.dataset] for i in seen):
            until = CALENDAR[newest[row.dataset].day]
        if until > since:
            found[figure].append(Member(code, since, until))
    return found


def listed(booked: list[Booked], known: Registry) -> dict[str, list[Member]]:
    """Figure → who stands on its roster; one that no register knows is counted under the roster's own line."""
    newest = {
        item.row.key: item for item in _accepted(booked) if item.row.table == "sector_roster.entity" and item.row.key
    }
    found: dict[str, dict[str, Member]] = defaultdict(dict)
    for key, item in newest.items():
        row = item.row
        subject = known.who(row)["subject"] or "|".join(key)
        since, until = _day(row.get("listed_on")), _day(row.get("removed_on")) if row.get("removed_on") else NEVER
        before = found[ROSTERS[row.get("roster_name")]].get(subject)
        if before:
            since, until = min(since, before.since), max(until, before.until)
        found[ROSTERS[row.get("roster_name")]][subject] = Member(subject, since, until)
    return {figure: [m for m in members.values() if m.until > m.since] for figure, members in found.items()}


def first_days(booked: list[Booked], known: Registry) -> tuple[dict[str, date], dict[str, date]]:
    """Subject → day of its first record: for certain, and at the earliest."""
    newest: dict[Any, Any] = {}
    revoked = set()
    for item in _accepted(booked):
        row = item.row
        if row.table == "events" and row.get("event_type") == "撤销":
            revoked.add((row.get("decision_table"), row.get("decision_no"), row.get("authority_uscc")))
        elif row.table in EVENTS and row.key:
            if row.current or row.key not in newest:
                newest[row.key] = row
    sure: dict[str, date] = {}
    maybe: dict[str, date] = {}
    replaced = {row.replaces for row in newest.values() if row.replaces}
    for row in newest.values():
        field, word = EVENTS[row.table]
        number = row.document_no or row.get("decision_no")
        who = known.who(row)
        if not row.get(field) or (word, number, row.get("authority_uscc")) in revoked or not who["subject"]:
            continue
        when = _day(row.get(field))
        maybe[who["subject"]] = min(when, maybe.get(who["subject"], NEVER))
        if who["resolvable"] is True and number not in replaced:
            sure[who["subject"]] = min(when, sure.get(who["subject"], NEVER))
    return sure, maybe


def published(booked: list[Booked], day: int) -> list[dict[str, Any]]:
    """T01: items due by a month end, and those on the web by then; per unit and for the district."""
    newest = {item.row.key: item for item in _accepted(booked) if item.row.table == "disclosure_item.body"}
    items = [
        (item.delivery.dataset.split(".")[0], item.row)
        for item in newest.values()
        if item.row.get("publication_state") != "依法不予公开"
    ]
    out = []
    for end in month_ends(day):
        for unit in ["", *sorted({unit for unit, _ in items})]:
            due = [row for by, row in items if unit in ("", by) and _day(row.get("due_on")) <= end]
            online = sum(
                row.get("publication_state") == "网上已公开"
                and _day(row.get("published_on") or row.get("due_on")) <= end
                for row in due
            )
            if due or not unit:
                out.append(_entry("T01", end, unit, online, online, len(due)))
    return out


def counted(booked: list[Booked]) -> dict[str, dict[tuple[str, str], dict[str, tuple[int, int | None]]]]:
    """Figure → (unit, part) → month → numbers, as last told."""
    by_code = {unit.uscc: unit.id for unit in UNITS.values()}
    found: dict[str, Any] = defaultdict(lambda: defaultdict(dict))
    for item in _accepted(booked):
        row = item.row
        if row.table == "training_count.all":
            found["T04"][by_code[row.get("unit_uscc")], row.get("population")][row.get("month")] = (
                int(row.get("trained_count")),
                int(row.get("staff_count")),
            )
        elif row.table == "aggregate_count.all" and row.get("measure") in MEASURES:
            found[MEASURES[row.get("measure")]][by_code[row.get("unit_uscc")], row.get("measure")][row.get("month")] = (
                int(row.get("numerator")),
                int(row.get("denominator")) if row.get("denominator") else None,
            )
    return found


def _entry(
    figure: str, end: date, unit: str, least: int, most: int, denominator: int | None, **more: Any
) -> dict[str, Any]:
    return {
        "figure": figure,
        "month_end": end.isoformat(),
        "unit": unit,
        "numerator": [least, most],
        "denominator": denominator or None,
        **more,
    }


def figures(booked: list[Booked], known: Registry, day: int) -> list[dict[str, Any]]:
    """Every figure at every month end of the key."""
    sure, maybe = first_days(booked, known)
    out = []
    for figure, members in sorted({**registered(booked, known), **listed(booked, known)}.items()):
        for end in month_ends(day):
            alive = [m for m in members if m.since <= end < m.until]
            least, most = (
                sum(days.get(m.subject, NEVER) <= end and days[m.subject] < m.until for m in alive)
                for days in (sure, maybe)
            )
            out.append(_entry(figure, end, "", least, most, len(alive)))
    out += published(booked, day) + connected(booked, day) + used(day)
    for figure, parts in sorted(counted(booked).items()):
        for end in month_ends(day):
            cells: dict[str, list[tuple[int, int | None]]] = defaultdict(list)
            for (unit, _), months in parts.items():
                told = [month for month in months if month <= f"{end:%Y-%m}"]
                if told:
                    cells[unit].append(months[max(told)])
            rows = {"": [pair for pairs in cells.values() for pair in pairs], **cells}
            told_apart = []
            for unit, pairs in rows.items():
                number = sum(n for n, _ in pairs)
                whole = (
                    None if figure in NOT_COUNTED or any(d is None for _, d in pairs) else sum(d or 0 for _, d in pairs)
                )
                hidden = bool(unit) and (1 <= number <= 4 or 1 <= (whole or 0) <= 4)
                hidden = hidden or (whole is not None and 1 <= whole - number <= 4)
                told_apart.append(_entry(figure, end, unit, number, number, whole, hidden=hidden))
            _hide_one_more(told_apart)
            out += told_apart
    return out


def _hide_one_more(cells: list[dict[str, Any]]) -> None:
    """A single hidden unit could be told from the district's sum: the smallest other one is hidden with it."""
    units = [cell for cell in cells if cell["unit"]]
    shown = [cell for cell in units if not cell["hidden"]]
    if len(units) == len(shown) + 1 and shown:
        min(shown, key=lambda cell: (cell["denominator"] or cell["numerator"][0], cell["unit"]))["hidden"] = True


def connected(booked: list[Booked], day: int) -> list[dict[str, Any]]:
    """T19: departments connected by document or by their first delivery that was let in; per unit and for the district."""
    first: dict[str, date] = {}
    for item in _accepted(booked):
        first.setdefault(item.row.dataset.split(".")[0], CALENDAR[item.delivery.day])
    since = {
        name: (unit, min(filter(None, (document, first.get(unit))), default=NEVER))
        for name, (unit, document) in CONNECTED.items()
    }
    out = []
    for end in month_ends(day):
        for unit in ["", *sorted({unit for unit, _ in CONNECTED.values()})]:
            own = [on <= end for by, on in since.values() if unit in ("", by)]
            out.append(_entry("T19", end, unit, sum(own), sum(own), len(own)))
    return out


def used(day: int) -> list[dict[str, Any]]:
    """T20: areas with a document, or with a use on a day before this build."""
    since = dict(INTRODUCED)
    for use in USES:
        if use.day < day:
            since[use.area] = min(filter(None, (since[use.area], DAYS[use.day])))
    counts = [(end, sum(on is not None and on <= end for on in since.values())) for end in month_ends(day)]
    return [_entry("T20", end, "", count, count, len(since)) for end, count in counts]


def write(folder: Path, day: int, booked: list[Booked], known: Registry) -> None:
    """The file of a day, and the newest one under its plain name."""
    answer = {
        "day": day,
        "figures": figures(booked, known, day),
        "no_denominator": ["T08"],
        "silent_unit": "street_north",
        "restated": {
            "dataset": RESTATED[0],
            "figure": MEASURES[RESTATED[1]],
            "month": RESTATED[2],
            "day": RESTATED_ON,
            "fewer": RESTATED_BY,
        },
    }
    for name in (f"day{day}_targets.json", "targets.json"):
        (folder / name).write_text(json.dumps(answer, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
