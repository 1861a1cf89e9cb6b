"""Every command and every argument: help and errors in Chinese, --json, exit codes as documented, never a traceback."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from public_credit.cli import app

from tests.conftest import CHECKOUT, open_warehouse
from tests.helpers.commands import Answer, credit
from tests.helpers.receipts import ARCHIVED, BOOKED

WHY = ("--reason", "核实")
PERIOD = ("--from", "2026-02-01", "--to", "2026-02-02")
DATASET, UNIT = "zhzf.penalty_entity", "zhzf"


def _walk(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            if command.invoke_without_command:
                yield (*path, name), command
            yield from _walk(command, (*path, name))
        else:
            yield (*path, name), command


COMMANDS = dict(_walk(typer.main.get_command(app)))
# What an argument that must be given is given, so that the one in question is reached.
FITTING = {
    "dataset": DATASET, "unit": UNIT, "check": "R01", "reason": "核实", "owner": "甲", "until": "2026-03-31", "batch": "1",
    "start": "2026-02-01", "end": "2026-02-02", "seq": "1", "case": "1", "edition": "1", "old": "1", "new": "2", "number": "1",
    "content_hash": "x", "diff_hash": "x", "release_id": "1", "key": "无此号", "subject": "无此名", "left": "甲", "right": "乙",
    "judgement": "1", "identifier": "reg:1", "file": __file__, "paper": "无此文件", "applicants": "无此文件.xlsx", "name": "zhzf", "year": "2027",
    "day": "2026-12-25", "account": "engineer", "finding": "0" * 12,
}  # fmt: skip
HOSTILE = (
    "", "\n", "甲\n乙", "\0", "x" * 10_000, "9" * 5_000, "99999999999999999999999", "-1", "0", "\udcff", "%s'", "{}",
    "../../etc/passwd", "0001-01-01", "9999-12-31", "٣", "--",
)  # fmt: skip


@pytest.fixture(scope="module")
def warehouse(migrated, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A warehouse without a delivery."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PCW_BUSINESS_DATE", "2026-02-25")
        with open_warehouse(migrated, tmp_path_factory.mktemp("calls"), patch) as opened:
            yield opened


def call(path: tuple[str, ...], command: Any, param: Any, value: str) -> Answer:
    """A command with one argument set to a value, and what else must be given fitting."""
    words: list[str] = [*path]
    for other in command.params:
        if other is param or other.required:
            given = value if other is param else FITTING[other.name]
            words += [max(other.opts, key=len), given] if other.param_type_name == "option" else [given]
    return credit(*words)


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_no_argument_ends_in_a_traceback(warehouse, path: tuple[str, ...], monkeypatch, tmp_path: Path) -> None:
    command = COMMANDS[path]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PCW_DISTRICT", "demo")  # catalogue check sets it
    monkeypatch.setattr("sys.stdin", io.StringIO("无此号\n"))
    for param in command.params:
        if getattr(param, "is_flag", False):
            continue
        for value in HOSTILE:
            if path == ("report", "leadership") and param.name == "out" and value != "\0":
                continue  # any path is one
            answer = call(path, command, param, value)
            said = f"{' '.join(path)} {param.name}={value[:20]!r}: {answer}"
            assert answer.code in (0, 2, 3, 4, 5, 6), said
            assert "Traceback" not in answer.err and "程序内部错误" not in answer.err, said
            assert not answer.code or "错误：" in answer.err or path == ("report", "verify"), said
            assert not re.search(r"Usage|Error|Invalid|Missing|No such|Try '", answer.err), said


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_explains_itself_in_chinese_and_answers_scripts(path: tuple[str, ...]) -> None:
    command = COMMANDS[path]
    shown = credit(*path, "--help")
    assert shown.code == 0 and shown.out.startswith("用法：public-credit ")
    assert not re.search(r"Usage|Options|Arguments|Commands|required|default:|Show this|<int>|<str>", shown.out), (
        shown.out
    )
    assert "--json" in shown.out or path[:1] == ("trace",) and "--json" in shown.out, "every command answers scripts"
    for param in command.params:
        assert re.search(r"[\u4e00-\u9fff]", param.help or ""), f"{path} {param.name} says nothing"
    assert re.search(r"[\u4e00-\u9fff]", command.help or "")


def test_a_wrong_call_is_told_in_chinese() -> None:
    for words, said in (
        (("buil",), "没有命令 buil，是否应为 build？"),
        (("build", "--ful"), "没有选项 --ful，是否应为 --full？"),
        (("waive", DATASET, "R01"), "缺少选项 --reason。"),
        (("waive", DATASET), "缺少参数 <检查项>。"),
        (("batches", "withdraw", "甲", *WHY), "<批次> 的值不可用：应为整数。"),
        (("quarantine", "--limit", "0"), "--limit 的值不可用：不得小于 1。"),
        (("build", "--date", "26.2.2026"), "--date 的值不可用：应为日期，如 2026-02-25。"),
        (("gate", "现在"), "多余的参数：现在。"),
        (("gate", "--date"), "选项 --date 缺少值。"),
        (("status", "--json=1"), "选项 --json 不带值。"),
    ):
        answer = credit(*words)
        assert (answer.code, answer.err.splitlines()[0]) == (2, f"错误：{said}"), words
        assert "--help 查看用法" in answer.err
    assert credit().code == 2 and credit("waivers").out.startswith("用法：")
    assert re.fullmatch(r"public-credit \S+\n", credit("--version").out)


UNKNOWN = {
    "collect": ("collect", "nobody"),
    "probe": ("probe", "no.such"),
    "ingest": ("ingest", "no.such", "--file", __file__),
    "template": ("catalogue", "template", "no.such"),
    "show": ("catalogue", "show", "no.such"),
    "waive": ("waive", "no.such", "R01", *WHY, "--owner", "甲", "--until", "2026-03-31"),
    "attest": ("attest", "no.such", *PERIOD, *WHY),
    **{f"{name} of a unit": (name, "--unit", "nobody") for name in ("status", "alerts", "batches", "quarantine", "slips")},
    **{f"{name} of a dataset": (*name.split(), "--dataset", "no.such") for name in ("batches", "waivers list", "attestations list")},
    "replay": ("replay", "77"),
    "a number beyond any": ("replay", "9" * 30),
    "set aside": ("batches", "set-aside", "77", *WHY),
    "withdraw": ("batches", "withdraw", "77", *WHY),
    "restore": ("batches", "restore", "77", *WHY),
    "waive a batch": ("waive", DATASET, "R01", *WHY, "--owner", "甲", "--until", "2026-03-31", "--batch", "77"),
    "returned rows of a batch": ("quarantine", "--batch", "77"),
    "decide": ("corrections", "decide", "77", "--new", *WHY),
    "undo a decision": ("corrections", "undo", "77", *WHY),
    "release show": ("release", "show", "77"),
    "release approve": ("release", "approve", "77", "--hash", "x"),
    "release reject": ("release", "reject", "77", *WHY),
    "editions show": ("editions", "show", "77"),
    "editions diff": ("editions", "diff", "77", "78"),
    "editions approve": ("editions", "approve", "77", "--hash", "x"),
    "editions reject": ("editions", "reject", "77", *WHY),
    "explain a finding": ("audit", "explain", "0" * 12, *WHY),
    "agree": ("approvals", "approve", "77"),
    "turn down": ("approvals", "reject", "77"),
    "undo": ("subjects", "undo", "77", *WHY),
    "revoke a waiver": ("waivers", "revoke", "77", *WHY),
    "revoke an attestation": ("attestations", "revoke", "77", *WHY),
}  # fmt: skip


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_is_not_there_is_four(warehouse, name: str) -> None:
    answer = credit(*UNKNOWN[name])
    assert answer.code == 4 and "处理办法：" in answer.err, answer


NEEDS_DATABASE = (
    ("status",), ("alerts",), ("batches",), ("quarantine",), ("slips",), ("corrections",), ("gate",), ("deliver",), ("migrate",),
    ("sweep",), ("purge",), ("replay", "1"), ("release", "show", "1"), ("editions", "list"), ("waivers", "list"),
    ("attestations", "list"), ("approvals",), ("subjects", "work"), ("explain", "某号"), ("catalogue", "coverage"), ("collect", UNIT),
)  # fmt: skip


@pytest.mark.parametrize("words", NEEDS_DATABASE, ids=" ".join)
def test_a_missing_connection_is_three(words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PCW_HOME", str(tmp_path))
    monkeypatch.setenv("PCW_SESSION", "of-somebody")
    absent = credit(*words)
    assert absent.code == 3 and "pcw_db_" in absent.err, absent
    for role in ("OWNER", "COLLECTOR", "BUILDER", "SENDER", "READER"):
        monkeypatch.setenv(f"PCW_CONN_PCW_DB_{role}", "postgresql://nobody:nothing@127.0.0.1:1/none")
    away = credit(*words)
    assert away.code == 3 and "连接不上数据库" in away.err and "nothing" not in away.err, away


def test_an_error_of_ours_is_one_line_and_its_place_is_in_a_file(warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    from public_credit.oversight import status

    def fails(*_: object) -> None:
        raise KeyError("370399199001011234")

    monkeypatch.setattr(status, "overview", fails)
    answer = credit("status")
    assert (answer.code, answer.out) == (1, "") and answer.err.startswith(
        "错误：程序内部错误（KeyError）。\n处理办法："
    )
    log = (warehouse.home / "logs" / "command-line.log").read_text(encoding="utf-8")
    assert "in fails" in log and "370399199001011234" not in log + answer.err


def test_remedies_name_the_command_as_it_is_called_here(monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("catalogue", "show", "no.such")
    assert "运行 public-credit catalogue show" in credit(*words).err
    monkeypatch.setenv("PCW_PROGRAM", "./run credit")
    answer = credit(*words)
    assert "运行 ./run credit catalogue show" in answer.err and "public-credit" not in answer.err
    assert credit("build", "--help").out.startswith("用法：./run credit build ")


def test_what_starts_the_services_is_named_as_it_is_where_this_runs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PCW_HOME", str(tmp_path))
    for role in ("OWNER", "COLLECTOR", "BUILDER", "SENDER", "READER"):
        monkeypatch.setenv(f"PCW_CONN_PCW_DB_{role}", "postgresql://nobody:nothing@127.0.0.1:1/none")
    assert "（./run serve 或 ./run demo）" in credit("status").err
    monkeypatch.setenv("PCW_DATABASE_FOLDER", str(tmp_path))  # as the compose file does
    told = credit("status").err
    assert "（docker compose up --detach）" in told and "./run" not in told


def test_what_the_ledger_says_names_it_so_too(warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    with warehouse.connect() as owner:
        owner.execute(ARCHIVED)
        owner.execute(BOOKED, ["a.csv", "2026-02-25", "failed", "修正后运行 public-credit replay 1", 0, 0])
        owner.execute("update ledger.batch set unit_id = 'zhzf', dataset_id = %s", [DATASET])
    monkeypatch.setenv("PCW_PROGRAM", "./run credit")
    for words in (("batches",), ("status",), ("alerts",), ("status", "--open", "--json")):
        answer = credit(*words)
        assert "./run credit replay 1" in answer.out and "public-credit" not in answer.out, words


def test_completion(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(CHECKOUT / "include"), "_PUBLIC_CREDIT_COMPLETE": "complete_bash"}
    done = subprocess.run(
        [sys.executable, "-m", "public_credit.cli"],
        env=environment | {"COMP_WORDS": "public-credit ba", "COMP_CWORD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "batches" in done.stdout.split(), done.stderr


def test_the_documented_exit_codes_are_those_of_the_module() -> None:
    from public_credit import cli

    text = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    assert cli.__doc__ and all(f"{code}" in text.partition("Exit codes:")[2][:300] for code in range(7))


def test_answers_for_scripts_are_json(warehouse) -> None:
    for words in (("gate",), ("sweep",), ("purge", "--dry-run"), ("waivers", "list"), ("status",), ("migrate",)):
        answer = credit(*words, "--json")
        assert answer.code == 0 and json.loads(answer.out) is not None, words
