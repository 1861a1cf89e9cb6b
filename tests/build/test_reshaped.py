"""A kind's fields change on a built warehouse: preview, apply, and figures as if the catalogue had always been so."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from public_credit.base.messages import UserError
from public_credit.catalogue import load_catalogue
from public_credit.deliver import release
from public_credit.identifiers.codes import make_uscc
from public_credit.ledger import ids
from public_credit.papers.template import example
from public_credit.steps import work
from public_credit.steps.migrate import migrate

from tests.conftest import open_warehouse
from tests.helpers.commands import credit
from tests.helpers.edited import edit
from tests.helpers.penalties import ON
from tests.helpers.records import Records
from tests.helpers.relations import built
from tests.helpers.runs import run_on

DATASETS = {
    "administrative_penalty": "zhzf.penalty_entity",
    "honour": "kfq.honour",
    "sector_roster": "xzsp.sector_roster",
}


def received(folder: Path, dataset_id: str, rows: list[dict[str, str]], titles: dict[str, str] | None = None) -> None:
    """Take in a file with the dataset's example row, changed per entry; ``titles`` of fields the catalogue lacks.

    Raises UserError when it does not land.
    """
    catalogue = load_catalogue()
    dataset = catalogue.datasets[dataset_id]
    unit, kind = catalogue.units[dataset.unit], catalogue.kinds[dataset.kind]
    titles = {name: spec.title for name, spec in kind.fields.items()} | (titles or {})
    first = {name: value for name, value in example(kind, dataset.variant, unit.name, unit.uscc).items() if value}
    fields = list(dict.fromkeys(name for row in [first, *rows] for name in row))
    target = io.StringIO()
    writer = csv.writer(target)
    writer.writerow([titles[name] for name in fields])
    writer.writerows([(first | row).get(name, "") for name in fields] for row in rows)
    path = folder / f"{dataset_id}.csv"
    path.write_bytes(target.getvalue().encode())
    work.ingest(run_on(ON), dataset_id, path)


# --- edits of the catalogue, and of what stands on it -------------------------------------------------------------------
def _kind(root: Path, kind: str) -> Path:
    return root / "include/catalogue/kinds" / f"{kind}.yml"


def _define(root: Path, kind: str, name: str, changed: Callable[[str], str]) -> None:
    """Edit the definition of a field (one line, or a block that is indented further); '' takes it out."""
    path = _kind(root, kind)
    definition = re.search(rf"^  {name}:.*\n(?:    .*\n)*", path.read_text(encoding="utf-8"), re.MULTILINE).group()
    edit(path, definition, changed(definition))


def add(root: Path, kind: str) -> None:
    path = _kind(root, kind)
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"(  entity:\n    title: .*\n)", r"\1    extra: [handled_by]\n", text, count=1)
    text += '  handled_by: {title: 经办处室, codes: {}, type: text, length: 50, required: "no", sensitivity: public}\n'
    path.write_text(text, encoding="utf-8")


RENAMED = {
    "administrative_penalty": "suspended_or_revoked_licence",
    "honour": "honour_level",
    "sector_roster": "listed_on",
}


def rename(root: Path, kind: str) -> None:
    old, new = RENAMED[kind], f"now_{RENAMED[kind]}"
    read = [*(root / "dbt_project").rglob("*.sql"), *(root / "dbt_project").rglob("*.yml"), _kind(root, kind)]
    for path in [*read, root / f"expectations/{kind}.yml", root / "include/catalogue/examples.yml"]:
        path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    _define(root, kind, new, lambda text: re.sub(r"(title: [^,\n]*)(,|\n)", rf"\1\2 renamed_from: {old}\2", text, count=1)
            if "{" in text.split("\n")[0] else text + f"    renamed_from: {old}\n")  # fmt: skip


def retype(root: Path, kind: str) -> None:
    _define(root, kind, "remark", lambda text: text.replace("type: text", "type: date"))


def drop(root: Path, kind: str) -> None:
    _define(root, kind, "remark", lambda text: "")
    path = _kind(root, kind)
    path.write_text(re.sub(r",\s*remark\b", "", path.read_text(encoding="utf-8")), encoding="utf-8")


@dataclass(frozen=True)
class Case:
    """Edits, what the preview says of them, what was delivered before and what comes after; how many the city is told of."""

    edits: tuple[Callable[[Path, str], None], ...]
    said: tuple[str, ...]
    before: dict[str, str]
    after: dict[str, str]
    told: int


CASES = {
    "add and rename": Case(
        (add, rename), ("新增 handled_by（text），已有 6 行此栏留空", "行的值随之改名"), {}, {"handled_by": "一科"}, 0
    ),
    "retype": Case(
        (retype,), ("改类型 remark：text → date，6 行有值",), {"remark": "2026年3月1日"}, {"remark": "2026-03-02"}, 6
    ),
    "drop": Case((drop,), ("停用 remark：不再进入 staging 与集市；原始层 6 行的值保留",), {"remark": "按期"}, {}, 6),
}
UNTOUCHED = "kjj.breach_list"
TITLES = {"handled_by": "经办处室", "remark": "备注"}


def _rows(kind: str, count: int, fields: dict[str, str]) -> list[dict[str, str]]:
    name = {"administrative_penalty": "decision_no", "honour": "document_no", "sector_roster": "uscc"}[kind]
    value = (lambda n: make_uscc("91", f"MA3002{n:02d}")) if name == "uscc" else (lambda n: f"示〔2026〕{n}号")
    return [{name: value(number)} | fields for number in range(1, count + 1)]


def _first(folder: Path, case: Case) -> None:
    for kind, dataset in DATASETS.items():
        received(folder, dataset, _rows(kind, 6, case.before), TITLES)
    received(folder, UNTOUCHED, [{}], TITLES)
    assert work.gate(run_on(ON)) == []


def _second(folder: Path, kind: str, case: Case) -> None:
    """The same rows again and one more."""
    rows = _rows(kind, 7, case.before)
    rows[-1] = {name: value for name, value in rows[-1].items() if name not in case.before} | case.after
    received(folder, DATASETS[kind], rows, TITLES)


def _exports(records: Records) -> list[Any]:
    return records.query("select * from exports.exp_city__cf_fr where build_id = 1 order by record_id")


def _released(records: Records) -> Any:
    """The release of the newest build, taken by the city."""
    made = release.prepare(run_on(ON))
    records.run("update ledger.delivery_state set state = 'accepted' where state <> 'accepted'")
    return made


@pytest.mark.slow
@pytest.mark.parametrize("change", CASES)
def test_fields_change_on_a_built_warehouse(
    migrated: Any, warehouse: Any, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    case, records = CASES[change], Records(warehouse)
    _first(tmp_path, case)
    records.build(ON)
    _released(records)
    before, offered = built(warehouse), _exports(records)
    assert len(offered) == 6

    for kind in DATASETS:
        for change_it in case.edits:
            change_it(root, kind)
    assert credit("catalogue", "check").code == 0, credit("catalogue", "check").out
    for kind in DATASETS:
        with pytest.raises(UserError) as waits:
            _second(tmp_path, kind, case)
        assert "catalogue apply" in str(waits.value) and waits.value.code == 3
        assert records.query(
            "select b.state, (select count(*) from ledger.attempt a where a.batch_seq = b.seq) from ledger.batch b "
            "order by b.seq desc limit 1"
        ) == [("received", 0)], "a receipt waits, it has not failed"
        last = records.query("select owner, verdict from ledger.step where name = 'land' order by id desc limit 1")
        assert last == [("data_engineer", "failed")]

    preview = credit("catalogue", "apply")
    assert preview.code == 0 and "只是预览" in preview.out
    assert records.query("select 1 from ledger.step where name = 'catalogue_apply'") == []
    done = credit("catalogue", "apply", "--yes")
    assert done.code == 0, done.err
    steps = dict(records.query("select counts ->> 'kind', message from ledger.step where name = 'catalogue_apply'"))
    assert steps.keys() == DATASETS.keys()
    for kind, message in steps.items():
        assert message.startswith(f"数据工程师甲（engineer） 套用 {kind}：") and all(
            said in message for said in case.said
        ), message
    assert all(preview.out.count(said) == done.out.count(said) == len(DATASETS) for said in case.said), preview.out
    assert "没有要套用的改动" in credit("catalogue", "apply", "--yes").out

    assert work.gate(run_on(ON)) == []
    for dataset in DATASETS.values():
        counts = "select rows_in, accepted, duplicate from ledger.batch where dataset_id = %s order by seq desc limit 1"
        assert records.query(counts, dataset) == [(7, 1, 6)], "what comes again unchanged is a duplicate, as before"
    result = records.build(ON)
    assert "、".join(sorted(DATASETS)) in result.message and "全量重建" in result.message, result.message
    for kind, dataset in DATASETS.items():
        assert (
            credit("explain", records.query(f"select min({ids.record_id('record_id')}) from raw.{kind}")[0][0]).code
            == 0
        )
        assert credit("catalogue", "template", dataset, "-o", tmp_path / "form.xlsx").code == 0
    now = built(warehouse)
    assert now["staging.stg_breach_list"] == before["staging.stg_breach_list"] != []
    assert _exports(records) == offered, "what was offered is history"
    told = _released(records)
    assert (told.adds, told.mods, told.dels) == (1, case.told, 0)

    with open_warehouse(migrated, tmp_path / "anew", monkeypatch) as another:
        with another.connect() as owner:
            for kind in DATASETS:
                owner.execute(f"drop table raw.{kind}")
            owner.execute("delete from ledger.kind_shape where kind = any(%s)", [list(DATASETS)])
        assert migrate() == []
        fresh = Records(another)
        _first(tmp_path, case)
        for kind in DATASETS:
            _second(tmp_path, kind, case)
        assert work.gate(run_on(ON)) == []
        fresh.build(ON)
        anew = built(another)
    assert now.keys() == anew.keys()
    for name, rows in now.items():
        assert rows == anew[name], name
