"""Where things are: the state folder, connections, keys, database roles and the business date.

Everything comes from the environment and from ``<state>/secrets``; nothing is hard-coded, so the same code
runs in the demo, in a container and in tests.
"""

from __future__ import annotations

import os
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml
from sqlalchemy import Engine, create_engine

from .messages import UserError

TIMEZONE = ZoneInfo("Asia/Shanghai")
ROLES = ("owner", "collector", "builder", "sender", "reader")


def checkout() -> Path:
    """Root of the checkout (or of the image): the folder that holds ``include``."""
    return Path(os.environ.get("PCW_ROOT", Path(__file__).resolve().parents[2]))


def home() -> Path:
    """State folder; everything the product writes on disk lies below it."""
    return Path(os.environ.get("PCW_HOME", checkout() / ".state"))


def folder(*parts: str) -> Path:
    """A folder below the state folder, created when absent, readable by its owner only."""
    path = home()
    path.mkdir(parents=True, exist_ok=True)
    for part in parts:
        path = path / part
        path.mkdir(exist_ok=True, mode=0o700)
    return path


def archive_url() -> str:
    """fsspec URL of the archive; a local folder unless ``PCW_ARCHIVE_URL`` names another store."""
    return os.environ.get("PCW_ARCHIVE_URL") or folder("archive").as_uri()


def slips_folder(unit_id: str) -> Path:
    """Folder of one unit's 退回单; only that unit may be given access to it."""
    return folder("slips", unit_id)


def hand_in_folder() -> Path:
    """Folder for manual hand-in; the hand-in form names files below it and nothing else."""
    return Path(os.environ.get("PCW_HAND_IN") or folder("hand_in"))


def _connections_file() -> Path:
    return Path(os.environ.get("PCW_CONNECTIONS_FILE", home() / "secrets" / "connections.yaml"))


@lru_cache(maxsize=8)
def _read_connections(path: str, mtime_ns: int) -> dict[str, str]:
    content = yaml.safe_load(Path(path).read_text(encoding="utf-8")) or {}
    return {str(key): str(value) for key, value in content.items()}


def connection(conn_id: str) -> str:
    """URI of a connection: environment ``PCW_CONN_<ID>`` first, then the connections file.

    Raises UserError (code 3) when neither names it; the message never shows a URI.
    """
    from_environment = os.environ.get(f"PCW_CONN_{conn_id.upper()}")
    if from_environment:
        return from_environment
    path = _connections_file()
    if path.exists():
        known = _read_connections(str(path), path.stat().st_mtime_ns)
        if conn_id in known:
            return known[conn_id]
    raise UserError(
        f"未配置连接 {conn_id}。",
        remedy=f"在 secrets/connections.yaml 中增加一行 {conn_id}: <URI>，或设置环境变量 PCW_CONN_{conn_id.upper()}。",
        code=3,
    )


def secret_key(name: str) -> bytes:
    """A 32-byte key kept as hex in ``secrets/<name>.key`` (or in the file ``PCW_KEY_<NAME>_FILE`` names)."""
    path = Path(os.environ.get(f"PCW_KEY_{name.upper()}_FILE", home() / "secrets" / f"{name}.key"))
    if not path.exists():
        raise UserError(f"缺少密钥文件 {name}.key。", remedy="运行 ./run doctor 查看应放置的位置；切勿重新生成已使用过的密钥。",
                        code=3)
    key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    if len(key) != 32:
        raise UserError(f"密钥文件 {name}.key 长度不是 32 字节。", remedy="恢复正确的密钥文件。", code=3)
    return key


def dsn(role: str) -> str:
    """libpq URI of one database role (owner, collector, builder, sender, reader)."""
    if role not in ROLES:
        raise ValueError(f"unknown database role {role}")
    return connection(f"pcw_db_{role}")


@lru_cache(maxsize=16)
def _engine(url: str) -> Engine:
    return create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1), pool_pre_ping=True, pool_size=2)


def engine(role: str) -> Engine:
    """SQLAlchemy engine of one database role; one engine per URL and process."""
    return _engine(dsn(role))


def today() -> date:
    """Today's date on the district's clock (Asia/Shanghai)."""
    return datetime.now(TIMEZONE).date()


def business_date() -> date:
    """The business date work is booked on: ``PCW_BUSINESS_DATE`` (a DAG passes its run's), else today."""
    given = os.environ.get("PCW_BUSINESS_DATE")
    return date.fromisoformat(given) if given else today()


@lru_cache(maxsize=1)
def code_version() -> str:
    """Version of the running code: ``PCW_CODE_VERSION`` or the package version."""
    from . import __version__

    return os.environ.get("PCW_CODE_VERSION") or __version__
