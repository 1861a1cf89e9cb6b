"""The outbox: claim what may be sent, book what was said. Every function is one short transaction."""

from __future__ import annotations

from datetime import date
from secrets import token_hex

from sqlalchemy import func, text

from ..identifiers.persons import mask
from ..ledger.models import Delivery
from ..ledger.session import session
from ..ledger.states import IN_DOUBT, ItemState, Operation, ReleaseState, RequestState, sql
from .base import Item, Outcome

_COLUMNS = "item_id, release_id, interface, record_id, operation, version, predecessor, idempotency_key, payload"


def digest(rows: str) -> str:
    """SQL of the hash of a difference: aggregates record, operation and version of the rows named so."""
    columns = f"{rows}.record_id, {rows}.operation, {rows}.version"
    joined = f"string_agg(concat_ws(chr(31), {columns}), chr(30) order by {rows}.record_id)"
    return f"encode(sha256(convert_to(coalesce({joined}, ''), 'UTF8')), 'hex')"


def sendable(receiver: str) -> list[Item]:
    """The first open item of every record whose release is released, where nothing before it is in doubt; DEL first."""
    with session("sender") as opened:
        rows = opened.execute(
            text(f"""
            select {_COLUMNS} from (
                select item_id, s.idempotency_key, s.state, row_number() over (partition by i.record_id order by item_id) as turn
                from ledger.delivery_state s join ledger.delivery_item i using (item_id)
                where s.underway and i.receiver = :receiver) first
            join ledger.delivery_item i using (item_id) join ledger.release r using (release_id)
            where first.turn = 1 and first.state = {sql(ItemState.PENDING)} and r.state = {sql(ReleaseState.RELEASED)}
            order by case when i.operation = {sql(Operation.DEL)} then 0 else 1 end, i.interface, item_id"""),
            {"receiver": receiver},
        )
        return [Item(*row) for row in rows.tuples()]


def altered(items: list[Item]) -> list[int]:
    """Releases that items are of and that are not what was frozen, and approved where it had to be.

    The hash of the difference is computed again from all items of each, and every payload must be of the version it is known by.
    """
    with session("sender") as opened:
        return list(
            opened.scalars(
                text(f"""
                select r.release_id from ledger.release r join ledger.delivery_item i using (release_id)
                where r.release_id = any(:releases)
                group by r.release_id, r.diff_hash, r.receiver
                having r.diff_hash <> {digest("i")} or bool_or(i.receiver <> r.receiver) or bool_or(
                    case when i.operation = {sql(Operation.DEL)} then i.payload <> '{{}}'
                         else md5(cast(i.payload as text)) <> i.version end)
                order by r.release_id"""),
                {"releases": sorted({item.release_id for item in items})},
            )
        )


def in_doubt(receiver: str) -> list[str]:
    """Keys of items that were sent and not booked."""
    with session("sender") as opened:
        return list(
            opened.scalars(
                text(
                    "select s.idempotency_key from ledger.delivery_state s join ledger.delivery_item i using (item_id) "
                    f"where i.receiver = :receiver and s.underway and s.state in {sql(IN_DOUBT)}"
                ),
                {"receiver": receiver},
            )
        )


def claim(receiver: str, interface: str, items: list[Item]) -> tuple[int, str, list[Item]]:
    """Book a request before it is sent; (delivery, request id, items that are still ours to send)."""
    request_id = token_hex(16)
    with session("sender") as opened:
        delivery = Delivery(receiver=receiver, interface=interface, request_id=request_id, items=len(items))
        opened.add(delivery)
        opened.flush()
        taken = set(
            opened.scalars(
                text(f"""
            update ledger.delivery_state set state = {sql(ItemState.SENDING)}, attempts = attempts + 1, sent_at = clock_timestamp(),
                   delivery_id = :delivery
            where item_id = any(:items) and state = {sql(ItemState.PENDING)} returning item_id"""),
                {"delivery": delivery.delivery_id, "items": [item.item_id for item in items]},
            )
        )
        delivery.items = len(taken)
        return delivery.delivery_id, request_id, [item for item in items if item.item_id in taken]


def book(outcomes: list[Outcome], on: date) -> dict[str, int]:
    """Book row receipts, set-based; counts by outcome. Receipt texts are masked first."""
    settled = [outcome for outcome in outcomes if outcome.state in (ItemState.ACCEPTED, ItemState.REJECTED)]
    if settled:
        with session("sender") as opened:
            opened.execute(
                text("""
                update ledger.delivery_state s set state = g.state, receipt_code = g.code, receipt_field = nullif(g.field, ''),
                       receipt_text = g.text, city_id = coalesce(g.city_id, s.city_id), receipt_id = g.receipt_id,
                       booked_at = clock_timestamp(), booked_on = :on
                from unnest(cast(:keys as text[]), cast(:states as text[]), cast(:codes as text[]), cast(:fields as text[]),
                            cast(:texts as text[]), cast(:ids as text[]), cast(:receipts as text[]))
                     as g(key, state, code, field, text, city_id, receipt_id)
                where s.idempotency_key = g.key and s.underway"""),
                {
                    "on": on,
                    "keys": [o.key for o in settled],
                    "states": [o.state for o in settled],
                    "codes": [o.code for o in settled],
                    "fields": [o.field for o in settled],
                    "texts": [mask(o.text) for o in settled],
                    "ids": [o.city_id for o in settled],
                    "receipts": [o.receipt_id for o in settled],
                },
            )
    told = (ItemState.ACCEPTED, ItemState.REJECTED, ItemState.UNKNOWN)
    return {str(state): sum(o.state == state for o in outcomes) for state in told}


def hand_back(keys: list[str]) -> None:
    """Items the receiver certainly did not take are pending again."""
    _move(keys, ItemState.PENDING)


def doubt(keys: list[str]) -> None:
    """Items of which nobody knows whether the receiver took them."""
    _move(keys, ItemState.UNKNOWN)


def _move(keys: list[str], state: str) -> None:
    with session("sender") as opened:
        opened.execute(
            text(
                "update ledger.delivery_state set state = :state "
                f"where idempotency_key = any(:keys) and state in {sql(IN_DOUBT)}"
            ),
            {"state": state, "keys": keys},
        )


def close(delivery_id: int, state: RequestState, receipt_id: str | None = None, message: str = "") -> None:
    """End the row of one request."""
    with session("sender") as opened:
        delivery = opened.get_one(Delivery, delivery_id)
        delivery.state, delivery.receipt_id, delivery.message = state, receipt_id, mask(message)[:500]
        delivery.ended_at = func.clock_timestamp()
