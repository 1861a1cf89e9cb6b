"""Files that end inside a character, read in a process of their own: what is no text must not reach polars."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from public_credit.land.readers import records

CUT = Path(__file__).with_name("cut_files.py")


@pytest.mark.parametrize("block", [4096, records.PIECE])
def test_a_file_cut_inside_its_last_character_is_unreadable_and_kills_nobody(block):
    """In a process of its own: text that is no UTF-8 ends one, with signal 11 or otherwise."""
    done = subprocess.run([sys.executable, str(CUT), str(block)], capture_output=True, text=True, timeout=600)
    assert (done.returncode, done.stdout.splitlines()[-1:]) == (0, ["refused all"]), done.stdout + done.stderr[-2000:]
