"""The settings of the product: everything the environment says (``PCW_…``), in one class, validated where something starts.

Nothing is hard-coded, so the same code runs in the demo, in a container and in tests. Connections and keys stand in
``<state>/secrets`` or in variables and files of their own.
"""

from __future__ import annotations

import difflib
import os
import pwd
import re
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from uuid import uuid4
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import Engine, create_engine, event

from .. import __version__
from . import connections
from .messages import UserError

if TYPE_CHECKING:
    import psycopg

TIMEZONE = ZoneInfo("Asia/Shanghai")
ROLES = ("owner", "collector", "builder", "sender", "reader", "desk", "engineer", "leadership", "auditor", "clerk")
PREFIX = "PCW_"
DATABASE = re.compile(r"pcw_db_(?P<role>[a-z]+)|(?P<other>airflow|exchange)_db")  # ids of databases on our server
FAMILIES = {  # names that are made of an id, checked where they are used
    "PCW_CONN_<ID>": re.compile(r"PCW_CONN_[A-Z0-9_]+"),
    "PCW_KEY_<NAME>_FILE": re.compile(r"PCW_KEY_[A-Z0-9_]+_FILE"),
}


def _named(description: str, reader: str = "product", **limits: Any) -> Any:
    """A setting that may be absent: what it says, and who reads it."""
    return Field(None, description=description, json_schema_extra={"reader": reader}, **limits)


