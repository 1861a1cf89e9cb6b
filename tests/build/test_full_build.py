"""``credit build --full [-s …]``: everything, or a choice with what belongs to it, computed again; offered exports stay."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from public_credit.base.messages import UserError
from public_credit.build import command
from public_credit.build import run as build
from public_credit.ledger import published
from public_credit.ledger.session import session
from sqlalchemy import text

from tests.gate.test_registry_agreement import FIRM, hand_in, registers
from tests.helpers.commands import credit
from tests.helpers.penalties import ON
from tests.helpers.records import Records
from tests.helpers.relations import built
from tests.helpers.runs import run_on

CHOSEN, OTHER = "marts.mart_lists__entry", "intermediate.int_supervision__counter"


def test_what_fails_to_be_computed_again_is_not_published_and_mended_by_the_next_build(
    warehouse: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    def invoke(arguments: list[str], variables: dict[str, Any]) -> Any:
        asked.append(arguments)
        if arguments[0] == "list":
            return ["mart_lists__entry"]
        if failing:
            raise UserError("dbt 构建失败。")
        return SimpleNamespace(results=[], elapsed_time=0.0)

    monkeypatch.setattr(command, "invoke", invoke)
    failing = False
    for chosen in ((), ("mart_lists__entry",)):
        assert build.run(run_on(ON)).build_id is not None
        with session("reader") as opened:
            assert published.ready(opened)
        failing = True
        with pytest.raises(UserError, match="dbt 构建失败"):
            build.run(run_on(ON), full_refresh=True, select=chosen)
        with session("reader") as opened:
            assert not published.ready(opened), "half of it may be of the new models"
        failing = False
        done = build.run(run_on(ON))
        assert done.whole and "--full-refresh" in asked[-1]
        asked.clear()
        with session("reader") as opened:
            assert published.ready(opened)
        with session("owner") as opened:
            opened.execute(text("update ledger.build set business_date = business_date - 1"))


@pytest.mark.slow
def test_a_choice_or_everything_is_computed_again(
    warehouse: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records, on = Records(warehouse), ("--date", ON.isoformat())
    registers(tmp_path)
    name = {"uscc": FIRM, "subject_name": "示范区新名商贸有限公司"}
    for dataset in ("zhzf.penalty_entity", "kfq.honour", "kjj.breach_list"):
        assert hand_in(tmp_path, dataset, [name]).state == "accepted"
    build.run(run_on(ON))
    before, offered = built(warehouse), records.query("select * from exports.exp_city__cf_fr")
    assert before[CHOSEN] and before[OTHER] and offered

    for words, said in (
        (("--full", "-s", "mart_lists_entry"), "mart_lists_entry"),
        (("-s", "mart_lists__entry"), "--full"),
    ):
        wrong = credit("build", *on, *words)
        assert wrong.code == 2 and said in wrong.err and wrong.out == "", wrong
    damage = (
        f"delete from {CHOSEN}",
        "delete from intermediate.int_records__history",
        "update staging.stg_breach_list set reason = ''",
        f"update {OTHER} set accepted = accepted + 7",
    )
    with warehouse.connect("builder") as builder:
        for statement in damage:
            builder.execute(statement)
    done = credit("build", *on, "--full", "-s", "mart_lists__entry")
    assert (
        done.code == 0
        and "按要求重算 mart_lists__entry 及其上下游" in done.out
        and "数据工程师甲（engineer）" in done.out
    ), done
    for relation in published.RELATIONS:
        records.query(f"select * from {relation} limit 0")  # views over what was made anew are there
    again = built(warehouse)
    assert again.pop(OTHER) != before[OTHER], "what does not belong to the choice is left alone"
    for table, rows in again.items():
        assert rows == before[table], table

    hand_in(tmp_path, "kfq.honour", [name | {"document_no": "示发〔2026〕4号"}])
    with warehouse.connect("builder") as builder:
        builder.execute(f"delete from {CHOSEN}")
        builder.execute(f"update {OTHER} set accepted = accepted - 7")
    assert credit("build", *on, "--full", "-s", "mart_lists__entry").code == 0
    assert records.query("select count(*) from ledger.build") == [(2,)], "what is due is built as a build of its own"
    assert records.query(f"select count(*) from {CHOSEN}") == [(len(before[CHOSEN]) + 1,)], (
        "the honour that came is an entry too"
    )
    assert records.query("select count(*) from marts.mart_subjects__timeline where kind = 'honour'") == [(2,)]

    with warehouse.connect("builder") as builder:
        builder.execute(f"update {OTHER} set accepted = accepted + 7")
    whole = credit("build", *on, "--full")
    assert whole.code == 0 and "按要求，全量重建（数据工程师甲（engineer））" in whole.out, whole
    assert built(warehouse)[OTHER] == before[OTHER]
    assert records.query("select * from exports.exp_city__cf_fr") == offered
