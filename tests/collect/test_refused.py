"""What is never collected is turned away at the door: counted once, never archived, the files beside it untouched."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path
from typing import Any

import pytest
from public_credit import collect
from public_credit.base.messages import UserError
from public_credit.steps import work

from tests.helpers.receipts import DAY
from tests.helpers.runs import run_on

CONTENT = "姓名,家庭月收入\n甲,1000\n"
NAME = "低收入家庭经济核对_20260225.csv"


def _write(path: Path, content: str = CONTENT, age: float = 60) -> Path:
    path.write_text(content, encoding="utf-8")
    os.utime(path, (time.time() - age, time.time() - age))
    return path


def _dataset(*patterns: str) -> dict[str, Any]:
    return {
        "channel": {"type": "drop_folder", "connection": "drop_csdw", "patterns": list(patterns), "settle_seconds": 0.1}
    }


@pytest.fixture
def folder(offer, tmp_path: Path) -> Path:
    place = tmp_path / "drop"
    place.mkdir()
    offer(everything=_dataset("*.csv"), licences=_dataset("许可_*.txt")).add_connections(drop_csdw=place.as_uri())
    return place


@pytest.fixture
def refused(warehouse) -> Any:
    """The refused deliveries in order, and how many objects the archive holds."""

    def read() -> tuple[list[tuple[Any, ...]], int]:
        with warehouse.connect() as connection:
            rows = connection.execute(
                "select refused_id, unit_id, dataset_id, file_name, sha256, size_bytes, reason, "
                "business_date from ledger.refused_delivery order by id"
            ).fetchall()
            return rows, connection.execute("select count(*) from ledger.archive_object").fetchone()[0]

    return read


def test_a_refused_file_is_counted_and_the_files_beside_it_are_taken(folder, batches, refused, steps):
    _write(folder / NAME)
    _write(folder / "许可_1.csv")
    _write(folder / "许可_2.txt")
    everything, licences = collect.collect(run_on(DAY), "csdw")
    assert sorted(batch["file_name"] for batch in batches()) == ["许可_1.csv", "许可_2.txt"]
    (row,), archived = refused()
    content = CONTENT.encode()
    assert row[:6] == (
        "low_income_check",
        "csdw",
        "csdw.everything",
        NAME,
        hashlib.sha256(content).hexdigest(),
        len(content),
    )
    assert "第42条" in row[6] and row[7] == DAY
    assert archived == 2
    first, second = steps()[-2:]
    assert (first["verdict"], first["owner"], first["counts"]["turned_away"]) == ("warning", "department", 1)
    assert NAME in first["message"] and "依法不予归集" in first["message"] and "甲" not in first["message"]
    assert (second["verdict"], second["counts"]["turned_away"]) == ("ok", 0), "one file, one complaint"


def test_it_is_counted_once_per_receipt_and_said_until_it_is_gone(folder, refused, steps):
    path = _write(folder / NAME)
    for _ in range(3):
        collect.collect(run_on(DAY), "csdw")
    assert len(refused()[0]) == 1
    assert steps()[-2]["verdict"] == "warning"
    _write(path, CONTENT + "乙,900\n", age=30)
    collect.collect(run_on(DAY), "csdw")
    assert len(refused()[0]) == 2, "a new receipt under the old name"
    path.unlink()
    collect.collect(run_on(DAY), "csdw")
    assert [step["verdict"] for step in steps()[-2:]] == ["nothing_due", "nothing_due"]
    assert refused()[1] == 0, "nothing was archived"


def test_a_word_is_recognised_however_it_is_punctuated(folder, refused):
    _write(folder / "学生 诚信（2026）.xlsx")
    _write(folder / "示范区-上网_行为.csv")
    _write(folder / "上网服务场所检查.csv")
    _write(folder / "信访.csv.part")
    collect.collect(run_on(DAY), "csdw")
    assert sorted(row[0] for row in refused()[0]) == ["network_behaviour", "student_honesty"]


def test_an_unreadable_refused_file_keeps_nothing_else_from_coming(folder, batches, monkeypatch):
    from public_credit.collect.base import CollectError
    from public_credit.collect.drop_folder import Folder

    opened = Folder.open

    def denied(self: Folder, path: str) -> Any:
        if path == NAME:
            raise CollectError("无法读取", "检查权限", "department")
        return opened(self, path)

    monkeypatch.setattr(Folder, "open", denied)
    _write(folder / NAME)
    _write(folder / "许可_1.csv")
    collect.collect(run_on(DAY), "csdw.everything")
    assert [batch["file_name"] for batch in batches()] == ["许可_1.csv"]


def test_probing_counts_nothing(folder, refused):
    _write(folder / NAME)
    assert "依法不予归集" in collect.probe(run_on(DAY), "csdw.everything").message
    assert refused()[0] == []


@pytest.mark.parametrize("given", ["student_honesty", "学生诚信"])
def test_ingest_into_a_refused_dataset_says_why(warehouse, tmp_path, refused, given):
    from tests.helpers.commands import credit

    path = _write(tmp_path / "名单.csv")
    answer = credit("ingest", given, "--file", path)
    assert answer.code == 4 and "学生诚信依法不予归集" in answer.err and "请勿报送" in answer.err
    assert credit("ingest", given, "--file", path).code == 4
    (row,), archived = refused()
    assert (row[0], row[1], row[2], archived) == ("student_honesty", "", "", 0)


def test_a_refused_file_handed_in_for_another_dataset_is_turned_away(
    warehouse, tmp_path, refused, batches, monkeypatch
):
    from public_credit.base import settings

    folder = settings.hand_in_folder()
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "信访台账.csv")
    with pytest.raises(UserError) as error:
        work.hand_in(run_on(DAY), "scjg.registration_backfile", "信访台账.csv")
    assert error.value.code == 4 and "信访依法不予归集" in str(error.value)
    (row,), archived = refused()
    assert (row[0], row[1], row[2], archived) == ("petition", "scjg", "scjg.registration_backfile", 0)
    assert batches() == []
