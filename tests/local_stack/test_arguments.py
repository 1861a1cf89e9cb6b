"""``./run … --help`` and what it refuses: in Chinese from the first heading on."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from tests.conftest import CHECKOUT

MINE = {"run", "backup", "demo", "init", "serve", "reset", "restore", "month", "help", "h", "PCW_DISTRICT", "Airflow", "keys"}  # fmt: skip
BENCHMARKS = CHECKOUT / "benchmarks"


def _said(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *words],
        cwd=CHECKOUT,
        env=os.environ | {"PYTHONPATH": str(CHECKOUT / "include"), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "words",
    [("local_stack",), *(("local_stack", name) for name in ("demo", "serve", "init", "backup", "restore", "reset"))],
)
def test_help_is_chinese(words: tuple[str, ...]) -> None:
    shown = _said(*words, "--help")
    assert shown.returncode == 0 and shown.stdout.startswith("用法：./run") and "选项：" in shown.stdout
    plain = re.sub(r"--[a-z-]+", "", shown.stdout)
    assert not set(re.findall(r"[A-Za-z_]{3,}", plain)) - MINE - {"xyzx"}, plain


@pytest.mark.parametrize(
    "name", [path.stem for path in sorted(BENCHMARKS.glob("*.py")) if "__main__" in path.read_text(encoding="utf-8")]
)
def test_help_of_a_measurement_is_chinese(name: str) -> None:
    shown = _said(f"benchmarks.{name}", "--help")
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.startswith(f"用法：./run bench {name} ") and "选项：" in shown.stdout
    plain = re.sub(r"--[a-z-]+", "", shown.stdout)
    assert not set(re.findall(r"[A-Za-z_]{3,}", plain)) - MINE - {"bench", "JSON", "CSV", "dbt", "COPY", "docs", "performance", name}  # fmt: skip


def test_help_of_the_damaged_files_is_chinese() -> None:
    shown = _said("tests.land.damage", "--help")
    plain = re.sub(r"--[a-z-]+", "", shown.stdout)
    assert shown.stdout.startswith("用法：./run fuzz") and not set(re.findall(r"[A-Za-z_]{3,}", plain)) - {"run", "fuzz", "csv"}  # fmt: skip


def test_a_wrong_call_is_told_in_chinese() -> None:
    shown = _said("local_stack", "backup")
    assert shown.returncode == 2 and shown.stderr.startswith("错误：命令的写法不对。") and "usage" not in shown.stderr


def test_run_says_how_it_is_used_in_chinese() -> None:
    shown = subprocess.run([CHECKOUT / "run", "help"], capture_output=True, text=True, check=True).stdout
    assert shown.startswith("用法：./run demo |") and "on first use" not in shown
