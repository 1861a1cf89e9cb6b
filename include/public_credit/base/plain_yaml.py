"""YAML without code in it, by libyaml where PyYAML was built with it: the catalogue is read at every process start."""

from __future__ import annotations

from typing import Any

import yaml

Loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load(text: str | bytes) -> Any:
    """The one document of a text. Raises ``yaml.YAMLError`` with its mark."""
    return yaml.load(text, Loader=Loader)
