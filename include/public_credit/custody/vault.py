"""The vault: sensitive numbers apart from everything else, encrypted by the application.

A number is found by a keyed HMAC-SHA256 and known elsewhere by a token only. A new number's token is made of the number and
of a key of its own, so that whoever is met again after a restore has the token he had (decision 0076); one that is stored
keeps its token, whatever becomes of the keys. Collectors put numbers in and find tokens; only the sender's role may read
ciphertext (PIPL Art. 51). Keys have versions (``keys``).
"""

from __future__ import annotations

import base64
import hmac
import re
import secrets
from collections.abc import Iterable, Sequence
from contextlib import suppress

import psycopg
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ..base import settings
from ..base.copying import copying
from ..base.quoting import quoted
from ..identifiers.codes import normalise
from ..ledger import locks
from .keys import versions

LETTERS = {"P": "证件", "M": "手机", "C": "卡号"}
# Every place in a text a token may begin: two of them may share characters with what stands beside them.
TOKEN = re.compile(rf"(?=([{''.join(LETTERS)}][A-Z2-7]{{26}}))")
_BATCH = 5000
_REMEMBERED = 200_000
_PLACES = 8  # tokens of one number that are found by it: one from every key it was stored under
_TEMPORARY = """
    create temp table if not exists asked (n integer, lookup bytea) on commit delete rows;
    create temp table if not exists given (token text, lookup bytea, ciphertext bytea) on commit delete rows"""


def token_key(lookup_key: bytes) -> bytes:
    """The key tokens are made with: derived from a version of the lookup key (HKDF-SHA256, RFC 5869), never used to look up."""
    return HKDF(SHA256(), 32, salt=None, info=b"public-credit/vault/token").derive(lookup_key)


def new_tokens(key: bytes, letter: str, numbers: Sequence[str]) -> list[str]:
    """Tokens of numbers in their normal spelling: the letter of their sort and 130 bits of a keyed HMAC-SHA256 in base32 each."""
    head = f"{letter}\x1f".encode()
    return [
        letter + base64.b32encode(hmac.digest(key, head + number.encode(), "sha256"))[:26].decode()
        for number in numbers
    ]


def mask(value: str) -> str:
    """A number as it may be shown: first four and last two characters."""
    return f"{value[:4]}{'*' * (len(value) - 6)}{value[-2:]}" if len(value) > 8 else "*" * len(value)


