"""What tests of receipts share: booked batches, archived bytes."""

from __future__ import annotations

from datetime import date
from typing import Any

import orjson

DAY = date(2026, 2, 25)
ARCHIVED = """insert into ledger.archive_object (uri, sha256, size_bytes) values ('file:///x', '', 0)
    on conflict do nothing"""
# A booked batch of csdw.licences: file name, business date, state, message, rows in, rows accepted.
BOOKED = """insert into ledger.batch (batch_id, dataset_id, unit_id, kind, variant, delivery_mode, locator,
    file_name, sha256, size_bytes, archive_uri, business_date, state, message, rows_in, accepted, quarantined,
    duplicate, refused)
    values (gen_random_uuid()::text, 'csdw.licences', 'csdw', 'administrative_licence', 'entity', 'events',
    'x', %s, '', 0, 'file:///x', %s, %s, %s, %s, %s, 0, 0, 0) returning seq"""


def archived(uri: str) -> bytes:
    """The plain bytes of an archived object."""
    from public_credit.custody import archive

    with archive.open_plain(uri) as stream:
        return stream.read()


def archived_lines(uri: str) -> list[dict[str, Any]]:
    """Header and rows of an archived JSON Lines object."""
    return [orjson.loads(line) for line in archived(uri).splitlines()]
