"""docker-compose.yaml without a container engine: against the schema, and every command, path and variable for real.

``compose-spec.json`` is the Compose Specification's own schema (Apache-2.0).
"""

from __future__ import annotations

import configparser
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jsonschema
import psycopg
import pytest
import yaml
from local_stack import postgres as local_postgres
from local_stack import processes, saved
from local_stack.airflow import Airflow
from local_stack.bootstrap import bootstrap
from public_credit.base import settings
from public_credit.base.settings import Settings

HERE, CHECKOUT = Path(__file__).parent, Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((CHECKOUT / "docker-compose.yaml").read_text(encoding="utf-8"))
SERVICES = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if name != "postgres"}
ENVIRONMENT = SERVICES["scheduler"]["environment"]


def test_the_file_is_valid_compose() -> None:
    schema = json.loads((HERE / "compose-spec.json").read_text(encoding="utf-8"))
    jsonschema.validate(COMPOSE, schema, cls=jsonschema.validators.validator_for(schema))
    broken = COMPOSE | {"services": SERVICES | {"scheduler": SERVICES["scheduler"] | {"commands": "airflow"}}}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, schema, cls=jsonschema.validators.validator_for(schema))


def test_in_a_container_only_a_session_says_who_acts() -> None:
    assert {service["environment"].get("PCW_LOGIN") for service in OURS.values()} == {"session"}


def test_ports_are_published_on_loopback_only() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert published and all(port.startswith("127.0.0.1:") for port in published)


def test_every_name_leads_somewhere(tmp_path: Path) -> None:
    """Secrets, volumes and dependencies are declared; files copied and mounted exist or are made."""
    made = tmp_path / "secrets"
    subprocess.run([CHECKOUT / "deploy" / "make-secrets", made], check=True, capture_output=True)
    assert {path.name for path in made.iterdir()} == set(COMPOSE["secrets"])
    assert all((path.stat().st_mode & 0o077) == 0 and path.read_text().strip() for path in made.iterdir())
    before = {path.name: path.read_bytes() for path in made.iterdir()}
    subprocess.run([CHECKOUT / "deploy" / "make-secrets", made], check=True, capture_output=True)
    assert {path.name: path.read_bytes() for path in made.iterdir()} == before, "secrets are never made twice"
    for service in SERVICES.values():
        assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])
        assert set(service.get("depends_on", {})) <= set(SERVICES)
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in COMPOSE["volumes"] or source.startswith("./")
    recipe = (CHECKOUT / SERVICES["scheduler"]["build"]["dockerfile"]).read_text(encoding="utf-8")
    for source in re.findall(r"^COPY (\S+)", recipe, re.MULTILINE):
        assert (CHECKOUT / source).exists()
    used = set(re.findall(r"/run/secrets/([\w.]+)", json.dumps(ENVIRONMENT)))
    assert used <= {*SERVICES["bootstrap"]["secrets"], "receivers.yaml"}
    assert used - set(SERVICES["scheduler"]["secrets"]) == {"postgres_password", "admin_password"}, "bootstrap's own"
    for service in SERVICES.values():
        own = set(re.findall(r"/run/secrets/([\w.]+)", json.dumps(service.get("environment", {})))) - used
        assert own <= set(service.get("secrets", []))


def test_each_service_has_the_secrets_of_its_work_and_no_others() -> None:
    held = {name: set(service["secrets"]) for name, service in OURS.items()}
    roles, keys = {f"{role}.yaml" for role in settings.ROLES}, {"archive_key", "vault_key", "lookup_key"}
    airflow = {"fernet_key", "api_secret", "jwt_secret", "airflow.yaml"}
    assert held["api-server"] == airflow and held["dag-processor"] == airflow | {"reader.yaml"}
    assert held["desk"] == roles | keys | {"metrics_token"}, "it starts commands, but delivers nothing"
    assert held["scheduler"] == roles | keys | airflow | {"receivers.yaml"}
    assert held["bootstrap"] == roles | keys | airflow | {"postgres_password", "admin_password"}
    for name in ("api-server", "dag-processor"):
        assert OURS[name]["tmpfs"] == ["/state/secrets"], "what lies in the state's folder is hidden from it"


