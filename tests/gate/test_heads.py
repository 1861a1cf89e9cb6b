"""What a gate run compares with costs what came since the last build, not what is stored."""

from __future__ import annotations

from typing import Any

from public_credit.catalogue import load_catalogue
from public_credit.gate.cross_record import Heads, prepare_batch
from public_credit.ledger.session import session
from sqlalchemy import text

# 100 accepted batches of 500 penalties; a build took in all but the last two.
FILL = """
    insert into ledger.archive_object (uri, sha256, size_bytes) values ('memory://1', 'x', 1);
    insert into ledger.batch (batch_id, dataset_id, unit_id, kind, variant, delivery_mode, locator, sha256, size_bytes, archive_uri,
                              business_date, state, current_attempt, rows_in, accepted, quarantined, duplicate, refused)
    select 'b' || n, 'zhzf.penalty_entity', 'zhzf', 'administrative_penalty', 'entity', 'events', 'test', 'x', 1, 'memory://1',
           '2026-02-25', 'accepted', 1, 500, 500, 0, 0, 0 from generate_series(1, 100) n;
    insert into raw.administrative_penalty (batch_seq, attempt, row_no, variant, record_id, content_hash, source_version,
                                            row_errors, row_warnings)
    select seq, 1, n, 'entity', overlay(md5(seq || '/' || n) placing '0' from 32)::uuid, md5(n::text)::uuid, '', '', ''
    from ledger.batch, generate_series(1, 500) n order by 1, 3;
    insert into ledger.unchanged_rows select max(seq), 1, 0, repeat('01000', 100)::bit(2048) from ledger.batch;
    insert into ledger.build (business_date, state, opened_at) values ('2026-02-25', 'built', now() + interval '1 day');
    insert into ledger.build_input (build_id, kind, batch_seq, attempt, operation)
    select 1, kind, seq, 1, 'add' from ledger.batch where seq <= (select max(seq) - 2 from ledger.batch)"""


def test_rows_that_were_built_are_not_read_again(warehouse: Any) -> None:
    with warehouse.connect() as owner:
        owner.execute(FILL)
    with warehouse.connect() as owner:
        owner.autocommit = True
        owner.execute("vacuum analyze")
    with session("collector") as opened:
        heads = Heads(opened, load_catalogue().kinds["administrative_penalty"], built=True)
        pending = opened.execute(text(f"select batch_seq, count(*) from {heads.pending} group by 1 order by 1")).all()
        read: int = opened.execute(
            text(
                "select sum(seq_tup_read) from pg_stat_xact_user_tables "
                "where schemaname = 'raw' and relname like 'administrative_penalty%'"
            )
        ).scalar_one()
    assert [count for _, count in pending] == [500, 400]
    assert read == 0


# Many small batches, and then the same 3,000 rows twice, the second time landed only.
GROW = """
    insert into ledger.batch (batch_id, dataset_id, unit_id, kind, variant, delivery_mode, locator, sha256, size_bytes, archive_uri,
                              business_date, state, current_attempt, rows_in, accepted, quarantined, duplicate, refused)
    select 'g' || n, 'zhzf.penalty_entity', 'zhzf', 'administrative_penalty', 'entity', 'events', 'test', 'x', 1, 'memory://1',
           '2026-02-25', 'accepted', 1, 3000, 3000, 0, 0, 0 from generate_series(1, 2) n;
    insert into raw.administrative_penalty (batch_seq, attempt, row_no, variant, record_id, content_hash, source_version,
                                            row_errors, row_warnings)
    select seq, 1, n, 'entity', overlay(md5('g' || n) placing '0' from 32)::uuid, md5(n::text)::uuid, '', '', ''
    from ledger.batch, generate_series(1, 3000) n where batch_id like 'g%' order by 1, 3"""


def test_a_batch_larger_than_the_planner_thinks_is_read_once(warehouse: Any) -> None:
    """What is put aside of a batch is not read again for each of its rows: work grows with the rows, not with their square."""
    with warehouse.connect() as owner:
        owner.execute(FILL.replace("(1, 500)", "(1, 50)"))
    with warehouse.connect() as owner:
        owner.autocommit = True
        owner.execute("vacuum analyze")
        owner.execute(GROW)
        (last,) = owner.execute("select max(seq) from ledger.batch").fetchone()
    kind = load_catalogue().kinds["administrative_penalty"]
    with session("collector") as opened:
        for join in ("hashjoin", "mergejoin"):  # as the planner goes about a batch it takes for small
            opened.execute(text(f"set local enable_{join} = off"))
        prepare_batch(opened, kind, last, 1, Heads(opened, kind, built=False))
        kept: int = opened.execute(text("select count(*) from pg_temp.this_batch")).scalar_one()
        scans: int = opened.execute(
            text("select seq_scan from pg_stat_xact_user_tables where relname = 'this_batch'")
        ).scalar_one()
    assert kept == 3000
    assert scans < 10
