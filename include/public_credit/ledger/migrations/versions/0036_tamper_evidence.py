"""Tamper evidence: what happens to evidence is an event, events are chained, roots leave the house (decision 0077).

A watched table has statement triggers: each statement books one event with a SHA-256 per row it wrote (``leaves``), so the rows
as they stand can be compared with the last event of each. What was there before is booked as ``found``: nothing is proved of
the time before. Kept tables and columns refuse changes, the owner's too.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0036"
down_revision = "0033"
branch_labels = None
depends_on = None

OPERATIONS = "'insert', 'update', 'delete', 'found', 'begun', 'watched', 'migrated', 'restored', 'rekeyed', 'verified'"
EVERYONE = "pcw_collector, pcw_builder, pcw_sender, pcw_reader"
# Table: its key, and what else of a row is evidence. A later change of these is another call of ledger.chain_watch.
WATCHED = {
    "access_log": ("id", "at, who, purpose, action, subject_ref, record_id, channel"),
    "archive_object": ("uri", "sha256, size_bytes, stored_at, shredded_at, shred_reason, wrapped_key is null"),
    "attempt": (
        "batch_seq, attempt",
        "state, rows_in, rows_landed, refused, business_date, started_at, landed_at, code_version, catalogue_version, "
        "rules_version",
    ),
    "attestation": (
        "id",
        "unit_id, dataset_id, period_from, period_to, attested_by, attested_at, batch_seq, reason, superseded_by",
    ),
    "batch": (
        "seq",
        "batch_id, dataset_id, unit_id, kind, variant, delivery_mode, locator, source_version, file_name, sha256, "
        "size_bytes, archive_uri, received_at, business_date, state, current_attempt, rows_in, accepted, quarantined, "
        "duplicate, refused, resubmission_of, gated_at, gated_on, set_aside_from, set_aside_reason",
    ),
    "build": ("build_id", "business_date, state, opened_at, built_at, code_version"),
    "build_input": ("build_id, batch_seq, attempt, operation", "kind"),
    "chain_sent": ("id", "seal_no, place, sent_at, message"),
    "correction_case": (
        "id",
        "batch_seq, row_no, record_id, reason, candidates, state, opened_on, quarantine_id, decided_on, decided_by, note, "
        "taken_back",
    ),
    "delivery": (
        "delivery_id",
        "receiver, interface, request_id, items, state, http_status, receipt_id, message, started_at, ended_at",
    ),
    "delivery_item": (
        "item_id",
        "release_id, receiver, interface, record_id, operation, version, predecessor, payload, due_on, released_at",
    ),
    "delivery_state": (
        "item_id",
        "state, attempts, delivery_id, receipt_id, receipt_code, receipt_field, receipt_text, city_id, sent_at, booked_at, "
        "booked_on",
    ),
    "edition": (
        "id",
        "year, kind, restates, state, as_of, business_date, build_id, reason, content_hash, computed_at, computed_by, "
        "decided_by, decided_at, frozen_at",
    ),
    "edition_definition": ("edition_id, target_id, goal_no", "definition, content_hash"),
    "edition_figure": (
        "edition_id, target_id, goal_no, unit_id",
        "figure_id, numerator, denominator, denominator_source, denominator_on, percent, goal, distance, pace, state, "
        "suppressed",
    ),
    "edition_item": ("edition_id, figure_id, item_key", "unit_id, label, record_id, numerator, denominator, missing"),
    "gate_result": ("batch_seq, attempt, expectation_id", "severity, success, observed, evaluated_at"),
    "judgement": (
        "id",
        "decision, left_key, right_key, reason, decided_by, decided_at, decided_on, undone_by, undone_at, undone_on, "
        "undo_reason",
    ),
    "purge": ("id", "kind, business_date, rule, clause, years, rows, records, purged_by, purged_at"),
    "purged_row": ("batch_seq, attempt, row_no", "record_id, purge_id"),
    "quarantine": (
        "id",
        "batch_seq, attempt, row_no, dataset_id, unit_id, kind, record_id, rules, owner, state, slip_id, opened_on, "
        "closed_on, corrected_batch_seq, corrected_row_no, corrected_record_id",
    ),
    "raw_digest": ("id", "batch_seq, attempt, reason, rows, columns, digest, agreed, taken_at"),
    "receiver_event": ("receiver, seq", "record_id, city_id, event, text, at_on, fetched_at"),
    "reconciliation": (
        "id",
        "receiver, business_date, ours, theirs, agreed, missing, surplus, differing, unsettled, compared_at",
    ),
    "reconciliation_difference": ("reconciliation_id, interface, record_id", "difference, our_version, their_version"),
    "record_link": ("old_record_id, new_record_id", "kind, batch_seq, row_no, reason, linked_on"),
    "refused_delivery": (
        "id",
        "refused_id, unit_id, dataset_id, locator, source_version, file_name, sha256, size_bytes, reason, business_date, "
        "received_at",
    ),
    "refused_row": ("batch_seq, attempt, row_no", "rule_id, sheet, source_row"),
    "release": (
        "release_id",
        "build_id, receiver, business_date, state, adds, mods, dels, diff_hash, cover, unusual, prepared_at, decided_by, "
        "decided_at",
    ),
    "report": ("id", "at, kind, who, purpose, level, subject_id, rows, data_on, channel, area, used_on"),
    "report_paper": ("report_id, form", "content_hash, check_code"),
    "row_outcome": ("batch_seq, attempt, row_no", "outcome, record_id"),
    "row_verdict": ("batch_seq, attempt, row_no, rule_id", "severity, detail, rules_version, registry_version"),
    "signal": ("id", "batch_seq, attempt, code, subject, rows, severity, owner, message"),
    "slip": ("slip_id", "unit_id, batch_seq, attempt, file_name, sha256, rows, written_at, written_on"),
    "step": (
        "id",
        "name, unit_id, dataset_id, batch_seq, attempt, build_id, release_id, business_date, started_at, ended_at, verdict, "
        "message, owner, counts, dag_run",
    ),
    "unchanged_rows": ("batch_seq, attempt, block", "rows"),
    "waiver": (
        "id",
        "dataset_id, expectation_id, batch_seq, reason, owner, granted_by, granted_at, expires_on, revoked_on, revoked_by, "
        "revoke_reason",
    ),
}
KEPT = (  # rows that never change and never go
    "access_log, chain_event, chain_link, chain_seal, chain_sent, delivery_item, purge, purged_row, raw_digest, "
    "receiver_event, reconciliation, reconciliation_difference, refused_delivery, report, report_paper"
)
FROZEN = {  # columns that never change, in rows that never go
    "archive_object": "uri, sha256, size_bytes, stored_at",
    "batch": "seq, batch_id, locator, source_version, sha256, size_bytes, archive_uri, received_at, business_date",
    "delivery": "delivery_id, receiver, interface, request_id, started_at",
    "judgement": "id, decision, left_key, right_key, reason, decided_by, decided_at, decided_on",
    "release": "release_id, build_id, receiver, business_date, adds, mods, dels, diff_hash, prepared_at",
    "step": "id, name, business_date, started_at",
    "waiver": "id, dataset_id, expectation_id, reason, owner, granted_by, granted_at",
}
STAMPS = "set timezone to 'UTC' set datestyle to 'ISO, YMD' set bytea_output to 'hex' set extra_float_digits to '1'"
# One event a statement and 50,000 rows: a leaf for every row, and a digest over them.
GROUPED = """
    insert into ledger.chain_event (relation, operation, rows, keys, leaves, digest)
    select %L, %L, count(*), array_agg(k order by k), array_agg(l order by k),
           encode(sha256(convert_to(string_agg(k || '' '' || encode(l, ''hex''), E''\\n'' order by k), ''UTF8'')), ''hex'')
    from (select k, l, (row_number() over () - 1) / 50000 as part
          from (select k collate "C" as k, l from (%s) picked) numbered) parted group by part order by part"""
LEAF = "'select concat_ws(''/'', %s) as k, sha256(convert_to(cast(row(%s) as text), ''UTF8'')) as l from %s'"
ROWS = f"""
create function ledger.chain_rows() returns trigger language plpgsql security definer
set search_path = pg_catalog, pg_temp {STAMPS} as $$
declare
    written text := format({LEAF}, tg_argv[0], tg_argv[1], 'written');
    former text := format({LEAF}, tg_argv[0], tg_argv[1], 'former');
