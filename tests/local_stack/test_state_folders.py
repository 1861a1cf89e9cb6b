"""What a state folder is for is told before anything is started, written or removed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from local_stack import __main__ as entry
from local_stack import commands, stack
from local_stack.stack import StackError

from tests.conftest import CHECKOUT


def test_invented_data_are_never_served_as_a_district(tmp_path: Path) -> None:
    (tmp_path / "simulator").mkdir()
    with pytest.raises(StackError, match="演示的虚构数据"):
        commands.serve(CHECKOUT, tmp_path, port=0)
    assert [path.name for path in tmp_path.iterdir()] == ["simulator"]


def test_a_demo_is_never_played_on_a_district(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    with pytest.raises(StackError, match="日常运行的数据"):
        commands.demo(CHECKOUT, tmp_path, leave=True, scale=0.01, port=0)
    assert [path.name for path in tmp_path.iterdir()] == ["postgres"]


def test_a_folder_that_is_no_state_folder_is_not_cleared(tmp_path: Path) -> None:
    (tmp_path / "important").write_text("kept", encoding="utf-8")
    with pytest.raises(StackError, match="不是本系统的状态文件夹"):
        stack.reset(tmp_path)
    assert (tmp_path / "important").read_text(encoding="utf-8") == "kept"


def test_an_empty_name_of_the_state_folder_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    cleared: list[Path] = []
    monkeypatch.setenv("PCW_HOME", "")
    monkeypatch.setenv("PCW_ROOT", "")
    monkeypatch.setattr(sys, "argv", ["run", "reset"])
    monkeypatch.setattr(entry, "reset", cleared.append)
    assert entry.main() == 0 and cleared == [CHECKOUT / ".state"]
