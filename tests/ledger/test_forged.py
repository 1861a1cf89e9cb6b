"""A record that nobody delivered: the collector's role can put none before the gate, and none before the city."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import errors
from public_credit.base import settings

from tests.helpers.penalties import ON, csv_bytes, judge, land, rows

COPIED = (
    "insert into raw.administrative_penalty select (jsonb_populate_record(r, jsonb_build_object('row_no', 900, "
    "'attempt', r.attempt + {later}))).* from raw.administrative_penalty r where row_no = 1"
)
NEXT = "insert into ledger.attempt (batch_seq, attempt, business_date) select batch_seq, 2, business_date from ledger.attempt"
FORGED = (
    "insert into ledger.release (build_id, receiver, business_date, adds, mods, dels, diff_hash) values (1, 'city', now(), 1, 0, 0, 'x')",
    "update ledger.release set state = 'released'",
    "insert into ledger.delivery_item (release_id, receiver, interface, record_id, operation, version, payload) "
    "values (1, 'city', 'x', 'forged', 'ADD', 'v', '{}')",
    "update ledger.delivery_item set payload = '{}'",
    "insert into ledger.delivery_state (item_id, idempotency_key) values (1, 'k')",
    "update ledger.delivery_state set state = 'accepted'",
    "insert into ledger.delivery (receiver, interface, request_id, items) values ('city', 'x', 'r', 1)",
    "insert into ledger.receiver_event (receiver, seq, record_id, event) values ('city', 1, 'r', 'published')",
    "insert into ledger.build (business_date) values (now())",
    "insert into ledger.build_input (build_id, batch_seq, attempt, operation, kind) values (1, 1, 1, 'add', 'x')",
    "update ledger.batch set sha256 = 'x'",
    "update ledger.batch set unit_id = 'x'",
    "update ledger.attempt set business_date = now()",
    "delete from ledger.batch",
)


@pytest.fixture
def accepted(warehouse: Any, tmp_path: Path) -> Any:
    """A warehouse with one accepted batch."""
    outcome = judge(land(tmp_path, "1.csv", csv_bytes(rows(3)), ON), ON)
    assert outcome.state == "accepted"
    return warehouse


def _count(warehouse: Any, table: str) -> int:
    with warehouse.connect("owner") as owner:
        (count,) = owner.execute(f"select count(*) from {table}").fetchone()
        return int(count)


def test_nothing_comes_into_raw_outside_of_a_landing(accepted: Any) -> None:
    before = _count(accepted, "raw.administrative_penalty")
    for announced, later in (("", 0), ("1/1", 0), ("1/2", 1), ("landing", 0)):
        with accepted.connect("collector") as collector:
            collector.execute("select set_config('pcw.landing', %s, false)", [announced])
            with pytest.raises(errors.InsufficientPrivilege, match="only while their attempt is landing"):
                collector.execute(COPIED.format(later=later))
    assert _count(accepted, "raw.administrative_penalty") == before


def test_a_landing_brings_in_rows_of_its_own_attempt_alone(accepted: Any) -> None:
    with accepted.connect("collector") as collector:
        collector.execute(NEXT)
        collector.execute("select set_config('pcw.landing', '1/2', true)")
        collector.execute(COPIED.format(later=1))
        with pytest.raises(errors.InsufficientPrivilege, match="of another attempt"):
            collector.execute(COPIED.format(later=0))


def test_the_parts_of_a_raw_table_are_closed(accepted: Any) -> None:
    with accepted.connect("collector") as collector:
        collector.execute(NEXT)
        collector.execute("select set_config('pcw.landing', '1/2', true)")
        with pytest.raises(errors.InsufficientPrivilege):
            collector.execute(COPIED.format(later=1).replace("penalty select", "penalty__0 select"))


def test_what_has_landed_does_not_land_again(accepted: Any) -> None:
    with (
        accepted.connect("collector") as collector,
        pytest.raises(errors.InsufficientPrivilege, match="does not land again"),
    ):
        collector.execute("update ledger.attempt set state = 'landing'")


def test_releases_outbox_builds_and_what_was_received_are_not_the_collectors(accepted: Any) -> None:
    for role in ("collector", "reader"):
        with psycopg.connect(settings.dsn(role), autocommit=True) as connection:
            for statement in FORGED:
                with pytest.raises(errors.InsufficientPrivilege, match="permission denied"):
                    connection.execute(statement)