class Vault:
    """Tokens for numbers; remembers what it has seen lately, so a batch asks once per distinct number."""

    def __init__(self, connection: psycopg.Connection):
        self._connection = connection
        self._vault_keys, self._lookup_keys = versions("vault"), versions("lookup")
        self._cipher = AESGCM(self._vault_keys[max(self._vault_keys)])
        self._token_key = token_key(self._lookup_keys[max(self._lookup_keys)])
        self._known: dict[str, dict[str, str]] = {letter: {"": ""} for letter in LETTERS}
        connection.execute(_TEMPORARY)
        connection.commit()

    def tokenise(self, values: Sequence[str], letter: str = "P", canonical: bool = False) -> list[str]:
        """Token per given number ('' for ''); spellings of one number share it; new numbers are stored at once.

        ``canonical``: the values are spelt as ``identifiers.normalise`` spells them.
        """
        known = self._known[letter]
        unknown = {value for value in values if value not in known}
        if unknown:
            if len(known) > _REMEMBERED:
                known.clear()
                unknown = set(values)
            plain = {value: value if canonical else normalise(value)[0] for value in unknown}
            self._learn(sorted({number for number in plain.values() if number not in known}), letter)
            for value, number in plain.items():
                known[value] = known[number]
        return [known[value] for value in values]

    def _lookups(self, numbers: list[str], letter: str, version: int) -> list[str]:
        """Keyed HMAC-SHA256 of every number, in hexadecimal."""
        key, head, digest = self._lookup_keys[version], f"{letter}\x1f".encode(), hmac.digest
        return [digest(key, head + number.encode(), "sha256").hex() for number in numbers]

    def _learn(self, numbers: list[str], letter: str) -> None:
        known = self._known[letter]
        known[""] = ""
        absent, newest = [number for number in numbers if number], max(self._lookup_keys)
        current = dict(zip(absent, self._lookups(absent, letter, newest), strict=True))
        known |= self._find(absent, list(current.values()))
        absent = [number for number in absent if number not in known]
        for version in sorted(self._lookup_keys, reverse=True)[1:]:
            known |= self._find(absent, self._lookups(absent, letter, version))
            absent = [number for number in absent if number not in known]
        if absent:
            known |= self._store(absent, letter, [current[number] for number in absent], newest)

    def _copy(self, statement: str, rows: Iterable[str]) -> None:
        with copying(self._connection, statement) as copy:
            copy.write("".join(rows))

    def _find(self, numbers: list[str], lookups: list[str]) -> dict[str, str]:
        """Tokens of those numbers that are in the vault."""
        if not numbers:
            return {}
        self._copy(
            "copy pg_temp.asked (n, lookup) from stdin", (f"{n}\t\\\\x{lookup}\n" for n, lookup in enumerate(lookups))
        )
        rows = self._connection.execute(
            "select n, token from pg_temp.asked join vault.secret using (lookup)"
        ).fetchall()
        self._connection.commit()
        return {numbers[n]: token for n, token in rows}

    def _store(self, numbers: list[str], letter: str, lookups: list[str], lookup_version: int) -> dict[str, str]:
        """Store numbers; their tokens. One that another process stored meanwhile keeps that process's token.

        One whose token is in the vault under another version of the lookup key is there already: the token says so.
        """
        tokens, nonces, encrypt = (
            new_tokens(self._token_key, letter, numbers),
            secrets.token_bytes(12 * len(numbers)),
            self._cipher.encrypt,
        )
        nonce = [nonces[start : start + 12] for start in range(0, len(nonces), 12)]
        self._copy(
            "copy pg_temp.given (token, lookup, ciphertext) from stdin",
            (
                f"{token}\t\\\\x{lookup}\t\\\\x{(once + encrypt(once, number.encode(), token.encode())).hex()}\n"
                for token, lookup, once, number in zip(tokens, lookups, nonce, numbers, strict=True)
            ),
        )
        stored = self._connection.execute(
            """
            insert into vault.secret (token, letter, lookup, lookup_version, ciphertext, key_version)
            select token, %s, lookup, %s, ciphertext, %s from pg_temp.given order by lookup
            on conflict do nothing""",
            [letter, lookup_version, max(self._vault_keys)],
        ).rowcount
        self._connection.commit()
        made = dict(zip(numbers, tokens, strict=True))
        return made if stored == len(numbers) else made | self._find(numbers, lookups)


def _lookup(key: bytes, letter: str, number: str, place: int) -> bytes:
    """What a number is found by. ``place``: 0 for the token it has from now on, 1 and so on for others it had been given."""
    return hmac.digest(key, f"{letter}\x1f{number}{f'{chr(31)}{place}' if place else ''}".encode(), "sha256")


def lookups(number: str, letter: str = "P") -> list[bytes]:
    """What one number may be found by, the lookup it has from now on first."""
    plain = normalise(number)[0]
    return [
        _lookup(key, letter, plain, place)
        for place in range(_PLACES)
        for _, key in sorted(versions("lookup").items())[::-1]
    ]


def reveal(tokens: Iterable[str]) -> dict[str, str]:
    """Numbers behind tokens, for the sender's memory only (role sender); a token that is not there, or does not open, has none.

    Raises UserError (code 3) when a key is missing.
    """
    wanted = list(dict.fromkeys(tokens))
    ciphers = {version: AESGCM(key) for version, key in versions("vault").items()}
    with settings.connect("sender") as connection:
        rows = connection.execute(
            "select token, ciphertext, key_version from vault.secret where token = any(%s)", [wanted]
        ).fetchall()
    numbers = {}
    for token, sealed, version in rows:
        with suppress(KeyError, InvalidTag):
            numbers[token] = ciphers[version].decrypt(bytes(sealed)[:12], bytes(sealed)[12:], token.encode()).decode()
    return numbers


