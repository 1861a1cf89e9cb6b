"""What people may see in the database: rows by audience, and a person's record only by number, purpose and session."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import errors
from public_credit.base import settings
from public_credit.base.messages import UserError
from public_credit.custody import vault
from public_credit.identifiers.codes import make_id_number
from public_credit.ledger.session import acting, session, signed_in
from public_credit.ledger.states import Audience
from public_credit.oversight import trace
from sqlalchemy import text

from tests.helpers.penalties import ON, csv_bytes, land, rows
from tests.helpers.profiles import ID_NUMBER, Profiles
from tests.helpers.runs import run_on

OPEN = """insert into desk.session (token_hash, account, name, role, unit_id, channel, ends_at)
    values (sha256(convert_to(%s, 'UTF8')), %s, %s, %s, %s, 'desk', clock_timestamp() + interval '1 hour')"""
PEOPLE = ("engineer", "leadership", "auditor", "clerk")
OF_PERSONS = (  # where a person's record could be read, listed or counted
    "marts.mart_subjects__natural_person", "marts.mart_shuanggongshi__penalty_person", "marts.mart_shuanggongshi__licence_person",
    "raw.administrative_penalty", "staging.stg_administrative_penalty", "intermediate.int_records__history",
    "published.heads", "published.record_links", "exports.exp_city__cf_zrr", "ledger.delivery_item", "vault.secret",
)  # fmt: skip


@pytest.fixture
def profiles(warehouse: Any) -> Profiles:
    """Marts with two firms and a person."""
    return Profiles(warehouse)


def _open(warehouse: Any, token: str, role: str, unit: str | None = None) -> None:
    with warehouse.connect("desk") as desk:
        desk.execute(OPEN, [token, f"a_{role}", role, role, unit])


def test_no_audience_reads_a_table_of_persons(warehouse: Any) -> None:
    from public_credit.ledger.rights.policy import load

    policy = load()
    for name in OF_PERSONS:
        schema, relation = name.split(".")
        line = policy.line(schema, relation)
        assert line is not None
        whole = {right.role for right in line.rights if right.condition not in ("organisation", "shared_organisation")}
        assert not whole & set(PEOPLE), name
    for role in PEOPLE:
        with psycopg.connect(settings.dsn(role), autocommit=True) as person:
            for name in ("raw.administrative_penalty", "ledger.delivery_item", "vault.secret"):
                with pytest.raises(errors.InsufficientPrivilege):
                    person.execute(f"select count(*) from {name}")


def test_a_clerk_sees_the_rows_of_his_unit(warehouse: Any, tmp_path: Path) -> None:
    land(tmp_path, "1.csv", csv_bytes(rows(3)), ON)
    with warehouse.connect("owner") as owner:
        ((unit,),) = owner.execute("select unit_id from ledger.batch").fetchall()
        owner.execute(
            "insert into ledger.batch (batch_id, dataset_id, unit_id, kind, variant, delivery_mode, locator, sha256, size_bytes, "
            "archive_uri, business_date) select 'other', dataset_id, 'another', kind, variant, delivery_mode, locator, sha256, "
            "size_bytes, archive_uri, business_date from ledger.batch"
        )
    _open(warehouse, "own", "clerk", unit)
    _open(warehouse, "none", "clerk", "unheard_of")
    seen = text("select unit_id from ledger.batch")
    of_batches = text("select count(*) from ledger.attempt")
    for token, expected in (("own", [unit]), ("none", []), ("", []), ("wrong", [])):
        with session("clerk", token) as opened:
            assert list(opened.scalars(seen)) == expected
            assert opened.scalar(of_batches) == len(expected)
    with session("engineer") as opened:
        assert sorted(opened.scalars(seen)) == sorted([unit, "another"])
    with acting(Audience.CLERK, "own"), session("reader") as opened:
        assert list(opened.scalars(seen)) == [unit], "what reads as reader reads as the person"
    with session("reader") as opened:
        assert len(list(opened.scalars(seen))) == 2


ASK = "select entry, record from desk.person_records(%s, 'asked', %s)"


def test_a_persons_records_want_a_session_and_a_purpose_and_are_logged_as_they_are_told(
    profiles: Profiles, warehouse: Any
) -> None:
    token = profiles.person()
    lookups = vault.lookups(ID_NUMBER)
    for role in PEOPLE:
        _open(warehouse, role, role, "scjg" if role == "clerk" else None)
    for database_role, session_of, purpose, refused in (
        ("auditor", "", "核查", "PC001"),
        ("auditor", "wrong", "核查", "PC001"),
        ("reader", "leadership", "核查", "PC001"),
        ("reader", "clerk", "核查", "PC001"),
        ("engineer", "engineer", "  ", "PC002"),
        ("leadership", "engineer", "核查", "42501"),
        ("clerk", "engineer", "核查", "42501"),
        ("collector", "engineer", "核查", "42501"),
    ):
        with psycopg.connect(settings.dsn(database_role), autocommit=True) as person:
            person.execute("select set_config('pcw.session', %s, false)", [session_of])
            with pytest.raises(psycopg.Error) as error:
                person.execute(ASK, [lookups, purpose])
            assert error.value.sqlstate == refused, (database_role, session_of)
    with warehouse.connect("auditor") as auditor:
        auditor.execute("select set_config('pcw.session', 'auditor', true)")
        told = auditor.execute(ASK, [lookups, "合规审计"]).fetchall()
        with pytest.raises(errors.InsufficientPrivilege), auditor.transaction():
            auditor.execute("select subject_ref from ledger.access_log")
    with warehouse.connect() as owner:
        log = owner.execute("select id, who, purpose, action, subject_ref, channel from ledger.access_log").fetchall()
    assert log == [(told[0][0], "a_auditor", "合规审计", "report_person", token, "desk")]
    assert told[0][1] is None and {record["person_ref"] for _, record in told[1:]} == {token}


def test_a_miss_counts_whatever_it_is_called(profiles: Profiles, warehouse: Any) -> None:
    profiles.person()
    _open(warehouse, "auditor", "auditor")
    with warehouse.connect("auditor") as auditor:
        auditor.execute("select set_config('pcw.session', 'auditor', true), set_config('pcw.look', 'x', true)")
        for number in range(10):
            auditor.execute(ASK, [[bytes([number]) * 32], "核查"])
        log = auditor.execute("select distinct action from ledger.access_log").fetchall()
        with pytest.raises(psycopg.Error) as error:
            auditor.execute(ASK, [vault.lookups(ID_NUMBER), "核查"])
    assert error.value.sqlstate == "PC003" and log == [("explain",)], "a look of no known sort is one at a record"


def test_whoever_answers_to_what_is_asked_is_in_the_log(profiles: Profiles, warehouse: Any) -> None:
    other = make_id_number("37039919850505002")
    with warehouse.connect("collector") as collector:
        tokens = [profiles.person(), *vault.Vault(collector).tokenise([other])]
    _open(warehouse, "auditor", "auditor")
    with warehouse.connect("auditor") as auditor:
        auditor.execute("select set_config('pcw.session', 'auditor', true)")
        told = auditor.execute(ASK, [vault.lookups(ID_NUMBER) + vault.lookups(other), "核查"]).fetchall()
    with warehouse.connect() as owner:
        log = owner.execute("select id, subject_ref from ledger.access_log order by id").fetchall()
    assert [subject for _, subject in log] == tokens and told[0][0] == log[0][0]


def test_a_look_that_is_rolled_back_is_in_the_log_of_the_server(profiles: Profiles, warehouse: Any) -> None:
    token = profiles.person()
    _open(warehouse, "auditor", "auditor")
    path = warehouse.cluster.home / "postgres.log"
    for ask, given, action in (
        (ASK, [vault.lookups(ID_NUMBER), f"核查 {ID_NUMBER}"], "report_person"),
        ("select desk.note_visit('case', %s, '', %s)", ["核查", "r" + "0" * 31], "case"),
    ):
        before = path.stat().st_size
        with warehouse.connect("auditor") as auditor:
            auditor.execute("select set_config('pcw.session', 'auditor', true)")
            auditor.execute(ask, given)
            auditor.rollback()
            assert auditor.execute("select count(*) from ledger.access_log").fetchone() == (0,)
        said = path.read_bytes()[before:].decode()
        assert f"account a_auditor, role auditor, action {action}, at 20" in said
        assert ID_NUMBER not in said and token not in said and "核查" not in said


def test_many_numbers_at_once_are_not_asked_for(warehouse: Any) -> None:
    _open(warehouse, "auditor", "auditor")
    with warehouse.connect("auditor") as auditor, pytest.raises(psycopg.Error, match="one number at a time"):
        auditor.execute("select set_config('pcw.session', 'auditor', true)")
        auditor.execute(ASK, [[bytes([n]) * 32 for n in range(65)], "核查"])
    for role in ("auditor", "reader"):
        with warehouse.connect(role) as asking, pytest.raises(psycopg.Error, match="one number at a time"):
            numbers = [f"示罚〔2026〕{n}号" for n in range(100)]
            asking.execute("select * from desk.find_records('administrative_penalty', null, %s)", [numbers])


WRITING = """
    with recursive writes as (
        select p.oid, p.proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where n.nspname in ('desk', 'ledger') and p.prosecdef and p.prosrc ~* 'insert into ledger\\.access_log'
        union select p.oid, p.proname from writes w
        join pg_proc p on p.prosrc ~ ('desk\\.' || w.proname || '\\(') and p.prosecdef
    )
    select distinct 'desk.' || proname from writes"""


def test_what_books_a_look_is_written_without_numbers(warehouse: Any) -> None:
    with warehouse.connect("owner") as owner:
        functions = {name for (name,) in owner.execute(WRITING)}
    assert {"desk.note_look", "desk.note_visit", "desk.person_records", "desk.record_rows"} <= functions
    said = text("select :purpose")
    with session("owner") as opened:
        for name in sorted(functions):
            asked = text(f"{said.text} /* {name}(…) */")
            assert opened.scalar(asked, {"purpose": f"核对 {ID_NUMBER}"}) == "核对 〔证件******〕", name
        assert opened.scalar(said, {"purpose": ID_NUMBER}) == ID_NUMBER, "what is only read is asked as it is"


def test_nobody_writes_a_look_by_hand_and_a_blank_number_finds_nobody(warehouse: Any) -> None:
    with warehouse.connect("engineer") as person, pytest.raises(errors.InsufficientPrivilege):
        person.execute("select desk.note_look('explain', 'x', '', '')")
    with warehouse.connect("engineer") as person:
        found = person.execute("select * from desk.find_records('administrative_penalty', null, array['', ' '])")
        assert found.fetchall() == []


def test_a_persons_record_is_told_to_whom_is_signed_in_and_in_the_log_at_once(warehouse: Any) -> None:
    from tests.helpers.records import Records

    Records(warehouse).deliver(
        "administrative_penalty", ON, [{"decision_no": "示罚〔2026〕8号", "subject_name": "王甲"}], variant="person"
    )
    with warehouse.connect("owner") as owner:
        owner.execute(
            "insert into ledger.attempt (batch_seq, attempt, business_date) select seq, 1, business_date from ledger.batch"
        )
    (found,) = trace.find("示罚〔2026〕8号", run_on(who="甲"), purpose="核查")
    with pytest.raises(UserError, match="没有登录"):
        trace.story(found, purpose="核查")
    with signed_in(run_on(who="甲")) as token:
        with pytest.raises(UserError, match="说明查询目的"):
            trace.story(found, token=token)
        assert trace.story(found, purpose="核查", token=token)["versions"]
    with warehouse.connect("reader") as reader:
        with warehouse.connect() as owner:
            log = owner.execute("select who, purpose, action, record_id, channel from ledger.access_log").fetchall()
        assert log == [("甲", "核查", action, found.record_id, "cli") for action in ("find", "explain")]
        assert reader.execute("select count(*) from desk.who()").fetchone() == (0,)
    with pytest.raises(UserError, match="没有登录"):
        trace.story(found, purpose="核查", token=token)
