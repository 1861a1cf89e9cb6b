"""The archive: every receipt as it came, encrypted with a key of its own, before anything is parsed.

Object = magic, then frames of at most 1 MiB: length, AES-256-GCM ciphertext. The nonce counts the frames, the associated
data binds object, frame number and whether it is the last, so truncation, reordering and exchange are detected. The
object's key is wrapped with the newest ``archive`` key (``keys``) and kept in ``ledger.archive_object``; clearing it destroys the content.
"""

from __future__ import annotations

import hashlib
import io
import os
import secrets
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol

import fsspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import func, select, update

from ..base import settings
from ..base.messages import UserError
from ..ledger.models import ArchiveObject
from ..ledger.session import session
from .keys import versions

MAGIC = b"PCWARCH1"
FRAME = 1 << 20
_BATCH = 1000
_HEAD, _TAG = struct.Struct(">I"), 16


class Readable(Protocol):
    """Whatever bytes can be read from."""

    def read(self, size: int = -1, /) -> bytes:
        """At most ``size`` bytes, all that is left for -1; b"" at the end."""


@dataclass(frozen=True)
class ArchivedObject:
    """Where an object lies, the sha256 of its plain bytes and their number."""

    uri: str
    sha256: str
    bytes: int


class ArchiveDamaged(UserError):
    """The object is missing, truncated, altered, or its key was destroyed."""

    of_receipt = True


class ArchiveShredded(ArchiveDamaged):
    """The object was deleted as the law or a rule of ours asks, which the ledger says (``shredded_at``)."""


class ArchiveKeyDiffers(UserError):
    """An object's key was wrapped with another archive key than there is, or what is kept of it was altered."""


@contextmanager
def _storage() -> Iterator[None]:
    """What the store itself does not give: an object that is missing, or a store that cannot be reached."""
    try:
        yield
    except FileNotFoundError:
        raise ArchiveDamaged("归档对象不存在。", remedy="从备份恢复归档对象。", code=3) from None
    except OSError as error:
        raise UserError(
            f"归档存储无法读取（{type(error).__name__}）。", remedy="检查归档存储的网络与权限；任务会重试。", code=3
        ) from None


def _nonce(number: int) -> bytes:
    return struct.pack(">IQ", 0, number)


def _bound(name: str, number: int, last: bool) -> bytes:
    return f"{name}\x1f{number}\x1f{int(last)}".encode()


def _read_frame(stream: Readable) -> bytes:
    parts, missing = [], FRAME
    while missing:
        part = stream.read(missing)
        if not part:
            break
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def store(stream: Readable, batch_hint: str) -> ArchivedObject:
    """Encrypt a stream into a new object; it appears under its name only when it is complete."""
    name = f"{batch_hint}/{secrets.token_hex(16)}.pcw"
    uri = f"{settings.archive_url().rstrip('/')}/{name}"
    filesystem, path = fsspec.core.url_to_fs(uri)
    filesystem.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
    key = AESGCM.generate_key(256)
    cipher, digest, size, number = AESGCM(key), hashlib.sha256(), 0, 0
    temporary = f"{path}.part"
    try:
        with filesystem.open(temporary, "wb") as target:
            target.write(MAGIC)
            frame, room = _read_frame(stream), bytearray(_HEAD.size + FRAME + _TAG)
            while True:
                following = _read_frame(stream) if len(frame) == FRAME else b""
                digest.update(frame)
                size += len(frame)
                _HEAD.pack_into(room, 0, len(frame) + _TAG)
                sealed = memoryview(room)[: _HEAD.size + len(frame) + _TAG]
                cipher.encrypt_into(_nonce(number), frame, _bound(name, number, not following), sealed[_HEAD.size :])
                target.write(sealed)
                number += 1
                if not following:
                    break
                frame = following
            target.flush()
            if hasattr(target, "fileno"):
                os.fsync(target.fileno())
        filesystem.mv(temporary, path)
    except BaseException:
        if filesystem.exists(temporary):
            filesystem.rm(temporary)
        raise
    nonce = secrets.token_bytes(12)
    keys = versions("archive")
    version = max(keys)
    wrapped = nonce + AESGCM(keys[version]).encrypt(nonce, key, uri.encode())
    with session("collector") as opened:
        opened.add(
            ArchiveObject(uri=uri, sha256=digest.hexdigest(), size_bytes=size, wrapped_key=wrapped, key_version=version)
        )
    return ArchivedObject(uri, digest.hexdigest(), size)


