"""A built warehouse, every page as every role: the database answers with the rights of who asks, and refuses what a page withholds."""

from __future__ import annotations

import io
import re
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import unquote

import psycopg
import pytest
from psycopg import errors, sql
from public_credit.base import settings
from public_credit.catalogue import load_catalogue, remembered
from public_credit.desk import kept, rights, terminal
from public_credit.desk.person import Person
from public_credit.ledger.rights.policy import load
from public_credit.ledger.session import acting
from public_credit.ledger.states import Audience
from public_credit.oversight.record import looked
from sqlalchemy import Engine, event
from starlette.testclient import TestClient

from tests.helpers.commands import credit
from tests.helpers.runs import run_on
from tests.helpers.signed import token_of
from tests.oversight.test_record_pages import ID_NUMBER, House, decision, house

from .conftest import ARCHIVE, everybody

__all__ = ["house"]
pytestmark = pytest.mark.chain

PAGES = sorted((path, role) for path in rights.PAGES for role in map(str, Audience))
PERSONS = (  # where records of persons stand
    "raw.administrative_penalty", "staging.stg_administrative_penalty", "intermediate.int_administrative_penalty__current",
    "published.heads", "published.record_links", "published.export_changes", "exports.exp_city__cf_zrr",
    "marts.mart_subjects__natural_person", "marts.mart_shuanggongshi__penalty_person",
    "marts.mart_supervision__assessment_line", "intermediate.int_supervision__receipt", "vault.secret",
    "ledger.receiver_event",
)  # fmt: skip


class Built:
    """The house with somebody of each role signed in."""

    def __init__(self, house: House, people: dict[str, Person], client: Callable[[str], TestClient]):
        self.house, self.people, self.client = house, people, client
        self.of_firm = house.record(decision(9)["decision_no"])
        self.of_person = house.record("示罚决人〔2026〕1号")
        ((self.release,),) = house.query("select min(release_id) from ledger.release")
        ((self.unit,),) = house.query("select unit_id from ledger.batch where seq = %s", house.first)

    def path(self, path: str) -> str:
        fitting = {
            "seq": self.house.first, "release_id": self.release, "key": self.of_firm, "row_no": 9, "job_id": "0" * 16,
            "number": f"fix_rate/{self.unit}/2026", "column": "exp_city__cf_fr.cf_wsh",
        }  # fmt: skip
        made = re.sub(r"\{(\w+)(?::path)?\}", lambda found: str(fitting[found[1]]), path)
        asked = {"/find": f"?q={decision(9)['decision_no']}", "/subjects/find": f"?key={decision(9)['uscc']}"}
        return made + asked.get(path, "")

    def asks(self, role: str, sql: str, *given: Any) -> list[tuple[Any, ...]]:
        """What the database tells somebody of a role who comes without a page."""
        with psycopg.connect(settings.dsn(role), autocommit=True) as connection:
            connection.execute("select set_config('pcw.session', %s, false)", [self.people[role].token])
            return connection.execute(sql, given).fetchall()


@pytest.fixture(scope="module")
def built(house: House) -> Iterator[Built]:
    people, client = everybody()
    yield Built(house, people, client)
    settings.forget_connections()


SAYS = {  # what stands on a page when it has its content
    "/intake": "各部门今日", "/batches": "a.csv", "/batches/{seq}": "R01", "/quarantine": "有效的豁免", "/corrections": "更正",
    "/subjects": "待办", "/releases": "变更单", "/releases/{release_id}": "行政处罚（", "/deliveries": "行政处罚（", "/trends": "R",
    "/signins": "登录", "/find": "示罚决〔2026〕9号", "/records/{key}": "重算一致", "/batches/{seq}/rows/{row_no}": "示罚决〔2026〕9号",
    "/figures/{number:path}": "不列明细", "/lineage/{column:path}": "cf_wsh", "/mine": "a.csv", "/mine/batches/{seq}": "R01",
    "/targets": "目标", "/approvals": "待批准", "/terminal": "命令行登录",
}  # fmt: skip