def asked(number: str) -> str:
    """Keyed hash of a number somebody asked for, as a log may keep it: it tells equal questions, not the number."""
    keys = versions("lookup")
    return hmac.digest(keys[max(keys)], f"asked\x1f{normalise(number)[0]}".encode(), "sha256").hex()[:32]


def outdated() -> int:
    """Numbers that are not encrypted and looked up under the newest keys."""
    newest, newest_lookup = max(versions("vault")), max(versions("lookup"))
    with settings.connect("owner") as connection:
        found = connection.execute(
            "select count(*) from vault.secret where key_version < %s or lookup_version < %s", [newest, newest_lookup]
        ).fetchone()
    return int(found[0]) if found else 0


def rekey(holder: str) -> tuple[int, list[str]]:
    """Re-encrypt everything under the newest keys, in small transactions; run again to resume.

    How many numbers changed; and the tokens beside the first of numbers that were stored twice (a collector that knew only one of
    two keys): both stay readable, ``lookups`` finds both, and what is landed from now on gets the first. New key files
    (``vault.<n>.key``, ``lookup.<n>.key``, 64 hex digits) are put in place first; old ones are removed only after this
    returned 0 on a second run. Raises Busy while a receipt is landed, and nothing is landed meanwhile.
    """
    vault_keys, lookup_keys = versions("vault"), versions("lookup")
    newest, newest_lookup = max(vault_keys), max(lookup_keys)
    ciphers = {version: AESGCM(key) for version, key in vault_keys.items()}
    changed, doubles = 0, list[str]()
    with locks.alone("owner", locks.VAULT, "保险库操作", holder), settings.connect("owner") as connection:
        while True:
            rows = connection.execute(
                "select token, letter, lookup, lookup_version, ciphertext, key_version from vault.secret "
                "where key_version < %s or lookup_version < %s order by stored_at, token limit %s for update",
                [newest, newest_lookup, _BATCH],
            ).fetchall()
            if not rows:
                return changed, doubles
            for token, letter, lookup, lookup_version, sealed, version in rows:
                plain = ciphers[version].decrypt(bytes(sealed)[:12], bytes(sealed)[12:], token.encode()).decode()
                first = _lookup(lookup_keys[lookup_version], letter, plain, 0) == bytes(lookup)
                for place in range(0 if first else 1, _PLACES):  # one that was not the first does not become it
                    lookup = _lookup(lookup_keys[newest_lookup], letter, plain, place)
                    if not _other(connection, lookup, token):
                        break
                if place:
                    doubles.append(token)
                nonce = secrets.token_bytes(12)
                connection.execute(
                    "update vault.secret set ciphertext = %s, key_version = %s, lookup = %s, lookup_version = %s "
                    "where token = %s",
                    [
                        nonce + ciphers[newest].encrypt(nonce, plain.encode(), token.encode()),
                        newest,
                        lookup,
                        newest_lookup,
                        token,
                    ],
                )
            connection.commit()
            changed += len(rows)


def batches_with(tokens: list[str]) -> list[int]:
    """Receipts with a row in their live attempt that holds one of the tokens (role owner; every raw table is read)."""
    with settings.connect("owner") as connection:
        kinds = connection.execute("select distinct kind from ledger.batch order by 1").fetchall()
        found = [
            seq
            for (kind,) in kinds
            for (seq,) in connection.execute(
                f"select distinct r.batch_seq from {quoted('raw', kind)} r join ledger.batch b "
                "on b.seq = r.batch_seq and b.current_attempt = r.attempt where cast(r as text) like any(%s)",
                [[f"%{token}%" for token in tokens]],
            )
        ]
    return sorted(found)


def _other(connection: psycopg.Connection, lookup: bytes, token: str) -> bool:
    """Whether a number is known under another token."""
    found = connection.execute("select 1 from vault.secret where lookup = %s and token <> %s", [lookup, token])
    return found.fetchone() is not None
