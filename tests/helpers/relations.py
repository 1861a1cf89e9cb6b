"""Everything dbt keeps in a warehouse, as the manifest of its last build lists it: what two ways of building are compared by."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

# What stands in a table and says nothing: a rebuild does not make it again, and its readers leave it out.
SAYS_SOMETHING = {
    "intermediate.int_subjects__link_counter": "accepted <> 0",  # a counter that came to nothing
    "intermediate.int_supervision__counter": "received + backlog <> 0",
    # A combination of penalties that no penalty has any more, judged all the same.
    "intermediate.int_administrative_penalty__severity": (
        "replace(replace(penalty_kinds, '暂扣许可证件', '暂扣或者吊销许可证、暂扣或者吊销执照'), '吊销许可证件', "
        "'暂扣或者吊销许可证、暂扣或者吊销执照') in (select penalty_category from staging.stg_administrative_penalty)"
    ),
}


@dataclass(frozen=True)
class Relation:
    """A model or seed in the database.

    ``history`` is never made anew, ``shows_history`` is a view of such a one, ``of_build`` speaks of one build alone.
    """

    name: str
    seed: bool
    history: bool
    shows_history: bool
    of_build: bool


def relations(warehouse: Any) -> list[Relation]:
    """The relations of all models and seeds a warehouse was built with last, by what their config says of them."""
    manifest = json.loads((warehouse.home / "dbt" / "target" / "manifest.json").read_text(encoding="utf-8"))
    nodes = {key: node for key, node in manifest["nodes"].items() if node["resource_type"] in ("model", "seed")}
    history = {key for key, node in nodes.items() if node["config"].get("full_refresh") is False}
    return [
        Relation(
            f"{node['schema']}.{node['alias']}",
            node["resource_type"] == "seed",
            key in history,
            node["config"]["materialized"] == "view" and bool(history & set(node["depends_on"]["nodes"])),
            node["config"]["meta"].get("of_build", False),
        )
        for key, node in sorted(nodes.items(), key=lambda item: (item[1]["schema"], item[1]["alias"]))
    ]


def rows(warehouse: Any, name: str) -> list[str]:
    """The rows of a relation that say something, in one order, without the number of the build that wrote them."""
    where = SAYS_SOMETHING.get(name, "true")
    with warehouse.connect("owner") as owner:
        found = owner.execute(f"select to_jsonb(r) - 'build_id' from {name} r where {where}").fetchall()
    return sorted(json.dumps(row, ensure_ascii=False, sort_keys=True) for (row,) in found)


def built(warehouse: Any) -> dict[str, list[str]]:
    """The rows of all that a full rebuild makes anew and that speaks of all builds, by relation."""
    return {
        relation.name: rows(warehouse, relation.name)
        for relation in relations(warehouse)
        if not (relation.history or relation.shows_history or relation.of_build)
    }


def last_told(warehouse: Any, name: str) -> dict[str, dict[str, Any]]:
    """The newest row of every record in a history."""
    with warehouse.connect("owner") as owner:
        found = owner.execute(
            f"select distinct on (record_id) record_id, to_jsonb(r) from {name} r order by record_id, build_id desc"
        ).fetchall()
    return dict(found)


def forget(warehouse: Any) -> None:
    """Drop all that was built: the next build is the first of a warehouse, whose histories begin anew, too."""
    with warehouse.connect("builder") as builder:
        for relation in relations(warehouse):
            kind = builder.execute(
                "select relkind from pg_class where oid = to_regclass(%s)", [relation.name]
            ).fetchone()
            if kind and not relation.seed:
                builder.execute(f"drop {'view' if kind == ('v',) else 'table'} {relation.name} cascade")
