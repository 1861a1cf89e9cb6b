"""The simulated district's records, looked up in the subjects, against its answer key: no wrong link, few missing ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from public_credit import subjects as resolve
from public_credit.build import run as builds
from public_credit.steps import work

from tests.helpers.registers import TABLES
from tests.helpers.runs import run_on
from tests.helpers.world import DAYS, World, world

pytestmark = [pytest.mark.chain, pytest.mark.slow]


def _build(w: World, day: int) -> int:
    """Freeze and resolve as a build does, without dbt."""
    from public_credit.ledger.session import open_business_day, session

    open_business_day(run_on(DAYS[day]), "builder")
    with session("builder") as opened:
        build = builds._freeze(run_on(DAYS[day]), opened, builds.made_from(), False).build_id
    resolve.run(run_on(DAYS[day]), build)
    with w.warehouse.connect("owner") as owner:
        owner.execute("update ledger.build set state = 'built'")
    return build


def links(w: World, day: int) -> dict[str, Any]:
    """Records of the answer key that were linked, rightly linked, resolvable and found, and the differences by line."""
    subjects = {
        (scheme, value): uscc
        for scheme, value, uscc in w.query(
            "select i.scheme, i.value, s.uscc from subjects.identifier i join subjects.subject s using (subject_id)"
        )
    }
    counts: dict[str, Any] = {"linked": 0, "right": 0, "resolvable": 0, "found": 0, "differences": []}
    for line in (w.home / "answer_key" / f"day{day}_subjects.jsonl").read_text(encoding="utf-8").splitlines():
        truth = json.loads(line)
        asked = truth["scheme"], truth["value"]
        if asked[0] == "tax" and len(asked[1]) in (15, 18):
            asked = ("org", asked[1][6:]) if len(asked[1]) == 15 else ("uscc", asked[1])
        got = subjects.get(asked, "")
        counts["linked"] += bool(got)
        counts["right"] += bool(got) and got == truth["subject"]
        counts["resolvable"] += truth["resolvable"] is True
        counts["found"] += truth["resolvable"] is True and got == truth["subject"]
        if got != truth["subject"]:
            counts["differences"].append(
                f"{truth['dataset']} {truth['document_no']}: {asked} expected "
                f"{truth['subject'] or truth['reason']}, got {got or 'nobody'}"
            )
    return counts


def test_no_wrong_link_and_nearly_none_missing(warehouse, tmp_path: Path):
    with world(warehouse, tmp_path / "simulator", 0.03, clerks=False) as w:
        for day in (1,):  # all days are compared after dbt by ``tests/chain``
            w.district.play(day)
            w.collect(day)
            work.gate(run_on(DAYS[day]))
            build = _build(w, day)
            found = links(w, day)
            print(
                {name: value for name, value in found.items() if name != "differences"},
                *found["differences"][:20],
                sep="\n",
            )
            assert found["resolvable"] > 300
            assert found["right"] == found["linked"], "precision is 1.000"
            assert found["found"] >= 0.995 * found["resolvable"]
        successions = {
            (row[0], row[1])
            for row in w.query(
                "select o.uscc, n.uscc from subjects.succession c join subjects.subject o on o.subject_id = c.old_subject_id "
                "join subjects.subject n on n.subject_id = c.new_subject_id"
            )
        }
        told = json.loads((w.home / "answer_key" / f"day{day}_successions.json").read_text(encoding="utf-8"))
        assert successions == set(told["grown"].items())
        before = {
            name: sorted(map(repr, w.query(f"select {columns} from subjects.{name}")))
            for name, columns in TABLES.items()
        }
        counts = resolve.full(run_on(DAYS[day]), build)
        assert counts["identifiers"] == 0
        assert before == {
            name: sorted(map(repr, w.query(f"select {columns} from subjects.{name}")))
            for name, columns in TABLES.items()
        }
