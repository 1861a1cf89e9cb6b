"""R08–R10, R17: dates."""

from __future__ import annotations

from datetime import date, timedelta

from district_simulator.decisions.faults.describe import LICENCE, PENALTY, Context, alike, variant
from district_simulator.vocabulary.rows import DateCell, NumberCell, Row

_EPOCH = date(1899, 12, 30)


def _day(row: Row) -> date:
    return date.fromisoformat(row.truth["decision_date"])


def _end(row: Row) -> str:
    return "valid_to" if row.table in LICENCE else "valid_until"


def shapes(day: date) -> list[str]:
    """Every accepted way to write one day."""
    return [
        f"{day:%Y-%m-%d}",
        f"{day.year}/{day.month}/{day.day}",
        f"{day.year}.{day.month}.{day.day}",
        f"{day.year}年{day.month}月{day.day}日",
        f"{day:%Y%m%d}",
        f"{day:%Y-%m-%d} 00:00:00",
        f"{day:%Y/%m/%d}",
        f"{day:%Y.%m.%d}",
    ]


def _move(row: Row, day: date, truth: bool) -> None:
    """Move the decision to another day, the terms with it."""
    shift = day - _day(row)
    values = {"decision_date": day.isoformat()}
    for name in ("valid_from", "valid_to", "valid_until", "publication_end"):
        old = row.truth.get(name)
        if old and not old.startswith("2099"):
            values[name] = (date.fromisoformat(old) + shift).isoformat()
    if truth:
        row.fix(**values)
    else:
        for name, value in values.items():
            row.put(name, value)


@variant("R08", touches="dates")
def decided_in_the_future(row: Row, ctx: Context) -> None:
    _move(row, ctx.today + timedelta(days=ctx.pick(20, 45, 365, 300)), truth=False)


@alike("R08", touches="dates")
def decided_today(row: Row, ctx: Context) -> None:
    _move(row, ctx.today, truth=True)


@variant("R09", touches="dates")
def no_such_date(row: Row, ctx: Context) -> None:
    name = ctx.pick("decision_date", _end(row), _end(row))
    text = ctx.pick("2026-02-30", "2026年13月1日", "二〇二六年一月三十二日", "20261345", "2026-1", "待定", "2025/11/31")
    row.put(name, text, text)


@variant("R09", touches="dates")
def year_out_of_range(row: Row, ctx: Context) -> None:
    text = ctx.pick("2100-01-01", "2999/12/31", "1948-12-31", "1900-01-01")
    row.put(_end(row), text, text)


@variant("R09", tables=LICENCE, touches="dates")
def licence_ends_before_it_starts(row: Row, ctx: Context) -> None:
    start = date.fromisoformat(row.truth["valid_from"])
    row.put("valid_to", (start - timedelta(days=1 + ctx.n)).isoformat())


@variant("R09", tables=PENALTY, touches="dates")
def penalty_ends_before_the_decision(row: Row, ctx: Context) -> None:
    row.put("valid_until", (_day(row) - timedelta(days=1 + ctx.n)).isoformat())


@variant("R09", touches="dates", formats="csv xml json db")
def serial_outside_a_spreadsheet(row: Row, ctx: Context) -> None:
    serial = str((_day(row) - _EPOCH).days)
    row.put("decision_date", serial, serial)


@alike("R09", touches="dates")
def date_by_another_shape(row: Row, ctx: Context) -> None:
    name = ctx.pick("decision_date", "decision_date", _end(row))
    options = shapes(date.fromisoformat(row.truth[name]))
    row.shown[name] = options[ctx.n % len(options)]


@alike("R09", tables=LICENCE, touches="dates")
def without_end(row: Row, ctx: Context) -> None:
    row.fix(valid_to="2099-12-31")
    row.shown["valid_to"] = ctx.pick("长期", "2099/12/31", "2099-12-31", "长期")


@alike("R09", touches="dates", formats="xlsx xls")
def serial_in_a_spreadsheet(row: Row, ctx: Context) -> None:
    serial = (_day(row) - _EPOCH).days
    row.shown["decision_date"] = ctx.pick(NumberCell(float(serial)), str(serial), DateCell(_day(row)))


@variant("R10", tables=LICENCE, touches="dates", expect="accepted")
def valid_before_the_decision(row: Row, ctx: Context) -> None:
    row.fix(valid_from=(_day(row) - timedelta(days=5 + ctx.n)).isoformat())


@alike("R10", tables=LICENCE, touches="dates")
def valid_from_the_same_day(row: Row, ctx: Context) -> None:
    row.fix(valid_from=_day(row).isoformat())


@variant("R17", tables=PENALTY, touches="dates")
def display_ends_before_it_begins(row: Row, ctx: Context) -> None:
    row.put("publication_end", (_day(row) - timedelta(days=ctx.pick(0, 1, 30))).isoformat())


@variant("R17", tables=PENALTY, touches="dates money", rules="R17W", expect="accepted")
def display_beyond_the_maximum(row: Row, ctx: Context) -> None:
    row.fix(
        penalty_category="罚款",
        penalty_content="处以罚款2000元。",
        fine_amount_wan="0.2",
        confiscated_amount_wan="",
        suspended_or_revoked_licence="",
        publication_end=(_day(row) + timedelta(days=ctx.pick(800, 1095, 1500))).isoformat(),
    )


@alike("R17", tables=PENALTY, touches="dates money")
def display_within_the_maximum(row: Row, ctx: Context) -> None:
    kind, content, days = ctx.pick(
        ("责令关闭", "责令关闭。", 700),
        ("限制从业", "限制从业二年。", 1000),
        ("罚款", "处以罚款3000元。", 350),
        ("罚款", "处以罚款3000元。", 100),
    )
    row.fix(
        penalty_category=kind,
        penalty_content=content,
        confiscated_amount_wan="",
        fine_amount_wan="0.3" if kind == "罚款" else "",
        suspended_or_revoked_licence="",
        publication_end=(_day(row) + timedelta(days=days)).isoformat(),
    )
