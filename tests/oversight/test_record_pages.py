"""A record's page: what it says is what the database holds, the state comes first, no number of a person leaves the house.

One small district's two days: decisions accepted and delivered, one revoked, repaired, under objection, changed; one returned and
corrected under another number, one let through by a waiver, one refused, one of a person; the first receipt read again.
"""

from __future__ import annotations

import hashlib
import io
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import fsspec
import pytest
from public_credit.base.messages import UserError
from public_credit.catalogue import load_catalogue
from public_credit.gate import waivers
from public_credit.identifiers.codes import make_id_number, make_uscc
from public_credit.ledger import ids
from public_credit.oversight import figure, figure_page, search
from public_credit.oversight.record import load
from public_credit.papers.record import page
from public_credit.papers.record.model import HIDDEN, RecordCase, as_dict
from public_credit.papers.template import example
from public_credit.steps import work
from public_credit.steps.follow_up import follow_up

from tests.conftest import Warehouse, open_warehouse
from tests.helpers.commands import credit
from tests.helpers.evidence import asleep
from tests.helpers.penalties import DATASET, ON, csv_bytes, judge, land, rows
from tests.helpers.plans import asked, read_whole
from tests.helpers.records import Records
from tests.helpers.runs import run_on
from tests.helpers.world import CityProcess
from tests.papers.leadership.browser import CHROMIUM, browser

pytestmark = pytest.mark.chain

NEXT = ON + timedelta(days=1)
ID_NUMBER = make_id_number("37039919900307001")
TOKEN = re.compile(r"[PMC][A-Z2-7]{26}")
REVOKED, REPAIRED, OBJECTED, CHANGED, WAIVED, REFUSED, RETURNED = 2, 3, 4, 5, 6, 7, 8
WHY = "核对异议申请 2026-17"


def decision(number: int, **changes: str) -> dict[str, str]:
    firm = {"subject_name": f"示范区第{number}商店有限公司", "uscc": make_uscc("91", f"MA9{number:05d}")}
    return rows(1)[0] | firm | {"decision_no": f"示罚决〔2026〕{number}号"} | changes