class Settings(BaseSettings):
    """Every ``PCW_`` name there is; an empty value counts as none. ``docs/deployment.md`` lists them for operators."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True, hide_input_in_errors=True)

    home: Path | None = _named("state folder; `.state` of the checkout when not set", "product, `run`")
    root: Path | None = _named("the checkout: the folder that holds `include`; found by itself when not set")
    connections_file: Path | None = _named("connections; `secrets/connections.yaml` of the state folder when not set")
    database_folder: Path | None = _named(
        "folder with a connections file per database role; `database` beside the connections file when not set"
    )
    receivers_file: Path | None = _named(
        "connections of receivers; `receivers.yaml` beside the connections file when not set"
    )
    archive_url: str | None = _named(
        "fsspec URL of the archive; the folder `archive` of the state folder when not set", pattern=r"^[a-z0-9+.:]+://"
    )
    hand_in: Path | None = _named("folder of files for the hand-in form; `hand_in` of the state folder when not set")
    district: str | None = _named("folder of the district: a path, or a name of `include/districts`")
    session: str | None = _named(
        "token of a session at the desk in whose name a command runs; the login of the command line when not set"
    )
    login: Literal["file", "session"] | None = _named(
        "`session`: a command acts for whom `PCW_SESSION` says and nobody else; login files and `unix` do not count (containers)"
    )
    business_date: date | None = _named("business date of commands that are given none; today's when not set")
    program: str | None = _named(
        "how messages name the command line; `public-credit` when not set, `./run` sets its own"
    )
    code_version: str | None = _named("commit of the running code, as booked; set by `run`, written into the image")
    city_timeout: float | None = _named("seconds the city platform may take for an answer; 30 when not set", gt=0)
    log_days: int | None = _named("days logs are kept; 190 when not set, 6 months at least (网络安全法第21条)", ge=183)
    metadata_days: int | None = _named("days Airflow's records of runs are kept; 90 when not set", ge=7)
    clock: Literal["real", "logical"] | None = _named("`logical`: the calendar is simulated (demo, tests)")
    schedule: Literal["clock", "manual"] | None = _named("`manual`: the clock starts no DAG (demo)", "dags")
    desk_port: int | None = _named("port of the desk; 8090 when not set", ge=1, le=65535)
    desk_host: str | None = _named(
        "address the desk listens on; 127.0.0.1 when not set (a container sets its own)", pattern=r"^[0-9a-fA-F.:]+$"
    )
    desk_url: str | None = _named(
        "address people reach the desk at, behind the proxy; `https:` marks its cookies", pattern=r"^https?://[^/\s]+$"
    )
    desk_proxies: str | None = _named(
        "addresses and networks, with commas, of proxies whose word on a client's address the desk takes; 127.0.0.1 when not set",
        pattern=r"^[0-9a-fA-F.:/, ]+$",
    )
    metrics_token_file: Path | None = _named(
        "file of the token for the desk's `/metrics`; `secrets/metrics_token` of the state folder when not set"
    )
    metrics: Literal["token", "local"] | None = _named(
        "`local`: processes of this machine read `/metrics` without the token, unless `PCW_DESK_URL` is set"
    )
    db_host: str | None = _named("host of PostgreSQL", "bootstrap on a server")
    db_port: int | None = _named("port of PostgreSQL; 5432 when not set", "bootstrap on a server", ge=1, le=65535)
    superuser_file: Path | None = _named("file with the password of PostgreSQL's superuser", "bootstrap on a server")
    admin_password_file: Path | None = _named("file with Airflow's first password", "bootstrap on a server")
    postgres_bin: Path | None = _named("folder with `initdb` and `postgres` instead of the bundled ones", "local stack")
    python: str | None = _named("Python the environment is made with", "`run`")
    version: str | None = _named("tag of the image", "`docker-compose.yaml`")
    dbt_host: str | None = _named("set by the product itself while dbt runs", "dbt")
    dbt_port: int | None = _named("as above", "dbt")
    dbt_user: str | None = _named("as above", "dbt")
    dbt_password: str | None = _named("as above", "dbt")
    dbt_database: str | None = _named("as above", "dbt")
    test_seed: int | None = _named("seed of the random courses of tests; fixed when not set", "tests")
    test_examples: int | None = _named("examples of a long property test", "tests", ge=1)
    test_spark: str | None = _named("a Python with dbt-spark for its test, or `install`", "tests")
    bench_folder: Path | None = _named("where benchmarks keep their database", "benchmarks")


KNOWN = tuple(f"{PREFIX}{name.upper()}" for name in Settings.model_fields)


def current() -> Settings:
    """The settings of the environment as it is now. Raises UserError for a name nobody knows and for a value of no use."""
    return _validated(tuple(sorted(item for item in os.environ.items() if item[0].upper().startswith(PREFIX))))


@lru_cache(maxsize=4)
def _validated(given: tuple[tuple[str, str], ...]) -> Settings:
    for name, _ in given:
        if name not in KNOWN and not any(pattern.fullmatch(name) for pattern in FAMILIES.values()):
            raise UserError(f"环境变量 {name} 不是本系统的设置。", remedy=_nearest(name))
    try:
        return Settings()
    except ValidationError as error:
        fault = error.errors(include_input=False, include_url=False)[0]
        name = f"{PREFIX}{str(fault['loc'][0]).removeprefix(PREFIX.lower()).upper()}"
        raise UserError(
            f"环境变量 {name} 的值不可用：{_wanted(fault)}。", remedy="改正或取消该变量；说明见 docs/deployment.md。"
        ) from None


def _nearest(name: str) -> str:
    """What was probably meant, or what took its place."""
    if name.upper() == f"{PREFIX}USER":
        return "以谁的名义办理由登录决定：取消该变量，运行 public-credit login。"
    _, _, identity = name.upper().removeprefix(PREFIX).partition("_")
    keys = [f"PCW_KEY_{key}_FILE" for key in ("ARCHIVE", "VAULT", "LOOKUP")]
    near = difflib.get_close_matches(name.upper(), [*KNOWN, *keys, f"PCW_CONN_{identity}"], 1)
    return (f"是否应为 {near[0]}？" if near else "") + "改正或取消该变量；全部设置见 docs/deployment.md。"


def _wanted(fault: Any) -> str:
    """What a value has to be, from pydantic's finding; the value itself, which may be a secret, is not shown."""
    limits = fault.get("ctx", {})
    return {
        "date_from_datetime_parsing": "应为日期，如 2026-02-25",
        "date_from_datetime_inexact": "应为日期，如 2026-02-25",
        "date_parsing": "应为日期，如 2026-02-25",
        "int_parsing": "应为整数",
        "float_parsing": "应为数字",
        "greater_than": f"应大于 {limits.get('gt')}",
        "greater_than_equal": f"不得小于 {limits.get('ge')}",
        "less_than_equal": f"不得大于 {limits.get('le')}",
        "literal_error": f"只能是 {str(limits.get('expected', '')).replace(' or ', ' 或 ')}",
        "string_pattern_mismatch": "应为地址（形如 file:///folder、s3://bucket）",
    }.get(fault["type"], "格式不对")


