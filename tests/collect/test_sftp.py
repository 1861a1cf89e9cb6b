"""SFTP against a real server: pinned host key, settling, broken connections, errors a person understands."""

from __future__ import annotations

import base64
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import asyncssh
import paramiko
import pytest
from public_credit import collect
from public_credit.base.retry import Patience
from public_credit.collect import files
from public_credit.collect import sftp as channel

from tests import seeds
from tests.helpers.receipts import DAY, archived
from tests.helpers.runs import run_on
from tests.helpers.servers import Sftp


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Sftp]:
    (tmp_path / "sftp" / "out").mkdir(parents=True)
    running = Sftp(tmp_path / "sftp")
    yield running
    running.stop()


@pytest.fixture
def warehouse_with(offer, server):
    def connect(uri: str | None = None, **more):
        warehouse = offer(
            licences={
                "channel": {
                    "type": "sftp",
                    "connection": "sftp_csdw",
                    "patterns": ["xk_*.xlsx"],
                    "settle_seconds": 0.3,
                    **more,
                }
            }
        )
        warehouse.add_connections(sftp_csdw=uri or server.uri())
        return warehouse

    return connect


def put(server: Sftp, name: str, content: bytes = b"x" * 100, age: float = 60) -> Path:
    path = server.root / "out" / name
    path.write_bytes(content)
    os.utime(path, (time.time() - age, time.time() - age))
    return path


def test_files_are_fetched_once_whole_and_in_order(server, warehouse_with, batches, steps):
    warehouse_with()
    content = seeds.rng("content").randbytes(3_000_000)
    put(server, "xk_1.xlsx", content, age=100)
    put(server, "xk_2.xlsx", b"", age=50)
    put(server, "xk_3.xlsx.part")
    put(server, "~$xk_4.xlsx")
    put(server, "说明.txt")
    (outcome,) = collect.collect(run_on(DAY), "csdw.licences")
    assert [batch["locator"] for batch in batches()] == ["sftp:sftp_csdw/out/xk_1.xlsx", "sftp:sftp_csdw/out/xk_2.xlsx"]
    assert [archived(batch["archive_uri"]) for batch in batches()] == [content, b""]
    assert outcome.batch_seqs == [batch["seq"] for batch in batches()]
    assert not [thread for thread in threading.enumerate() if isinstance(thread, paramiko.Transport)], "a landing forks"
    server.reads.clear()
    collect.collect(run_on(DAY), "csdw.licences")
    assert server.reads == []
    assert len(batches()) == 2
    assert "已收过 2 份" in steps()[-1]["message"]


def test_a_file_that_changes_while_it_is_read_is_left_alone(server, warehouse_with, batches, steps):
    warehouse_with()
    path = put(server, "xk_1.xlsx", seeds.rng("content").randbytes(200_000))

    def touch() -> None:
        server.on_read = None
        with path.open("ab") as target:
            target.write(b"more")

    server.on_read = touch
    collect.collect(run_on(DAY), "csdw")
    assert batches() == []
    assert "未就绪 1 份" in steps()[-1]["message"]
    collect.collect(run_on(DAY), "csdw")
    assert [archived(batch["archive_uri"]) for batch in batches()] == [path.read_bytes()]


def test_a_young_file_waits_when_the_window_is_too_long_to_watch(server, warehouse_with, batches):
    warehouse_with(settle_seconds=60)
    put(server, "xk_1.xlsx", age=5)
    put(server, "xk_2.xlsx", age=90)
    collect.collect(run_on(DAY), "csdw")
    assert [batch["file_name"] for batch in batches()] == ["xk_2.xlsx"]


def test_a_connection_cut_in_the_middle_is_resumed_without_doubles(server, warehouse_with, batches, steps, monkeypatch):
    monkeypatch.setattr(channel, "PATIENCE", lambda: Patience(tries=channel.TRIES, first=0.01))
    warehouse_with()
    put(server, "xk_1.xlsx", b"first", age=100)
    big = put(server, "xk_2.xlsx", seeds.rng("content").randbytes(2_000_000), age=50)
    server.cut_after = 500_000
    collect.collect(run_on(DAY), "csdw")
    assert [archived(batch["archive_uri"]) for batch in batches()] == [b"first", big.read_bytes()]
    assert steps()[-1]["verdict"] == "ok"
    assert {name: count for name, count in steps()[-1]["counts"].items() if count} == {"new": 2}
    assert server.reads.count("xk_1.xlsx") == 1


def test_a_name_that_is_no_utf8_hides_nothing_beside_it(server, warehouse_with, batches):
    warehouse_with()
    put(server, "xk_1.xlsx", b"1", age=90)
    put(server, os.fsdecode("xk_处罚.xlsx".encode("gbk")), b"2", age=80)
    put(server, os.fsdecode(b"xk_\xff\xfe\n.xlsx"), b"3", age=70)
    collect.collect(run_on(DAY), "csdw.licences")
    assert [batch["file_name"] for batch in batches()] == ["xk_1.xlsx", "xk_处罚.xlsx", r"xk_\xff\xfe\n.xlsx"]
    assert [archived(batch["archive_uri"]) for batch in batches()] == [b"1", b"2", b"3"]


