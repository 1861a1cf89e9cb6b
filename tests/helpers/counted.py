"""What became of the outbox, counted over all its items, beside what is kept of it as it is written."""

from __future__ import annotations

from typing import Any

import psycopg

RECOUNTED = {
    "ledger.delivery_total": "select i.receiver, i.interface, s.state, count(*), count(s.sent_at) "
    "from ledger.delivery_state s join ledger.delivery_item i using (item_id) group by 1, 2, 3",
    "ledger.delivery_day": "select s.booked_on, i.receiver, s.unit_id, count(*) "
    "from ledger.delivery_state s join ledger.delivery_item i using (item_id) "
    "where s.state = 'accepted' and s.booked_on is not null group by 1, 2, 3",
}


def differing(owner: psycopg.Connection) -> dict[str, tuple[set[Any], set[Any]]]:
    """Per table the kept lines that no recount has, and what a recount has that is not kept; empty where they agree."""
    found = {}
    for table, recount in RECOUNTED.items():
        kept = {row for row in owner.execute(f"select * from {table}") if any(row[3:])}
        counted = set(owner.execute(recount))
        if kept != counted:
            found[table] = (kept - counted, counted - kept)
    return found
