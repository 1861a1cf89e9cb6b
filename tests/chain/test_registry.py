"""The real registry rows beside the project go through the same road (read in place, never copied)."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.helpers.commands import credit
from tests.helpers.runs import run_on
from tests.helpers.world import DAYS

pytestmark = pytest.mark.chain


def test_real_registry_file_shows_its_true_counts(warehouse, shared_data: Path, monkeypatch):
    from public_credit.identifiers.codes import check_uscc
    from public_credit.steps import work

    path = shared_data / "zibo_registry_1980_2000.csv"
    with path.open(encoding="utf-8-sig", newline="") as source:
        rows = [row for row in csv.DictReader(source)]
    codes = {check_uscc(row["统一社会信用代码"]).value for row in rows}
    assert len(rows) == 2944
    monkeypatch.setenv("PCW_BUSINESS_DATE", DAYS[1].isoformat())
    result = credit("ingest", "scjg.registration_backfile", "--file", path, "--json")
    assert result.code == 0, result.err
    work.build(run_on(DAYS[1]))
    with warehouse.connect() as connection:
        batch = connection.execute(
            "select rows_in, accepted, quarantined, duplicate, refused, state from ledger.batch"
        ).fetchone()
        current = connection.execute(
            "select count(*), count(distinct uscc) from intermediate.int_enterprise_registration__current"
        ).fetchone()
        mended = connection.execute(
            "select count(*) from raw.enterprise_registration where row_warnings like '%R21%'"
        ).fetchone()[0]
        mart = connection.execute(
            "select sum(enterprises), sum(on_roster), count(*) from marts.mart_registration__roster "
            "where dataset_id = 'scjg.registration_backfile'"
        ).fetchone()
        states = connection.execute("select count(distinct state) from raw.enterprise_registration").fetchone()[0]
        gate = connection.execute("select count(*), count(*) filter (where success) from ledger.gate_result").fetchone()
    assert batch[0] == len(rows) == sum(batch[1:5])
    assert batch[1] == len(rows) - batch[2] - batch[3] and batch[4] == 0
    assert batch[5] in ("accepted", "accepted_with_quarantine")
    assert current == (batch[1], batch[1]) and current[1] <= len(codes)
    assert mart == (batch[1], batch[1], states)
    lower = sum(row["统一社会信用代码"] != row["统一社会信用代码"].upper() for row in rows)
    assert mended >= lower
    assert gate[0] > 0 and gate[0] == gate[1]
    again = credit("ingest", "scjg.registration_backfile", "--file", path)
    assert again.code == 0 and "已收过" in again.out
