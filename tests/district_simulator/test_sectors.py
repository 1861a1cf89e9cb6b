"""The sectors of the simulated district: what is planted, who is who, what the answer key says of it."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from district_simulator.assemble import Assembly, assemble
from district_simulator.district import District
from district_simulator.sectors import food
from district_simulator.sectors.ordinary import SILENT
from district_simulator.sectors.planting import RULES
from district_simulator.sectors.stories import ROSTER
from district_simulator.vocabulary import codes
from district_simulator.vocabulary.formats import cells, plain
from district_simulator.vocabulary.sector_datasets import SECTOR_DATASETS, SECTOR_UNITS
from district_simulator.vocabulary.subjects import Person
from district_simulator.vocabulary.units import UNITS

WANTED = [
    "R01",
    "R03",
    "R05",
    "R06",
    "R06W",
    "R09",
    "R13",
    "R14",
    "R15",
    "R18",
    "R19",
    "R20",
    "R21",
    "R22",
    "R23",
    "C01",
    "C02",
    "C03",
    "C08",
    "C09",
]


@pytest.fixture(scope="module")
def made() -> Assembly:
    return assemble(seed=11, scale=0.02)


def deliveries(made: Assembly):
    for day, sent in made.book.deliveries.items():
        for delivery in sent:
            if delivery.dataset in SECTOR_DATASETS:
                yield day, delivery


def planted(made: Assembly) -> list:
    return [row for _, d in deliveries(made) for row in d.rows if row.case[:2] in ("ZF", "ZL")]


def test_every_rule_is_planted_twenty_times_with_a_third_of_look_alikes(made: Assembly) -> None:
    assert set(WANTED) <= set(RULES)
    rows = planted(made)
    reported = Counter(rule for row in rows for rule in row.rules)
    assert {rule: reported[rule] for rule in RULES if reported[rule] < 20} == {}
    alike = [row for row in rows if row.case.startswith("ZL")]
    assert len(alike) >= 0.3 * len(rows)
    assert all(row.expect == "accepted" and not row.rules for row in alike)


@pytest.mark.parametrize("scale", [0.02, 1.0])
def test_no_delivery_drowns_in_errors(scale: float) -> None:
    made = assemble(seed=1, scale=scale)
    for day, delivery in deliveries(made):
        if delivery.state == "accepted" and delivery.rows:
            for what, share in (
                (lambda r: r.expect != "accepted" and r.expect != "duplicate", 0.27),
                (lambda r: "R13" in r.rules, 0.15),
                (lambda r: bool(r.ragged), 0.15),
            ):
                assert sum(map(what, delivery.rows)) <= share * len(delivery.rows), (delivery.dataset, day)
    if scale == 1.0:
        assert 6_000 <= sum(len(d.rows) for day, d in deliveries(made) if day == 1) <= 20_000


def test_every_stream_delivers_and_one_unit_is_silent(made: Assembly) -> None:
    sent = {d.dataset for _, d in deliveries(made)}
    assert {d for d in SECTOR_DATASETS if d not in sent} == {d for d in SECTOR_DATASETS if d.split(".")[0] in SILENT}
    later = {day: {d.dataset for on, d in deliveries(made) if on == day} for day in (2, 3)}
    assert len(later[2]) >= 20 and len(later[3]) >= 20


def test_eight_units_differ_in_channel_headings_and_mix_of_kinds() -> None:
    streams: dict[str, set] = defaultdict(set)
    for dataset in SECTOR_DATASETS.values():
        streams[dataset.unit].add(
            (dataset.table.split(".")[0], dataset.style, bool(dataset.own), dataset.dates, dataset.form)
        )
    shapes = {
        (UNITS[unit].channel, frozenset(s[1:] for s in found), frozenset(s[0] for s in found))
        for unit, found in streams.items()
    }
    assert len(shapes) >= 8
    assert len({s.style for s in SECTOR_DATASETS.values()}) >= 8
    assert len(UNITS) >= 25 and {"town_east", "street_south", "kfq", "xfdd"} <= set(SECTOR_UNITS)


def test_codes_are_valid_and_of_the_reserved_region(made: Assembly) -> None:
    groups = made.organisations.groups
    everybody = [
        *groups.institutions,
        *groups.social,
        *groups.bodies,
        *made.stories.firms,
        *(s for spare in groups.spare.values() for s in spare),
    ]
    assert all(codes.uscc_valid(s.uscc) and s.uscc[2:8] == codes.REGION for s in everybody)
    assert all(not s.predecessor or codes.uscc_valid(s.predecessor) for s in everybody)
    assert len({s.uscc for s in everybody}) == len(everybody)
    names = Counter(s.name for s in everybody)
    namesakes = {s.name for s in made.stories.namesakes}
    assert {n for n, count in names.items() if count > 1} == namesakes
    assert not {s.name for s in made.population.subjects} & set(names)
    assert all(s.name.startswith(("示范", "市", "国家税务总局示范区")) for s in everybody)


def test_persons_carry_reserved_numbers_and_no_plausible_names(made: Assembly) -> None:
    eighteen = re.compile(r"(?<![0-9A-Z])\d{6}(?:19|20)\d{9}[\dX](?![0-9A-Z])")
    for _, delivery in deliveries(made):
        for row in delivery.rows:
            if isinstance(row.subject, Person):
                assert re.fullmatch(r"自然人[甲乙丙丁戊己庚辛壬癸]\d{4}", row.subject.name)
            for value in cells(row, delivery.dialect):
                for number in eighteen.findall(plain(value)):
                    assert number.startswith(codes.REGION) or codes.id_check(number[:17]) != number[17], number


def test_no_two_clean_rows_are_one_record(made: Assembly) -> None:
    keys = Counter(row.key for day, d in deliveries(made) if day == 1 for row in d.rows if row.expect == "accepted")
    assert {key: n for key, n in keys.items() if n > 1} == {}


def test_forbidden_and_unknown_columns_and_refused_files(made: Assembly) -> None:
    headings = {h for _, d in deliveries(made) for field, h in d.dialect.columns if field is None}
    assert {"既往病史", "计划生育情况", "信访情况", "项目经办人", "联系方式"} <= headings
    files = [r for day in made.book.refused.values() for r in day]
    assert {"低收入家庭经济核对", "学生诚信", "社区矫正", "信访"} <= {r.title for r in files}
    assert all(r.numbers and all(n.startswith(codes.REGION) for n in r.numbers) for r in files)


def test_grades_by_the_words_of_the_rule() -> None:
    by_day = {day: Counter(food.grade(day, s) for s in food.STORIES for _ in range(s.count)) for day in (1, 2, 3)}
    assert set(by_day[1]) == {"严重失信", "失信", "守信", "示范守信"}
    leaving = next(s for s in food.STORIES if s.fined == (food._LEAVING,))
    assert [food.grade(day, leaving) for day in (1, 2, 3)] == ["失信", "失信", "守信"], "twelve months are over"
    revoked = next(s for s in food.STORIES if s.revoked)
    assert [food.grade(day, revoked) for day in (1, 2, 3)] == ["失信", "守信", "守信"]
    twice = next(s for s in food.STORIES if s.later == "failed")
    assert [food.grade(day, twice) for day in (1, 2, 3)] == ["守信", "失信", "失信"]


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> tuple[District, Path]:
    district = District(tmp_path_factory.mktemp("state") / "simulator", seed=11, scale=0.02)
    for day in (1, 2, 3):
        district.play(day)
    district.stop()
    return district, district.home / "answer_key"


def _told(answered: tuple[District, Path], day: int) -> dict[str, dict]:
    """Case of a story → the answer about its row."""
    district, folder = answered
    place = {(b.delivery.day, b.row.dataset, b.delivery.name, b.row_no): b.row.case for b in district.accounts.booked}
    lines = [json.loads(x) for x in (folder / f"day{day}_subjects.jsonl").read_text(encoding="utf-8").splitlines()]
    found = {place[x["day"], x["dataset"], x["file"], x["row_no"]]: x for x in lines}
    return {case: x for case, x in found.items() if case.startswith("SU-")}


def test_the_answers_tell_each_story(answered: tuple[District, Path]) -> None:
    told = _told(answered, 3)
    expected = {
        "oldcode": "",
        "oldorg": "",
        "newcode": "",
        "latercode": "",
        "shop": "",
        "grown": "",
        "renamed": "",
        "ended": "",
        "sharedreg": "ambiguous",
        "sharing": "",
        "namesake": "ambiguous",
        "plain": "",
        "sharedcert": "ambiguous",
        "club": "",
    }
    for case, answer in told.items():
        word = case.split("-")[1]
        if word == "unknown":
            assert answer["reason"] in ("name_unknown", "not_in_registry") and not answer["subject"], case
        else:
            assert answer["reason"] == expected[word], (case, answer)
            assert bool(answer["subject"]) == (expected[word] == ""), (case, answer)
    assert {case.split("-")[1] for case in told} == {*expected, "unknown"}


def test_a_code_issued_anew_on_day_three_changes_the_subject_of_old_records(answered: tuple[District, Path]) -> None:
    first, last = _told(answered, 2), _told(answered, 3)
    cases = [case for case in first if case.startswith("SU-latercode")]
    assert cases
    for case in cases:
        old = first[case]["subject"]
        assert last[case]["subject"] == answered[0].book.reissued[old] != old


def test_two_firms_with_one_wrong_number_stay_two(answered: tuple[District, Path]) -> None:
    told = _told(answered, 3)
    subjects = {x["subject"] for case, x in told.items() if case.startswith("SU-sharing")}
    assert len(subjects) == len([case for case in told if case.startswith("SU-sharing")])


def test_lists_know_exits_terms_repairs_and_objections(answered: tuple[District, Path]) -> None:
    states = {day: json.loads((answered[1] / f"day{day}_lists.json").read_text(encoding="utf-8")) for day in (1, 2, 3)}
    assert {x["list"] for x in states[3]} == {"red", "black", "abnormal", "debtor"}
    assert {x["state"] for x in states[3]} == {"current", "expired", "ended", "revoked", "repaired"}
    assert sum(x["objected"] for x in states[2]) > sum(x["objected"] for x in states[3]) > 0
    before = {(x["dataset"], x["document_no"]): x["state"] for x in states[2]}
    expired = [
        x for x in states[3] if x["state"] == "expired" and before.get((x["dataset"], x["document_no"])) == "current"
    ]
    assert len(expired) >= 4, "terms end between day 2 and day 3 without a delivery"


def test_counts_of_every_delivery_add_up(answered: tuple[District, Path]) -> None:
    for day in (1, 2, 3):
        for count in json.loads((answered[1] / f"day{day}_counts.json").read_text(encoding="utf-8")):
            if count["state"] not in ("held", "broken"):
                assert count["rows_in"] == sum(count[k] for k in ("accepted", "quarantined", "duplicate", "refused")), (
                    count
                )
    held = json.loads((answered[1] / "day2_counts.json").read_text(encoding="utf-8"))
    assert {"jgbz.public_institution", ROSTER} <= {c["dataset"] for c in held if c["state"] == "held"}