class House:
    """The warehouse after both days."""

    def __init__(self, warehouse: Warehouse, folder: Path, city: CityProcess):
        self.warehouse, self.folder, self.city = warehouse, folder, city
        self.records = Records(warehouse)

    def query(self, sql: str, *given: Any) -> list[tuple[Any, ...]]:
        return self.records.query(sql, *given)

    def record(self, number: str) -> str:
        ((found,),) = self.query(
            f"select distinct {ids.record_id('record_id')} from raw.administrative_penalty where decision_no = %s",
            number,
        )
        return found

    def altered(self, sha256: str, seq: int) -> None:
        """Do to a receipt what the owner of the database can."""
        with self.warehouse.connect() as owner, asleep(owner, "ledger.batch"):
            owner.execute("update ledger.batch set sha256 = %s where seq = %s", [sha256, seq])

    def case(self, number: int | str, **more: Any) -> RecordCase:
        number = f"示罚决〔2026〕{number}号" if isinstance(number, int) else number
        return load.load(run_on(NEXT), self.record(number), **more)

    def first_day(self) -> None:
        waivers.grant(
            run_on(ON), DATASET, "R01", reason="系统改造期间缺项", owner="甲", expires_on=ON + timedelta(days=30)
        )
        given = [decision(number) for number in range(1, 41)]
        given[0]["subject_name"] = f" {given[0]['subject_name']} "
        given[WAIVED - 1]["violation_type"] = ""
        given[REFUSED - 1]["penalty_content"] = "当场处罚，罚款50元。"
        given[RETURNED - 1]["penalty_category"] = "口头批评教育"
        self.first = land(self.folder, "a.csv", csv_bytes(given))
        outcome = judge(self.first)
        assert (outcome.state, outcome.counts["quarantined"]) == ("accepted_with_quarantine", 1), outcome
        self.person = self.hand_in_person()
        self.end_of_day(ON)

    def hand_in_person(self) -> int:
        dataset = load_catalogue().datasets["zhzf.penalty_person"]
        kind, unit = load_catalogue().kinds[dataset.kind], load_catalogue().units[dataset.unit]
        row = dict(example(kind, "person", unit.name, unit.uscc)) | {
            "decision_no": "示罚决人〔2026〕1号",
            "subject_name": "张某某",
            "id_no": ID_NUMBER,
        }
        path = self.folder / "persons.csv"
        path.write_bytes(csv_bytes([row]).decode().encode("gb18030"))
        seq = work.ingest(run_on(ON), dataset.id, path).batch_seqs[0]
        assert judge(seq).counts["accepted"] == 1
        return seq

    def second_day(self) -> None:
        told = {"撤销": REVOKED, "修复": REPAIRED, "异议受理": OBJECTED}
        self.records.deliver(
            "decision_event",
            NEXT,
            [
                {
                    "event_type": what,
                    "decision_table": "处罚",
                    "decision_no": decision(number)["decision_no"],
                    "authority_uscc": decision(number)["authority_uscc"],
                    "uscc": decision(number)["uscc"],
                    "subject_name": decision(number)["subject_name"],
                    "id_type": "",
                    "id_no": "",
                    "event_date": ON.isoformat(),
                    "basis": f"复议决定 {number}",
                }
                for what, number in told.items()
            ],
        )
        changed = decision(CHANGED, violation_facts="另一件违法事实。")
        assert judge(land(self.folder, "b.csv", csv_bytes([changed, decision(1)]), NEXT), NEXT).counts["accepted"] == 1
        place = self.query("select batch_id, file_name, '', '9' from ledger.batch where seq = %s", self.first)[0]
        header, line = csv_bytes([decision(RETURNED, decision_no="示罚决更〔2026〕8号")]).decode().splitlines()
        slip = f"批次,文件,工作表,行号,{header}\n{','.join(place)},{line}\n"
        assert judge(land(self.folder, "slip.csv", slip.encode(), NEXT), NEXT).counts["accepted"] == 1
        assert credit("replay", self.first).code == 0
        work.gate(run_on(NEXT))
        self.end_of_day(NEXT)

    def end_of_day(self, on: Any) -> None:
        follow_up(run_on(on))
        work.build(run_on(on))
        work.release(run_on(on))
        work.deliver(run_on(on))


