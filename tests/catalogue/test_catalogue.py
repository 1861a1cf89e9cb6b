"""The catalogue: every sector served or refused, mistakes named with file, line and remedy, limits kept."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml
from public_credit.catalogue import load_catalogue, read
from public_credit.catalogue.load import default_root
from public_credit.catalogue.sectors import SECTOR_IDS
from public_credit.catalogue.source import Problem
from public_credit.land.rules import load_ruleset

from tests.conftest import DEMO

CATALOGUE = load_catalogue()
PERSON_VARIANTS = (
    "administrative_licence",
    "administrative_penalty",
    "practitioner_registration",
    "judgment_debtor",
    "commitment",
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of the product's catalogue and of the demo's district to spoil, in one folder."""
    shutil.copytree(default_root(), tmp_path / "both")
    return Path(shutil.copytree(DEMO, tmp_path / "both", dirs_exist_ok=True))


def spoil(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def problem(root: Path, file: str, reason: str) -> Problem:
    """The one mistake of ``file`` that speaks of ``reason``."""
    (found,) = [item for item in read(root, root)[1] if item.file == file and reason in item.reason]
    assert found.remedy
    return found


# --- every sector of the plan -----------------------------------------------------------------------------------
def test_every_sector_is_there_with_a_dataset_of_a_responsible_unit():
    assert tuple(CATALOGUE.sectors) == SECTOR_IDS
    for sector_id in CATALOGUE.sectors:
        units = {dataset.unit for dataset in CATALOGUE.datasets.values() if sector_id in dataset.sectors}
        responsible = CATALOGUE.district.sectors[sector_id]
        assert set(responsible) & units, f"{sector_id}: none of {responsible} delivers it"


def test_sectors_with_aggregates_only_have_no_register_of_persons():
    for sector_id in ("D03", "D22", "D27", "D30"):
        kinds = {dataset.kind for dataset in CATALOGUE.datasets.values() if sector_id in dataset.sectors}
        assert kinds <= {"aggregate_count", "training_count"}, sector_id


def test_units_of_every_nature_deliver():
    natures = [unit.nature for unit in CATALOGUE.units.values()]
    assert len(natures) >= 27
    assert natures.count("镇街") == 4 and {"部门", "开发区", "双管单位", "司法机关"} <= set(natures)


def test_at_least_eight_units_differ_in_channel_dialect_and_mix_of_kinds():
    signatures = {
        (dataset.channel.type, getattr(dataset.channel, "format", ""), getattr(dataset.channel, "encoding", ""))
        for dataset in CATALOGUE.datasets.values()
        if dataset.channel.type != "hand_in"
    }
    mixes = {frozenset(dataset.kind for dataset in unit.datasets) for unit in CATALOGUE.units.values()}
    assert len(signatures) >= 8 and len(mixes) >= 8


def test_units_of_the_catalogue_may_stand_as_authority():
    assert {unit.uscc for unit in CATALOGUE.units.values()} <= CATALOGUE.supplier_usccs
    assert CATALOGUE.units["fy"].uscc in CATALOGUE.supplier_usccs


# --- limits -----------------------------------------------------------------------------------------------------
def test_persons_appear_in_catalogue_roles_only_and_are_never_public():
    for dataset in CATALOGUE.datasets.values():
        if dataset.variant == "person":
            assert dataset.kind in PERSON_VARIANTS, dataset.id
            assert dataset.disclosure in ("政务共享", "封存"), dataset.id
    assert CATALOGUE.datasets["sfj.commitment_person"].disclosure == "封存"


def test_registers_are_full_snapshots_with_a_floor():
    for dataset in CATALOGUE.datasets.values():
        if dataset.kind in ("organisation_registration", "practitioner_registration"):
            assert dataset.delivery_mode == "full_snapshot" and dataset.floor > 0, dataset.id


def test_every_refusal_the_limits_ask_for_is_there():
    titles = {entry.title for entry in CATALOGUE.refused.values()}
    assert titles >= {
        "保障性住房个人黑名单",
        "低收入家庭经济核对",
        "学生诚信",
        "社区矫正",
        "公民交通违法",
        "网络黑名单与上网行为",
        "计划生育",
        "公务员个人事项",
        "信访",
    }


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("低收入家庭经济核对_20260225.csv", "low_income_check"),
        ("2026年度 公务员 个人有关事项（汇总）.xlsx", "official_personal_matters"),
        ("学生_诚信.csv", "student_honesty"),
        ("student_honesty", "student_honesty"),
        ("双公示_行政处罚_法人_20260225.csv", None),
        ("行贿档案查询次数.csv", None),
    ],
)
def test_refused_things_are_recognised_by_name(name: str, expected: str | None):
    assert CATALOGUE.refusal(name) == expected


