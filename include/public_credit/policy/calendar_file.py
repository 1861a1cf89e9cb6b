"""The table of working days as a file: the seed of the product, and ``calendar.csv`` of a district in the same form."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from io import StringIO
from pathlib import Path

from ..base import files, settings
from ..base.messages import UserError

COLUMNS = ("day", "is_workday", "note", "source")
NAME = "calendar.csv"


@dataclass(frozen=True)
class Day:
    """What is said of a day: whether it is worked, why (``note``, may be ''), and who says so."""

    day: date
    is_workday: bool
    note: str
    source: str


def seed_path() -> Path:
    """The product's table: years announced by the State Council (国务院办公厅关于部分节假日安排的通知)."""
    return settings.checkout() / "dbt_project" / "seeds" / "policy" / "working_days.csv"


def district_path() -> Path | None:
    """The district's own table, which overrides the product's day by day; None without a district. It may be absent."""
    folder = settings.district_folder()
    return folder / NAME if folder else None


def wrong(path: Path, line: int, fault: str, columns: Iterable[str] = COLUMNS) -> UserError:
    """What is said of a table that cannot be used."""
    return UserError(
        f"工作日历 {path.name} 第 {line} 行：{fault}。",
        code=3,
        remedy=f"表头为 {','.join(columns)}，编码 UTF-8；改正后重跑。",
    )


def read_rows(path: Path, columns: tuple[str, ...]) -> list[tuple[int, date, bool, dict[str, str]]]:
    """Line, day, whether it is worked, and the whole row. Raises UserError (code 3) with file, line and what is wrong."""
    found: dict[date, tuple[int, date, bool, dict[str, str]]] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as source:
            reader = csv.DictReader(source)
            if tuple(reader.fieldnames or ()) != columns:
                raise wrong(path, 1, "表头不对", columns)
            for row in reader:
                line = reader.line_num
                try:
                    day = date.fromisoformat(row["day"] or "")
                except ValueError:
                    raise wrong(path, line, "day 应为日期，写成 2027-01-01", columns) from None
                if row["is_workday"] not in ("true", "false") or None in row or None in row.values():
                    raise wrong(path, line, "is_workday 只能是 true 或 false，列数与表头相同", columns)
                if day in found:
                    raise wrong(path, line, f"{day} 重复", columns)
                found[day] = (line, day, row["is_workday"] == "true", row)
    except (UnicodeDecodeError, csv.Error):
        raise wrong(path, 1, "不是完整的 UTF-8 CSV", columns) from None
    return list(found.values())


@files.kept_while_unchanged
def read(path: Path) -> tuple[Day, ...]:
    """The days of a table, in their order. Raises UserError (code 3) with file, line and what is wrong."""
    days = (Day(day, works, row["note"], row["source"]) for _, day, works, row in read_rows(path, COLUMNS))
    return tuple(sorted(days, key=lambda item: item.day))


def write(path: Path, days: Iterable[Day]) -> None:
    """Put days into a table, whole or not at all; what it says of other days stays."""
    merged = {item.day: item for item in (read(path) if path.exists() else ())} | {item.day: item for item in days}
    text = StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    for _, item in sorted(merged.items()):
        table.writerow((item.day, str(item.is_workday).lower(), item.note, item.source))
    files.write(path, text.getvalue(), files.SHARED)
