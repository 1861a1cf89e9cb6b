"""A batch that is read again takes back what it had told: records, rosters and what receivers were offered."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.helpers.records import Records

pytestmark = pytest.mark.slow
MON, TUE, WED = (date(2026, 2, day) for day in (23, 24, 25))


def test_a_replay_withdraws_records_and_restores_a_roster(warehouse: Any):
    r = Records(warehouse)

    def roster(*numbers: str) -> list[dict[str, str]]:
        return [{"id_no": "pref_1", "certificate_no": number} for number in numbers]

    penalties = r.deliver("administrative_penalty", MON, [{"decision_no": "罚1"}, {"decision_no": "罚2"}])
    r.deliver("practitioner_registration", MON, roster("证1", "证2"), mode="full_snapshot")
    r.build(MON)
    shorter = r.deliver("practitioner_registration", TUE, roster("证1"), mode="full_snapshot")
    r.build(TUE)
    assert dict(r.current("document_no", "state")) == {
        "罚1": "current",
        "罚2": "current",
        "证1": "current",
        "证2": "ended",
    }
    r.replay(penalties, [{"decision_no": "罚1"}])
    r.replay(shorter, roster("证1", "证2"))
    r.build(WED)
    assert dict(r.current("document_no", "state")) == {"罚1": "current", "证1": "current", "证2": "current"}
    assert r.query("select count(*) from intermediate.int_records__history where document_no = '罚2'") == [(0,)]
    assert r.query("select old_state, new_state from intermediate.int_records__changes where change = 'delete'") == [
        ("current", None)
    ]
    assert r.query(
        "select operation_hint, reason, cf_wsh from exports.exp_city__cf_fr where build_id = 3 and reason = 'withdrawn'"
    ) == [("delete", "withdrawn", "罚2")]
