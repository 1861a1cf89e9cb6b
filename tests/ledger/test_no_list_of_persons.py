"""No human role and not the reader may read a column that names a person's record, nor call a function that lists such columns."""

from __future__ import annotations

import re
from typing import Any

import pytest
from public_credit.ledger.rights.policy import PREFIX, load

ROLES = [*load().audiences, "reader"]
NAMES = re.compile(
    r"record_id|_ref$|token|document_no|decision_no|id_no|city_id|idempotency|payload|^keys$|leaves|receipt_(id|text)$|_key$|person"
)
# Columns of such a name in which no person's record can stand.
OF_NO_PERSON = {
    "ledger.edition_item.record_id": "organisations behind a figure",
    "ledger.edition_item.item_key": "organisations behind a figure",
    "ledger.judgement.left_key": "identifiers of organisations",
    "ledger.judgement.right_key": "identifiers of organisations",
    "ledger.delivery.receipt_id": "of a whole request",
    "ledger.chain_form.key": "names of columns",
    "ledger.milestone_evidence.document_no": "papers of public bodies",
}
ORGANISATIONS = "subjects"  # a schema that knows no person (ledger/models/subjects.py)
ONE_AT_A_TIME = {  # functions that tell ids of records, or rows: of one number, id, receipt or name of an organisation, or without persons' ids
    "person_records", "record_rows", "find_records", "find_persons", "decision_events", "records_named", "beside", "release_items",
    "outbox_doubtful", "assessment_lines", "reconciled",
}  # fmt: skip
_COLUMNS = """
    select n.nspname || '.' || c.relname || '.' || a.attname, n.nspname from pg_attribute a join pg_class c on c.oid = a.attrelid
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = any(%s) and c.relkind in ('r', 'p', 'v', 'm') and a.attnum > 0 and not a.attisdropped
      and has_schema_privilege(%s, n.oid, 'usage') and has_column_privilege(%s, c.oid, a.attnum, 'select') order by 1"""
_FUNCTIONS = """
    select p.proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = any(%s) and p.prosecdef and has_function_privilege(%s, p.oid, 'execute')
      and (pg_get_function_result(p.oid) ~ 'record_id|json' or p.proretset and pg_get_function_result(p.oid) ~ '^SETOF (text|uuid)')"""


def named(warehouse: Any, role: str) -> list[str]:
    """Columns a role may read that could name a person's record."""
    name, schemas = PREFIX + role, list(load().owners)
    with warehouse.connect("owner") as owner:
        columns = owner.execute(_COLUMNS, [schemas, name, name]).fetchall()
    found = [column for column, schema in columns if schema != ORGANISATIONS and NAMES.search(column.split(".")[2])]
    return [column for column in found if column not in OF_NO_PERSON]


@pytest.mark.parametrize("role", ROLES)
def test_no_column_that_names_a_persons_record_is_readable(warehouse: Any, role: str) -> None:
    assert named(warehouse, role) == []


def test_the_look_at_columns_sees_one_that_is_granted(warehouse: Any) -> None:
    with warehouse.connect("owner") as owner:
        owner.execute("grant select (record_id) on ledger.quarantine to pcw_engineer")
        owner.execute("grant select on ledger.record_link to pcw_reader")
    assert named(warehouse, "engineer") == ["ledger.quarantine.record_id"]
    assert named(warehouse, "reader") == ["ledger.record_link.new_record_id", "ledger.record_link.old_record_id"]


@pytest.mark.parametrize("role", ROLES)
def test_functions_that_tell_records_tell_one_or_no_person(warehouse: Any, role: str) -> None:
    with warehouse.connect("owner") as owner:
        found = {name for (name,) in owner.execute(_FUNCTIONS, [list(load().owners), PREFIX + role])}
    assert found <= ONE_AT_A_TIME


@pytest.mark.parametrize("role", ["engineer", "auditor", "reader", "clerk"])
def test_work_lists_are_read_by_place(warehouse: Any, role: str) -> None:
    """What work needs of a row: where it stands, which rule, what became of it."""
    with warehouse.connect(role) as somebody:
        for asked in (
            "select batch_seq, row_no, rules, state, slip_id, corrected_batch_seq, corrected_row_no from ledger.quarantine",
            "select id, batch_seq, row_no, reason, candidates, state from ledger.correction_case",
        ):
            assert somebody.execute(asked).fetchall() == []
