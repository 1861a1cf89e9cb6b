"""Records of all kinds through real builds: states, links, rosters, both time axes, and a refresh that changes no row."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from public_credit.base import settings
from public_credit.base.messages import UserError
from public_credit.build import command
from public_credit.catalogue import load_catalogue
from public_credit.identifiers.codes import PLACEHOLDER
from public_credit.land import retention
from public_credit.ledger import ids
from public_credit.ledger.session import session
from public_credit.oversight import asof

from tests.helpers.records import Records
from tests.helpers.relations import built, forget
from tests.helpers.runs import run_on

pytestmark = pytest.mark.slow
MON, TUE, WED, THU, FRI = (date(2026, 2, day) for day in (23, 24, 25, 26, 27))
NEXT, AFTER = date(2026, 3, 2), date(2026, 3, 3)
A, B, C = "91370399MA30000108", "91370399MA3000020X", "91370399MA30000303"
PERSON = "pref_1"


@pytest.fixture(scope="module")
def week(migrated: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Week]:
    from tests.conftest import open_warehouse

    with (
        pytest.MonkeyPatch.context() as patch,
        open_warehouse(migrated, tmp_path_factory.mktemp("week"), patch) as opened,
    ):
        yield Week(Records(opened))


class Week:
    """Five days, each delivered and built; what the timeline said at the end of each is kept."""

    def __init__(self, records: Records):
        self.records = records
        self.said: dict[date, dict[str, tuple[Any, ...]]] = {}
        self.build_id = 0
        for day, play in (
            (MON, self.monday),
            (TUE, self.tuesday),
            (WED, self.wednesday),
            (THU, self.thursday),
            (FRI, self.friday),
        ):
            self.build_id = records.query("select coalesce(max(build_id), 0) + 1 from ledger.build")[0][0]
            play(day)
            records.build(day)
            self.said[day] = {
                row[0]: row[1:]
                for row in records.query(
                    f"select record_id, {', '.join(SAID)} from marts.mart_subjects__timeline where subject_id = 'S1'"
                )
            }

    def monday(self, day: date) -> None:
        r = self.records
        r.register(
            self.build_id,
            **{f"uscc_{A}": "S1", "org_MA3000010": "S1", "name_示范区无码合作社": "S1", f"uscc_{B}": "S2"},
        )
        r.deliver(
            "breach_list",
            day,
            [
                {"entry_no": "列1", "uscc": A, "entered_on": "2026-02-01", "term_to": "2026-02-25"},
                {"entry_no": "列2", "uscc": A, "entered_on": "2026-02-02"},
                {"entry_no": "列3", "uscc": A, "entered_on": "2026-02-03"},
                {"entry_no": "列4", "uscc": A, "entered_on": "2026-02-04"},
                {"entry_no": "列5", "uscc": A, "entered_on": "2026-02-05", "reason": "甲"},
            ],
            version="2026-02-23T08:00:00",
        )
        r.deliver(
            "honour",
            day,
            [
                {"document_no": "誉1", "uscc": C, "subject_name": "后来登记的公司"},
                {"document_no": "誉2", "uscc": PLACEHOLDER, "subject_name": "占位代码公司"},
                {"document_no": "誉3", "uscc": "", "subject_name": "没有人知道的公司"},
                {"document_no": "誉4", "uscc": "", "subject_name": "示范区 无码合作社"},
                {"document_no": "誉5", "uscc": "", "org_code": "MA3000010", "subject_name": "用机构代码的公司"},
                {"document_no": "誉6", "uscc": B},
            ],
        )
        r.deliver(
            "practitioner_registration",
            day,
            [{"id_no": PERSON, "certificate_no": number} for number in ("证1", "证2", "证3")],
            mode="full_snapshot",
        )
        r.deliver(
            "administrative_penalty",
            day,
            [{"decision_no": "罚1", "uscc": A, "publication_end": "2026-02-24"}, {"decision_no": "罚2", "uscc": A}],
        )
        r.deliver("labour_violation", day, [{"case_no": "案1", "uscc": A}])
        r.deliver("social_insurance_payment", day, [{"uscc": A, "period": "2026-01", "payment_state": "欠缴"}])

    def tuesday(self, day: date) -> None:
        r = self.records
        r.deliver(
            "breach_list",
            day,
            [{"entry_no": "列5", "uscc": A, "entered_on": "2026-02-05", "reason": "乙"}],
            version="2026-02-24T08:00:00",
        )
        r.deliver(
            "decision_event",
            day,
            [
                event("名单", "列2", "撤销", "2026-02-24"),
                event("名单", "列3", "异议受理", "2026-02-24"),
                event("名单", "列4", "修复", "2026-02-23"),
                event("处罚", "罚2", "修复", "2026-02-24"),
                event("名单", "列1", "撤销", "2026-02-24", uscc=B),
            ],
        )
        r.deliver(
            "practitioner_registration",
            day,
            [{"id_no": PERSON, "certificate_no": number} for number in ("证1", "证4")],
            mode="full_snapshot",
        )
        r.deliver("practitioner_registration", day, [], mode="full_snapshot")

    def wednesday(self, day: date) -> None:
        r = self.records
        r.deliver(
            "breach_list",
            day,
            [{"entry_no": "列5", "uscc": A, "entered_on": "2026-02-05", "reason": "迟到"}],
            version="2026-02-22T08:00:00",
        )
        r.register(self.build_id, **{f"uscc_{C}": "S3", f"uscc_{B}": None})
        r.deliver(
            "practitioner_registration",
            day,
            [{"id_no": PERSON, "certificate_no": number} for number in ("证1", "证2", "证4")],
            mode="full_snapshot",
        )

    def thursday(self, day: date) -> None:
        r = self.records
        seq = r.deliver("labour_violation", day, [{"case_no": "案2", "uscc": A}])
        old, new = (
            r.query(f"select {ids.record_id('record_id')} from raw.labour_violation where case_no = %s", number)[0][0]
            for number in ("案1", "案2")
        )
        r.run(
            "insert into ledger.record_link (old_record_id, new_record_id, kind, batch_seq, row_no, reason, linked_on) "
            "values (%s, %s, 'labour_violation', %s, 1, '更正', %s), ('r0', 'r1', 'honour', %s, 1, '更正', %s)",
            old,
            new,
            seq,
            day,
            seq,
            day,
        )
        r.deliver(
            "breach_list",
            day,
            [{"entry_no": "列5", "uscc": A, "entered_on": "2026-02-05", "reason": "甲"}],
            version="2026-02-26T08:00:00",
        )
        r.deliver("decision_event", day, [event("名单", "列3", "异议办结", "2026-02-26")])
        r.register(self.build_id, **{f"uscc_{B}": "S1"})  # S2 was merged into S1

    def friday(self, day: date) -> None:
        for kind in _records():
            for variant in load_catalogue().kinds[kind].variants:
                self.records.deliver(kind, day, [{"uscc": C}], variant=variant, dataset=f"all.{kind}_{variant}")
        self.records.deliver(
            "breach_list",
            day,
            [{"entry_no": "列3", "uscc": A, "entered_on": "2026-02-03", "removed_on": "2026-02-27"}],
            version="2026-02-27T08:00:00",
        )


OWN = " and left(dataset_id, 4) <> 'all.'"
SAID = ("state", "objected", "title", "detail", "document_no", "event_on", "ends_on", "exited_on", "severity_class")


def event(table: str, number: str, kind: str, on: str, **changes: str) -> dict[str, str]:
    return {
        "decision_table": table,
        "decision_no": number,
        "event_type": kind,
        "event_date": on,
        "uscc": A,
        "id_no": "",
    } | changes


def states(week: Week, where: str) -> dict[str, tuple[Any, ...]]:
    return {
        row[0]: row[1:]
        for row in week.records.current(
            "document_no", "state", "objected", "exited_on", "state_known_on", where=where + OWN
        )
    }


def test_lists_end_expire_are_revoked_repaired_and_objected(week: Week):
    found = states(week, "kind = 'breach_list'")
    assert found["列1"] == ("expired", False, None, date(2026, 2, 26)), "the passing of a day ends a term"
    assert found["列2"] == ("revoked", False, None, TUE)
    assert found["列4"] == ("repaired", False, None, TUE)
    assert found["列3"] == ("ended", False, FRI, FRI), "left the list after the objection was closed"
    objections = week.records.query(
        "select version_no, known_from, known_to, objected_on, objection_closed_on, state "
        "from marts.fct_records__version where document_no = '列3' order by 1"
    )
    assert [row[1:3] for row in objections] == [(MON, TUE), (TUE, THU), (THU, FRI), (FRI, None)]
    assert [week.said[day][record(week, "列3")][1] for day in (MON, TUE, WED, THU)] == [False, True, True, False]


def test_an_event_about_another_subject_changes_nothing(week: Week):
    said = [week.said[day][record(week, "列1")][0] for day in (MON, TUE, WED, THU, FRI)]
    assert said == ["current", "current", "current", "expired", "expired"]


def test_a_late_older_version_is_history_and_a_correction_back_is_a_version(week: Week):
    versions = week.records.query(
        "select detail, known_from, known_to from marts.fct_records__version where document_no = '列5' order by version_no"
    )
    assert [(row[0].split("；")[0], *row[1:]) for row in versions] == [
        ("迟到", WED, WED),
        ("甲", MON, TUE),
        ("乙", TUE, THU),
        ("甲", THU, None),
    ]
    assert [week.said[day][record(week, "列5")][3].split("；")[0] for day in (MON, TUE, WED, THU, FRI)] == [
        "甲",
        "乙",
        "乙",
        "甲",
        "甲",
    ]


def test_a_corrected_key_replaces_the_old_record(week: Week):
    found = states(week, "kind = 'labour_violation'")
    assert found["案1"] == ("replaced", False, None, THU) and found["案2"] == ("current", False, None, None)
    assert [week.said[day][record(week, "案1")][0] for day in (WED, THU)] == ["current", "replaced"]


def test_organisations_link_by_code_by_folded_name_and_say_why_not(week: Week):
    links = dict(
        (row[0], row[1:])
        for row in week.records.current(
            "document_no", "subject_id", "link_state", "link_reason", "lookup_scheme", where="kind = 'honour'" + OWN
        )
    )
    assert links["誉1"] == ("S3", "linked", "", "uscc"), "registered two days later"
    assert links["誉2"] == (None, "unresolved", "placeholder", "name")
    assert links["誉3"] == (None, "unresolved", "name_unknown", "name")
    assert links["誉4"] == ("S1", "linked", "", "name")
    assert links["誉5"] == ("S1", "linked", "", "org")
    assert links["誉6"] == ("S1", "linked", "", "uscc")
    told = week.records.query(
        "select c.build_id, c.change, c.old_subject_id, c.new_subject_id from intermediate.int_records__changes c "
        "where record_id = %s order by 1",
        record(week, "誉6"),
    )
    assert [row[1:] for row in told] == [("insert", None, "S2"), ("update", "S2", None), ("update", None, "S1")]
    waiting = week.records.query(
        "select c.old_link_state, c.new_link_state from intermediate.int_records__changes c "
        "where record_id = %s order by build_id",
        record(week, "誉1"),
    )
    assert waiting == [(None, "unresolved"), ("unresolved", "linked")]


def test_a_roster_ends_what_it_lacks_and_takes_back_what_it_names_again(week: Week):
    found = states(week, "kind = 'practitioner_registration'")
    assert {number: row[0] for number, row in found.items()} == {
        "证1": "current",
        "证2": "current",
        "证3": "ended",
        "证4": "current",
    }
    assert found["证3"][1:] == (False, TUE, TUE)
    spans = week.records.query(
        "select known_from, known_to, state from marts.fct_records__version where document_no = '证2' "
        "order by version_no"
    )
    assert [row for row in spans if row[0] != row[1]] == [
        (MON, TUE, "current"),
        (TUE, WED, "ended"),
        (WED, None, "current"),
    ]


def test_persons_are_linked_by_token_only_and_carry_no_name(week: Week):
    rows = week.records.current(
        "person_ref",
        "subject_name",
        "subject_id",
        "link_state",
        "lookup_value",
        "link_reason",
        where="subject_class = 'person'" + OWN,
    )
    assert set(rows) == {(PERSON, "", None, "person", "", "")}


def test_penalties_keep_their_severity_and_end_of_publication(week: Week):
    rows = dict(
        (row[0], row[1:])
        for row in week.records.current(
            "document_no", "severity_class", "ends_on", "state", where="kind = 'administrative_penalty'" + OWN
        )
    )
    assert rows["罚1"] == ("undetermined", date(2026, 2, 24), "expired")
    assert rows["罚2"][0] == "undetermined" and rows["罚2"][2] == "repaired"
    disagree = week.records.query("""
        select r.record_id from intermediate.int_records__current r
        join intermediate.int_administrative_penalty__current p using (record_id)
        where r.ends_on <> p.publication_until or r.severity_class <> p.severity_class
           or (r.state in ('revoked', 'replaced')) <> (p.state in ('revoked', 'replaced'))""")
    assert disagree == []


def test_arrears_of_social_insurance_are_adverse_for_five_years(week: Week):
    assert week.records.current("nature", "topic", "ends_on", where="kind = 'social_insurance_payment'" + OWN) == [
        ("失信信息", "社会保险缴费", date(2031, 1, 1))
    ]


@pytest.mark.parametrize("day", [MON, TUE, WED, THU, FRI])
def test_what_was_known_on_a_day_is_what_the_timeline_said_that_day(week: Week, day: date):
    with session("reader") as opened:
        found = asof.records(opened, "S1", known_on=day, about=day)
    answer = {row["record_id"]: tuple(row[name] for name in SAID) for row in found}
    merged = {record(week, "誉6")}  # identity is today's: what was S2's is found under S1
    assert {key: value for key, value in answer.items() if key not in merged} == {
        key: value for key, value in week.said[day].items() if key not in merged
    }
    assert len(answer) >= 7


def test_both_axes_answer_apart(week: Week):
    def state(number: str, known_on: date, about: date) -> tuple[Any, ...]:
        with session("reader") as opened:
            rows = asof.records(opened, "S1", known_on, about)
        return [(row["state"], row["objected"]) for row in rows if row["document_no"] == number][0]

    assert state("列4", MON, MON) == ("current", False)
    assert state("列4", FRI, MON) == ("repaired", False), "known on Tuesday, true since Monday"
    assert state("列2", FRI, MON) == ("current", False), "revoked on Tuesday only"
    assert state("列1", MON, FRI) == ("expired", False), "its end was known from the start"
    assert state("列3", FRI, WED) == ("current", True)
    assert state("列3", FRI, THU) == ("current", False)
    with session("reader") as opened:
        assert asof.records(opened, "S1", known_on=date(2026, 2, 20), about=FRI) == []
        with pytest.raises(UserError, match="没有主体"):
            asof.records(opened, "S404", FRI, FRI)


def test_every_kind_has_nature_topic_and_source(week: Week):
    rows = week.records.query(
        "select kind, variant, nature, topic, title <> '', detail <> '', authority_uscc <> '', event_on is not null "
        "from marts.mart_subjects__timeline where left(dataset_id, 4) = 'all.' order by 1, 2"
    )
    assert {row[0] for row in rows} == set(_records())
    found = {(row[0], row[1]): row[2:4] for row in rows}
    assert found["inspection_result", "sampling"] == ("其他信息", "监督抽检")
    assert found["honour", "entity"] == ("守信信息", "红名单")
    assert found["statutory_rating", "entity"] == ("其他信息", "纳税信用")
    assert found["practitioner_registration", "person"] == ("基础信息", "从业登记")
    assert all(row[4] and row[6] and row[7] for row in rows)
    assert [row[:2] for row in rows if not row[5]] == [("administrative_penalty", "person")], (
        "a person's penalty has no free text"
    )


def test_unit_tests_of_the_models_pass(week: Week):
    units = command.invoke(
        [
            "test",
            "--select",
            "int_records__history",
            "int_records__image",
            "int_administrative_penalty__severity",
            "--exclude-resource-type",
            "test",
        ],
        {"build_id": 9, "business_date": "2026-02-27"},
    )
    assert len(units.results) == 5


def test_policy_names_every_kind_once_with_its_clause():
    folder = settings.checkout() / "dbt_project" / "seeds" / "policy"
    topics = list(csv.DictReader((folder / "record_topic.csv").open(encoding="utf-8")))
    terms = list(csv.DictReader((folder / "record_term.csv").open(encoding="utf-8")))
    assert (
        sorted(row["kind"] for row in topics if row["value"] == "*")
        == sorted(_records())
        == sorted(row["kind"] for row in terms)
    )
    assert len({(row["kind"], row["value"]) for row in topics}) == len(topics)
    assert all(row["clause"] and row["effective_from"] for row in [*topics, *terms])
    assert all(int(row["months"]) <= 60 for row in terms if row["months"])


def test_a_full_refresh_gives_the_same_rows(week: Week):
    before = built(week.records.warehouse)
    changes = week.records.query("select count(*) from intermediate.int_records__changes")
    assert week.records.build(FRI, full_refresh=True).build_id is not None
    after = built(week.records.warehouse)
    for name, rows in before.items():
        assert after[name] == rows, name
    assert week.records.query("select count(*) from intermediate.int_records__changes") == changes


def record(week: Week, number: str) -> str:
    return week.records.query("select record_id from intermediate.int_records__current where document_no = %s", number)[
        0
    ][0]


def test_every_kind_of_the_catalogue_is_a_record_a_register_or_a_count():
    covered = set(_records())
    others = {
        "decision_event",
        "decision_ledger",
        "enterprise_registration",
        "organisation_registration",
        "training_count",
        "aggregate_count",
        "sector_roster",
    }
    assert covered | others == set(load_catalogue().kinds) and not covered & others


def test_after_a_purge_all_is_as_if_built_from_what_remains(week: Week):
    """The build after it and the day after that, counters included. To be run last: the week is not what it was."""
    r = week.records
    purged = {due.kind.id: due.records for due in retention.purge(run_on(WED.replace(year=WED.year + 5)))}
    assert purged["administrative_penalty"] == 2 and purged.keys() > {"social_insurance_payment", "labour_violation"}
    assert r.build(NEXT).whole
    numbers = dict(r.current("document_no", "kind"))
    assert not numbers.keys() & {"罚1", "罚2"} and numbers.keys() > {"列5", "案2"}
    r.deliver("administrative_penalty", AFTER, [{"decision_no": "罚2", "uscc": A}, {"decision_no": "罚9", "uscc": C}])
    r.deliver("social_insurance_payment", AFTER, [{"uscc": A, "period": "2026-01", "payment_state": "正常缴费"}])
    assert not r.build(AFTER).whole
    before = built(r.warehouse)
    forget(r.warehouse)
    assert r.build(AFTER, full_refresh=True).build_id is not None
    after = built(r.warehouse)
    assert len(before) > 80 and [name for name, rows in before.items() if after[name] != rows] == []


def _records() -> list[str]:
    return [kind.id for kind in load_catalogue().kinds.values() if kind.record]
