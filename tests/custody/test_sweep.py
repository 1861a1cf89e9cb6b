"""What a killed process has left in archive and vault is found and removed; what is still at work is left alone."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from public_credit.base import settings
from public_credit.base.run import now
from public_credit.custody import sweep
from public_credit.land import stream

from tests.helpers.commands import credit
from tests.helpers.penalties import DATASET, csv_bytes, judge, land, rows

ROOT = Path(__file__).resolve().parents[2]
SHARED, LOST = "370306199001011238", "370306199001011254"
Stuck = Callable[[str, str, bytes], subprocess.Popen[str]]
_TAKE = f"""
import sys, time
from pathlib import Path
from importlib import import_module
def stuck(*given, **named):
    print("at work", flush=True)
    time.sleep(600)
module, _, name = sys.argv[1].rpartition(":")
*inside, name = name.split(".")
place = import_module(module)
for part in inside:
    place = getattr(place, part)
setattr(place, name, stuck)
from public_credit.steps import work
from tests.helpers.runs import run_on
work.ingest(run_on(), {DATASET!r}, Path(sys.argv[2]))
"""


@pytest.fixture
def stuck(warehouse: Any, tmp_path: Path) -> Iterator[Stuck]:
    """Take in a file in a process of its own that gets no further than the named function."""
    children: list[subprocess.Popen[str]] = []

    def begin(place: str, name: str, content: bytes) -> subprocess.Popen[str]:
        (tmp_path / name).write_bytes(content)
        child = subprocess.Popen(
            [sys.executable, "-c", _TAKE, place, str(tmp_path / name)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": f"{ROOT / 'include'}:{ROOT}"},
        )
        children.append(child)
        assert child.stdout is not None and child.stderr is not None
        assert child.stdout.readline() == "at work\n", child.stderr.read()
        return child

    yield begin
    for child in children:
        child.kill()
        child.communicate()


def _killed(child: subprocess.Popen[str]) -> None:
    child.kill()
    child.communicate()


def _with_number(count: int, *numbers: str) -> bytes:
    given = rows(count)
    for row, number in zip(given, numbers, strict=False):
        row["legal_rep_id_no"] = number
    return csv_bytes(given)


def _objects() -> int:
    return sum(path.is_file() for path in Path(settings.archive_url().removeprefix("file://")).rglob("*.pcw*"))


def _later() -> Any:
    return now() + sweep.GRACE + timedelta(hours=1)


def test_numbers_of_a_killed_landing_go_unless_another_has_landed_them(
    warehouse: Any, stuck: Stuck, tmp_path: Path
) -> None:
    child = stuck(f"{stream.__name__}:_book", "a.csv", _with_number(2, SHARED, LOST))
    assert sweep.unused_numbers(_later()) is None, "it may still land them"
    _killed(child)
    assert credit("batches", "set-aside", 1, "--reason", "测试").code == 0, "else the next one lands it again"
    judge(land(tmp_path, "b.csv", _with_number(1, SHARED)))
    with warehouse.connect() as owner:
        before = {token for (token,) in owner.execute("select token from vault.secret").fetchall()}
        (kept,) = owner.execute(
            "select legal_rep_id_no from raw.administrative_penalty where legal_rep_id_no <> '' limit 1"
        ).fetchone()
        assert kept in before and len(before) > 1
        assert sweep.unused_numbers(now()) == 0, "within the day it may be taken up again"
        assert sweep.unused_numbers(_later()) == len(before) - 1
        assert owner.execute("select token from vault.secret").fetchall() == [(kept,)]
        assert sweep.unused_numbers(_later()) == 0
    assert land(tmp_path, "c.csv", _with_number(2, SHARED, LOST))


def test_bytes_that_were_never_booked_go_after_a_day(warehouse: Any, stuck: Stuck, tmp_path: Path) -> None:
    judge(land(tmp_path, "good.csv", csv_bytes(rows(3))))
    _killed(stuck("public_credit.custody.archive:session", "a.csv", csv_bytes(rows(1))))
    _killed(stuck("public_credit.collect.base:Intake._row", "b.csv", csv_bytes(rows(2))))
    assert _objects() == 3
    assert (sweep.stray_objects(now()), sweep.unreceived_objects(now())) == (0, 0)
    foreign = Path(settings.archive_url().removeprefix("file://")) / "README"
    foreign.write_text("not ours")
    assert (sweep.stray_objects(_later()), sweep.unreceived_objects(_later())) == (1, 1)
    assert _objects() == 1 and foreign.exists()
    assert (sweep.stray_objects(_later()), sweep.unreceived_objects(_later())) == (0, 0)
    assert credit("replay", 1).code == 0, "what was booked is there"


def test_a_sweep_is_a_step_of_the_ledger(warehouse: Any, stuck: Stuck) -> None:
    assert "0 个未登记的对象" in credit("sweep").out
    child = stuck(f"{stream.__name__}:_book", "a.csv", _with_number(1, LOST))
    credit("sweep")
    _killed(child)
    with warehouse.connect() as owner:
        steps = owner.execute("select verdict, message from ledger.step where name = 'sweep' order by id").fetchall()
    assert [verdict for verdict, _ in steps] == ["nothing_due"] * 2
    assert "正在入库" in steps[1][1] and "正在入库" not in steps[0][1]
