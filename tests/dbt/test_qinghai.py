"""The supervision formulas against a published bulletin: Qinghai, February 2024 (licences, penalties, both)."""

from __future__ import annotations

import pytest
import yaml
from public_credit.base import settings

PUBLISHED = {
    "licence": (9_220, 3.6, 0.05),
    "penalty": (119_634, 0.08, 0.005),
    "": (128_854, 0.34, 0.02),
}  # records, 迟报率 %, tolerance


@pytest.fixture(scope="module")
def expected() -> dict[str, dict]:
    """What the dbt unit test of the yearly mart expects, run by tests/dbt/test_dbt.py through the mart's own macros."""
    path = settings.checkout() / "dbt_project" / "models" / "supervision" / "mart_supervision__yearly.yml"
    tests = yaml.safe_load(path.read_text(encoding="utf-8"))["unit_tests"]
    test = next(test for test in tests if test["name"].startswith("qinghai"))
    return {row["decision_table"]: row for row in test["expect"]["rows"] if row["unit_id"] == "qh"}


@pytest.mark.parametrize("table", PUBLISHED)
def test_late_rates_are_those_published(expected: dict[str, dict], table: str) -> None:
    records, percent, tolerance = PUBLISHED[table]
    row = expected[table]
    assert row["received"] == records and abs(100 * row["late_rate"] - percent) <= tolerance
    assert row["late_rate"] + row["timely_rate"] == pytest.approx(1) and row["late_rate"] == pytest.approx(
        row["late"] / records, abs=1e-6
    )


def test_the_whole_is_the_record_weighted_mean_of_the_rounded_parts(expected: dict[str, dict]) -> None:
    weighted = (9_220 * 3.6 + 119_634 * 0.08) / (9_220 + 119_634)
    assert weighted == pytest.approx(0.33, abs=0.005) and abs(weighted - 100 * expected[""]["late_rate"]) < 0.005