@pytest.fixture(scope="module")
def house(migrated, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PCW_BUSINESS_DATE", NEXT.isoformat())
        with open_warehouse(migrated, folder, patch) as warehouse:
            (folder / "city").mkdir()
            firms = [f"{decision(number)['uscc']},{decision(number)['subject_name']}" for number in range(1, 41)]
            (folder / "city" / "city_registry.csv").write_text("\n".join(["uscc,name", *firms]), encoding="utf-8")
            city = CityProcess(folder / "city")
            try:
                warehouse.add_connections(city_platform=city.uri)
                made = House(warehouse, folder, city)
                made.first_day()
                made.second_day()
                yield made
            finally:
                city.stop()


# --- what the page says ----------------------------------------------------------------------------------------------
def test_an_accepted_record_is_told_with_source_values_rules_and_receipts(house: House) -> None:
    case = house.case(9)
    assert case.state.word.startswith("有效") and case.receivers == ["city"] and case.versions == 1
    ((sha256, batch_id),) = house.query("select sha256, batch_id from ledger.batch where seq = %s", house.first)
    assert (case.source.file.word, case.source.file.found) == ("重算一致", sha256)
    assert sha256 == hashlib.sha256((house.folder / "a.csv").read_bytes()).hexdigest()
    assert (case.source.batch_id, case.source.file_name, case.source.source_row) == (batch_id, "a.csv", 10)
    assert case.row_hash and case.row_hash.word == "重算一致"
    ((payload,),) = house.query(
        "select payload from ledger.delivery_item where record_id = %s and operation = 'ADD'", case.record_id
    )
    fields = load_catalogue().kinds[case.kind].fields
    for value in case.values:
        code = fields[value.field].codes.get("entity", fields[value.field].codes.get("all", ""))
        assert value.landed == value.received == decision(9)[value.field], value
        assert (value.delivered or "") == payload.get(code, ""), value
    assert [item.receipt_id for item in case.deliveries] == [
        row[0] for row in house.query(
            "select receipt_id from ledger.delivery_item join ledger.delivery_state using (item_id) where record_id = %s",
            case.record_id,
        )
    ]  # fmt: skip
    html = page.page(case)
    for shown in (case.title, sha256, case.record_id, case.deliveries[0].receipt_id):
        assert shown in html
    assert "复议决定" not in html and "src=" not in html and "<script" not in html and "http://" not in html


def test_what_was_done_to_a_value_is_named(house: House) -> None:
    name = next(value for value in house.case(1).values if value.field == "subject_name")
    assert (name.received, name.landed) == (f" {decision(1)['subject_name']} ", decision(1)["subject_name"])
    assert name.landing == "去首尾空白" and name.delivered == name.landed and name.delivering == "原样"
    assert 'class="changed" data-label="入库后">' + name.landed in page.body(house.case(1))


@pytest.mark.parametrize(
    ("number", "word", "mark"), [(REVOKED, "已撤销", ""), (REPAIRED, "已修复", ""), (OBJECTED, "有效", "异议中")]
)
def test_an_event_is_the_cause_of_a_state(house: House, number: int, word: str, mark: str) -> None:
    state = house.case(number).state
    assert state.word.startswith(word) and (mark in state.marks if mark else state.marks == ())
    assert any(cause.text.endswith(f"复议决定 {number}") and cause.on == ON for cause in state.causes)
    assert [cause for cause in house.case(9).state.causes if "复议决定" in cause.text] == []


def test_a_replay_is_no_version_and_a_change_is_one(house: House) -> None:
    same, changed = house.case(9), house.case(CHANGED)
    assert same.versions == 1 and len(same.receipts) == 1 and len(same.receipts[0].attempts) == 2
    assert "现行" in same.receipts[0].attempts[1] and "已被重放取代" in same.receipts[0].attempts[0]
    assert [item.number for item in changed.receipts] == [1, 2] and changed.receipts[1].changes == ("违法事实",)
    assert [item.word for item in house.case(1).receipts] == ["放行", "内容未变的再报"]
    facts = next(value for value in changed.values if value.field == "violation_facts")
    assert facts.landed == facts.delivered == "另一件违法事实。"
    older = load.load(run_on(NEXT), f"{house.first}/{CHANGED}")
    facts = next(value for value in older.values if value.field == "violation_facts")
    assert facts.landed == facts.delivered == decision(CHANGED)["violation_facts"]


def test_a_corrected_key_is_told_on_both_sides(house: House) -> None:
    old, new = house.case(RETURNED), house.case("示罚决更〔2026〕8号")
    assert (old.state.word, old.state.causes[0].record_id) == ("已被更正取代", new.record_id)
    assert [(item.role, item.record_id) for item in old.related] == [("更正后", new.record_id)]
    assert [(item.role, item.record_id) for item in new.related] == [("更正前", old.record_id)]
    assert new.state.word.startswith("有效") and old.returned[0].corrected_record == new.record_id
    ((slip, sha256),) = house.query("select slip_id, sha256 from ledger.slip")
    assert (old.returned[0].slip_id, old.returned[0].slip_sha256) == (slip, sha256)


def test_a_returned_row_has_a_page_of_its_own(house: House) -> None:
    case = load.load(run_on(NEXT), f"{house.first}/{RETURNED}")
    broken = [rule for rule in case.rules if rule.tone == "bad"]
    assert case.state.word == "退回，已更正" and not case.entered and broken[0].id in case.state.causes[0].text
    assert "口头批评教育" in broken[0].saw and broken[0].remedy and case.rules[0] == broken[0]
    assert [value.delivered for value in case.values] == [None] * len(case.values)


def test_a_row_let_through_by_a_waiver_says_so(house: House) -> None:
    case = house.case(WAIVED)
    rule = next(rule for rule in case.rules if rule.id == "R01")
    ((number,),) = house.query("select id from ledger.waiver")
    assert (rule.verdict, rule.waived_by, case.waivers[0].id) == ("豁免", number, number) and "违法行为类型" in rule.saw
    assert case.entered and case.passed < len(case.rules) and "系统改造期间缺项" in page.body(case)


def test_a_refused_row_tells_its_rule_and_nothing_else(house: House) -> None:
    case = load.load(run_on(NEXT), f"{house.first}/{REFUSED}")
    assert (case.state.word, case.values, case.subject, case.document_no) == ("拒收", (), "", "")
    assert case.rules[0].id == "R20" and case.source.source_row == 8
    html = page.page(case)
    assert "50元" not in html and decision(REFUSED)["subject_name"] not in html and "不留内容" in html
    shown = credit("explain", f"{house.first}/{REFUSED}")
    assert shown.code == 0 and "拒收" in shown.out and "R20" in shown.out
    with pytest.raises(UserError) as missing:
        load.load(run_on(NEXT), f"{house.first}/4000")
    assert missing.value.code == 4


# --- persons ---------------------------------------------------------------------------------------------------------
def test_a_persons_record_needs_a_purpose_is_logged_and_shows_no_number(house: House, tmp_path: Path) -> None:
    record = house.record("示罚决人〔2026〕1号")
    before = house.query("select count(*) from ledger.access_log")
    for words in ((), ("--json",), ("--html", tmp_path / "a.html"), ("--case", tmp_path / "a.zip")):
        refused = credit("explain", record, *words)
        assert refused.code == 2 and refused.out == "" and "须说明查询目的" in refused.err
    assert house.query("select count(*) from ledger.access_log") == before and not list(tmp_path.iterdir())
    told = credit("explain", record, "--purpose", WHY, "--json", "--html", tmp_path / "a.html")
    filed = credit("explain", record, "--purpose", WHY, "--case", tmp_path / "a.zip")
    assert (told.code, filed.code) == (0, 0), told.err + filed.err
    with zipfile.ZipFile(tmp_path / "a.zip") as packed:
        content = b"".join(packed.read(name) for name in packed.namelist()).decode("utf-8", "replace")
        assert not any(name.startswith("original/") for name in packed.namelist()), "the original holds the number"
    for text in (told.out, (tmp_path / "a.html").read_text(encoding="utf-8"), content):
        assert "张某某" in text and ID_NUMBER not in text and not TOKEN.search(text) and HIDDEN in text
    log = house.query("select who, purpose, action from ledger.access_log where record_id = %s order by id", record)
    assert log == [("engineer", WHY, "explain"), ("engineer", WHY, "case")]
    assert ID_NUMBER not in credit("explain", record, "--purpose", f"核对 {ID_NUMBER}", "--json").out
    assert [(look["who"], look["action"]) for look in told.json[0]["looks"]] == [("engineer", "查看记录")]


def test_a_person_is_found_by_number_with_a_purpose_alone(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(*words: str) -> Any:
        monkeypatch.setattr(sys, "stdin", io.StringIO(ID_NUMBER + "\n"))
        return credit("find", *words)

    record = house.record("示罚决人〔2026〕1号")
    assert ask("--person").code == 2
    found = ask("--person", "--purpose", WHY, "--json")
    assert [hit["key"] for hit in found.json["hits"]] == [record] and ID_NUMBER not in found.out
    assert house.query("select action, purpose from ledger.access_log order by id desc limit 1") == [
        ("find_person", WHY)
    ]
    by_name, by_number = ask("张某某"), ask(ID_NUMBER)
    assert (by_name.code, by_number.code) == (4, 2) and ID_NUMBER not in by_number.err
    for given in ("示罚决人〔2026〕1号", record):
        (hit,) = search.search(run_on(NEXT), given).hits
        assert (hit.key, hit.word) == (given, "自然人记录") and "张" not in hit.title + hit.detail


# --- files -----------------------------------------------------------------------------------------------------------
def test_a_case_file_carries_its_own_proof(house: House, tmp_path: Path) -> None:
    seq = judge(land(house.folder, "clean.csv", csv_bytes([decision(61), decision(62)]), NEXT), NEXT).batch_seq
    assert credit("explain", f"{seq}/1", "--case", tmp_path / "case.zip").code == 0
    with zipfile.ZipFile(tmp_path / "case.zip") as packed:
        packed.extractall(tmp_path)
    checked = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=tmp_path, capture_output=True, text=True)
    assert checked.returncode == 0 and checked.stdout.count(": OK") == 5, checked.stdout + checked.stderr
    assert (tmp_path / "original" / "clean.csv").read_bytes() == (house.folder / "clean.csv").read_bytes()
    (tmp_path / "record.json").write_text("{}")
    assert subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=tmp_path, capture_output=True).returncode == 1
    assert credit("explain", house.record("示罚决〔2026〕9号"), "--case", tmp_path / "refused.zip").code == 0
    with zipfile.ZipFile(tmp_path / "refused.zip") as packed:
        assert not any("original" in name for name in packed.namelist()), "a row of it was refused by law"


