"""The command line logs in as a person: at the desk or locally; whose session it is, the database says, and no variable."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import uvicorn
import yaml
from local_stack.postgres import Server, binaries, free_port
from local_stack.unprivileged import choose
from public_credit.base import settings
from public_credit.catalogue import load_catalogue
from public_credit.desk import app, codes, passwords, rights, sessions, terminal
from public_credit.identifiers.codes import make_id_number
from public_credit.ledger.states import Audience, Channel

from tests.conftest import DEMO, Cluster, Warehouse, open_warehouse
from tests.helpers.commands import Answer, credit
from tests.helpers.killed import killed_before_its_end
from tests.helpers.signed import signed

PASSWORD = "长口令-for-the-test"
ENGINEER = "数据工程师甲（engineer）"


def user() -> str:
    return settings.os_user()


@pytest.fixture(scope="module")
def house(migrated: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """A warehouse with a running desk and a district folder of its own, whose accounts a test may change."""
    folder = tmp_path_factory.mktemp("login")
    shutil.copytree(DEMO, folder / "district")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PCW_BUSINESS_DATE", "2026-02-25")
        patch.setenv("PCW_DISTRICT", str(folder / "district"))
        patch.setenv("PCW_DESK_PORT", str(free_port()))
        with open_warehouse(migrated, folder, patch) as warehouse:
            passwords.set_password("engineer", PASSWORD)
            server = uvicorn.Server(
                uvicorn.Config(app.application(), port=settings.current().desk_port or 0, log_level="error")
            )
            thread = threading.Thread(target=server.run)
            thread.start()
            while not server.started:
                time.sleep(0.02)
            yield warehouse
            server.should_exit = True
            thread.join()
    settings.forget_connections()


@pytest.fixture(autouse=True)
def fresh(house: Warehouse) -> Iterator[None]:
    """Nobody is logged in, nobody was turned away, the accounts are those of the district."""
    yield
    shutil.rmtree(house.home / "logins", ignore_errors=True)
    shutil.copy(DEMO / "users.yml", house.home.parent / "district" / "users.yml")
    with house.connect() as owner:
        owner.execute("delete from desk.login_attempt")


@pytest.fixture
def accounts(house: Warehouse) -> Callable[..., None]:
    """Change the accounts of the district, one by name."""

    def change(account: str, **values: Any) -> None:
        path = house.home.parent / "district" / "users.yml"
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))
        entries = [entry | values if entry["account"] == account else entry for entry in entries]
        path.write_text(yaml.safe_dump([entry for entry in entries if entry.get("role")], allow_unicode=True), "utf-8")

    return change


def login(*words: str, given: str = PASSWORD) -> Answer:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdin", io.StringIO(f"{given}\n"))
        return credit("login", *words, by="")


def alone(*words: object) -> Answer:
    """A command without the session that tests are given."""
    return credit(*words, by="")


def code_for(account: str) -> str:
    """A one-time code as the desk shows it to somebody who is signed in there."""
    return codes.made_for(account, sessions.admit(load_catalogue().users[account], Channel.DESK).token)


def query(house: Warehouse, sql: str, *given: Any) -> list[tuple[Any, ...]]:
    with house.connect() as owner:
        return owner.execute(sql, given).fetchall()


# --- in and out ------------------------------------------------------------------------------------------------------
def test_a_person_logs_in_works_in_his_name_and_logs_out(house: Warehouse) -> None:
    nobody = alone("gate")
    assert nobody.code == 4 and "没有登录" in nobody.err and f"系统用户 {user()}" in nobody.err
    assert "public-credit login" in nobody.err
    entered = login("engineer", "--password-stdin")
    assert entered.code == 0 and ENGINEER in entered.out and PASSWORD not in entered.out, entered
    kept = terminal.kept_at()
    assert kept.stat().st_mode & 0o777 == 0o600 and kept.name == str(os.getuid())
    token = kept.read_text()
    assert query(house, "select count(*) from desk.session where token_hash::text like %s", f"%{token}%") == [(0,)]
    who = alone("whoami", "--json").json
    assert (who["account"], who["name"], who["role"], who["unit_id"]) == ("engineer", "数据工程师甲", "engineer", "")
    ((opened, ends),) = query(house, "select opened_at, ends_at from desk.session order by id desc limit 1")
    assert abs(ends - opened - sessions.AT_COMMAND_LINE) < timedelta(seconds=5)
    assert [datetime.fromisoformat(who[name]) for name in ("since", "until")] == [opened, ends]
    assert "数据工程师" in alone("whoami").out
    assert alone("gate").code == 0
    assert alone("logout").code == 0 and not kept.exists()
    kept.write_text(token)
    kept.chmod(0o600)
    over = alone("gate")
    assert over.code == 4 and "已退出" in over.err, "the session has ended in the database, too"


def test_nobody_looks_at_a_person_without_a_login(house: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    number = make_id_number("37039919850505002")
    asked = ("find", "--person", "--purpose", "核查")
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{number}\n"))
    refused = alone(*asked)
    assert refused.code == 4 and "没有登录" in refused.err
    assert query(house, "select count(*) from ledger.access_log") == [(0,)]
    with signed("auditor"):
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{number}\n"))
        credit(*asked)
    assert query(house, "select who, purpose, channel from ledger.access_log") == [("auditor", "核查", "cli")]


def test_the_prompt_of_a_terminal_takes_the_password(house: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr("getpass.getpass", lambda prompt: asked.append(prompt) or PASSWORD)
    monkeypatch.setattr("sys.stdin", type("Terminal", (io.StringIO,), {"isatty": lambda self: True})())
    assert alone("login", "engineer").code == 0 and asked == ["口令（不显示）："]


@pytest.mark.parametrize("given", ["falsch", ""])
def test_a_wrong_password_is_refused_and_after_five_the_right_one_too(house: Warehouse, given: str) -> None:
    for _ in range(sessions.OF_ACCOUNT):
        wrong = login("engineer", given=given)
        assert wrong.code == 4 and "账号或口令不对" in wrong.err and not terminal.kept_at().exists()
    throttled = login("engineer")
    assert throttled.code == 4 and "次数过多" in throttled.err
    assert query(house, "select outcome, count(*) from desk.login_attempt group by 1 order by 1") == [
        ("refused", sessions.OF_ACCOUNT),
        ("throttled", 1),
    ]


def test_a_one_time_code_of_the_desk_logs_in_once(house: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    code = code_for("auditor")
    assert login("--code", given=code.lower()).code == 0
    assert alone("whoami", "--json").json["role"] == "auditor"
    again = login("--code", given=code)
    assert again.code == 4 and "已用过" in again.err
    older, newer = code_for("auditor"), code_for("auditor")
    assert login("--code", given=older).code == 4 and login("--code", given=newer).code == 0
    late = code_for("auditor")
    monkeypatch.setattr(codes, "_given", {key: (whose, until - 301) for key, (whose, until) in codes._given.items()})
    assert login("--code", given=late).code == 4


def test_codes_that_are_guessed_are_throttled_by_address(house: Warehouse) -> None:
    for _ in range(sessions.OF_ADDRESS):
        assert login("--code", given="AAAA-AAAA-AAAA").code == 4
    assert "次数过多" in login("--code", given=code_for("auditor")).err


def test_the_desk_shows_a_code_to_whoever_is_signed_in(house: Warehouse) -> None:
    from public_credit.desk import guard
    from starlette.testclient import TestClient

    person = sessions.admit(load_catalogue().users["clerk"], Channel.DESK)
    client = TestClient(app.application(), base_url="http://127.0.0.1", follow_redirects=False)
    assert client.post("/terminal", data={"csrf": person.csrf}).status_code in (401, 403)
    client.cookies.set(guard.COOKIE, person.token)
    assert "命令行登录" in client.get("/terminal").text
    shown = client.post("/terminal", data={"csrf": person.csrf}).text
    found = re.search(r"<code>([A-Z2-9]{4}(?:-[A-Z2-9]{4}){2})</code>", shown)
    assert found and login("--code", given=found[1]).code == 0
    who = alone("whoami", "--json").json
    assert (who["account"], who["unit_id"]) == ("clerk", "zhzf")
    client.cookies.set(guard.COOKIE, terminal.kept())
    assert client.get("/mine").status_code == 303, "a session of the command line opens no page"


def test_what_a_code_opened_ends_with_the_session_that_showed_it(house: Warehouse) -> None:
    desk, other = (sessions.admit(load_catalogue().users["engineer"], Channel.DESK) for _ in range(2))
    assert login("--code", given=codes.made_for("engineer", desk.token)).code == 0
    unused = codes.made_for("engineer", desk.token)
    sessions.close(other.token)
    assert alone("gate").code == 0, "another session of the account is another one"
    sessions.close(desk.token)
    assert alone("gate").code == 4
    assert login("--code", given=unused).code == 4, "nor does a code outlive it"


def test_a_new_login_ends_the_one_before(house: Warehouse) -> None:
    login("engineer")
    first = terminal.kept()
    login("engineer")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PCW_SESSION", first)
        assert alone("gate").code == 4
    assert alone("gate").code == 0


def test_a_session_is_handed_over_to_who_keeps_it_himself(house: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    handed = login("engineer", "--password-stdin", "--print-session")
    assert handed.code == 0 and re.fullmatch(r"[\w-]{43}\n", handed.out) and not terminal.kept_at().exists()
    assert alone("gate").code == 4
    monkeypatch.setenv("PCW_SESSION", handed.out.strip())
    assert alone("gate").code == 0 and "PCW_SESSION" in alone("whoami", "--json").json["way"]
    assert alone("logout").code == 0 and alone("gate").code == 4


def test_a_login_says_one_way(house: Warehouse) -> None:
    for words in ((), ("engineer", "--code"), ("--local", "--code"), ("engineer", "--local")):
        assert login(*words).code == 2, words


def test_without_a_desk_the_local_way_is_named(house: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PCW_DESK_PORT", str(free_port()))
    down = login("engineer")
    assert down.code == 5 and "--local" in down.err


# --- what is no login ------------------------------------------------------------------------------------------------
def test_a_session_that_ran_out_and_an_account_that_changed_are_refused(
    house: Warehouse, accounts: Callable[..., None]
) -> None:
    login("engineer")
    accounts("engineer", name="另一人")
    changed = alone("gate")
    assert changed.code == 4 and "账号已停用、改变" in changed.err
    accounts("engineer", role="")
    assert alone("status").code == 4, "nor does a read go on in the name of an account that is gone"
    shutil.copy(DEMO / "users.yml", house.home.parent / "district" / "users.yml")
    assert alone("gate").code == 0
    query(
        house,
        "update desk.session set ends_at = clock_timestamp() where token_hash = sha256(convert_to(%s, 'UTF8')) returning id",
        terminal.kept(),
    )
    assert alone("gate").code == 4 and alone("status").code == 4
    assert alone("logout").code == 0 and alone("status").code == 0, "who holds the reader's credentials reads"


@pytest.mark.parametrize("token", ["x" * 43, "", "数据工程师甲", "engineer", "' or true --", "\x7f", "%s", "a" * 5_000])
def test_a_token_that_was_made_up_is_nobodys(house: Warehouse, monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    login("engineer")
    alone("logout")
    monkeypatch.setenv("PCW_SESSION", token)
    assert alone("gate").code == 4
    monkeypatch.delenv("PCW_SESSION")
    terminal.kept_at().parent.mkdir(exist_ok=True)
    terminal.kept_at().write_text(token)
    terminal.kept_at().chmod(0o600)
    assert alone("gate").code == 4


@pytest.mark.parametrize("fault", ["open to others", "of another user", "a link", "a folder"])
def test_a_file_that_somebody_else_may_have_made_or_read_is_not_taken(house: Warehouse, fault: str) -> None:
    login("engineer")
    kept = terminal.kept_at()
    if fault == "open to others":
        kept.chmod(0o640)
    elif fault == "of another user":
        if os.getuid():
            pytest.skip("only root gives a file away")
        os.chown(kept, 65534, 65534)
    elif fault == "a link":
        kept.rename(kept.with_name("elsewhere"))
        kept.symlink_to(kept.with_name("elsewhere"))
    else:
        kept.unlink()
        kept.mkdir(mode=0o700)
    refused = alone("gate")
    assert refused.code == 4 and "登录文件" in refused.err and "不予采用" in refused.err
    if fault == "a folder":
        kept.rmdir()
    assert login("engineer").code == 0 and alone("gate").code == 0, "a new login takes its place"


def test_the_variable_of_earlier_versions_names_nobody(house: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    login("engineer")
    monkeypatch.setenv("PCW_USER", "别人")
    refused = alone("attest", "zhzf.penalty_entity", "--from", "2026-02-01", "--to", "2026-02-02", "--reason", "无")
    monkeypatch.delenv("PCW_USER")
    assert refused.code == 2 and "PCW_USER" in refused.err and "login" in refused.err
    assert query(house, "select count(*) from ledger.attestation") == [(0,)]
    monkeypatch.setenv("LOGNAME", "别人")
    monkeypatch.setenv("USER", "别人")
    alone("logout")
    assert alone("whoami", "--json").json["who"] == f"系统用户 {user()}"


# --- users of the machine --------------------------------------------------------------------------------------------
def test_a_user_of_the_machine_who_is_mapped_acts_as_his_account_for_the_time_of_a_command(
    house: Warehouse, accounts: Callable[..., None]
) -> None:
    accounts("engineer2", unix=["somebody-else", user()])
    who = alone("whoami", "--json").json
    assert who["account"] == "engineer2" and user() in who["way"]
    assert alone("gate").code == 0
    assert query(house, "select count(*) from desk.session where account = 'engineer2' and closed_at is null") == [
        (0,)
    ], "the session ends with the command"
    login("engineer")
    assert alone("whoami", "--json").json["account"] == "engineer", "a login goes before the map"


def test_where_everybody_is_one_user_only_a_session_that_is_handed_over_counts(
    house: Warehouse, passwords_kept: Path, accounts: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    login("engineer")
    accounts("engineer", unix=user())
    monkeypatch.setenv("PCW_LOGIN", "session")
    refused = alone("gate")
    assert refused.code == 4 and "没有登录" in refused.err, "neither the file of an earlier login nor the map"
    assert alone("whoami", "--json").json["account"] == ""
    for words in (("engineer",), ("--local",), ("--local", "--print-session")):
        told = login(*words)
        assert told.code == 4 and "deploy/credit login" in told.err, words
    handed = login("engineer", "--print-session")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PCW_SESSION", handed.out.strip())
        assert alone("gate").code == 0
    passwords_kept.unlink()
    first = alone("users", "set-password", "engineer", "--generate")
    assert first.code == 0, "a user of the machine is no other way there"


def test_the_local_login_needs_no_desk_and_an_account_for_the_user(
    house: Warehouse, accounts: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PCW_DESK_PORT", str(free_port()))
    refused = login("--local")
    assert refused.code == 4 and f"系统用户 {user()} 没有对应的工作台账号" in refused.err and "unix" in refused.err
    accounts("auditor", unix=user())
    entered = login("--local")
    assert entered.code == 0 and "本进程的系统用户" in entered.out, "what was proved is said"
    who = alone("whoami", "--json").json
    assert who["account"] == "auditor"
    assert query(house, "select channel from desk.session order by id desc limit 1") == [("cli",)]
    assert query(house, "select account, address, outcome from desk.login_attempt order by id") == [
        ("", f"unix:{user()}", "refused"),
        ("auditor", f"unix:{user()}", "admitted"),
    ]


def test_a_socket_of_the_database_that_knows_its_peer_proves_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory(prefix="pcw") as folder:  # a socket's path is short
        place = Path(folder)
        place.chmod(0o777)
        if choose(binaries(), place / "postgres").way == "namespace":
            pytest.skip("a server in a user namespace of its own sees other users than there are")
        server = Server(place / "postgres", fsync="off", unix_socket_directories=folder)
        try:
            server.start()
            with psycopg.connect(server.url(), autocommit=True) as admin:
                admin.execute("create role pcw_desk login")
            for name, line in (("pg_hba", "local all pcw_desk peer map=desk"), ("pg_ident", f"desk {user()} pcw_desk")):
                path = server.data / f"{name}.conf"
                path.write_text(f"{line}\n{path.read_text()}")
            server.stop()
            server.start()
            uri = f"postgresql://pcw_desk@localhost:{server.port}/postgres?host={folder}"
            monkeypatch.setenv("PCW_CONN_PCW_DB_DESK", uri)
            assert terminal.proved_user() == (user(), "数据库的本机套接字")
            settings.engine("desk").dispose()
        finally:
            server.stop()


def test_where_nobody_is_named_the_user_of_the_machine_is_booked_as_that(
    house: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PCW_DISTRICT", "")
    monkeypatch.setenv("PCW_HOME", str(house.home))
    (house.home.parent / "nobody").mkdir()
    for name in ("district.yml", "departments", "receivers"):
        source = DEMO / name
        target = house.home.parent / "nobody" / name
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    monkeypatch.setenv("PCW_DISTRICT", str(house.home.parent / "nobody"))
    done = alone("attest", "zhzf.penalty_entity", "--from", "2026-02-01", "--to", "2026-02-02", "--reason", "无")
    assert done.code == 0, done.err
    assert f"系统用户 {user()}" in json.dumps(
        query(house, "select * from ledger.attestation"), default=str, ensure_ascii=False
    )
    query(house, "delete from ledger.attestation returning 1")


# --- who may ---------------------------------------------------------------------------------------------------------
def test_two_persons_are_two_sessions(house: Warehouse) -> None:
    query(
        house,
        "insert into ledger.approval (action, fingerprint, about, reason, business_date, asked_by) "
        "values ('rekey', 'x', 'x', 'x', '2026-02-25', %s) returning id",
        ENGINEER,
    )
    ((number,),) = query(house, "select max(id) from ledger.approval")
    with signed("engineer"):
        assert "不能自己批准" in credit("approvals", "approve", number).err
    for account in ("auditor", "clerk"):
        with signed(account):
            other = credit("approvals", "approve", number)
            assert other.code == 4 and "不能运行 approvals approve" in other.err
    with signed("leader") as leader:
        assert credit("approvals", "approve", number).code == 0
    assert query(house, "select asked_by, decided_by from ledger.approval where id = %s", number) == [
        (ENGINEER, leader)
    ]


def test_a_clerk_works_for_his_own_unit_only(house: Warehouse, tmp_path: Path) -> None:
    given = tmp_path / "a.csv"
    given.write_text("x")
    period = ("--from", "2026-02-01", "--to", "2026-02-02", "--reason", "无")
    with signed("clerk") as who:
        others: tuple[tuple[object, ...], ...] = (
            ("attest", "scjg.penalty_entity", *period),
            ("ingest", "scjg.penalty_entity", "--land-only", "--file", given),
        )
        for words in others:
            other = credit(*words)
            assert other.code == 4 and "本单位" in other.err, words
        judged = credit("ingest", "zhzf.penalty_entity", "--file", given)
        assert judged.code == 4 and "--land-only" in judged.err
        assert credit("attest", "zhzf.penalty_entity", *period).code == 0
        assert credit("status").code == 4
        for listing in (("batches",), ("slips",), ("attestations", "list"), ("assessment", "zhzf")):
            told = credit(*listing)
            assert "没有这项权限" not in told.err and "不能运行" not in told.err, told
        assert "不能运行" not in credit("batches", "show", 1).err
    assert who in json.dumps(query(house, "select * from ledger.attestation"), default=str, ensure_ascii=False)
    with signed("auditor"):
        assert credit("gate").code == 4 and credit("status").code == 0
    with signed("leader"):
        assert credit("explain", "无此号").code == 4 and "不能运行" in credit("explain", "无此号").err


def test_only_an_engineer_sets_the_password_of_another(house: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    for by, account, code in (("clerk", "leader", 4), ("clerk", "clerk", 0), ("engineer", "leader", 0)):
        with signed(by):
            assert credit("users", "set-password", account, "--generate").code == code, (by, account)
    before = alone("users", "set-password", "auditor", "--generate")
    assert before.code == 4 and "没有登录" in before.err, "who is not signed in sets none once anybody has one"


def _set_for(account: str, by: str) -> str:
    with signed(by):
        return str(credit("users", "set-password", account, "--generate", "--json").json["password"])


@pytest.fixture
def passwords_kept(house: Warehouse) -> Iterator[Path]:
    """The file of passwords, afterwards as it was."""
    path = passwords.path()
    before = path.read_text()
    yield path
    path.write_text(before)


def test_a_password_that_is_set_is_a_step_and_stands_among_the_sign_ins(house: Warehouse, passwords_kept: Path) -> None:
    query(house, "delete from desk.login_attempt returning id")
    ((newest,),) = query(house, "select coalesce(max(id), 0) from ledger.step")
    _set_for("leader", by="engineer")
    steps = query(house, "select name, verdict, message, owner from ledger.step where id > %s", newest)
    assert steps == [("set_password", "ok", f"{ENGINEER}设置 分管区领导（leader）的口令", "")]
    told = alone("users", "signins", "--account", "leader", "--json").json[0]
    assert (told["account"], told["address"], told["outcome"]) == ("leader", ENGINEER, "set_password")
    assert "设置口令" in alone("users", "signins").out
    assert query(house, "select count(*) from ledger.chain_event where relation = 'step'")[0][0] > 0


def test_a_password_that_was_set_is_told_though_its_command_was_killed(house: Warehouse, passwords_kept: Path) -> None:
    query(house, "delete from desk.login_attempt returning id")
    before = passwords_kept.read_text()
    with signed("engineer"):
        killed_before_its_end(
            house, "from tests.helpers.commands import credit; credit('users', 'set-password', 'leader', '--generate')"
        )
    assert passwords_kept.read_text() != before
    told = alone("users", "signins", "--account", "leader", "--json").json[0]
    assert (told["account"], told["address"], told["outcome"]) == ("leader", ENGINEER, "set_password")


def test_open_sessions_end_when_a_password_is_set_but_the_own_one(house: Warehouse, passwords_kept: Path) -> None:
    desk = sessions.admit(load_catalogue().users["leader"], Channel.DESK)
    _set_for("leader", by="engineer")
    assert sessions.of(desk.token) is None
    engineers = sessions.admit(load_catalogue().users["engineer"], Channel.DESK)
    login("engineer")
    assert alone("users", "set-password", "engineer", "--generate").code == 0
    assert sessions.of(engineers.token) is None and alone("gate").code == 0


def test_whose_password_another_one_has_set_approves_nothing_for_a_day(
    house: Warehouse, passwords_kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    query(
        house,
        "insert into ledger.approval (action, fingerprint, about, reason, business_date, asked_by) "
        "values ('rekey', 'y', 'y', 'y', '2026-02-25', %s) returning id",
        ENGINEER,
    )
    ((number,),) = query(house, "select max(id) from ledger.approval")
    _set_for("leader", by="engineer")
    _set_for("leader", by="leader")
    approvals = (
        ("approvals", "approve", number),
        ("release", "approve", 1, "--hash=x"),
        ("editions", "approve", 1, "--hash=x"),
    )
    with signed("leader"):
        for words in approvals:
            refused = credit(*words)
            assert refused.code == 4 and ENGINEER in refused.err and "24 小时内不能批准" in refused.err, words
    reset = passwords.reset_of("leader")
    assert reset is not None and reset.by == ENGINEER
    kept = json.loads(passwords_kept.read_text())
    kept["leader"]["set_at"] = (reset.at - passwords.REST).isoformat()
    passwords_kept.write_text(json.dumps(kept))
    with signed("leader"):
        assert credit("approvals", "approve", number).code == 0


def test_the_first_password_is_set_without_a_login_for_who_has_no_other_way(
    house: Warehouse, passwords_kept: Path, accounts: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    passwords_kept.unlink()
    accounts("leader", oidc="subject")
    accounts("engineer2", unix="somebody-else")
    for account in ("leader", "engineer2"):
        refused = alone("users", "set-password", account, "--generate")
        assert refused.code == 4 and "未登录时不能为其设口令" in refused.err
    assert alone("users", "set-password", "engineer", "--generate").code == 0
    reset = passwords.reset_of("engineer")
    assert reset is not None and reset.by == f"系统用户 {user()}", "of the first one it is known who has set it, too"
    assert alone("users", "set-password", "auditor", "--generate").code == 4


def test_before_there_is_a_ledger_a_password_is_set_and_said_not_to_be_booked(
    house: Warehouse, passwords_kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PCW_CONN_PCW_DB_OWNER", "postgresql://pcw_owner:x@127.0.0.1:1/nowhere")
    kept = passwords_kept.read_text()
    with signed("engineer"):
        assert credit("users", "set-password", "leader", "--generate").code != 0, "once people sign in, all is booked"
    assert passwords_kept.read_text() == kept
    passwords_kept.unlink()
    first = alone("users", "set-password", "engineer", "--generate")
    assert first.code == 0 and "没有登记" in first.out, first


def test_every_command_has_an_audience_and_every_audience_a_command() -> None:
    from tests.cli.test_calls import COMMANDS

    assert {" ".join(path) for path in COMMANDS} == set(rights.COMMANDS)
    assert all(rule is None or rule.audience for rule in rights.COMMANDS.values())
    for command, route in (
        ("release approve", "/releases/{release_id}/{move}"),
        ("release reject", "/releases/{release_id}/{move}"),
        ("gate", "/gate"),
        ("waive", "/waivers"),
    ):
        rule = rights.COMMANDS[command]
        assert rule and rule.signed and rule.audience == rights.OTHERS["POST", route], "one table decides for both"
    assert not any(
        rule and Audience.CLERK in rule.audience for name, rule in rights.COMMANDS.items() if "approve" in name
    )
