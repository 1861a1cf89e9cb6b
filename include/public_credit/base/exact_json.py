"""JSON as it was written: a number that a float or 64 bits would change stays text, a name given twice in an object stays apart."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import orjson

DOUBLED = "__重复"  # behind a name that an object or record gives once more
_LARGEST = 2**64


def told_apart(names: Iterable[str]) -> list[str]:
    """Names of one record, those that came before with ``DOUBLED`` behind them."""
    seen: set[str] = set()
    apart = []
    for name in names:
        apart.append(name + DOUBLED if name in seen else name)
        seen.add(name)
    return apart


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) == len(pairs):
        return made
    return dict(zip(told_apart(name for name, _ in pairs), (value for _, value in pairs), strict=True))


def _integer(literal: str) -> int | str:
    value = int(literal) if len(literal) < 21 else _LARGEST
    return value if -_LARGEST // 2 <= value < _LARGEST else literal


def _fraction(literal: str) -> float | str:
    return value if repr(value := float(literal)) == literal else literal


def loads(content: bytes) -> Any:
    """The document. Raises ValueError for what is no JSON, lone surrogates and NaN among it."""
    orjson.loads(content)  # says what is JSON; the standard library takes more and knows the literals
    return json.loads(content, object_pairs_hook=_object, parse_int=_integer, parse_float=_fraction)
