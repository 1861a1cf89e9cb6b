"""Profiles, lists and grades over four builds: additive figures, exits that stay, grades that follow records and time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date

import pytest
from public_credit.build import command
from public_credit.build import run as build
from public_credit.identifiers.codes import make_uscc
from public_credit.papers import page, person, workbook
from public_credit.papers.review import review
from public_credit.papers.subject import gather
from public_credit.subjects import nodes

from tests.conftest import Cluster, open_warehouse
from tests.dbt.person_scan import about_persons, findings
from tests.helpers.commands import credit
from tests.helpers.profiles import ID_NUMBER
from tests.helpers.records import Records
from tests.helpers.runs import run_on
from tests.papers.test_review import workbook as applicants

pytestmark = pytest.mark.slow
DAYS = [date(2026, 2, day) for day in (23, 24, 25, 26)]
FOOD, BUILD, OTHER = (make_uscc("91", f"MA90000{number}") for number in (1, 2, 3))
SCHOOL = make_uscc("12", "MA900004")
S1, S2, S3, S4 = (nodes.subject_id(("uscc", code)) for code in (FOOD, BUILD, SCHOOL, OTHER))
TOKEN = "P" + "A" * 26
TABLES = (
    "mart_subjects__enterprise",
    "mart_subjects__non_enterprise_legal_person",
    "mart_subjects__natural_person",
    "mart_subjects__link_rate",
    "mart_subjects__food_drug_grade",
    "mart_subjects__food_drug_grade_basis",
    "mart_subjects__food_drug_file",
    "mart_lists__entry",
    "mart_lists__history",
)


def _penalty(code: str, number: int, day: str, **changes: str) -> dict[str, str]:
    return {
        "uscc": code,
        "decision_no": f"示罚〔2026〕{number}号",
        "decision_date": day,
        "violation_type": "经营超过保质期的食品",
        "legal_basis": "食品安全法第一百二十四条",
        "penalty_category": "罚款",
        "publication_end": "",
        "valid_until": "2029-01-01",
    } | changes


def _sampling(code: str, number: int, day: str, result: str) -> dict[str, str]:
    return {
        "uscc": code,
        "inspection_no": f"抽〔2026〕{number}号",
        "inspected_on": day,
        "inspection_area": "食品",
        "result": result,
    }


def _first_day(r: Records) -> None:
    r.deliver(
        "enterprise_registration",
        DAYS[0],
        [
            {"name": name, "uscc": code, "business_reg_no": ""}
            for code, name in ((FOOD, "甲食品公司"), (BUILD, "乙建筑公司"), (OTHER, "丁食品商店"))
        ],
        mode="changes",
    )
    r.deliver(
        "organisation_registration", DAYS[0], [{"subject_name": "示范区第一小学", "uscc": SCHOOL}], mode="changes"
    )
    r.deliver(
        "administrative_licence",
        DAYS[0],
        [
            {"uscc": FOOD, "decision_no": "许1", "decision_title": "食品经营许可"},
            {
                "uscc": BUILD,
                "decision_no": "许2",
                "decision_title": "建筑业企业资质",
                "certificate_name": "资质证书",
                "licence_content": "总承包",
            },
            {"uscc": OTHER, "decision_no": "许3", "decision_title": "食品经营许可"},
            {"uscc": "91370399MISSING00X", "decision_no": "许4", "decision_title": "未登记主体的许可"},
        ],
    )
    r.deliver(
        "administrative_penalty",
        DAYS[0],
        [
            _penalty(FOOD, 1, "2025-12-01"),
            _penalty(FOOD, 2, "2025-03-01", penalty_category="责令关闭"),
            _penalty(BUILD, 3, "2026-01-10", violation_type="违法分包", legal_basis="建筑法第六十七条"),
            _penalty(OTHER, 4, "2025-02-26"),
        ],
    )
    r.deliver(
        "administrative_penalty",
        DAYS[0],
        [{"id_no": TOKEN, "decision_no": "示罚〔2026〕9号", "decision_date": "2026-01-05"}],
        variant="person",
        dataset="zhzf.penalty_person",
    )
    r.deliver(
        "breach_list",
        DAYS[0],
        [
            {
                "uscc": FOOD,
                "entry_no": "列1",
                "list_name": "严重违法失信企业名单",
                "entered_on": "2025-10-01",
                "removed_on": "",
            }
        ],
    )
    r.deliver("abnormal_operation", DAYS[0], [{"uscc": OTHER, "entry_no": "异1"}])
    r.deliver("honour", DAYS[0], [{"uscc": SCHOOL, "document_no": "荣1"}])
    r.deliver(
        "statutory_rating", DAYS[0], [{"uscc": BUILD, "period": "2024", "grade": "B", "decided_on": "2025-04-20"}]
    )


def _second_day(r: Records) -> None:
    """One grave penalty revoked, an exit from the list, a newer rating."""
    r.deliver(
        "decision_event",
        DAYS[1],
        [
            {
                "event_type": "撤销",
                "decision_table": "处罚",
                "decision_no": "示罚〔2026〕2号",
                "uscc": FOOD,
                "event_date": "2026-02-20",
            }
        ],
        dataset="zhzf.decision_event",
    )
    r.deliver(
        "breach_list",
        DAYS[1],
        [
            {
                "uscc": FOOD,
                "entry_no": "列1",
                "list_name": "严重违法失信企业名单",
                "entered_on": "2025-10-01",
                "removed_on": "2026-02-22",
                "removal_no": "移1",
                "removal_reason": "改正",
            }
        ],
        version="2",
    )
    r.deliver(
        "statutory_rating", DAYS[1], [{"uscc": BUILD, "period": "2025", "grade": "A", "decided_on": "2026-02-20"}]
    )


@pytest.fixture(scope="module")
def told(
    migrated: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Records, list[dict[str, list]]]]:
    """The warehouse after the last day, and what each day's marts said."""
    with (
        pytest.MonkeyPatch.context() as patch,
        open_warehouse(migrated, tmp_path_factory.mktemp("profiles"), patch) as warehouse,
    ):
        r, days = Records(warehouse), []
        _first_day(r)
        for number, day in enumerate(DAYS):
            if number == 1:
                _second_day(r)
            if number == 2:  # a person judges two firms to be one; another fails twice in sampling
                r.run(
                    "insert into ledger.judgement (decision, left_key, right_key, reason, decided_by, decided_on) "
                    "values ('same', %s, %s, '同一企业', '甲', %s)",
                    f"uscc:{FOOD}",
                    f"uscc:{BUILD}",
                    day,
                )
                r.deliver(
                    "inspection_result",
                    day,
                    [
                        _sampling(OTHER, 1, "2025-06-01", "不合格"),
                        _sampling(OTHER, 2, "2025-02-26", "不合格"),
                        _sampling(OTHER, 3, "2025-07-01", "合格"),
                    ],
                    variant="sampling",
                )
            build.run(run_on(day))
            if number == 2:  # killed at the end and run again: the same build, which adds nothing twice
                r.run("update ledger.build set state = 'open' where build_id = 3")
                assert build.run(run_on(day)).build_id == 3
            days.append(_everything(r))
        yield r, days


