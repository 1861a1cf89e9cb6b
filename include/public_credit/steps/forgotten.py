"""What an earlier version's models left in dbt's schemas and no model makes any more."""

from __future__ import annotations

import json
import logging

from sqlalchemy import text

from ..base import settings

log = logging.getLogger(__name__)

_THERE = text(
    "select n.nspname, c.relname, case c.relkind when 'v' then 'view' else 'table' end as kind "
    "from pg_class c join pg_namespace n on n.oid = c.relnamespace "
    "where n.nspname = any(:schemas) and c.relkind in ('r', 'v') and pg_get_userbyid(c.relowner) = current_user "
    "order by c.relkind desc, 1, 2"
)
_KEPT = "exports"  # what was offered to a receiver is history, also when its interface is gone


def drop_forgotten() -> list[str]:
    """Drop tables and views of dbt's schemas that neither a model nor a seed of the last build's manifest makes; their names.

    For after a full rebuild: until then views of the earlier version may read them. Each is logged. What another role has made
    there is none of dbt's.
    """
    manifest = json.loads((settings.folder("dbt", "target") / "manifest.json").read_text(encoding="utf-8"))
    made = {
        (node["schema"], node["alias"])
        for node in manifest["nodes"].values()
        if node["resource_type"] in ("model", "seed")
    }
    schemas = sorted({schema for schema, _ in made} - {_KEPT})
    dropped = []
    with settings.engine("builder").begin() as connection:
        for schema, name, kind in connection.execute(_THERE, {"schemas": schemas}).all():
            if (schema, name) not in made:
                connection.execute(text(f'drop {kind} if exists "{schema}"."{name}" cascade'))
                log.warning("no model makes %s.%s any more: dropped", schema, name)
                dropped.append(f"{schema}.{name}")
    return dropped
