"""What ``reports.yml`` names exists: kinds, figures of the marts, disclosure levels of the catalogue."""

from __future__ import annotations

from typing import get_args

import yaml
from public_credit.catalogue import load_catalogue
from public_credit.catalogue.models import Disclosure
from public_credit.ledger.states import RecordState
from public_credit.papers import policy as policies

from tests.conftest import CHECKOUT


def _columns(model: str) -> set[str]:
    path = CHECKOUT / "dbt_project" / "models" / "subjects" / f"{model}.yml"
    (entry,) = yaml.safe_load(path.read_text(encoding="utf-8"))["models"]
    return {column["name"] for column in entry["columns"]}


def test_sections_hold_every_kind_of_record_of_organisations_once() -> None:
    policy, topics = (
        policies.load(),
        (CHECKOUT / "dbt_project/seeds/policy/record_topic.csv").read_text(encoding="utf-8"),
    )
    kinds = {line.split(",")[0] for line in topics.splitlines()[1:]}
    organisations = {kind for kind in kinds if set(load_catalogue().kinds[kind].variants) != {"person"}}
    placed = [kind for section in policy.sections for kind in section.kinds]
    assert sorted(placed) == sorted(organisations)


def test_figures_are_columns_of_both_profiles_and_defined() -> None:
    policy = policies.load()
    wanted = set(policy.figures) | {section.figure for section in policy.sections}
    for mart in ("mart_subjects__enterprise", "mart_subjects__non_enterprise_legal_person"):
        assert wanted <= _columns(mart), mart
    assert all(figure.definition for figure in policy.figures.values())


def test_levels_are_the_catalogues_in_order_of_openness_and_every_rule_has_its_clause() -> None:
    policy = policies.load()
    assert tuple(policy.levels) == get_args(Disclosure) and set(policy.level_purposes) == set(policy.levels)
    assert all(rule.clause and rule.reason and rule.shown_from in policy.levels for rule in policy.hiding)
    assert policy.scope


def test_every_kind_of_record_has_one_vocabulary_with_a_word_for_every_state() -> None:
    policy = policies.load()
    topics = (CHECKOUT / "dbt_project/seeds/policy/record_topic.csv").read_text(encoding="utf-8")
    assert sorted(kind for entry in policy.states for kind in entry.kinds) == sorted(
        {line.split(",")[0] for line in topics.splitlines()[1:]}
    )
    for entry in policy.states:
        assert set(entry.words) == set(RecordState) and len(set(entry.words.values())) == len(RecordState), entry.kinds
    for kind in ("administrative_licence", "administrative_penalty"):
        states = policy.states_of(kind)
        assert not any("列" in word or "移出" in word for word in (*states.words.values(), states.left)), kind
    assert policy.states_of("judgment_debtor").left == "屏蔽" and policy.states_of("breach_list").left == "移出"


def test_each_section_tells_states_in_one_vocabulary() -> None:
    policy = policies.load()
    for section in policy.sections:
        assert len({id(policy.states_of(kind)) for kind in section.kinds}) == 1, section.id


def test_rules_and_figures_name_what_there_is() -> None:
    policy = policies.load()
    columns: dict[str, set[str]] = {
        "kinds": set(load_catalogue().kinds),
        "states": set(RecordState),
        "severities": {"minor", "general", "serious", "undetermined"},
        "natures": {"基础信息", "失信信息", "守信信息", "其他信息"},
    }
    for meant in (*policy.hiding, *policy.figures.values()):
        for column, known in columns.items():
            assert set(getattr(meant, column)) <= known, meant


def test_an_unknown_level_is_the_most_restricted() -> None:
    policy = policies.load()
    assert policy.rank("没有的级别") > policy.rank("封存"), "an unknown level is the most restricted"
