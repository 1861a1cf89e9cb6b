"""SIGKILL at awkward moments, then again until done: marts and the city hold what an undisturbed run gives."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import seeds
from tests.helpers.signed import session_of
from tests.helpers.world import DAYS, World, world

pytestmark = [pytest.mark.chain, pytest.mark.slow, pytest.mark.timeout(3000)]
SCALE = 0.03
_IGNORED = {"build_id", "batch_seq", "attempt"}  # numbers of this run
# Tokens are random, another vault gives other tokens: whatever names a person, or is computed over a value that may be one.
_OF_TOKENS = {"record_id", "person_ref", "receipt_key", "line_key", "content_hash"}
_MAY_BE_OF_PERSONS = {"mart_supervision__breach_ahead", "mart_supervision__assessment_line"}

_UNITS = {1: ("xzsp", "wsjk", "jtys", "sthj", "rsj"), 2: ("xzsp", "zjj", "sfj", "nync", "wlj", "yjgl")}
_MODELS = {
    1: ("%create%int_administrative_penalty__image%", "%mart_shuanggongshi__%"),
    2: ("%insert into%stg_%", "%mart_shuanggongshi__%"),
}


def _start(on: str, *arguments: str) -> subprocess.Popen[bytes]:
    include = str(Path(__file__).resolve().parents[2] / "include")
    return subprocess.Popen(
        [sys.executable, "-m", "public_credit.cli", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ
        | {"PYTHONPATH": include, "PCW_BUSINESS_DATE": on, "PCW_CITY_TIMEOUT": "20"}
        | session_of("engineer"),
    )


def _kill_when(process: subprocess.Popen[bytes], moment: Callable[[], bool]) -> bool:
    """SIGKILL as soon as ``moment`` is true; False when the process ended first."""
    while process.poll() is None:
        if moment():
            process.send_signal(signal.SIGKILL)
            process.wait()
            return True
        time.sleep(0.002)
    return False


def _finish(on: str, *arguments: str) -> None:
    for _ in range(6):
        process = _start(on, *arguments)
        if process.wait() == 0:
            return
    raise AssertionError(f"{arguments} did not finish")


def _running(w: World, pattern: str) -> bool:
    with w.warehouse.cluster.admin() as admin:
        return admin.execute(
            "select exists (select 1 from pg_stat_activity where datname = %s and state = 'active' "
            "and query ilike %s and pid <> pg_backend_pid())",
            [w.warehouse.database, pattern],
        ).fetchone()[0]


def _snapshot(w: World) -> dict[str, Any]:
    """Marts and the city's store, without what differs between any two runs."""
    result: dict[str, Any] = {
        "city": sorted((row["interface"], row["state"], row["data"]) for row in w.city_store().values())
    }
    for (mart,) in w.query("select table_name from information_schema.tables where table_schema = 'marts' order by 1"):
        persons = mart.endswith("_person") or mart in _MAY_BE_OF_PERSONS
        rows = [row for (row,) in w.query(f"select to_jsonb(m) from marts.{mart} m")]
        for row in rows:
            tokens = _OF_TOKENS if persons or row.get("subject_class") == "person" else {"content_hash"}
            for name in row.keys() & (_IGNORED | tokens):
                del row[name]
        result[mart] = sorted(json.dumps(row, ensure_ascii=False, sort_keys=True) for row in rows)
    return result


def _undisturbed(warehouse: Any, home: Path) -> dict[str, Any]:
    with world(warehouse, home, SCALE, clerks=False) as w:
        for day in (1, 2):
            w.run_day(day)
        return _snapshot(w)


def test_killed_anywhere_the_result_is_the_same(warehouse, migrated, tmp_path: Path, monkeypatch):
    from tests.conftest import open_warehouse

    rng, seed = seeds.rng("killed"), seeds.SEED
    expected = _undisturbed(warehouse, tmp_path / "calm")
    with (
        open_warehouse(migrated, tmp_path / "second", monkeypatch) as disturbed,
        world(disturbed, tmp_path / "rough", SCALE, clerks=False) as w,
    ):
        killed: dict[str, int] = {}
        for day in (1, 2):
            _rough_day(w, day, rng, killed)
        print(f"killed: {killed}")
        actual = _snapshot(w)
        for point in ("copy", "model", "before sending", "after the city's commit", "anywhere"):
            assert killed.get(point, 0) >= 1, f"seed {seed}: never killed at: {point}"
    for name, content in expected.items():
        gone, new = (sorted(set(one) - set(other)) for one, other in ((content, actual[name]), (actual[name], content)))
        assert actual[name] == content, f"seed {seed}: {name} differs: {gone[:3]} | {new[:3]}"


def _rough_day(w: World, day: int, rng: random.Random, killed: dict[str, int]) -> None:
    on = DAYS[day].isoformat()

    def count(point: str, happened: bool) -> None:
        killed[point] = killed.get(point, 0) + happened

    w.district.play(day)
    for unit in ("scjg", "zhzf", *_UNITS[day]):
        if unit in ("scjg", "zhzf"):
            count("copy", _kill_when(_start(on, "collect", unit), lambda: _running(w, 'copy "raw".%')))
        else:
            process, delay = _start(on, "collect", unit), rng.uniform(0.3, 3.0)
            started = time.monotonic()
            count("anywhere", _kill_when(process, lambda s=started, d=delay: time.monotonic() - s > d))
    w.collect(day)  # every unit: those that were killed again, the others for the first time
    process, started, delay = _start(on, "gate"), time.monotonic(), rng.uniform(4, 9)
    count("anywhere", _kill_when(process, lambda: time.monotonic() - started > delay))
    _finish(on, "gate")
    for pattern in _MODELS[day]:
        count("model", _kill_when(_start(on, "build"), lambda p=pattern: _running(w, p)))
    _finish(on, "build")
    count(
        "before sending",
        _kill_when(
            _start(on, "release", "prepare"),
            lambda: bool(w.query("select 1 from ledger.release where business_date = %s", [DAYS[day]])),
        ),
    )
    _finish(on, "release", "prepare")
    before = len(w.city_store())
    w.city.control("POST", "mode", mode="timeout_after_commit", count=1)
    count("after the city's commit", _kill_when(_start(on, "deliver"), lambda: len(w.city_store()) > before))
    w.city.control("POST", "mode", mode="none", count=0)
    _finish(on, "deliver")
    _finish(on, "receive")
    w.city.control("POST", "day", date=on)
    _finish(on, "receive")
    _finish(on, "reconcile")