def checkout() -> Path:
    """Root of the checkout (or of the image): the folder that holds ``include``."""
    return current().root or Path(__file__).resolve().parents[3]


def home() -> Path:
    """State folder; everything the product writes on disk lies below it."""
    return current().home or checkout() / ".state"


def district_folder() -> Path | None:
    """Folder of the district the warehouse works for, None when none is named.

    ``PCW_DISTRICT`` is a path (a relative one starts at the checkout) or the bare name of a folder of ``include/districts``.
    Raises UserError (code 3) when there is no such folder.
    """
    given = current().district
    if not given:
        return None
    path = checkout() / (given if os.sep in given else f"include/districts/{given}")
    if not path.is_dir():
        raise UserError(
            f"PCW_DISTRICT 所指的辖区文件夹不存在：{path}。",
            remedy="写成辖区文件夹的路径，或 include/districts 中文件夹的名称；不设置则没有辖区。",
            code=3,
        )
    return path


def folder(*parts: str) -> Path:
    """A folder below the state folder, created when absent, readable by its owner only."""
    path = home()
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    for part in parts:
        path = path / part
        path.mkdir(exist_ok=True, mode=0o700)
    return path


def archive_url() -> str:
    """fsspec URL of the archive; a local folder unless ``PCW_ARCHIVE_URL`` names another store."""
    return current().archive_url or folder("archive").as_uri()


def backup_note() -> Path:
    """File every finished backup writes: its time is that of the last one."""
    return home() / "last_backup"


def slips_folder(unit_id: str) -> Path:
    """Folder of one unit's 退回单; only that unit may be given access to it."""
    return folder("slips", unit_id)


def hand_in_folder() -> Path:
    """Folder for manual hand-in; the hand-in form names files below it and nothing else."""
    return current().hand_in or folder("hand_in")


def connections_file() -> Path:
    """Where the connections of departments and of alerts stand (docs/decisions/0002-one-connections-file.md)."""
    return current().connections_file or home() / "secrets" / "connections.yaml"


def database_folder() -> Path:
    """Where each database role has a file of its own (docs/decisions/0086-a-file-per-role.md)."""
    return current().database_folder or connections_file().parent / "database"


def receivers_file() -> Path:
    """Where the connections of receivers stand."""
    return current().receivers_file or connections_file().parent / "receivers.yaml"


def own_file(conn_id: str, receiver: bool = False) -> Path | None:
    """The file a connection has to itself or shares with its like only: a database's, that of receivers; None for all others."""
    found = DATABASE.fullmatch(conn_id)
    if found:
        return database_folder() / f"{found['role'] or found['other']}.yaml"
    return receivers_file() if receiver else None


def connection(conn_id: str, receiver: bool = False) -> str:
    """URI of a connection: environment ``PCW_CONN_<ID>`` first, then its own file, then the file for all.

    ``receiver``: it is one of a receiver. Only files it may stand in are read. Raises UserError (code 3) when nothing names it or
    it is no URI; the message never shows any of it.
    """
    name = f"PCW_CONN_{conn_id.upper()}"
    if from_environment := os.environ.get(name):
        if fault := connections.uri_fault(from_environment):
            raise UserError(f"环境变量 {name} 有误：{fault}。", remedy="改正该变量。", code=3)
        return from_environment
    own = own_file(conn_id, receiver)
    for path in (own, connections_file()):
        if path is not None and (found := connections.read(path).uri(conn_id)) is not None:
            return found
    place = own or connections_file()
    raise connections.not_named(conn_id, str(place.relative_to(home()) if place.is_relative_to(home()) else place))


