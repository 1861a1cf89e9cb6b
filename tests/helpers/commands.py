"""Run the command line in this process, as a user would."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from dataclasses import dataclass
from typing import Any
from unittest import mock

from public_credit.cli import main

from tests.helpers.signed import session_of


@dataclass(frozen=True)
class Answer:
    """What a command printed and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def credit(*words: object, by: str = "engineer") -> Answer:
    """``public-credit <words>`` by somebody signed in (``by``: an account, unless ``PCW_SESSION`` says it; '' nobody)."""
    out, err = io.StringIO(), io.StringIO()
    code: Any = 0
    with (
        mock.patch.dict("os.environ", session_of(by) if by else {}),
        mock.patch.object(sys, "argv", ["public-credit", *map(str, words)]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as leaving:
            code = leaving.code
    return Answer(code or 0, out.getvalue(), err.getvalue())


def agreed(*words: object) -> Answer:
    """A command that needs two persons: one asks, another one agrees, the first runs it again; what it then answered."""
    asked = credit(*words, "--reason", "测试", "--json")
    assert asked.code == 0, asked.err
    granted = credit("approvals", "approve", asked.json["approval"], by="engineer2")
    assert granted.code == 0, granted.err
    return credit(*words)
