"""Every kind after a build: what comes again is a duplicate, what changed is a version, and what changes back is one too."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from public_credit.build import run as build
from public_credit.catalogue import load_catalogue
from public_credit.gate import waivers

from tests.conftest import open_warehouse

from .test_registry_agreement import hand_in

_ON = date(2026, 2, 25)
_CHANGED = {"enterprise_registration": {"address": "示范区新路9号"}, "decision_ledger": {"generated_count": "99"}}
_DATASETS = {(dataset.kind, dataset.variant): dataset.id for dataset in load_catalogue().datasets.values()}
_SERVED = sorted({(kind.id, variant) for kind in load_catalogue().kinds.values() for variant in kind.variants})


@pytest.fixture(scope="module")
def built(migrated: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One warehouse with the example row of every kind and variant, built once, and the counts of what came first."""
    folder = tmp_path_factory.mktemp("second")
    with pytest.MonkeyPatch.context() as patch, open_warehouse(migrated, folder, patch) as warehouse:
        for dataset in _DATASETS.values():
            waivers.grant(dataset, "B01", reason="一行的测试数据", owner="测试", granted_by="测试", expires_on=_ON)
        first = {shape: hand_in(folder, dataset, [{}]) for shape, dataset in _DATASETS.items()}
        build.run(_ON)
        yield warehouse, folder, first


@pytest.mark.slow
@pytest.mark.parametrize("shape", _SERVED, ids="-".join)
def test_a_delivery_after_a_build_is_compared_with_what_was_built(built: Any, shape: tuple[str, str]) -> None:
    _, folder, first = built
    came = first[shape]
    assert came.state == "accepted" and (came.counts["accepted"], came.counts["duplicate"]) == (1, 0), came

    def again(**changes: str) -> tuple[int, int, int]:
        outcome = hand_in(Path(folder), _DATASETS[shape], [changes])
        return tuple(outcome.counts[name] for name in ("accepted", "duplicate", "quarantined"))

    changed = _CHANGED.get(shape[0], {"remark": "更正"})
    assert again() == (0, 1, 0), "the same row"
    assert again(**changed) == (1, 0, 0), "a changed row"
    assert again(**changed) == (0, 1, 0), "the changed row again"
    assert again() == (1, 0, 0), "changed back"