def test_a_foreign_host_key_stops_before_the_password_is_sent(server, warehouse_with, steps):
    other = asyncssh.generate_private_key("ssh-ed25519")
    warehouse_with(server.uri(host_key=base64.b64encode(other.public_data).decode()))
    collect.collect(run_on(DAY), "csdw")
    assert steps()[-1]["verdict"] == "failed"
    assert "主机密钥与固定的不一致" in steps()[-1]["message"]
    assert server.logins == []


def test_another_key_type_than_the_servers_stops_too(server, warehouse_with, steps):
    other = asyncssh.generate_private_key("ecdsa-sha2-nistp256")
    warehouse_with(server.uri(host_key=base64.b64encode(other.public_data).decode()))
    collect.collect(run_on(DAY), "csdw")
    assert "主机密钥与固定的不一致" in steps()[-1]["message"]
    assert server.logins == []


def test_no_host_key_no_connection(server, warehouse_with, steps):
    warehouse_with(server.uri(host_key=""))
    collect.collect(run_on(DAY), "csdw")
    assert "没有固定主机密钥" in steps()[-1]["message"]
    assert server.connections == []


def test_a_wrong_password_is_said_without_showing_it(server, warehouse_with, steps):
    warehouse_with(server.uri(password="wrong-password"))
    collect.collect(run_on(DAY), "csdw")
    step = steps()[-1]
    assert (step["verdict"], step["owner"]) == ("failed", "data_engineer")
    assert "拒绝了连接 sftp_csdw 的账号或口令" in step["message"]
    assert "wrong-password" not in step["message"]


def test_a_private_key_file_that_cannot_be_read_is_said(server, warehouse_with, steps, tmp_path):
    warehouse_with(server.uri() + f"&key_file={tmp_path / 'absent'}")
    collect.collect(run_on(DAY), "csdw")
    assert "私钥文件无法读取" in steps()[-1]["message"]


def test_a_server_that_is_down_is_the_departments_move(server, warehouse_with, steps, monkeypatch):
    monkeypatch.setattr(channel, "PATIENCE", lambda: Patience(tries=channel.TRIES, first=0.01))
    warehouse_with("sftp://dept:pw@127.0.0.1:1/?host_key=" + base64.b64encode(b"12345678").decode())
    collect.collect(run_on(DAY), "csdw")
    assert (steps()[-1]["verdict"], steps()[-1]["owner"]) == ("failed", "department")
    assert "无法连接" in steps()[-1]["message"]


def test_an_unknown_host_name_is_ours_to_fix(warehouse_with, steps):
    warehouse_with("sftp://dept:pw@no-such-host.invalid/?host_key=" + base64.b64encode(b"12345678").decode())
    collect.collect(run_on(DAY), "csdw")
    assert (steps()[-1]["verdict"], steps()[-1]["owner"]) == ("failed", "data_engineer")
    assert "主机名无法解析" in steps()[-1]["message"]


def test_a_missing_folder_is_said(server, warehouse_with, steps):
    warehouse_with(folder="elsewhere")
    collect.collect(run_on(DAY), "csdw")
    assert "没有文件夹 elsewhere" in steps()[-1]["message"]


def test_a_private_key_instead_of_a_password(server, warehouse_with, batches, tmp_path):
    key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_private_key(tmp_path / "key")
    server.accepted_key = key.convert_to_public()
    warehouse_with(server.uri(password="wrong") + f"&key_file={tmp_path / 'key'}")
    put(server, "xk_1.xlsx")
    collect.collect(run_on(DAY), "csdw")
    assert len(batches()) == 1


def test_links_on_the_server_are_refused(server, warehouse_with, batches, steps):
    warehouse_with()
    put(server, "xk_1.xlsx")
    (server.root / "out" / "xk_2.xlsx").symlink_to("xk_1.xlsx")
    (server.root / "out" / "xk_3.xlsx").mkdir()
    collect.collect(run_on(DAY), "csdw")
    assert [batch["file_name"] for batch in batches()] == ["xk_1.xlsx"]
    assert (steps()[-1]["verdict"], steps()[-1]["owner"]) == ("warning", "department")


@pytest.mark.parametrize("name", ["out", "xk_1.xlsx"])
def test_missing_rights_are_the_departments_move(server, warehouse_with, batches, steps, name):
    warehouse_with()
    put(server, "xk_1.xlsx")
    server.forbidden.add(name)
    collect.collect(run_on(DAY), "csdw")
    assert batches() == []
    assert (steps()[-1]["verdict"], steps()[-1]["owner"]) == ("failed", "department")
    assert "权限" in steps()[-1]["message"]


def test_a_file_moved_away_after_listing_is_no_failure(server, warehouse_with, batches, steps, monkeypatch):
    warehouse_with()
    path = put(server, "xk_1.xlsx")
    put(server, "xk_2.xlsx", age=50)
    settled = files._settled

    def move_away(*arguments):
        still = settled(*arguments)
        path.unlink()
        return still

    monkeypatch.setattr(files, "_settled", move_away)
    collect.collect(run_on(DAY), "csdw")
    assert [batch["file_name"] for batch in batches()] == ["xk_2.xlsx"]
    assert "未就绪 1 份" in steps()[-1]["message"]
