"""Facts of the district that no delivery tells, put where dbt reads them before every build.

``district.yml`` says who answers for which target and what the plan names; dated facts – a milestone reached, a department
connected, an area of credit reports introduced – stand, each with its document, in ``<district>/evidence/*.csv``. Without a
district there are none: the product itself holds no fact of anybody.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Container, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from ..base import settings
from ..base.messages import UserError
from ..catalogue import load_catalogue
from ..ledger.models import Base, CalendarDay, KeyDepartment, MilestoneEvidence, ReportArea, TargetUnit
from ..ledger.states import UnitRole
from ..policy import calendar_file
from ..policy import seeds as policy
from ..policy.workdays import WorkCalendar


@dataclass(frozen=True)
class File:
    """Columns of a file (``_on``: a date), those that are never blank, and what may stand in its first column and where that is said."""

    columns: tuple[str, ...]
    needed: tuple[str, ...]
    named: Callable[[], set[str]]
    where: str
    states: tuple[str, ...] = ()


FILES = {
    "milestone_evidence": File(
        ("milestone_id", "state", "state_on", "evidence", "document_no", "entered_by"),
        ("state", "state_on", "document_no", "entered_by"),
        lambda: {row["milestone_id"] for row in policy.seed("milestone", "targets")},
        "种子表 milestone",
        ("推进中", "已完成"),
    ),
    "department_evidence": File(
        ("department", "unit_id", "connected_on", "evidence"),
        ("unit_id",),
        lambda: set(load_catalogue().district.key_departments),
        "district.yml 的 key_departments",
    ),
    "area_evidence": File(
        ("area", "first_on", "evidence"),
        ("first_on", "evidence"),
        lambda: set(load_catalogue().district.report_areas),
        "district.yml 的 report_areas",
    ),
}


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _faults(file: File, row: dict[str, str], named: set[str], units: Container[str]) -> Iterator[str]:
    first = file.columns[0]
    if row[first] not in named:
        yield f"{first} 不在 {file.where} 中"
    if file.states and row["state"] not in file.states:
        yield f"state 只能是{'、'.join(file.states)}"
    yield from (f"{name} 不能为空" for name in file.needed if not row[name])
    for name in file.columns:
        if name.endswith("_on") and row[name] and not _is_date(row[name]):
            yield f"{name} 应为日期，写成 2018-09-28"
    if file.columns[-1] == "evidence" and row[file.columns[-2]] and not row["evidence"]:
        yield "有日期而没有 evidence（文件名和文号）"
    if row.get("unit_id") and row["unit_id"] not in units:
        yield "unit_id 不是 departments 中的单位"


def read(name: str) -> list[dict[str, Any]]:
    """The rows of one file of evidence, none where there is no file. Raises UserError with file, line and what is wrong."""
    file, district = FILES[name], settings.district_folder()
    path = district / "evidence" / f"{name}.csv" if district else None
    if path is None or not path.exists():
        return []
    wrong = f"佐证 evidence/{path.name}"
    remedy = f"表头为 {','.join(file.columns)}，编码 UTF-8；改正后重跑。"
    try:
        return _rows(path, file, wrong, remedy)
    except UnicodeDecodeError:
        raise UserError(f"{wrong} 不是 UTF-8 编码。", remedy=remedy, code=3) from None
    except OSError:
        raise UserError(f"{wrong} 读不了。", remedy="检查该文件的权限。", code=3) from None
    except csv.Error:
        raise UserError(f"{wrong} 不是完整的 CSV（引号没有配对？）。", remedy=remedy, code=3) from None


def _rows(path: Path, file: File, wrong: str, remedy: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    with path.open(encoding="utf-8-sig", newline="") as source:
        found = csv.DictReader(source)
        if tuple(found.fieldnames or ()) != file.columns:
            raise UserError(f"{wrong} 的表头不对。", remedy=remedy, code=3)
        named, units = file.named(), load_catalogue().units
        for line in found:
            row = {column: (line[column] or "").strip() for column in file.columns}
            if fault := next(_faults(file, row, named, units), "" if None not in line else "列数多于表头"):
                raise UserError(f"{wrong} 第 {found.line_num} 行：{fault}。", remedy=remedy, code=3)
            if not file.states and any(row[file.columns[0]] == other[file.columns[0]] for other in rows):
                raise UserError(f"{wrong} 第 {found.line_num} 行：{file.columns[0]} 重复。", remedy=remedy, code=3)
            rows.append({column: value or None for column, value in row.items()})
    return rows


def _proved(names: list[str], key: str, name: str) -> list[dict[str, Any]]:
    """One row per name of the plan, with what a file of evidence says of it."""
    said = {row[key]: row for row in read(name)}
    return [dict.fromkeys(FILES[name].columns) | {key: item} | said.get(item, {}) for item in names]


def _target_units() -> list[dict[str, Any]]:
    """Who answers for which figure, of those that the plan and the catalogue have."""
    figures, catalogue = _figures(), load_catalogue()
    return [
        {"figure_id": figure, "role": role, "place": place, "unit_id": unit}
        for figure, entry in catalogue.district.targets.items()
        for role, units in ((UnitRole.RESPONSIBLE, entry.responsible), (UnitRole.CONTRIBUTING, entry.contributing))
        for place, unit in enumerate(units, start=1)
        if figure in figures and unit in catalogue.units
    ]


def _figures() -> set[str]:
    return {row["figure_id"] for row in policy.seed("target", "targets")} | {
        row["milestone_id"] for row in policy.seed("milestone", "targets")
    }


def _unknown() -> Iterator[UserError]:
    """What is named and cannot be: figures the plan does not have, files in the folder of evidence."""
    district, folder = load_catalogue().district, settings.district_folder()
    if unknown := sorted(district.targets.keys() - _figures()):
        yield UserError(
            f"district.yml 的 targets 中没有这样的目标数字：{'、'.join(unknown)}。",
            remedy="写种子表 target 的 figure_id（T01 至 T20、T09P、T10P）或里程碑编号（M01 至 M13）。",
            code=3,
        )
    evidence = folder / "evidence" if folder else None
    given = {path.name for path in evidence.iterdir()} if evidence and evidence.is_dir() else set()
    if unknown := sorted(name for name in given - {f"{name}.csv" for name in FILES} if not name.startswith(".")):
        yield UserError(
            f"佐证文件夹 evidence 中有不认识的文件：{'、'.join(unknown)}。",
            remedy=f"改名为 {'、'.join(f'{name}.csv' for name in FILES)} 之一，或移到别处。",
            code=3,
        )


@dataclass(frozen=True)
class Facts:
    """Facts of the district by the table they go to, and what is wrong: a table whose file has a mistake is not among them."""

    given: dict[type[Base], list[dict[str, Any]]]
    faults: list[UserError]


def facts() -> Facts:
    """All facts of the district. A file with a mistake stops no build: what was published of it before stays."""
    district, faults = load_catalogue().district, list(_unknown())
    given: dict[type[Base], list[dict[str, Any]]] = {TargetUnit: _target_units()}
    ways: tuple[tuple[type[Base], Callable[[], list[dict[str, Any]]]], ...] = (
        (MilestoneEvidence, lambda: read("milestone_evidence")),
        (KeyDepartment, lambda: _proved(district.key_departments, "department", "department_evidence")),
        (ReportArea, lambda: _proved(district.report_areas, "area", "area_evidence")),
    )
    for table, rows in ways:
        try:
            given[table] = rows()
        except UserError as fault:
            faults.append(fault)
    try:
        WorkCalendar.load()
    except UserError as fault:
        faults.append(fault)
    return Facts(given, faults)


def calendar_days(on: date) -> list[dict[str, Any]]:
    """What the calendar says beside the product's seed, to the end of the year after a business date.

    That is the longest a deadline of a decision received by then can lie ahead. Raises UserError where a table is wrong.
    """
    seed = set(calendar_file.read(calendar_file.seed_path()))
    return [
        {"announced": announced} | vars(day)
        for day, announced in WorkCalendar.load().through(date(on.year + 1, 12, 31))
        if day not in seed
    ]


def publish(opened: Session, on: date) -> None:
    """Put the district's facts and its calendar where dbt reads them, instead of those of the build before."""
    given = facts().given
    with suppress(UserError):  # a calendar with a mistake is among the faults of ``facts``: the days before stay
        given[CalendarDay] = calendar_days(on)
    for table, rows in given.items():
        opened.execute(delete(table))
        if rows:
            opened.execute(insert(table), rows)
