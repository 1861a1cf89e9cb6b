"""Compare what came out with the simulator's answer key; every difference is a line a person can read."""

from __future__ import annotations

import re
from typing import Any

from public_credit.ledger import ids

from tests.helpers.world import World

_OUTCOME = {"quarantined": "quarantined", "duplicate": "duplicate", None: "accepted"}


def plain(rule: str) -> str:
    """Rule ids of the key are clause ids: R09b counts as R09."""
    return re.sub(r"(?<=\d)[a-z]$", "", rule)


def file_of(row: dict[str, Any]) -> str:
    """The name under which the key knows a receipt (an exchange batch without its schema)."""
    name = row["file_name"]
    return re.sub(r"^\w+\.(\w+)#", r"\1@", name)


def batches(world: World, day: int) -> dict[tuple[str, str], dict[str, Any]]:
    """Batches of a business day by dataset and file."""
    from district_simulator.vocabulary.workcalendar import CALENDAR

    names = (
        "seq",
        "dataset_id",
        "file_name",
        "state",
        "kind",
        "rows_in",
        "accepted",
        "quarantined",
        "duplicate",
        "refused",
        "current_attempt",
        "message",
    )
    rows = world.query(
        f"select {', '.join(names)} from ledger.batch where business_date = %s order by seq", [CALENDAR[day]]
    )
    found = [dict(zip(names, row, strict=True)) for row in rows]
    return {(row["dataset_id"], file_of(row)): row for row in found}


def count_differences(world: World, day: int) -> list[str]:
    """Per delivery: state and the five counts."""
    there, differences = batches(world, day), []
    for expected in world.counts(day):
        key = (expected["dataset"], expected["file"])
        batch = there.pop(key, None)
        if batch is None:
            differences.append(f"{key}: not received")
            continue
        names = ("state", "rows_in") + (
            ("accepted", "quarantined", "duplicate", "refused") if expected["state"] not in ("held", "broken") else ()
        )
        wrong = {name: (expected[name], batch[name]) for name in names if expected[name] != batch[name]}
        if wrong:
            differences.append(f"{key}: expected/actual {wrong} {batch['message']}")
    return differences + [f"{key}: nobody delivered this" for key in there]


def _rows(world: World, batch: dict[str, Any]) -> dict[int, tuple[str, set[str]]]:
    """Outcome and reported rules of every row of a batch."""
    rows = world.query(
        f"""
        select r.row_no, case when u.batch_seq is null then o.outcome else 'duplicate' end, concat_ws(';', nullif(r.row_errors, ''), nullif(r.row_warnings, ''), (
            select string_agg(v.rule_id, ';') from ledger.row_verdict v
            where v.batch_seq = r.batch_seq and v.attempt = r.attempt and v.row_no = r.row_no))
        from raw.{batch["kind"]} r left join ledger.row_outcome o
          on o.batch_seq = r.batch_seq and o.attempt = r.attempt and o.row_no = r.row_no
        left join lateral ledger.unchanged(r.batch_seq, r.attempt, r.row_no) u on true
        where r.batch_seq = %s and r.attempt = %s""",
        [batch["seq"], batch["current_attempt"]],
    )
    found = {
        row_no: (_OUTCOME[outcome], {plain(rule) for rule in rules.split(";") if rule})
        for row_no, outcome, rules in rows
    }
    refused = world.query(
        "select row_no, rule_id from ledger.refused_row where batch_seq = %s and attempt = %s",
        [batch["seq"], batch["current_attempt"]],
    )
    return found | {row_no: ("refused", {plain(rule)}) for row_no, rule in refused}


def case_differences(world: World, day: int) -> tuple[list[str], int]:
    """Every planted row: its outcome and the rules that must be reported; (differences, number of cases checked)."""
    there = batches(world, day)
    rows: dict[tuple[str, str], dict[int, tuple[str, set[str]]]] = {}
    differences, checked = [], 0
    for case in world.cases(day):
        key = (case["dataset"], case["file"])
        batch = there.get(key)
        if "row_no" not in case or batch is None or batch["state"] in ("held", "broken"):
            continue
        if key not in rows:
            rows[key] = _rows(world, batch)
        checked += 1
        outcome, rules = rows[key].get(case["row_no"], ("absent", set()))
        wanted = {plain(rule) for rule in case["rules"]}
        if outcome != case["expect"] or not wanted <= rules:
            differences.append(
                f"{case['case_id']} {key} row {case['row_no']} {case['decision_no']} {case['fault']}: "
                f"expected {case['expect']} {sorted(wanted)}, got {outcome} {sorted(rules)} {case['note']}"
            )
    return differences, checked


def city_differences(world: World, day: int) -> list[str]:
    """Every planted decision: what the city holds of it after the day (the newest word of the key counts)."""
    store = world.city_store()
    rejected = {
        row[0]
        for row in world.query("""
        select record_id from (select record_id, state, row_number() over (partition by record_id order by item_id desc) as n
            from ledger.delivery_item join ledger.delivery_state using (item_id) where state <> 'superseded') last where n = 1 and state = 'rejected'""")
    }
    there, differences = batches(world, day), []
    for case in world.cases(day):
        batch = there.get((case["dataset"], case["file"]))
        if "row_no" not in case or batch is None or case["table"] not in ("xk_fr", "xk_zrr", "cf_fr", "cf_zrr"):
            continue
        found = world.query(
            f"select {ids.record_id('record_id')} from raw.{batch['kind']} where batch_seq = %s and attempt = %s and row_no = %s",
            [batch["seq"], batch["current_attempt"], case["row_no"]],
        )
        record = found[0][0] if found else None
        state = "absent"
        if record in store:
            state = {"held": "accepted", "deleted": "deleted"}[store[record]["state"]]
        elif record in rejected:
            state = "rejected"
        if state != case["city"]:
            differences.append(
                f"{case['case_id']} {case['dataset']} {case['decision_no']} {case['fault']} "
                f"{case['expect']}: city should be {case['city']}, is {state} {case['note']}"
            )
    return differences
