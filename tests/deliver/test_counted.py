"""What became of the outbox is counted as it is written; the counts are those of a recount, whoever writes and however many at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from random import Random
from typing import Any

import psycopg
import pytest
from public_credit.deliver import outbox
from public_credit.deliver.base import Item, Outcome
from public_credit.ledger.session import session
from public_credit.ledger.states import ItemState
from public_credit.oversight import outbound, status
from sqlalchemy import text

from tests.helpers.counted import differing
from tests.helpers.evidence import asleep
from tests.helpers.penalties import ON
from tests.seeds import rng

RECEIVERS, UNITS, ITEMS = ("city", "province"), ("", "housing", "market", "water"), 120
RELEASED = """
    insert into ledger.build (business_date, state) values ('2026-02-25', 'built');
    insert into ledger.release (build_id, receiver, business_date, adds, mods, dels, diff_hash)
    select build_id, unnest(array['city', 'province']), '2026-02-25', 1, 0, 0, 'x' from ledger.build"""
ADDED = """
    with made as (
        insert into ledger.delivery_item (release_id, receiver, interface, record_id, operation, version, payload)
        select release_id, receiver, (array['penalty', 'licence'])[1 + n %% 2], gen_random_uuid()::text, 'ADD', 'v', '{}'
        from ledger.release, generate_series(1, %(items)s) n where receiver = %(receiver)s returning item_id)
    insert into ledger.delivery_state (item_id, idempotency_key, unit_id)
    select item_id, 'k' || item_id, (%(units)s::text[])[1 + item_id %% %(of)s] from made"""
OVERTAKEN = """
    update ledger.delivery_state s set state = 'superseded', idempotency_key = null from ledger.delivery_item i
    where i.item_id = s.item_id and i.receiver = :receiver and s.state = 'pending' and s.item_id % 7 = :part"""


def _release(warehouse: Any, receiver: str, items: int = ITEMS) -> None:
    with warehouse.connect("sender") as sender:
        sender.execute(ADDED, {"items": items, "receiver": receiver, "units": list(UNITS), "of": len(UNITS)})


def _answers(keys: list[str], lot: Random) -> list[Outcome]:
    taken, refused = Outcome("", ItemState.ACCEPTED, "0000"), Outcome("", ItemState.REJECTED, "3003", text="不合")
    return [
        Outcome(key, said.state, said.code, text=said.text) for key in keys for said in [lot.choice((taken, refused))]
    ]


def _send(receiver: str, items: list[Item], lot: Random) -> None:
    """Some items leave, and each of the things happens to them that can."""
    chosen = lot.sample(items, min(len(items), lot.randint(1, 40)))
    keys = [item.key for item in outbox.claim(receiver, "penalty", chosen)[2]]
    lot.shuffle(keys)
    first, second = sorted(lot.randint(0, len(keys)) for _ in range(2))
    outbox.doubt(keys[:second])
    outbox.hand_back(keys[:first])
    outbox.book(_answers(keys[first:], lot), ON + timedelta(days=lot.randint(0, 2)))


def _overtake(receiver: str, lot: Random) -> None:
    with session("sender") as opened:
        opened.execute(text(OVERTAKEN), {"receiver": receiver, "part": lot.randint(0, 6)})


def _moves(warehouse: Any, receiver: str, name: str, number: int) -> None:
    lot = rng(name)
    for _ in range(number):
        move = lot.choice(("release", "send", "send", "send", "overtake", "settle"))
        if move == "release":
            _release(warehouse, receiver, lot.randint(1, 30))
        elif move == "send" and (items := outbox.sendable(receiver)):
            _send(receiver, items, lot)
        elif move == "overtake":
            _overtake(receiver, lot)
        elif keys := outbox.in_doubt(receiver):
            outbox.book(_answers(keys, lot), ON)


def test_the_kept_counts_are_those_of_a_recount_after_every_move(warehouse: Any) -> None:
    with warehouse.connect() as owner:
        owner.execute(RELEASED)
    for receiver in RECEIVERS:
        _release(warehouse, receiver)
    for course in range(25):
        for receiver in RECEIVERS:
            _moves(warehouse, receiver, f"{receiver} {course}", 2)
        with warehouse.connect() as owner:
            assert differing(owner) == {}, course
    with warehouse.connect() as owner:
        states = {state for (state,) in owner.execute("select distinct state from ledger.delivery_state")}
        assert states >= {"pending", "accepted", "rejected", "superseded"}
        by_unit = dict(
            owner.execute(
                "select unit_id, count(*) from ledger.delivery_state where state = 'accepted' and booked_on = %s "
                "and unit_id <> '' group by 1",
                [ON],
            ).fetchall()
        )
        (sent, pending) = owner.execute(
            "select count(sent_at), count(*) filter (where state = 'pending') from ledger.delivery_state"
        ).fetchone()
    with session("reader") as opened:
        assert len(by_unit) == 3 and outbound.delivered(opened, ON) == by_unit
        told = status._city(opened)
    assert (told["sent"], told["pending"]) == (sent, pending) and sent and pending


def test_several_at_once_lose_no_count_and_block_nobody_for_good(warehouse: Any) -> None:
    with warehouse.connect() as owner:
        owner.execute(RELEASED)
    for receiver in RECEIVERS:
        _release(warehouse, receiver)
    with ThreadPoolExecutor(4) as several:
        done = [
            several.submit(_moves, warehouse, receiver, f"{receiver} beside {number}", 25)
            for receiver in RECEIVERS
            for number in range(2)
        ]
        for one in done:
            one.result(timeout=120)
    with warehouse.connect() as owner:
        assert differing(owner) == {}


def test_a_transaction_that_fails_counts_nothing_and_what_is_taken_out_is_taken_off(warehouse: Any) -> None:
    with warehouse.connect() as owner:
        owner.execute(RELEASED)
    _release(warehouse, "city")
    with pytest.raises(ZeroDivisionError), session("sender") as opened:
        opened.execute(text("update ledger.delivery_state set state = 'accepted', booked_on = '2026-02-25'"))
        raise ZeroDivisionError
    with warehouse.connect() as owner:
        assert differing(owner) == {}
        assert owner.execute("delete from ledger.delivery_state where item_id % 3 = 0").rowcount > 10
        assert differing(owner) == {}


def test_counts_that_are_wrong_are_put_right_by_a_recount(warehouse: Any) -> None:
    with warehouse.connect() as owner:
        owner.execute(RELEASED)
    _release(warehouse, "city")
    with warehouse.connect() as owner, asleep(owner, "ledger.delivery_state"):
        owner.execute("update ledger.delivery_state set state = 'accepted', booked_on = '2026-02-25', sent_at = now()")
    with warehouse.connect() as owner:
        assert set(differing(owner)) == {"ledger.delivery_total", "ledger.delivery_day"}
        for _ in range(2):
            owner.execute("select ledger.recount_deliveries()")
            assert differing(owner) == {}


def test_nobody_but_the_outbox_itself_writes_the_counts(warehouse: Any) -> None:
    for role in ("sender", "collector", "builder", "reader", "engineer"):
        for table in ("ledger.delivery_total", "ledger.delivery_day"):
            with warehouse.connect(role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"update {table} set items = 0")