@pytest.mark.parametrize(("path", "role"), PAGES, ids=[" ".join(page) for page in PAGES])
def test_a_page_is_answered_with_the_rights_of_who_asks(built: Built, asked_as: set[str], path: str, role: str) -> None:
    answer = built.client(role).get(built.path(path))
    if Audience(role) not in rights.PAGES[path]:
        assert answer.status_code == 403
        assert asked_as <= {"pcw_desk"}, "a page that is not answered reads nothing"
        return
    if path == "/jobs/{job_id}":
        assert answer.status_code == 404
    elif path == "/subjects/find":
        assert answer.status_code in (200, 404)
    else:
        assert answer.status_code == 200, answer.text
        assert SAYS[path] in answer.text
    assert asked_as <= {"pcw_desk", f"pcw_{role}"} | ({ARCHIVE} if "/rows/" in path or "records" in path else set())


@pytest.mark.parametrize("role", [str(role) for role in Audience] + ["reader"])
@pytest.mark.parametrize("relation", PERSONS)
def test_no_role_lists_or_counts_records_of_persons(built: Built, role: str, relation: str) -> None:
    with psycopg.connect(settings.dsn(role), autocommit=True) as connection:
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute(f"select count(*) from {relation}")


@pytest.mark.parametrize("role", ["engineer", "auditor", "reader"])
def test_a_view_of_all_records_shows_those_of_organisations(built: Built, role: str) -> None:
    with psycopg.connect(settings.dsn(role), autocommit=True) as connection:
        for relation in ("marts.mart_subjects__timeline", "intermediate.int_records__current"):
            seen: dict[str, int] = dict(
                connection.execute(f"select subject_class, count(*) from {relation} group by subject_class").fetchall()
            )
            assert list(seen) == ["organisation"] and seen["organisation"] > 30
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute("select record_id from ledger.delivery_item")
    with psycopg.connect(settings.dsn("reader"), autocommit=True) as connection:
        assert connection.execute(
            "select distinct subject_class from marts.fct_records__version"
        ).fetchall() == [("organisation",)]  # fmt: skip


BYPASSED = [  # a page that is withheld from a role, and what it would have read
    ("leadership", "/batches", "select * from ledger.batch"),
    ("leadership", "/quarantine", "select * from ledger.quarantine"),
    ("leadership", "/deliveries", "select * from desk.outbox_doubtful(5)"),
    ("leadership", "/find", "select * from desk.find_records('administrative_penalty', null, array['示罚决〔2026〕9号'])"),
    ("leadership", "/records/{key}", "select * from desk.record_rows('administrative_penalty', '%(key)s', null, null, null, '查')"),
    ("leadership", "/records/{key}", "select * from desk.beside('administrative_penalty', '%(key)s', '{deliveries}')"),
    ("leadership", "/figures/{number:path}", "select * from desk.assessment_lines('timeliness', 2026, null, 5)"),
    ("leadership", "/figures/{number:path}", "select * from published.contributions"),
    ("leadership", "/signins", "select * from desk.login_attempt"),
    ("clerk", "/releases", "select * from ledger.release"),
    ("clerk", "/releases/{release_id}", "select * from desk.release_items(1, 5)"),
    ("clerk", "/deliveries", "select * from ledger.delivery"),
    ("clerk", "/corrections", "select * from ledger.judgement"),
    ("clerk", "/subjects", "select * from subjects.subject"),
    ("clerk", "/find", "select * from desk.records_named('示范区第9商店有限公司', 5)"),
    ("clerk", "/records/{key}", "select * from desk.record_rows('administrative_penalty', '%(key)s', null, null, null, '查')"),
    ("clerk", "/signins", "select * from desk.session"),
    ("engineer", "/signins", "select * from desk.login_attempt"),  # the page reads it as the desk itself
    ("auditor", "/signins", "select * from desk.session"),
]  # fmt: skip


@pytest.mark.parametrize(("role", "path", "sql"), BYPASSED, ids=[f"{role} {path}" for role, path, _ in BYPASSED])
def test_the_database_refuses_what_a_page_withholds(built: Built, role: str, path: str, sql: str) -> None:
    if path != "/signins":
        assert Audience(role) not in rights.PAGES[path]
    with pytest.raises(errors.InsufficientPrivilege):
        built.asks(role, sql.replace("%(key)s", built.of_firm))