def names_connection(conn_id: str, receiver: bool = False) -> bool:
    """Whether environment or file name a connection, right or wrong; so it is taken to be where the file cannot be read."""
    try:
        connection(conn_id, receiver)
    except connections.NotNamed:
        return False
    except UserError:
        return True
    return True


def names_key(name: str) -> bool:
    """Whether the environment names the file of a key (``PCW_KEY_<NAME>_FILE``)."""
    return bool(os.environ.get(f"PCW_KEY_{name.upper()}_FILE"))


def secret_key(name: str) -> bytes:
    """A 32-byte key kept as hex in ``secrets/<name>.key`` (or in the file ``PCW_KEY_<NAME>_FILE`` names)."""
    path = Path(os.environ.get(f"PCW_KEY_{name.upper()}_FILE") or home() / "secrets" / f"{name}.key")
    if not path.exists():
        raise UserError(
            f"缺少密钥文件 {name}.key。",
            remedy="运行 public-credit doctor 查看应放置的位置；切勿重新生成已使用过的密钥。",
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
    """libpq URI of one database role (owner, collector, builder, sender, reader, desk). Raises UserError when libpq cannot read it."""
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


def starting() -> str:
    """How the services are started where this runs: the compose file names a folder of the roles' connections, ``./run`` does not."""
    return "docker compose up --detach" if current().database_folder else "./run serve 或 ./run demo"


def unreachable() -> UserError:
    """What is said instead of the driver's own words, which show parts of the URI."""
    return UserError(
        "连接不上数据库。", remedy=f"先启动服务（{starting()}），或用 public-credit doctor 检查连接。", code=3
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
        raise unreachable() from None


def _connect(dialect: Any, record: Any, arguments: Any, options: Any) -> Any:
    try:
        return dialect.connect(*arguments, **session_options() | options)
    except dialect.loaded_dbapi.OperationalError:
        raise unreachable() from None


@lru_cache(maxsize=16)
def _engine(url: str) -> Engine:
    made = create_engine(
        url.replace("postgresql://", "postgresql+psycopg://", 1), pool_pre_ping=True, pool_size=2, hide_parameters=True
    )
    event.listen(made, "do_connect", _connect)
    return made


def forget_connections() -> None:
    """For a process that was forked: it makes connections of its own, and those of its parent stay the parent's.

    psycopg ends none in another process than the one that opened it.
    """
    _engine.cache_clear()


def engine(role: str) -> Engine:
    """SQLAlchemy engine of one database role; one engine per URL and process."""
    return _engine(dsn(role))


def simulated_clock() -> bool:
    """Whether the calendar is simulated (the demo, tests): the business date comes from Airflow's logical date."""
    return current().clock == "logical"


def os_user() -> str:
    """The user of the system this process runs as, by its real id: no variable of the environment is believed."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def session_token() -> str:
    """The session a command is told to act in (``PCW_SESSION``), '' for none. Starters ask, nobody else; the database checks it."""
    return current().session or ""


def today() -> date:
    """Today's date on the district's clock (Asia/Shanghai)."""
    return datetime.now(TIMEZONE).date()


def business_date() -> date | None:
    """The business date commands work on (``PCW_BUSINESS_DATE``), None when none is named. Starters ask, nobody else."""
    return current().business_date


def manual_schedule() -> bool:
    """Whether the clock starts no DAG (the demo starts them itself)."""
    return current().schedule == "manual"


def log_days() -> int:
    """Days logs are kept: network logs at least six months (网络安全法第21条第三项)."""
    return current().log_days or 190


def metadata_days() -> int:
    """Days Airflow's own records of runs are kept: a quarter, the longest period anybody looks back into single runs."""
    return current().metadata_days or 90


def code_version() -> str:
    """The commit of the running code as ``run`` or the image says (``-dirty``: with edits), else the package's version."""
    return current().code_version or __version__
