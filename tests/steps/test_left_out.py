"""While a department's file has a mistake nothing new of it is taken; what is there is read, judged and told as before."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from public_credit import collect
from public_credit.build import inputs
from public_credit.build import run as build
from public_credit.catalogue import LeftOut, load_catalogue
from public_credit.deliver import release
from public_credit.ledger.session import session
from public_credit.oversight import doctor
from public_credit.steps import work

from tests.helpers import penalties
from tests.helpers.commands import credit
from tests.helpers.penalties import csv_bytes, rows
from tests.helpers.runs import run_on

UNIT = penalties.DATASET.partition(".")[0]
FILE = f"departments/{UNIT}.yml"
RUN = run_on(penalties.ON)
WHOLE = load_catalogue()


@pytest.fixture
def district(warehouse: Any, root: Path) -> Path:
    """The demo's folder, to spoil; the unit has one receipt accepted and one booked."""
    for name, count in (("first.csv", 5), ("second.csv", 4)):
        path = root / name
        path.write_bytes(csv_bytes([row | {"decision_no": f"{name}{row['decision_no']}"} for row in rows(count)]))
    work.ingest(RUN, penalties.DATASET, root / "first.csv")
    assert work.gate(RUN) == []
    collect.receive_file(RUN, penalties.DATASET, root / "second.csv")
    return root / "include" / "districts" / "demo"


def states(warehouse: Any) -> list[str]:
    with warehouse.connect("reader") as reader:
        return [state for (state,) in reader.execute("select state from ledger.batch order by seq")]


def told(warehouse: Any) -> str:
    work.alert(RUN)
    return "".join(path.read_text(encoding="utf-8") for path in sorted((warehouse.home / "alerts").glob("*.txt")))


def test_what_is_there_goes_on_and_nothing_new_is_taken(warehouse: Any, district: Path) -> None:
    name, before = load_catalogue().units[UNIT].name, build.made_from()
    good = (district / FILE).read_bytes()
    (district / FILE).write_bytes("单位".encode("gb18030"))

    checked = credit("catalogue", "check")
    assert checked.code == 1 and f"{FILE}:1" in checked.out and "不是 UTF-8 编码" in checked.out
    for words in (("collect", UNIT), ("ingest", penalties.DATASET, "--file", district.parents[2] / "first.csv")):
        refused = credit(*words)
        assert refused.code == 3 and f"{FILE} 第 1 行" in refused.err and name in refused.err
    with pytest.raises(LeftOut):
        work.collect_and_land(RUN, UNIT)
    assert work.gate(RUN) == [] and states(warehouse) == ["accepted", "accepted"], "it was good when it came"
    assert build.made_from() == before, "a slip costs no rebuild"
    assert load_catalogue().collected == WHOLE.collected, "its DAG stays, and fails with the sentence"

    shown = credit("status", "--json").json
    (row,) = [row for row in shown["datasets"] if row["dataset_id"] == penalties.DATASET]
    assert (row["unit_name"], row["verdict"], row["accepted"]) == (name, "目录有误", 4) and FILE in row["move"]
    assert any(FILE in item["message"] and item["owner_name"] == "数据管理员" for item in shown["open"])
    (finding,) = [item for item in doctor.examine(penalties.ON) if item.verdict == "待办" and FILE in item.detail]
    assert "暂不采集" in finding.detail
    assert re.search(rf"【数据管理员】\n- {FILE} 第 1 行", told(warehouse))
    for reading in ("batches", "quarantine", "slips", "explain 1/1", "catalogue coverage", "catalogue show", "doctor"):
        assert "Traceback" not in credit(*reading.split()).err, reading
    assert name in credit("catalogue", "show", UNIT).out

    (district / FILE).write_bytes(good)
    assert f"【已解决】\n- {FILE}" in told(warehouse)
    work.ingest(RUN, penalties.DATASET, district.parents[2] / "first.csv")


def test_a_file_that_was_never_good_is_told_and_its_receipts_wait(warehouse: Any, district: Path) -> None:
    (district / FILE).write_bytes(b"- nothing\n")
    with warehouse.connect() as owner:
        owner.execute("delete from ledger.district_file")
    assert "暂" not in credit("status").err and penalties.DATASET in credit("batches").out
    failures = work.gate(RUN)
    assert len(failures) == 1 and penalties.DATASET in failures[0] and states(warehouse) == ["accepted", "received"]
    assert f"{FILE} 第 1 行" in credit("status").out and "没有采集任务（DAG）" in told(warehouse)
    assert UNIT not in {unit.id for unit in load_catalogue().collected}, "it has no DAG"
    for shown in (credit("doctor").out, credit("status", "--open").out):
        assert f"{FILE} 第 1 行" in shown and "没有采集任务（DAG）" in shown
    assert credit("collect", UNIT).code == 3


def test_wrong_evidence_stops_no_build_and_what_was_published_stays(warehouse: Any, district: Path) -> None:
    with session("builder") as opened:
        inputs.publish(opened, penalties.ON)
    with warehouse.connect("reader") as reader:
        count = "select count(*) from ledger.report_area where first_on is not null"
        before = reader.execute(count).fetchone()
        assert before[0] > 0
        calendar = "select count(*) from ledger.calendar_day"
        days = reader.execute(calendar).fetchone()
        wrong = ("evidence/area_evidence.csv", "evidence/milestone_evidence.csv", "calendar.csv")
        for name in wrong:
            (district / name).write_bytes(b"\xff\xfe")
        (district / "district.yml").write_bytes(b"name: [\n")
        with session("builder") as opened:
            inputs.publish(opened, penalties.ON)
        assert reader.execute(count).fetchone() == before and reader.execute(calendar).fetchone() == days
    said = told(warehouse)
    assert all(name in said for name in wrong) and said.count("UTF-8") >= len(wrong), said
    assert load_catalogue().district.name == "示范区"


def test_a_dataset_that_left_the_catalogue_keeps_its_disclosure(warehouse: Any, district: Path) -> None:
    with session("builder") as opened:
        build._publish_datasets(opened)
    receiver = load_catalogue().receiver("city")
    closed = {item.id for item in load_catalogue().datasets.values() if item.disclosure == "封存"}
    for path in {district / "departments" / f"{name.partition('.')[0]}.yml" for name in closed}:
        path.unlink()
    assert closed and not closed & load_catalogue().datasets.keys()
    with session("builder") as opened:
        for interface in receiver.interfaces:
            assert closed <= set(release._not_disclosed(opened, interface, receiver))
