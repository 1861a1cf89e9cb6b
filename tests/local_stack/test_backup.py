"""A warehouse restored from yesterday's backup: the city tells what it holds beyond it, the day is collected again, all is as it was."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from local_stack.postgres import Server
from local_stack.stack import only_stack
from public_credit.base import settings

from tests.conftest import CHECKOUT, Warehouse, migrate_template, open_cluster
from tests.helpers.commands import credit
from tests.helpers.runs import run_on
from tests.helpers.world import DAYS, World, world

UNITS = ("xzsp", "wlj", "jgbz", "sfj", "zfb", "town_east")  # registers, decisions, counts: few rows, many kinds
HELD = ("marts.mart_shuanggongshi__licence", "marts.mart_shuanggongshi__penalty", "marts.mart_supervision__monthly")


def _run(home: Path, *words: str | Path, **beside: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "local_stack", *map(str, words)],
        env=os.environ | {"PCW_HOME": str(home), "PYTHONPATH": str(CHECKOUT / "include")} | beside,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def _day(played: World, day: int) -> None:
    """Collect, judge, build and deliver a day of a few units, to the city and back."""
    from public_credit.steps import work

    for unit in UNITS:
        work.collect_and_land(run_on(DAYS[day]), unit)
    work.gate(run_on(DAYS[day]))
    played.finish_day(day)
    played.city.control("POST", "day", date=DAYS[day].isoformat())
    work.receive(run_on(DAYS[day]))


def _told(played: World) -> dict[str, Any]:
    """What the district and the city hold in the end, without the numbers of batches and builds."""
    marts = {
        name: sorted(
            repr(row)
            for row in played.query(f"select to_jsonb(r) - 'batch_seq' - 'attempt' - 'build_id' from {name} r")
        )
        for name in HELD
    }
    states = played.query("select state, count(*) from ledger.delivery_state group by 1 order by 1")
    events = played.query("select record_id, event, at_on from ledger.receiver_event order by 1, 2, 3")
    return marts | {"states": states, "events": events, "city": played.city_store()}


def _persons(played: World) -> set[str]:
    return {token for (token,) in played.query("select token from vault.secret where letter = 'P'")}


def _refusals(backup: Path, keys: Path, folder: Path, old: Path) -> None:
    """What is not whole, or not of one backup, is told and nothing is written."""
    untouched, bad, other = folder / "untouched", folder / "bad", folder / "other"
    shutil.copytree(backup, bad)
    damaged = next(bad.rglob("*.pcw"))
    content = bytearray(damaged.read_bytes())
    content[-1] ^= 1
    damaged.write_bytes(content)
    shutil.copytree(keys, other)
    text = (other / "manifest.json").read_text(encoding="utf-8")
    (other / "manifest.json").write_text(text.replace(keys.name, "20200101T000000"), encoding="utf-8")
    for said, given in (
        ("已损坏", (bad, keys)),
        ("密钥属于", (backup, other)),
        ("没有 manifest.json", (backup / "database", keys)),
    ):
        refused = _run(untouched, "restore", given[0], "--keys", given[1])
        assert refused.returncode == 1 and said in refused.stderr, refused.stderr
        assert not untouched.exists()
    assert "相互包含" in _run(old, "backup", folder / "b", "--keys", folder / "b" / "keys").stderr


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A state folder as the local stack has it, with its server running, departments and a city."""
    home = tmp_path / "state"
    home.mkdir()
    monkeypatch.setenv("PCW_CLOCK", "logical")
    monkeypatch.setenv("PCW_HOME", str(home))
    with open_cluster(home) as cluster:
        migrate_template(cluster)
        warehouse = Warehouse(home, "public_credit", cluster)
        with world(warehouse, tmp_path / "world", 0.01, clerks=False) as played, only_stack(home):
            yield played


@pytest.mark.slow
def test_an_old_backup_is_restored_reconciled_and_worked_on(
    stack: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backups, old = tmp_path / "backups", stack.warehouse.home
    stack.warehouse.add_connections(audit=(tmp_path / "kept by others").as_uri())
    stack.district.play(1)
    _day(stack, 1)
    assert credit("audit", "seal").code == 0
    made = _run(old, "backup", backups)
    assert made.returncode == 0, made.stderr
    (first,) = backups.glob("2*")
    keys = tmp_path / "backups-keys" / first.name
    assert "与备份分开存放" in made.stdout and (keys / "vault.key").exists() and not list(first.rglob("*.key"))
    assert "postgresql://" not in "".join(path.read_text() for path in first.rglob("*.json"))
    before = _persons(stack)
    stack.district.play(2)
    _day(stack, 2)
    whole, met = _told(stack), _persons(stack)
    assert met > before, "somebody was met after the backup"
    assert credit("audit", "seal").code == 0
    assert credit("reconcile", "--date", DAYS[2]).code == 0
    (backups / "20260101T000000.part").mkdir()
    assert _run(old, "backup", backups).returncode == 0
    (second,) = set(backups.glob("2*")) - {first}
    assert not list(backups.glob("*.part")), "what a killed one left"
    objects = [path.relative_to(first) for path in first.rglob("*.pcw")]
    assert objects and all((first / path).samefile(second / path) for path in objects)
    assert len(list(second.rglob("*.pcw"))) > len(objects)

    anew = tmp_path / "anew"
    _refusals(first, keys, tmp_path, old)
    (anew / "archive").mkdir(parents=True)
    (anew / "archive" / "x.pcw").write_text("half", encoding="ascii")
    refused = _run(anew, "restore", first, "--keys", keys)
    assert refused.returncode == 1 and "不是空的" in refused.stderr
    (anew / "restore.unfinished").touch()  # a restore that was killed left it
    done = _run(anew, "restore", first, "--keys", keys)
    assert done.returncode == 0 and "reconcile" in done.stdout, done.stderr
    assert not (anew / "restore.unfinished").exists() and not (anew / "archive" / "x.pcw").exists()
    shutil.rmtree(old / "archive")  # whatever is read from now on is read from the new place
    monkeypatch.setenv("PCW_HOME", str(anew))
    stack.warehouse.home = anew
    server = Server(anew / "postgres", fsync="off").start()
    try:
        assert credit("migrate").code == 0
        compared = credit("reconcile", "--date", DAYS[2], "--json")
        assert compared.code == 1 and compared.json["surplus"] > 0, "what the city holds beyond us"
        (seq,) = stack.query("select min(seq) from ledger.batch where rows_in > 0")[0]
        assert credit("replay", seq).code in (0, 4), "the archive is read where it lies now"
        _day(stack, 2)
        after = credit("reconcile", "--date", DAYS[2], "--json").json
        assert (after["missing"], after["surplus"], after["differing"], after["unsettled"]) == (0, 0, 0, 0), after
        assert _persons(stack) == met, "who was met in the lost time has the token he had"
        assert credit("audit", "seal").code == 0
        proved = credit("audit", "verify", "--json").json
        assert proved["findings"] == [] and proved["counts"]["roots"] >= 4, proved
        assert any("1 个根值是恢复备份以前封存的" in line for line in proved["accepted"]), (
            "the day that was lost was sealed"
        )
        again = _told(stack)
        assert {name for name in whole if whole[name] != again[name]} == set()
    finally:
        for role in settings.ROLES:
            settings.engine(role).dispose()
        server.stop()
