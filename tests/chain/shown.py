"""What the page, the workbook and the PDF show, read back from the files and compared with the second count of the figures."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import defaultdict
from datetime import date
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import openpyxl
from public_credit.papers.leadership import load, publish

from tests.helpers.runs import run_on
from tests.helpers.world import World

from .recount import COLUMNS, decisions
from .recount import Cell as DecisionCell
from .target_recount import FIGURES
from .target_recount import Cell as TargetCell

Targets = dict[TargetCell, tuple[int, int]]
Decisions = dict[DecisionCell, dict[str, Any]]
_RATES = {
    "timely_rate": (lambda c: c["due"] - c["late"], lambda c: c["due"]),
    "compliance_rate": (lambda c: c["accepted"], lambda c: c["received"]),
    "reporting_rate": (lambda c: c["received_of_generated"], lambda c: c["generated"]),
    "link_rate": (lambda c: c["linked"], lambda c: c["organisations"]),
    "publication_rate": (lambda c: c["published"], lambda c: c["to_publish"]),
}
_HEADS = {
    "存量补录": "backlog",
    "产生": "generated",
    "其中已报送": "received_of_generated",
    "台账少报": "surplus",
    "报送": "received",
    "期限已过": "due",
    "迟报": "late",
    "办理期内": "running",
    "组织的决定": "organisations",
    "关联": "linked",
    "须公示": "to_publish",
    "已公示": "published",
}


def _percent(numerator: int, denominator: int) -> str:
    """One digit, half up, and never 100 % of less than all nor 0 % of something."""
    if not denominator:
        return "—"
    share = Decimal(100 * numerator) / denominator
    shown = share.quantize(Decimal("0.1"), ROUND_HALF_UP)
    if numerator < denominator and shown == 100:
        shown = share.quantize(Decimal("0.1"), ROUND_DOWN)
    return f"{max(shown, Decimal('0.1')) if numerator else shown}%"


def _ratio(numerator: int, denominator: int) -> str:
    return f"{numerator:,} / {denominator:,}" if denominator else f"{numerator:,} / 缺分母"


def _by_year(counted: Decisions, table: str = "") -> dict[tuple[str, str], dict[str, int]]:
    """Unit ('' is the district) and year → sums of the months of both tables, or of one."""
    found: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: dict.fromkeys(COLUMNS, 0))
    for (unit, of, month), counts in counted.items():
        for place in (unit, month[:4]), ("", month[:4]):
            for name, value in counts.items():
                found[place][name] += (value or 0) if table in ("", of) else 0
    return found


def _target_lines(page: str) -> dict[tuple[str, str, str], tuple[str, str]]:
    """Figure, unit and year → percent and fraction, of every row of the page."""
    found: dict[tuple[str, str, str], tuple[str, str]] = {}
    for row in re.split(r"(?=<li class=\"row)", page)[1:]:
        name = re.search(r'data-figure="(\w+)/1/(\w*)/(\d{4})"', row)
        if name:
            cells = [re.search(rf'<span class="n {each}">([^<]*)<', row) for each in ("pct", "frac")]
            percent, fraction = (cell[1].strip() if cell else "" for cell in cells)
            found[name[1], name[2], name[3]] = percent, fraction
    return found


def page_differences(
    page: str, targets: Targets, frozen: dict[int, Targets], counted: Decisions
) -> tuple[list[str], int]:
    """Targets of every unit and year, rates of every unit and year; ``frozen``: the count a frozen year was made of."""
    months = sorted({month for *_, month in targets})
    last = {month.year: month for month in months}
    wrong, compared = [], 0
    for (figure, unit, year), shown in _target_lines(page).items():
        if figure not in FIGURES:
            continue
        compared += 1
        numbers = frozen.get(int(year), targets)[figure, unit, last[int(year)]]
        if shown != (_percent(*numbers), _ratio(*numbers)):
            wrong.append(f"page {figure} {unit} {year}: {shown}, counted {numbers}")
    sums = _by_year(counted)
    for metric, unit, year, text in re.findall(r'data-rate="(\w+)/(\w*)/(\d{4})">(?:<b>)?([^<\s]*)', page):
        above, below = _RATES[metric]
        compared += 1
        if text != _percent(above(sums[unit, year]), below(sums[unit, year])):
            wrong.append(f"page {metric} {unit} {year}: {text}, counted {sums[unit, year]}")
    return wrong, compared


def _lines(book: Any, sheet: str) -> list[dict[str, Any]]:
    rows = list(book[sheet].iter_rows(min_row=4, values_only=True))
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def workbook_differences(
    path: Path, targets: Targets, frozen: dict[int, Targets], counted: Decisions, units: dict[str, str], year: int
) -> tuple[list[str], int]:
    """The targets year by year, 双公示 of the district year by year and of the units in one year."""
    book = openpyxl.load_workbook(path)
    last = {month.year: month for *_, month in sorted(targets, key=lambda cell: cell[2])}
    wrong, compared = [], 0
    for line in _lines(book, "逐年进展"):
        for each in last:
            if (figure := line["编号"]) in FIGURES and "评审专家" not in line[
                "目标"
            ]:  # the persons' part of T09 and T10
                compared += 1
                shown = tuple(0 if value == "—" else value for value in (line[f"{each} 分子"], line[f"{each} 分母"]))
                if shown != frozen.get(each, targets)[figure, "", last[each]]:
                    wrong.append(f"workbook {figure} {each}: {shown}")
    sides = [
        *((line, "", str(line["年份"]), {"合计": "", "许可": "licence", "处罚": "penalty"}[line["类别"]])
          for line in _lines(book, "双公示质量")),
        *((line, units[line["单位"]], str(year), "") for line in _lines(book, "部门报送比较") if line["单位"] in units),
    ]  # fmt: skip
    for line, unit, of, table in sides:
        sums = _by_year(counted, table)[unit, of]
        for head, name in _HEADS.items():
            compared += 1
            if (0 if line[head] == "—" else line[head]) != sums[name]:
                wrong.append(f"workbook {unit} {of} {table} {head}: {line[head]}, counted {sums[name]}")
    return wrong, compared


def differences(
    world: World, folder: Path, today: date, targets: Targets, frozen: dict[int, Targets]
) -> tuple[list[str], int]:
    """Page, workbook and PDF of the newest build, written into ``folder``; (differences, values compared)."""
    published = publish.write(load.load(run_on(today)), folder)
    counted = decisions(world, today)
    units = {name: unit for unit, name in world.query("select unit_id, name from ledger.unit")}
    found = [
        page_differences(published.page.read_text(encoding="utf-8"), targets, frozen, counted),
        workbook_differences(published.workbook, targets, frozen, counted, units, today.year),
        pdf_differences(published.pdf, targets, counted, today),
    ]
    return [line for wrong, _ in found for line in wrong], sum(compared for _, compared in found)


def pdf_differences(path: Path, targets: Targets, counted: Decisions, today: date) -> tuple[list[str], int]:
    """The district's targets and its rate of the year, as printed; nothing where the machine cannot read a PDF."""
    if not shutil.which("pdftotext"):
        return [], 0
    text = subprocess.run(["pdftotext", "-raw", str(path), "-"], capture_output=True, text=True, check=True).stdout
    printed, month = re.sub(r"\s+", "", text), max(month for *_, month in targets)
    sums = _by_year(counted)["", str(today.year)]
    wanted = {
        figure: f"{_percent(*numbers)}{_ratio(*numbers)}".replace(" ", "")
        for figure in FIGURES
        if (numbers := targets[figure, "", month])
    }
    wanted["按期"] = f"按期{sums['due'] - sums['late']:,}/期限已过{sums['due']:,}"
    return [f"pdf {name}: no {shown}" for name, shown in wanted.items() if shown not in printed], len(wanted)
