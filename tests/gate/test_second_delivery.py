"""Every kind after a build: what comes again is a duplicate, what changed is a version, and what changes back is one too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext, suppress
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
from public_credit.base import settings
from public_credit.build import run as build
from public_credit.catalogue import load_catalogue
from public_credit.gate import waivers
from public_credit.gate.cross_record import Heads
from public_credit.ledger import ids, locks, published
from public_credit.ledger.session import session
from sqlalchemy import text

from tests.conftest import open_warehouse
from tests.helpers.runs import run_on

from .test_registry_agreement import hand_in

_ON = date(2026, 2, 25)
_CHANGED = {"enterprise_registration": {"address": "示范区新路9号"}, "decision_ledger": {"generated_count": "99"}}
_DATASETS = {(dataset.kind, dataset.variant): dataset.id for dataset in load_catalogue().datasets.values()}
_TWICE, _NUMBER = ("honour", "entity"), "示发〔2026〕9号"  # a record of which a build takes in two versions
_SERVED = sorted({(kind.id, variant) for kind in load_catalogue().kinds.values() for variant in kind.variants})


@pytest.fixture(scope="module")
def built(migrated: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One warehouse with the example row of every kind and variant, built once, and the counts of what came first."""
    folder = tmp_path_factory.mktemp("second")
    with pytest.MonkeyPatch.context() as patch, open_warehouse(migrated, folder, patch) as warehouse:
        for dataset in _DATASETS.values():
            waivers.grant(run_on(_ON, "测试"), dataset, "B01", reason="一行的测试数据", owner="测试", expires_on=_ON)
        first = {shape: hand_in(folder, dataset, [{}]) for shape, dataset in _DATASETS.items()}
        for remark in ("", "更正"):
            assert hand_in(folder, _DATASETS[_TWICE], [{"document_no": _NUMBER, "remark": remark}]).state == "accepted"
        build.run(run_on(_ON))
        yield warehouse, folder, first


@pytest.mark.slow
@pytest.mark.parametrize("shape", _SERVED, ids="-".join)
def test_a_delivery_after_a_build_is_compared_with_what_was_built(built: Any, shape: tuple[str, str]) -> None:
    _, folder, first = built
    came = first[shape]
    assert came.state == "accepted" and (came.counts["accepted"], came.counts["duplicate"]) == (1, 0), came

    def again(**changes: str) -> tuple[int, int, int]:
        outcome = hand_in(Path(folder), _DATASETS[shape], [changes])
        return tuple(outcome.counts[name] for name in ("accepted", "duplicate", "quarantined"))

    changed = _CHANGED.get(shape[0], {"remark": "更正"})
    assert again() == (0, 1, 0), "the same row"
    assert again(**changed) == (1, 0, 0), "a changed row"
    assert again(**changed) == (0, 1, 0), "the changed row again"
    assert again() == (1, 0, 0), "changed back"


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted({kind for kind, _ in _SERVED}))
def test_a_head_is_asked_of_one_table_by_its_record(built: Any, kind: str) -> None:
    asked = "explain (format json) select * from published.heads where kind = %s and record_id = 'r1'"
    with settings.connect("collector") as connection:
        connection.execute("set enable_seqscan = off")
        (plan,) = connection.execute(asked, [kind]).fetchone()[0]
    (scan,) = _scans(plan["Plan"])
    assert scan["Relation Name"] in (f"int_{kind}__current", f"stg_{kind}", "int_records__current")
    assert "record_id" in (scan.get("Index Cond") or scan["Recheck Cond"])


def _scans(node: dict[str, Any]) -> list[dict[str, Any]]:
    below = [scan for child in node.get("Plans", []) for scan in _scans(child)]
    return [node] if "Relation Name" in node else below


@pytest.mark.slow
def test_a_batch_that_is_judged_again_is_compared_with_what_stood_before_it(built: Any) -> None:
    number = text(
        f"select batch_seq, {ids.content_hash('content_hash')} as content_hash, {ids.record_id('record_id')} as record_id "
        "from raw.honour where document_no = :number order by batch_seq"
    )
    with session("collector") as opened:
        first, second = opened.execute(number, {"number": _NUMBER}).all()
        heads = Heads(opened, load_catalogue().kinds["honour"], built=True)
        opened.execute(
            text("create temp table this_batch as select cast(:id as text) as record_id"), {"id": first.record_id}
        )
        before = {
            built: [
                (row.batch_seq, row.content_hash)
                for row in opened.execute(text(heads.sql_before(second.batch_seq, built)))
            ]
            for built in (True, False)
        }
    assert before[True] == [(first.batch_seq, first.content_hash)], "the build knows the second one as current"
    assert before[False] == []


_LAST = "select max(build_id) from ledger.build"
_NOT_READY = {
    "made by older code": (
        f"update ledger.build set made_from = made_from - 'published' where build_id = ({_LAST})",
        "update ledger.build set made_from = made_from || jsonb_build_object('published', '{contract}') "
        f"where build_id = ({_LAST})",
    ),
    "a build did not finish": (
        "insert into ledger.build (business_date) values ('2026-02-26')",
        "delete from ledger.build where state = 'open'",
    ),
    "a build is running": ("", ""),
}


@pytest.mark.slow
@pytest.mark.parametrize("why", _NOT_READY)
@pytest.mark.parametrize("shape", _SERVED[::5], ids="-".join)
def test_without_published_relations_the_gate_compares_with_what_was_landed(
    built: Any, shape: tuple[str, str], why: str
) -> None:
    warehouse, folder, _ = built
    before, after = _NOT_READY[why]
    with warehouse.connect() as owner:
        owner.autocommit = True
        if before:
            owner.execute(before)
        owner.execute("revoke usage on schema published from pcw_collector")
        try:
            with session("collector") as opened:
                assert published.ready(opened) == (why == "a build is running")
            with locks.hold("builder", locks.FIGURES) if why == "a build is running" else nullcontext():
                outcome = hand_in(Path(folder), _DATASETS[shape], [{}])
        finally:
            owner.execute("grant usage on schema published to pcw_collector")
            if after:
                owner.execute(after.format(contract=published.contract()))
    assert (outcome.counts["accepted"], outcome.counts["duplicate"]) == (0, 1)
    with session("collector") as opened:
        assert published.ready(opened)


@pytest.mark.slow
def test_what_is_published_is_read_by_some_task(built: Any) -> None:
    warehouse, *_ = built
    readers = set()
    for role in ("collector", "builder", "sender", "reader"):
        for relation, columns in published.RELATIONS.items():
            with warehouse.connect(role) as connection, suppress(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"select {', '.join(' '.join(columns.values()).split())} from {relation} limit 1")
                readers.add(relation)
    assert readers == set(published.RELATIONS)
