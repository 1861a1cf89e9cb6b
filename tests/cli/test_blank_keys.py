"""A blank key looks nothing up: every command that takes one says so before it asks the database."""

from __future__ import annotations

import io
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, strategies
from public_credit.base.messages import UserError, key_given

from tests.helpers.commands import credit

BLANK = ("", " ", "\t", "\u3000", "\u200b", "\u00a0\n", "-", "—", "〔〕", "（）", "[]", "、。", "*")
GOOD = "91370399MA3XXXXX0A"
WHY = ("--reason", "核实")
COMMANDS = {
    "explain": ("explain", "{}", "--purpose", "核查"),
    "find": ("find", "{}"),
    "show": ("subjects", "show", "{}"),
    "as-of": ("subjects", "as-of", "{}"),
    "merge, first": ("subjects", "merge", "{}", GOOD, *WHY),
    "split": ("subjects", "split", "{}", "--identifier", "reg:1", *WHY),
    "merge, identifier": ("subjects", "merge", "uscc:{}", GOOD, *WHY),
    "name": ("subjects", "show", "name:{}"),
    "report subject": ("report", "subject", "{}"),
    "catalogue show": ("catalogue", "show", "{}"),
    "replay": ("replay", "{}"),
    "collect": ("collect", "{}"),
    "probe": ("probe", "{}"),
    "ingest": ("ingest", "{}", "--file", __file__),
    "template": ("catalogue", "template", "{}"),
    "waive": ("waive", "{}", "R01", "--reason", "a", "--owner", "b", "--until", "2026-03-31"),
    "attest": ("attest", "{}", "--from", "2026-02-01", "--to", "2026-02-02", "--reason", "a"),
    "batches of a unit": ("batches", "--unit", "{}"),
    "batches of a dataset": ("batches", "--dataset", "{}"),
    "quarantine": ("quarantine", "--unit", "{}"),
    "slips": ("slips", "--unit", "{}"),
    "work": ("subjects", "work", "--topic", "{}"),
}


@pytest.fixture(autouse=True)
def no_database(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PCW_DISTRICT", "")  # nobody is named who would have to sign in
    monkeypatch.setenv("PCW_HOME", str(tmp_path))
    for role in ("OWNER", "COLLECTOR", "BUILDER", "SENDER", "READER"):
        monkeypatch.setenv(f"PCW_CONN_PCW_DB_{role}", "postgresql://nobody:nothing@127.0.0.1:1/none")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("key", BLANK)
def test_a_blank_key_is_a_wrong_call(command: str, key: str) -> None:
    answer = credit(*(word.replace("{}", key) for word in COMMANDS[command]))
    assert (answer.code, answer.out) == (2, ""), answer


def test_an_identity_number_is_asked_for_and_a_blank_one_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("  \n"))
    answer = credit("report", "person", "--purpose", "本人查询")
    assert (answer.code, answer.out) == (2, "")


@given(strategies.text(max_size=20))
def test_a_key_has_a_letter_or_a_digit(text: str) -> None:
    if any(char.isalnum() for char in unicodedata.normalize("NFKC", text)):
        assert key_given(text, "编号") == text.strip()
    else:
        with pytest.raises(UserError) as caught:
            key_given(text, "编号")
        assert caught.value.code == 2
