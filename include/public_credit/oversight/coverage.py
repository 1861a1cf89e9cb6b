"""Coverage of the plan's sectors D01–D35: datasets, departments, last delivery, and what is refused with the reason."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import text

from ..catalogue import Catalogue, load_catalogue
from ..ledger.session import session
from ..ledger.states import BatchState, sql

POPULATIONS = {"roster": "名册", "aggregate": "合计数"}
_LAST = f"select dataset_id, max(business_date) from ledger.batch where coalesce(set_aside_from, state) <> {sql(BatchState.BROKEN)} group by 1"
_REFUSED = "select refused_id, count(*) from ledger.refused_delivery group by 1"


def _datasets(catalogue: Catalogue, sector_id: str, last: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "id": dataset.id,
            "title": dataset.title,
            "unit": catalogue.unit_name(dataset.unit),
            "kind": dataset.kind,
            "delivery_mode": dataset.delivery_mode,
            "cadence_days": dataset.cadence_days,
            "floor": dataset.floor,
            "legal_basis": dataset.legal_basis,
            "disclosure": dataset.disclosure,
            "last_delivery": last.get(dataset.id),
        }
        for dataset in catalogue.datasets.values()
        if sector_id in dataset.sectors
    ]


def table() -> list[dict[str, Any]]:
    """One entry per sector; ``last_delivery`` is a business date or None, ``turned_away`` counts refused deliveries."""
    catalogue = load_catalogue()
    with session("reader") as opened:
        last: dict[str, date] = dict(opened.execute(text(_LAST)).tuples().all())
        turned_away: dict[str, int] = dict(opened.execute(text(_REFUSED)).tuples().all())
    rows = []
    for sector_id, sector in sorted(catalogue.sectors.items()):
        datasets = _datasets(catalogue, sector_id, last)
        dates = [item["last_delivery"] for item in datasets if item["last_delivery"]]
        rows.append(
            {
                "sector": sector_id,
                "title": sector.title,
                "clause": sector.clause,
                "population": sector.population,
                "responsible": [catalogue.unit_name(unit) for unit in catalogue.district.sectors.get(sector_id, [])],
                "planned_on": catalogue.district.planned.get(sector_id),
                "departments": list(dict.fromkeys(item["unit"] for item in datasets)),
                "datasets": datasets,
                "last_delivery": max(dates, default=None),
                "refused": [
                    {
                        "id": name,
                        "title": entry.title,
                        "reason": entry.reason,
                        "clause": entry.clause,
                        "turned_away": turned_away.get(name, 0),
                    }
                    for name, entry in catalogue.refused.items()
                    if sector_id in entry.sectors
                ],
            }
        )
    return rows


def lines(row: dict[str, Any]) -> list[tuple[str, ...]]:
    """A sector as a person reads it: one line per department, then what is refused and how often it came."""
    head = (row["sector"], row["title"], POPULATIONS[row["population"]])
    found = []
    for unit in row["departments"]:
        datasets = [item for item in row["datasets"] if item["unit"] == unit]
        newest = max((item["last_delivery"] for item in datasets if item["last_delivery"]), default=None)
        found.append((unit, "、".join(item["title"] for item in datasets), str(newest or "尚未报送")))
    for entry in row["refused"]:
        times = f"，已拒收 {entry['turned_away']} 份" if entry["turned_away"] else ""
        found.append(("不予归集", f"{entry['title']}：{entry['reason']}（{entry['clause']}）{times}", "—"))
    if not found:
        planned = row["planned_on"]
        found.append(("尚未接入", f"计划 {planned} 接入" if planned else "", "—"))
    return [
        (*(head if number == 0 else ("", "", "")), unit, newest, what)
        for number, (unit, what, newest) in enumerate(found)
    ]
