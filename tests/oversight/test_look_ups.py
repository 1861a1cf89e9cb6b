"""What an auditor or a clerk asks for is found by index, however much is stored beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from public_credit.base import settings
from public_credit.catalogue import load_catalogue
from public_credit.land import partitions
from public_credit.ledger import ids
from public_credit.oversight import search, status, trace
from public_credit.oversight.record import load

from tests.helpers.commands import credit
from tests.helpers.penalties import csv_bytes, judge, land, rows
from tests.helpers.plans import asked, partitions_read, read_whole
from tests.helpers.runs import run_on

# 100 batches of 500 penalties in 13 partitions; every other row came back; every record was delivered.
_RECORD = ids.record_id("record_id")
MONTHS, A_MONTH = 13, 8
BATCHES = """
    insert into ledger.archive_object (uri, sha256, size_bytes) values ('memory://1', 'x', 1);
    insert into ledger.batch (batch_id, dataset_id, unit_id, kind, variant, delivery_mode, locator, sha256, size_bytes, archive_uri,
                              business_date, gated_on, state, current_attempt, rows_in, accepted, quarantined, duplicate, refused)
    select 'b' || n, 'zhzf.penalty_entity', 'unit' || n, 'administrative_penalty', 'entity', 'events', 'test', 'x', 1, 'memory://1',
           '2026-02-25', '2026-02-25', 'accepted_with_quarantine', 1, 500, 250, 250, 0, 0 from generate_series(1, 100) n;
    insert into ledger.attempt (batch_seq, attempt, business_date) select seq, 1, business_date from ledger.batch"""
ROWS = """
    insert into raw.administrative_penalty (batch_seq, attempt, row_no, variant, record_id, decision_no, content_hash,
                                            source_version, row_errors, row_warnings)
    select b.seq, 1, n, 'entity', overlay(md5(b.seq || '/' || n) placing '0' from 32)::uuid, '示罚〔' || b.seq || '〕' || n || '号', md5(n::text)::uuid, '',
           case when n %% 2 = 0 then 'R01' else '' end, '' from ledger.batch b, generate_series(1, 500) n
    where seq between %s and %s order by 1, 3"""
BESIDE = f"""
    insert into ledger.slip (slip_id, unit_id, batch_seq, attempt, file_name, sha256, rows, written_on)
    select 's' || seq, unit_id, seq, 1, 'a.xlsx', 'x', 1, '2026-02-25' from ledger.batch;
    insert into ledger.quarantine (batch_seq, attempt, row_no, dataset_id, unit_id, kind, record_id, rules, opened_on, slip_id)
    select batch_seq, attempt, row_no, 'zhzf.penalty_entity', 'unit' || batch_seq, 'administrative_penalty', {_RECORD}, 'R01',
           '2026-02-25', 's' || batch_seq from raw.administrative_penalty where row_errors <> '';
    insert into ledger.row_outcome select batch_seq, attempt, row_no, 'quarantined', {_RECORD} from raw.administrative_penalty
    where row_errors <> '';
    insert into ledger.unchanged_rows select seq, 1, n, repeat('01000', 500)::bit(2048)
    from ledger.batch, generate_series(0, 29) n;
    insert into ledger.row_verdict (batch_seq, attempt, row_no, rule_id, severity)
    select batch_seq, attempt, row_no, 'R06', 'warning' from raw.administrative_penalty where row_no % 2 = 0;
    insert into ledger.build (business_date, state) values ('2026-02-25', 'built');
    insert into ledger.release (build_id, receiver, business_date, adds, mods, dels, diff_hash)
    select build_id, 'city', '2026-02-25', 50000, 0, 0, 'x' from ledger.build;
    insert into ledger.delivery_item (release_id, receiver, interface, record_id, operation, version, payload)
    select release_id, 'city', 'penalty', {_RECORD}, 'ADD', 'v', '{{}}' from ledger.release, raw.administrative_penalty r;
    insert into ledger.delivery_state (item_id, idempotency_key, state) select item_id, record_id, 'accepted'
    from ledger.delivery_item;
    insert into ledger.receiver_event (receiver, seq, record_id, event)
    select 'city', row_number() over (), {_RECORD}, 'published' from raw.administrative_penalty;
    insert into ledger.access_log (who, purpose, action, record_id) select 'x', 'x', 'explain', {_RECORD}
    from raw.administrative_penalty"""
KIND, MARCH = "administrative_penalty", date(2026, 3, 1)
BIG = {
    *(f"administrative_penalty__{A_MONTH * month + 1 if month else 0}" for month in range(MONTHS)),
    "row_outcome",
    "unchanged_rows",
    "row_verdict",
    "quarantine",
    "delivery_item",
    "delivery_state",
    "receiver_event",
    "access_log",
}
RECORD = f"select {_RECORD} from raw.administrative_penalty where batch_seq = 70 and row_no = 250"


@pytest.fixture(scope="module")
def stored(migrated: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, str]]:
    """A warehouse with all of this, and the id of one of its records."""
    from tests.conftest import open_warehouse

    with (
        pytest.MonkeyPatch.context() as patch,
        open_warehouse(migrated, tmp_path_factory.mktemp("stored"), patch) as it,
    ):
        patch.setattr(partitions, "SMALL", 0)
        with it.connect() as owner:
            owner.execute(BATCHES)
        for first in range(1, MONTHS * A_MONTH, A_MONTH):
            with it.connect() as owner:
                owner.execute(ROWS, [first, first + A_MONTH - 1])
            if first + A_MONTH < MONTHS * A_MONTH:
                with settings.engine("owner").begin() as owner:
                    assert partitions.turn(owner, load_catalogue().kinds[KIND], MARCH, at=first + A_MONTH)
        with it.connect() as owner:
            owner.execute(BESIDE)
            sizes = owner.execute("select count(*) from raw.administrative_penalty group by tableoid").fetchall()
            assert sorted(sizes) == [(2000,), *[(4000,)] * (MONTHS - 1)]
        with it.connect() as owner:
            owner.autocommit = True
            owner.execute("vacuum analyze")
            (record,) = owner.execute(RECORD).fetchone()
        yield it, record


LOOK_UPS: dict[str, Callable[[str], Any]] = {
    "a record's id": trace.find,
    "a document number": lambda _: trace.find("示罚〔70〕250号"),
    "the story of a record": lambda record: trace.story(trace.find(record)[0]),
    "the story of a row without a key": lambda _: trace.story(
        trace.Found("administrative_penalty", "entity", None, 70, 1, 250)
    ),
    "the page of a record": lambda record: load.load(run_on(), record, check=False),
    "the page of a row": lambda _: load.load(run_on(), "70/250", check=False),
    "a search by number": lambda _: search.search(run_on(), "示罚〔70〕250号"),
    "a search by batch": lambda _: search.search(run_on(), "批次 70"),
    "a search by hash": lambda _: search.search(run_on(), "0" * 64),
    "the returned rows of a batch": lambda _: status.quarantine_rows(None, 70, False, 50),
    "the returned rows of a unit": lambda _: status.quarantine_rows("unit7", None, False, 50),
    "the slips of a unit": lambda _: credit("slips", "--unit", "unit7", "--json").json,
}


@pytest.mark.parametrize("name", LOOK_UPS)
def test_a_look_up_reads_no_big_table_whole(stored: tuple[Any, str], name: str) -> None:
    with asked("reader") as statements:
        assert LOOK_UPS[name](stored[1])
    assert statements and read_whole("reader", statements) & BIG == set()


def test_returned_rows_are_told_with_their_place(stored: tuple[Any, str]) -> None:
    rows = status.quarantine_rows(None, 70, False, 3)
    assert [(row["row_no"], row["sheet"], row["source_row"]) for row in rows] == [
        (2, None, None),
        (4, None, None),
        (6, None, None),
    ]


def test_a_delivery_that_corrects_old_records_is_landed_and_judged_by_index(
    stored: tuple[Any, str], tmp_path: Path
) -> None:
    """Nothing was built yet: what is on file of its records is looked up in every partition of the raw table."""
    looked, scanned = (partitions_read(stored[0], KIND, whole=whole) for whole in (False, True))
    outcome = judge(land(tmp_path, "a.csv", csv_bytes(rows(200))))
    assert outcome.state == "accepted"
    closed = looked.keys() - {f"{KIND}__{A_MONTH * (MONTHS - 1) + 1}"}
    looked_after, scanned_after = (partitions_read(stored[0], KIND, whole=whole) for whole in (False, True))
    assert len(closed) == MONTHS - 1 and {name for name in closed if looked_after[name] > looked[name]} == closed
    assert {name for name in closed if scanned_after[name] > scanned[name]} == set()