def _everything(r: Records) -> dict[str, list]:
    result = {}
    for table in TABLES:
        columns = [
            name
            for (name,) in r.query(
                "select column_name from information_schema.columns where table_schema = 'marts' "
                "and table_name = %s and column_name <> 'build_id' order by ordinal_position",
                table,
            )
        ]
        result[table] = sorted(
            (
                dict(zip(columns, row, strict=True))
                for row in r.query(f"select {', '.join(columns)} from marts.{table}")
            ),
            key=lambda row: json.dumps(row, default=str),
        )
    return result


def _subject_row(day: dict[str, list], code: str) -> dict:
    rows = day["mart_subjects__enterprise"] + day["mart_subjects__non_enterprise_legal_person"]
    return next(row for row in rows if row["subject_id"] == nodes.subject_id(("uscc", code)))


def _grade(day: dict[str, list], subject: str) -> dict | None:
    return next((row for row in day["mart_subjects__food_drug_grade"] if row["subject_id"] == subject), None)


def test_counts_follow_records_and_a_latest_day_is_taken_back(told) -> None:
    _, days = told
    first, second = _subject_row(days[0], FOOD), _subject_row(days[1], FOOD)
    assert (
        first["records"],
        first["licences"],
        first["penalties"],
        first["serious_penalties"],
        first["open_list_entries"],
    ) == (4, 1, 2, 0, 1), "before 2026-04-01 no class is the gravest"
    assert (second["records"], second["penalties"], second["serious_penalties"], second["open_list_entries"]) == (
        3,
        1,
        0,
        0,
    )
    assert first["on_lists"].startswith("严重违法失信企业名单（2025-10-01 列入") and second["on_lists"] == ""
    building = _subject_row(days[1], BUILD)
    assert building["latest_ratings"] == "纳税信用 A（2025 年度）" and building["ratings"] == 2
    school = _subject_row(days[0], SCHOOL)
    assert school["honours"] == 1 and school["positive_records"] == 1 and school["adverse_records"] == 0


