"""The corpus of damaged deliveries, read in a process of its own: whatever a file does to its reader is seen here."""

from __future__ import annotations

import subprocess
import sys

from tests import seeds
from tests.conftest import CHECKOUT


def test_damaged_deliveries_are_read_or_unreadable_and_kill_nobody():
    command = [sys.executable, "-m", "tests.land.damage", "--seed", str(seeds.SEED), "--count", "400", "--csv", "2000"]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-500:]
    assert "400 files" in done.stdout and "2000 CSV compared" in done.stdout
