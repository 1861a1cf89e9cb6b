"""An edited seed, model or catalogue makes a build due, by content, and its figures are those of a warehouse built anew."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from public_credit.build import command
from public_credit.build import run as build

from tests.conftest import CHECKOUT, open_warehouse
from tests.helpers.edited import edit
from tests.helpers.records import Records
from tests.helpers.relations import built
from tests.helpers.runs import run_on

ON = date(2026, 2, 25)
FIRM, PERSON = "91370399MA30000108", "pref_1"
_POLICY, _LISTS = "dbt_project/seeds/policy", "dbt_project/models/lists"


@pytest.fixture
def asked(warehouse: Any, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What dbt was asked for, instead of running it."""
    given: list[list[str]] = []

    def invoke(arguments: list[str], variables: dict[str, Any]) -> Any:
        given.append(arguments)
        return SimpleNamespace(results=[], elapsed_time=0.0)

    monkeypatch.setattr(command, "invoke", invoke)
    return given


def _department(root: Path) -> None:
    text = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    entry = re.search(r"```yaml\n(.*?)```", text, re.DOTALL).group(1)
    (root / "include/districts/demo/departments/slj.yml").write_text(entry, encoding="utf-8")


def _litter(root: Path) -> None:
    for name in (
        "target/manifest.json",
        "logs/dbt.log",
        "models/__pycache__/x.pyc",
        "seeds/policy/.working_days.csv.swp",
        "seeds/policy/working_days.csv~",
    ):
        (root / "dbt_project" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "dbt_project" / name).write_text("x", encoding="utf-8")
    (root / "dbt_project/seeds/policy/.#working_days.csv").symlink_to("nobody@nowhere")


def _touch(root: Path) -> None:
    for path in root.rglob("*"):
        os.utime(path)


_DUE: dict[str, tuple[Callable[[Path], Any], str]] = {
    "seed": (lambda r: edit(r / _POLICY / "publication_term.csv", "general,12", "general,11"), "种子有改动，全量重建"),
    "seed with its old times": (
        lambda r: edit(r / _POLICY / "publication_term.csv", "general,12", "general,11", times=False),
        "种子有改动，全量重建",
    ),
    "seed that is gone": (lambda r: (r / _POLICY / "record_term.csv").unlink(), "种子有改动，全量重建"),
    "seed under another name": (
        lambda r: (r / _POLICY / "record_term.csv").rename(r / _POLICY / "term.csv"),
        "种子有改动，全量重建",
    ),
    "model": (lambda r: edit(r / _LISTS / "mart_lists__entry.sql", "第17条", "第十七条"), "模型有改动，全量重建"),
    "contract": (
        lambda r: edit(r / _LISTS / "mart_lists__entry.yml", "contract:", "contract: "),
        "模型有改动，全量重建",
    ),
    "macro": (
        lambda r: edit(r / "dbt_project/macros/rates.sql", "numeric(9, 6)", "numeric(10, 6)"),
        "模型有改动，全量重建",
    ),
    "project": (
        lambda r: edit(r / "dbt_project/dbt_project.yml", "late_after_workdays: 7", "late_after_workdays: 8"),
        "模型有改动，全量重建",
    ),
    "unit": (
        lambda r: edit(r / "include/districts/demo/departments/slj.yml", "示范区水利局\n", "示范区水务局\n"),
        "目录中的单位或数据集有改动，全量重建",
    ),
    "disclosure": (
        lambda r: edit(r / "include/districts/demo/departments/slj.yml", "disclosure: 公开", "disclosure: 封存"),
        "目录中的单位或数据集有改动，全量重建",
    ),
}


@pytest.mark.parametrize("edited", _DUE)
def test_an_edit_makes_one_build_due_that_computes_everything_again(
    asked: list[list[str]], root: Path, edited: str
) -> None:
    edit, why = _DUE[edited]
    _department(root)
    assert build.run(run_on(ON)).build_id is not None
    assert "--full-refresh" not in asked[0] and "path:seeds" not in asked[0], "the first build only loads the seeds"
    assert build.run(run_on(ON)).build_id is None
    edit(root)
    done = build.run(run_on(ON))
    assert done.build_id is not None and done.message.endswith(why), done
    assert "--full-refresh" in asked[1] and "path:seeds" not in asked[1]
    assert build.run(run_on(ON)).build_id is None
    assert build.run(run_on(date(2026, 2, 26))).build_id is not None
    assert "--full-refresh" not in asked[2] and "path:seeds" in asked[2], "the next day is an ordinary one"


