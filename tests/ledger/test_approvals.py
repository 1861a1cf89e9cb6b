"""What is irreversible is done when a second person has agreed to it; what an office of one does alone is booked as that."""

from __future__ import annotations

import pytest
from public_credit.base.messages import UserError
from public_credit.ledger import approvals
from public_credit.ledger.approvals import by_another
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
    approvals.used(first.id)
    again = approvals.ask(run_on(who="甲"), *KEYS, alone="")
    assert again.id != first.id and not again.granted, "an answer is good for one time"


def test_a_question_that_was_turned_down_or_is_old_is_asked_anew(warehouse: Warehouse) -> None:
    first = approvals.ask(run_on(who="甲"), *KEYS, alone="")
    approvals.decide(run_on(who="甲"), first.id, False, "")
    second = approvals.ask(run_on(who="甲"), *KEYS, alone="")
    approvals.decide(run_on(who="乙"), second.id, True, "")
    with warehouse.connect() as owner:
        owner.execute("update ledger.approval set asked_at = asked_at - interval '8 days' where id = %s", [second.id])
    third = approvals.ask(run_on(who="甲"), *KEYS, alone="")
    assert len({first.id, second.id, third.id}) == 3 and not third.granted


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


def test_the_database_itself_knows_two_persons(warehouse: Warehouse) -> None:
    import psycopg

    approvals.ask(run_on(who="甲"), *KEYS, alone="")
    with warehouse.connect() as owner, pytest.raises(psycopg.errors.CheckViolation):
        owner.execute("update ledger.approval set state = 'approved', decided_by = '甲'")
