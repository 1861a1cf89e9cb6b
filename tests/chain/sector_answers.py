"""Compare subjects, lists, grades and refused deliveries with the answer key; every difference is a readable line.

``refused_differences`` needs the ledger alone. The others read what the build makes: ``published.record_links``,
``subjects.*``, ``marts.mart_lists__entry``, ``marts.mart_subjects__food_drug_grade``; ``built`` tells whether they are there.
"""

from __future__ import annotations

import json
from typing import Any

from public_credit.ledger import ids

from tests.helpers.world import DAYS, World

from .answers import batches

LISTS = {"red": "红名单", "black": "严重失信主体名单", "abnormal": "经营异常名录", "debtor": "失信被执行人"}
STATES = {"current": "在列", "expired": "期满", "ended": "已移出", "repaired": "已修复", "revoked": "已撤销"}


def key(world: World, day: int, name: str) -> Any:
    """One answer file of a day, as of its end."""
    text = (world.home / "answer_key" / f"day{day}_{name}").read_text(encoding="utf-8")
    if name.endswith(".jsonl"):
        return [json.loads(line) for line in text.splitlines() if line]
    return json.loads(text)


def built(world: World, *relations: str) -> bool:
    """Whether tables or views exist."""
    return all(world.query("select to_regclass(%s) is not null", [name])[0][0] for name in relations)


def refused_differences(world: World, day: int) -> list[str]:
    """Deliveries of datasets nobody may collect: turned away, counted, no batch made of them."""
    there = {
        row[0]: row[1]
        for row in world.query(
            "select file_name, unit_id from ledger.refused_delivery where business_date = %s", [DAYS[day]]
        )
    }
    expected = {item["file"]: item["unit"] for item in key(world, day, "refused.json")}
    differences = [
        f"{name}: expected {expected.get(name)}, turned away {there.get(name)}"
        for name in {*expected, *there}
        if expected.get(name) != there.get(name)
    ]
    landed = world.query("select file_name from ledger.batch where file_name = any(%s)", [list(expected)])
    return differences + [f"{row[0]}: became a batch" for row in landed]


def _linked(world: World) -> dict[tuple[int, int], tuple[str, str, str, str]]:
    """(batch, row) → record, state and reason of its link, USCC of its subject (now)."""
    rows = []
    for (kind,) in world.query("select distinct kind from published.record_links where subject_class = 'organisation'"):
        rows += world.query(f"""
            select r.batch_seq, r.row_no, l.record_id, l.link_state, coalesce(l.link_reason, ''), coalesce(s.uscc, '')
            from raw.{kind} r
            join ledger.batch b on b.seq = r.batch_seq and b.current_attempt = r.attempt
            join published.record_links l on l.record_id = {ids.record_id("r.record_id")}
            left join subjects.subject s on s.subject_id = l.subject_id""")
    return {(row[0], row[1]): tuple(row[2:]) for row in rows}


def subject_differences(world: World, day: int) -> tuple[list[str], dict[str, int]]:
    """Every record about an organisation: linked to its own subject or, where it cannot be told, to none.

    The counts are those of precision (``linked``, ``right``) and recall (``resolvable``, ``found``) over records.
    """
    from district_simulator.vocabulary.workcalendar import CALENDAR

    receipts = {
        (d, dataset, file): batch["seq"]
        for d in CALENDAR
        if d <= day
        for (dataset, file), batch in batches(world, d).items()
    }
    linked, differences, records = _linked(world), [], {}
    for line in key(world, day, "subjects.jsonl"):
        place = f"{line['dataset']} {line['file']} row {line['row_no']} {line['document_no']}"
        found = linked.get((receipts.get((line["day"], line["dataset"], line["file"]), 0), line["row_no"]))
        if found is None:
            differences.append(f"{place}: no such record")
            continue
        records[found[0]] = (line, found, place)  # the newest delivery of a record speaks for it
    counts = dict.fromkeys(("linked", "right", "resolvable", "found"), 0)
    for line, (_, state, reason, uscc), place in records.values():
        right = state == "linked" and uscc == line["subject"]
        counts["linked"] += state == "linked"
        counts["right"] += right
        counts["resolvable"] += line["resolvable"] is True
        counts["found"] += line["resolvable"] is True and right
        if (state == "linked" and not right) or (line["resolvable"] is True and not right):
            differences.append(
                f"{place}: by {line['scheme']} {line['value']} expected {line['subject'] or line['reason']}, "
                f"got {state} {uscc} {reason}"
            )
    return differences, counts


def list_differences(world: World, day: int) -> list[str]:
    """Who stands on the red, black, abnormal and debtor lists, and who left them how."""
    rows = world.query("""
        select e.dataset_id, e.document_no, coalesce(s.uscc, ''), e.list_kind, e.state, e.objected
        from marts.mart_lists__entry e left join subjects.subject s on s.subject_id = e.subject_id""")
    there = {tuple(row[:3]): tuple(row[3:]) for row in rows}
    of_debtors = STATES | {"ended": "已屏蔽"}
    expected = {
        (x["dataset"], x["document_no"], x["subject"]): (
            LISTS[x["list"]],
            (of_debtors if x["list"] == "debtor" else STATES)[x["state"]],
            x["objected"],
        )
        for x in key(world, day, "lists.json")
        if x["list"] != "red" or x["kind"] == "红名单"
    }
    return [
        f"{entry}: expected {expected.get(entry)}, got {there.get(entry)}"
        for entry in sorted({*expected, *there})
        if expected.get(entry) != there.get(entry)
    ]


def grade_differences(world: World, day: int) -> list[str]:
    """The grade of every food and drug firm of the answer key."""
    there = dict(
        world.query(
            "select s.uscc, g.grade from marts.mart_subjects__food_drug_grade g "
            "join subjects.subject s on s.subject_id = g.subject_id"
        )
    )
    return [
        f"{x['subject']} {x['name']}: expected {x['grade']}, got {there.get(x['subject'])}"
        for x in key(world, day, "grades.json")
        if there.get(x["subject"]) != x["grade"]
    ]


def succession_differences(world: World, day: int) -> list[str]:
    """个体工商户 that became enterprises: two subjects, one after the other."""
    there = set(
        world.query("""
        select o.uscc, n.uscc from subjects.succession c join subjects.subject o on o.subject_id = c.old_subject_id
        join subjects.subject n on n.subject_id = c.new_subject_id""")
    )
    expected = set(key(world, day, "successions.json")["grown"].items())
    return [f"{pair}: {'not known' if pair in expected else 'nobody said so'}" for pair in sorted(there ^ expected)]
