"""What the desk has read before it is asked for the first page."""

from __future__ import annotations

from pathlib import Path

import pytest
from public_credit.base import settings
from public_credit.base.messages import UserError
from public_credit.catalogue import load_catalogue
from public_credit.desk import serve
from public_credit.land.rules import load_ruleset, model


def test_no_page_waits_for_a_rule_file() -> None:
    model._read.cache_clear()
    serve.read_ahead()
    read = model._read.cache_info().misses
    assert read == len(load_catalogue().kinds)
    for kind in load_catalogue().kinds:
        load_ruleset(kind)
    assert model._read.cache_info().misses == read


def test_the_desk_starts_with_a_rule_file_nobody_can_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = load_catalogue()
    (tmp_path / "expectations").mkdir()
    for kind in [*known.kinds][1:]:  # of the first there is none
        (tmp_path / "expectations" / f"{kind}.yml").write_text("kind: [")
    monkeypatch.setattr(settings, "checkout", lambda: tmp_path)
    monkeypatch.setattr(serve, "load_catalogue", lambda: known)
    serve.read_ahead()
    with pytest.raises(UserError):
        load_ruleset([*known.kinds][1])
