"""Names from the catalogue are words of their own in SQL: reserved ones work, hostile ones are refused with file and line."""

from __future__ import annotations

import csv
import io
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from public_credit import gate
from public_credit.base.quoting import quoted
from public_credit.catalogue import load_catalogue, read
from public_credit.catalogue.load import default_root
from public_credit.oversight import status, trace
from public_credit.papers import slips
from public_credit.papers.template import example
from public_credit.steps import work
from public_credit.steps.migrate import migrate

from tests.conftest import CHECKOUT, DEMO
from tests.helpers.penalties import ON
from tests.helpers.runs import run_on

# A kind, its variant and its fields called like words that SQL keeps for itself.
RESERVED = {
    "honour_title": "user",
    "honour_kind": "group",
    "honour_level": "select",
    "document_no": "order",
    "decided_on": "end",
    "valid_to": "limit",
    "remark": "table",
}


def _renamed(text: str) -> str:
    for name, reserved in RESERVED.items():
        text = re.sub(rf"\b{name}\b(?!\.yml)", reserved, text)
    return text.replace("code_list: group", "code_list: honour_kind")


@pytest.fixture
def order(warehouse: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A warehouse with a kind ``order`` and its dataset; the dataset's id."""
    root = tmp_path / "checkout"
    shutil.copytree(default_root(), root / "include" / "catalogue")
    shutil.copytree(CHECKOUT / "expectations", root / "expectations")
    (root / "dbt_project").symlink_to(CHECKOUT / "dbt_project")
    catalogue = root / "include" / "catalogue"
    for folder in (catalogue / "kinds", root / "expectations"):
        text = _renamed((folder / "honour.yml").read_text(encoding="utf-8"))
        text = re.sub(r"^(id|kind): honour$", r"\1: order", text, flags=re.MULTILINE).replace("entity", "all")
        (folder / "order.yml").write_text(text, encoding="utf-8")
    examples = yaml.safe_load((catalogue / "examples.yml").read_text(encoding="utf-8"))
    examples["order"] = {RESERVED.get(name, name): value for name, value in examples["honour"].items()}
    (catalogue / "examples.yml").write_text(yaml.safe_dump(examples, allow_unicode=True), encoding="utf-8")
    district = root / "include" / "districts" / "demo"
    shutil.copytree(DEMO, district)
    path = district / "departments" / "kfq.yml"
    unit = yaml.safe_load(path.read_text(encoding="utf-8"))
    unit["datasets"].append(
        unit["datasets"][0] | {"id": "kfq.order", "kind": "order", "variant": "all", "channel": {"type": "hand_in"}}
    )
    path.write_text(yaml.safe_dump(unit, allow_unicode=True), encoding="utf-8")
    monkeypatch.setenv("PCW_ROOT", str(root))
    migrate()
    return "kfq.order"


def _file(changes: list[dict[str, str]]) -> bytes:
    catalogue = load_catalogue()
    kind, unit = catalogue.kinds["order"], catalogue.units["kfq"]
    rows = [example(kind, "all", unit.name, unit.uscc) | change for change in changes]
    target = io.StringIO()
    writer = csv.writer(target)
    writer.writerow([kind.fields[name].title for name in rows[0]])
    writer.writerows(row.values() for row in rows)
    return target.getvalue().encode()


def test_reserved_words_are_landed_judged_returned_corrected_and_explained(
    warehouse, order: str, tmp_path: Path
) -> None:
    number = {"order": "示奖〔2026〕{}号"}

    def deliver(name: str, rows: list[dict[str, str]]) -> Any:
        path = tmp_path / name
        path.write_bytes(_file(rows))
        return gate.run(run_on(ON), [work.ingest(run_on(ON), order, path).batch_seqs[0]])[0]

    given = [{name: text.format(row) for name, text in number.items()} for row in range(1, 31)]
    given[4]["group"] = "没有这个取值"
    outcome = deliver("a.csv", given)
    assert (outcome.state, outcome.counts["quarantined"]) == ("accepted_with_quarantine", 1), outcome.message
    assert slips.write(outcome.batch_seq)
    (row,) = status.quarantine_rows(None, None, False, 10)
    assert (row["kind"], row["source_row"]) == ("order", 6)
    (found,) = trace.find("示奖〔2026〕7号")
    assert found.kind == "order" and trace.story(found)["document_no"] == "示奖〔2026〕7号"
    with warehouse.connect() as owner:
        assert owner.execute(
            'select "user", "limit" from raw."order" where "order" = %s', ["示奖〔2026〕7号"]
        ).fetchone()
    del given[4]["group"]
    assert deliver("b.csv", given).counts == {"accepted": 1, "quarantined": 0, "duplicate": 29}


@pytest.mark.parametrize(
    "name", ['x"; drop table ledger.batch; --', "Order", "a b", "a-b", "1a", "名称", "a\n", "a'", "", "a" * 49]
)
@pytest.mark.parametrize("place", ["kind", "field", "variant", "dataset", "receiver", "interface", "code"])
def test_a_hostile_name_is_refused_wherever_it_becomes_part_of_sql(tmp_path: Path, place: str, name: str) -> None:
    if place == "code" and name == "Order":
        name = "order"
    root = Path(shutil.copytree(default_root(), tmp_path / "catalogue"))
    district = Path(shutil.copytree(CHECKOUT / "include" / "districts" / "demo", tmp_path / "district"))
    file = {"dataset": "departments/kfq.yml", "receiver": "receivers/city.yml", "interface": "receivers/city.yml"}.get(
        place, "kinds/honour.yml"
    )
    edited = (root if place in ("kind", "field", "variant", "code") else district) / file
    content = yaml.safe_load(edited.read_text(encoding="utf-8"))
    if place in ("kind", "receiver"):
        content["id"] = name
    elif place == "field":
        content["fields"][name] = content["fields"].pop("remark")
        content["variants"]["entity"]["fields"][-1] = name
    elif place == "variant":
        content["variants"][name] = content["variants"]["entity"]
    elif place == "dataset":
        content["datasets"][0]["id"] = f"kfq.{name}" if len(name) < 49 else f"kfq.{name}{name}"
    elif place == "interface":
        content["interfaces"][name] = content["interfaces"]["xk_fr"]
    else:
        content["fields"]["remark"]["codes"] = {"entity": name + "A" * 20 if len(name) > 40 else name}
    edited.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    told = [item for item in read(root, district)[1] if item.file == file and ("只能由" in item.reason)]
    assert told and told[0].line >= 1, name


def test_a_name_cannot_end_its_quotes() -> None:
    assert quoted("raw", "order") == '"raw"."order"' and quoted('a"b') == '"a""b"'


def test_no_raw_table_is_named_without_quotes() -> None:
    """SQL names a kind's raw table by ``kind.raw``; the registers' two are named by the resolver itself."""
    found = [
        f"{path.name}: {line.strip()}"
        for path in sorted((CHECKOUT / "include" / "public_credit").rglob("*.py"))
        if "migrations" not in path.parts and path.name != "register.py"
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"\braw\.\{", line)
    ]
    assert found == []
