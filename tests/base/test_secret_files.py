"""Connections in files of their own: a process reads its own role's file alone; one file for all still counts, and is split."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from public_credit.base import connections, secret_files, settings
from public_credit.base.messages import UserError

from tests.conftest import CHECKOUT
from tests.helpers.commands import credit
from tests.helpers.signed import token_of

SECRET = "Geheim0815Wort"
ALL = f"""# 水利局，2026-03-02 核对
sftp_slj: sftp://u:{SECRET}@h/  # 主机密钥待补
pcw_db_reader: postgresql://pcw_reader:{SECRET}@localhost:1/public_credit
pcw_db_owner: postgresql://pcw_owner:{SECRET}@localhost:1/public_credit
city_platform: https://app:{SECRET}@h/
# 提醒
alert: file:///alerts
airflow_db: postgresql://airflow:{SECRET}@localhost:1/airflow
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PCW_HOME", str(tmp_path))
    (tmp_path / "secrets").mkdir(mode=0o700)
    return tmp_path


def _one_file(home: Path, text: str = ALL) -> Path:
    path = home / "secrets" / "connections.yaml"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path


def test_one_file_for_all_counts_until_it_is_split(home: Path) -> None:
    path = _one_file(home)
    before = {name: settings.connection(name, name == "city_platform") for name in connections.read(path).known}
    assert secret_files.left({"city_platform"}) == ["pcw_db_reader", "pcw_db_owner", "city_platform", "airflow_db"]
    moved = secret_files.split({"city_platform"})
    assert moved == {
        "reader.yaml": ["pcw_db_reader"], "owner.yaml": ["pcw_db_owner"], "receivers.yaml": ["city_platform"],
        "airflow.yaml": ["airflow_db"],
    }  # fmt: skip
    text = path.read_text(encoding="utf-8")
    assert text == "".join(line for line in ALL.splitlines(keepends=True) if "_db" not in line and "city" not in line)
    assert {name: settings.connection(name, name == "city_platform") for name in before} == before
    made = [*(home / "secrets" / "database").iterdir(), home / "secrets" / "receivers.yaml", path]
    assert {stat.S_IMODE(each.stat().st_mode) for each in made} == {0o600}
    assert stat.S_IMODE((home / "secrets" / "database").stat().st_mode) == 0o700
    assert secret_files.split({"city_platform"}) == {} and secret_files.left({"city_platform"}) == []


def test_what_stands_in_its_own_file_goes_before_an_older_line(home: Path) -> None:
    path = _one_file(home)
    secret_files.set_in(settings.database_folder() / "reader.yaml", {"pcw_db_reader": "postgresql://a:b@c/d"})
    assert settings.dsn("reader") == "postgresql://a:b@c/d"
    secret_files.split(set())
    assert settings.dsn("reader") == "postgresql://a:b@c/d" and "pcw_db_reader" not in path.read_text(encoding="utf-8")


def test_a_line_that_is_wrong_is_mended_before_anything_moves(home: Path) -> None:
    path = _one_file(home, ALL.replace("postgresql://pcw_owner:", "postgresql//pcw_owner:"))
    with pytest.raises(UserError, match="connections.yaml 第 4 行有误") as caught:
        secret_files.split({"city_platform"})
    assert SECRET not in str(caught.value) and not settings.database_folder().exists()
    assert path.read_text(encoding="utf-8").count(SECRET) == ALL.count(SECRET)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (f"# 只读\npcw_db_reader:postgresql://r:{SECRET}@h/d\n".encode(), 2),
        (f'pcw_db_reader: "postgresql://r:{SECRET}@h/d\n'.encode(), 1),
        (f"# 只读\n\npcw_db_reader: postgresql://r:{SECRET}@@h/d\n".encode(), 3),
        (f"# 只读\npcw_db_reader: {SECRET}\n".encode("gb18030"), 1),
    ],
)
def test_a_slip_in_a_roles_file_is_told_by_file_and_line_and_never_its_content(
    home: Path, content: bytes, line: int
) -> None:
    path = settings.database_folder() / "reader.yaml"
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(UserError) as caught:
        settings.dsn("reader")
    assert f"reader.yaml 第 {line} 行有误" in str(caught.value) and caught.value.code == 3
    answer = credit("status")
    assert answer.code == 3 and f"reader.yaml 第 {line} 行" in answer.err and SECRET not in answer.out + answer.err
    told = next(row for row in credit("doctor", "--json").json if row["subject"] == "PostgreSQL")
    assert f"reader.yaml 第 {line} 行" in told["detail"] and SECRET not in told["detail"]


