"""The figures of the targets counted a second time, from raw rows and the ledger in plain Python, sharing nothing with dbt.

T01, T02, T05–T07, T09–T12, T19 and T20 at every month end, for the district and every unit. What a body, a roster, a record
and an event are is read from raw alone; which identifiers name one subject is what the resolution says (it is not dbt's).
"""

from __future__ import annotations

import calendar
import csv
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

from public_credit.ledger import ids

from tests.conftest import DEMO
from tests.helpers.world import World

from .recount import accepted_rows, asked, day_of

# What each record kind calls the day of its event; registrations and counts make no archive.
_EVENT = {
    "abnormal_operation": "entered_on",
    "administrative_licence": "decision_date",
    "administrative_penalty": "decision_date",
    "breach_list": "entered_on",
    "commitment": "made_on",
    "contract_performance": "evaluated_on",
    "disclosure_item": "due_on",
    "honour": "decided_on",
    "inspection_result": "inspected_on",
    "judgment_debtor": "published_on",
    "labour_violation": "decision_date",
    "social_insurance_payment": "period",
    "statutory_rating": "decided_on",
}
# The word by which a revocation names the kind of its document, and the column that holds the document's number.
_REVOCABLE = {
    "abnormal_operation": ("异常", "entry_no"),
    "administrative_licence": ("许可", "decision_no"),
    "administrative_penalty": ("处罚", "decision_no"),
    "breach_list": ("名单", "entry_no"),
    "commitment": ("承诺", "commitment_no"),
    "contract_performance": ("履约", "contract_no"),
    "honour": ("荣誉", "document_no"),
    "inspection_result": ("检查", "inspection_no"),
    "judgment_debtor": ("失信", "case_no"),
    "labour_violation": ("劳动", "case_no"),
    "statutory_rating": ("评级", "document_no"),
}
_ROSTERS = {
    "安全生产重点企业": "T06",
    "工程建设企业": "T07",
    "政府采购参与主体": "T09",
    "招标投标参与主体": "T10",
    "中介服务机构": "T11",
}
_SOCIAL = {"社会团体", "民办非企业单位", "基金会"}
FIGURES = ("T01", "T02", "T05", *_ROSTERS.values(), "T12", "T19", "T20")
_ISSUED = date(2016, 11, 9)  # 周政发〔2017〕58号 counts from here; its first month end is that of December
_FIRST = date(2016, 12, 31)
_LONG_AGO = date(1900, 1, 1)

Row = dict[str, Any]
Cell = tuple[str, str, date]  # figure, unit ('' is the district), month end
# What adds to a figure: figure, unit, numerator, denominator, from, until before (None: for good).
Part = tuple[str, str, int, int, date, date | None]


def _newest(rows: Iterable[Row]) -> dict[str, Row]:
    """The newest version of each record."""
    found: dict[str, Row] = {}
    for row in rows:
        held = found.get(row["record"])
        rank = (row["source_version"], row["seq"], row["row_no"])
        if held is None or rank > (held["source_version"], held["seq"], held["row_no"]):
            found[row["record"]] = row
    return found


class _Rosters:
    """Which full snapshots of a kind were let in, in order, and which records each of them lists, returned rows included."""

    def __init__(self, world: World, kind: str):
        self.listed: dict[str, list[tuple[date, set[str]]]] = defaultdict(list)
        for row in asked(
            world,
            f"""select b.dataset_id, b.seq, coalesce(b.gated_on, b.business_date) as gated_on,
                    array_agg({ids.record_id("r.record_id")}) as records
                from ledger.batch b join raw.{kind} r on r.batch_seq = b.seq and r.attempt = b.current_attempt
                where b.kind = '{kind}' and b.delivery_mode = 'full_snapshot' and r.record_id is not null
                  and b.state in ('accepted', 'accepted_with_quarantine')
                group by b.dataset_id, b.seq, b.gated_on, b.business_date order by b.seq""",
        ):
            self.listed[row["dataset_id"]].append((date.fromisoformat(row["gated_on"]), set(row["records"])))

    def left(self, dataset: str, record: str) -> date | None:
        """The day of the first snapshot after the last one that lists a record; None while it is listed."""
        gone = None
        for day, records in reversed(self.listed[dataset]):
            if record in records:
                break
            gone = day
        return gone


def _subjects(world: World) -> dict[tuple[str, str], str]:
    return {
        (scheme, value): subject
        for scheme, value, subject in world.query(
            "select scheme, value, subject_id from subjects.identifier where subject_id is not null"
        )
    }