def test_nothing_that_is_rightly_delivered_sounds_refused():
    for unit in CATALOGUE.units.values():
        for dataset in unit.datasets:
            names = [dataset.id, dataset.title, unit.name, *getattr(dataset.channel, "patterns", [])]
            assert [name for name in names if CATALOGUE.refusal(name)] == []
    measures = CATALOGUE.kinds["aggregate_count"].code_lists["aggregate_measure"].values
    assert [name for name in measures if CATALOGUE.refusal(name)] == []


def test_no_file_belongs_to_two_datasets_of_a_unit():
    from fnmatch import fnmatchcase

    for unit in CATALOGUE.units.values():
        patterns = [
            (dataset.id, pattern) for dataset in unit.datasets for pattern in getattr(dataset.channel, "patterns", [])
        ]
        for dataset_id, pattern in patterns:
            name = pattern.replace("*", "20260225")
            assert [other for other, wanted in patterns if fnmatchcase(name, wanted)] == [dataset_id]


# --- mistakes ---------------------------------------------------------------------------------------------------
def test_a_sector_nobody_serves_is_no_mistake_but_a_thing_to_be_done(root: Path):
    (root / "departments" / "swj.yml").unlink()
    catalogue, problems = read(root, root)
    assert problems == [] and catalogue.absent.units == ("swj",) and catalogue.absent.sectors == {"D07": None}


def test_a_refusal_serves_a_sector_too(root: Path):
    (root / "departments" / "jtj.yml").unlink()
    catalogue, problems = read(root, root)
    assert problems == [] and catalogue.absent.units == ("jtj",), "D22 has a refused entry"
    assert catalogue.absent.sectors == {}


def test_a_missing_and_an_invented_sector_are_mistakes(root: Path):
    spoil(root / "sectors.yml", "D35:", "D36:")
    assert "补上" in problem(root, "sectors.yml", "缺少领域 D35").remedy
    assert problem(root, "sectors.yml", "没有领域 D36").line > 1


def test_a_dataset_without_or_with_an_unknown_sector_is_a_mistake(root: Path):
    path = root / "departments" / "zfb.yml"
    lines = path.read_text(encoding="utf-8").splitlines()
    spoil(path, "    sectors: [D01]\n", "")
    assert problem(root, "departments/zfb.yml", "缺少必填项").where == "datasets.0.sectors"
    path.write_text("\n".join(lines).replace("[D01]", "[D99]", 1), encoding="utf-8")
    found = problem(root, "departments/zfb.yml", "没有领域 D99")
    assert found.line == lines.index("    sectors: [D01]") + 1


def test_a_dataset_of_something_refused_is_a_mistake(root: Path):
    spoil(root / "departments" / "jtj.yml", "title: 教育科研从业人员信用档案数", "title: 学生诚信档案")
    assert problem(root, "departments/jtj.yml", "依法不得归集").where == "datasets.0.title"


def test_a_refusal_without_reason_or_with_an_unknown_sector_is_a_mistake(root: Path):
    path = root / "refused.yml"
    spoil(path, "  reason: 信访不得作为失信信息\n", "")
    spoil(path, "sectors: [D22]", "sectors: [D77]")
    missing = problem(root, "refused.yml", "缺少必填项")
    assert missing.where == "petition.reason"
    assert path.read_text(encoding="utf-8").splitlines()[missing.line - 1] == "petition:"
    assert problem(root, "refused.yml", "没有领域 D77").where == "student_honesty.sectors"


def test_two_units_with_one_code_are_a_mistake(root: Path):
    spoil(root / "departments" / "zfb.yml", CATALOGUE.units["zfb"].uscc, CATALOGUE.units["fgj"].uscc)
    assert problem(root, "departments/zfb.yml", "统一社会信用代码与示范区发展和改革局的相同").where == "uscc"


@pytest.mark.parametrize("kind", sorted(CATALOGUE.kinds))
def test_what_is_no_roster_is_not_delivered_as_one(root: Path, kind: str):
    """A full snapshot ends what it lacks: of decisions, events and counts nothing ends so, and no rule would look at it."""
    dataset = next(one for one in CATALOGUE.datasets.values() if one.kind == kind)
    path = root / "departments" / f"{dataset.unit}.yml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    for told in content["datasets"]:
        if told["id"] == dataset.id:
            told["delivery_mode"] = "full_snapshot"
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    refused = [one for one in read(root, root)[1] if one.where.endswith("delivery_mode")]
    compared = any(rule.column == "kept_share" for rule in load_ruleset(kind).batch_rules)
    assert [one.file for one in refused] == ([] if compared else [f"departments/{dataset.unit}.yml"])
