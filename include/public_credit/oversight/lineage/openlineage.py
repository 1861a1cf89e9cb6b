"""The graph as OpenLineage events (spec 2-0-2, job events with the facet columnLineage 1-2-0), one per model, for another house's catalogue."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import datetime
from typing import Any

from .graph import ROWS, Graph

_PRODUCER = "urn:public-credit-warehouse"
_EVENT = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/JobEvent"
_FACET = "https://openlineage.io/spec/facets/1-2-0/ColumnLineageDatasetFacet.json#/$defs/ColumnLineageDatasetFacet"


def events(graph: Graph, namespace: str, at: datetime) -> str:
    """JSON lines. ``namespace``: what the house calls this warehouse; ``at``: when the events were made, with its zone."""
    by_relation: dict[str, dict[str, tuple[str, ...]]] = defaultdict(dict)
    for column, made in graph.made.items():
        relation, _, name = column.rpartition(".")
        by_relation[relation][name] = made.sources
    return "".join(
        json.dumps(_event(relation, columns, namespace, at), ensure_ascii=False) + "\n"
        for relation, columns in sorted(by_relation.items())
    )


def _event(relation: str, columns: dict[str, tuple[str, ...]], namespace: str, at: datetime) -> dict[str, Any]:
    read = sorted({source.rpartition(".")[0] for sources in columns.values() for source in sources})
    fields = {
        name: {"inputFields": [_input(source, namespace) for source in sources if not source.endswith(f".{ROWS}")]}
        for name, sources in columns.items()
    }
    facet = {"_producer": _PRODUCER, "_schemaURL": _FACET, "fields": fields}
    return {
        "eventTime": at.isoformat(),
        "producer": _PRODUCER,
        "schemaURL": _EVENT,
        "job": {"namespace": namespace, "name": relation},
        "inputs": [{"namespace": namespace, "name": name} for name in read],
        "outputs": [{"namespace": namespace, "name": relation, "facets": {"columnLineage": facet}}],
    }


def _input(source: str, namespace: str) -> dict[str, str]:
    relation, _, field = source.rpartition(".")
    return {"namespace": namespace, "name": relation, "field": field}
