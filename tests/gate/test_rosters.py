"""A full roster is compared with the one in force key by key, a delivery of changes with what came before it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

from public_credit.gate import waivers
from public_credit.identifiers.codes import make_uscc

from tests.helpers.commands import credit
from tests.helpers.penalties import ON, judge
from tests.helpers.runs import run_on

from .test_registry_agreement import hand_in

ROSTER, CHANGES = "mzj.organisation_registration", "scjg.registration_backfile"


def unions(numbers: Iterable[int]) -> list[dict[str, str]]:
    return [
        {
            "uscc": make_uscc("52", f"39{number:06d}"),
            "subject_name": f"示范区第{number}商会",
            "former_names": "",
            "org_type": "社会团体",
        }
        for number in numbers
    ]


def firms(numbers: Iterable[int]) -> list[dict[str, str]]:
    return [
        {"uscc": make_uscc("91", f"MA{number:06d}"), "name": f"示范区甲{number}商贸有限公司", "former_names": ""}
        for number in numbers
    ]


def failed(warehouse: Any, seq: int) -> set[str]:
    with warehouse.connect("reader") as reader:
        found = reader.execute(
            "select expectation_id from ledger.gate_result where batch_seq = %s and not success", [seq]
        )
        return {name for (name,) in found.fetchall()}


def test_another_roster_of_the_same_length_waits_for_a_person_and_the_right_one_passes(
    warehouse: Any, tmp_path: Path
) -> None:
    assert hand_in(tmp_path, ROSTER, unions(range(40))).state == "accepted", "the first has nothing to compare with"
    wrong = hand_in(tmp_path, ROSTER, unions(range(100, 140)))
    assert (wrong.state, failed(warehouse, wrong.batch_seq)) == ("held", {"B11"})
    assert wrong.message == (
        "扣留：全量名录与现行名录基本相符（0.0%，下限 80.0%，现行名录 40 条，本批 40 条，其中 0 条相同、新增 40 条，"
        "现行名录中有 40 条不在本批）"
    )
    with warehouse.connect("reader") as reader:
        (observed,) = reader.execute(
            "select observed from ledger.gate_result where batch_seq = %s and expectation_id = 'B11'", [wrong.batch_seq]
        ).fetchone()
    counts = {"in_force": 40, "records": 40, "kept": 0, "added": 40, "ended": 40}
    assert observed == {"column": "kept_share", "value": 0, "min": 0.8, "max": None, **counts}
    right = hand_in(tmp_path, ROSTER, unions(range(3, 43)))
    assert right.state == "accepted", "a held roster is none in force; three left, three came"


def test_overlap_and_growth_of_a_roster(warehouse: Any, tmp_path: Path) -> None:
    hand_in(tmp_path, ROSTER, unions(range(40)))
    for numbers, rules in (
        ([*range(31), *range(100, 109)], {"B11"}),  # nine of forty are others
        ([*range(40), *range(100, 121)], {"B12"}),  # one more than half as many again
        (range(100, 300), {"B11", "B12"}),
        ([*range(20), *range(20)], {"B11"}),  # half of it, twice
    ):
        outcome = hand_in(tmp_path, ROSTER, unions(numbers))
        assert (outcome.state, failed(warehouse, outcome.batch_seq)) == ("held", rules), outcome
    for numbers in ([*range(32), *range(100, 108)], [*range(32), *range(100, 128)]):
        assert hand_in(tmp_path, ROSTER, unions(numbers)).state == "accepted", numbers


def test_a_small_roster_changes_by_two_without_a_word(warehouse: Any, tmp_path: Path) -> None:
    hand_in(tmp_path, ROSTER, unions(range(5)))
    assert hand_in(tmp_path, ROSTER, unions(range(2, 7))).state == "accepted"
    assert hand_in(tmp_path, ROSTER, unions(range(5, 10))).state == "held", "three of five are gone"


def test_a_returned_row_is_on_the_roster_all_the_same(warehouse: Any, tmp_path: Path) -> None:
    hand_in(tmp_path, ROSTER, unions(range(40)))
    faulty = unions(range(40))
    for row in faulty[:10]:
        row["state_on"] = "2099-01-01"
    outcome = hand_in(tmp_path, ROSTER, faulty)
    assert (outcome.state, outcome.counts["quarantined"]) == ("accepted_with_quarantine", 10)
    assert hand_in(tmp_path, ROSTER, unions(range(40))).state == "accepted"


def test_a_roster_that_was_withdrawn_is_none_in_force_and_a_waiver_lets_another_in(
    warehouse: Any, tmp_path: Path
) -> None:
    hand_in(tmp_path, ROSTER, unions(range(40)))
    other = hand_in(tmp_path, ROSTER, unions(range(100, 140)))
    waivers.grant(
        run_on(ON, "测试"),
        ROSTER,
        "B11",
        reason="名录整体更替",
        owner="测试",
        expires_on=ON + timedelta(days=1),
        batch_seq=other.batch_seq,
    )
    assert (other.state, judge(other.batch_seq).state) == ("held", "accepted")
    assert hand_in(tmp_path, ROSTER, unions(range(41))).state == "held", "the waiver is for that batch alone"
    assert credit("batches", "withdraw", str(other.batch_seq), "--reason", "误报").code == 0
    assert hand_in(tmp_path, ROSTER, unions(range(42))).state == "accepted"


def test_growth_of_changes_counts_what_nobody_knew(warehouse: Any, tmp_path: Path) -> None:
    assert hand_in(tmp_path, CHANGES, firms(range(250))).state == "accepted"
    again = hand_in(tmp_path, CHANGES, [row | {"address": "示范区新路9号"} for row in firms(range(250))])
    assert again.state == "accepted", "known firms, told anew"
    assert hand_in(tmp_path, CHANGES, firms(range(250, 349))).state == "accepted", "fewer than 100 are no flood"
    flood = hand_in(tmp_path, CHANGES, firms(range(249, 700)))
    assert (flood.state, failed(warehouse, flood.batch_seq)) == ("held", {"B13"})
    assert flood.message.endswith("（158.6%，上限 150.0%，此前入库 599 行，本批新增 351 条）")
