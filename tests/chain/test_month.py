"""Ten days of four units with everything that happens to a warehouse, beside the same ten days in peace."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests import seeds
from tests.conftest import CHECKOUT

from .month.course import course

pytestmark = [pytest.mark.chain, pytest.mark.slow, pytest.mark.timeout(2400)]
DAYS = 10


def test_ten_disturbed_days_leave_what_ten_calm_days_leave(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.chain.month", f"--seed={seeds.SEED}", f"--days={DAYS}", f"--keep={tmp_path}"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"seed {seeds.SEED}\n{done.stdout[-4000:]}\n{done.stderr[-6000:]}"
    left = json.loads((tmp_path / "rough" / "left.json").read_text(encoding="utf-8"))
    assert len(left["left"]) > 30 and all(left["left"][name] for name in ("city", "marts.mart_shuanggongshi__penalty"))
    planned = {name for day in course(seeds.SEED, DAYS) for name in day.disturbances}
    assert planned == {name for name, count in left["happened"].items() if count}