def test_an_original_is_handed_out_with_a_purpose_only(house: House, tmp_path: Path) -> None:
    record = house.record("示罚决〔2026〕9号")
    assert credit("explain", record, "--original", tmp_path / "a.csv").code == 2 and not list(tmp_path.iterdir())
    assert credit("explain", record, "--original", tmp_path / "a.csv", "--purpose", WHY).code == 0
    assert (tmp_path / "a.csv").read_bytes() == (house.folder / "a.csv").read_bytes()
    assert house.query("select action from ledger.access_log order by id desc limit 1") == [("original",)]


def test_an_original_that_is_gone_or_altered_is_told_and_the_page_stands(house: House) -> None:
    seq = judge(land(house.folder, "c.csv", csv_bytes([decision(71)]), NEXT), NEXT).batch_seq
    ((uri, sha256),) = house.query("select archive_uri, sha256 from ledger.batch where seq = %s", seq)
    filesystem, path = fsspec.core.url_to_fs(uri)
    content = filesystem.cat_file(path)

    def told() -> tuple[str, str | None, bool]:
        case = house.case(71)
        assert case.source.file.word in page.page(case)
        return case.source.file.word, case.source.file.found, case.source.file.booked == sha256

    assert told() == ("重算一致", sha256, True)
    filesystem.pipe_file(path, content[:-1] + bytes([content[-1] ^ 1]))
    assert told() == ("原件读不出来", None, True)
    filesystem.rm(path)
    assert told() == ("原件读不出来", None, True)
    filesystem.pipe_file(path, content)
    house.altered("0" * 64, seq)
    assert told() == ("与收件时不一致", sha256, False)
    house.altered(sha256, seq)
    assert load.load(run_on(NEXT), f"{seq}/1", check=False).source.file.word == "未重算"


