"""What the code asked the database while a block ran, and how the database goes about it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from public_credit.base import settings
from sqlalchemy import event


@contextmanager
def asked(role: str) -> Iterator[list[tuple[str, Any]]]:
    """The statements with their parameters that a role's sessions run in the block."""
    statements: list[tuple[str, Any]] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        statements.append((statement, parameters))

    engine = settings.engine(role)
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


def read_whole(role: str, statements: list[tuple[str, Any]], *, avoided: bool = False) -> set[str]:
    """Tables that a plan of one of the queries reads from one end to the other; ``avoided``: where no index would do."""
    tables = set[str]()
    with settings.connect(role) as connection:
        if avoided:
            connection.execute("set enable_seqscan = off")
        for statement, parameters in statements:
            if statement.lstrip().lower().startswith(("select", "with")):
                (plan,) = connection.execute(f"explain (format json) {statement}", parameters).fetchone()[0]
                tables |= set(_scanned(plan["Plan"]))
    return tables


def _scanned(node: dict[str, Any]) -> Iterator[str]:
    if node["Node Type"] == "Seq Scan":
        yield node["Relation Name"]
    for below in node.get("Plans", []):
        yield from _scanned(below)


_OTHERS = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
_READS = """select relname, seq_scan + case when %s then 0 else coalesce(idx_scan, 0) end from pg_stat_user_tables
    where schemaname = 'raw' and relname like %s"""


def partitions_read(warehouse: Any, kind: str = "", *, whole: bool = False) -> dict[str, int]:
    """How often each partition of raw tables, or of one, was read by now, through an index or from end to end.

    ``whole``: from end to end alone.
    """
    for role in settings.ROLES:
        settings.engine(role).dispose()  # sessions that end tell what they did
    with warehouse.connect() as owner:
        deadline = time.monotonic() + 10
        while owner.execute(_OTHERS).fetchone() != (0,) and time.monotonic() < deadline:
            time.sleep(0.02)
        return dict(owner.execute(_READS, [whole, f"{kind}%\\_\\_%"]).fetchall())
