"""``python -m local_stack.earlier SIMULATOR_HOME``: the demo's weeks before its first shown day.

The departments that were live by then deliver, day after day; every receipt is collected, landed and judged by the product's own steps
on its own business date, in this one process, without the scheduler. The first shown day builds the warehouse from all of it.
A day that was interrupted is taken up again.
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

from district_simulator.control import call
from district_simulator.district import SimulatorError
from public_credit.base import settings
from public_credit.base.messages import UserError
from public_credit.base.run import Run
from public_credit.catalogue import load_catalogue
from public_credit.steps import work

from .days import complete, earlier_days, played_days

_TRIES = 4  # one department's service is unreliable; the scheduler would try again as often


def live_units(on: date) -> list[str]:
    """Units with a dataset that is in service on a day and that somebody else than a person hands over."""
    catalogue = load_catalogue()
    return sorted(
        {
            dataset.unit
            for dataset in catalogue.datasets.values()
            if dataset.channel.type != "hand_in" and (catalogue.district.live_on(dataset.id) or on) <= on
        }
    )


def take_in(on: date, units: list[str]) -> None:
    """Collect, land and judge what the units offer on a business day. Raises UserError when a department stays out of reach."""
    run = Run(on, "", settings.code_version(), "自动")
    for unit in units:
        for left in reversed(range(_TRIES)):
            try:
                work.collect_and_land(run, unit)
                break
            except UserError:
                if not left:
                    raise
    if failures := work.gate(run):
        raise UserError("；".join(failures), remedy="看状态目录 logs 中的日志。")


def main(simulator_home: Path) -> int:
    """Play every earlier day that is still due."""
    try:
        for day, on in earlier_days(simulator_home).items():
            if day not in played_days(simulator_home):
                call(simulator_home, "POST", "/play", {"day": day})
            take_in(on, live_units(on))
            complete(simulator_home, day)
    except (UserError, SimulatorError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
