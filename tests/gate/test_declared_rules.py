"""A rule says in its own file what it feeds and finds: no code knows a rule by its id, and titles are the kind's own."""

from __future__ import annotations

import ast
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from public_credit.catalogue import load_catalogue
from public_credit.identifiers.codes import make_uscc
from public_credit.land.rules import load_ruleset
from public_credit.ledger import ids
from public_credit.oversight import status
from public_credit.papers import slips

from tests.conftest import CHECKOUT
from tests.gate.test_registry_agreement import FIRM, UNKNOWN, hand_in, registers

IDS = {rule.id for kind in load_catalogue().kinds for rule in load_ruleset(kind).row_rules}
OTHER = str.maketrans("RVEGS", "QUDFZ")


@pytest.fixture
def renamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkout whose rules are the same under other ids."""
    root = tmp_path / "checkout"
    (root / "include").mkdir(parents=True)
    (root / "expectations").mkdir()
    (root / "include" / "catalogue").symlink_to(CHECKOUT / "include" / "catalogue")
    (root / "include" / "districts").symlink_to(CHECKOUT / "include" / "districts")
    (root / "dbt_project").symlink_to(CHECKOUT / "dbt_project")
    for path in (CHECKOUT / "expectations").glob("*.yml"):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        for rule in content["row_rules"]:
            rule["id"] = rule["id"].translate(OTHER)
        (root / "expectations" / path.name).write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    monkeypatch.setenv("PCW_ROOT", str(root))


def _verdicts(warehouse: Any, seq: int) -> dict[int, tuple[str, str]]:
    with warehouse.connect() as owner:
        return {
            row: (rule, detail)
            for row, rule, detail in owner.execute(
                "select row_no, rule_id, detail from ledger.row_verdict where batch_seq = %s", [seq]
            )
        }


def _observed(warehouse: Any, seq: int, kind: str, column: str) -> float:
    (rule,) = [rule.id for rule in load_ruleset(kind).batch_rules if rule.column == column]
    with warehouse.connect() as owner:
        (found,) = owner.execute(
            "select observed ->> 'value' from ledger.gate_result where batch_seq = %s and expectation_id = %s",
            [seq, rule],
        ).fetchone()
    return float(found)


def test_under_other_ids_everything_is_found_and_counted_as_before(warehouse, renamed, tmp_path: Path) -> None:
    registers(tmp_path)
    dataset = next(item for item in load_catalogue().datasets.values() if item.kind == "inspection_result")
    wrong = FIRM[:-1] + ("0" if FIRM[-1] != "0" else "1")
    field = next(
        name
        for name, item in load_catalogue().kinds["inspection_result"].fields.items()
        if item.type == "enum" and item.required == "yes"
    )
    outcome = hand_in(
        tmp_path,
        dataset.id,
        [
            {"uscc": FIRM, "subject_name": "示范区新名商贸有限公司"},
            {"uscc": FIRM, "subject_name": "示范区他人商贸有限公司"},
            {"uscc": UNKNOWN, "subject_name": "外地商贸有限公司"},
            {"uscc": wrong, "subject_name": "示范区他人商贸有限公司"},
            {"uscc": FIRM, "subject_name": "示范区新名商贸有限公司", field: "没有这个取值"},
            *[{"uscc": FIRM, "subject_name": "示范区新名商贸有限公司"}] * 15,
        ],
    )
    found = _verdicts(warehouse, outcome.batch_seq)
    assert {row: rule for row, (rule, _) in found.items()} == {2: "Q06", 3: "Q06W"}, (
        "a void code is compared with nothing"
    )
    assert all(detail == load_ruleset("inspection_result").row_rule(rule).title for rule, detail in found.values())
    assert _observed(warehouse, outcome.batch_seq, "inspection_result", "unknown_code_share") == pytest.approx(1 / 20)
    with warehouse.connect() as owner:
        errors = dict(
            owner.execute(
                "select row_no, row_errors from raw.inspection_result where batch_seq = %s and row_errors <> ''",
                [outcome.batch_seq],
            ).fetchall()
        )
        (record,) = owner.execute(
            f"select {ids.record_id('record_id')} from raw.inspection_result where batch_seq = %s and row_no = 4",
            [outcome.batch_seq],
        ).fetchone()
    assert errors == {4: "Q03", 5: "Q13"} and f"uscc:{wrong}" not in (record or "")


def test_a_repeated_decision_and_an_event_without_one_are_found_under_other_ids(
    warehouse, renamed, tmp_path: Path
) -> None:
    event = next(item for item in load_catalogue().datasets.values() if item.kind == "decision_event")
    outcome = hand_in(tmp_path, event.id, [{"decision_no": "示罚决〔2026〕404号"}])
    assert {rule for rule, _ in _verdicts(warehouse, outcome.batch_seq).values()} == {"U05"}
    office = make_uscc("11", "A0000001")
    outcome = hand_in(tmp_path, "zhzf.penalty_entity", [{}, {"authority_uscc": office}])
    assert "Q16" in {rule for rule, _ in _verdicts(warehouse, outcome.batch_seq).values()}


def test_no_code_and_no_model_names_a_rule() -> None:
    """Rule ids stand in expectations/ only; docstrings may tell of one."""
    named = re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(sorted(IDS, key=len, reverse=True))})(?![A-Za-z0-9])")
    found = []
    for path in sorted((CHECKOUT / "include" / "public_credit").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        told = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        found += [
            f"{path.name}:{node.lineno} {node.value[:60]}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in told
            and named.search(node.value)
        ]
    for path in sorted((CHECKOUT / "dbt_project").glob("m*/**/*.sql")):
        found += [f"{path.name} {hit}" for hit in named.findall(path.read_text(encoding="utf-8"))]
    assert found == []


@pytest.mark.parametrize("kind", sorted(load_catalogue().kinds))
def test_a_returned_row_is_told_by_the_titles_of_its_own_kind(kind: str) -> None:
    rules = load_ruleset(kind).row_rules
    rows = [{"kind": kind, "rules": rule.id} for rule in rules]
    title = load_catalogue().kinds[kind].title
    assert sorted(status.rule_titles(rows)) == sorted((rule.id, rule.title, title) for rule in rules)


@pytest.mark.parametrize("kind", sorted(load_catalogue().kinds))
def test_a_title_speaks_of_its_own_kind_only(kind: str) -> None:
    """No rule of a kind tells a clerk of another kind's matter."""
    about = {
        "处罚": ("administrative_penalty", "decision_event", "decision_ledger"),
        "许可": ("administrative_licence", "decision_event", "decision_ledger"),
        "检查": ("inspection_result",),
        "承诺": ("commitment",),
        "评级": ("statutory_rating",),
    }
    texts = [rule.title for rule in load_ruleset(kind).row_rules]
    alien = [
        text
        for text in texts
        for word, kinds in about.items()
        if word in text
        and kind not in kinds
        and word not in "".join(f.title for f in load_catalogue().kinds[kind].fields.values())
    ]
    assert alien == []


