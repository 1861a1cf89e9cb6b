"""Deliver rows of any record kind straight into raw, as if a gate had accepted them, and build."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Any
from unittest import mock

from public_credit.build import command
from public_credit.build import run as build
from public_credit.catalogue import load_catalogue
from public_credit.identifiers.codes import PLACEHOLDER
from public_credit.identifiers.names import folded
from public_credit.papers.template import example

from tests.helpers.runs import run_on

UNIT = "zhzf"
_CODES = {
    "uscc": "uscc",
    "org_code": "org",
    "business_reg_no": "reg",
    "tax_reg_no": "tax",
    "institution_cert_no": "inst",
    "social_org_cert_no": "soc",
}


class Records:
    """Raw deliveries of invented records around one fresh warehouse."""

    def __init__(self, warehouse: Any):
        self.warehouse = warehouse

    def run(self, sql: str, *parameters: Any) -> None:
        with self.warehouse.connect("owner") as connection:
            connection.execute(sql, parameters or None)

    def query(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with self.warehouse.connect("owner") as connection:
            return connection.execute(sql, parameters).fetchall()

    def deliver(
        self,
        kind: str,
        on: date,
        rows: list[dict[str, str]],
        *,
        variant: str | None = None,
        mode: str = "events",
        version: str = "",
        dataset: str = "",
    ) -> int:
        """A batch of ``kind`` accepted on a day; each row is the catalogue's example with changes. The batch sequence."""
        shape = load_catalogue().kinds[kind]
        variant = variant or next(iter(shape.variants))
        dataset = dataset or f"{UNIT}.{kind}"
        unit = load_catalogue().units[UNIT]
        full = [_filled(shape, variant, unit) | row for row in rows]
        with self.warehouse.connect("owner") as connection:
            connection.execute(
                "insert into ledger.dataset values (%s, %s, %s, %s, %s, 'D19', '公开', %s, 7) on conflict do nothing",
                [dataset, UNIT, kind, variant, shape.title, mode],
            )
            token = hashlib.sha256(f"{kind}{on}{rows}{version}".encode()).hexdigest()
            uri = f"memory://{token}"
            connection.execute(
                "insert into ledger.archive_object (uri, sha256, size_bytes) values (%s, %s, 1) on conflict do nothing",
                [uri, token],
            )
            seq = connection.execute(
                "insert into ledger.batch (batch_id, dataset_id, unit_id, kind, variant, delivery_mode, locator, sha256, size_bytes,"
                " archive_uri, business_date, state, current_attempt, rows_in, accepted, quarantined, duplicate, refused, gated_on)"
                " values (md5((select count(*) from ledger.batch)::text), %s, %s, %s, %s, %s, 'test', %s, 1, %s, %s, 'accepted', 1, %s, %s, 0, 0, 0, %s)"
                " returning seq",
                [dataset, UNIT, kind, variant, mode, token, uri, on, len(rows), len(rows), on],
            ).fetchone()[0]
            for number, row in enumerate(full, 1):
                self._insert(connection, shape, variant, seq, number, row, version)
        return seq

    def replay(self, seq: int, rows: list[dict[str, str]]) -> None:
        """The same receipt read again: another attempt takes over with these rows."""
        ((kind, variant, attempt),) = self.query(
            "select kind, variant, current_attempt + 1 from ledger.batch where seq = %s", seq
        )
        shape, unit = load_catalogue().kinds[kind], load_catalogue().units[UNIT]
        with self.warehouse.connect("owner") as connection:
            for number, row in enumerate(rows, 1):
                self._insert(connection, shape, variant, seq, number, _filled(shape, variant, unit) | row, "", attempt)
            connection.execute(
                "update ledger.batch set current_attempt = %s, rows_in = %s, accepted = %s where seq = %s",
                [attempt, len(rows), len(rows), seq],
            )

    def _insert(
        self,
        connection: Any,
        shape: Any,
        variant: str,
        seq: int,
        number: int,
        row: dict[str, str],
        version: str,
        attempt: int = 1,
    ) -> None:
        values: dict[str, Any] = {name: row.get(name, "") for name in shape.variants[variant]}
        told = subject(variant, values) if "subject" in shape.key or "uscc" in values else ("", "")
        values |= {
            "batch_seq": seq,
            "attempt": attempt,
            "row_no": number,
            "variant": variant,
            "source_version": version,
            "record_id": as_stored(record_id(shape, variant, row)),
            "subject_scheme": told[0],
            "subject_value": told[1],
            "row_errors": "",
            "row_warnings": "",
            "content_hash": hashlib.md5(repr(sorted(row.items())).encode()).hexdigest(),
        }
        connection.execute(
            f"insert into raw.{shape.id} ({', '.join(values)}) values ({', '.join(['%s'] * len(values))})",
            list(values.values()),
        )

    def register(self, build_id: int = 0, **subjects: str | None) -> None:
        """Identifiers as the resolver would state them: ``uscc_<value>='S1'`` (None = ambiguous), with their change."""
        for key, subject in subjects.items():
            scheme, value = key.split("_", 1)
            old = self.query(
                "select subject_id from subjects.identifier where scheme = %s and value = %s", scheme, value
            )
            self.run(
                "insert into subjects.identifier (scheme, value, subject_id, build_id) values (%s, %s, %s, %s) on conflict (scheme, value) "
                "do update set subject_id = excluded.subject_id",
                scheme,
                value,
                subject,
                build_id,
            )
            self.run(
                "insert into subjects.change (build_id, scheme, value, old_subject_id, new_subject_id) "
                "values (%s, %s, %s, %s, %s)",
                build_id,
                scheme,
                value,
                old[0][0] if old else None,
                subject,
            )

    def build(self, on: date, full_refresh: bool = False, select: tuple[str, ...] = ()) -> Any:
        """A build without the resolver: identities are those that ``register`` stated. ``select``: dbt's choice of models."""
        chosen, invoke = ["--select", *select] if select else [], command.invoke
        with (
            mock.patch.multiple("public_credit.subjects", run=lambda *_: {}, full=lambda *_: {}),
            mock.patch.object(command, "invoke", lambda arguments, variables: invoke([*arguments, *chosen], variables)),
        ):
            return build.run(run_on(on), full_refresh=full_refresh)

    def current(self, *columns: str, where: str = "true") -> list[tuple[Any, ...]]:
        return self.query(
            f"select {', '.join(columns)} from intermediate.int_records__current where {where} order by 1, 2"
        )


def _filled(shape: Any, variant: str, unit: Any) -> dict[str, str]:
    return dict(example(shape, variant, unit.name, unit.uscc))


def subject(variant: str, row: dict[str, str]) -> tuple[str, str]:
    """A stand-in for the lander's decision, same order of identifiers, that takes codes of any make: scheme, value."""
    if variant == "person":
        return "person", row["id_no"]
    for field, scheme in _CODES.items():
        if row.get(field, "") not in ("", PLACEHOLDER):
            return scheme, row[field]
    return "name", folded(row.get("subject_name", row.get("name", "")))


def as_stored(record: str) -> str:
    """A record id as the raw tables hold it."""
    return f"{record[1:]}0"


def record_id(shape: Any, variant: str, row: dict[str, str]) -> str:
    """A stand-in for the lander's key: same parts."""
    parts = [":".join(subject(variant, row)) if part == "subject" else row[part] for part in shape.key]
    return "r" + hashlib.sha256("\x1f".join([shape.id, variant, *parts]).encode()).hexdigest()[:31]
