"""Exactly once.

Killed at any instant, two at a time, one dataset failing beside others; hand-in and probe.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import pytest
from public_credit import collect
from public_credit.base.messages import UserError
from public_credit.catalogue import load_catalogue
from public_credit.collect import base
from public_credit.steps import work

from tests import seeds
from tests.helpers.commands import credit
from tests.helpers.receipts import DAY, archived
from tests.helpers.runs import run_on

COLLECT = """
import os, signal, sys
from public_credit import collect
from public_credit.collect import base
from public_credit.custody import archive
from tests.helpers.runs import run_on
def die(*args, **more):
    os.kill(os.getpid(), signal.SIGKILL)
{patch}
print("ready", flush=True)
collect.collect(run_on(), "csdw")
"""
PATCHES = {
    "while the bytes are read": "import public_credit.collect.files as files\n"
    "files.read_file = lambda handle: (die() if number else handle.read(9) for number in (0, 1))",
    "after archiving, before booking": "base.Intake._row = die",
    "after booking": "base.CollectOutcome.settle = die",
}


@pytest.fixture
def folder(offer, tmp_path: Path) -> Path:
    place = tmp_path / "drop"
    place.mkdir()
    channel = {"type": "drop_folder", "connection": "drop_csdw", "patterns": ["*.csv"], "settle_seconds": 0}
    offer(licences={"channel": channel}, by_hand={"channel": {"type": "hand_in"}}).add_connections(
        drop_csdw=place.as_uri()
    )
    return place


def start(patch: str = "") -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", COLLECT.format(patch=patch)], stdout=subprocess.PIPE, text=True)


def fill(folder: Path, files: int, size: int = 20_000) -> dict[str, bytes]:
    rng = seeds.rng("files")
    contents = {f"{number:02d}.csv": rng.randbytes(size) for number in range(files)}
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return contents


def assert_each_once(batches, contents: dict[str, bytes]) -> None:
    booked = batches()
    assert sorted(batch["file_name"] for batch in booked) == sorted(contents)
    for batch in booked:
        assert archived(batch["archive_uri"]) == contents[batch["file_name"]]
        assert batch["sha256"] == hashlib.sha256(contents[batch["file_name"]]).hexdigest()
        assert batch["size_bytes"] == len(contents[batch["file_name"]])


@pytest.mark.parametrize("moment", PATCHES)
def test_killed_at_a_chosen_instant_and_repeated(folder, batches, steps, moment):
    contents = fill(folder, 2)
    child = start(PATCHES[moment])
    child.communicate(timeout=60)
    assert child.returncode == -9
    assert steps()[-1]["verdict"] == "incomplete"
    collect.collect(run_on(DAY), "csdw")
    assert_each_once(batches, contents)
    assert steps()[-1]["verdict"] == "ok"


def test_killed_at_random_instants_and_repeated(folder, batches):
    rng = seeds.rng("killed collectors")
    contents = fill(folder, 25)
    for _ in range(3):
        child = start()
        child.stdout.readline()
        time.sleep(rng.uniform(0.02, 0.25))
        child.kill()
        child.communicate(timeout=60)
    collect.collect(run_on(DAY), "csdw")
    assert_each_once(batches, contents)


def test_two_collectors_at_once_book_each_receipt_once(folder, batches, steps):
    contents = fill(folder, 30)
    children = [start(), start()]
    for child in children:
        child.communicate(timeout=60)
        assert child.returncode == 0
    assert_each_once(batches, contents)
    said = sorted(step["message"] for step in steps())
    assert "新收 30 份" in said
    assert any("另一任务正在采集" in message or "已收过 30 份" in message for message in said)


def test_a_second_collector_says_that_another_is_at_work(folder, batches, steps):
    fill(folder, 1)
    with base.only_one(run_on(), "collect csdw.licences") as mine:
        assert mine
        (outcome,) = collect.collect(run_on(DAY), "csdw")
    assert batches() == []
    assert outcome.message == steps()[-1]["message"] == "另一任务正在采集本数据集，本次不重复采集"
    assert outcome.verdict == "nothing_due"
    collect.collect(run_on(DAY), "csdw")
    assert len(batches()) == 1


def test_a_fault_of_the_archive_is_not_blamed_on_the_source(folder, batches, steps, monkeypatch):
    from public_credit.custody import archive

    def full(stream, hint):
        stream.read(10)
        raise OSError(28, "No space left on device")

    fill(folder, 1)
    monkeypatch.setattr(archive, "store", full)
    collect.collect(run_on(DAY), "csdw")
    assert batches() == []
    assert (steps()[-1]["verdict"], steps()[-1]["owner"]) == ("failed", "data_engineer")
    assert "归档存储写入失败" in steps()[-1]["message"]


def test_a_fault_of_ours_is_booked_without_its_text(folder, steps, monkeypatch):
    def fault(*arguments):
        raise RuntimeError("value 370399199001011234")

    fill(folder, 1)
    monkeypatch.setattr(base.Intake, "_row", fault)
    (outcome,) = collect.collect(run_on(DAY), "csdw")
    assert outcome.verdict == steps()[-1]["verdict"] == "failed"
    assert "程序错误 RuntimeError" in steps()[-1]["message"]
    assert "370399" not in steps()[-1]["message"]


def test_datasets_and_units_may_be_named_and_each_is_collected_once(folder, steps):
    outcomes = collect.collect(run_on(DAY, dag_run="collect_csdw/manual"), ["csdw.licences", "csdw"])
    assert [outcome.dataset_id for outcome in outcomes] == ["csdw.licences"]
    assert len(steps()) == 1


def test_an_unknown_name_is_a_mistake_of_the_user(folder):
    with pytest.raises(UserError, match="没有单位或数据集 nobody"):
        collect.collect(run_on(DAY), "nobody")


def test_every_new_receipt_has_a_step_of_its_own(folder, batches, warehouse):
    fill(folder, 2)
    collect.collect(run_on(DAY, dag_run="collect_csdw/manual"), "csdw")
    with warehouse.connect() as connection:
        booked = connection.execute(
            "select batch_seq, dag_run, verdict from ledger.step where name = 'receive' order by id"
        ).fetchall()
    assert booked == [(batch["seq"], "collect_csdw/manual", "ok") for batch in batches()]
    assert {batch["dag_run"] for batch in batches()} == {"collect_csdw/manual"}
    assert all(batch["catalogue_version"] and batch["code_version"] for batch in batches())


def test_probe_asks_and_takes_nothing(folder, batches):
    fill(folder, 2)
    assert collect.probe(run_on(DAY), "csdw.licences").receipts == ["00.csv", "01.csv"]
    answer = credit("probe", "csdw.licences")
    assert answer.code == 0 and "可收 2 份" in answer.out
    assert credit("probe", "csdw.by_hand").code == 2
    assert batches() == []


def test_a_probe_of_a_source_out_of_reach_fails(folder, warehouse):
    warehouse.add_connections(drop_csdw=(folder / "gone").as_uri())
    answer = credit("probe", "csdw.licences")
    assert answer.code == 5 and "共享文件夹不存在" in answer.out


def test_a_file_handed_in_is_booked_once(folder, batches, steps, tmp_path):
    path = tmp_path / "补报.xlsx"
    path.write_bytes(b"content")
    first = collect.receive_file(run_on(DAY), "csdw.by_hand", path)
    again = collect.receive_file(run_on(DAY), "csdw.by_hand", path)
    assert len(first.batch_seqs) == 1
    assert again.batch_seqs == []
    assert "已收过 1 份" in again.message == steps()[-1]["message"]
    (batch,) = batches()
    assert (batch["locator"], batch["file_name"]) == ("hand_in:补报.xlsx", "补报.xlsx")
    assert archived(batch["archive_uri"]) == b"content"
    path.write_bytes(b"changed")
    assert len(collect.receive_file(run_on(DAY), "csdw.by_hand", path).batch_seqs) == 1


@pytest.mark.parametrize("name", ["absent.csv", "."])
def test_what_cannot_be_handed_in_is_said(folder, batches, tmp_path, name):
    with pytest.raises(UserError):
        collect.receive_file(run_on(DAY), "csdw.by_hand", tmp_path / name)
    assert batches() == []


def test_a_unit_is_not_a_dataset(folder, tmp_path):
    with pytest.raises(UserError, match="是单位编号"):
        collect.receive_file(run_on(DAY), "csdw", tmp_path / "x.csv")


@pytest.mark.parametrize("name", ["../secrets/vault.key", "/etc/hostname", "link.csv", "absent.csv", ""])
def test_the_form_reaches_nothing_outside_the_hand_in_folder(folder, warehouse, batches, name):
    hand_in = warehouse.home / "hand_in"
    hand_in.mkdir()
    (hand_in / "link.csv").symlink_to(warehouse.home / "secrets" / "vault.key")
    with pytest.raises(UserError):
        work.hand_in(run_on(DAY), "csdw.by_hand", name)
    assert batches() == []


def test_a_second_copy_of_a_booked_receipt_is_destroyed(folder, batches, warehouse):
    intake = base.Intake(run_on(DAY), load_catalogue().datasets["csdw.licences"])
    for _ in range(2):
        intake.take("drop_folder:drop_csdw/1.csv", "v1", "1.csv", [b"same"])
    (batch,) = batches()
    assert (intake.outcome.receipts, intake.outcome.known) == (["1.csv"], 1)
    assert archived(batch["archive_uri"]) == b"same"
    with warehouse.connect() as connection:
        left = connection.execute("select uri from ledger.archive_object where wrapped_key is not null").fetchall()
    assert left == [(batch["archive_uri"],)]


def test_memory_stays_flat_however_long_the_receipt(folder, batches, monkeypatch):
    chunk, most = b"x" * 65_536, 0

    def chunks():
        nonlocal most
        for _ in range(640):
            most = max(most, tracemalloc.get_traced_memory()[0])
            yield chunk

    tracemalloc.start()
    intake = base.Intake(run_on(DAY), load_catalogue().datasets["csdw.licences"])
    intake.take("drop_folder:drop_csdw/1.csv", "v1", "1.csv", chunks())
    tracemalloc.stop()
    assert batches()[0]["size_bytes"] == 640 * 65_536
    assert most < 16_000_000
