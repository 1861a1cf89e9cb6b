"""Column by column: how the graph reads SQL, and that everything exported or shown reaches where it was delivered or laid down."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from public_credit.catalogue import load_catalogue
from public_credit.oversight.lineage import compiled, drawing, page
from public_credit.oversight.lineage.graph import Graph, derive
from public_credit.oversight.lineage.told import Words, split

from tests.conftest import CHECKOUT, open_warehouse
from tests.helpers.commands import credit

RAW = {"raw.penalty": ["record_id", "fine", "unit"], "policy.unit": ["unit", "title"]}
OUTSIDE = ("raw", "ledger", "subjects", "policy")
CONSTANT = {"build_id", "receiver", "interface"}  # what a build or an arm of a union says of itself


def made(sql: str, **more: str) -> Graph:
    return derive({"staging.a": sql, **{name.replace("__", ".", 1): text for name, text in more.items()}}, RAW)


@pytest.mark.parametrize(
    ("sql", "column", "sources"),
    [
        ("select fine from raw.penalty", "fine", ["raw.penalty.fine"]),
        ("select * from raw.penalty", "unit", ["raw.penalty.unit"]),
        ("select p.fine * 10000 as yuan from raw.penalty p", "yuan", ["raw.penalty.fine"]),
        ("with x as (select fine as f from raw.penalty) select f as g from x", "g", ["raw.penalty.fine"]),
        ("select coalesce(u.title, p.unit) as t from raw.penalty p left join policy.unit u on u.unit = p.unit", "t",
         ["policy.unit.title", "raw.penalty.unit"]),
        ("select unit from raw.penalty union all select unit from policy.unit", "unit", ["policy.unit.unit", "raw.penalty.unit"]),
        ("select count(*) as n from raw.penalty", "n", ["raw.penalty.*"]),
        ("with s as (select 1 as sign from raw.penalty) select sum(sign) as n from s", "n", ["raw.penalty.*"]),
        ("select sum(fine) over (partition by unit) as n from raw.penalty", "n", ["raw.penalty.fine", "raw.penalty.unit"]),
        ("select to_jsonb(p) as payload from raw.penalty p", "payload", ["raw.penalty.*"]),
        ("select 'city' as receiver from raw.penalty", "receiver", []),
    ],
)  # fmt: skip
def test_a_column_is_made_from_what_its_sql_says(sql: str, column: str, sources: list[str]) -> None:
    assert list(made(sql).made[f"staging.a.{column}"].sources) == sources


def test_a_column_that_a_star_hands_on_says_nothing_of_how_it_is_made() -> None:
    left = "select o.*, row_number() over (order by o.unit) as newest from marts.m o"  # what an earlier build left
    sql = f"select unit from raw.penalty union all select last.unit from ({left}) last"
    assert made("select 1 as one from raw.penalty", marts__m=sql).made["marts.m.unit"].by == "unit"


def test_ways_lead_both_ways_and_a_renamed_column_changes_them() -> None:
    graph = made("select fine from raw.penalty", marts__m="select max(fine) as most from staging.a")
    assert graph.ends("marts.m.most") == ["raw.penalty.fine"]
    assert graph.ends("raw.penalty.fine", down=True) == ["marts.m.most"]
    renamed = made("select fine as amount from raw.penalty", marts__m="select max(amount) as most from staging.a")
    assert renamed.made["marts.m.most"].sources == ("staging.a.amount",)
    assert Graph.from_json(renamed.to_json()) == renamed


def test_a_model_that_reads_what_an_earlier_build_left_of_a_later_one_ends_no_graph() -> None:
    graph = made(
        "select t.record_id, p.fine from raw.penalty p join intermediate.touched t on t.record_id = p.record_id",
        intermediate__touched="select record_id from raw.penalty union select record_id from staging.a",
    )
    assert graph.made["staging.a.fine"].sources == ("raw.penalty.fine",)
    assert "raw.penalty.record_id" in graph.ends("staging.a.record_id")
    assert {box.relation for box in drawing.drawn(graph, ["staging.a.record_id"]).boxes} == {
        "raw.penalty", "intermediate.touched", "staging.a",
    }  # fmt: skip


def test_a_drawing_leads_from_the_sources_on_the_left_to_the_uses_on_the_right() -> None:
    graph = made("select fine from raw.penalty", marts__m="select max(fine) as most from staging.a")
    drawn = drawing.drawn(graph, ["staging.a.fine"])
    assert [(source, column) for _, source, column in drawn.lines] == [
        ("staging.a.fine", "marts.m.most"), ("raw.penalty.fine", "staging.a.fine"),
    ]  # fmt: skip
    across = {box.relation: box.x for box in drawn.boxes}
    assert across["raw.penalty"] < across["staging.a"] < across["marts.m"] and drawn.left_out == 0
    assert all(box.x + drawing.WIDE <= drawn.width and box.y + box.height <= drawn.height for box in drawn.boxes)


def test_a_page_of_lineage_is_clickable_both_ways() -> None:
    graph = made("select fine from raw.penalty", marts__m="select max(fine) as most from staging.a")
    html = page.page(graph, Words(load_catalogue()), ["staging.a.fine"], wanted="罚款", simulated=False)
    entry = html[html.index('<tr id="c-staging-a-fine"') :].partition("</tr>")[0]
    assert 'href="#c-raw-penalty-fine"' in entry and 'href="#c-marts-m-most"' in entry
    for target in re.findall(r'href="#([^"]+)"', html):
        assert html.count(f'id="{target}"') == 1, target
    svg = html[html.index("<svg") : html.index("</svg>")]
    assert svg.count("<path") == 2 and svg.count('class="asked"') == 1 and svg.count('href="#c-') == 3
    assert "src=" not in html and "<script" not in html
    assert 'href="/lineage/' not in page.body(graph, Words(load_catalogue()), ["staging.a.fine"], linked=True)


def test_what_is_too_far_to_be_drawn_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "MOST", 2)
    graph = made("select fine from raw.penalty", marts__m="select max(fine) as most from staging.a")
    drawn = drawing.drawn(graph, ["staging.a.fine"])
    assert (len(drawn.columns), drawn.left_out) == (2, 1)
    html = page.body(graph, Words(load_catalogue()), ["staging.a.fine"], linked=True)
    assert 'href="/lineage/marts.m.most"' in html or 'href="/lineage/raw.penalty.fine"' in html
    assert "更远的 1 列未画" in html


@pytest.fixture(scope="module")
def opened(migrated, tmp_path_factory: pytest.TempPathFactory):
    with pytest.MonkeyPatch.context() as patch, open_warehouse(migrated, tmp_path_factory.mktemp("lineage"), patch):
        yield


@pytest.fixture(scope="module")
def graph(opened) -> Graph:
    return compiled.current()


def test_every_exported_field_reaches_the_field_a_department_delivers(graph: Graph) -> None:
    checked, words = 0, Words(load_catalogue())
    for kind in load_catalogue().kinds.values():
        for variant, table in kind.tables.items():
            for name in table.fields if table.interface else ():
                code = kind.fields[name].codes.get(variant, kind.fields[name].codes.get("all", "")).lower()
                ends = graph.ends(f"exports.exp_city__{table.interface}.{code}")
                assert f"raw.{kind.id}.{name}" in ends, (table.interface, name)
                assert words.delivered(f"raw.{kind.id}.{name}")
                checked += 1
    assert checked > 80


def test_every_column_reaches_what_was_delivered_or_laid_down_or_what_is_counted(graph: Graph) -> None:
    """What the page reads among them; constants are a build's number and the names a union gives its arms."""
    read = " ".join(
        path.read_text(encoding="utf-8") for path in (CHECKOUT / "include/public_credit/papers/leadership").glob("*.py")
    )
    shown = set(re.findall(r"marts\.(mart_\w+)", read))
    assert len(shown) > 8
    for column in graph.made:
        schema, relation, name = split(column)
        if relation in shown or schema == "exports":
            ends = graph.ends(column)
            outside = [end for end in ends if end.startswith(OUTSIDE) or end.endswith(".*")]
            assert outside or name in CONSTANT or not graph.made[column].sources, column