class _Plain(io.RawIOBase):
    """Decrypting reader over the frames of one object."""

    def __init__(self, source: BinaryIO, key: bytes, name: str):
        self._source, self._cipher, self._name = source, AESGCM(key), name
        self._number, self._rest, self._done = 0, memoryview(b""), False
        self._digest = hashlib.sha256()
        if source.read(len(MAGIC)) != MAGIC:
            raise ArchiveDamaged("归档对象已损坏（文件头不符）。", remedy="从备份恢复归档对象。", code=3)

    def readable(self) -> bool:
        return True

    def _decrypt(self, sealed: bytes, room: memoryview) -> int:
        """Decrypt the next frame into ``room``; its length. What an attempt in vain leaves there is never given away."""
        for last in (False, True):
            try:
                count = self._cipher.decrypt_into(
                    _nonce(self._number), sealed, _bound(self._name, self._number, last), room
                )
            except (InvalidTag, ValueError):
                continue
            self._done = last
            self._number += 1
            self._digest.update(room[:count])
            return count
        raise ArchiveDamaged("归档对象已损坏或被改动。", remedy="从备份恢复归档对象。", code=3)

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]  # as BufferedReader calls it
        while not self._rest and not self._done:
            with _storage():
                head = self._source.read(_HEAD.size)
                size = _HEAD.unpack(head)[0] if len(head) == _HEAD.size else 0
                sealed, plain = self._source.read(size), size - _TAG
            if 0 < plain <= len(buffer):
                return self._decrypt(sealed, memoryview(buffer)[:plain])
            room = memoryview(bytearray(max(plain, 0)))
            self._rest = room[: self._decrypt(sealed, room)]
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    @property
    def whole(self) -> str | None:
        """SHA-256 of the plain bytes, hexadecimal; None before the last of them was read."""
        return self._digest.hexdigest() if self._done else None

    def close(self) -> None:
        self._source.close()
        super().close()


class Original:
    """An object that has to be what was received: what is read of it is compared with the digest of the receipt."""

    def __init__(self, uri: str, sha256: str):
        self._uri, self._sha256, self._opened = uri, sha256, list[_Plain]()

    def open(self) -> io.BufferedReader:
        """As ``open_plain``; may be called again."""
        plain = _plain(self._uri)
        self._opened.append(plain)
        return io.BufferedReader(plain, FRAME)

    def require(self) -> None:
        """Raises ArchiveDamaged where the bytes are others; they are read once more where no reader came to their end."""
        read = next((plain.whole for plain in self._opened if plain.whole), None)
        if (read or digest(self._uri).sha256) != self._sha256:
            raise ArchiveDamaged(
                "归档对象的内容与收到时登记的摘要不符。",
                remedy="运行 public-credit audit verify 查明何处被改。",
                code=3,
            )


def _unwrapped(keys: dict[int, bytes], uri: str, wrapped: bytes, version: int) -> bytes:
    """An object's key. Raises ArchiveKeyDiffers (code 3) when the archive key is another than it was wrapped with."""
    try:
        return AESGCM(keys[version]).decrypt(wrapped[:12], wrapped[12:], uri.encode())
    except (InvalidTag, KeyError):
        raise ArchiveKeyDiffers(
            "归档密钥 archive.key 与归档对象不符。", remedy="恢复归档时使用的密钥文件；任务会重试。", code=3
        ) from None


