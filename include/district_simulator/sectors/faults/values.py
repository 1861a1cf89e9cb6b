"""R01, R09, R12, R13, R15: blank, unreadable, negative, unknown values; unknown units."""

from __future__ import annotations

from datetime import date

from district_simulator.decisions.faults.dates import shapes
from district_simulator.decisions.faults.references import stranger_office
from district_simulator.sectors.faults.describe import SectorContext, alike, fault, has
from district_simulator.vocabulary.rows import Row
from district_simulator.vocabulary.units import UNITS, unit_of


def _any(table) -> bool:
    return True


def _required(ctx: SectorContext) -> list[str]:
    """Required fields one may leave blank without hitting another rule."""
    return [
        f.name
        for f in ctx.table.fields.values()
        if f.required and f.name not in ("id_type", "id_no", "unit_uscc") and f.type != "enum"
    ]


@fault("R01", fits=_any)
def blank_required(row: Row, ctx: SectorContext) -> None:
    names = _required(ctx)
    row.put(names[ctx.n % len(names)], "", ctx.pick("", "   ", "　"))


@alike("R01", fits=_any)
def blank_optional(row: Row, ctx: SectorContext) -> None:
    names = (
        "remark",
        "document_no",
        "counterparty_name",
        "obligation",
        "product_batch",
        "inspection_type",
        "valid_to",
        "denominator_source",
        "address",
        "item_category",
        "practice_org_name",
    )
    row.fix(**{n: "" for n in names if n in ctx.table.fields and not ctx.table.fields[n].required})


# --- R09 dates, months, counts, amounts --------------------------------------------------------
@fault("R09", fits=lambda t: bool(t.of_type("date", "month", "integer", "decimal")))
def unreadable(row: Row, ctx: SectorContext) -> None:
    names = ctx.table.of_type("date", "month", "integer", "decimal")
    name = names[ctx.n % len(names)]
    text = {
        "date": ctx.pick("2026-02-30", "2026年13月1日", "待定", "2025/11/31"),
        "month": ctx.pick("2025年13月", "去年底"),
        "integer": ctx.pick("约80", "若干", "-5"),
        "decimal": ctx.pick("约3万元", "二十万", "1.2.3"),
    }[ctx.table.fields[name].type]
    row.put(name, text, text)


def _filled_date(row: Row, ctx: SectorContext) -> str:
    return next(n for n in ctx.table.of_type("date") if row.truth[n] and not row.truth[n].startswith("2099"))


@alike("R09", fits=lambda t: any(f.required for f in t.fields.values() if f.type == "date"))
def date_in_another_shape(row: Row, ctx: SectorContext) -> None:
    name = _filled_date(row, ctx)
    options = shapes(date.fromisoformat(row.truth[name]))
    row.shown[name] = options[ctx.n % len(options)]


@alike("R09", fits=has("period", "insured_count"))
def month_in_another_shape(row: Row, ctx: SectorContext) -> None:
    year, month = row.truth["period"].split("-")
    row.shown["period"] = ctx.pick(f"{year}年{int(month)}月", f"{year}{month}", f"{year}.{month}")


# --- R12 amounts -------------------------------------------------------------------------------
def _amount(table) -> str:
    return next(iter(table.of_type("decimal")), "")


@fault("R12", fits=lambda t: bool(_amount(t)))
def negative_amount(row: Row, ctx: SectorContext) -> None:
    text = ctx.pick("-3", "-0.5", "-12.6")
    row.put(_amount(ctx.table), text, text)


@alike("R12", fits=lambda t: bool(_amount(t)))
def amount_in_long_form(row: Row, ctx: SectorContext) -> None:
    name = _amount(ctx.table)
    row.fix(**{name: "12.5"})
    row.shown[name] = ctx.pick("12.50", "12.500000", "012.5")


# --- R13 code lists ----------------------------------------------------------------------------
@fault("R13", fits=lambda t: any(n != "id_type" for n in t.values))
def word_of_no_list(row: Row, ctx: SectorContext) -> None:
    names = [n for n in ctx.table.values if n != "id_type"]
    row.put(names[ctx.n % len(names)], "见说明", ctx.pick("见说明", "待核实", "？"))


@alike("R13", fits=lambda t: any(s for n, v in t.values.items() if n != "id_type" for s in v.values()))
def other_spelling(row: Row, ctx: SectorContext) -> None:
    for name, known in ctx.table.values.items():
        spellings = known.get(row.truth[name], [])
        if spellings and name != "id_type":
            row.shown[name] = spellings[ctx.n % len(spellings)]


# --- R15 units ---------------------------------------------------------------------------------
@fault("R15", fits=has("source_unit_uscc"))
def unknown_unit(row: Row, ctx: SectorContext) -> None:
    name = "authority_uscc" if "authority_uscc" in ctx.table.fields and ctx.n % 2 else "source_unit_uscc"
    row.put(name, stranger_office(800 + ctx.n))


@alike("R15", fits=has("source_unit_uscc"))
def sent_by_another_unit(row: Row, ctx: SectorContext) -> None:
    other = UNITS[ctx.pick("xzsp", "zfb", "fgj")]
    if other is unit_of(row.dataset):
        other = UNITS["sfj"]
    row.fix(source_unit_uscc=other.uscc, source_unit_name=other.name)