def test_a_row_that_somebody_altered_is_told(house: House) -> None:
    seq = judge(land(house.folder, "d.csv", csv_bytes([decision(81)]), NEXT), NEXT).batch_seq
    house.records.run("update raw.administrative_penalty set fine_amount_wan = '9' where batch_seq = %s", seq)
    case = house.case(81)
    assert case.row_hash and (case.row_hash.word, case.row_hash.tone) == ("与入库时不一致", "bad")


# --- search, links, speed --------------------------------------------------------------------------------------------
def test_every_key_an_auditor_has_finds_it(house: House) -> None:
    record = house.record("示罚决〔2026〕9号")
    ((batch_id, sha256),) = house.query("select batch_id, sha256 from ledger.batch where seq = %s", house.first)

    def keys(given: str) -> list[tuple[str, str]]:
        return [(hit.sort, hit.key) for hit in search.search(run_on(NEXT), given).hits]

    assert keys("示罚决（2026）9号") == keys(record) == [("record", record)]
    assert ("record", record) in keys(decision(9)["subject_name"])
    for given in (str(house.first), f"批次 {house.first}", batch_id, sha256):
        assert keys(given)[0] == ("batch", str(house.first)), given
    of_batch = keys(str(house.first))
    for number in (WAIVED, REFUSED, RETURNED):
        assert ("row", f"{house.first}/{number}") in of_batch
    assert keys(f"{house.first}/9") == [("row", f"{house.first}/9")]
    assert ("batch", str(house.first)) in keys("豁免 1") and keys("T05/1/all/2026")[0] == ("figure", "T05/1/all/2026")
    assert credit("find", "无此名称的公司").code == 4


