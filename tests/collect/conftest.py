"""Fixtures of the tests of collecting: a catalogue with one invented unit."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

CHECKOUT = Path(__file__).resolve().parents[2]
DATASET = {
    "title": "测试数据",
    "kind": "administrative_licence",
    "variant": "entity",
    "sectors": ["D01"],
    "cadence_days": 7,
    "legal_basis": "行政许可法第40条",
    "purpose": "测试",
    "disclosure": "公开",
    "retention": "5 年",
}


@pytest.fixture
def offer(warehouse: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Write unit ``csdw`` with the given datasets (short name → channel and other settings) into a catalogue
    copy."""
    root = tmp_path / "checkout"
    for name in ("include/catalogue", "include/districts", "expectations"):
        shutil.copytree(CHECKOUT / name, root / name)
    (root / "dbt_project").symlink_to(CHECKOUT / "dbt_project")
    monkeypatch.setenv("PCW_ROOT", str(root))

    def write(**datasets: dict[str, Any]) -> Any:
        unit = {
            "id": "csdw",
            "name": "测试单位",
            "uscc": "113703990000011346",
            "nature": "部门",
            "schedule": None,
            "owner": "data_engineer",
            "contact": "无",
            "run_notes": "无",
            "datasets": [{"id": f"csdw.{name}", **DATASET, **given} for name, given in datasets.items()],
        }
        (root / "include" / "districts" / "demo" / "departments" / "csdw.yml").write_text(
            yaml.safe_dump(unit, allow_unicode=True), encoding="utf-8"
        )
        return warehouse

    return write


@pytest.fixture
def batches(warehouse: Any) -> Callable[[], list[dict[str, Any]]]:
    """All booked batches in receipt order."""

    def read() -> list[dict[str, Any]]:
        with warehouse.connect() as connection:
            cursor = connection.execute("select * from ledger.batch order by seq")
            names = [column.name for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor]

    return read


@pytest.fixture
def steps(warehouse: Any) -> Callable[[], list[dict[str, Any]]]:
    """The steps ``collect`` in order."""

    def read() -> list[dict[str, Any]]:
        with warehouse.connect() as connection:
            cursor = connection.execute(
                "select dataset_id, verdict, message, owner, counts from ledger.step where name = 'collect' order by id"
            )
            names = [column.name for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor]

    return read