def test_a_record_of_a_person_is_told_after_its_look_only(built: Built) -> None:
    kind = "administrative_penalty"
    for role in ("engineer", "auditor"):
        for part in ("deliveries", "built", "looks", "versions", "assessed"):
            with pytest.raises(psycopg.Error) as refused:
                built.asks(role, "select * from desk.beside(%s, %s, array[%s]::text[])", kind, built.of_person, part)
            assert refused.value.sqlstate == "PC002"
    assert built.client("auditor").get(f"/records/{built.of_person}").status_code == 200
    assert "示罚决人" not in built.client("auditor").get(f"/records/{built.of_person}").text, "no purpose, nothing told"
    told = built.client("auditor").get(f"/records/{built.of_person}?purpose=合规审计")
    assert told.status_code == 200 and "示罚决人〔2026〕1号" in told.text and "合规审计" in told.text
    assert built.asks("auditor", "select * from desk.beside(%s, %s, '{built}')", kind, built.of_person)
    with pytest.raises(psycopg.Error) as refused:
        built.asks("engineer", "select * from desk.beside(%s, %s, '{built}')", kind, built.of_person)
    assert refused.value.sqlstate == "PC002", "the look of somebody else is not one's own"


def test_a_hit_about_a_person_leads_to_the_page_that_asks_for_a_purpose(built: Built) -> None:
    auditor, number = built.client("auditor"), "示罚决人〔2026〕1号"
    page = auditor.get(f"/find?q={number}").text
    (home,) = re.findall(r'href="(/records/[^"]+)"', page)
    assert built.of_person not in page and unquote(home) == f"/records/{number}"
    asked = auditor.get(home)
    assert asked.status_code == 200 and "查看须说明目的" in asked.text and built.of_person not in asked.text
    assert "张某某" in auditor.get(f"{home}?purpose=核查").text
    assert built.house.query(
        "select who, action, purpose, record_id from ledger.access_log order by id desc limit 4"
    )[::-1] == [
        ("auditor", "find", "", ""), ("auditor", "find", "", ""),
        ("auditor", "find", "核查", built.of_person), ("auditor", "explain", "核查", built.of_person),
    ]  # fmt: skip


def test_what_stands_in_the_log_is_a_look_only_with_a_purpose(built: Built) -> None:
    """At the command line the entry of a visit names the account, as that of a look does."""
    kind, record = "administrative_penalty", built.of_person
    with psycopg.connect(settings.dsn("reader"), autocommit=True) as connection:
        connection.execute("select set_config('pcw.session', %s, false)", [token_of("engineer2")])
        for place in (["", record], [f"row:{built.house.person}/1", ""]):
            with pytest.raises(psycopg.Error) as refused:
                connection.execute("select desk.note_visit('explain', ' ', %s, %s)", place)
            assert refused.value.sqlstate == "PC002"
        assert connection.execute("select desk.note_visit('explain', '', '', %s)", [built.of_firm])
        connection.execute("select desk.note_visit('slip', '退回', '', %s)", [record])
        with pytest.raises(psycopg.Error) as refused:
            connection.execute("select * from desk.beside(%s, %s, '{built}')", [kind, record])
        assert refused.value.sqlstate == "PC002", "that is no look at the record"
        connection.execute("select desk.note_visit('original', '核查', '', %s)", [record])
        assert connection.execute("select * from desk.beside(%s, %s, '{built}')", [kind, record]).fetchall()
    with built.house.warehouse.connect("owner") as owner:
        owner.execute(
            "insert into ledger.access_log (who, purpose, action, record_id) values ('engineer', ' ', 'explain', %s)",
            [record],
        )
    with pytest.raises(psycopg.Error) as refused:
        built.asks("engineer", "select * from desk.beside(%s, %s, '{built}')", kind, record)
    assert refused.value.sqlstate == "PC002", "without a purpose it is none, however it came there"


EVENTS = "select * from desk.decision_events('administrative_penalty', %s, %s, %s, '处罚', %s, %s)"


def test_events_of_a_persons_decision_are_told_after_the_look_at_its_record(built: Built) -> None:
    ((authority, scheme, value),) = built.house.query(
        "select authority_uscc, subject_scheme, subject_value from raw.administrative_penalty where decision_no = '示罚决人〔2026〕1号'"
    )
    assert scheme == "person"
    given = (built.of_person, "示罚决人〔2026〕1号", authority, scheme, value)
    person = built.people["engineer"]
    with psycopg.connect(settings.dsn("engineer"), autocommit=True) as connection:
        connection.execute("select set_config('pcw.session', %s, false)", [person.token])
        for asked in (given, (built.of_firm, *given[1:]), (*given[:3], "", "")):
            with pytest.raises(psycopg.Error) as refused:
                connection.execute(EVENTS, asked)
            assert refused.value.sqlstate == "PC002"
        connection.execute(
            "select desk.record_rows('administrative_penalty', %s, null, null, null, '核查')", [built.of_person]
        )
        assert connection.execute(EVENTS, given).fetchall() == []
        with pytest.raises(psycopg.Error):
            connection.execute(EVENTS, (built.of_person, "另一文号", *given[2:]))
    firm = decision(2)
    events = built.asks(
        "auditor",
        EVENTS,
        built.house.record(firm["decision_no"]),
        firm["decision_no"],
        firm["authority_uscc"],
        "uscc",
        firm["uscc"],
    )
    assert [row[0] for row in events] == ["撤销"]