@pytest.mark.parametrize(
    "done",
    [
        _touch,
        _litter,
        lambda r: edit(r / "include/districts/demo/departments/tjj.yml", "contact:", "contact: 新·"),
        lambda r: (r / "include/districts/demo/departments/slj.yml").unlink(),
    ],
    ids=["times", "litter", "a contact", "a unit that left"],
)
def test_what_is_not_built_from_makes_nothing_due(
    asked: list[list[str]], root: Path, done: Callable[[Path], Any]
) -> None:
    _department(root)
    build.run(run_on(ON))
    done(root)
    result = build.run(run_on(ON))
    assert result.build_id is None and "没有待构建的批次" in result.message


def test_a_unit_that_was_added_is_published_without_computing_everything_again(
    warehouse: Any, asked: list[list[str]], root: Path
) -> None:
    build.run(run_on(ON))
    _department(root)
    assert build.run(run_on(ON)).build_id == 2
    assert "--full-refresh" not in asked[1]
    with warehouse.connect() as owner:
        assert owner.execute("select name from ledger.unit where unit_id = 'slj'").fetchone() == ("示范区水利局",)
    assert build.run(run_on(ON)).build_id is None


_DISTRICT = "include/districts/demo"
_FACTS: dict[str, Callable[[Path], Any]] = {
    "milestone": lambda r: edit(r / _DISTRICT / "evidence/milestone_evidence.csv", "2018-09-28", "2018-09-29"),
    "milestones that are gone": lambda r: (r / _DISTRICT / "evidence/milestone_evidence.csv").unlink(),
    "department": lambda r: edit(r / _DISTRICT / "evidence/department_evidence.csv", "2020-06-30", "2020-07-01"),
    "area": lambda r: edit(r / _DISTRICT / "evidence/area_evidence.csv", "2020-05-29", "2020-05-28"),
    "key department": lambda r: edit(r / _DISTRICT / "district.yml", "卫生计生]", "卫生计生, 水务]"),
    "report area": lambda r: edit(r / _DISTRICT / "district.yml", "政府资金补助]", "政府资金补助, 评优评先]"),
    "responsible unit": lambda r: edit(
        r / _DISTRICT / "district.yml", "T18: {responsible: [sfj]", "T18: {responsible: [fy]"
    ),
}


@pytest.mark.parametrize("edited", _FACTS)
def test_an_edited_fact_of_the_district_makes_an_ordinary_build_due(
    warehouse: Any, asked: list[list[str]], root: Path, edited: str
) -> None:
    def told() -> list[Any]:
        with warehouse.connect() as owner:
            return [
                owner.execute(f"select to_jsonb(t) - 'id' from ledger.{name} t order by 1").fetchall()
                for name in ("milestone_evidence", "key_department", "report_area", "target_unit")
            ]

    build.run(run_on(ON))
    before = told()
    assert all(before) and build.run(run_on(ON)).build_id is None
    _FACTS[edited](root)
    done = build.run(run_on(ON))
    assert done.build_id is not None and "--full-refresh" not in asked[1]
    assert sum(old != new for old, new in zip(before, told(), strict=True)) == 1, "one table has other rows"
    assert build.run(run_on(ON)).build_id is None


def test_a_day_of_going_live_is_published_and_computes_everything_again(
    warehouse: Any, asked: list[list[str]], root: Path
) -> None:
    build.run(run_on(ON))
    edit(root / _DISTRICT / "district.yml", "zjj.licence_entity: 2026-02-09", "zjj.licence_entity: 2026-03-01")
    assert build.run(run_on(ON)).message.endswith("目录中的单位或数据集有改动，全量重建")
    with warehouse.connect() as owner:
        live = owner.execute("select live_on from ledger.dataset where dataset_id = 'zjj.licence_entity'").fetchone()
    assert live == (date(2026, 3, 1),)


@pytest.mark.parametrize(
    "kept", [None, {}, [], "x", 7, {"seeds": 1}, {"catalogue": []}, {"catalogue": {}, "seeds": None}]
)
def test_a_build_that_does_not_tell_what_it_was_made_from_is_made_again_once(
    warehouse: Any, asked: list[list[str]], kept: Any
) -> None:
    build.run(run_on(ON))
    with warehouse.connect() as owner:
        owner.execute("update ledger.build set made_from = %s", [None if kept is None else json.dumps(kept)])
    done = build.run(run_on(ON))
    assert done.build_id == 2 and "全量重建" in done.message and "--full-refresh" in asked[1]
    assert build.run(run_on(ON)).build_id is None