def test_a_slip_gives_the_title_of_the_rows_kind(warehouse, tmp_path: Path) -> None:
    """The same id, another kind, another title: what a slip says is the kind's own."""
    import openpyxl

    dataset = next(item for item in load_catalogue().datasets.values() if item.kind == "inspection_result")
    day = next(rule for rule in load_ruleset("inspection_result").row_rules if rule.check == "not_after_reception")
    others = {
        rule.title
        for kind in load_catalogue().kinds
        for rule in load_ruleset(kind).row_rules
        if rule.id == day.id and kind != "inspection_result"
    }
    assert others - {day.title}, "the id has other titles elsewhere"
    rows: list[dict[str, str]] = [{day.params["field"]: "2027-01-01"}, *({} for _ in range(9))]
    outcome = hand_in(tmp_path, dataset.id, rows)
    assert outcome.state == "accepted_with_quarantine", outcome
    sheet = openpyxl.load_workbook(slips.write(outcome.batch_seq))["退回记录"]
    told = [str(cell.value) for row in sheet.iter_rows() for cell in row]
    assert day.title in told and not (others - {day.title}) & set(told)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"check": "cross_record", "with": {"finds": "anything"}}, "finds"),
        ({"check": "cross_record"}, "finds"),
        ({"check": "cross_record", "with": {"finds": "decision_repeated"}, "severity": "refuse"}, "cross_record"),
        ({"feeds": "no_share"}, "feeds"),
    ],
)
def test_a_wrong_declaration_is_refused(tmp_path: Path, change: dict[str, Any], word: str) -> None:
    from public_credit.base.messages import UserError

    source = CHECKOUT / "expectations" / "administrative_penalty.yml"
    content = yaml.safe_load(source.read_text(encoding="utf-8"))
    first = next(rule for rule in content["row_rules"] if rule.get("check") == "ragged")
    first.update(change)
    shutil.rmtree(tmp_path / "rules", ignore_errors=True)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / source.name).write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    with pytest.raises(UserError, match=word):
        load_ruleset("administrative_penalty", tmp_path / "rules")
