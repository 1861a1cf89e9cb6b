"""Keys have versions: ``<name>.key`` is version 1, ``<name>.<n>.key`` beside it later ones; the highest is in use."""

from __future__ import annotations

from ..base import settings


def newest() -> dict[str, int]:
    """The version of each key that is in use."""
    return {name: max(versions(name)) for name in ("vault", "lookup", "archive")}


def versions(name: str) -> dict[int, bytes]:
    """All versions of a key. Raises UserError (code 3) when one is missing or is no key."""
    later = (settings.home() / "secrets").glob(f"{name}.*.key")
    numbers = sorted(int(path.name.split(".")[1]) for path in later)
    return {1: settings.secret_key(name)} | {number: settings.secret_key(f"{name}.{number}") for number in numbers}
