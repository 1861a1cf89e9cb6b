"""What purged rows leave behind goes after them: archived objects, closed partitions, numbers in the vault.

Each is found from the ledger, so a run that is killed is made up for by the next.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date

from sqlalchemy import Connection, text

from ..base import settings
from ..catalogue import load_catalogue
from ..catalogue.models import Kind
from ..custody import archive
from ..custody.vault import TOKEN
from ..ledger import locks
from ..ledger.session import written
from ..ledger.states import UNDERWAY, sql
from . import partitions, shapes

PURGED = "保存期限届满"
_UNDERWAY = text(f"""
    select cast(payload as text) from ledger.delivery_item join ledger.delivery_state using (item_id)
    where state in {sql(UNDERWAY)}""")
_BARE = """
    with going as (select batch_seq, count(*) as rows from {going} group by 1)
    select b.archive_uri from ledger.batch b join ledger.archive_object a on a.uri = b.archive_uri
    left join going g on g.batch_seq = b.seq
    where b.kind = :kind and a.shredded_at is null
      and (g.batch_seq is not null or exists (select 1 from ledger.purged_row p where p.batch_seq = b.seq))
      and not exists (select 1 from ledger.batch o where o.archive_uri = b.archive_uri and o.seq <> b.seq)
      and (select count(*) from {raw} r where r.batch_seq = b.seq) = coalesce(g.rows, 0) order by 1"""
_WAITING = text(
    "select t.token from ledger.purged_token t join ledger.purge p on p.id = t.purge_id where p.business_date < :on"
)


def bare(connection: Connection, kind: Kind, going: str = "ledger.purged_row where false") -> list[str]:
    """The archived objects of batches that have no rows left, once those of a relation ``going`` are gone, too."""
    found = connection.execute(text(_BARE.format(raw=kind.raw, going=going)), {"kind": kind.id})
    return list(found.scalars())


def shred(kind: Kind, agreed: Collection[str] | None = None) -> int:
    """Destroy the archived objects of batches whose rows have all gone, of the ``agreed`` ones (None: all); how many."""
    with settings.engine("owner").connect() as connection:
        gone = [uri for uri in bare(connection, kind) if agreed is None or uri in agreed]
    for uri in gone:
        archive.shred(uri, PURGED)
    return len(gone)


def drop_partitions(kind: Kind) -> None:
    """Drop closed partitions in which nothing is left and to which nothing can come: their objects are destroyed."""
    comes = text("""
        select exists (select 1 from ledger.batch b join ledger.archive_object a on a.uri = b.archive_uri
                       where b.kind = :kind and b.seq >= :first and b.seq < :beyond and a.shredded_at is null)""")
    with settings.engine("owner").begin() as connection:
        shapes.hold(connection, kind.id, shared=False)
        for part in partitions.of(connection, kind.id)[:-1]:
            bounds = {"kind": kind.id, "first": part.first, "beyond": part.beyond}
            if connection.execute(text(f"select exists (select 1 from {part.table})")).scalar():
                continue
            if not connection.execute(comes, bounds).scalar():
                connection.execute(text(f"drop table {part.table}"))


def forget(on: date) -> int | None:
    """Remove numbers that stood in rows purged on an earlier day, when no row and nothing on its way holds them; how many.

    Not at once: what the purge makes a receiver delete is sent with the number first. None while somebody lands.
    """
    with locks.hold("owner", locks.VAULT) as mine:
        if not mine:
            return None
        with settings.engine("owner").begin() as connection:
            waiting: set[str] = set(connection.execute(_WAITING, {"on": on}).scalars())
            if not waiting:
                return 0
            waiting.difference_update(*map(TOKEN.findall, connection.execute(_UNDERWAY).scalars()))
            held = set[str]()
            for row in _rows(connection):
                held |= waiting.intersection(TOKEN.findall(row))
            known = {"gone": list(waiting - held), "seen": list(waiting)}
            forgotten = written(connection.execute(text("delete from vault.secret where token = any(:gone)"), known))
            connection.execute(text("delete from ledger.purged_token where token = any(:seen)"), known)
    return forgotten


def _rows(connection: Connection) -> Iterator[str]:
    """All raw rows, as text: any column of any kind may hold a token."""
    for kind in load_catalogue().kinds.values():
        rows = text(f"select cast(r as text) from {kind.raw} r")
        yield from connection.execute(rows, execution_options={"yield_per": 5_000}).scalars()
