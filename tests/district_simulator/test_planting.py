"""The simulated district plants what the specification asks for, and the same for the same seed."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path
from typing import Any

import district_simulator
import pytest
from district_simulator.assemble import Assembly, assemble
from district_simulator.decisions.planting import RULES
from district_simulator.district import District, SimulatorError
from district_simulator.vocabulary import codes
from district_simulator.vocabulary.deliveries import PATTERNS
from district_simulator.vocabulary.formats import cells, json_row, plain, render
from district_simulator.vocabulary.units import DATASETS, DECISION_DATASETS, UNITS
from district_simulator.vocabulary.workcalendar import DAYS, EARLIER, deadline, live_on

SMALL = 0.05


@pytest.fixture(scope="module")
def made() -> Assembly:
    return assemble(seed=7, scale=SMALL)


def all_rows(made: Assembly):
    for deliveries in made.book.deliveries.values():
        for delivery in deliveries:
            for row in delivery.rows:
                yield delivery, row


def fingerprint(made: Assembly) -> list[object]:
    out: list[object] = []
    for deliveries in made.book.deliveries.values():
        for delivery in deliveries:
            if delivery.dataset in PATTERNS:
                out.append((delivery.name, render(delivery.same or delivery)))
            else:
                out.append((delivery.name, [json_row(r, delivery.dialect) for r in delivery.rows]))
    return out


def test_same_seed_gives_the_same_bytes(made: Assembly) -> None:
    assert fingerprint(assemble(seed=7, scale=SMALL)) == fingerprint(made)


def test_another_seed_gives_another_district(made: Assembly) -> None:
    other = assemble(seed=8, scale=SMALL)
    assert [s.name for s in other.population.subjects] != [s.name for s in made.population.subjects]


def test_nothing_of_the_product_is_imported() -> None:
    folder = Path(district_simulator.__file__).parent
    for path in folder.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"^\s*(from|import)\s+public_credit", text, re.M), path


def test_every_rule_is_planted_alone_and_in_pairs(made: Assembly) -> None:
    alone, paired = Counter[Any](), Counter[Any]()
    for plant in made.plants:
        if not plant.variants[0].alike:
            for variant in plant.variants:
                (alone if len(plant.variants) == 1 else paired)[variant.rule] += 1
    assert {r: alone[r] for r in RULES if alone[r] < 20} == {}
    assert {r: paired[r] for r in RULES if paired[r] < 20} == {}


def test_every_reported_rule_reaches_twenty_rows(made: Assembly) -> None:
    reported = Counter(rule for _, row in all_rows(made) if row.case[:1] == "F" for rule in row.rules)
    wanted = [*RULES, "R06W", "R07W", "R11W", "R12W", "R14W", "R17W"]
    assert {r: reported[r] for r in wanted if reported[r] < 20} == {}


def test_a_third_of_the_planted_are_valid_look_alikes(made: Assembly) -> None:
    planted = [row for _, row in all_rows(made) if row.case[:1] in ("F", "L")]
    alike = [row for row in planted if row.case[0] == "L"]
    assert len(alike) >= 0.3 * len(planted)
    assert {r.expect for r in alike} == {"accepted"} and not any(r.rules for r in alike)


def test_faults_lie_in_at_least_five_dialects(made: Assembly) -> None:
    dialects = defaultdict(set)
    for delivery, row in all_rows(made):
        if row.case[:1] == "F":
            for rule in row.rules:
                dialects[rule].add(delivery.dialect.id.split("_day")[0])
    bound_to_a_format = {"R22", "R23"}  # spreadsheets only, CSV only
    few = {r: len(dialects[r]) for r in RULES if len(dialects[r]) < 5 and r not in bound_to_a_format}
    assert few == {}
    assert len(set().union(*dialects.values())) >= 9


def test_every_person_number_is_of_the_reserved_region(made: Assembly) -> None:
    for _, row in all_rows(made):
        for name in ("id_no", "legal_rep_id_no"):
            number = row.get(name)
            if number and row.get(name.replace("_no", "_type")) in ("身份证", ""):
                assert number.startswith(codes.REGION), number
    eighteen = re.compile(r"(?<![0-9A-Z])\d{6}(?:19|20)\d{9}[\dX](?![0-9A-Z])")
    for delivery, row in all_rows(made):
        for value in cells(row, delivery.dialect):
            for number in eighteen.findall(plain(value)):
                assert number.startswith(codes.REGION) or codes.id_check(number[:17]) != number[17], number


def test_persons_have_no_plausible_names(made: Assembly) -> None:
    assert all(re.fullmatch(r"自然人[甲乙丙丁戊己庚辛壬癸]\d{4}", p.name) for p in made.population.persons)
    assert all(s.rep_name.startswith("法人代表") for s in made.population.subjects)


def test_subjects_are_invented_and_valid(made: Assembly) -> None:
    subjects = made.population.subjects
    assert all(codes.uscc_valid(s.uscc) and s.uscc[2:8] == codes.REGION for s in subjects)
    assert len({s.uscc for s in subjects}) == len({s.name for s in subjects}) == len(subjects)
    assert all(s.name.startswith("示范区") for s in subjects)
    assert {"91", "92", "93", "52", "12"} <= {s.uscc[:2] for s in subjects}
    assert all(codes.uscc_valid(u.uscc) for u in UNITS.values())


def test_clean_decisions_agree_with_themselves(made: Assembly) -> None:
    for _, row in all_rows(made):
        if row.table in ("cf_fr", "cf_zrr") and not row.note and row.expect == "accepted":
            kinds = row.get("penalty_category")
            assert ("罚款" in kinds) == bool(row.get("fine_amount_wan"))
            assert ("没收" in kinds) == bool(row.get("confiscated_amount_wan"))
            assert row.get("publication_end") == "" or row.get("publication_end") > row.get("decision_date")


def test_no_ordinary_delivery_drowns_in_errors(made: Assembly) -> None:
    for (dataset, day), delivery in made.book.main.items():
        if dataset in DATASETS and delivery.state == "accepted" and delivery.rows:
            errors = sum(r.expect in ("quarantined", "refused") for r in delivery.rows)
            assert errors <= 0.17 * len(delivery.rows), (dataset, day, errors, len(delivery.rows))


def test_the_holiday_decides_what_is_late() -> None:
    assert deadline(date(2026, 2, 6)) == date(2026, 2, 24)  # 14 Feb works, 15–23 Feb do not
    assert deadline(date(2026, 2, 9)) == DAYS[1]
    assert deadline(date(2026, 2, 12)) == date(2026, 2, 28)  # the make-up Saturday
    assert deadline(date(2026, 2, 13)) == DAYS[3]


def test_before_the_first_shown_day_most_comes_in_time_some_late_and_some_is_returned(made: Assembly) -> None:
    came = [
        (delivery, row)
        for day in EARLIER
        for delivery in made.book.deliveries[day]
        for row in delivery.rows
        if delivery.dataset in DECISION_DATASETS
    ]
    assert {delivery.dataset for delivery, _ in came} == set(DECISION_DATASETS)
    kinds: Counter[str] = Counter()
    for delivery, row in came:
        decided, on = date.fromisoformat(row.truth["decision_date"]), EARLIER[delivery.day]
        assert live_on(delivery.dataset) <= decided < on
        late = on > deadline(decided)
        assert late == row.case.startswith("S-late"), (decided, on)
        assert (row.expect == "quarantined") == row.case.startswith("S-back")
        kinds["late" if late else row.expect] += 1
    assert kinds["accepted"] > 5 * kinds["late"] > 0 < kinds["quarantined"] < kinds["accepted"] / 5, kinds
    kept = [
        row
        for dataset in DECISION_DATASETS
        for row in made.book.main[dataset, 1].rows
        if not row.case and date.fromisoformat(row.truth["decision_date"]) >= live_on(dataset)
    ]
    assert any(deadline(date.fromisoformat(row.truth["decision_date"])) < DAYS[1] for row in kept), "the forgotten ones"


def test_earlier_days_are_played_in_order_and_before_the_first_one_only(tmp_path: Path) -> None:
    district = District(tmp_path, scale=SMALL)
    assert district.may_play == [min(EARLIER), 1]
    district.play(min(EARLIER))
    with pytest.raises(SimulatorError, match="不能直接播放"):
        district.play(0)
    assert district.may_play == [min(EARLIER) + 1, 1] and district.next_day == 1
    district.play(1)
    assert district.may_play == [2] and District(tmp_path).accounts.counts == district.accounts.counts


def test_every_scenario_of_the_specification_is_there(made: Assembly) -> None:
    cases = {d.case for ds in made.book.deliveries.values() for d in ds}
    assert cases >= {
        "exact_redelivery",
        "corrected_redelivery",
        "truncated_roster",
        "truncated_file",
        "renamed_column",
        "empty_file",
        "zero_report",
        "back_file_2016",
        "unfinished_batch",
        "finished_batch",
    }
    prefixes = {row.case.split("-")[1] for _, row in all_rows(made) if row.case.startswith("S-")}
    assert prefixes >= {
        "aba",
        "dup",
        "two",
        "name",
        "key",
        "old",
        "holiday",
        "revoke",
        "change",
        "changed",
        "rekey",
        "founded",
        "corrected",
        "ledger",
    }
    assert not any(d.dataset.startswith("wlj.penalty") for ds in made.book.deliveries.values() for d in ds)


def test_day_one_is_large_enough_at_full_scale() -> None:
    full = assemble(seed=1, scale=1.0)
    assert sum(len(d.rows) for d in full.book.deliveries[1]) >= 30_000
