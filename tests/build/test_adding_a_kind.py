"""docs/adding-a-kind.md, done literally: its files and lines, its commands, and the record stands in the subject's file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from public_credit.build import run as build
from public_credit.catalogue import load_catalogue

from tests.conftest import CHECKOUT
from tests.gate.test_registry_agreement import FIRM, hand_in, registers
from tests.helpers.commands import credit
from tests.helpers.penalties import ON
from tests.helpers.records import Records
from tests.helpers.runs import run_on

PAGE = (CHECKOUT / "docs/adding-a-kind.md").read_text(encoding="utf-8")
_STEP = re.compile(
    r"(?:a new file|at the end of (?:the unit's file )?|after the line `(?P<line>[^`]+)` of) *`(?P<path>[^`]+)`[^`]*?:\n\n"
    r"```\w+\n(?P<text>.*?)```",
    re.DOTALL,
)


def _follow(root: Path) -> list[str]:
    """Do what the page says; the places touched."""
    touched = []
    for step in _STEP.finditer(PAGE.split("## Add a kind")[1]):
        path = next(iter(root.rglob(step["path"])), root / step["path"])
        touched.append(step["path"])
        if step["line"]:
            lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
            (at,) = [number for number, line in enumerate(lines) if step["line"] in line]
            path.write_text("".join([*lines[: at + 1], step["text"], *lines[at + 1 :]]), encoding="utf-8")
        elif path.exists():
            assert step[0].startswith("at the end"), step["path"]
            path.write_text(path.read_text(encoding="utf-8").rstrip("\n") + "\n" + step["text"], encoding="utf-8")
        else:
            assert step[0].startswith("a new file"), step["path"]
            path.write_text(step["text"], encoding="utf-8")
    return touched


@pytest.mark.slow
def test_a_kind_is_added_to_a_built_warehouse_with_the_page_alone(warehouse: Any, root: Path, tmp_path: Path) -> None:
    registers(tmp_path)
    build.run(run_on(ON))
    before = set(load_catalogue().kinds)
    touched = _follow(root)
    assert len(touched) == 8
    (kind,) = set(load_catalogue().kinds) - before
    checked = credit("catalogue", "check")
    assert checked.code == 0, checked.out
    preview = credit("catalogue", "apply").out
    assert "新增记录类型" in preview and f"stg_{kind}.sql 将按目录重写" in preview
    assert "int_records__source.sql 将按目录重写" in preview
    applied = credit("catalogue", "apply", "--yes")
    assert applied.code == 0 and kind in applied.out, applied.err
    dataset = next(item.id for item in load_catalogue().datasets.values() if item.kind == kind)
    assert credit("catalogue", "template", dataset, "-o", tmp_path / "form.xlsx").code == 0
    outcome = hand_in(tmp_path, dataset, [{"uscc": FIRM, "subject_name": "示范区新名商贸有限公司"}])
    assert outcome.state == "accepted", outcome.message
    built = credit("build", "--date", ON.isoformat())
    assert built.code == 0, built.err
    records = Records(warehouse)
    assert records.query(
        "select title, topic, nature, state from marts.mart_subjects__timeline where kind = %s", kind
    ) == [("示范牌食用油", "知名品牌", "守信信息", "current")]
    asked = ("--level", "政务共享", "--purpose", "试", "-o", tmp_path / "report")
    report = credit("report", "subject", FIRM, *asked)
    assert report.code == 0, report.err
    page = next(iter([*tmp_path.rglob("*.html"), *warehouse.home.rglob("*.html")]))
    assert "示范牌食用油" in page.read_text(encoding="utf-8")
