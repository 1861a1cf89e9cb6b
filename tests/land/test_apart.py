"""A receipt that ends or overtaxes the process that reads it is broken, alone; the others land. Each test is a task of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from public_credit import collect
from public_credit.land import apart
from public_credit.oversight.waits import open_list
from public_credit.oversight.waits.item import Rank
from public_credit.steps import work

from tests.helpers import penalties
from tests.helpers.penalties import csv_bytes, rows
from tests.helpers.runs import run_on
from tests.helpers.signed import token_of

CHECKOUT = Path(__file__).resolve().parents[2]
# What a task does, with receipts that do something to their reader: the archive is asked for their bytes in the child.
_TASK = """
import json, os, signal, sys, time
from public_credit.custody import archive
from public_credit.land import apart
from public_credit.ledger.models import Batch
from public_credit.ledger.session import session
from public_credit.steps import work
from sqlalchemy import select
from tests.helpers.runs import run_on

def swell():
    kept = [b"x" * (64 << 20) for _ in range(48)]

def turn():
    while True:
        pass

FAULTS = {"signal.csv": lambda: os.kill(os.getpid(), signal.SIGSEGV), "swell.csv": swell, "turn.csv": turn,
          "sleep.csv": lambda: time.sleep(600), "python.csv": lambda: 1 / 0,
          "killed.csv": lambda: os.kill(os.getpid(), signal.SIGKILL)}
apart.CPU_SECONDS, apart.WALL_SECONDS = map(int, sys.argv[1:])
apart._IDLE = 0.9  # in so short a time the libraries alone take a good part
with session("reader") as opened:
    names = dict(opened.execute(select(Batch.archive_uri, Batch.file_name)).tuples().all())
real = archive.Original.open

def opened(original):
    FAULTS.get(names[original._uri], int)()
    return real(original)

archive.Original.open = opened
results, failures = work.land_received(run_on(), None)
loaded = [name for name in ("polars", "pyarrow") if name in sys.modules]
print(json.dumps({"results": [[r.batch_seq, r.state, r.message] for r in results], "failures": failures, "loaded": loaded,
                  "children": len(apart._family(os.getpid())) - 1}))