def test_the_image_holds_no_district_and_every_service_mounts_one() -> None:
    ignored = (CHECKOUT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {"include/districts", "district"} <= set(ignored) and (CHECKOUT / "include" / "districts").is_dir()
    assert all("./district:/district:ro" in service["volumes"] for service in OURS.values())


def test_every_variable_is_read_by_something() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in (CHECKOUT / "include").rglob("*.py"))
    from airflow.configuration import conf

    known = conf.configuration_description
    for name in ENVIRONMENT:
        if name.startswith("PCW_KEY_"):
            assert 'f"PCW_KEY_{name.upper()}_FILE"' in code
        elif name.startswith("PCW_"):
            assert name in code or name.removeprefix("PCW_").lower() in Settings.model_fields, name
        elif name.startswith("AIRFLOW__"):
            _, section, option = name.removesuffix("_CMD").split("__")
            assert option.lower() in known[section.lower()]["options"], name


def test_it_configures_airflow_as_the_local_stack_does(tmp_path: Path) -> None:
    home = tmp_path / "state"
    (home / "secrets").mkdir(parents=True)
    (home / "secrets" / "connections.yaml").write_text("airflow_db: postgresql://a:b@127.0.0.1/airflow\n")
    local = Airflow(CHECKOUT, home, port=8080).environment()
    server = {name.removesuffix("_CMD"): value for name, value in ENVIRONMENT.items()}
    tuned = {
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL",
        "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC",
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME",
        "AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK",
        "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL",
    }
    assert {name for name in local if name.startswith("AIRFLOW__")} - set(server) == tuned
    for name in ("EXECUTOR", "DAGS_ARE_PAUSED_AT_CREATION", "LOAD_EXAMPLES", "DEFAULT_TIMEZONE"):
        assert server[f"AIRFLOW__CORE__{name}"] == local[f"AIRFLOW__CORE__{name}"]
    for name in ("POLARS_MAX_THREADS", "OPENBLAS_NUM_THREADS", "JE_ARROW_MALLOC_CONF"):
        assert server[name] == local[name]