def _covering(world: World, today: date, subjects: dict[tuple[str, str], str]) -> dict[str, date]:
    """Subject → the day of the first record of its archive."""
    told = defaultdict(list)
    for row in _newest(accepted_rows(world, "decision_event")).values():
        if row["event_type"] == "撤销" and (day_of(row["event_date"]) or today) <= today:
            told[row["decision_table"], row["decision_no"], row["authority_uscc"]].append(row["uscc"])
    links = world.query("select old_record_id, new_record_id from ledger.record_link")
    first: dict[str, date] = {}
    for kind, event in _EVENT.items():
        rows = list(accepted_rows(world, kind))
        there = {row["record"] for row in rows}
        replaced = {old for old, new in links if new in there}
        word, number = _REVOCABLE.get(kind, ("", ""))
        for row in _newest(rows).values():
            subject = subjects.get((row["subject_scheme"], row["subject_value"]))
            day = day_of(f"{row[event]}-01" if event == "period" else row[event])
            if row["variant"] == "person" or subject is None or day is None or row["record"] in replaced:
                continue
            revoked = told[word, row[number], row["authority_uscc"]] if word and row[number] else []
            if any(code in ("", row["uscc"]) for code in revoked):
                continue
            first[subject] = min(day, first.get(subject, day))
    return first


def _register(world: World, subjects: dict[tuple[str, str], str]) -> dict[str, tuple[str, str, date, date | None]]:
    """Subject → figure of its population, unit that keeps it, founded, ended, as its register rows have it."""
    rows_of: dict[str, list[Row]] = defaultdict(list)
    for kind in ("enterprise_registration", "organisation_registration"):
        versions, rosters = list(accepted_rows(world, kind)), _Rosters(world, kind)
        once_alive = {row["record"] for row in versions if row["state"] in ("", "存续")}
        for row in _newest(versions).values():
            subject = subjects.get((row["subject_scheme"], row["subject_value"]))
            if subject is None:
                continue
            row["gone"] = rosters.left(row["dataset_id"], row["record"])
            row["ended"] = day_of(row.get("state_on")) or (
                date.fromisoformat(row["gated_on"]) if row["record"] in once_alive else None
            )
            rows_of[subject].append(row)
    found = {}
    for subject, rows in rows_of.items():
        kinds = {row.get("org_type", "企业") for row in rows}
        figure = "T05" if "企业" in kinds else "T02" if "事业单位" in kinds else "T12" if kinds & _SOCIAL else ""
        founded = max(
            ((row["source_version"], row["seq"], day_of(row["established_on"])) for row in rows),
            key=lambda each: each[:2],
        )[2]
        ended = None
        if not any(row["state"] in ("", "存续") for row in rows):
            days = [row["ended"] for row in rows if row["ended"]]
            ended = max(days) if days else founded or _LONG_AGO
        elif all(row["gone"] for row in rows):
            ended = max(row["gone"] for row in rows)
        found[subject] = (figure, min(row["unit_id"] for row in rows), founded or _LONG_AGO, ended)
    return found


def _listed(world: World, subjects: dict[tuple[str, str], str]) -> dict[tuple[str, str], tuple[str, date, date | None]]:
    """(figure, item) → unit, first and last day on the rosters of a target; an item nobody knows is its own row."""
    rosters = _Rosters(world, "sector_roster")
    found: dict[tuple[str, str], list[tuple[str, date, date | None]]] = defaultdict(list)
    for row in _newest(accepted_rows(world, "sector_roster")).values():
        if row["roster_name"] not in _ROSTERS:
            continue
        item = subjects.get((row["subject_scheme"], row["subject_value"]), f"roster:{row['record']}")
        left = day_of(row["removed_on"]) or rosters.left(row["dataset_id"], row["record"])
        listed = day_of(row["listed_on"])
        assert listed is not None, "the kind asks for the day"
        found[_ROSTERS[row["roster_name"]], item].append((row["unit_id"], listed, left))
    return {
        place: (
            min(unit for unit, *_ in rows),
            min(on for _, on, _ in rows),
            None if any(left is None for *_, left in rows) else max(left for *_, left in rows if left),
        )
        for place, rows in found.items()
    }


def _archives(world: World, today: date) -> Iterable[Part]:
    subjects = _subjects(world)
    covering = _covering(world, today, subjects)
    members = {
        (figure, subject): (unit, on, to) for subject, (figure, unit, on, to) in _register(world, subjects).items()
    }
    for (figure, item), (unit, on, to) in (members | _listed(world, subjects)).items():
        if not figure or (to is not None and to <= on):
            continue
        yield figure, unit, 0, 1, on, to
        first = covering.get(item)
        if first is not None and (to is None or first < to):
            yield figure, unit, 1, 0, max(first, on), to