begin
    execute format('{GROUPED}', tg_table_name, lower(tg_op), case tg_op
        when 'INSERT' then written when 'DELETE' then former else written || ' except ' || former end);
    return null;
end $$
"""
FOUND = f"""
create function ledger.chain_found(of_relation text) returns void language plpgsql
set search_path = pg_catalog, pg_temp {STAMPS} as $$
declare form record;
begin
    select f.key, f.leaf into strict form from ledger.chain_form f where f.relation = of_relation;
    execute format('{GROUPED}', of_relation, 'found',
                   format({LEAF}, form.key, form.leaf, format('ledger.%I', of_relation)));
end $$
"""
WATCH = """
create function ledger.chain_watch(of_relation text, of_key text, of_leaf text) returns void language plpgsql
set search_path = pg_catalog, pg_temp as $$
declare
    given record;
begin
    insert into ledger.chain_form (relation, key, leaf) values (of_relation, of_key, of_leaf)
        on conflict (relation) do update set key = excluded.key, leaf = excluded.leaf;
    for given in select * from (values ('insert', 'new table as written'), ('delete', 'old table as former'),
                                       ('update', 'new table as written old table as former')) as g (event, tables) loop
        execute format('create or replace trigger chain_%s after %s on ledger.%I referencing %s for each statement '
                       'execute function ledger.chain_rows(%L, %L)',
                       given.event, given.event, of_relation, given.tables, of_key, of_leaf);
    end loop;
    execute format('create or replace trigger chain_truncate before truncate on ledger.%I for each statement '
                   'execute function ledger.refuse_change()', of_relation);
    perform ledger.chain_note('watched', jsonb_build_object('relation', of_relation, 'key', of_key, 'leaf', of_leaf));
    perform ledger.chain_found(of_relation);
