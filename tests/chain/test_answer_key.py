"""Three simulated days through every step, against the answer key to the row; and no planted number left anywhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from local_stack.postgres import Server

from tests.helpers.world import DAYS, world

from . import answers, canary, recount, sector_answers, shown, target_answers, target_recount

pytestmark = [pytest.mark.chain, pytest.mark.slow]


_METRICS = (
    *("backlog", "G", "reported", "surplus", "R", "A", "A_first_pass", "due", "running", "L"),
    *("organisations", "linked", "to_publish"),
)


def _metrics(w, day: int) -> dict:
    rows = w.query(
        "select unit_id, decision_table, decision_month, backlog, generated, received_of_generated, surplus, received, accepted, "
        "accepted_at_once, due, running, late, organisations, linked, to_publish from marts.mart_supervision__monthly"
    )
    actual = {tuple(row[:3]): tuple(row[3:]) for row in rows}
    key = json.loads((w.home / "answer_key" / f"day{day}_metrics.json").read_text(encoding="utf-8"))
    expected = {
        (m["unit"], m["kind"], m["month"]): tuple(m[name] for name in _METRICS)
        for m in key
        if m["month"] and (m["R"] or m["backlog"] or m["G"] is not None)
    }
    assert expected
    return {
        cell: (expected.get(cell), actual.get(cell))
        for cell in set(expected) | set(actual)
        if expected.get(cell) != actual.get(cell)
    }


def test_three_days_match_the_answer_key_and_leave_no_number_behind(lone_warehouse, tmp_path: Path):
    # The departments' own database gets a server of its own: its files and WAL hold numbers by right.
    departments = Server(tmp_path / "departments" / "postgres").start()
    try:
        with world(lone_warehouse, tmp_path / "simulator", 0.1, departments.url()) as w:
            counted = {}
            for day in w.run_earlier():
                assert answers.count_differences(w, day) == []
                assert answers.case_differences(w, day)[0] == []
            for day in DAYS:
                w.run_day(day)
                assert answers.count_differences(w, day) == []
                wrong, checked = answers.case_differences(w, day)
                assert wrong == [] and checked > 300
                assert answers.city_differences(w, day) == []
                assert sector_answers.refused_differences(w, day) == []
                _profiles(w, day)
                wrong, compared = target_answers.figure_differences(w, day)
                assert wrong == [] and compared > 500
                assert target_answers.silence_differences(w, day) == []
                assert _metrics(w, day) == {}
                wrong, cells = recount.decision_differences(w, DAYS[day])
                assert wrong == [] and cells > 50
                counted[day] = target_recount.targets(w, DAYS[day])
                assert target_recount.differences(w, counted[day]) == []
                w.office(day)
                latest = w.query(
                    "select missing, surplus, differing, unsettled, agreed from ledger.reconciliation "
                    "order by id desc limit 1"
                )[0]
                assert latest[:4] == (0, 0, 0, 0) and latest[4] > 1000
            assert len(counted[3]) > 3000
            wrong, values = shown.differences(w, tmp_path / "shown", DAYS[3], counted[3], {2020: counted[2]})
            assert wrong == [] and values > 1000
            assert target_answers.edition_differences(w) == []
            assert w.query("select count(*) from ledger.step where verdict = 'incomplete' and ended_at is null") == [
                (0,)
            ]
            balance = w.query(
                "select count(*) from ledger.batch where state not in ('held', 'broken') "
                "and rows_in <> accepted + quarantined + duplicate + refused"
            )
            assert balance == [(0,)]
            _nothing_left_behind(w)
    finally:
        departments.stop()


def _profiles(w, day: int) -> None:
    """Subjects, lists and grades, where the warehouse has their marts."""
    if sector_answers.built(w, "subjects.subject", "published.record_links"):
        wrong, found = sector_answers.subject_differences(w, day)
        assert wrong == [] and found["linked"] == found["right"], "precision of automatic links is 1"
        assert found["found"] >= 0.995 * found["resolvable"] > 1000
        assert sector_answers.succession_differences(w, day) == []
    if sector_answers.built(w, "marts.mart_lists__entry"):
        assert sector_answers.list_differences(w, day) == []
    if sector_answers.built(w, "marts.mart_subjects__food_drug_grade"):
        assert sector_answers.grade_differences(w, day) == []


def _nothing_left_behind(w) -> None:
    numbers = canary.planted(w.home)
    assert len(numbers) > 1000
    assert canary.in_files(w.home / "drop", numbers), "the search itself must find what departments hold"
    with w.warehouse.cluster.admin() as admin:
        admin.execute("checkpoint")
    url = w.warehouse.cluster.server.url(w.warehouse.database)
    assert canary.in_database(url, numbers) == {}
    assert canary.in_files(w.warehouse.home, numbers) == {}
    assert canary.in_files(Path(w.warehouse.cluster.server.data), numbers) == {}, "database files, WAL"
    assert canary.in_files(w.warehouse.cluster.home, numbers, leave_out=("postgres",)) == {}, "server log"
    secrets = w.query("select count(*) from information_schema.columns where table_schema = 'vault'")
    assert secrets[0][0] > 0
    assert w.warehouse.connect("owner").execute("select count(*) from vault.secret").fetchone()[0] >= 1000
