"""零报送: booked once per period, never against what was delivered, never ahead of time."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from public_credit.base.messages import UserError
from public_credit.collect.attest import attest, listing, revoke

from tests.helpers.receipts import ARCHIVED, BOOKED, DAY
from tests.helpers.runs import run_on


@pytest.fixture
def warehouse_with(offer):
    return offer(licences={"channel": {"type": "hand_in"}})


def booked(warehouse) -> list[tuple]:
    with warehouse.connect() as connection:
        return connection.execute(
            "select unit_id, dataset_id, period_from, period_to, attested_by, reason from ledger.attestation"
        ).fetchall()


def test_a_period_is_booked_once(warehouse_with):
    start = DAY - timedelta(days=30)
    assert attest(run_on(DAY, "李四"), "csdw.licences", start, DAY, "来函〔2026〕3号")
    assert not attest(run_on(DAY, "李四"), "csdw.licences", start, DAY, "来函〔2026〕3号")
    assert booked(warehouse_with) == [("csdw", "csdw.licences", start, DAY, "李四", "来函〔2026〕3号")]


@pytest.mark.parametrize(
    ("dataset", "start", "end", "who", "reason", "words"),
    [
        ("csdw.nothing", DAY, DAY, "李四", "来函", "没有数据集"),
        ("csdw.licences", DAY, DAY - timedelta(days=1), "李四", "来函", "晚于截止日期"),
        ("csdw.licences", DAY, date(2026, 2, 26), "李四", "来函", "尚未到来"),
        ("csdw.licences", DAY - timedelta(days=367), DAY, "李四", "来函", "早于一年以前"),
        ("csdw.licences", DAY, DAY, " ", "来函", "登记人和依据"),
        ("csdw.licences", DAY, DAY, "李四", "", "登记人和依据"),
    ],
)
def test_what_cannot_be_attested_is_said(warehouse_with, dataset, start, end, who, reason, words):
    with pytest.raises(UserError, match=words):
        attest(run_on(DAY, who), dataset, start, end, reason)
    assert booked(warehouse_with) == []


def test_a_unit_that_delivered_rows_cannot_attest_that_it_had_none(warehouse_with):
    with warehouse_with.connect() as connection:
        connection.execute(ARCHIVED)
        connection.execute(BOOKED, ["许可.csv", DAY, "held", "", 3, 3])
    with pytest.raises(UserError, match="已报送 3 行"):
        attest(run_on(DAY, "李四"), "csdw.licences", DAY, DAY, "来函")
    assert booked(warehouse_with) == []
    next_day = DAY + timedelta(days=1)
    assert attest(run_on(next_day, "李四"), "csdw.licences", next_day, next_day, "来函")
    with warehouse_with.connect() as connection:
        connection.execute("update ledger.batch set set_aside_from = state, state = 'set_aside'")
    assert attest(run_on(DAY, "李四"), "csdw.licences", DAY, DAY, "来函"), "what was set aside was no delivery"


def test_a_persons_number_in_the_reason_is_blanked(warehouse_with):
    attest(run_on(DAY, "李四"), "csdw.licences", DAY, DAY, "经办人 370399199001011234")
    assert "370399199001011234" not in str(booked(warehouse_with))


def test_a_statement_that_was_wrong_is_revoked_and_the_ledger_says_who_and_why(warehouse_with):
    attest(run_on(DAY, "李四"), "csdw.licences", DAY, DAY, "来函")
    ((number, by),) = [(row["id"], row["attested_by"]) for row in listing()]
    assert by == "李四" and listing(dataset_id="csdw.other") == []
    with pytest.raises(UserError, match="须写明理由"):
        revoke(run_on(DAY, "王五"), number, " ")
    with pytest.raises(UserError, match="没有第 999 号") as caught:
        revoke(run_on(DAY, "王五"), 999, "误登")
    assert caught.value.code == 4
    assert "csdw.licences 2026-02-25" in revoke(run_on(DAY, "王五"), number, "误登")
    assert booked(warehouse_with) == [] and listing() == []
    with warehouse_with.connect() as connection:
        (said,) = connection.execute("select message from ledger.step order by id desc limit 1").fetchone()
    assert "王五 撤销" in said and "误登" in said and "李四：来函" in said
    assert attest(run_on(DAY, "李四"), "csdw.licences", DAY, DAY, "来函"), "it may be stated again"


def test_a_statement_a_delivery_made_is_withdrawn_with_it(warehouse_with):
    attest(run_on(DAY, "李四"), "csdw.licences", DAY, DAY, "来函")
    with warehouse_with.connect() as connection:
        connection.execute("update ledger.attestation set batch_seq = 7")
    with pytest.raises(UserError, match="来自批次 7"):
        revoke(run_on(DAY, "王五"), listing()[0]["id"], "误登")
