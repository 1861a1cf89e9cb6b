"""A slip in connections.yaml: the stack says it in one sentence, ends for it only at a start, and never writes over the file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml
from local_stack import commands
from local_stack.airflow import Airflow
from local_stack.bootstrap import bootstrap
from local_stack.postgres import free_port
from local_stack.stack import Progress, Stack
from public_credit.base import connections, settings
from public_credit.base.messages import UserError

CHECKOUT = Path(__file__).resolve().parents[2]
SECRET = "Geheim0815Wort"
SLIPS = {
    "no space": f"a:sftp://u:{SECRET}@h/\nb: file:///x\n".encode(),
    "quote": f'a: "sftp://u:{SECRET}@h/\n'.encode(),
    "list": f"- sftp://u:{SECRET}@h/\n".encode(),
    "scalar": SECRET.encode(),
    "tab": f"\ta: sftp://u:{SECRET}@h/\n".encode(),
    "encoding": f"# 水利局\na: sftp://u:{SECRET}@h/\n".encode("gb18030"),
}


def _write(home: Path, content: bytes) -> Path:
    path = home / "secrets" / "connections.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("slip", SLIPS)
def test_a_stack_that_cannot_read_the_file_ends_with_one_sentence(
    slip: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], postgres: Any
) -> None:
    path = _write(tmp_path, SLIPS[slip])
    stack = Stack(CHECKOUT, tmp_path, simulated=False, progress=Progress())
    for work in (
        lambda: bootstrap(postgres.server.url(), postgres.server.url, tmp_path),
        stack.environment,
        lambda: stack.connection("pcw_db_reader"),
    ):
        assert commands._until_stopped(stack, lambda reached, work=work: work()) == 3
        said = capfd.readouterr().err
        assert said.startswith("错误：connections.yaml 第 ") and said.count("\n") == 2 and SECRET not in said
    assert path.read_bytes() == SLIPS[slip]


@pytest.mark.parametrize("slip", [*SLIPS, "missing", "empty", "ours gone", "ours a mapping"])
def test_a_running_stack_goes_on_with_what_it_last_read(slip: str, tmp_path: Path) -> None:
    good = f"pcw_db_reader: postgresql://r:{SECRET}@127.0.0.1/public_credit\n"
    path = _write(tmp_path, good.encode())
    stack = Stack(CHECKOUT, tmp_path, simulated=False, progress=Progress())
    known = stack.connection("pcw_db_reader")
    more = {"empty": b"", "ours gone": b"a: file:///x\n", "ours a mapping": b"pcw_db_reader: {a: b}\n"}
    path.unlink() if slip == "missing" else path.write_bytes((SLIPS | more)[slip])
    assert stack.connection("pcw_db_reader") == known


def test_airflow_itself_is_not_given_the_file(tmp_path: Path) -> None:
    _write(tmp_path, b"airflow_db: postgresql://a:b@127.0.0.1/airflow\n")
    local = Airflow(CHECKOUT, tmp_path, port=8080).environment()
    server = yaml.safe_load((CHECKOUT / "docker-compose.yaml").read_text(encoding="utf-8"))["services"]["scheduler"][
        "environment"
    ]
    assert not [name for name in (*local, *server) if name.startswith("AIRFLOW__SECRETS__")], (
        "its messages show the file's lines"
    )


def test_a_start_mends_its_own_lines_and_leaves_all_others(postgres: Any, tmp_path: Path) -> None:
    others = f"# 水利局，2026-03-02 核对\nsftp_slj: sftp://u:{SECRET}@h/  # 主机密钥待补\nodd: {{a: b}}\n"
    path = _write(tmp_path, (others + f"airflow_db: postgresql//a:{SECRET}@h\n").encode())
    try:
        made = bootstrap(postgres.server.url(), postgres.server.url, tmp_path)
        text = path.read_text(encoding="utf-8")
        assert text.startswith(others) and made["sftp_slj"].endswith("@h/")
        assert set(connections.read(path).known) == {"sftp_slj", "airflow_db", "alert"}, (
            "its own line stays where it is"
        )
        own = {each.stem: each for each in (tmp_path / "secrets" / "database").iterdir()}
        assert set(own) == set(settings.ROLES) and {"airflow_db", "alert", "pcw_db_owner", "pcw_db_reader"} <= set(made)
        for role, each in own.items():
            assert connections.read(each).known == {f"pcw_db_{role}": made[f"pcw_db_{role}"]}
        assert all(
            (each.stat().st_mode & 0o077) == 0 for each in (path, tmp_path / "secrets" / "database", *own.values())
        )
        assert (
            bootstrap(postgres.server.url(), postgres.server.url, tmp_path) == made
            and path.read_text(encoding="utf-8") == text
        )
        with pytest.raises(UserError, match="第 3 行"):
            connections.read(path).uri("odd")
    finally:  # the cluster's passwords are those of its own file
        bootstrap(postgres.server.url(), postgres.server.url, postgres.home, ("airflow", "exchange"))


@pytest.mark.slow
def test_serve_ends_with_its_database_when_the_file_cannot_be_read(tmp_path: Path) -> None:
    home = tmp_path / "state"
    path = _write(home, SLIPS["no space"])
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PCW_", "AIRFLOW", "COV_", "COVERAGE"))
    }
    done = subprocess.run(
        [sys.executable, "-m", "local_stack", "serve", "--port", str(free_port())],
        capture_output=True,
        text=True,
        timeout=240,
        env=environment | {"PCW_HOME": str(home), "PYTHONPATH": str(CHECKOUT / "include")},
        check=False,
    )
    assert done.returncode == 3 and done.stderr.startswith("错误：connections.yaml 第 1 行有误"), done.stderr
    assert SECRET not in done.stdout + done.stderr and "Traceback" not in done.stderr
    assert path.read_bytes() == SLIPS["no space"]
    assert not [
        process for process in psutil.process_iter(["cmdline"]) if str(home) in " ".join(process.info["cmdline"] or [])
    ]
