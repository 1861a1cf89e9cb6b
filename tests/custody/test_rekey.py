"""Keys change while nobody lands; every token and every archived object stays readable; a number stored twice is resolved."""

from __future__ import annotations

import hmac
import io
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from public_credit.base import settings
from public_credit.base.messages import UserError
from public_credit.custody import archive, vault
from public_credit.custody.vault import Vault
from public_credit.ledger import locks
from public_credit.ledger.session import session
from public_credit.steps import work

from tests.helpers.commands import agreed, credit
from tests.helpers.penalties import ON, csv_bytes, land, rows
from tests.helpers.runs import run_on
from tests.identifiers.test_persons import ID18, ID_X, MOBILE


def _tokens_of(number: str, letter: str = "P") -> list[str]:
    """The tokens a number is found by, in the order of its lookups."""
    asked_for = vault.lookups(number, letter)
    with settings.connect("collector") as connection:
        rows = connection.execute("select lookup, token from vault.secret where lookup = any(%s)", [asked_for])
        tokens = {bytes(lookup): token for lookup, token in rows}
    return [tokens[lookup] for lookup in asked_for if lookup in tokens]


def _new_keys(warehouse: Any, *names: str, version: int = 2) -> None:
    for name in names:
        (warehouse.home / "secrets" / f"{name}.{version}.key").write_text(f"{version:02x}" * 32)


def _store_beside(warehouse: Any, number: str, letter: str = "P") -> str:
    """The token of a number that a collector stored which knew the second keys alone."""
    key, token = bytes.fromhex("02" * 32), letter + "A" * 26
    sealed = bytes(12) + AESGCM(key).encrypt(bytes(12), number.encode(), token.encode())
    lookup = hmac.digest(key, f"{letter}\x1f{number}".encode(), "sha256")
    with warehouse.connect("owner") as owner:
        owner.execute(
            "insert into vault.secret (token, letter, lookup, lookup_version, ciphertext, key_version) "
            "values (%s, %s, %s, 2, %s, 2)",
            [token, letter, lookup, sealed],
        )
    return token


def _store(number: str, letter: str = "P") -> str:
    with psycopg.connect(settings.dsn("collector")) as connection:
        return Vault(connection).tokenise([number], letter)[0]


def test_a_number_stored_under_both_keys_is_found_under_one_token_and_both_are_readable(warehouse: Any) -> None:
    first, other = _store(ID18), _store(ID_X)
    _new_keys(warehouse, "vault", "lookup")
    double = _store_beside(warehouse, ID18)
    answer = agreed("vault", "rekey")
    assert answer.code == 0, answer.err
    assert "已重新加密 2 条" in answer.out and "1 个号码曾登记两次" in answer.out
    assert vault.reveal([first, double, other]) == {first: ID18, double: ID18, other: ID_X}
    assert _tokens_of(ID18) == [double, first] and _tokens_of(ID_X) == [other] and _store(ID_X) == other
    assert _store(ID18) == double and _tokens_of(MOBILE, "M") == []
    assert "已重新加密 0 条" in credit("vault", "rekey").out
    _new_keys(warehouse, "vault", "lookup", version=3)
    assert "1 个号码曾登记两次" in agreed("vault", "rekey").out
    assert _tokens_of(ID18) == [double, first], "the first stays the first"


def test_a_number_met_again_after_a_restore_has_the_token_it_had(warehouse: Any) -> None:
    person, mobile = _store(ID18), _store(MOBILE, "M")
    assert vault.TOKEN.match(person) and vault.TOKEN.match(mobile)
    with warehouse.connect("owner") as owner:
        owner.execute("delete from vault.secret")  # as a backup of an hour before has it
    assert (_store(ID18), _store(MOBILE, "M")) == (person, mobile)
    assert _store(ID18, "C")[1:] != person[1:], "sorts of numbers have nothing in common"
    with warehouse.connect("owner") as owner:
        owner.execute("delete from vault.secret")
    (warehouse.home / "secrets" / "lookup.key").write_text("cd" * 32)
    assert _store(ID18) != person, "without the key nobody can make the token of a number"


def test_who_knows_the_old_key_alone_makes_no_second_token(warehouse: Any) -> None:
    first = _store(ID18)
    _new_keys(warehouse, "vault", "lookup")
    assert agreed("vault", "rekey").code == 0 and _store(ID18) == first
    for name in ("vault", "lookup"):  # a collector that was started before
        (warehouse.home / "secrets" / f"{name}.2.key").unlink()
    assert _store(ID18) == first
    with warehouse.connect("owner") as owner:
        assert owner.execute("select count(*) from vault.secret").fetchone() == (1,)


def test_a_replay_makes_one_of_two_tokens(warehouse: Any, tmp_path: Path) -> None:
    seq = land(tmp_path, "a.csv", csv_bytes(rows(1, remark=f"联系电话{MOBILE}")))
    work.gate(run_on(ON))
    (first,) = _tokens_of(MOBILE, "M")
    _new_keys(warehouse, "vault", "lookup")
    double = _store_beside(warehouse, MOBILE, "M")
    assert f"重放批次 {seq}，" in agreed("vault", "rekey").out
    assert credit("replay", seq).code == 0
    assert vault.batches_with([first]) == [] and vault.batches_with([double]) == [seq]


def test_keys_do_not_change_while_a_receipt_is_landed(warehouse: Any) -> None:
    _store(MOBILE, "M")
    _new_keys(warehouse, "vault", "lookup")
    with session("collector") as landing:
        locks.lock(landing, locks.VAULT, shared=True)
        busy = agreed("vault", "rekey")
        assert busy.code == 6 and "保险库操作" in busy.err
    assert "已重新加密 1 条" in credit("vault", "rekey").out, "agreed to, and not done yet"


def test_archived_objects_are_read_under_old_and_new_keys(warehouse: Any) -> None:
    old = archive.store(io.BytesIO(b"old"), "t")
    _new_keys(warehouse, "archive")
    new = archive.store(io.BytesIO(b"new"), "t")
    read = [archive.open_plain(item.uri).read() for item in (old, new)]
    assert read == [b"old", b"new"]
    assert "归档对象密钥 1 个" in agreed("vault", "rekey").out
    with warehouse.connect("owner") as owner:
        assert owner.execute("select distinct key_version from ledger.archive_object").fetchall() == [(2,)]
    (warehouse.home / "secrets" / "archive.key").write_text("cd" * 32)  # no longer needed
    assert archive.open_plain(old.uri).read() == b"old"
    (warehouse.home / "secrets" / "archive.2.key").write_text("cd" * 32)
    with pytest.raises(UserError, match="与归档对象不符"):
        archive.open_plain(old.uri)
