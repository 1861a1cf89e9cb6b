"""One seed for every random course of the suite: fixed, so that a run can be repeated; PCW_TEST_SEED explores others."""

from __future__ import annotations

import os
import random

DEFAULT = 20260225
SEED = int(os.environ.get("PCW_TEST_SEED", DEFAULT))


def rng(name: str) -> random.Random:
    """The random numbers of one test: the same in every run with the same seed, whatever ran before."""
    print(f"PCW_TEST_SEED={SEED}  {name}")  # pytest shows it where the test fails
    return random.Random(f"{SEED}/{name}")
