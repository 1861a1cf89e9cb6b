"""The files in expectations/: complete, strict, and extensible without touching Python."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml
from public_credit.base import settings
from public_credit.base.messages import UserError
from public_credit.catalogue import load_catalogue
from public_credit.land.rules import load_ruleset
from public_credit.land.rules.registry import CHECKS
from public_credit.land.rules.rows import RowRules, compile_all
from public_credit.policy import seeds as policy

from .judging import PENALTY_ENTITY, TODAY, VALID, context, frame

KINDS = load_catalogue().kinds
DECISION_RULES = [
    "R01",
    "R02",
    "R03",
    "R04",
    "R05",
    "R06",
    "R06W",
    "R07",
    "R07W",
    "R08",
    "R09",
    "R13",
    "R14",
    "R14W",
    "R15",
    "R16",
    "R18",
    "R19",
    "R20",
    "R21",
    "R22",
    "R22W",
    "R23",
    "R25",
    "R25W",
]
FORM_RULES = ["R01", "R09", "R15", "R18", "R19", "R20", "R21", "R22", "R22W", "R23", "R25", "R25W"]
ORGANISATION_RULES = ["R03", "R05", "C08"]
REGISTRY_RULES = ["R06", "R06W"]
WANTED = {
    "administrative_licence": [*DECISION_RULES, "R10"],
    "administrative_penalty": [*DECISION_RULES, "R11", "R11W", "R12", "R12W", "R17", "R17W"],
    "enterprise_registration": [
        "E01",
        "E02",
        "E03",
        "E04",
        "E05",
        "E07",
        "R18",
        "R19",
        "R21",
        "R22",
        "R22W",
        "R23",
        "R25",
        "R25W",
    ],
    "decision_event": ["V01", "V02", "V03", "V04", "V05", "R19"],
    "decision_ledger": ["G01", "G02", "G03", "G04", "R19"],
    "organisation_registration": [*FORM_RULES, *ORGANISATION_RULES, "R13", "C01", "C09"],
    "practitioner_registration": [*FORM_RULES, "R13", "R14", "R14W", "C01", "C02", "C09"],
    "statutory_rating": [*FORM_RULES, *ORGANISATION_RULES, *REGISTRY_RULES, "R13", "C01", "C02"],
    "inspection_result": [*FORM_RULES, *ORGANISATION_RULES, *REGISTRY_RULES, "R13", "C01", "C02"],
    "honour": [*FORM_RULES, *ORGANISATION_RULES, *REGISTRY_RULES, "R13", "C01", "C02", "C03"],
    "breach_list": [*FORM_RULES, *ORGANISATION_RULES, *REGISTRY_RULES, "R13", "C01", "C02", "C03"],
    "abnormal_operation": [*FORM_RULES, *ORGANISATION_RULES, *REGISTRY_RULES, "R13", "C01", "C03"],
    "judgment_debtor": [*FORM_RULES, *ORGANISATION_RULES, *REGISTRY_RULES, "R13", "R14", "C01", "C02", "C03"],
    "contract_performance": [*FORM_RULES, *ORGANISATION_RULES, *REGISTRY_RULES, "R12", "C01", "C02", "C03"],
    "social_insurance_payment": [*FORM_RULES, *ORGANISATION_RULES, *REGISTRY_RULES, "R12", "C01", "C02"],
    "labour_violation": [*FORM_RULES, *ORGANISATION_RULES, *REGISTRY_RULES, "R12", "C01", "C02"],
    "disclosure_item": [*FORM_RULES, *ORGANISATION_RULES, *REGISTRY_RULES, "R13", "C01", "C02"],
    "commitment": [*FORM_RULES, *ORGANISATION_RULES, *REGISTRY_RULES, "R13", "R14", "C01", "C02", "C03"],
    "sector_roster": [*FORM_RULES, *ORGANISATION_RULES, *REGISTRY_RULES, "R13", "C01", "C03"],
    "training_count": [*FORM_RULES, "R03", "R13", "C01"],
    "aggregate_count": [*FORM_RULES, "R03", "R13", "C01", "C02"],
}
SEVERITY = {
    "R06": "error",
    "R10": "warning",
    "R16": "warning",
    "R18": "warning",
    "R20": "refuse",
    "R21": "warning",
    "C08": "warning",
    "E04": "warning",
    "V05": "warning",
}


def test_every_kind_has_its_rules_and_all_compile() -> None:
    assert set(WANTED) == set(KINDS)
    for kind, wanted in WANTED.items():
        rules = {rule.id: rule for rule in load_ruleset(kind).row_rules}
        assert set(wanted) <= set(rules)
        for rule in rules.values():
            assert rule.severity == SEVERITY.get(rule.id, "warning" if rule.id.endswith("W") else "error")
    assert compile_all(KINDS, {kind: load_ruleset(kind) for kind in KINDS}) > 100


@pytest.mark.parametrize("kind", WANTED)
def test_batch_rules(kind: str) -> None:
    rules = {rule.id: rule for rule in load_ruleset(kind).batch_rules}
    columns = {rule.column for rule in rules.values()}
    assert {"landed", "error_share", "duplicate_share", "unknown_code_share", "doubts"} <= columns
    assert rules["B02"].fields == [name for name in rules["B02"].fields if KINDS[kind].fields[name].required == "yes"]
    events_only = ("administrative_licence", "administrative_penalty", "decision_event", "decision_ledger")
    assert ("rows_against_last_good" in columns) == (kind not in events_only)
    assert {rule.severity for rule in rules.values() if rule.column == "duplicate_share"} == {"warning"}
    assert {rule.severity for rule in rules.values() if rule.column in ("rows_against_last_good", "error_share")} <= {
        "critical"
    }


def edited(tmp_path: Path, change) -> Path:
    """A copy of the penalty rules with a change made to the parsed content."""
    source = settings.checkout() / "expectations" / "administrative_penalty.yml"
    content = yaml.safe_load(source.read_text(encoding="utf-8"))
    change(content)
    (tmp_path / source.name).write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return tmp_path


def compiled(folder: Path) -> RowRules:
    return RowRules(KINDS["administrative_penalty"], "entity", load_ruleset("administrative_penalty", folder))


def test_a_new_rule_needs_only_the_file(tmp_path: Path) -> None:
    rule = {
        "id": "R91",
        "title": "备注不得含测试字样",
        "check": "contains_words",
        "with": {"groups": [{"words": ["测试"], "unless_after": ["非"]}]},
        "fields": ["remark"],
        "severity": "error",
        "owner": "department",
        "remedy": "删去测试数据",
        "clause": "平台要求",
    }
    rules = compiled(edited(tmp_path, lambda content: content["row_rules"].append(rule)))
    rows = [VALID[PENALTY_ENTITY] | {"remark": text} for text in ("测试", "非测试", "")]
    assert rules.apply(frame(rows), context()).errors.to_list() == ["R91", "", ""]


def test_version_follows_the_content(tmp_path: Path) -> None:
    same = load_ruleset("administrative_penalty")
    other = load_ruleset("administrative_penalty", edited(tmp_path, lambda content: content["row_rules"].pop()))
    assert same.version != other.version and len(same.version) == 12
    shutil.copy(settings.checkout() / "expectations" / "administrative_penalty.yml", tmp_path)
    assert load_ruleset("administrative_penalty", tmp_path).version == same.version


def _rule(content: dict, rule_id: str) -> dict:
    return next(rule for rule in content["row_rules"] + content["batch_rules"] if rule["id"] == rule_id)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda content: _rule(content, "R08").pop("owner"), "R08.owner"),
        (lambda content: _rule(content, "R08").update(severity="fatal"), "R08.severity"),
        (lambda content: _rule(content, "R08").update(colour="red"), "R08.colour"),
        (lambda content: _rule(content, "R08").update(id="R03"), "R03 重复"),
        (lambda content: _rule(content, "R08").update(id="rule8"), "id"),
        (lambda content: _rule(content, "R08").update(any=[{"check": "ragged"}]), "check"),
        (lambda content: _rule(content, "R09").update({"with": {"types": ["date"]}}), "any"),
        (lambda content: _rule(content, "B03").update(column="mood"), "column"),
        (lambda content: _rule(content, "B03").pop("max"), "min 或 max"),
        (lambda content: _rule(content, "B03").update(when={"mood_min": 1}), "when"),
        (lambda content: _rule(content, "B05").update(when={"delivery_mode": ["now"]}), "delivery_mode"),
        (lambda content: _rule(content, "B02").update(fields=[]), "fill_rate"),
        (lambda content: content.update(kind="administrative_licence"), "文件名不符"),
    ],
)
def test_a_mistake_in_the_file_is_told_with_its_place(tmp_path: Path, change, told: str) -> None:
    with pytest.raises(UserError, match=told):
        load_ruleset("administrative_penalty", edited(tmp_path, change))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda content: _rule(content, "R08").update(check="no_such_check"), "no_such_check"),
        (lambda content: _rule(content, "R08").update({"with": {"feild": "decision_date"}}), "R08.*field"),
        (lambda content: _rule(content, "R08").update(fields=["mood"]), "mood"),
        (lambda content: _rule(content, "R11")["with"]["needs"][0].update(positiv=True), "R11.*positiv"),
    ],
)
def test_a_mistake_in_a_condition_is_told_when_compiled(tmp_path: Path, change, told: str) -> None:
    with pytest.raises(UserError, match=told):
        compiled(edited(tmp_path, change))


def test_files_that_are_no_rules(tmp_path: Path) -> None:
    path = tmp_path / "administrative_penalty.yml"
    path.write_text("kind: [", encoding="utf-8")
    with pytest.raises(UserError, match="YAML"):
        load_ruleset("administrative_penalty", tmp_path)
    path.write_text("- 1\n", encoding="utf-8")
    with pytest.raises(UserError, match="键值"):
        load_ruleset("administrative_penalty", tmp_path)
    with pytest.raises(UserError, match="缺少规则文件"):
        load_ruleset("no_such_kind", tmp_path)
    with pytest.raises(UserError, match="变体"):
        RowRules(KINDS["administrative_penalty"], "robot", load_ruleset("administrative_penalty"))


def test_every_check_and_its_parameters_are_documented() -> None:
    page = (settings.checkout() / "docs" / "rules.md").read_text(encoding="utf-8")
    rows = {line.split("|")[1].strip(" `"): line for line in page.splitlines() if line.startswith("| `")}
    assert set(rows) == {*CHECKS, "cross_record"}
    for name, check in CHECKS.items():
        assert all(f"`{parameter}`" in rows[name] for parameter in check.parameters.model_fields)


def test_months_are_added_like_the_database_adds_them() -> None:
    assert policy.add_months(TODAY.replace(month=1, day=31), 1).isoformat() == "2026-02-28"
    assert policy.add_months(TODAY.replace(month=12, day=31), 2).isoformat() == "2027-02-28"
    assert policy.add_months(TODAY.replace(year=2024, month=2, day=29), 12).isoformat() == "2025-02-28"
