"""Where things are: the state folder, connections, keys, database roles and the business date.

Everything comes from the environment and from ``<state>/secrets``; nothing is hard-coded, so the same code
runs in the demo, in a container and in tests.
"""

from __future__ import annotations

import os
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, create_engine, event

from . import connections
from .messages import UserError

if TYPE_CHECKING:
    import psycopg

TIMEZONE = ZoneInfo("Asia/Shanghai")
ROLES = ("owner", "collector", "builder", "sender", "reader")


def checkout() -> Path:
    """Root of the checkout (or of the image): the folder that holds ``include``."""
    return Path(os.environ.get("PCW_ROOT", Path(__file__).resolve().parents[3]))


def home() -> Path:
    """State folder; everything the product writes on disk lies below it."""
    return Path(os.environ.get("PCW_HOME", checkout() / ".state"))


def district_folder() -> Path | None:
    """Folder of the district the warehouse works for (``PCW_DISTRICT_FOLDER``), None when none is named."""
    given = os.environ.get("PCW_DISTRICT_FOLDER")
    return Path(given) if given else None


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


def connections_file() -> Path:
    """Where the connections stand (docs/decisions/0002-one-connections-file.md)."""
    return Path(os.environ.get("PCW_CONNECTIONS_FILE", home() / "secrets" / "connections.yaml"))


def connection(conn_id: str) -> str:
    """URI of a connection: environment ``PCW_CONN_<ID>`` first, then the connections file.

    Raises UserError (code 3) when neither names it or it is no URI; the message never shows any of it.
    """
    name = f"PCW_CONN_{conn_id.upper()}"
    if from_environment := os.environ.get(name):
        if fault := connections.uri_fault(from_environment):
            raise UserError(f"环境变量 {name} 有误：{fault}。", remedy="改正该变量。", code=3)
        return from_environment
    return connections.read(connections_file()).required(conn_id)


def secret_key(name: str) -> bytes:
    """A 32-byte key kept as hex in ``secrets/<name>.key`` (or in the file ``PCW_KEY_<NAME>_FILE`` names)."""
    path = Path(os.environ.get(f"PCW_KEY_{name.upper()}_FILE", home() / "secrets" / f"{name}.key"))
    if not path.exists():
        raise UserError(
            f"缺少密钥文件 {name}.key。",
            remedy="运行 ./run doctor 查看应放置的位置；切勿重新生成已使用过的密钥。",
            code=3,
        )
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError) as error:
        raise UserError(
            f"密钥文件 {name}.key 无法读取（{type(error).__name__}）。",
            remedy="恢复正确的密钥文件及其读取权限。",
            code=3,
        ) from None
    if len(key) != 32:
        raise UserError(f"密钥文件 {name}.key 长度不是 32 字节。", remedy="恢复正确的密钥文件。", code=3)
    return key


def dsn(role: str) -> str:
    """libpq URI of one database role (owner, collector, builder, sender, reader). Raises UserError when libpq cannot read it."""
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    if role not in ROLES:
        raise ValueError(f"unknown database role {role}")
    uri = connection(f"pcw_db_{role}")
    try:
        known = uri.startswith("postgresql://") and conninfo_to_dict(uri)
    except ProgrammingError:
        known = False
    if not known:
        raise UserError(
            f"连接 pcw_db_{role} 不是可用的 PostgreSQL 地址。",
            code=3,
            remedy="写成 postgresql://用户:口令@主机:端口/数据库，特殊字符作百分号编码。",
        )
    return uri


def _unreachable() -> UserError:
    """What is said instead of the driver's own words, which show parts of the URI."""
    return UserError(
        "连接不上数据库。",
        remedy="先启动服务（./run serve 或 ./run demo），或用 public-credit doctor 检查连接。",
        code=3,
    )


@lru_cache(maxsize=1)
def _name_of(process: int) -> str:
    return f"pcw {process} {uuid4().hex}"


def process_name() -> str:
    """What the database calls the sessions of this process: told apart from every other one, also on another machine."""
    return _name_of(os.getpid())


def session_options() -> dict[str, str]:
    """What every session of ours tells the server: its process, and to end it soon when that process or the network is gone."""
    watch = {
        "client_connection_check_interval": 1000,
        "tcp_keepalives_idle": 60,
        "tcp_keepalives_interval": 10,
        "tcp_keepalives_count": 3,
    }  # ms, s, s
    return {
        "application_name": process_name(),
        "options": " ".join(f"-c {name}={value}" for name, value in watch.items()),
    }


def connect(role: str, **options: Any) -> psycopg.Connection[Any]:
    """A connection of psycopg's own as one database role. Raises UserError (code 3)."""
    import psycopg

    try:
        return psycopg.connect(dsn(role), **session_options() | options)
    except psycopg.OperationalError:
        raise _unreachable() from None


def _connect(dialect: Any, record: Any, arguments: Any, options: Any) -> Any:
    try:
        return dialect.connect(*arguments, **session_options() | options)
    except dialect.loaded_dbapi.OperationalError:
        raise _unreachable() from None


@lru_cache(maxsize=16)
def _engine(url: str) -> Engine:
    made = create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1), pool_pre_ping=True, pool_size=2)
    event.listen(made, "do_connect", _connect)
    return made


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
    from .. import __version__

    return os.environ.get("PCW_CODE_VERSION") or __version__