def test_it_is_derived_once_until_an_edit(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "read", lambda: pytest.fail("compiled again"))
    assert compiled.current() == graph


def test_the_command_tells_steps_headers_and_figures(graph: Graph, tmp_path: Path) -> None:
    answer = credit("lineage", "exp_city__cf_fr.cf_nr_fk")
    assert answer.code == 0
    assert "raw.administrative_penalty.fine_amount_wan" in answer.out and "表头：" in answer.out
    (found,) = credit("lineage", "exp_city__cf_fr.cf_nr_fk", "--json").json
    assert found["ends"] == ["raw.administrative_penalty.fine_amount_wan"]
    named = {column["column"] for column in credit("lineage", "罚款金额", "--json").json}
    assert {"raw.administrative_penalty.fine_amount_wan", "exports.exp_city__cf_fr.cf_nr_fk"} <= named
    assert "marts.mart_targets__progress.numerator" in credit("lineage", "T05/1/all/2026").out
    down = credit("lineage", "raw.administrative_penalty.fine_amount_wan", "--down", "--json").json
    assert "exports.exp_city__cf_fr.cf_nr_fk" in {step["column"] for step in down[0]["steps"]}
    assert credit("lineage", "没有的列").code == 4
    path = tmp_path / "events.jsonl"
    assert credit("lineage", "--openlineage", path).code == 0
    events = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    fields = {event["job"]["name"]: event["outputs"][0]["facets"]["columnLineage"]["fields"] for event in events}
    assert fields["exports.exp_city__cf_fr"]["cf_nr_fk"]["inputFields"] == [
        {"namespace": "public-credit-warehouse", "name": "intermediate.int_administrative_penalty__current", "field": "fine_amount_wan"}
    ]  # fmt: skip
