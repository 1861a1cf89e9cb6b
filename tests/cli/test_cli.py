"""The command line over one small world of two simulated days: what users see, exit codes, the access log."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from public_credit.ledger import ids
from public_credit.oversight import metrics

from tests.conftest import CHECKOUT, DEMO, open_warehouse
from tests.helpers.commands import agreed, credit
from tests.helpers.world import DAYS, World, world

pytestmark = pytest.mark.chain


@pytest.fixture(scope="module")
def played(migrated, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Two simulated days, delivered and received."""
    folder = tmp_path_factory.mktemp("played")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PCW_CLOCK", "logical")
        with open_warehouse(migrated, folder, patch) as opened, world(opened, folder / "simulator", 0.02) as made:
            for day in (1, 2):
                made.run_day(day)
            yield made


# --- metrics -------------------------------------------------------------------------------------------------------
_SAMPLE = re.compile(
    r'pcw_(?P<name>[a-z_]+)(\{(?P<labels>[a-z_]+="(\\\\|\\"|\\n|[^"\\\n])*"(,[a-z_]+="(\\\\|\\"|\\n|[^"\\\n])*")*)\})? '
    r"(?P<value>-?[0-9.]+(e[+-][0-9]+)?)"
)


def _samples(exposition: str) -> dict[str, dict[str, float]]:
    """Name → labels → value, by the grammar of the text format: HELP, TYPE, then the samples of that name, each once."""
    found: dict[str, dict[str, float]] = {}
    lines = iter(exposition.removesuffix("\n").split("\n"))
    name = ""
    for line in lines:
        if line.startswith("# HELP pcw_"):
            name = line.split(" ", 3)[2].removeprefix("pcw_")
            assert name not in found and line.split(" ", 3)[3].strip(), line
            assert next(lines) == f"# TYPE pcw_{name} gauge"
            found[name] = {}
            continue
        sample = _SAMPLE.fullmatch(line)
        assert sample and sample["name"] == name, line
        assert (sample["labels"] or "") not in found[name], line
        found[name][sample["labels"] or ""] = float(sample["value"])
    return found


def test_metrics_are_prometheus_text_and_agree_with_the_ledger(played: World, tmp_path: Path) -> None:
    told = credit("metrics")
    assert told.code == 0 and told.out.endswith("\n"), told.err
    found = _samples(told.out)
    assert found["batches"] == {
        f'state="{state}"': count
        for state, count in played.query("select state, count(*) from ledger.batch group by 1")
    }
    ((waiting,),) = played.query("select count(*) from ledger.quarantine where state in ('open', 'returned')")
    assert sum(found["quarantined_rows"].values()) == waiting > 0
    assert {'step="build"', 'step="deliver"'} <= set(found["step_last_duration_seconds"])
    last = max(found["step_last_success_timestamp_seconds"].values())
    assert 0 <= found["collected_timestamp_seconds"][""] - last < 3600
    assert found["disk_free_bytes"][""] > 0 and found["database_size_bytes"][""] > 0
    assert sum(found["open_items"].values()) > 0 and found["backup_last_success_timestamp_seconds"] == {}
    assert set(found["reconciliation_differences"]) <= {
        f'receiver="city",difference="{each}"' for each in ("missing", "surplus", "differing", "unsettled")
    }
    target = tmp_path / "pcw.prom"
    assert credit("metrics", "--out", target).code == 0
    assert _samples(target.read_text(encoding="utf-8")).keys() == found.keys()
    assert [path.name for path in tmp_path.iterdir()] == ["pcw.prom"] and target.stat().st_mode & 0o777 == 0o644
    assert credit("metrics", "--out", tmp_path / "absent" / "pcw.prom").code == 2
    for page in ("operations.md", "operations.zh-CN.md"):
        named = set(re.findall(r"pcw_([a-z_]+)", (CHECKOUT / "docs" / page).read_text(encoding="utf-8")))
        assert named == found.keys() - {"info"}, page
    assert metrics._samples("x", "h", [{"a": 'b"\\\n', "value": 2}])[-1] == 'pcw_x{a="b\\"\\\\\\n"} 2'


