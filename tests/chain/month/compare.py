"""What a course leaves: marts, exports and the city's store, without what differs between any two runs of it."""

from __future__ import annotations

import json
from typing import Any

from tests.helpers.relations import built, forget, last_told, relations

from .site import Site

# Numbers of a run; since: when the city, which may have been away, said so. Keys are the same in both runs, and so are tokens.
OF_A_RUN = {"build_id", "batch_seq", "attempt", "batch_id", "since"}
# Of a history: when it was told, and why then.
OF_ONE_BUILD = {"build_id", "business_date", "change", "reason", "due_on"}


def _plain(row: dict[str, Any]) -> str:
    of_a_run = OF_A_RUN | ({"line_key"} if row.get("item") == "correction" else set())  # the number of a returned row
    kept = {key: value for key, value in row.items() if key not in of_a_run}
    return json.dumps(kept, ensure_ascii=False, sort_keys=True)


def left_by(site: Site) -> dict[str, list[str]]:
    """Rows of every mart, of every export as it was told last, and of what the city holds, by name.

    What the city has taken down is left out: a record that came and went while the city was away was never there.
    """
    result = {
        "city": sorted(
            json.dumps(
                [row["interface"], row["recordId"], row["published"], row["data"]], ensure_ascii=False, sort_keys=True
            )
            for row in site.city.control("GET", "store")["records"]
            if row["state"] == "held"
        )
    }
    for relation in relations(site):
        schema = relation.name.partition(".")[0]
        if schema == "exports" and relation.history:
            rows = [told(row) for row in last_told(site, relation.name).values()]
        elif schema == "marts":
            rows = [row for (row,) in site.query(f"select to_jsonb(r) from {relation.name} r")]
        else:
            continue
        result[relation.name] = sorted(_plain(row) for row in rows)
    return result


def told(row: dict[str, Any]) -> dict[str, Any]:
    """What a history says of a record, without when it said so."""
    return {key: value for key, value in row.items() if key not in OF_ONE_BUILD and not key.startswith("old_")}


def differing(one: dict[str, list[str]], other: dict[str, list[str]]) -> dict[str, tuple[list[str], list[str]]]:
    """Per relation that is not the same: rows that only the first has, rows that only the other has."""
    every = {name: one.get(name, []) for name in [*one, *other]}
    return {
        name: (sorted(set(rows) - set(other.get(name, [])))[:4], sorted(set(other.get(name, [])) - set(rows))[:4])
        for name, rows in every.items()
        if rows != other.get(name, [])
    }


def histories(site: Site) -> dict[str, list[str]]:
    """What each history says of every record that it has not taken back."""
    return {
        relation.name: sorted(
            json.dumps(told(row), ensure_ascii=False, sort_keys=True)
            for row in last_told(site, relation.name).values()
            if row.get("change") != "delete" and row.get("reason") != "withdrawn"
        )
        for relation in relations(site)
        if relation.history
    }


def against_a_rebuild(site: Site, on: Any) -> dict[str, tuple[list[str], list[str]]]:
    """What a full rebuild of the emptied schemas makes otherwise than the builds of the days did."""
    by_day = built(site) | histories(site)
    forget(site)
    site.finish(site.steps(on, "full"))
    return differing(by_day, built(site) | histories(site))