def test_another_application_links_what_a_file_only_names(house: House) -> None:
    new = house.case("示罚决更〔2026〕8号")
    alone, linked = page.body(new), page.body(new, linked=True, original="/batches/1/original")
    assert "href" not in alone and f'href="/records/{new.related[0].record_id}"' in linked
    assert (
        re.search(r'href="/batches/\d+/rows/\d+"', linked) and 'href="/lineage/exports.exp_city__cf_fr.cf_nr"' in linked
    )
    assert 'href="/batches/1/original"' in linked


@pytest.mark.skipif(CHROMIUM is None, reason="没有浏览器")
def test_the_page_opens_alone_and_reads_on_a_phone(house: House, tmp_path: Path) -> None:
    path = tmp_path / "record.html"
    path.write_text(page.page(house.case(REVOKED)), encoding="utf-8")
    with browser(tmp_path) as tab:
        for width in (1440, 390):
            tab.open(path.as_uri(), width, 900, phone=width == 390)
            assert tab.evaluate("document.documentElement.scrollWidth") <= width
            assert "已撤销" in tab.evaluate("document.querySelector('#state').innerText")
    assert tab.complaints == [] and set(tab.requests) == {path.as_uri()}


def test_the_lines_behind_a_frozen_figure_are_told_as_they_were(house: House) -> None:
    house.records.run("""
        insert into ledger.edition (year, kind, as_of, business_date, build_id, computed_by)
        values (2025, 'original', '2025-12-31', '2026-02-26', 1, 'x');
        insert into ledger.edition_figure (edition_id, target_id, goal_no, unit_id, figure_id, numerator, denominator, goal, state,
            suppressed) select id, 'T05', 1, '', 'T05', 1, 2, 1, '推进中', false from ledger.edition;
        insert into ledger.edition_item select id, 'T05', 's1', '', '示范区甲公司', 'r1', 1, 1, 0 from ledger.edition;
        insert into ledger.edition_item select id, 'T05', 's2', '', '示范区乙公司', '', 0, 1, 0 from ledger.edition""")
    ((number,),) = house.query("select id from ledger.edition")
    found = figure.lines(f"E{number}/T05/1/all")
    assert (found.numerator, found.denominator, [row[3] for row in found.rows]) == (1, 2, ["", "r1"])
    assert 'href="/records/r1"' in figure_page.body(found, linked=True) and "示范区乙公司" in figure_page.page(found)
    with pytest.raises(UserError):
        figure.lines(f"E{number}/T06/1/all")


def test_a_page_reads_no_big_table_whole(house: House) -> None:
    with asked("reader") as statements:
        case = house.case(9)
    assert as_dict(case)["title"] == "示罚决〔2026〕9号" and len(statements) < 80
    big = {
        "delivery_item",
        "delivery_state",
        "receiver_event",
        "access_log",
        "int_records__history",
        "int_records__current",
    }
    assert read_whole("reader", statements, avoided=True) & big == set()
