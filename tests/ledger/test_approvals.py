"""What is irreversible is done when a second person has agreed to it; what an office of one does alone is booked as that."""

from __future__ import annotations

import pytest
from public_credit.base.messages import UserError
from public_credit.ledger import approvals
from public_credit.ledger.approvals import by_another
from public_credit.ledger.session import session
from public_credit.ledger.states import Irreversible

from tests.conftest import Warehouse
from tests.helpers.commands import credit
from tests.helpers.runs import run_on

ALONE = "中心只有一名工作人员"
KEYS = (Irreversible.REKEY, "vault 第 2 版", "3 个号码", "到期轮换")


@pytest.mark.parametrize(
    ("who", "first", "alone", "outcome"),
    [
        ("甲", "乙", "", False),
        ("甲", "乙", ALONE, False),
        ("甲", "", "", False),
        ("甲", "甲", ALONE, True),
        ("甲", "甲", "", None),
        ("甲改（jia）", "甲（jia）", "", None),
        ("甲（jia）", "甲（jia2）", "", False),
        ("甲", "甲（jia）", "", False),
    ],
)
def test_who_may_decide(who: str, first: str, alone: str, outcome: bool | None) -> None:
    if outcome is None:
        with pytest.raises(UserError) as refused:
            by_another(run_on(who=who), first, alone, "起草")
        assert refused.value.code == 4 and "single_handed" in str(refused.value.remedy)
    else:
        assert by_another(run_on(who=who), first, alone, "起草") is outcome


def test_what_a_user_of_airflow_without_an_account_prepared_is_approved_by_leadership_only() -> None:
    engineer, first = run_on(who="甲（jia）").by("甲（jia）", "engineer"), "Airflow 用户 admin"
    with pytest.raises(UserError) as refused:
        by_another(engineer, first, "", "起草")
    assert refused.value.code == 4 and "airflow" in str(refused.value.remedy)
    assert by_another(engineer, first, ALONE, "起草") is True
    assert by_another(run_on().by("乙（yi）", "leadership"), first, "", "起草") is False


def test_the_same_question_is_one_and_is_granted_by_another_one_only(warehouse: Warehouse) -> None:
    first = approvals.ask(run_on(who="甲"), *KEYS, alone="")
    assert not first.granted and approvals.ask(run_on(who="丙"), *KEYS, alone="").id == first.id
    with pytest.raises(UserError, match="不能自己批准"):
        approvals.decide(run_on(who="甲"), first.id, True, "")
    approvals.decide(run_on(who="乙"), first.id, True, "")
    granted = approvals.ask(run_on(who="甲"), *KEYS, alone="")
    assert granted.granted and granted.id == first.id and not granted.alone
    with pytest.raises(UserError, match="已批准"):
        approvals.decide(run_on(who="乙"), first.id, False, "")
    with session("owner") as opened:
        approvals.used(opened, first.id)
    again = approvals.ask(run_on(who="甲"), *KEYS, alone="")
    assert again.id != first.id and not again.granted, "an answer is good for one time"


def test_a_question_that_was_turned_down_or_is_old_is_asked_anew(warehouse: Warehouse) -> None:
    first = approvals.ask(run_on(who="甲"), *KEYS, alone="")
    approvals.decide(run_on(who="甲"), first.id, False, "")
    second = approvals.ask(run_on(who="甲"), *KEYS, alone="")
    approvals.decide(run_on(who="乙"), second.id, True, "")
    with warehouse.connect() as owner:
        owner.execute(
            "update ledger.approval set asked_at = asked_at - interval '8 days', decided_at = decided_at - interval '8 days' where id = %s",
            [second.id],
        )
    third = approvals.ask(run_on(who="甲"), *KEYS, alone="")
    assert len({first.id, second.id, third.id}) == 3 and not third.granted


