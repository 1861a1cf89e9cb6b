"""The gate for the code: what is looked at before a commit is what CI looks at."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.conftest import CHECKOUT


def _tool(command: str) -> list[str]:
    """The tool a command line calls, and its subcommand where it has one."""
    words = command.split(".venv/bin/", 1)[1].split()
    return [word for word in words[:2] if word in (words[0], "format", "check", "lint")]


def test_the_hooks_of_a_commit_and_the_lint_name_the_same_tools() -> None:
    run = (CHECKOUT / "run").read_text(encoding="utf-8")
    linted = {
        name.strip('"'): _tool(command)
        for name, command in re.findall(r'^ +lint ("[^"]+"|\S+) (.+)$', run, re.MULTILINE)
    }
    hooks = yaml.safe_load((CHECKOUT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"][0]["hooks"]
    assert {hook["name"]: _tool(hook["entry"]) for hook in hooks} == linted and len(linted) == 6
    assert all(hook["language"] == "system" for hook in hooks), "no hook needs the network"


@pytest.mark.parametrize(("lint", "test"), [(0, 0), (1, 0), (0, 1), (1, 1)])
def test_ci_runs_lint_and_tests_and_fails_where_one_of_them_does(tmp_path: Path, lint: int, test: int) -> None:
    folder, programs = tmp_path / ".ci", tmp_path / "programs"
    folder.mkdir()
    shutil.copy2(CHECKOUT / ".ci" / "run", folder)
    programs.mkdir()
    scripts = {programs / name: "" for name in ("mariadbd", "chromium", "pdftotext")}  # so that nothing is installed
    scripts[tmp_path / "run"] = f"echo $1; [ $1 = lint ] && exit {lint}; exit {test}"
    for path, text in scripts.items():
        path.write_text(f"#!/usr/bin/env bash\n{text}\n", encoding="utf-8")
        path.chmod(0o755)
    environment = os.environ | {"PATH": f"{programs}:{os.environ['PATH']}"}
    ran = subprocess.run([folder / "run"], env=environment, capture_output=True, text=True, check=False)
    assert (ran.stdout.split(), ran.returncode) == (["lint", "test"], max(lint, test))