def test_a_merge_moves_all_records_to_the_subject_that_stays(told) -> None:
    _, days = told
    assert [row["subject_id"] for row in days[2]["mart_subjects__enterprise"]].count(S2) == 0
    merged = _subject_row(days[2], FOOD)
    assert merged["records"] == _subject_row(days[1], FOOD)["records"] + _subject_row(days[1], BUILD)["records"]
    assert merged["latest_ratings"] == "纳税信用 A（2025 年度）"


def test_an_entry_that_left_stays_with_its_exit_and_history(told) -> None:
    _, days = told
    (before,), (after,) = (
        [row for row in day["mart_lists__entry"] if row["list_kind"] == "严重失信主体名单"] for day in days[:2]
    )
    assert (before["state"], before["exited_on"], before["exit_document_no"]) == ("在列", None, "")
    assert (after["state"], after["exited_on"], after["exit_document_no"], after["exit_reason"]) == (
        "已移出",
        date(2026, 2, 22),
        "移1",
        "改正",
    )
    assert after["legal_basis"] and after["authority_name"] and after["subject_id"] == S1
    spans = [
        (row["known_from"], row["known_to"], row["state"])
        for row in days[1]["mart_lists__history"]
        if row["document_no"] == "列1"
    ]
    assert sorted(spans, key=str) == [(DAYS[0], DAYS[1], "current"), (DAYS[1], None, "ended")]


def test_grade_follows_the_records_and_names_them(told) -> None:
    r, days = told
    first, second = _grade(days[0], S1), _grade(days[1], S1)
    assert (first["grade"], first["rule"]) == ("严重失信", "serious_penalty")
    assert (second["grade"], second["rule"]) == ("失信", "penalty"), "the grave penalty was revoked"
    basis = {
        row["document_no"]: row["role"]
        for row in days[1]["mart_subjects__food_drug_grade_basis"]
        if row["subject_id"] == S1
    }
    assert basis == {"示罚〔2026〕1号": "定级", "许1": "纳入"}
    assert "1 条" in second["explanation"] and second["clause"] and second["next_change_on"] == date(2026, 12, 1)
    assert _grade(days[0], S2) is None, "a building firm has no food and drug grade"
    assert _subject_row(days[1], FOOD)["food_drug_grade"] == "失信"


def test_grade_follows_the_passing_of_time_alone(told) -> None:
    _, days = told
    assert [_grade(day, S4)["grade"] for day in days] == ["失信", "失信", "失信", "守信"]
    assert _grade(days[1], S4)["rule"] == "penalty" and _grade(days[2], S4)["next_change_on"] == date(2026, 2, 26)
    last = {
        row["document_no"]: row["role"]
        for row in days[3]["mart_subjects__food_drug_grade_basis"]
        if row["subject_id"] == S4
    }
    assert set(last.values()) == {"纳入"}, "nothing adverse lies in the window any more"
    assert _subject_row(days[3], OTHER)["food_drug_grade"] == "守信"