class Outside:
    """The services of the file as plain processes: container paths and hosts replaced, nothing else changed."""

    def __init__(self, folder: Path):
        self.folder, self.state, self.secrets = folder, folder / "state", folder / "secrets"
        self.state.mkdir()
        subprocess.run([CHECKOUT / "deploy" / "make-secrets", self.secrets], check=True, capture_output=True)
        self.api, self.database, self.desk = (local_postgres.free_port() for _ in range(3))
        self.children: dict[str, subprocess.Popen[bytes]] = {}

    def _mounted(self, service: str) -> Path:
        """The service's own /run/secrets: links to the files it names, and nothing else."""
        folder = self.folder / f"secrets of {service}".replace(" ", "-")
        if not folder.exists():
            folder.mkdir()
            for name in SERVICES[service]["secrets"]:
                (folder / name).symlink_to(self.secrets / name)
        return folder

    def _here(self, service: str, text: str) -> str:
        for container, here in (
            ("/run/secrets", str(self._mounted(service))),
            ("/state", str(self.state)),
            ("/app", str(CHECKOUT)),
            ("api-server:8080", f"127.0.0.1:{self.api}"),
            ("localhost:8080", f"127.0.0.1:{self.api}"),
            ("127.0.0.1:8080", f"127.0.0.1:{self.api}"),
            ("127.0.0.1:8090", f"127.0.0.1:{self.desk}"),
            ("0.0.0.0", "127.0.0.1"),
        ):
            text = text.replace(container, here)
        return text

    def environment(self, service: str) -> dict[str, str]:
        plain = {name: value for name, value in os.environ.items() if not name.startswith(("PCW_", "AIRFLOW"))}
        named = {"PCW_DISTRICT": "demo"}  # what the file .env would say
        given = {
            name: self._here(service, re.sub(r"\$\{(\w+):-(\w*)\}", lambda found: named.get(found[1], found[2]), value))
            for name, value in SERVICES[service]["environment"].items()
        }
        given |= {"PCW_DB_HOST": "127.0.0.1", "PCW_DB_PORT": str(self.database), "AIRFLOW__API__PORT": str(self.api)}
        given |= {"PCW_DESK_PORT": str(self.desk)}
        image = {
            "PYTHONPATH": f"{CHECKOUT}/include",
            "PCW_ROOT": str(CHECKOUT),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        }
        return plain | image | given

    def _command(self, service: str, words: list[str]) -> list[str]:
        given = [self._here(service, word) for word in words[1:]]
        return [sys.executable if words[0] == "python" else words[0], *given]

    def run(self, service: str, words: list[str] | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._command(service, words or SERVICES[service]["command"]),
            env=self.environment(service),
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    def start(self, service: str) -> None:
        command = self._command(service, SERVICES[service]["command"])
        command[0] = shutil.which(command[0], path=self.environment(service)["PATH"]) or command[0]
        self.children[service] = processes.start(
            command, log=self.folder / f"{service}.log", env=self.environment(service), cwd=self.folder
        )

    def healthy(self, service: str, patience: float = 120.0) -> bool:
        words = SERVICES[service]["healthcheck"]["test"]
        assert words[0] == "CMD"
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and self.children[service].poll() is None:
            if self.run(service, words[1:]).returncode == 0:
                return True
            time.sleep(2)
        return False


def _tidied(outside: Outside, server: local_postgres.Server) -> None:
    """Old logs and Airflow's records of runs long ended go, the others stay."""
    logs = outside.state / "airflow" / "logs" / "dag_id=sweep"
    (logs / "old").mkdir(parents=True)
    old, young = logs / "old" / "attempt=1.log", logs / "attempt=2.log"
    for path in (old, young):
        path.write_text("x", encoding="ascii")
    long_ago = time.time() - 200 * 86400
    for path in (old, old.parent):
        os.utime(path, (long_ago, long_ago))
    with psycopg.connect(server.url("airflow"), autocommit=True) as metadata:
        for days in (100, 1):
            metadata.execute(
                "insert into log (dttm, event, owner) values (now() - make_interval(days => %s), %s, 'x')",
                [days, f"{days} days"],
            )
        task = [
            "env",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=airflow-db-not-allowed:///",
            "_AIRFLOW_PROCESS_CONTEXT=client",
        ]
        done = outside.run("scheduler", [*task, sys.executable, "-m", "public_credit.cli", "tidy"])
        assert done.returncode == 0 and "已删除过期日志" in done.stdout, done.stderr
        assert not old.exists() and young.exists(), "removed by the command, or by the DAG, which runs here, too"
        assert metadata.execute("select event from log where owner = 'x'").fetchall() == [("1 days",)]
        leftovers = metadata.execute(
            "select count(*) from pg_tables where tablename like '_airflow_deleted%'"
        ).fetchone()
        assert leftovers == (0,)


def _saved(outside: Outside) -> None:
    """The backup of ``deploy/backup`` is whole, keys apart; a server that holds a warehouse is never restored into."""
    command = re.findall(r"python -m local_stack \w+ .*", (CHECKOUT / "deploy" / "backup").read_text(encoding="utf-8"))
    restore, backup = (line.split() for line in command)
    folder, keys = outside.folder / "backup", outside.folder / "keys"
    places = {"/backup": str(folder), "/keys": str(keys)}
    done = outside.run("bootstrap", [places.get(word, word) for word in backup])
    assert done.returncode == 0, done.stderr
    (made,) = folder.glob("2*")
    names = saved.verified(made)["files"]
    assert {"database/public_credit.dump", "database/airflow.dump"} <= set(names)
    kept = keys / made.name
    assert (kept / "vault.key").read_bytes() == (outside.secrets / "vault_key").read_bytes()
    places = {"/backup": str(made), "/keys": str(kept)}
    refused = outside.run("bootstrap", [places.get(word, word) for word in restore])
    assert refused.returncode == 1 and "恢复只写入空的服务器" in refused.stderr, refused.stderr


def _unit(name: str) -> configparser.ConfigParser:
    unit = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",))
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(CHECKOUT / "deploy" / name, encoding="utf-8")
    return unit


def test_the_units_of_systemd_are_understood(tmp_path: Path) -> None:
    """By systemd itself where it is installed; by their options' grammar everywhere."""
    units = sorted((CHECKOUT / "deploy").glob("public-credit*.*"))
    assert len(units) == 5
    for path in units:
        text = path.read_text(encoding="utf-8").replace("/opt/public-credit-warehouse", str(CHECKOUT))
        text = re.sub(r"^(User|Group)=.*", r"\1=root", text, flags=re.MULTILINE)
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    if analyze := shutil.which("systemd-analyze"):
        names = [str(tmp_path / path.name) for path in units]
        done = subprocess.run([analyze, "verify", *names], capture_output=True, text=True, check=False)
        assert done.returncode == 0 and not done.stderr, done.stderr


@pytest.mark.parametrize("name", ["public-credit", "public-credit-backup", "public-credit-metrics"])
def test_a_unit_calls_what_there_is_and_may_no_more_than_the_stack(name: str) -> None:
    from public_credit.cli import app

    service, stack = _unit(f"{name}.service")["Service"], _unit("public-credit.service")["Service"]
    program, action, *words = service["ExecStart"].split()
    assert program == f"{stack['WorkingDirectory']}/run"
    way_in = (CHECKOUT / "run").read_text(encoding="utf-8")
    if action == "credit":
        assert words[0] in {command.name for command in app.registered_commands}
    else:
        assert re.search(rf"^    demo \|.* {action}\b", way_in, re.MULTILINE), action
    own = {"Type", "ExecStart", "KillMode", "KillSignal", "TimeoutStopSec", "Restart", "RestartSec", "UMask", "LimitNOFILE", "OOMPolicy"}  # fmt: skip
    assert {key: service.get(key) for key in stack if key not in own} == {
        key: value for key, value in stack.items() if key not in own
    }
    if name == "public-credit":
        assert service["KillSignal"] == "SIGINT", "the stack stops in order"
    else:
        written = [word for word in words if word.startswith("/")]
        may = [place.removeprefix("-") for place in service["ReadWritePaths"].split()]
        assert written and all(any(Path(word).is_relative_to(place) for place in may) for word in written)
        assert _unit(f"{name}.timer")["Install"]["WantedBy"] == "timers.target"


@pytest.mark.parametrize(
    ("script", "words", "asked"),
    [
        ("backup", ["{b}", "{k}"], "run --rm --no-deps --volume {b}:/backup --volume {k}:/keys bootstrap python -m local_stack backup /backup --keys /keys"),
        ("backup", ["--restore", "{b}", "{k}"], "run --rm --no-deps --volume {b}:/backup:ro --volume {k}:/keys:ro bootstrap python -m local_stack restore /backup --keys /keys"),
    ],
)  # fmt: skip
def test_the_short_ways_ask_compose_for_the_programs_own_commands(
    tmp_path: Path, script: str, words: list[str], asked: str
) -> None:
    """A stand-in for the engine alone: what it would be asked, from any folder."""
    engine = tmp_path / "bin" / "docker"
    engine.parent.mkdir()
    engine.write_text('#!/bin/sh\necho "$@"\nexit 4\n', encoding="ascii")
    engine.chmod(0o755)
    places = {"b": str(tmp_path / "b"), "k": str(tmp_path / "k")}
    done = subprocess.run(
        [CHECKOUT / "deploy" / script, *(word.format(**places) for word in words)],
        env=os.environ | {"PATH": f"{engine.parent}:{os.environ['PATH']}"},
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == f"compose {asked.format(**places)}" and done.returncode == 4, done.stderr


def test_a_login_beside_compose_is_the_callers_and_its_session_is_in_no_argument(tmp_path: Path) -> None:
    """A stand-in for the engine alone: what it would be asked, and what it is given besides."""
    engine, asked, home = tmp_path / "bin" / "docker", tmp_path / "asked", tmp_path / "home"
    engine.parent.mkdir()
    home.mkdir()
    engine.write_text(
        f"""#!/bin/sh
echo "$* [$PCW_SESSION]" >>{asked}
case "$*" in
    "compose ps"*) echo "id-$4" ;;
    *--print-session) read -r given; [ "$given" = password ] && echo token-of-wang ;;
    *) exit 4 ;;
esac
""",
        encoding="ascii",
    )
    engine.chmod(0o755)

    def credit(*words: str, given: str = "") -> subprocess.CompletedProcess[str]:
        asked.write_text("")
        return subprocess.run(
            [CHECKOUT / "deploy" / "credit", *words],
            env={"PATH": f"{engine.parent}:{os.environ['PATH']}", "HOME": str(home), "PCW_SESSION": "of-another"},
            cwd=tmp_path,
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )

    def told() -> list[str]:
        return [line for line in asked.read_text().splitlines() if not line.startswith("compose ps")]

    program = "exec --interactive --env PCW_SESSION --env PCW_PROGRAM id-{} python -m public_credit.cli"
    assert credit("status", "--json").returncode == 4
    assert told() == [f"{program.format('scheduler')} status --json []"], (
        "what the caller's environment says is no login"
    )
    credit("login", "wang", given="password\n")
    assert told() == [
        f"{program.format('desk')} login wang --password-stdin --print-session []",
        f"{program.format('scheduler')} whoami [token-of-wang]",
    ]
    kept = home / ".local" / "state" / "public-credit" / "session"
    assert (kept.read_text(), kept.stat().st_mode & 0o777) == ("token-of-wang", 0o600)
    credit("gate")
    assert told() == [f"{program.format('scheduler')} gate [token-of-wang]"]
    kept.chmod(0o644)
    assert credit("gate").returncode == 4 and told() == []
    kept.chmod(0o600)
    credit("logout")
    assert told() == [f"{program.format('scheduler')} logout [token-of-wang]"] and not kept.exists()


@pytest.mark.slow
def test_every_service_runs_and_is_healthy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outside = Outside(tmp_path)
    flags = dict(flag.removeprefix("-c").split("=", 1) for flag in SERVICES["postgres"]["command"][1:])
    monkeypatch.setattr(
        local_postgres, "_CONFIGURATION", {"listen_addresses": "127.0.0.1", "unix_socket_directories": ""} | flags
    )
    password = (outside.secrets / "postgres_password").read_text().strip()
    server = local_postgres.Server(tmp_path / "postgres", port=outside.database, password=password).start()
    try:
        for _ in range(2):
            done = outside.run("bootstrap")
            assert done.returncode == 0, done.stderr[-2000:]
        assert not (outside.state / "secrets" / "vault.key").exists(), "the key comes from its secret"
        for service in ("api-server", "desk", "scheduler", "dag-processor"):
            outside.start(service)
        for service in outside.children:
            assert outside.healthy(service), (tmp_path / f"{service}.log").read_text(errors="replace")[-2000:]
        status = outside.run("scheduler", ["python", "-m", "public_credit.cli", "status", "--json"])
        assert status.returncode == 0 and json.loads(status.stdout)["totals"]["batches"] == 0
        doctor = outside.run("scheduler", ["python", "-m", "public_credit.cli", "doctor", "--json"])
        assert "Traceback" not in doctor.stderr and json.loads(doctor.stdout)
        listed = outside.run("scheduler", ["airflow", "dags", "list", "--output", "json"])
        assert "build_warehouse" in listed.stdout and "deliver_to_city" in listed.stdout
        _tidied(outside, server)
        _saved(outside)
        ready = SERVICES["postgres"]["healthcheck"]["test"][1:]
        binary = local_postgres.binaries() / ready[0]
        if binary.exists():
            assert subprocess.run([binary, *ready[1:], f"--port={outside.database}"], check=False).returncode == 0
    finally:
        processes.stop(*outside.children.values())
        server.stop()


def test_bootstrap_keeps_passwords_and_keys(tmp_path: Path, postgres: Any) -> None:
    first = bootstrap(postgres.server.url(), postgres.server.url, postgres.home, ("airflow", "exchange"))
    key = (postgres.home / "secrets" / "vault.key").read_text()
    assert bootstrap(postgres.server.url(), postgres.server.url, postgres.home, ("airflow", "exchange")) == first
    assert (postgres.home / "secrets" / "vault.key").read_text() == key
    assert ((postgres.home / "secrets" / "connections.yaml").stat().st_mode & 0o077) == 0
