"""The city's memory: what it holds, what it answered, what it told later. SQLite, safe against kill -9."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from datetime import datetime
from pathlib import Path
from typing import Any

_SCHEMA = """
create table if not exists record (
    interface text not null, record_id text not null, city_id text not null, version text not null,
    state text not null, published integer not null default 0, decision_date text, data text not null,
    primary key (interface, record_id)) without rowid;
create table if not exists answer (
    key text primary key, digest text not null, record_id text, outcome text not null, city_id text, code text not null,
    field text, text text, receipt_id text not null) without rowid;
create table if not exists receipt (
    seq integer primary key autoincrement, record_id text not null, city_id text, event text not null, text text not null,
    at text not null);
"""


class Store:
    """One connection, one writer; every request is one transaction."""

    def __init__(self, folder: Path):
        folder.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(folder / "city.sqlite", check_same_thread=False, isolation_level=None)
        self._connection.execute("pragma journal_mode=wal")
        self._connection.execute("pragma synchronous=full")
        self._connection.executescript(_SCHEMA)
        self.lock = threading.Lock()

    def begin(self) -> None:
        self._connection.execute("begin immediate")

    def commit(self) -> None:
        self._connection.execute("commit")

    def rollback(self) -> None:
        self._connection.execute("rollback")

    def one(self, sql: str, *values: Any) -> tuple[Any, ...] | None:
        return self._connection.execute(sql, values).fetchone()

    def all(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, values).fetchall()

    def run(self, sql: str, *values: Any) -> None:
        self._connection.execute(sql, values)

    def answered(self, key: str) -> tuple[Any, ...] | None:
        return self.one(
            "select digest, record_id, outcome, city_id, code, field, text, receipt_id from answer where key = ?", key
        )

    def close(self) -> None:
        self._connection.close()


def digest(item: dict[str, Any]) -> str:
    """What an idempotency key stands for."""
    return hashlib.sha256(json.dumps(item, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def now() -> str:
    return datetime.now().isoformat(timespec="seconds")
