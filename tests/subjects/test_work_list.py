"""Suggestions and unresolved records: they fill the work list and do nothing else."""

from __future__ import annotations

from uuid import UUID

import psycopg
import pytest
from public_credit import subjects as resolve
from public_credit.subjects.suggest import likeness

from tests.helpers.commands import credit
from tests.helpers.registers import ON, body, code, firm
from tests.helpers.runs import run_on

SAME = {"address": "示范区北山镇测试路1号", "legal_rep_name": "法人代表甲0001"}


def _suggested(registers) -> list[set[str]]:
    assert credit("subjects", "suggest", "--date", "2026-02-25").code == 0
    return [
        set(key.split("|"))
        for (key,) in registers.query(
            "select key from subjects.work_item where topic = 'possible_duplicate' and state = 'open'"
        )
    ]


def test_likely_duplicates_are_suggested_never_merged_and_closed_when_judged(registers):
    registers.build([body(1, uscc=code(1, "12"), **SAME), body(2, institution_cert_no="137039900077", **SAME)])
    pair = [{registers.subject("uscc", code(1, "12")), registers.subject("inst", "137039900077")}]
    before = registers.tables("subject", "identifier", "register")
    assert _suggested(registers) == pair == _suggested(registers)
    assert registers.tables("subject", "identifier", "register") == before
    registers.judge("different", f"uscc:{code(1, '12')}", "inst:137039900077")
    registers.build()
    assert _suggested(registers) == []


def test_two_living_organisations_with_codes_are_never_suggested(registers):
    registers.build([firm(1, **SAME), firm(2, **SAME), firm(3, state="注销", **SAME)])
    ended = registers.subject("uscc", code(3))
    assert all(ended in pair for pair in _suggested(registers)) and len(_suggested(registers)) == 2


def test_names_are_alike_by_their_letter_pairs():
    assert likeness("示范区青云商贸有限公司", "示范区青云商贸有限公司") == 1
    assert (
        likeness("示范区青云商贸有限公司", "示范区青云商贸有限责任公司")
        > 0.7
        > likeness("示范区青云商贸有限公司", "示范区海泰化工厂")
    )


def test_persons_cannot_become_subjects_or_suggestions(registers):
    fields = [
        "batch_seq",
        "attempt",
        "row_no",
        "variant",
        "record_id",
        "content_hash",
        "source_version",
        "row_errors",
        "row_warnings",
    ]
    for kind, more in (
        ("practitioner_registration", {"subject_name": "自然人甲0001", "id_no": "〔P1〕"}),
        ("judgment_debtor", {"subject_name": "自然人甲0001", "id_no": "〔P1〕"}),
        ("administrative_penalty", {"subject_name": "自然人甲0001", "id_no": "〔P1〕"}),
    ):
        (seq,) = registers.query(
            "insert into ledger.batch (batch_id, dataset_id, unit_id, kind, variant, delivery_mode, locator, sha256, size_bytes,"
            " archive_uri, business_date, state, current_attempt, rows_in, accepted, quarantined, duplicate, refused) values "
            "(%s, 'd', 'u', %s, 'person', 'events', '', '', 0, 'memory:', %s, 'accepted', 1, 1, 1, 0, 0, 0) returning seq",
            [kind, kind, ON],
        )[0]
        columns = set(
            row[0]
            for row in registers.query(
                "select column_name from information_schema.columns where table_schema = 'raw' and table_name = %s",
                [kind],
            )
        )
        given = {name: value for name, value in more.items() if name in columns}
        registers.owner.execute(
            f"insert into raw.{kind} ({', '.join([*fields, *given])}) values "
            f"({', '.join(['%s'] * (len(fields) + len(given)))})",
            [seq, 1, 1, "person", UUID(int=seq), UUID(int=seq), "", "", "", *given.values()],
        )
        registers.inputs.append((seq, 1, "add", kind))
    registers.build([firm(1, **SAME)])
    assert (
        registers.query("select count(*) from subjects.subject")
        == [(1,)]
        == registers.query("select count(*) from subjects.register")
    )
    assert _suggested(registers) == []
    with pytest.raises(psycopg.errors.CheckViolation):
        registers.owner.execute("update subjects.subject set subject_class = 'person'")
    columns = {
        row[0]
        for row in registers.query("select column_name from information_schema.columns where table_schema = 'subjects'")
    }
    assert not {name for name in columns if "person" in name or "id_no" in name or "token" in name}


def test_unresolved_records_come_and_go_with_what_dbt_links(registers):
    build = registers.build([firm(1)])
    registers.owner.execute("""
        create table published.record_links (record_id text, kind text, unit_id text, subject_class text,
            lookup_scheme text, lookup_value text, link_state text, link_reason text, build_id bigint);
        create table published.record_changes (build_id bigint, record_id text);
        grant select on published.record_links, published.record_changes to pcw_builder;
        insert into published.record_links values
            ('r1', 'honour', 'zjj', 'organisation', 'uscc', '9137', 'unresolved', 'not_in_registry', 1),
            ('r2', 'honour', 'zjj', 'organisation', 'uscc', '9138', 'linked', '', 1),
            ('r3', 'honour', 'zjj', 'person', '', '', 'unresolved', 'no_identifier', 1);
        insert into published.record_changes values (1, 'r1'), (1, 'r2'), (1, 'r3')""")
    assert resolve.follow_up(run_on(ON), build) == {"opened": 1, "closed": 0}
    assert resolve.follow_up(run_on(ON), build) == {"opened": 0, "closed": 0}
    assert registers.query("select key, reason, detail from subjects.work_item") == [
        ("r1", "not_in_registry", {"kind": "honour", "unit_id": "zjj", "scheme": "uscc", "value": "9137"})
    ]
    registers.owner.execute("""
        update published.record_links set link_state = 'linked', link_reason = '', build_id = 2 where record_id = 'r1';
        insert into published.record_changes values (2, 'r1')""")
    assert resolve.follow_up(run_on(ON), 2) == {"opened": 0, "closed": 1}
