"""Names that come from the catalogue or a configuration, as SQL writes them."""

from __future__ import annotations


def quoted(*names: str) -> str:
    """One name, or a schema and a name, always in quotes: ``"raw"."order"``; nothing in a name can end the quotes."""
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)