def test_an_answer_is_good_for_seven_days_and_a_question_waits_as_long(warehouse: Warehouse) -> None:
    first = approvals.ask(run_on(who="甲"), *KEYS, alone="")
    with warehouse.connect() as owner:
        owner.execute("update ledger.approval set asked_at = asked_at - interval '6 days'")
    approvals.decide(run_on(who="乙"), first.id, True, "")
    with warehouse.connect() as owner:
        owner.execute(
            "update ledger.approval set asked_at = asked_at - interval '6 days', decided_at = decided_at - interval '6 days'"
        )
    assert approvals.ask(run_on(who="甲"), *KEYS, alone="").granted, (
        "twelve days after it was asked, six after the answer"
    )
    with session("owner") as opened:
        approvals.used(opened, first.id)
    second = approvals.ask(run_on(who="甲"), *KEYS, alone="")
    with warehouse.connect() as owner:
        owner.execute("update ledger.approval set asked_at = asked_at - interval '8 days' where id = %s", [second.id])
    with pytest.raises(UserError, match="已逾七天"):
        approvals.decide(run_on(who="乙"), second.id, True, "")
    approvals.decide(run_on(who="乙"), second.id, False, "")


def test_an_office_of_one_is_booked_as_that(warehouse: Warehouse) -> None:
    asked = approvals.ask(run_on(who="甲"), *KEYS, alone=ALONE)
    assert asked.granted and asked.alone
    assert "单人" in credit("approvals").out and credit("approvals", "--json").json[0]["alone"] is True


def test_a_new_question_wants_a_reason(warehouse: Warehouse) -> None:
    with pytest.raises(UserError, match="理由"):
        approvals.ask(run_on(who="甲"), *KEYS[:3], " ", alone="")
    assert approvals.listing() == []


def test_what_waits_is_on_the_list_of_what_is_open(warehouse: Warehouse) -> None:
    asked = approvals.ask(run_on(who="甲"), *KEYS, alone="")
    told = credit("status", "--json").json["open"]
    assert [(item["owner"], item["fingerprint"]) for item in told if "申请" in item["message"]] == [
        ("leadership", f"approval/{asked.id}#approval/leadership")
    ]
    assert credit("approvals", "reject", asked.id).code == 0
    assert "申请" not in str(credit("status", "--json").json["open"])


def test_nobody_but_the_owner_of_the_database_writes_down_what_was_agreed(warehouse: Warehouse) -> None:
    import psycopg

    approvals.ask(run_on(who="甲"), *KEYS, alone="")
    for role in ("collector", "builder", "sender", "reader"):
        with warehouse.connect(role) as opened, pytest.raises(psycopg.errors.InsufficientPrivilege):
            opened.execute("update ledger.approval set state = 'approved', decided_by = '乙'")


WRITTEN_OTHERWISE = ["甲", " 甲", "甲 ", "甲\u3000", "甲\u200b", "别名（甲）"]
OTHERWISE = [
    "甲（jia）",
    "甲改（jia）",
    "甲（JIA）",
    "甲（ jia ）",
    "甲(jia)",
    "甲（ｊｉａ）",
    "甲（jia\u200b）",
    "jia",
]


@pytest.mark.parametrize(
    ("first", "second"), [("甲", who) for who in WRITTEN_OTHERWISE] + [("甲（jia）", who) for who in OTHERWISE]
)
def test_the_database_itself_knows_two_persons(warehouse: Warehouse, first: str, second: str) -> None:
    import psycopg

    assert approvals.same_person(first, second)
    approvals.ask(run_on(who=first), *KEYS, alone="")
    with warehouse.connect() as owner, pytest.raises(psycopg.errors.CheckViolation):
        owner.execute("update ledger.approval set state = 'approved', decided_by = %s", [second])


@pytest.mark.parametrize("other", ["乙（yi）", "甲（jia2）", "系统用户 root"])
def test_the_database_lets_another_account_decide(warehouse: Warehouse, other: str) -> None:
    approvals.ask(run_on(who="甲（jia）"), *KEYS, alone="")
    with warehouse.connect() as owner:
        owner.execute("update ledger.approval set state = 'approved', decided_by = %s", [other])


