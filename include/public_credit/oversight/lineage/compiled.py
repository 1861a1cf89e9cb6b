"""The graph of the project as it stands: dbt compiles every model whole, the database tells the columns of what dbt only reads."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from ...base import files, settings
from ...build import command
from ...catalogue import load_catalogue
from ...policy import seeds
from . import graph

_COLUMNS = """
    select table_schema || '.' || table_name, array_agg(column_name::text order by ordinal_position)
    from information_schema.columns where table_schema in ('raw', 'ledger', 'subjects') group by 1"""
_DAY = "2000-01-01"  # no column depends on the day a model is compiled for


def current() -> graph.Graph:
    """The graph, kept in the state folder until the project or the catalogue is edited.

    Raises UserError where a model cannot be compiled.
    """
    changed = tuple((str(path), path.stat().st_mtime_ns) for path in _sources())
    return _current(str(settings.folder("lineage")), load_catalogue().version, changed)


@lru_cache(maxsize=1)
def _current(_folder: str, _catalogue: str, _changed: tuple[tuple[str, int], ...]) -> graph.Graph:
    """The graph of files as they were changed last: read once while nobody edits one of them."""
    kept = settings.folder("lineage") / f"{_version()}.json"
    if not kept.exists():
        for former in kept.parent.glob("*.json"):
            former.unlink()
        files.write(kept, graph.derive(*read()).to_json())
    return graph.Graph.from_json(kept.read_text(encoding="utf-8"))


def _sources() -> list[Path]:
    """The files of the project the graph is derived from, and those that derive it."""
    project = settings.checkout() / "dbt_project"
    readers = Path(__file__).parent.glob("*.py")
    return sorted([*project.rglob("*.sql"), *project.rglob("*.yml"), *project.glob("seeds/*/*.csv"), *readers])


def _version() -> str:
    """A hash of everything the graph is derived from."""
    digest = hashlib.sha256(load_catalogue().version.encode())
    for path in _sources():
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def read() -> tuple[dict[str, str], dict[str, list[str]]]:
    """Every model's compiled SELECT, and the columns of the relations dbt reads and does not make (seeds by their files).

    Raises UserError where a model cannot be compiled.
    """
    results: Any = command.invoke(["compile", "--full-refresh"], {"build_id": 1, "business_date": _DAY}, "lineage")
    nodes = [item.node for item in results]
    models = {f"{node.schema}.{node.name}": node.compiled_code for node in nodes if node.resource_type == "model"}
    with settings.connect("builder") as opened:
        columns: dict[str, list[str]] = dict(opened.execute(_COLUMNS).fetchall())
    for node in nodes:
        if node.resource_type == "seed":
            folder = Path(node.original_file_path).parent.name
            columns[f"{node.schema}.{node.name}"] = list(seeds.header(node.name, folder))
    return models, columns
