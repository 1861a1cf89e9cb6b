"""Random register histories on a real database: what was touched, everything, and everything at once agree."""

from __future__ import annotations

from typing import Any

import psycopg
from hypothesis import HealthCheck, given, settings
from public_credit import subjects as resolve

from tests.helpers.registers import ON, Registers
from tests.helpers.runs import run_on

from .worlds import builds

_TABLES = (
    "subject",
    "identifier",
    "alias",
    "change",
    "succession",
    "work_item",
    "version",
    "register",
    "claim",
    "roster",
    "judged",
    "progress",
)
_OTHERS = ("identifier", "succession", "register")


def _clear(warehouse: Any, registers: Registers) -> None:
    with psycopg.connect(warehouse.cluster.server.url(warehouse.database)) as admin:
        admin.execute("set session_replication_role = replica")  # past the triggers that keep evidence
        admin.execute(
            "truncate ledger.judgement, ledger.build_input, ledger.build, raw.enterprise_registration, "
            "raw.organisation_registration, "
            + ", ".join(f"subjects.{name}" for name in _TABLES)
            + " restart identity cascade"
        )
        admin.execute("truncate ledger.batch restart identity cascade")
    registers.inputs.clear()


def _play(registers: Registers, history: list) -> int:
    judged: list[Any] = []
    delivered: list[Any] = []
    build = 0
    for step in history:
        rows = list({repr(sorted(row.items())): row for row in step["rows"]}.values())
        if rows:
            kinds = sorted({row["kind"] for row in rows})
            mode = "full_snapshot" if step["snapshot"] else "changes"
            seqs = registers.deliver(rows, mode=mode)
            if step["replay"] and delivered:
                seq, kind, first = delivered.pop(0)
                registers.replay(seq, kind, first[1:])
            delivered += [
                (seq, kind, [row for row in rows if row["kind"] == kind]) for seq, kind in zip(seqs, kinds, strict=True)
            ]
        judged += [registers.judge(*found) for found in step["judge"]]
        if step["undo"] and judged:
            registers.undo(judged.pop(0))
        build = registers.freeze()
        resolve.run(run_on(ON), build)
    return build


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(builds)
def test_random_histories(warehouse, history):
    registers = Registers(warehouse)
    try:
        _clear(warehouse, registers)
        build = _play(registers, history)
        step_by_step = registers.tables()
        known = {
            row[0]
            for row in registers.query(
                "select subject_id from subjects.identifier where subject_id is not null union "
                "select new_subject_id from subjects.change where new_subject_id is not null union "
                "select subject_id from subjects.subject"
            )
        }
        assert all(registers.now(past) for past in known), "every id that ever was resolves"
        assert (
            registers.query(
                "select * from subjects.alias a where exists (select 1 from subjects.alias b "
                "where b.past_id = a.subject_id)"
            )
            == []
        ), "no chains"
        counts = resolve.full(run_on(ON), build)
        assert (counts["identifiers"], counts["vanished"]) == (0, 0)
        assert registers.tables() == step_by_step
        registers.owner.execute("truncate " + ", ".join(f"subjects.{name}" for name in _TABLES))
        resolve.full(run_on(ON), build)
        at_once = registers.tables()
        assert [at_once[name] for name in _OTHERS] == [step_by_step[name] for name in _OTHERS]
        open_items = [row for row in step_by_step["work_item"] if row.endswith("'open')")]
        assert at_once["work_item"] == open_items
        living = registers.query("select count(*) from subjects.subject")[0][0]
        assert len([row for row in step_by_step["subject"] if row in at_once["subject"]]) == living
    finally:
        registers.owner.close()