def _disclosure(world: World) -> Iterable[Part]:
    """T01: item by item; where a unit lists none, its reports, each until the next one of the same unit."""
    rows = list(accepted_rows(world, "disclosure_item"))
    replaced = dict(world.query("select old_record_id, new_record_id from ledger.record_link"))
    there, listing = {row["record"] for row in rows}, set()
    for row in _newest(rows).values():
        due = day_of(row["due_on"])
        assert due is not None, "the kind asks for the day"
        if row["publication_state"] == "依法不予公开" or replaced.get(row["record"]) in there:
            continue
        listing.add(row["unit_id"])
        yield "T01", row["unit_id"], 0, 1, due, None
        if row["publication_state"] == "网上已公开":
            yield "T01", row["unit_id"], 1, 0, max(day_of(row["published_on"]) or due, due), None
    units = dict(world.query("select uscc, unit_id from ledger.unit"))
    reports: dict[str, dict[date, Row]] = defaultdict(dict)
    for row in _newest(accepted_rows(world, "aggregate_count")).values():
        if row["measure"] == "政务公开事项数" and row["unit_id"] not in listing:
            first = date.fromisoformat(f"{row['month']}-01")
            last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
            reports[row["unit_uscc"]][last] = row
    for by_month in reports.values():
        months = sorted(by_month)
        for month, until in zip(months, [*months[1:], None], strict=True):
            row = by_month[month]
            unit = units.get(row["unit_uscc"], row["unit_id"])
            yield "T01", unit, int(row["numerator"]), int(row["denominator"]), month, until


def _departments(world: World) -> Iterable[Part]:
    """T19: connected by a document, or by the first batch with rows that was let in."""
    delivered = dict(
        world.query(
            "select unit_id, min(business_date) from ledger.batch "
            "where state in ('accepted', 'accepted_with_quarantine') and rows_in > 0 group by unit_id"
        )
    )
    for row in _evidence("department_evidence"):
        yield "T19", row["unit_id"], 0, 1, _ISSUED, None
        days = [day for day in (day_of(row["connected_on"]), delivered.get(row["unit_id"])) if day]
        if days:
            yield "T19", row["unit_id"], 1, 0, min(days), None


def _areas(world: World) -> Iterable[Part]:
    """T20: used by a document, or by the first report or review on record."""
    used = dict(world.query("select area, min(used_on) from ledger.report where area <> '' group by area"))
    documents = {row["area"]: day_of(row["first_on"]) for row in _evidence("area_evidence")}
    for area in ("政府采购", "招标投标", "公共资源交易", "政府资金补助"):
        yield "T20", "", 0, 1, _ISSUED, None
        days = [day for day in (documents.get(area), used.get(area)) if day]
        if days:
            yield "T20", "", 1, 0, min(days), None


def _evidence(name: str) -> list[dict[str, str]]:
    with (DEMO / "evidence" / f"{name}.csv").open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def _month_ends(today: date) -> list[date]:
    found = []
    for year in range(_FIRST.year, today.year + 1):
        for month in range(1, 13):
            day = date(year, month, calendar.monthrange(year, month)[1])
            if day >= _FIRST and (year, month) <= (today.year, today.month):
                found.append(day)
    return found


def targets(world: World, today: date) -> dict[Cell, tuple[int, int]]:
    """Figure, unit and month end → numerator and denominator; nothing before a unit's first part."""
    parts = [*_archives(world, today), *_disclosure(world), *_departments(world), *_areas(world)]
    months = _month_ends(today)
    found: dict[Cell, list[int]] = {(figure, "", month): [0, 0] for figure in FIGURES for month in months}
    for figure, unit, numerator, denominator, on, until in parts:
        for month in months:
            if month < on and not (month == _FIRST and on <= _FIRST):
                continue
            for place in {(figure, "", month), (figure, unit, month)}:
                cell = found.setdefault(place, [0, 0])
                if until is None or month < until:
                    cell[0] += numerator
                    cell[1] += denominator
    return {place: (cell[0], cell[1]) for place, cell in found.items()}


def differences(world: World, counted: dict[Cell, tuple[int, int]]) -> list[str]:
    """Every target × unit × month end of a count against the mart."""
    there = {
        tuple(row[:3]): (row[3] or 0, row[4] or 0)
        for row in world.query(
            "select t.figure_id, p.unit_id, p.month_end, p.numerator, p.denominator from marts.mart_targets__progress p "
            "join policy.target t on t.target_id = p.target_id and t.goal_no = p.goal_no where t.figure_id = any(%s)",
            [list(FIGURES)],
        )
    }
    return [
        f"{place}: counted {counted.get(place)}, mart {there.get(place)}"
        for place in sorted({*counted, *there})
        if counted.get(place) != there.get(place)
    ]