def test_link_rate_has_its_denominator_and_follows_links(told) -> None:
    _, days = told
    rate = {
        row["kind"]: (row["accepted"], row["linked"], float(row["link_rate"]))
        for row in days[0]["mart_subjects__link_rate"]
    }
    assert rate["administrative_licence"] == (4, 3, 0.75)
    assert rate["administrative_penalty"] == (4, 4, 1.0), "persons' records are not in it"


def test_a_person_has_facts_in_a_role_and_nothing_else(told) -> None:
    _, days = told
    (fact,) = days[0]["mart_subjects__natural_person"]
    assert (fact["person_ref"], fact["role"], fact["document_no"]) == (TOKEN, "被处罚人", "示罚〔2026〕9号")
    assert "name" not in " ".join(fact) or {"authority_name"} == {key for key in fact if "name" in key}


def test_report_and_review_read_the_marts_as_they_are_built(told) -> None:
    _, days = told
    profile = _subject_row(days[-1], FOOD)
    report = gather(run_on(who="甲"), FOOD, level="封存", purpose="审计")
    assert {name: value for name, _, value, _ in report.figures} == {name: profile[name] for name, *_ in report.figures}
    assert {part.section.figure: part.counted for part in report.sections} == {
        part.section.figure: profile[part.section.figure] for part in report.sections
    }
    standing = [row for part in report.sections for row in part.rows if row["state"] not in ("已撤销", "已更正")]
    assert len(standing) == profile["records"] and report.grade["grade"] == profile["food_drug_grade"]
    assert {item["role"] for item in report.grade_basis} == {"定级", "纳入"}
    assert "经营超过保质期的食品" in page.subject_page(report, "校验码") and workbook.subject_workbook(report, "校验码")
    lines = review(
        run_on(who="甲"),
        applicants(["名称", "统一社会信用代码"], [["甲食品公司", FOOD], ["丁食品商店", ""]]),
        purpose="纳税信用审查",
    ).lines
    assert [line.hint for line in lines] == ["未发现在列名单和未到期的严重处罚", "经营异常名录 1 条"]
    assert lines[1].hits[0]["basis"] == "企业信息公示暂行条例第17条" and lines[1].hits[0]["document_no"] == "异1"
    ids = person.gather(run_on(who="甲"), ID_NUMBER, purpose="本人查询")
    assert ids.roles == []


def test_no_schema_holds_a_profile_of_persons(told) -> None:
    r, _ = told
    with r.warehouse.connect("owner") as owner:
        assert findings(owner) == []
        spoken = about_persons(owner)
    assert {
        "marts.mart_subjects__natural_person",
        "intermediate.int_records__current",
        "raw.administrative_penalty",
    } <= set(spoken)


def test_a_day_with_nothing_new_changes_no_profile(told) -> None:
    r, _ = told
    counters = r.query("select count(*) from intermediate.int_subjects__counter")
    assert r.build(DAYS[-1]).build_id is None
    assert r.query("select count(*) from intermediate.int_subjects__counter") == counters


def test_unit_tests_of_profiles_pass(told) -> None:
    names = [
        "mart_subjects__food_drug_grade",
        "int_food_drug__fact",
        "mart_subjects__natural_person",
        "mart_subjects__link_rate",
    ]
    tested = command.invoke(
        ["test", "--select", *(f"{name},test_type:unit" for name in names)],
        {"build_id": 4, "business_date": "2026-02-26"},
    )
    assert len(tested.results) == 5


def test_the_command_answers_on_both_axes(told) -> None:
    r, days = told
    before = credit("subjects", "as-of", FOOD, "--known-on", "2026-02-23", "--json").json
    after = credit("subjects", "as-of", FOOD, "--known-on", "2026-02-26", "--about", "2026-02-24", "--json").json
    states = [{row["document_no"]: row["state"] for row in answer} for answer in (before, after)]
    assert states[0]["示罚〔2026〕2号"] == "current" and states[0]["列1"] == "current"
    assert states[1]["示罚〔2026〕2号"] == "revoked" and states[1]["列1"] == "ended"
    told_on_paper = credit("subjects", "as-of", FOOD, "--known-on", "2026-02-26").out
    assert "已撤销" in told_on_paper and "示罚〔2026〕2号" in told_on_paper
