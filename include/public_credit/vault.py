"""The vault: sensitive numbers apart from everything else, encrypted by the application.

A number is found by a keyed HMAC-SHA256 and known elsewhere by a random token only. Collectors put numbers in and find
tokens; only the sender's role may read ciphertext (PIPL Art. 51; requirements L). Keys have versions: ``vault.key`` and
``lookup.key`` are version 1, ``vault.<n>.key`` later ones.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Iterable

import psycopg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from . import settings
from .identifiers import normalise
from .messages import UserError

LETTERS = {"P": "证件", "M": "手机", "C": "卡号"}
TOKEN_PATTERN = r"[PMC][A-Z2-7]{26}"
_BATCH = 5000


def _keys(name: str) -> dict[int, bytes]:
    """All versions of a key; the highest is the active one."""
    versions = {1: settings.secret_key(name)}
    for path in (settings.home() / "secrets").glob(f"{name}.*.key"):
        versions[int(path.name.split(".")[1])] = bytes.fromhex(path.read_text(encoding="ascii").strip())
    return versions


def new_token(letter: str) -> str:
    """A random token: the letter of its sort and 130 random bits in base32."""
    return letter + base64.b32encode(secrets.token_bytes(17)).decode()[:26]


def mask(value: str) -> str:
    """A number as it may be shown: first four and last two characters."""
    return f"{value[:4]}{'*' * (len(value) - 6)}{value[-2:]}" if len(value) > 8 else "*" * len(value)


class Vault:
    """Tokens for numbers; remembers what it has seen, so a batch asks once per distinct number."""

    def __init__(self, connection: psycopg.Connection):
        self._connection = connection
        self._vault_keys, self._lookup_keys = _keys("vault"), _keys("lookup")
        self._cipher = AESGCM(self._vault_keys[max(self._vault_keys)])
        self._known: dict[tuple[str, str], str] = {}

    def _lookups(self, letter: str, value: str) -> list[bytes]:
        """HMAC of a number under every key version, the active one first."""
        message = f"{letter}\x1f{value}".encode()
        return [hmac.digest(self._lookup_keys[version], message, "sha256")
                for version in sorted(self._lookup_keys, reverse=True)]

    def _seal(self, token: str, value: str) -> bytes:
        nonce = secrets.token_bytes(12)
        return nonce + self._cipher.encrypt(nonce, value.encode(), token.encode())

    def tokenise(self, values: Iterable[str], letter: str = "P") -> dict[str, str]:
        """Token per given number (spellings of one number share it); new numbers are stored at once."""
        plain = {value: normalise(value)[0] for value in values}
        missing = sorted({number for number in plain.values() if (letter, number) not in self._known})
        for start in range(0, len(missing), _BATCH):
            self._learn(missing[start:start + _BATCH], letter)
        return {value: self._known[letter, number] for value, number in plain.items()}

    def _learn(self, numbers: list[str], letter: str) -> None:
        lookups = {lookup: number for number in numbers for lookup in self._lookups(letter, number)}
        found = self._find(lookups, letter)
        absent = [number for number in numbers if number not in found]
        if absent:
            tokens = {number: new_token(letter) for number in absent}
            self._connection.execute("""
                insert into vault.secret (token, letter, lookup, lookup_version, ciphertext, key_version)
                select t, %s, l, %s, c, %s from unnest(%s::text[], %s::bytea[], %s::bytea[]) as given(t, l, c)
                on conflict (lookup) do nothing""",
                [letter, max(self._lookup_keys), max(self._vault_keys), list(tokens.values()),
                 [self._lookups(letter, number)[0] for number in absent],
                 [self._seal(tokens[number], number) for number in absent]])
            self._connection.commit()
            found |= self._find({self._lookups(letter, number)[0]: number for number in absent}, letter)
        for number, token in found.items():
            self._known[letter, number] = token

    def _find(self, lookups: dict[bytes, str], letter: str) -> dict[str, str]:
        rows = self._connection.execute("select lookup, token from vault.secret where lookup = any(%s)",
                                        [list(lookups)]).fetchall()
        self._connection.commit()
        return {lookups[bytes(lookup)]: token for lookup, token in rows}


def reveal(tokens: Iterable[str]) -> dict[str, str]:
    """Numbers behind tokens, for the sender's memory only (role sender). Raises UserError for an unknown token."""
    wanted = list(dict.fromkeys(tokens))
    ciphers = {version: AESGCM(key) for version, key in _keys("vault").items()}
    with psycopg.connect(settings.dsn("sender")) as connection:
        rows = connection.execute("select token, ciphertext, key_version from vault.secret where token = any(%s)",
                                  [wanted]).fetchall()
    numbers = {token: ciphers[version].decrypt(bytes(sealed)[:12], bytes(sealed)[12:], token.encode()).decode()
               for token, sealed, version in rows}
    if len(numbers) != len(wanted):
        raise UserError(f"保险库中缺少 {len(wanted) - len(numbers)} 个号码。", remedy="检查是否已按规定删除。", code=4)
    return numbers


def rekey() -> int:
    """Re-encrypt everything under the newest keys, in small transactions; run again to resume. Number of rows changed.

    New key files (``vault.<n>.key``, ``lookup.<n>.key``, 64 hex digits) are put in place first; old ones are removed
    only after this returned 0 on a second run.
    """
    vault_keys, lookup_keys = _keys("vault"), _keys("lookup")
    newest, newest_lookup = max(vault_keys), max(lookup_keys)
    ciphers = {version: AESGCM(key) for version, key in vault_keys.items()}
    changed = 0
    with psycopg.connect(settings.dsn("owner")) as connection:
        while True:
            rows = connection.execute(
                "select token, letter, ciphertext, key_version from vault.secret "
                "where key_version < %s or lookup_version < %s limit %s for update",
                [newest, newest_lookup, _BATCH]).fetchall()
            if not rows:
                return changed
            for token, letter, sealed, version in rows:
                number = ciphers[version].decrypt(bytes(sealed)[:12], bytes(sealed)[12:], token.encode())
                nonce = secrets.token_bytes(12)
                lookup = hmac.digest(lookup_keys[newest_lookup], letter.encode() + b"\x1f" + number, "sha256")
                connection.execute(
                    "update vault.secret set ciphertext = %s, key_version = %s, lookup = %s, lookup_version = %s "
                    "where token = %s",
                    [nonce + ciphers[newest].encrypt(nonce, number, token.encode()), newest, lookup, newest_lookup, token])
            connection.commit()
            changed += len(rows)
