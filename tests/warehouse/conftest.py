"""Fixtures of the steps and commands."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.conftest import CHECKOUT


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of what a build reads of the checkout, to be edited."""
    copy = tmp_path / "checkout"
    for name in ("dbt_project", "expectations", "include/catalogue"):
        shutil.copytree(CHECKOUT / name, copy / name)
    monkeypatch.setenv("PCW_ROOT", str(copy))
    return copy