"""


def task(cpu_seconds: int, wall_seconds: int) -> dict[str, Any]:
    """What a task of one thread lands of what was received."""
    done = subprocess.run(
        [sys.executable, "-c", _TASK, str(cpu_seconds), str(wall_seconds)],
        env=os.environ | {"PYTHONPATH": f"{CHECKOUT / 'include'}:{CHECKOUT}", "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def receive(path: Path) -> int:
    return collect.receive_file(run_on(penalties.ON), penalties.DATASET, path).batch_seqs[0]


def receive_csv(folder: Path, name: str) -> int:
    path = folder / name
    path.write_bytes(csv_bytes(rows(5, decision_no=f"示罚决〔2026〕{name}号")))
    return receive(path)


def receive_wide_sheet(path: Path) -> int:
    """Two thousand rows of penalties, and one cell in the last column a sheet can have: made dense, it costs nothing."""
    first = rows(1)[0]
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, csv_bytes([first]).decode().split("\r\n")[0].split(","))
        for line in range(1, 2301):
            sheet.write_row(line, 0, (first | {"decision_no": f"示罚决〔2026〕{line}号"}).values())
        sheet.write_string(2301, 16_383, "x")
    return receive(path)


def test_what_a_receipt_does_to_its_reader_ends_that_receipt_alone(warehouse: Any, tmp_path: Path) -> None:
    before, dead, grown, endless, faulty = (
        receive_csv(tmp_path, f"{name}.csv") for name in ("before", "signal", "swell", "turn", "python")
    )
    wide, after = receive_wide_sheet(tmp_path / "wide.xlsx"), receive_csv(tmp_path, "after.csv")
    found = task(cpu_seconds=6, wall_seconds=600)
    assert [(seq, state) for seq, state, _ in found["results"]] == [
        (before, "landed"),
        (dead, "broken"),
        (grown, "broken"),
        (endless, "broken"),
        (faulty, "failed"),
        (wide, "landed"),
        (after, "landed"),
    ]
    assert found["failures"] == [] and found["loaded"] == [] and found["children"] == 0
    said = {dead: "信号 11", grown: "占用内存超过 1024 MB", endless: "占用处理器超过 6 秒"}
    with warehouse.connect("collector") as reader:
        for seq, reason in said.items():
            told = reader.execute(
                "select distinct on (batch_seq) verdict, owner, message from ledger.step where name = 'land' "
                "and batch_seq = %s order by batch_seq, id desc",
                [seq],
            ).fetchall()
            ((verdict, owner, message),) = told
            assert (verdict, owner) == ("failed", "department") and reason in message and "处理办法：" in message
            assert reader.execute("select message, rows_in from ledger.batch where seq = %s", [seq]).fetchall() == [
                (message, 0)
            ]
        assert reader.execute(
            "select batch_seq, count(*) from raw.administrative_penalty group by 1 order by 1"
        ).fetchall() == [(before, 5), (wide, 2301), (after, 5)]
        assert reader.execute("select distinct state from ledger.attempt order by 1").fetchall() == [
            ("failed",),
            ("landed",),
        ]


def test_a_process_that_somebody_ended_leaves_its_receipt_to_us_on_the_open_list(
    warehouse: Any, tmp_path: Path
) -> None:
    seq, after = receive_csv(tmp_path, "killed.csv"), receive_csv(tmp_path, "after.csv")
    found = task(cpu_seconds=60, wall_seconds=600)
    assert [(landed, state) for landed, state, _ in found["results"]] == [(seq, "failed"), (after, "landed")]
    (item,) = [item for item in open_list.items(penalties.ON) if item.key == f"batch/{seq}"]
    assert (item.owner, item.rank) == ("data_engineer", Rank.OUR_FAULT) and "信号 9" in item.message
    assert f"public-credit replay {seq}" in item.act


def test_a_receipt_that_stands_still_is_given_up(warehouse: Any, tmp_path: Path) -> None:
    seq = receive_csv(tmp_path, "sleep.csv")
    found = task(cpu_seconds=60, wall_seconds=2)
    ((landed, state, message),) = found["results"]
    assert (
        (landed, state) == (seq, "failed") and "用时超过 2 秒，多半在等待数据库" in message and found["children"] == 0
    )


def test_the_mended_receipt_lands_by_replay(warehouse: Any, tmp_path: Path) -> None:
    """Nothing of the dead process is left that keeps the batch: no lock, no attempt under way."""
    seq = receive_csv(tmp_path, "signal.csv")
    assert task(cpu_seconds=60, wall_seconds=600)["results"][0][1] == "broken"
    done = subprocess.run(
        [sys.executable, "-m", "public_credit.cli", "replay", str(seq), "--date", f"{penalties.ON}", "--json"],
        env=os.environ
        | {"PYTHONPATH": str(CHECKOUT / "include"), "PYTHONIOENCODING": "utf-8"}
        | {"PCW_SESSION": token_of("engineer")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout)["rows_in"] == 5
    assert "without a process of its own" not in done.stderr, "a command is watched as a task is"


def test_a_process_with_threads_lands_by_itself_and_says_so(
    warehouse: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    receive_csv(tmp_path, "plain.csv")
    assert apart._threads() > 1, "the tests have loaded Polars"
    results, failures = work.land_received(run_on(penalties.ON), None)
    assert [result.state for result in results] == ["landed"] and failures == []
    assert "holds threads" in caplog.text


def test_the_command_line_can_be_forked() -> None:
    """What commands import starts no thread; reading libraries load in the landing child."""
    done = subprocess.run(
        [sys.executable, "-c", "import public_credit.cli, os; print(len(os.listdir('/proc/self/task')))"],
        env=os.environ | {"PYTHONPATH": str(CHECKOUT / "include")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "1"
