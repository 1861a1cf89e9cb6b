"""What commands begin with: their run (business date, and who runs it), and the ids they are given."""

from __future__ import annotations

import difflib
from datetime import date, datetime
from typing import Annotated

import typer
from sqlalchemy import select

from ..base import settings
from ..base.messages import UserError, key_given
from ..base.run import Run
from ..catalogue import load_catalogue
from ..ledger.models import Batch
from ..ledger.session import newest_business_day, session

On = Annotated[datetime | None, typer.Option("--date", formats=["%Y-%m-%d"], help="业务日期，默认今天。")]


def run_of(given: datetime | date | None = None) -> Run:
    """The run of this command, on a given business date or the clock's.

    Beside the demo, whose calendar is simulated, the clock's is the newest day played.
    """
    on = given.date() if isinstance(given, datetime) else given or settings.business_date()
    if on is None and settings.simulated_clock():
        on = newest_business_day("reader")
    return Run(on or settings.today(), "", settings.code_version(), settings.user())


def newest_day() -> date:
    """The newest opened business date, the clock's when none was opened yet: that of work on what is there already."""
    return newest_business_day("reader") or settings.business_date() or settings.today()


def known_unit(unit: str | None) -> str | None:
    """A unit to look at: one of the catalogue, or one that left it and has receipts. Raises UserError (code 4) for others."""
    if unit is not None and (unit := key_given(unit, "单位编号")) not in load_catalogue().units:
        with session("reader") as opened:
            if opened.scalar(select(Batch.seq).where(Batch.unit_id == unit).limit(1)) is None:
                raise _unknown("单位", unit, sorted(load_catalogue().units))
    return unit


def known_dataset(dataset: str | None) -> str | None:
    """A dataset to look at: one of the catalogue, or one that left it and has receipts. Raises UserError (code 4) for others."""
    if dataset is not None and (dataset := key_given(dataset, "数据集编号")) not in load_catalogue().datasets:
        with session("reader") as opened:
            if opened.scalar(select(Batch.seq).where(Batch.dataset_id == dataset).limit(1)) is None:
                raise _unknown("数据集", dataset, sorted(load_catalogue().datasets))
    return dataset


def known_batch(seq: int | None) -> int | None:
    """A receipt to look at. Raises UserError (code 4) for a number none has."""
    if seq is not None:
        with session("reader") as opened:
            if opened.get(Batch, seq) is None:
                raise UserError(f"没有批次 {seq}。", remedy="用 public-credit batches 查看批次序号。", code=4)
    return seq


def unit_of_catalogue(unit: str) -> str:
    """A unit to work for. Raises LeftOut while its file has a mistake, UserError (code 4) for one the catalogue does not have."""
    unit = key_given(unit, "单位编号")
    load_catalogue().sound(unit)
    if unit not in load_catalogue().units:
        raise _unknown("单位", unit, sorted(load_catalogue().units))
    return unit


def dataset_of_catalogue(dataset: str) -> str:
    """A dataset to work on. Raises LeftOut while its unit's file has a mistake, UserError (code 4) for one the catalogue does not have."""
    dataset = key_given(dataset, "数据集编号")
    load_catalogue().sound(dataset.partition(".")[0])
    if dataset not in load_catalogue().datasets:
        raise _unknown("数据集", dataset, sorted(load_catalogue().datasets))
    return dataset


def _unknown(what: str, given: str, known: list[str]) -> UserError:
    near = difflib.get_close_matches(given, known, 3)
    return UserError(
        f"没有{what} {given[:80]}。",
        remedy=(f"是否应为 {'、'.join(near)}？" if near else "") + "全部编号见 public-credit catalogue show。",
        code=4,
    )