def test_a_process_with_the_files_of_who_looks_looks_and_can_be_nobody_else(warehouse: Any, tmp_path: Path) -> None:
    home = tmp_path / "process"
    (home / "secrets" / "database").mkdir(parents=True)

    def give(role: str) -> None:
        shutil.copy2(settings.database_folder() / f"{role}.yaml", home / "secrets" / "database" / f"{role}.yaml")

    give("reader")
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PCW_")}
    environment = plain | {"PCW_HOME": str(home), "PCW_DISTRICT": "demo", "PYTHONPATH": str(CHECKOUT / "include")}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "public_credit.cli", *words],
            env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip

    looked = run("status", "--json")
    assert looked.returncode == 0 and '"batches": 0' in looked.stdout, looked.stderr
    with mock.patch.dict("os.environ", PCW_DISTRICT="demo"):
        environment |= {"PCW_SESSION": token_of("engineer")}
    looked = run("status", "--json")
    assert looked.returncode == 3 and "secrets/database/engineer.yaml" in looked.stderr, "reads as the engineer (0089)"
    give("engineer")
    looked = run("status", "--json")
    assert looked.returncode == 0 and '"batches": 0' in looked.stdout, looked.stderr
    for role, words in (("collector", ("gate",)), ("owner", ("migrate",)), ("sender", ("deliver",)), ("desk", ("users", "signins"))):  # fmt: skip
        denied = run(*words)
        assert denied.returncode == 3 and f"secrets/database/{role}.yaml" in denied.stderr, (role, denied.stderr)


def test_doctor_names_open_files_and_lines_that_belong_elsewhere(
    warehouse: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PCW_DISTRICT", "demo")

    def told() -> list[tuple[str, str]]:
        rows = credit("doctor", "--json").json
        return [(row["verdict"], row["detail"]) for row in rows if row["subject"] == "密钥与连接"]

    assert [verdict for verdict, _ in told()] == ["通过"]
    path = settings.database_folder() / "sender.yaml"
    path.chmod(0o640)
    assert told() == [("待办", f"sender.yaml 其他用户可读；执行 chmod 600 {path}")]
    path.chmod(0o600)
    warehouse.add_connections(city_platform="https://app:x@h/", pcw_db_owner="postgresql://a:b@c/d")
    settings.connections_file().chmod(0o600)
    ((_, _), (verdict, detail)) = told()
    assert verdict == "提醒" and "2 项" in detail and "secrets split" in detail
    done = credit("secrets", "split", "--json")
    assert done.code == 0 and set(done.json["moved"]) == {"receivers.yaml", "owner.yaml"}
    assert settings.dsn("owner") != "postgresql://a:b@c/d", "its own file had one already"
    assert [verdict for verdict, _ in told()] == ["通过"]
    assert "没有要移的" in credit("secrets", "split").out


def test_receivers_are_read_by_who_asks_for_a_receiver_alone(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _one_file(home, "sftp_slj: sftp://u:x@h/\n")
    settings.receivers_file().write_text("city_platform: https://app:x@h/\n", encoding="utf-8")
    read: list[str] = []
    before = connections.read
    monkeypatch.setattr(connections, "read", lambda path: read.append(path.name) or before(path))
    settings.connection("sftp_slj")
    assert not settings.names_connection("city_platform") and read == ["connections.yaml"] * 2
    assert settings.connection("city_platform", receiver=True) == "https://app:x@h/"
