"""Runs as tests start them."""

from __future__ import annotations

from datetime import date

from public_credit.base.run import Run


def run_on(day: date = date(2026, 2, 25), who: str = "测试", dag_run: str = "") -> Run:
    """The run of a command on a business date."""
    return Run(day, dag_run, "test", who)
