"""All departments of the simulated district: every delivery of its answer key becomes exactly one batch."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from public_credit import collect
from public_credit.catalogue import load_catalogue

from tests.helpers.receipts import archived

district_simulator = pytest.importorskip("district_simulator.district", reason="没有模拟辖区")
from district_simulator.vocabulary.workcalendar import DAYS  # noqa: E402

from tests.helpers.runs import run_on  # noqa: E402

SCALE = 0.02


@pytest.fixture
def district(warehouse, tmp_path: Path):
    running = district_simulator.District(
        tmp_path / "simulator", 1, SCALE, warehouse.cluster.connections["exchange_db"], None
    )
    try:
        warehouse.add_connections(**running.serve())
        yield running
    finally:
        running.stop()


def expected(district, day: int) -> dict[tuple[str, str], int]:
    """Deliveries of a day as (dataset, file) → rows, without what comes by hand."""
    counts = json.loads((district.home / "answer_key" / f"day{day}_counts.json").read_text(encoding="utf-8"))
    channels = {name: dataset.channel.type for name, dataset in load_catalogue().datasets.items()}
    return {
        (item["dataset"], item["file"]): item["rows_in"]
        for item in counts
        if item["day"] == day and channels[item["dataset"]] != "hand_in"
    }


def refused_files(district) -> list[tuple[str, str]]:
    """(unit, file) of what the district delivered though it is never collected."""
    found = [
        json.loads((district.home / "answer_key" / f"day{day}_refused.json").read_text(encoding="utf-8"))
        for day in (1, 2, 3)
    ]
    return [(item["unit"], item["file"]) for items in found for item in items]


def test_each_delivery_of_each_day_is_booked_once(warehouse, district, batches, steps):
    seen = 0
    units = list(load_catalogue().units)
    for day in (1, 2, 3):
        district.play(day)
        outcomes = collect.collect(run_on(DAYS[day]), units)
        assert {outcome.dataset_id: outcome.message for outcome in outcomes if outcome.verdict == "failed"} == {}
        booked = batches()[seen:]
        wanted = expected(district, day)
        assert sorted((batch["dataset_id"], batch["file_name"]) for batch in booked) == sorted(wanted)
        for batch in booked:
            if batch["locator"].startswith(("http_api", "exchange_db")):
                rows = archived(batch["archive_uri"]).count(b"\n") - 1
                assert rows == wanted[batch["dataset_id"], batch["file_name"]], batch["locator"]
        seen += len(booked)
    again = collect.collect(run_on(DAYS[3]), units)
    assert len(batches()) == seen
    refused = refused_files(district)
    with warehouse.connect() as connection:
        counted = connection.execute("select unit_id, file_name from ledger.refused_delivery").fetchall()
    assert refused and sorted(counted) == sorted(refused), "counted once each, none archived"
    for outcome in again:
        unit = outcome.dataset_id.split(".")[0]
        assert outcome.verdict in ("ok", "nothing_due") or outcome.turned_away and unit in dict(refused), (
            outcome.message
        )
    assert sum(len(outcome.turned_away) for outcome in again) == len(refused), "each is complained of by one dataset"
    silent = next(step for step in reversed(steps()) if step["dataset_id"] == "wlj.penalty_entity")
    assert (silent["verdict"], silent["message"]) == ("nothing_due", "无新增")
