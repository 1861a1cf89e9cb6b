"""Policy is data: an edited file counts from the next call on, in a process that has read it before, too."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from public_credit.papers import policy as papers
from public_credit.policy import seeds
from public_credit.policy.workdays import WorkCalendar

SEEDS = "dbt_project/seeds/policy"


@pytest.mark.parametrize(
    ("read", "file", "before", "after"),
    [
        (papers.load, "include/catalogue/reports.yml", "sections:", "# 一行说明\nsections:"),
        (seeds.severity_classes, f"{SEEDS}/severity_class.csv", ",serious", ",general"),
        (seeds.maximum_months, f"{SEEDS}/publication_term.csv", ",36", ",35"),
        (WorkCalendar.load, f"{SEEDS}/working_days.csv", "2026-01-05,true", "2026-01-05,false"),
    ],
    ids=["reports", "severity", "terms", "working days"],
)
def test_an_edit_counts_at_once(root: Path, read: Callable[[], Any], file: str, before: str, after: str) -> None:
    one = read()
    assert read() is one, "an unchanged file is read once"
    path = root / file
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")
    assert read() is not one
    if after[0] != "#":
        assert read() != one