def test_a_look_at_a_record_is_booked_by_the_database_for_the_person_of_the_session(built: Built) -> None:
    auditor = built.people["auditor"]
    built.client("auditor").get(f"/records/{built.of_firm}")
    ((who, channel),) = built.house.query(
        "select who, channel from ledger.access_log where record_id = %s order by id desc limit 1", built.of_firm
    )
    assert (who, channel) == (auditor.who, "desk")
    with pytest.raises(errors.InsufficientPrivilege):
        built.asks("auditor", "insert into ledger.access_log (who, purpose, action) values ('别人', '', 'explain')")
    with pytest.raises(psycopg.Error) as refused:
        built.asks("clerk", "select desk.note_visit('explain', '', '', %s)", built.of_firm)
    assert refused.value.sqlstate == "PC001", "a clerk looks at slips of the own unit"


def _told(built: Built, path: str) -> None:
    assert built.client("auditor").get(path).status_code == 200


def _taken(built: Built, path: str, purpose: str) -> None:
    form = {"csrf": built.people["auditor"].csrf, "purpose": purpose}
    assert built.client("auditor").post(path, data=form).status_code == 200


def _said(*words: object) -> None:
    answer = credit(*words)
    assert answer.code == 0, answer.err


WAYS: dict[str, Callable[[Built, str, Path], None]] = {  # to look at a record, each with what is typed as its purpose
    "page": lambda built, why, _: _told(built, f"/records/{built.of_firm}?purpose={why}"),
    "page of a person": lambda built, why, _: _told(built, f"/records/{built.of_person}?purpose={why}"),
    "page of a row": lambda built, why, _: _told(built, f"/batches/{built.house.first}/rows/9?purpose={why}"),
    "case": lambda built, why, _: _taken(built, f"/records/{built.of_firm}/case", why),
    "original": lambda built, why, _: _taken(built, f"/records/{built.of_firm}/original", why),
    "original of a person": lambda built, why, _: _taken(built, f"/records/{built.of_person}/original", why),
    "explain": lambda built, why, _: _said("explain", built.of_firm, "--purpose", why),
    "explain a person": lambda built, why, _: _said("explain", built.of_person, "--purpose", why),
    "explain --case": lambda built, why, to: _said("explain", built.of_person, "--purpose", why, "--case", to / "a.zip"),
    "explain --original": lambda built, why, to: _said("explain", built.of_firm, "--purpose", why, "--original", to / "a.csv"),
    "find --person": lambda built, why, _: _said("find", "--person", "--purpose", why),
    "report person": lambda built, why, to: _said("report", "person", "--purpose", why, "-o", to),
    "the database": lambda built, why, _: looked.book(run_on(), built.of_firm, "", purpose=why, action="explain", channel="cli"),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_a_number_typed_as_a_purpose_never_reaches_the_log(
    built: Built, way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(ID_NUMBER + "\n"))
    ((before,),) = built.house.query("select coalesce(max(id), 0) from ledger.access_log")
    WAYS[way](built, f"核对 {ID_NUMBER}", tmp_path)
    booked = built.house.query("select cast(l as text), purpose from ledger.access_log l where id > %s", before)
    assert any("核对" in purpose for _, purpose in booked)
    assert [row for row, _ in booked if ID_NUMBER in row] == []


def test_a_release_tells_records_of_persons_without_their_id(built: Built) -> None:
    items = built.asks("leadership", "select interface, record_id from desk.release_items(%s, 1000)", built.release)
    assert {interface for interface, record in items if record is None} == {"cf_zrr"}
    assert any(interface == "cf_fr" and record for interface, record in items)
    page = built.client("leadership").get(f"/releases/{built.release}").text
    assert "自然人，不列编号" in page and built.of_person not in page


def test_interfaces_of_persons_are_told_from_those_of_organisations_by_their_name() -> None:
    tables = [
        (variant, table.interface)
        for kind in load_catalogue().kinds.values() for variant, table in kind.tables.items() if table.interface
    ]  # fmt: skip
    assert tables
    for variant, interface in tables:
        assert interface.endswith("zrr") == (variant == "person"), (variant, interface)


def test_a_clerk_is_told_of_his_unit_alone(built: Built) -> None:
    house, clerk = built.house, built.people["clerk"]
    rows = "select count(*) from desk.receipt_rows('administrative_penalty', %s, null, array[1, 2, 3])"
    lines = "select unit_id, told, record_id from desk.assessment_lines(null, 2026, %s, null)"
    assert clerk.unit_id == built.unit
    ((seen,),) = built.asks("clerk", rows, house.first)
    assert seen
    told = built.asks("clerk", lines, "another")
    assert told and {row[0] for row in told} == {built.unit}
    assert any(not row[1] for row in told) and all(row[2] is None for row in told if not row[1])
    house.query("update ledger.batch set unit_id = 'another' where seq = %s returning seq", house.first)
    try:
        assert built.asks("clerk", rows, house.first) == [(0,)]
        assert built.client("clerk").get(f"/mine/batches/{house.first}").status_code == 404
        for table in ("ledger.attempt", "ledger.row_verdict", "ledger.waiver", "ledger.correction_case"):
            assert built.asks("clerk", f"select count(*) from {table} where batch_seq = %s", house.first) == [(0,)]
    finally:
        house.query("update ledger.batch set unit_id = %s where seq = %s returning seq", built.unit, house.first)


def test_what_the_program_has_to_know_is_not_read_with_the_rights_of_who_asks(built: Built, asked_as: set[str]) -> None:
    with acting(Audience.CLERK, built.people["clerk"].token):
        assert remembered.recall("asked by a test"), "the district's files as they were good last"
    assert asked_as == {"pcw_desk"}


READABLE = """
    select n.nspname, c.relname, array_agg(cast(a.attname as text)) from pg_attribute a join pg_class c on c.oid = a.attrelid
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = any(%s) and c.relkind in ('r', 'p', 'v', 'm') and not c.relispartition and a.attnum > 0 and not a.attisdropped
      and has_schema_privilege(n.oid, 'usage') and has_column_privilege(c.oid, a.attnum, 'select') group by 1, 2 order by 1, 2"""
LISTED = """
    insert into ledger.quarantine (batch_seq, attempt, row_no, dataset_id, unit_id, kind, record_id, rules, opened_on, corrected_record_id)
    select seq, 1, 99, dataset_id, unit_id, kind, {record}, 'R01', business_date, {record} from ledger.batch where seq = {seq};
    insert into ledger.correction_case (batch_seq, row_no, record_id, reason, candidates, opened_on)
    select batch_seq, 99, {record}, 'ambiguous', array[id], opened_on from ledger.quarantine where row_no = 99;
    insert into ledger.record_link select {record}, {record}, kind, seq, 99, '', business_date from ledger.batch where seq = {seq};
    insert into ledger.link_change (record_id) values ({record});
    insert into ledger.row_outcome values ({seq}, 9, 99, 'quarantined', {record});
    insert into ledger.purge (kind, business_date, rule, clause, years, rows, records, purged_by) values ('x', '2026-02-25', '', '', 5, 1, 1, '甲');
    insert into ledger.purged_row select {seq}, 9, 99, (substr({record}, 2) || '0')::uuid, max(id) from ledger.purge;
    insert into ledger.reconciliation (receiver, business_date, ours, theirs, agreed, missing, surplus, differing)
    values ('city', '2026-02-25', 1, 0, 0, 1, 0, 0);
    insert into ledger.reconciliation_difference select max(id), 'cf_zrr', {record}, 'missing', '{known}', '' from ledger.reconciliation;
    insert into ledger.receiver_event (receiver, seq, record_id, event, text) values ('city', 99999, {record}, 'published', {record})"""


def _known_by(built: Built) -> list[str]:
    """Everything by which the house's person, or that record, is known here or at the city."""
    ((stored, row),) = built.house.query(
        "select record_id, cast(r as text) from raw.administrative_penalty r where decision_no = '示罚决人〔2026〕1号'"
    )
    sent = built.house.query(
        "select s.city_id, s.idempotency_key from ledger.delivery_item join ledger.delivery_state s using (item_id) "
        "where record_id = %s", built.of_person,
    )  # fmt: skip
    tokens = re.findall("[PMC][A-Z2-7]{26}", row)
    assert tokens and sent
    named = [built.of_person, str(stored), stored.hex, "示罚决人〔2026〕1号", "张某某", ID_NUMBER, *tokens]
    return named + [value for item in sent for value in item if value]


@pytest.mark.parametrize("role", [*map(str, Audience), "reader"])
def test_nothing_by_which_a_person_is_known_is_listed_anywhere(built: Built, role: str) -> None:
    if not built.house.query("select from ledger.purged_row"):
        with built.house.warehouse.connect("owner") as owner:
            owner.execute(
                LISTED.format(record=f"'{built.of_person}'", seq=built.house.person, known=built.of_person).encode()
            )
    needles = [f"%{needle}%" for needle in _known_by(built)]
    with psycopg.connect(settings.dsn(role), autocommit=True) as connection:
        if role != "reader":
            connection.execute("select set_config('pcw.session', %s, false)", [built.people[role].token])
        found, looked_at = [], 0
        for schema, name, columns in connection.execute(READABLE, [list(load().owners)]).fetchall():
            for column in columns:
                ask = sql.SQL("select count(*) from {} where cast({} as text) like any (%s)")
                try:
                    asked = connection.execute(
                        ask.format(sql.Identifier(schema, name), sql.Identifier(column)), [needles]
                    )
                except errors.InsufficientPrivilege:  # a view over what this role may not read
                    break
                looked_at += 1
                if asked.fetchone() != (0,):
                    found.append(f"{schema}.{name}.{column}")
    assert found == [] and looked_at > 50


READS = {  # the words of a command that only reads, in the house; others need what is not there, or write
    "status": "", "alerts": "", "quarantine": "", "slips": "", "assessment": "{unit}", "trends": "", "explain": "{firm}", "find": "{number}",
    "trace figure": "fix_rate/{unit}/2026", "batches": "", "batches show": "{first}", "attestations list": "", "approvals": "",
    "corrections": "", "waivers list": "", "release list": "", "release items": "{release}", "release show": "{release}", "deliveries": "",
    "subjects show": "{uscc}", "subjects as-of": "{uscc}", "subjects work": "", "editions list": "", "audit roots": "", "users signins": "",
}  # fmt: skip
ELSEWHERE = {"editions show", "editions diff", "audit verify", "probe", "ingest", "tidy", "users set-password"}
READING = [(words, str(role)) for words in READS for role in sorted(rights.COMMANDS[words].audience)]


def test_every_command_that_only_reads_is_asked_as_a_person() -> None:
    only_read = {name for name, rule in rights.COMMANDS.items() if rule is not None and not rule.signed}
    assert only_read == set(READS) | ELSEWHERE & only_read


@pytest.mark.parametrize(("words", "role"), READING, ids=[f"{words} {role}" for words, role in READING])
def test_a_command_reads_with_the_rights_of_who_is_signed_in(built: Built, words: str, role: str) -> None:
    """Nothing but whose the session is, is asked as pcw_reader; and every right the command needs, the audience has."""
    firm = decision(9)
    given = READS[words].format(
        firm=built.of_firm, number=firm["decision_no"], unit=built.unit, first=built.house.first, release=built.release, uscc=firm["uscc"]
    )  # fmt: skip
    asked: list[tuple[str, str]] = []

    def heard(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if threading.current_thread().name != kept.BESIDE:
            asked.append((str(connection.engine.url.username), statement))

    token = token_of(built.people[role].account)
    event.listen(Engine, "before_cursor_execute", heard)
    try:
        with mock.patch.dict("os.environ", PCW_SESSION=token):
            answer = credit(*words.split(), *filter(None, [given]))
    finally:
        event.remove(Engine, "before_cursor_execute", heard)
    not_linked = words.startswith("subjects") and answer.code == 4
    assert answer.code in (0, 1) or not_linked, answer.err
    assert "没有这项权限" not in answer.err
    as_reader = [said for user, said in asked if user == "pcw_reader"]
    assert all(re.search("desk.session_told|set_config", said) for said in as_reader), as_reader
    assert {user for user, _ in asked} <= {"pcw_desk", "pcw_reader", f"pcw_{role}"} | (
        {ARCHIVE} if words == "explain" else set()
    )


def test_without_a_login_commands_read_as_the_reader(built: Built, asked_as: set[str]) -> None:
    with mock.patch.object(terminal, "mapped", return_value=None), mock.patch.dict("os.environ"):
        assert credit("batches", by="").code == 0
    assert "pcw_reader" in asked_as and "pcw_engineer" not in asked_as
