"""Items go through their states without what was released being written again."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from public_credit.deliver import outbox
from public_credit.deliver.base import Outcome
from public_credit.ledger.states import ItemState, RequestState

from tests.helpers.evidence import asleep
from tests.helpers.penalties import ON

ITEMS = 3_000
RELEASED = f"""
    insert into ledger.build (business_date, state) values ('2026-02-25', 'built');
    insert into ledger.release (build_id, receiver, business_date, adds, mods, dels, diff_hash)
    select build_id, 'city', '2026-02-25', {ITEMS}, 0, 0, 'x' from ledger.build;
    insert into ledger.delivery_item (release_id, receiver, interface, record_id, operation, version, payload)
    select release_id, 'city', 'penalty', 'r' || n, 'ADD', 'v', jsonb_build_object('CF_NR', repeat(md5(n::text), 40))
    from ledger.release, generate_series(1, {ITEMS}) n;
    insert into ledger.delivery_state (item_id, idempotency_key) select item_id, encode(sha256(record_id::bytea), 'hex')
    from ledger.delivery_item"""
SIZES = "select pg_relation_size('ledger.delivery_item'), pg_relation_size('ledger.delivery_state')"


def _sizes(warehouse: Any) -> tuple[int, ...]:
    with warehouse.connect() as owner:
        return owner.execute(SIZES).fetchone()


def test_items_are_claimed_doubted_handed_back_and_booked_beside_what_was_released(warehouse: Any) -> None:
    with warehouse.connect() as owner:
        owner.execute(RELEASED)
    items = outbox.sendable("city")
    assert len(items) == ITEMS and items[0].payload["CF_NR"]
    before = _sizes(warehouse)
    for start in range(0, ITEMS, 500):
        part = items[start : start + 500]
        delivery, _, taken = outbox.claim("city", "penalty", part)
        assert len(taken) == 500 and outbox.claim("city", "penalty", part)[2] == [], "claimed once"
        keys = [item.key for item in taken]
        outbox.doubt(keys)
        outbox.hand_back(keys[:100])
        assert outbox.book([Outcome(key, ItemState.ACCEPTED, "0000", text="已接收") for key in keys[100:]], ON) == {
            "accepted": 400,
            "rejected": 0,
            "unknown": 0,
        }
        outbox.close(delivery, RequestState.ANSWERED)
    assert len(outbox.sendable("city")) == ITEMS // 5 and outbox.in_doubt("city") == []
    after = _sizes(warehouse)
    assert after[0] == before[0], "what was released is not written again"
    assert after[1] < 1.5 * before[1], "four changes of every item found room in the pages of the first"


def test_nobody_changes_what_was_released(warehouse: Any) -> None:
    for role in ("sender", "collector", "builder", "reader"):
        with warehouse.connect(role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("update ledger.delivery_item set payload = '{}'")


def test_a_release_whose_items_are_not_what_was_frozen_is_named(warehouse: Any) -> None:
    with warehouse.connect() as owner, asleep(owner, "ledger.delivery_item", "ledger.release"):
        owner.execute(RELEASED)
        owner.execute("update ledger.delivery_item set version = md5(cast(payload as text))")
        owner.execute(
            f"update ledger.release set diff_hash = (select {outbox.digest('i')} from ledger.delivery_item i)"
        )
    assert outbox.altered(outbox.sendable("city")) == []
    for forged in (
        "update ledger.delivery_item set payload = '{\"CF_NR\": \"1\"}' where record_id = 'r7'",
        "update ledger.delivery_item set operation = 'DEL', payload = '{}' where record_id = 'r7'",
        "update ledger.delivery_item set record_id = 'other' where record_id = 'r7'",
        "update ledger.delivery_item set receiver = 'other' where record_id = 'r7'",
        "update ledger.release set diff_hash = 'approved'",
    ):
        with warehouse.connect() as owner, asleep(owner, "ledger.delivery_item", "ledger.release"):
            kept = owner.execute(
                "select i.*, r.diff_hash from ledger.delivery_item i join ledger.release r using (release_id) "
                "where record_id = 'r7'"
            ).fetchone()
            owner.execute(forged)
        assert outbox.altered(outbox.sendable("city")) == [1], forged
        with warehouse.connect() as owner, asleep(owner, "ledger.delivery_item", "ledger.release"):
            owner.execute("update ledger.release set diff_hash = %s", [kept[-1]])
            owner.execute(
                "update ledger.delivery_item set receiver = 'city', record_id = 'r7', operation = 'ADD', "
                "payload = jsonb_build_object('CF_NR', repeat(md5('7'), 40)) where item_id = %s",
                [kept[0]],
            )
        assert outbox.altered(outbox.sendable("city")) == []


def test_before_sending_the_releases_are_looked_at_that_are_sent_of(warehouse: Any) -> None:
    waiting = """
        insert into ledger.build (business_date, state) values ('2026-02-26', 'built');
        insert into ledger.release (build_id, receiver, business_date, adds, mods, dels, diff_hash, state)
        select max(build_id), 'city', '2026-02-26', 1, 0, 0, 'of what was frozen', 'waiting' from ledger.build;
        with made as (insert into ledger.delivery_item (release_id, receiver, interface, record_id, operation, version, payload)
            select max(release_id), 'city', 'penalty', 'altered', 'ADD', md5('{}'), '{}' from ledger.release returning item_id)
        insert into ledger.delivery_state (item_id, idempotency_key) select item_id, 'altered' from made"""
    with warehouse.connect() as owner, asleep(owner, "ledger.delivery_item", "ledger.release"):
        owner.execute(RELEASED.replace(str(ITEMS), "20"))
        owner.execute("update ledger.delivery_item set version = md5(cast(payload as text))")
        owner.execute(
            f"update ledger.release set diff_hash = (select {outbox.digest('i')} from ledger.delivery_item i)"
        )
        owner.execute(waiting)
    items = outbox.sendable("city")
    assert len(items) == 20 and outbox.altered(items) == [], "what waits for an approval is not sent of"
    with warehouse.connect() as owner:
        owner.execute("update ledger.release set state = 'released'")
        (number,) = owner.execute("select max(release_id) from ledger.release").fetchone()
    assert outbox.altered(outbox.sendable("city")) == [number]
    assert outbox.altered([]) == []
