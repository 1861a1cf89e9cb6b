"""Dated facts of a district that no delivery tells: a milestone reached, a department connected, an area of credit reports introduced.

They stand, each with its document, in ``<district>/evidence/*.csv`` and go into schema ``policy`` anew before every build.
Without a district there are none: the product itself holds no fact of anybody.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.orm import Session

from ..base import settings
from ..base.messages import UserError
from ..policy import seeds as policy


@dataclass(frozen=True)
class Table:
    """Columns of a file (``_on``: a date), those that are never blank, and the seed whose ids its first column names."""

    columns: tuple[str, ...]
    needed: tuple[str, ...]
    seed: str
    states: tuple[str, ...] = ()


TABLES = {
    "milestone_evidence": Table(
        ("milestone_id", "state", "state_on", "evidence", "document_no", "entered_by"),
        ("state", "state_on", "document_no", "entered_by"),
        "milestone",
        ("推进中", "已完成"),
    ),
    "department_evidence": Table(("department", "unit_id", "connected_on", "evidence"), ("unit_id",), "key_department"),
    "area_evidence": Table(("area", "first_on", "evidence"), ("first_on", "evidence"), "report_area"),
}


def folder() -> Path | None:
    """Where the district's facts stand. Raises UserError (code 3) when the district's folder is none."""
    district = settings.district_folder()
    if district is not None and not district.is_dir():
        raise UserError("PCW_DISTRICT_FOLDER 所指的文件夹不存在。", remedy="改正该变量，或不设置。", code=3)
    return district and district / "evidence"


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _faults(table: Table, row: dict[str, str], known: set[str]) -> Iterator[str]:
    first = table.columns[0]
    if row[first] not in known:
        yield f"{first} 不在种子表 {table.seed} 中"
    if table.states and row["state"] not in table.states:
        yield f"state 只能是{'、'.join(table.states)}"
    yield from (f"{name} 不能为空" for name in table.needed if not row[name])
    for name in table.columns:
        if name.endswith("_on") and row[name] and not _is_date(row[name]):
            yield f"{name} 应为日期，写成 2018-09-28"
    if table.columns[-1] == "evidence" and row[table.columns[-2]] and not row["evidence"]:
        yield "有日期而没有 evidence（文件名和文号）"


def read(name: str) -> list[dict[str, str | None]]:
    """The rows of one file, none where there is no file. Raises UserError with file, line and what is wrong."""
    table, place = TABLES[name], folder()
    path = place / f"{name}.csv" if place else None
    if path is None or not path.exists():
        return []
    wrong = f"佐证 evidence/{path.name}"
    rows: list[dict[str, str | None]] = []
    remedy = f"表头为 {','.join(table.columns)}，编码 UTF-8；改正后重跑。"
    try:
        with path.open(encoding="utf-8-sig", newline="") as source:
            found = csv.DictReader(source)
            if tuple(found.fieldnames or ()) != table.columns:
                raise UserError(f"{wrong} 的表头不对。", remedy=remedy, code=3)
            known = {row[table.columns[0]] for row in policy.seed(table.seed, "targets")}
            for line in found:
                row = {column: (line[column] or "").strip() for column in table.columns}
                if fault := next(_faults(table, row, known), "" if None not in line else "列数多于表头"):
                    raise UserError(f"{wrong} 第 {found.line_num} 行：{fault}。", remedy=remedy, code=3)
                if not table.states and any(row[table.columns[0]] == other[table.columns[0]] for other in rows):
                    raise UserError(f"{wrong} 第 {found.line_num} 行：{table.columns[0]} 重复。", remedy=remedy, code=3)
                rows.append({column: value or None for column, value in row.items()})
    except UnicodeDecodeError:
        raise UserError(f"{wrong} 不是 UTF-8 编码。", remedy=remedy, code=3) from None
    except csv.Error:
        raise UserError(f"{wrong} 不是完整的 CSV（引号没有配对？）。", remedy=remedy, code=3) from None
    return rows


def publish(opened: Session) -> None:
    """Put the district's facts where dbt reads them, instead of those of the build before."""
    for name, table in TABLES.items():
        rows = read(name)
        columns = ", ".join(f"{column} {'date' if column.endswith('_on') else 'text'}" for column in table.columns)
        opened.execute(text(f"create table if not exists policy.{name} ({columns})"))
        opened.execute(text(f"delete from policy.{name}"))
        if rows:
            opened.execute(
                text(f"insert into policy.{name} values ({', '.join(f':{column}' for column in table.columns)})"), rows
            )