def test_a_broken_build_is_computed_whole_whatever_was_edited_and_taken_back_meanwhile(
    asked: list[list[str]], root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build.run(run_on(ON))
    whole, term = command.invoke, root / _POLICY / "publication_term.csv"

    def broken(*given: Any) -> Any:
        whole(*given)
        raise RuntimeError

    monkeypatch.setattr(command, "invoke", broken)
    for old, new in (("general,12", "general,12"), ("general,12", "general,11"), ("general,11", "general,12")):
        edit(term, old, new)
        with pytest.raises(RuntimeError):
            build.run(run_on(date(2026, 2, 26)))
    monkeypatch.setattr(command, "invoke", whole)
    assert "续做" in build.run(run_on(date(2026, 2, 26))).message
    assert ["--full-refresh" in arguments for arguments in asked] == [False, False, True, True, True]
    assert build.run(run_on(date(2026, 2, 26))).build_id is None


def _delivered(warehouse: Any) -> Records:
    records = Records(warehouse)
    records.register(1, **{f"uscc_{FIRM}": "S1"})
    records.deliver("administrative_penalty", ON, [{"decision_no": "罚1", "uscc": FIRM, "decision_date": "2026-02-02"}])
    records.deliver("administrative_licence", ON, [{"decision_no": "许1", "uscc": FIRM, "decision_date": "2026-02-02"}])
    records.deliver("honour", ON, [{"document_no": "誉1", "uscc": FIRM}])
    records.deliver("abnormal_operation", ON, [{"entry_no": "异1", "uscc": FIRM}])
    records.deliver("practitioner_registration", ON, [{"id_no": PERSON, "certificate_no": "证1"}])
    records.build(ON)
    return records


@pytest.mark.slow
def test_edited_policy_reaches_every_record_on_file(
    migrated: Any, warehouse: Any, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = _delivered(warehouse)
    told = {
        "term of publication": "select publication_until from marts.mart_shuanggongshi__penalty",
        "deadline": "select deadline from marts.mart_shuanggongshi__licence",
        "topic": "select topic from intermediate.int_records__current where kind = 'honour'",
        "counted by topic": "select topic from intermediate.int_subjects__counter where kind = 'honour' and records > 0",
        "role": "select role from marts.mart_subjects__natural_person",
        "basis of a list": "select legal_basis from marts.mart_lists__entry where list_name = '经营异常名录'",
    }
    before = {name: records.query(query) for name, query in told.items()}
    exported = records.query("select * from exports.exp_city__cf_fr")
    assert all(before.values()) and exported
    edit(root / _POLICY / "publication_term.csv", "undetermined,12", "undetermined,3")
    edit(root / _POLICY / "working_days.csv", "2026-02-05,true", "2026-02-05,false", times=False)
    edit(root / _POLICY / "record_topic.csv", "honour,红名单,守信信息,红名单", "honour,红名单,守信信息,红榜")
    role = (root / _POLICY / "person_role.csv").read_text(encoding="utf-8")
    practitioner = next(line for line in role.splitlines() if line.startswith("practitioner_registration")).split(",")
    edit(root / _POLICY / "person_role.csv", ",".join(practitioner[:2]), f"{practitioner[0]},{practitioner[1]}（新）")
    edit(root / _LISTS / "mart_lists__entry.sql", "企业信息公示暂行条例第17条", "企业信息公示暂行条例第十七条")
    done = records.build(ON)
    assert done.build_id == 2 and done.message.endswith("种子、模型有改动，全量重建")
    for name, query in told.items():
        assert records.query(query) != before[name], name
    edited = built(records.warehouse)
    assert records.build(ON).build_id is None
    assert records.query("select * from exports.exp_city__cf_fr where build_id = 1") == exported, (
        "what was offered is history"
    )
    assert records.query("select cf_gsjzq, operation_hint from exports.exp_city__cf_fr where build_id = 2") == [
        ("2026-05-02", "upsert")
    ], "and the receiver is told the term that is right now"
    with open_warehouse(migrated, tmp_path / "anew", monkeypatch) as another:
        _delivered(another)
        anew = built(another)
    assert edited.keys() == anew.keys()
    for name, rows in edited.items():
        assert rows == anew[name], name