SIGNED = """insert into desk.session (token_hash, account, name, role, channel, ends_at)
    values (sha256(convert_to(%s, 'UTF8')), %s, '某', %s, 'cli', now() + interval '1 hour')"""


def test_the_database_knows_who_is_signed_in(warehouse: Warehouse) -> None:
    """Not in another's name; and of a user of the machine without an account nobody knows that he is another person."""
    import psycopg

    with warehouse.connect("desk") as desk:
        for account, role in (("jia", "engineer"), ("yi", "engineer"), ("ling", "leadership")):
            desk.execute(SIGNED, [account, account, role])
    approvals.ask(run_on(who="甲（jia）"), *KEYS, alone="")
    approve = "update ledger.approval set state = 'approved', decided_by = %s where state = 'waiting'"

    def by(token: str, name: str) -> None:
        with warehouse.connect() as owner:
            owner.execute("select set_config('pcw.session', %s, false)", [token])
            owner.execute(approve, [name])

    for token, name in (("jia", "甲（jia）"), ("jia", "乙（yi）"), ("yi", "丙（bing）"), ("jia", "系统用户 jia")):
        with pytest.raises(psycopg.errors.CheckViolation):
            by(token, name)
    by("yi", "乙（Yi）")
    approvals.ask(run_on(who="系统用户 root"), *KEYS[:1], "另一", *KEYS[2:], alone="")
    with pytest.raises(psycopg.errors.CheckViolation):
        by("yi", "乙（yi）")
    by("ling", "领导（ling）")


def test_who_asked_for_what_stays_as_it_was_asked(warehouse: Warehouse) -> None:
    import psycopg

    approvals.ask(run_on(who="甲"), *KEYS, alone="")
    with warehouse.connect() as owner, pytest.raises(psycopg.errors.RestrictViolation):
        owner.execute("update ledger.approval set asked_by = '乙', state = 'approved', decided_by = '甲'")


def test_releases_and_editions_are_decided_by_two_accounts(warehouse: Warehouse) -> None:
    import psycopg

    with warehouse.connect() as owner:
        owner.execute("insert into ledger.business_day (day, opened_by) values ('2026-02-25', 'x')")
        owner.execute("insert into ledger.build (business_date, state) values ('2026-02-25', 'built')")
        owner.execute(
            "insert into ledger.release (build_id, receiver, business_date, adds, mods, dels, diff_hash, state, prepared_by) "
            "select build_id, 'city', business_date, 1, 0, 0, 'x', 'waiting', '甲（jia）' from ledger.build"
        )
        owner.execute(
            "insert into ledger.edition (year, kind, as_of, business_date, build_id, computed_by) "
            "values (2026, 'original', '2026-12-31', '2027-01-05', 1, '甲（jia）')"
        )
    release = "update ledger.release set state = 'released', decided_by = %s, decided_at = now()"
    edition = "update ledger.edition set state = 'approved', decided_by = %s, decided_at = now()"
    for role, statement in (("sender", release), ("builder", edition)):
        for name in ("甲（JIA）", "甲改（jia） "):
            with warehouse.connect(role) as writer, pytest.raises(psycopg.errors.CheckViolation):
                writer.execute(statement, [name])
        with warehouse.connect(role) as writer:
            assert writer.execute(statement, ["乙（yi）"]).rowcount == 1


def test_a_user_of_the_machine_decides_on_nothing_an_account_did_and_the_other_way_round(warehouse: Warehouse) -> None:
    named, nameless = run_on(who="甲（jia）").by("甲（jia）", "engineer"), run_on(who="系统用户 root")
    for run, first in ((named, nameless.who), (nameless, named.who)):
        with pytest.raises(UserError, match="不能确认批准的是另一人"):
            by_another(run, first, "", "起草")
    assert by_another(run_on(who="系统用户 甲"), "系统用户 乙", "", "起草") is False
    with pytest.raises(UserError, match="不能自己批准"):
        by_another(run_on(who="系统用户 甲"), "系统用户甲 ", "", "起草")
