"""Target figures and their editions on a real warehouse: two builds, an edition between them, a restatement after them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
import xlsxwriter
from public_credit.base.messages import UserError
from public_credit.build import command
from public_credit.build import run as build
from public_credit.editions import diff as edition_diff
from public_credit.editions import run as editions
from public_credit.steps import work

from tests.conftest import open_warehouse
from tests.helpers.commands import credit
from tests.helpers.records import Records
from tests.helpers.registers import code
from tests.helpers.runs import run_on

pytestmark = pytest.mark.slow
ON, NEXT = date(2026, 2, 25), date(2026, 2, 26)
UNKNOWN = code(99)


def _firm(number: int, **changes: str) -> dict[str, str]:
    return {"uscc": code(number), "name": f"示范区甲{number:06d}商贸有限公司", "established_on": "2016-01-05"} | changes


def _licence(number: int, on: str, decision: str) -> dict[str, str]:
    return {
        "uscc": code(number),
        "subject_name": f"示范区甲{number:06d}商贸有限公司",
        "decision_no": decision,
        "decision_date": on,
        "valid_from": on,
    }


def _listed(uscc: str, **changes: str) -> dict[str, str]:
    return {
        "roster_name": "工程建设企业",
        "uscc": uscc,
        "subject_name": f"名册内{uscc[-6:]}公司",
        "listed_on": "2017-05-10",
    } | changes


def _reported(month: str, measure: str, numerator: int, denominator: str, **changes: str) -> dict[str, str]:
    return {"measure": measure, "month": month, "numerator": str(numerator), "denominator": denominator} | changes


def _reviewed(patch: pytest.MonkeyPatch, path: Path) -> None:
    """An office has its applicants reviewed on the first day: twice in one area, once in none."""
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["申请单位名称", "统一社会信用代码"])
        sheet.write_row(1, 0, ["示范区甲000001商贸有限公司", code(1)])
    with patch.context() as clock:
        clock.setenv("PCW_BUSINESS_DATE", ON.isoformat())
        for area in ("", "政府资金补助", "政府资金补助"):
            assert (
                credit(
                    "report",
                    "review",
                    path,
                    "--purpose",
                    "补助审查",
                    "--area",
                    area,
                    "-o",
                    path.with_suffix(".out.xlsx"),
                ).code
                == 0
            )


@dataclass
class Story:
    """What two builds and the editions between them left behind."""

    warehouse: Any
    records: Records
    original: int
    before: list[tuple[Any, ...]]
    restated: editions.Drafted

    def figure(self, target: str, month_end: str, unit: str = "") -> tuple[Any, ...]:
        rows = self.records.query(
            "select numerator, denominator, percent, state from marts.mart_targets__progress where target_id = %s and month_end = %s "
            "and unit_id = %s order by goal_no",
            target,
            month_end,
            unit,
        )
        return rows[0] if rows else ()


def _frozen(records: Records, edition: int) -> list[tuple[Any, ...]]:
    return [
        *records.query("select * from ledger.edition where id = %s", edition),
        *records.query("select * from ledger.edition_figure where edition_id = %s order by 2, 3, 4", edition),
        *records.query("select * from ledger.edition_item where edition_id = %s order by 2, 3", edition),
    ]


@pytest.fixture(scope="module")
def story(migrated, tmp_path_factory) -> Iterator[Story]:
    """A district of five firms: a build, the edition of 2020, then corrections and a restatement."""
    with (
        pytest.MonkeyPatch.context() as patch,
        open_warehouse(migrated, tmp_path_factory.mktemp("targets"), patch) as warehouse,
    ):
        records = Records(warehouse)
        firms = [_firm(1), _firm(2), _firm(3, established_on="2019-07-01"), _firm(4, state="注销"), _firm(5)]
        records.deliver(
            "enterprise_registration", ON, firms, mode="full_snapshot", dataset="scjg.enterprise_registration"
        )
        records.deliver(
            "administrative_licence",
            ON,
            [
                _licence(1, "2018-03-10", "许1"),
                _licence(2, "2019-06-01", "许2"),
                _licence(2, "2020-02-01", "许3"),
                _licence(5, "2021-04-01", "许5"),
            ],
        )
        records.deliver(
            "sector_roster", ON, [_listed(code(1)), _listed(code(3)), _listed(UNKNOWN)], mode="full_snapshot"
        )
        records.deliver(
            "aggregate_count",
            ON,
            [
                _reported("2019-06", "工程建设从业人员信用档案数", 60, "80"),
                _reported("2020-06", "工程建设从业人员信用档案数", 70, ""),
                _reported("2020-06", "自然人信用档案数", 5000, "9000"),
            ],
        )
        records.deliver(
            "training_count",
            ON,
            [
                {"month": "2018-11", "staff_count": "100", "trained_count": "84"},
                {
                    "month": "2018-11",
                    "staff_count": "7",
                    "trained_count": "3",
                    "unit_uscc": "11370399000001169Q",
                    "unit_name": "示范区财政局",
                },
                {
                    "month": "2018-11",
                    "staff_count": "40",
                    "trained_count": "20",
                    "unit_uscc": "11370399000001150U",
                    "unit_name": "示范区发展和改革局",
                },
            ],
        )
        build.run(run_on(ON))
        made = editions.draft(run_on(who="起草人"), 2020)
        with pytest.raises(UserError, match="指纹"):
            editions.approve(run_on(who="领导"), made.edition_id, "0" * 64)
        with pytest.raises(UserError, match="不能定稿"):
            editions.freeze(run_on(ON), made.edition_id)
        editions.approve(run_on(who="领导"), made.edition_id, made.content_hash)
        editions.freeze(run_on(ON), made.edition_id)
        before = _frozen(records, made.edition_id)
        assert editions.draft(run_on(who="起草人"), 2020).edition_id is None, "nothing changed"
        _reviewed(patch, tmp_path_factory.mktemp("applicants") / "名单.xlsx")
        records.deliver(
            "administrative_licence", NEXT, [_licence(2, "2017-09-01", "许0"), _licence(3, "2020-12-31", "许6")]
        )
        records.deliver("decision_event", NEXT, [{"decision_no": "许1", "uscc": code(1), "event_date": "2026-02-20"}])
        records.deliver("aggregate_count", NEXT, [_reported("2020-06", "工程建设从业人员信用档案数", 70, "90")])
        build.run(run_on(NEXT))
        with pytest.raises(UserError, match="原因"):
            editions.draft(run_on(who="起草人"), 2020)
        restated = editions.draft(run_on(who="起草人"), 2020, "补报与撤销")
        yield Story(warehouse, records, made.edition_id, before, restated)


def test_coverage_counts_subjects_alive_from_their_first_event_on(story: Story) -> None:
    assert story.figure("T05", "2017-08-31") == (0, 3, Decimal(0), "落后"), (
        "firms 1, 2 and 5; firm 4 ended at an unknown day"
    )
    assert story.figure("T05", "2017-09-30")[:2] == (1, 3), (
        "a record delivered later with an earlier event changes history"
    )
    assert story.figure("T05", "2018-03-31")[:2] == (1, 3), "a revoked licence makes no archive"
    assert story.figure("T05", "2019-07-31")[:2] == (1, 4), "firm 3 is counted from the month it was founded"
    assert story.figure("T05", "2020-12-31") == (2, 4, Decimal(50), "落后")
    assert story.figure("T05", "2021-04-30") == (3, 4, Decimal(75), "逾期")


def test_a_body_no_register_knows_counts_and_is_listed_as_uncovered(story: Story) -> None:
    assert story.figure("T07", "2017-04-30") == (0, None, None, "缺分母")
    assert story.figure("T07", "2020-12-31")[:2] == (1, 3)
    listed = story.records.query(
        "select uscc, reason from marts.mart_targets__uncovered where target_id = 'T07' order by 2, 1"
    )
    assert listed == [(code(1), "尚无目录记录"), (UNKNOWN, "登记库中没有该主体")]
    covered = story.records.query(
        "select uscc, first_covered_on, topic from marts.mart_targets__covered where target_id = 'T07'"
    )
    assert covered == [(code(3), date(2020, 12, 31), "行政许可")]
    assert story.records.query(
        "select count(*) from marts.mart_targets__uncovered u join policy.target t using (target_id) "
        "where t.subject_type <> 'organisation' and t.target_id not in ('T09', 'T10')"
    ) == [(0,)]


def test_reports_hold_until_the_next_one_and_small_cells_are_hidden(story: Story) -> None:
    assert story.figure("T08", "2019-05-31")[:3] == (None, None, None), "nobody had reported"
    assert story.figure("T08", "2020-05-31")[:3] == (60, 80, Decimal(75))
    assert story.figure("T08", "2020-06-30")[:3] == (70, 90, Decimal("77.7778"))
    assert story.figure("T15", "2020-06-30") == (5000, None, None, "依现行法不推进")
    assert story.figure("T04", "2018-12-31")[:3] == (107, 147, Decimal("72.7891"))
    assert story.figure("T04", "2018-12-31", "czj") == (None, None, None, "不足5人不显示")
    assert story.figure("T04", "2018-12-31", "fgj")[3] == "不足5人不显示", "else the district's sum would tell"
    assert story.figure("T04", "2018-12-31", "zhzf")[:2] == (84, 100)


def test_an_area_counts_from_its_document_or_from_the_first_report_used_in_it(story: Story) -> None:
    counts = [
        story.figure("T20", day)[:2] for day in ("2017-12-31", "2018-12-31", "2020-12-31", "2026-01-31", "2026-02-28")
    ]
    assert counts == [(0, 4), (2, 4), (3, 4), (3, 4), (4, 4)]
    assert story.records.query(
        "select first_on, record_id from intermediate.int_targets__report_area where area = '政府资金补助'"
    ) == [(ON, "报告台账 2")], "the use without an area counts for none"


def test_a_reported_denominator_names_who_told_it_in_what_and_when(story: Story) -> None:
    told = dict(
        story.records.query(
            "select target_id, concat_ws(' ', denominator_source, denominator_on) from marts.mart_targets__progress "
            "where month_end = '2019-12-31' and unit_id = '' and denominator is not null and goal_no = 1"
        )
    )
    assert told["T08"] == "示范区综合行政执法局填报《部门填报数》：权责清单 2019-06-30"
    assert told["T04"] == "示范区综合行政执法局填报《信用培训人数》：单位应训人数 2018-11-30"
    assert told["T07"].startswith("名册：工程建设企业") and told["T05"].startswith("登记库")


def test_coverage_kept_by_change_equals_coverage_counted_anew(story: Story) -> None:
    kept = story.records.query(
        "select subject_id, first_covered_on, record_id, topic from intermediate.int_targets__covering order by 1"
    )
    assert len(kept) == 3
    command.invoke(
        ["run", "--full-refresh", "--select", "int_targets__covering"],
        {"build_id": 2, "business_date": NEXT.isoformat()},
    )
    assert (
        story.records.query(
            "select subject_id, first_covered_on, record_id, topic from intermediate.int_targets__covering order by 1"
        )
        == kept
    )


@pytest.mark.parametrize(
    "statement",
    [
        "update ledger.edition set reason = 'x' where id = {}",
        "delete from ledger.edition where id = {}",
        "update ledger.edition_figure set numerator = 1 where edition_id = {} and target_id = 'T05'",
        "delete from ledger.edition_figure where edition_id = {}",
        "delete from ledger.edition_item where edition_id = {}",
        "insert into ledger.edition_item values ({}, 'T05', 'new', '', '', '', 1, 1, 0)",
        "truncate ledger.edition_item",
    ],
)
def test_nothing_changes_a_frozen_edition_not_even_its_owner(story: Story, statement: str) -> None:
    refused = (psycopg.errors.CheckViolation, psycopg.errors.RestrictViolation)
    with story.warehouse.connect("owner") as owner, pytest.raises(refused):
        owner.execute(statement.format(story.original))


def test_a_correction_leaves_the_edition_and_tells_which_rows_moved_what(story: Story) -> None:
    assert _frozen(story.records, story.original) == story.before
    found = edition_diff.compare(story.original, story.restated.edition_id)
    figures = {(row["target_id"], row["goal_no"]): row for row in found["figures"]}
    assert set(figures) == {("T08", 1)}, "in T05 and T07 one archive came and one went: same figure, other rows"
    assert [figures["T08", 1][change] for change in edition_diff.CHANGES] == [0, 0, 1]
    rows = {(row["figure_id"], row["item_key"]): row for row in found["items"]}
    t05 = {row["label"]: row for row in found["items"] if row["figure_id"] == "T05"}
    assert {name: row["change"] for name, row in t05.items()} == {
        "示范区甲000001商贸有限公司": "changed",
        "示范区甲000002商贸有限公司": "changed",
        "示范区甲000003商贸有限公司": "changed",
    }
    assert t05["示范区甲000001商贸有限公司"]["moved"] == Decimal("-25") and t05["示范区甲000003商贸有限公司"][
        "moved"
    ] == Decimal("25")
    assert t05["示范区甲000002商贸有限公司"]["moved"] == 0, "its archive now rests on an earlier record"
    assert t05["示范区甲000002商贸有限公司"]["old_record"] != t05["示范区甲000002商贸有限公司"]["new_record"]
    t08 = next(row for key, row in rows.items() if key[0] == "T08")
    assert (t08["old_denominator"], t08["new_denominator"]) == (0, 90) and figures["T08", 1]["new_percent"] == Decimal(
        "77.7778"
    )
    for figure in found["figures"]:
        own = [row for row in found["items"] if row["figure_id"] == figure["figure_id"]]
        assert (
            sum(row["new_numerator"] - row["old_numerator"] for row in own)
            == figure["new_numerator"] - figure["old_numerator"]
        )


def test_a_restatement_is_drafted_once_and_rejected_or_approved_by_another_one(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = editions.draft(run_on(who="起草人"), 2020, "补报与撤销")
    assert again.edition_id == story.restated.edition_id
    listed = credit("editions", "list", "--json").json
    assert [(row["kind"], row["state"]) for row in listed] == [("restatement", "draft"), ("original", "frozen")]
    assert credit("editions", "approve", again.edition_id, "--hash", "x").code == 4
    assert credit("editions", "diff", story.original, again.edition_id).code == 0
    assert credit("editions", "reject", again.edition_id, "--reason", "先核对").code == 0
    assert credit("editions", "approve", again.edition_id, "--hash", again.content_hash).code == 4
    made = credit("editions", "draft", "--year", 2020, "--reason", "补报与撤销", "--date", NEXT)
    edition = max(row["id"] for row in credit("editions", "list", "--json").json)
    assert made.code == 0 and str(edition) in made.out
    alone = credit("editions", "approve", edition, "--hash", again.content_hash)
    assert alone.code == 4 and "不能自己批准" in alone.err
    assert credit("editions", "approve", edition, "--hash", again.content_hash, by="leader").code == 0
    assert credit("editions", "draft", "--year", 2026, "--date", NEXT).code == 4, "the year is not over"
    shown = credit("editions", "show", edition, "--json").json
    assert {row["target_id"]: row["numerator"] for row in shown["figures"]}["T05"] == 2


def test_what_an_approver_sees_names_no_organisation_and_no_person(story: Story) -> None:
    drafted = work.edition(run_on(NEXT), 2019, "")
    assert drafted["subject"] == "2019 年度目标数字定稿" and drafted["content_hash"] in drafted["body"]
    assert "示范区甲" not in drafted["body"] and code(1) not in drafted["body"] and "T05-1" in drafted["body"]
    work.settle_edition(
        run_on(ON),
        drafted,
        {
            "chosen_options": ["否决"],
            "responded_by_user": {"id": "1", "name": "区领导"},
            "params_input": {"reason": "数字待核"},
        },
    )
    states = story.records.query(
        "select state, decided_by, reason from ledger.edition where id = %s", drafted["edition_id"]
    )
    assert states == [("rejected", "Airflow 用户 区领导", "数字待核")]
    second = work.edition(run_on(NEXT), 2019, "")
    with pytest.raises(UserError, match="答复"):
        work.settle_edition(run_on(ON), second, {"chosen_options": ["Approve"]})
    for stranger in ({"id": "1", "name": "区领导"}, None):
        with pytest.raises(UserError, match="没有对应可批准定稿的工作台账号"):
            work.settle_edition(run_on(ON), second, {"chosen_options": ["批准"], "responded_by_user": stranger})
    own = run_on(ON).by("数据工程师甲（engineer）", "engineer")
    of_the_drafter = {"chosen_options": ["批准"], "responded_by_user": {"id": "2", "name": "admin"}}
    story.records.query(
        "update ledger.edition set computed_by = %s where id = %s returning id", own.who, second["edition_id"]
    )
    with pytest.raises(UserError, match="不能自己批准"):
        work.settle_edition(run_on(ON), second, of_the_drafter)
    work.settle_edition(
        run_on(ON), second, {"chosen_options": ["批准"], "responded_by_user": {"id": "1", "name": "分管区领导"}}
    )
    assert story.records.query("select state, decided_by from ledger.edition where id = %s", second["edition_id"]) == [
        ("frozen", "分管区领导（leader）")
    ]
    assert work.edition(run_on(NEXT), 2019, "") is None


def test_assessment_and_progress_pass_their_own_checks(story: Story) -> None:
    checked = command.invoke(
        ["test", "--select", "assessment_adds_up_to_its_lines", "target_seed_is_consistent"],
        {"build_id": 2, "business_date": NEXT.isoformat()},
    )
    assert [str(item.status) for item in checked.results] == ["pass", "pass"]