# --- at a glance --------------------------------------------------------------------------------------------------
def test_status_says_what_came_and_whose_move_it_is(played: World) -> None:
    status = credit("status", "--json").json
    total = status["totals"]
    assert total["rows_in"] == (
        total["accepted"]
        + total["quarantined"]
        + total["duplicate"]
        + total["refused"]
        + total["rows_held"]
        + total["rows_waiting"]
    )
    assert status["business_date"] == DAYS[2].isoformat() and total["batches"] > 20
    moves = {row["dataset_id"]: (row["verdict"], row["move"]) for row in status["datasets"]}
    silent = [move for verdict, move in moves.values() if verdict == "未报送"]
    assert silent and all("从未报送" in move for move in silent if move)
    assert any(verdict == "放行有退回" and "行待更正" in move for verdict, move in moves.values())
    text = credit("status")
    assert (
        text.code == 0
        and "该谁处理" in credit("status", "--all").out
        and "待办" in text.out
        and f"合计 {total['batches']} 批" in text.out
        and "市平台：" in text.out
    )


def test_batches_quarantine_and_slips_agree(played: World) -> None:
    batches = credit("batches", "--json", "--limit", "500").json
    assert {row["state"] for row in batches} >= {"accepted", "accepted_with_quarantine", "broken"}
    assert all(row["message"] for row in batches if row["state"] in ("held", "broken"))
    unit = next(row["dataset_id"].split(".")[0] for row in batches if row["quarantined"])
    rows = credit("quarantine", "--unit", unit, "--json", "--limit", "100000").json
    slips = credit("slips", "--unit", unit, "--json").json
    assert rows and all(row["unit_id"] == unit and row["rules"] and row["source_row"] for row in rows)
    assert sum(slip["open"] for slip in slips) == len(rows)
    assert all(Path(slip["path"]).is_file() for slip in slips)
    every = credit("quarantine", "--unit", unit, "--all", "--json", "--limit", "100000").json
    assert len(every) >= len(rows)
    one = credit("quarantine", "--batch", rows[0]["batch_seq"])
    assert one.code == 0 and rows[0]["rules"].split(";")[0] in one.out and "工作表" in one.out
    assert "退回日期" in one.out and "未更正" in credit("slips").out and "文件或批号" in credit("batches").out
    for command in ("batches", "slips", "quarantine", "status", "alerts"):
        assert credit(command, "--unit", "nobody").code == 4, command


# --- where a record comes from ------------------------------------------------------------------------------------
def _decision(played: World, variant: str, where: str = "true") -> tuple[str, str]:
    """(decision number, record id) of a record the city has."""
    return played.query(f"""
        select r.decision_no, i.record_id from raw.administrative_penalty r
        join ledger.delivery_item i on i.record_id = {ids.record_id("r.record_id")}
        join ledger.delivery_state s on s.item_id = i.item_id and s.state = 'accepted'
        where r.variant = '{variant}' and r.decision_no <> '' and {where} order by 1 limit 1""")[0]


def test_explain_tells_source_rules_versions_deliveries_and_receipts(played: World) -> None:
    number, record = _decision(played, "entity")
    case = credit("explain", record, "--json").json[0]
    source = case["source"]
    assert case["document_no"] == number and len(source["file"]["booked"]) == 64 and source["source_row"] >= 1
    assert 0 < case["rules_passed"] <= len(case["rules"]) and source["catalogue_version"] and source["rules_version"]
    assert any(item["state"] == "已接收" and item["receipt_id"] for item in case["deliveries"])
    shown = credit("explain", number)
    assert shown.code == 0 and "来源" in shown.out and "送达" in shown.out and "回执" in shown.out
    other_brackets = number.replace("〔", "（").replace("〕", "）").replace("[", "【").replace("]", "】")
    assert credit("explain", other_brackets).code == 0


def test_a_received_value_is_shown_beside_the_canonical_one(played: World) -> None:
    _, record = _decision(played, "entity", "r.received is not null and r.received not like '%批次%'")
    case = credit("explain", record, "--json").json[0]
    assert any(value["received"] != value["landed"] and value["landing"] != "原样" for value in case["values"])
    assert "收到时为" in credit("explain", record).out


def test_a_persons_record_needs_a_purpose_and_is_logged(played: World) -> None:
    number, record = _decision(played, "person")
    before = played.query("select coalesce(max(id), 0) from ledger.access_log")[0][0]
    refused = credit("explain", number)
    assert refused.code == 2 and "须说明查询目的" in refused.err and refused.out == ""
    assert credit("explain", number, "--purpose", "  ").code == 2
    booked = played.query("select action from ledger.access_log where id > %s", [before])
    assert booked == [("find",)] * 2, "that the number is a person's record was told; the record was not"
    shown = credit("explain", record, "--purpose", "核对异议申请 2026-17", "--json")
    assert shown.code == 0
    log = played.query("select who, purpose, record_id, channel from ledger.access_log order by id desc limit 1")[0]
    assert log == ("engineer", "核对异议申请 2026-17", record, "cli")
    assert "核对异议申请 2026-17" in credit("explain", record, "--purpose", "再次查看").out
    import re

    assert not re.search(r"370399\d{11}[\dX]", shown.out), "an ID number is never shown"