end $$
"""
REFUSE = """
create function ledger.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'ledger.%: % of evidence is refused', tg_table_name, lower(tg_op) using errcode = 'restrict_violation';
end $$
"""
NOTE = """
create function ledger.chain_note(of_operation text, of_detail jsonb) returns bigint language sql
set search_path = pg_catalog, pg_temp as $$
    insert into ledger.chain_event (relation, operation, rows, digest, detail) values ('', of_operation, 0, '', of_detail)
    returning id
$$
"""
VERIFIED = """
create function ledger.chain_verified(of_detail jsonb) returns bigint language sql security definer
set search_path = pg_catalog, pg_temp as $$ select ledger.chain_note('verified', of_detail) $$
"""


def _tables() -> None:
    instant, now = sa.DateTime(timezone=True), sa.text("clock_timestamp()")
    op.create_table(
        "chain_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", instant, server_default=now, nullable=False),
        sa.Column("relation", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("keys", ARRAY(sa.Text())),
        sa.Column("leaves", ARRAY(sa.LargeBinary())),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("detail", JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column(
            "txid", sa.BigInteger(), server_default=sa.text("((pg_current_xact_id())::text)::bigint"), nullable=False
        ),
        sa.CheckConstraint(f"operation in ({OPERATIONS})", name=op.f("ck_chain_event_operation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chain_event")),
        schema="ledger",
    )
    op.create_index(op.f("ix_chain_event_relation_id"), "chain_event", ["relation", "id"], schema="ledger")
    op.create_table(
        "chain_link",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_chain_link")),
        sa.UniqueConstraint("event_id", name=op.f("uq_chain_link_event_id")),
        schema="ledger",
    )
    op.create_table(
        "chain_seal",
        sa.Column("seal_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("sealed_at", instant, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("previous", sa.Text(), nullable=False),
        sa.Column("root", sa.Text(), nullable=False),
        sa.Column("mac", sa.Text(), server_default="", nullable=False),
        sa.Column("sealed_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seal_no", name=op.f("pk_chain_seal")),
        schema="ledger",
    )
    op.create_table(
        "chain_sent",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("seal_no", sa.Integer(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("sent_at", instant, server_default=now, nullable=False),
        sa.Column("message", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["seal_no"], ["ledger.chain_seal.seal_no"], name=op.f("fk_chain_sent_seal_no")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chain_sent")),
        schema="ledger",
    )
    op.create_table(
        "chain_form",
        sa.Column("relation", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("leaf", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("relation", name=op.f("pk_chain_form")),
        schema="ledger",
    )
    op.create_table(
        "raw_digest",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("batch_seq", sa.BigInteger(), nullable=False),
        sa.Column("attempt", sa.SmallInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("columns", ARRAY(sa.Text()), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("agreed", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("taken_at", instant, server_default=now, nullable=False),
        sa.CheckConstraint("reason in ('landed', 'found', 'reshaped', 'purged')", name=op.f("ck_raw_digest_reason")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_raw_digest")),
        schema="ledger",
    )
    op.create_index(op.f("ix_raw_digest_batch_seq_attempt"), "raw_digest", ["batch_seq", "attempt"], schema="ledger")


def _guards() -> None:
    for table in KEPT.split(", "):
        op.execute(
            f"create trigger kept before update or delete on ledger.{table} for each row "
            "execute function ledger.refuse_change()"
        )
        if table not in WATCHED:
            op.execute(
                f"create trigger kept_truncate before truncate on ledger.{table} for each statement "
                "execute function ledger.refuse_change()"
            )
    for table, columns in FROZEN.items():
        old, new = (", ".join(f"{row}.{name}" for name in columns.split(", ")) for row in ("old", "new"))
        op.execute(
            f"create trigger kept_columns before update on ledger.{table} for each row "
            f"when (({old}) is distinct from ({new})) execute function ledger.refuse_change()"
        )
        op.execute(
            f"create trigger kept before delete on ledger.{table} for each row execute function ledger.refuse_change()"
        )
    op.execute(
        "create trigger kept_end before update on ledger.step for each row "
        "when (old.ended_at is not null and old is distinct from new) execute function ledger.refuse_change()"
    )


def upgrade() -> None:
    _tables()
    for function in (REFUSE, NOTE, VERIFIED, ROWS, FOUND, WATCH):
        op.execute(function)
    for name in ("chain_note", "chain_verified", "chain_rows", "chain_found", "chain_watch"):
        op.execute(f"revoke all on function ledger.{name} from public")
    op.execute("grant execute on function ledger.chain_verified to pcw_collector, pcw_reader")
    op.execute("select ledger.chain_note('begun', '{}')")
    for table, (key, rest) in WATCHED.items():
        call = sa.text("select ledger.chain_watch(:relation, :key, :leaf)")
        op.get_bind().execute(call, {"relation": table, "key": key, "leaf": f"{key}, {rest}"})
    _guards()
    tables = ", ".join(
        f"ledger.{name}"
        for name in ("chain_event", "chain_link", "chain_seal", "chain_sent", "chain_form", "raw_digest")
    )
    op.execute(f"grant select on {tables} to {EVERYONE}")
    op.execute("grant insert on ledger.raw_digest to pcw_collector")
    op.execute("grant select on ledger.report_paper to pcw_collector")  # who verifies reads what is evidence


def downgrade() -> None:
    op.execute("revoke select on ledger.report_paper from pcw_collector")
    for name in ("chain_rows", "refuse_change"):
        op.execute(f"drop function ledger.{name}() cascade")
    for name in (
        "chain_watch(text, text, text)",
        "chain_found(text)",
        "chain_verified(jsonb)",
        "chain_note(text, jsonb)",
    ):
        op.execute(f"drop function ledger.{name}")
    for table in ("raw_digest", "chain_form", "chain_sent", "chain_seal", "chain_link", "chain_event"):
        op.drop_table(table, schema="ledger")
