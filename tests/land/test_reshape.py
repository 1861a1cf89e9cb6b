"""What ``catalogue apply`` refuses, keeps and leaves alone: without a build."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
import pytest
from public_credit.catalogue import load_catalogue
from public_credit.gate import cross_record
from public_credit.land import content_hash, copy_binary, shapes
from public_credit.ledger import ids
from public_credit.steps import work
from public_credit.steps.migrate import migrate
from public_credit.subjects import register

from tests.build.test_reshaped import DATASETS, _define, add, drop, received, retype
from tests.helpers.commands import credit
from tests.helpers.edited import edit
from tests.helpers.penalties import ON
from tests.helpers.records import Records
from tests.helpers.runs import run_on

HONOUR = DATASETS["honour"]


def _honours(folder: Path, *remarks: str) -> None:
    rows = [{"document_no": f"示〔2026〕{number}号", "remark": text} for number, text in enumerate(remarks, 1)]
    received(folder, HONOUR, rows)


def _state(records: Records) -> list[Any]:
    """Columns, shapes and rows: what an apply may change."""
    return records.query(
        "select column_name from information_schema.columns where table_schema = 'raw' and table_name = 'honour' order by 1"
    ) + records.query("select kind, shape, applied_at from ledger.kind_shape order by 1")


@pytest.mark.parametrize("kind", DATASETS)
def test_the_hash_of_a_row_is_the_one_it_landed_with(warehouse: Any, tmp_path: Path, kind: str) -> None:
    texts = ["", "短", "恰好十二个字节", "比十二个字节长得多的一段备注，含“引号”与 ASCII text", "x" * 400]
    received(
        tmp_path, DATASETS[kind], [{"remark": text, "subject_name": f"示范区第{n}店"} for n, text in enumerate(texts)]
    )
    fields = load_catalogue().kinds[kind].variants["entity"]
    rows = Records(warehouse).query(f"select content_hash, {', '.join(fields)} from raw.{kind} order by row_no")
    hashes, *columns = zip(*rows, strict=True)
    assert len(set(hashes)) == len(texts)
    assert copy_binary.content_hashes([pl.Series(values, dtype=pl.String) for values in columns]) == list(hashes)


def test_fields_that_code_reads_by_name_are_known_as_such() -> None:
    kinds = load_catalogue().kinds
    for kind, asked in cross_record._ASKED.items():
        subject = cross_record.REGISTRY_KINDS.get(kind, "subject_name")
        assert {subject if name == "subject_name" else name for name in asked} - {"variant"} <= shapes.read_by_name(
            kinds[kind]
        ), kind
    for kind in register.KINDS:
        read = {register._FIELDS[kind].get(name, name) for name in register._PLAIN} | {"former_names", "established_on"}
        assert read - {""} <= shapes.read_by_name(kinds[kind]), kind
    for kind, names in shapes.READ_BY_NAME.items():
        assert names <= set(kinds[kind].fields), kind


def _key(root: Path, kind: str) -> None:
    edit(root / "include/catalogue/kinds/honour.yml", "key: [authority_uscc, document_no,", "key: [document_no,")


def _key_type(root: Path, kind: str) -> None:
    _define(root, kind, "document_no", lambda text: text.replace("type: text", "type: code"))


def _subject(root: Path, kind: str) -> None:
    path = root / "include/catalogue/kinds/honour.yml"
    path.write_text(path.read_text(encoding="utf-8").replace("business_reg_no", "number_of_old"), encoding="utf-8")
    _define(root, kind, "number_of_old", lambda text: text.replace("{title", "{renamed_from: business_reg_no, title"))
    rules = root / "expectations/honour.yml"
    rules.write_text(rules.read_text(encoding="utf-8").replace("business_reg_no", "number_of_old"), encoding="utf-8")


def _rule(root: Path, kind: str) -> None:
    path = root / "include/catalogue/kinds/honour.yml"
    path.write_text(path.read_text(encoding="utf-8").replace("removed_on", "left_on"), encoding="utf-8")
    _define(root, kind, "left_on", lambda text: text.replace("{title", "{renamed_from: removed_on, title"))


def _person(root: Path, kind: str) -> None:
    _define(root, kind, "remark", lambda text: text.replace("type: text", "type: person_id"))


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (_key, "主键（key）有改动"),
        (_key_type, "document_no 是主键的一部分"),
        (_subject, "business_reg_no 由关卡或主体解析的程序按名读取"),
        (_rule, "removed_on"),
        (_person, "remark 改为或不再是证件号码"),
    ],
    ids=["key", "type of a key field", "subject", "rule", "person"],
)
def test_what_would_break_records_or_rules_is_refused_whole(
    warehouse: Any, root: Path, tmp_path: Path, edit: Callable[[Path, str], None], why: str
) -> None:
    _honours(tmp_path, "一", "二")
    records = Records(warehouse)
    before = _state(records)
    edit(root, "honour")
    add(root, "sector_roster")  # nothing is done to the others either
    preview, done = credit("catalogue", "apply"), credit("catalogue", "apply", "--yes")
    assert preview.code == 0 and "不能套用" in preview.out and why in preview.out, preview.out
    assert done.code == 2 and why in done.err and "未作任何改动" in done.err, done.err
    assert _state(records) == before


def test_a_value_the_new_type_cannot_read_is_told_beforehand_and_kept(
    warehouse: Any, root: Path, tmp_path: Path
) -> None:
    _honours(tmp_path, "2026年3月1日", "没有日期", "2026-03-05", "", "没有日期")
    records = Records(warehouse)
    retype(root, "honour")
    preview = credit("catalogue", "apply")
    assert "4 行有值，其中 2 行无法转换（如 批次 1 第 2 行）" in preview.out and "没有日期" not in preview.out
    assert credit("catalogue", "apply", "--yes").code == 0
    rows = records.query("select remark, cast(received as jsonb) ->> 'remark' from raw.honour order by row_no")
    assert rows == [
        ("2026-03-01", "2026年3月1日"),
        ("", "没有日期"),
        ("2026-03-05", None),
        ("", None),
        ("", "没有日期"),
    ]
    ((record,),) = records.query(f"select {ids.record_id('record_id')} from raw.honour where row_no = 2")
    assert "没有日期" in credit("explain", record).out
    ((counts,),) = records.query("select counts from ledger.step where name = 'catalogue_apply'")
    assert counts["retype remark"] == 2
    _define(root, "honour", "remark", lambda text: text.replace("type: date", "type: text"))
    assert credit("catalogue", "apply", "--yes").code == 0
    back = records.query("select remark from raw.honour order by row_no")
    assert back == [("2026年3月1日",), ("",), ("2026-03-05",), ("",), ("",)], (
        "what was left blank stays in received only"
    )


def test_a_dropped_field_is_kept_shown_taken_up_again_and_erased_by_name(
    warehouse: Any, root: Path, tmp_path: Path
) -> None:
    _honours(tmp_path, "按期", "逾期")
    records, kind = Records(warehouse), root / "include/catalogue/kinds/honour.yml"
    whole = kind.read_text(encoding="utf-8")
    assert credit("catalogue", "apply", "--erase", "honour.remark", "--yes").code == 4, "in use"
    drop(root, "honour")
    assert credit("catalogue", "apply", "--yes").code == 0
    assert records.query("select remark from raw.honour order by row_no") == [("按期",), ("逾期",)]
    ((record,),) = records.query(f"select {ids.record_id('record_id')} from raw.honour where row_no = 1")
    assert "remark（已停用）" in credit("explain", record).out
    kind.write_text(whole, encoding="utf-8")
    assert "恢复 remark：原先停用时保留的 2 行的值重新启用" in credit("catalogue", "apply").out
    assert credit("catalogue", "apply", "--yes").code == 0 and credit("catalogue", "apply").out.startswith(
        "目录与数据库一致"
    )
    drop(root, "honour")
    credit("catalogue", "apply", "--yes")
    asked = credit("catalogue", "apply", "--erase", "honour.remark")
    assert asked.code == 2 and "--yes" in asked.err
    assert "2 行的值已从原始层删去" in credit("catalogue", "apply", "--erase", "honour.remark", "--yes").out
    with pytest.raises(psycopg.errors.UndefinedColumn):
        records.query("select remark from raw.honour")
    assert credit("catalogue", "apply", "--erase", "honour.remark", "--yes").code == 4


def test_an_apply_that_ends_in_the_midst_leaves_each_kind_as_it_was_or_done(
    warehouse: Any, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for dataset in DATASETS.values():
        received(tmp_path, dataset, [{}])
    for kind in DATASETS:
        add(root, kind)
    hash_again, calls = content_hash.compute_again, []

    def ended(*given: Any) -> None:
        hash_again(*given)
        calls.append(given)
        if len(calls) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(content_hash, "compute_again", ended)
    assert credit("catalogue", "apply", "--yes").code != 0
    monkeypatch.setattr(content_hash, "compute_again", hash_again)
    changed = (
        "select relname from pg_attribute join pg_class c on c.oid = attrelid where c.relnamespace = 'raw'::regnamespace "
        "and c.relkind = 'p' and attname = 'handled_by'"
    )
    records = Records(warehouse)
    assert records.query(changed) == [("administrative_penalty",)]
    assert "administrative_penalty" not in credit("catalogue", "apply").out
    assert credit("catalogue", "apply", "--yes").code == 0
    assert {name for (name,) in records.query(changed)} == set(DATASETS)
    assert credit("catalogue", "apply").out.startswith("目录与数据库一致")


def test_what_landed_before_the_edit_waits_for_the_gate_and_is_judged_afterwards(
    warehouse: Any, root: Path, tmp_path: Path
) -> None:
    _honours(tmp_path, "一")
    records, states = Records(warehouse), "select dataset_id, state from ledger.batch order by seq"
    received(tmp_path, DATASETS["sector_roster"], [{}])
    add(root, "honour")
    (failure,) = work.gate(run_on(ON))
    assert "catalogue apply" in failure
    assert records.query(states) == [(HONOUR, "landed"), (DATASETS["sector_roster"], "accepted")], "the others go on"
    assert credit("catalogue", "apply", "--yes").code == 0
    assert work.gate(run_on(ON)) == []
    assert records.query(states)[0] == (HONOUR, "accepted")


def test_a_migration_makes_new_tables_and_leaves_the_fields_of_others_to_apply(warehouse: Any, root: Path) -> None:
    records = Records(warehouse)
    before = _state(records)
    assert migrate() == [] and _state(records) == before
    add(root, "honour")
    assert migrate() == ["honour"] and _state(records) == before
    records.run("drop table raw.sector_roster")
    records.run("delete from ledger.kind_shape where kind = 'sector_roster'")
    assert migrate() == ["honour"]
    assert records.query("select count(*) from raw.sector_roster") == [(0,)]


def test_a_warehouse_from_before_shapes_were_kept_tells_what_differs(warehouse: Any, root: Path) -> None:
    records = Records(warehouse)
    records.run("delete from ledger.kind_shape")
    records.run("alter table raw.honour drop column remark")
    records.run("alter table raw.honour add column old_note text not null default ''")
    assert migrate() == ["honour"]
    said = credit("catalogue", "apply").out
    assert "新增 remark（text）" in said and "停用 old_note" in said, said
    assert credit("catalogue", "apply", "--yes").code == 0 and migrate() == []
