"""Seal the chain: what was booked since the last seal is linked behind it, and the root leaves the house.

Events of a transaction that ends later than others of higher numbers are linked by the next seal. Run twice it does nothing twice.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, text

from ...base import settings
from ...base.copying import copying
from ...base.run import Run
from ...ledger import locks
from ...ledger.models import ChainSeal, ChainSent
from ...ledger.session import driver, step
from ...ledger.states import ChainOperation, StepName, Verdict, sql
from . import chain, places

_OPEN = text("""
    select e.id, e.at, e.relation, e.operation, e.rows, e.digest, cast(e.detail as text) as detail, e.txid
    from ledger.chain_event e left join ledger.chain_link l on l.event_id = e.id where l.event_id is null order by e.id""")
_LAST = select(ChainSeal).order_by(ChainSeal.seal_no.desc()).limit(1)
KEY = "audit"


def key() -> bytes | None:
    """The key of the roots' HMAC; None where the district keeps none. Raises UserError (code 3) for one that cannot be read."""
    kept = (settings.home() / "secrets" / f"{KEY}.key").exists()
    return settings.secret_key(KEY) if kept or settings.names_key(KEY) else None


def mac(secret: bytes, root: str) -> str:
    """The HMAC-SHA-256 of a root, hexadecimal."""
    return hmac.new(secret, root.encode(), "sha256").hexdigest()


def last(connection: Connection) -> Row[Any] | None:
    """The newest seal; None where none was made."""
    return connection.execute(_LAST).one_or_none()


def _append(connection: Connection, events: Sequence[Any], run: Run) -> int:
    """Link the events behind the last seal and seal them; the number of the seal."""
    before = last(connection)
    number, position, previous = (before.seal_no, before.position, before.root) if before is not None else (0, 0, "")
    hashed = chain.start(previous)
    with copying(driver(connection), "copy ledger.chain_link (position, event_id, hash) from stdin") as copy:
        for event in events:
            position, hashed = position + 1, chain.link(hashed, event)
            copy.write_row((position, event.id, hashed))
    number += 1
    sealed_at: datetime = connection.execute(text("select clock_timestamp()")).scalar_one()
    day, secret = sealed_at.astimezone(settings.TIMEZONE).date(), key()
    root = chain.root(number, day, sealed_at, position, previous, hashed)
    told = {
        "seal_no": number,
        "day": day,
        "sealed_at": sealed_at,
        "position": position,
        "previous": previous,
        "root": root,
    }
    signed = {"mac": mac(secret, root) if secret else "", "sealed_by": run.who}
    connection.execute(insert(ChainSeal).values(told | signed))
    return number


def seal(run: Run) -> dict[str, Any]:
    """Seal what was booked and send every root that did not leave yet; how many events, which seal, where the root went.

    A place that cannot be reached is tried again by the next seal. Raises Busy while another seals.
    """
    with locks.alone("owner", locks.SEAL, "封存", run.holder), step(run, "owner", StepName.SEAL) as record:
        with settings.engine("owner").begin() as connection:
            events = connection.execute(_OPEN).all()
            number = _append(connection, events, run) if events else 0
        failed = _send(run)
        record.counts = {"events": len(events), "seal": number}
        record.message = f"第 {number} 次封存，{len(events):,} 个事件" if events else "没有新的事件"
        if failed:
            record.verdict, record.owner = Verdict.WARNING, "data_engineer"
            record.message += f"；根值未能送到{'、'.join(sorted(failed))}，下次封存再送"
        elif not events:
            record.verdict = Verdict.NOTHING_DUE
        return record.counts | {"message": record.message, "failed": sorted(failed)}


# What left before the database was restored leaves again: the places may be others now.
_UNSENT = text(f"""
    select s.* from ledger.chain_seal s where not exists (
        select 1 from ledger.chain_sent t where t.seal_no = s.seal_no and t.place = :place and t.message = ''
        and t.sent_at > (select coalesce(max(at), '-infinity') from ledger.chain_event
                         where operation = {sql(ChainOperation.RESTORED)}))
    order by s.seal_no""")


def _send(run: Run) -> dict[str, str]:
    """Send to every place the roots it has not got; the places that could not be reached and why."""
    failed: dict[str, str] = {}
    for place in places.all_places():
        with settings.engine("owner").begin() as connection:
            due = connection.execute(_UNSENT, {"place": place.name}).all()
            if not due:
                continue
            reason = place.send([places.of_seal(row) for row in due], run.on)
            if reason:
                failed[place.title] = reason
                connection.execute(insert(ChainSent).values(seal_no=due[-1].seal_no, place=place.name, message=reason))
            else:
                rows = [{"seal_no": row.seal_no, "place": place.name, "message": ""} for row in due]
                connection.execute(insert(ChainSent), rows)
    return failed