def test_an_unknown_key_is_said_plainly(played: World) -> None:
    answer = credit("explain", "无此文号〔2026〕1号")
    assert answer.code == 4 and "没有文书号或记录编号" in answer.err and "处理办法" in answer.err


# --- doing something again ----------------------------------------------------------------------------------------
def test_ingest_twice_and_from_the_wrong_place(played: World, tmp_path: Path) -> None:
    source = next((played.home / "drop").rglob("*.csv"))
    before = len(credit("batches", "--json", "--limit", "1000").json)
    assert credit("ingest", "no.such", "--file", source).code == 4
    assert "没有文件" in credit("ingest", "zhzf.penalty_entity", "--file", tmp_path / "absent.csv").err
    empty = tmp_path / "空.csv"
    empty.write_bytes(b"")
    answer = credit("ingest", "zhzf.penalty_entity", "--file", empty, "--json")
    assert answer.code == 4 and answer.json["state"] == "broken" and "空文件" in answer.json["message"]
    again = credit("ingest", "zhzf.penalty_entity", "--file", empty)
    assert again.code == 0 and "已收过" in again.out
    assert len(credit("batches", "--json", "--limit", "1000").json) == before + 1


def test_replay_takes_over_with_the_same_counts(played: World) -> None:
    batch = next(
        row
        for row in credit("batches", "--json", "--limit", "500").json
        if row["state"] == "accepted_with_quarantine" and row["duplicate"] == 0
    )
    counts = {name: batch[name] for name in ("rows_in", "accepted", "quarantined", "refused")}
    answer = credit("replay", batch["seq"])
    assert answer.code == 0 and "已切换为当前版本" in answer.out
    after = next(row for row in credit("batches", "--json", "--limit", "500").json if row["seq"] == batch["seq"])
    assert {name: after[name] for name in counts} == counts and after["attempt"] == batch["attempt"] + 1
    by_id = credit("replay", batch["batch_id"], "--json")
    assert by_id.code == 0 and by_id.json["rows_in"] == batch["rows_in"]
    assert credit("replay", "999999").code == 4


def test_gate_build_release_deliver_receive_reconcile_run_by_hand(played: World) -> None:
    on = ("--date", DAYS[2].isoformat())
    assert "裁决完成" in credit("gate", *on).out
    assert credit("build", *on).code == 0
    assert credit("release", "prepare", *on).code == 0
    assert credit("deliver", *on).code == 0
    assert "条回执" in credit("receive", *on).out
    result = credit("reconcile", *on, "--json")
    assert result.code == 0 and (result.json["missing"], result.json["surplus"], result.json["differing"]) == (0, 0, 0)
    assert "一致" in credit("reconcile", *on).out
    cover = credit("release", "show", 1, "--json").json
    assert cover and credit("release", "show", 1).code == 0
    assert credit("release", "show", 999).code == 4
    assert credit("release", "approve", 1, "--hash", "x").code == 4, "only a waiting release can be approved"


def test_collect_by_hand_says_what_came(played: World) -> None:
    assert credit("collect", "nobody").code == 4
    answer = credit("collect", "zhzf", "--date", DAYS[2].isoformat(), "--json")
    assert answer.code == 0 and answer.json["receipts"] == 0


def test_a_waiver_needs_all_its_parts_and_a_known_check(played: World) -> None:
    parts = ("--reason", "系统升级，来函〔2026〕3号", "--owner", "数据管理员", "--until", "2026-03-31")
    assert credit("waive", "no.such", "R01", *parts).code == 4
    unknown = credit("waive", "zhzf.penalty_entity", "R99", *parts)
    assert unknown.code == 2 and "可豁免的检查项" in unknown.err
    assert credit("waive", "zhzf.penalty_entity", "R01", "--reason", " ", *parts[2:]).code == 2
    done = credit("waive", "zhzf.penalty_entity", "R01", *parts)
    assert done.code == 0 and "2026-03-31" in done.out
    (row,) = credit("waivers", "list", "--json").json
    assert credit("waivers", "revoke", row["id"], "--reason", "来函有误").code == 0
    assert credit("waivers", "list").out.strip() == "没有豁免。" and "已撤销" in credit("waivers", "list", "--all").out
    batch = next(
        row for row in credit("batches", "--dataset", "zhzf.penalty_entity", "--json").json if row["quarantined"]
    )
    judged = credit("waive", "zhzf.penalty_entity", "R02", *parts, "--batch", batch["seq"])
    assert judged.code in (0, 4) and f"批次 {batch['seq']}" in judged.out


