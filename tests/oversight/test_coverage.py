"""``catalogue coverage``: every sector with datasets, departments and last delivery, or why it is refused."""

from __future__ import annotations

from datetime import date

from public_credit.build import command
from public_credit.build import run as build
from public_credit.catalogue import load_catalogue
from public_credit.steps import work

from tests.helpers.commands import credit
from tests.helpers.penalties import ON, csv_bytes, judge, land, rows
from tests.helpers.runs import run_on


def test_coverage_tells_of_deliveries_and_refusals(warehouse, tmp_path) -> None:
    path = tmp_path / "学生诚信.csv"
    path.write_text("姓名\n甲\n", encoding="utf-8")
    assert credit("ingest", "student_honesty", "--file", path).code == 4
    judge(land(tmp_path, "a.csv", csv_bytes(rows(3))))
    answer = credit("catalogue", "coverage", "--json")
    assert answer.code == 0
    table = {row["sector"]: row for row in answer.json}
    assert list(table) == [f"D{number:02d}" for number in range(1, 36)]
    assert table["D17"]["last_delivery"] == ON.isoformat() and table["D07"]["last_delivery"] is None
    assert "示范区综合行政执法局" in table["D17"]["departments"]
    assert all(row["datasets"] or row["refused"] for row in table.values())
    assert {entry["id"]: entry["turned_away"] for entry in table["D22"]["refused"]}["student_honesty"] == 1
    text = credit("catalogue", "coverage").out
    assert "学生诚信：" in text and "已拒收 1 份" in text and ON.isoformat() in text and "尚未报送" in text
    assert "35 个领域，2 个已有报送" in text, "the penalties of zhzf serve D01 and D17"


def test_a_build_publishes_the_datasets(warehouse, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(
        command, "invoke", lambda arguments, variables: type("Ran", (), {"results": [], "elapsed_time": 0.0})
    )
    land(tmp_path, "a.csv", csv_bytes(rows(1)))
    work.gate(run_on(ON))
    build.run(run_on(ON))
    with warehouse.connect("builder") as connection:
        found = connection.execute("select * from ledger.dataset where dataset_id = 'scjg.sampling'").fetchone()
        assert found == (
            "scjg.sampling",
            "scjg",
            "inspection_result",
            "sampling",
            "食品药品与产品抽检",
            "D04;D19",
            "公开",
            "events",
            31,
            date(2026, 2, 25),
        ), "the district's first day of service"
        assert connection.execute("select count(*) from ledger.dataset").fetchone() == (len(load_catalogue().datasets),)
