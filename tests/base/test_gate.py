"""The gate for the code: what is looked at before a commit is what CI looks at."""

from __future__ import annotations

import re

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


def test_ci_runs_the_lint_before_the_tests() -> None:
    ci = (CHECKOUT / ".ci" / "run").read_text(encoding="utf-8")
    assert 0 < ci.index("./run lint || exit 1") < ci.index("./run test")
