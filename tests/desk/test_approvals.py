"""待批准: another person agrees or turns down, at the desk as on the command line; who asked does not, who only looks does not."""

from __future__ import annotations

import pytest

from .conftest import Desk
from .test_actions import _ended, _post

ENGINEER = "数据工程师甲（engineer）"


def _asked(desk: Desk, by: str, fingerprint: str) -> int:
    ((number,),) = desk.query(
        "insert into ledger.approval (action, fingerprint, about, reason, business_date, asked_by) "
        "values ('purge', %s, '行政处罚 3 条 <b>', '期满', '2026-02-25', %s) returning id",
        fingerprint,
        by,
    )
    return int(number)


def test_another_person_agrees_and_who_asked_does_not(desk: Desk) -> None:
    number = _asked(desk, ENGINEER, "one")
    page = desk.client("engineer").get("/approvals").text
    assert f"第 {number} 号申请 · 期满清除" in page and "须由另一人批准" in page and "&lt;b&gt;" in page
    assert f"/approvals/{number}/approve" not in page and f"/approvals/{number}/reject" in page
    assert f"/approvals/{number}/approve" in desk.client("leadership").get("/approvals").text
    looks = desk.client("auditor").get("/approvals")
    assert f"第 {number} 号申请" in looks.text and f"/approvals/{number}/" not in looks.text
    path = f"/approvals/{number}/approve"
    assert _post(desk, "auditor", path, confirm="yes").status_code == 403
    assert _post(desk, "leadership", path).status_code == 400, "without the tick"
    own = _ended(desk, "engineer", _post(desk, "engineer", path, confirm="yes"))
    assert own["code"] == 4 and "不能自己批准" in own["said"]
    done = _ended(desk, "leadership", _post(desk, "leadership", path, confirm="yes"))
    assert done["code"] == 0, done
    assert desk.query("select state, decided_by from ledger.approval where id = %s", number) == [
        ("approved", "分管区领导（leader）")
    ]
    told = desk.client("leadership").get("/api/approvals").json()
    assert number not in [row["id"] for row in told["questions"]] and number in [row["id"] for row in told["decided"]]


def test_a_question_is_turned_down(desk: Desk) -> None:
    number = _asked(desk, ENGINEER, "two")
    done = _ended(desk, "leadership", _post(desk, "leadership", f"/approvals/{number}/reject", confirm="yes"))
    assert done["code"] == 0, done
    assert desk.query("select state from ledger.approval where id = %s", number) == [("rejected",)]
    again = _ended(desk, "leadership", _post(desk, "leadership", f"/approvals/{number}/approve", confirm="yes"))
    assert again["code"] == 4 and "不在等待批准" in again["said"]


@pytest.fixture
def edition(desk: Desk) -> int:
    ((build,),) = desk.query(
        "insert into ledger.build (business_date, state) values ('2026-02-25', 'built') returning build_id"
    )
    ((number,),) = desk.query(
        "insert into ledger.edition (year, kind, as_of, business_date, build_id, content_hash, computed_by) "
        "values (2025, 'original', '2025-12-31', '2026-02-25', %s, 'abc', %s) returning id",
        build,
        ENGINEER,
    )
    return int(number)


def test_a_drafted_edition_is_settled_by_another_person_with_its_fingerprint(desk: Desk, edition: int) -> None:
    page = desk.client("engineer").get("/approvals").text
    assert "2025 年度" in page and "这份草稿是您起草的" in page
    path = f"/editions/{edition}"
    own = _ended(desk, "engineer", _post(desk, "engineer", f"{path}/approve", hash="abc", confirm="yes"))
    stale = _ended(desk, "leadership", _post(desk, "leadership", f"{path}/approve", hash="abd", confirm="yes"))
    assert own["code"] == stale["code"] == 4, (own, stale)
    assert _post(desk, "leadership", f"{path}/reject", confirm="yes").status_code == 400, "without a reason"
    assert _post(desk, "leadership", f"{path}/freeze", confirm="yes", reason="x").status_code == 404
    done = _ended(desk, "leadership", _post(desk, "leadership", f"{path}/reject", confirm="yes", reason="--重算"))
    assert done["code"] == 0, done
    ((state, by, reason),) = desk.query("select state, decided_by, reason from ledger.edition where id = %s", edition)
    assert (state, by) == ("rejected", "分管区领导（leader）") and "--重算" in reason


def test_releases_that_wait_are_named(desk: Desk) -> None:
    assert set(desk.client("auditor").get("/api/approvals").json()) == {
        "questions", "decided", "editions", "releases", "alone",
    }  # fmt: skip