def test_zero_reports_are_booked_once_and_never_ahead(played: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PCW_BUSINESS_DATE", DAYS[2].isoformat())
    dataset = "wlj.penalty_entity"
    (row,) = (row for row in credit("status", "--json").json["datasets"] if row["dataset_id"] == dataset)
    assert row["verdict"] == "未报送"
    period = ("--from", "2026-02-01", "--to", "2026-02-20")
    assert "零报送" in credit("attest", dataset, *period, "--reason", "来函").out
    (row,) = credit("attestations", "list", "--dataset", dataset, "--json").json
    assert credit("attestations", "revoke", row["id"], "--reason", "误登").code == 0
    assert credit("attestations", "list", "--dataset", dataset).out.strip() == "没有零报送。"
    assert credit("attest", dataset, "--from", "2026-02-01", "--to", "2026-12-31", "--reason", "来函").code == 2
    assert credit("attest", dataset, "--from", "2026-02-20", "--to", "2026-02-01", "--reason", "来函").code == 2


# --- environment --------------------------------------------------------------------------------------------------
def test_doctor_examines_everything_and_names_what_to_do(played: World, monkeypatch: pytest.MonkeyPatch) -> None:
    findings = credit("doctor", "--json").json
    assert {item["subject"] for item in findings} >= {"Python", "PostgreSQL", "目录", "关卡规则", "密钥与连接"}
    assert not [item for item in findings if item["verdict"] == "待办"]
    path = played.warehouse.home / "secrets" / "connections.yaml"
    path.chmod(0o644)
    try:
        bad = credit("doctor")
        assert bad.code == 3 and "chmod 600" in bad.out and "待处理" in bad.err
    finally:
        path.chmod(0o600)
    monkeypatch.setenv("PCW_CONN_PCW_DB_READER", "postgresql://pcw_reader:wrong@127.0.0.1:9/none")
    down = credit("doctor", "--json")
    assert down.code == 3 and "wrong" not in down.out + down.err
    answer = credit("status")
    assert answer.code == 3 and "连接不上数据库" in answer.err and "wrong" not in answer.err


def test_an_unprepared_database_and_a_missing_right_are_said_plainly(
    played: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from public_credit.base import settings

    reader = settings.dsn("reader")
    monkeypatch.setenv("PCW_CONN_PCW_DB_READER", played.warehouse.cluster.server.url("postgres"))
    unprepared = credit("batches")
    assert unprepared.code == 3 and "public-credit migrate" in unprepared.err
    monkeypatch.setenv("PCW_CONN_PCW_DB_READER", reader)
    monkeypatch.setenv("PCW_CONN_PCW_DB_COLLECTOR", reader)
    denied = credit("waive", "zhzf.penalty_entity", "R01", "--reason", "a", "--owner", "b", "--until", "2026-03-31")
    assert denied.code == 3 and "没有这项权限" in denied.err


def test_migrate_is_idempotent(played: World) -> None:
    assert "已是最新" in credit("migrate").out


def test_rekeying_the_vault_keeps_every_token_readable(played: World) -> None:
    from public_credit.custody.vault import reveal

    tokens = [token for (token,) in played.query("select token from vault.secret order by token limit 50")]
    before = reveal(tokens)
    folder = played.warehouse.home / "secrets"
    for name in ("vault", "lookup"):
        (folder / f"{name}.2.key").write_text("ab" * 32)
    try:
        changed = agreed("vault", "rekey")
        assert changed.code == 0 and "已重新加密" in changed.out
        assert played.query("select count(*) from vault.secret where key_version < 2 or lookup_version < 2") == [(0,)]
        assert reveal(tokens) == before
        assert "已重新加密 0 条" in credit("vault", "rekey").out
        number = next(iter(before.values()))
        import psycopg
        from public_credit.base import settings
        from public_credit.custody.vault import Vault

        with psycopg.connect(settings.dsn("collector")) as connection:
            letter = next(iter(before))[0]
            assert Vault(connection).tokenise([number, "", number.lower()], letter) == [
                next(iter(before)),
                "",
                next(iter(before)),
            ]
    finally:
        for name in ("vault", "lookup"):  # the versions written above stay: rows were re-encrypted with them
            assert (folder / f"{name}.2.key").exists()


# --- catalogue ----------------------------------------------------------------------------------------------------
def test_the_catalogue_is_shown_in_every_form(played: World) -> None:
    assert "目录正确" in credit("catalogue", "check").out
    assert credit("catalogue", "check", "--json").json["problems"] == []
    everything = credit("catalogue", "show")
    assert "zhzf.penalty_entity" in everything.out and "依据" in everything.out
    assert set(credit("catalogue", "show", "--json").json) >= {"zhzf", "scjg"}
    assert credit("catalogue", "show", "zhzf", "--json").json["id"] == "zhzf"
    assert "| 序号 | 中文名 |" in credit("catalogue", "show", "administrative_penalty").out
    assert "| 序号 | 中文名 |" in credit("catalogue", "show", "administrative_penalty", "--format", "markdown").out
    assert credit("catalogue", "show", "nothing").code == 4


def test_the_template_of_every_dataset_opens_and_its_example_row_is_accepted(played: World, tmp_path: Path) -> None:
    import openpyxl
    import polars as pl
    from public_credit.catalogue import load_catalogue
    from public_credit.land.rules import load_ruleset
    from public_credit.land.rules.context import RowContext
    from public_credit.land.rules.rows import RowRules
    from public_credit.papers.template import example

    catalogue = load_catalogue()
    for dataset in catalogue.datasets.values():
        path = tmp_path / f"{dataset.id}.xlsx"
        assert credit("catalogue", "template", dataset.id, "-o", path).code == 0
        sheet = openpyxl.load_workbook(path)["填报"]
        titles = [
            catalogue.kinds[dataset.kind].fields[name].title
            for name in catalogue.kinds[dataset.kind].tables[dataset.variant].fields
        ]
        heads = [str(cell.value) for row in sheet.iter_rows(max_row=5) for cell in row if cell.value]
        assert set(titles) <= {head.strip("*＊ ") for head in heads}, dataset.id
        unit = catalogue.units[dataset.unit]
        row = example(catalogue.kinds[dataset.kind], dataset.variant, unit.name, unit.uscc)
        judged = RowRules(catalogue.kinds[dataset.kind], dataset.variant, load_ruleset(dataset.kind)).apply(
            pl.DataFrame([row]), RowContext(DAYS[2], catalogue.supplier_usccs, True)
        )
        assert (judged.errors[0], judged.warnings[0], judged.refused[0]) == ("", "", ""), dataset.id
    assert credit("catalogue", "template", "no.such").code == 4
    book = openpyxl.load_workbook(tmp_path / "zhzf.penalty_entity.xlsx")
    assert book["填报"].data_validations.dataValidation, "drop-downs"
    empty = credit(
        "ingest",
        "zhzf.penalty_entity",
        "--file",
        tmp_path / "zhzf.penalty_entity.xlsx",
        "--date",
        DAYS[2].isoformat(),
        "--json",
    )
    assert empty.json["rows_in"] == 0, "code lists, notes and the example are no rows"
    for column, cell in enumerate(book["示例"][2], start=1):
        book["填报"].cell(2, column, cell.value)
    book.save(tmp_path / "filled.xlsx")
    filled = credit(
        "ingest", "zhzf.penalty_entity", "--file", tmp_path / "filled.xlsx", "--date", DAYS[2].isoformat(), "--json"
    )
    assert (filled.json["rows_in"], filled.json["state"]) == (1, "accepted"), filled.json


def test_a_broken_catalogue_is_refused_with_file_line_and_remedy(tmp_path: Path) -> None:
    import shutil

    shutil.copytree(DEMO, tmp_path / "district")
    path = tmp_path / "district" / "departments" / "zhzf.yml"
    original = path.read_text(encoding="utf-8")
    mistakes = {
        "kind: administrative_penalty": "kind: no_such_kind",
        "legal_basis:": "legal_bases:",
        "uscc: ": "uscc: 9",
        "type: ": "type: carrier_pigeon_",
    }
    for good, bad in mistakes.items():
        assert good in original, good
        path.write_text(original.replace(good, bad, 1), encoding="utf-8")
        answer = credit("catalogue", "check", "--district", tmp_path / "district")
        assert answer.code == 1 and "zhzf.yml:" in answer.out and "改法：" in answer.out, good
    path.write_text(original + "\n  - [", encoding="utf-8")
    assert credit("catalogue", "check", "--district", tmp_path / "district", "--json").json["problems"]
