"""The content hash after an upgrade that computes it otherwise: what was delivered before is known again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from public_credit.base import settings
from public_credit.steps.migrate import migrate
from sqlalchemy import text

from tests.helpers.penalties import csv_bytes, judge, land, rows

HASHES = "select content_hash from raw.administrative_penalty order by batch_seq, row_no"


def test_rows_hashed_by_an_earlier_version_are_duplicates_when_they_come_again(warehouse: Any, tmp_path: Path) -> None:
    given = rows(3)
    judge(land(tmp_path, "first.csv", csv_bytes(given)))
    with settings.engine("owner").begin() as connection:
        landed: list[str] = list(connection.execute(text(HASHES)).scalars())
        connection.execute(text("update raw.administrative_penalty set content_hash = cast(md5(decision_no) as uuid)"))
        connection.execute(text("update ledger.kind_shape set shape = shape - 'content_hash'"))
        noted: Any = connection.execute(text("select max(applied_at) from ledger.kind_shape")).scalar_one()
    assert migrate() == []
    with settings.engine("owner").begin() as connection:
        assert connection.execute(text(HASHES)).scalars().all() == landed
        anew = "select kind from ledger.kind_shape where applied_at > :noted"
        assert connection.execute(text(anew), {"noted": noted}).scalars().all() == ["administrative_penalty"]
    seq = land(tmp_path, "again.csv", csv_bytes([*given[:2], given[2] | {"remark": "更正"}]))
    judge(seq)
    with settings.engine("owner").begin() as connection:
        counts = connection.execute(text("select accepted, duplicate from ledger.batch where seq = :seq"), {"seq": seq})
        assert counts.one() == (1, 2)
    assert migrate() == []
    with settings.engine("owner").begin() as connection:
        assert len(connection.execute(text(anew), {"noted": noted}).scalars().all()) == 1