def open_plain(uri: str) -> io.BufferedReader:
    """A buffered stream of the object's plain bytes (not seekable). Raises ArchiveDamaged."""
    return io.BufferedReader(_plain(uri), FRAME)


def digest(uri: str) -> ArchivedObject:
    """SHA-256 and size of an object's plain bytes, all of which are read. Raises ArchiveDamaged."""
    found, size = hashlib.sha256(), 0
    with open_plain(uri) as source:
        while part := source.read(FRAME):
            found.update(part)
            size += len(part)
    return ArchivedObject(uri, found.hexdigest(), size)


def _plain(uri: str) -> _Plain:
    with session("collector") as opened:
        row = opened.get(ArchiveObject, uri)
        wrapped, version = (row.wrapped_key, row.key_version) if row else (None, 1)
        shredded = row is not None and row.shredded_at is not None
    if shredded:
        raise ArchiveShredded("归档对象已按规定删除，不能再读取。", remedy="无须处理；台账仍保留其摘要。", code=4)
    if wrapped is None:
        raise ArchiveDamaged("台账中没有归档对象的密钥。", remedy="从备份恢复台账。", code=3)
    key = _unwrapped(versions("archive"), uri, wrapped, version)
    name = "/".join(uri.rsplit("/", 2)[-2:])
    with _storage():
        filesystem, path = _place(uri)
        try:
            source = filesystem.open(path, "rb")
        except FileNotFoundError:
            if not filesystem.exists(path.rsplit("/", 1)[0]):  # none of the dataset's objects
                raise UserError(
                    "归档存储不存在或没有挂载。", remedy="恢复归档存储的挂载；任务会重试。", code=3
                ) from None
            raise
        return _Plain(source, key, name)


def _place(uri: str) -> tuple[Any, str]:
    """Where an object lies now: below the archive's present address, for an archive moves as a whole; else where it was put."""
    name = "/".join(uri.rsplit("/", 2)[-2:])
    filesystem, path = fsspec.core.url_to_fs(f"{settings.archive_url().rstrip('/')}/{name}")
    return (filesystem, path) if filesystem.exists(path) else fsspec.core.url_to_fs(uri)


def outdated() -> int:
    """Objects whose key is not wrapped with the newest archive key."""
    newest = max(versions("archive"))
    with session("owner") as opened:
        waiting = select(func.count()).where(ArchiveObject.key_version < newest, ArchiveObject.wrapped_key.is_not(None))
        return opened.execute(waiting).scalar_one()


def rekey() -> int:
    """Wrap the key of every object with the newest archive key; the objects stay as they are. Number of keys changed.

    Run again to resume; an older key file may be removed once this returned 0. Raises UserError (code 3) for a wrong key.
    """
    keys = versions("archive")
    newest, changed = max(keys), 0
    while True:
        with session("owner") as opened:
            rows = opened.scalars(
                select(ArchiveObject)
                .where(ArchiveObject.key_version < newest, ArchiveObject.wrapped_key.is_not(None))
                .order_by(ArchiveObject.uri)
                .limit(_BATCH)
                .with_for_update()
            ).all()
            for row in rows:
                assert row.wrapped_key is not None  # as asked for
                key = _unwrapped(keys, row.uri, row.wrapped_key, row.key_version)
                nonce = secrets.token_bytes(12)
                row.wrapped_key = nonce + AESGCM(keys[newest]).encrypt(nonce, key, row.uri.encode())
                row.key_version = newest
        if not rows:
            return changed
        changed += len(rows)


def shred(uri: str, reason: str) -> None:
    """Destroy an object's content by destroying its key, then remove the bytes; the ledger keeps its digest."""
    with session("collector") as opened:
        opened.execute(
            update(ArchiveObject)
            .where(ArchiveObject.uri == uri)
            .values(wrapped_key=None, shredded_at=func.now(), shred_reason=reason)
        )
    filesystem, path = _place(uri)
    if filesystem.exists(path):
        filesystem.rm(path)
