"""The connections file: a slip is told by its line and never by its content; no damage lets a secret out."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import traceback
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings, strategies
from public_credit.base import connections
from public_credit.base import settings as product
from public_credit.base.messages import UserError
from public_credit.base.retry import Patience
from public_credit.collect import http_api, run, sftp
from public_credit.deliver.adapters import http_json
from public_credit.oversight import alert_transport

from tests.helpers.commands import credit

SECRETS = ("Geheim0815Wort", "xK7-pQ_rT2.w9Z", "Aa1Bb2Cc3Dd4Ee", "4711zehn4711acht", "tokenTOKENtoken77")
LINES = [
    "# 各部门与数据库",
    f"pcw_db_reader: postgresql://pcw_reader:{SECRETS[0]}@localhost:1/public_credit",
    f"pcw_db_collector: postgresql://pcw_collector:{SECRETS[1]}@localhost:1/public_credit",
    f"sftp_czj: sftp://slj:{SECRETS[2]}@localhost:1/?host_key=AAAAC3NzaC1lZDI1NTE5AAAAIBQ",
    f"exchange_fy: mysql+pymysql://gaj:{SECRETS[3]}@localhost:1/qzk?charset=utf8mb4",
    f"api_kjj: http://zjj:{SECRETS[4]}@localhost:1/api/v1",
    "drop_x: file:///drop/水利局",
]
TEXT = "\n".join(LINES) + "\n"
KNOWN = dict(line.split(": ", 1) for line in LINES[1:])


def _leaks(text: str) -> list[str]:
    """Secrets, or the greater part of one, that a text shows."""
    return [secret for secret in SECRETS if any(secret[at : at + 7] in text for at in range(len(secret) - 6))]


def test_a_good_file_is_read_as_it_stands() -> None:
    assert connections.parse(TEXT.encode(), "c").known == KNOWN
    assert connections.parse(("\ufeff" + TEXT.replace("\n", "\r\n")).encode(), "c").known == KNOWN, (
        "as Windows saves it"
    )
    assert connections.parse(b"", "c") == connections.parse("# 空\n---\n".encode(), "c") == connections.NONE


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (4, TEXT.replace("sftp_czj: ", "sftp_czj:")),
        (4, TEXT.replace("sftp_czj:", 'sftp_czj: "')),
        (4, TEXT.replace("sftp_czj:", "\tsftp_czj:")),
        (4, TEXT.replace("sftp_czj:", "sftp czj:")),
        (6, TEXT.replace("api_kjj:", "pcw_db_reader:")),
        (1, "- " + TEXT.splitlines()[1].split(": ")[1] + "\n"),
        (1, SECRETS[0]),
        (1, "{a: " + SECRETS[0] + "}"),
        (4, TEXT.replace("sftp_czj:", "sftp_czj\x07:")),
        (3, TEXT.replace("pcw_db_collector", "? [a, b]\n: x\nc")),
    ],
)
def test_a_file_that_is_none_is_told_by_its_line(line: int, text: str) -> None:
    with pytest.raises(UserError, match="connections.yaml 第 ") as caught:
        connections.parse(text.encode(), "connections.yaml")
    assert caught.value.code == 3 and _leaks("".join(traceback.format_exception(caught.value))) == []
    assert f"connections.yaml 第 {line} 行有误" in str(caught.value)


def test_a_file_in_another_encoding_is_told_by_its_line() -> None:
    for content in (TEXT.encode("gb18030"), TEXT.encode("utf-16"), TEXT.encode().replace(b"czj:", b"\xff:")):
        with pytest.raises(UserError, match=r"第 \d 行有误：不是 UTF-8 编码"):
            connections.parse(content, "connections.yaml")


@pytest.mark.parametrize(
    "value",
    [
        "",
        "~",
        "{user: a, password: Geheim0815Wort}",
        "[a, Geheim0815Wort]",
        "\n  host: a\n  password: Geheim0815Wort",
        "postgresql:/u:Geheim0815Wort@h/d",
        "postgresql//u:Geheim0815Wort@h/d",
        "http://u:p@Geheim0815Wort@h/",
        "http://u:Geheim0815Wort",
        "http://u:12/Geheim0815Wort@h/",
        "http://u:Geheim%0815Wort%zz@h/",
        "http://u:Geheim0815Wort@h:99999/",
        "http://[::1/Geheim0815Wort",
        "http://u:Geheim0815Wort＠h/",
        "http://u:Geheim0815Wort@h℀/",
        "http://u:Geheim 0815Wort@h/",
    ],
)
def test_a_wrong_address_is_a_fault_of_its_connection_alone(value: str) -> None:
    found = connections.parse(f"{TEXT}odd: {value}\nlast: file:///x\n".encode(), "connections.yaml")
    assert found.known == KNOWN | {"last": "file:///x"}
    with pytest.raises(UserError, match="^connections.yaml 第 8 行有误") as caught:
        found.uri("odd")
    assert caught.value.code == 3 and _leaks(str(caught.value)) == []


def test_a_running_process_keeps_what_it_last_read(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "connections.yaml"
    assert connections.read(path) == connections.NONE
    path.write_text(TEXT, encoding="utf-8")
    assert connections.read(path).known == KNOWN
    for content in (TEXT.replace("czj: ", "czj:").encode(), TEXT.encode("gb18030"), b"- a"):
        path.write_bytes(content)
        with caplog.at_level(logging.WARNING):
            caplog.clear()
            assert connections.read(path).known == connections.read(path).known == KNOWN
        assert len(caplog.records) == 1 and "继续使用改动以前的连接" in caplog.text and _leaks(caplog.text) == []
    path.unlink()
    assert connections.read(path).known == KNOWN
    path.write_text("a: file:///x\n", encoding="utf-8")
    assert connections.read(path).known == {"a": "file:///x"}


def test_setting_connections_leaves_all_other_lines_alone() -> None:
    odd = TEXT + "# 结尾\nodd:\n  host: a\n  password: b"
    changes = {"sftp_czj": "sftp://a:b@c/", "new": "file:///%23a", "odd": "http://a/"}
    made = connections.updated(odd.encode(), "c", changes).decode()
    assert connections.parse(made.encode(), "c").known == KNOWN | changes
    assert made.startswith("# 各部门与数据库\n") and "# 结尾\n" in made and "password: b" not in made
    assert connections.updated(made.encode(), "c", changes).decode() == made


@pytest.mark.parametrize(
    "uri",
    [
        "ftp://Geheim0815Wort@h/",
        "http:Geheim0815Wort@h",
        "http://Geheim0815Wort@h:port/",
        "http://Geheim0815Wort@[h/",
        "http:///Geheim0815Wort",
        "http://Geheim0815Wort@h\x00/",
        "Geheim0815Wort",
    ],
)
def test_the_city_the_alert_and_the_environment_show_no_secret_either(
    uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CITY_PLATFORM", "ALERT", "PCW_DB_READER"):
        if "\x00" not in uri:  # no process can be given one
            monkeypatch.setenv(f"PCW_CONN_{name}", uri)
    monkeypatch.setattr(product, "connections_file", lambda: Path("/none"))
    for ask in (
        lambda: http_json.HttpJson("city_platform"),
        lambda: product.dsn("reader"),
        lambda: alert_transport.send(alert_transport.Letter("a", "b", [], date(2026, 2, 25))),
    ):
        with pytest.raises(UserError) as caught:
            ask()
        assert caught.value.code in (3, 5) and _leaks("".join(traceback.format_exception(caught.value))) == []
    assert logging.getLogger("httpx").getEffectiveLevel() >= logging.WARNING, (
        "it logs the addresses it asks, and a robot's holds a key"
    )


@strategies.composite
def damaged(draw: strategies.DrawFn) -> str:
    """The file with one character replaced, left out or put in."""
    at = draw(strategies.integers(0, len(TEXT) - 1))
    char = draw(
        strategies.sampled_from(":/@#?%[]{}'\"&*!|>-,\\`~=+ \t\n\r\x00\x07\u3000：＠aZ0")
        | strategies.characters(codec="utf-8")
    )
    return draw(
        strategies.sampled_from(
            [TEXT[:at] + char + TEXT[at + 1 :], TEXT[:at] + TEXT[at + 1 :], TEXT[:at] + char + TEXT[at:]]
        )
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("damaged")


def _calls(dataset: str) -> str:
    """All that commands print and exceptions say, with the whole traceback where a command ends in one."""
    said = []
    for words in (("status",), ("doctor",), ("probe", dataset)):
        try:
            answer = credit(*words)
            said += [answer.out, answer.err]
        except Exception as error:
            said.append("".join(traceback.format_exception(error)))
    for ask in (
        lambda: product.connection("sftp_czj"),
        lambda: product.dsn("reader"),
        lambda: product.connect("collector"),
        lambda: product.engine("reader").connect(),
    ):
        try:
            ask()
        except Exception as error:
            assert isinstance(error, UserError) and error.code == 3, repr(error)
            said.append("".join(traceback.format_exception(error)))
    return "\n".join(said)


@settings(
    max_examples=int(os.environ.get("PCW_TEST_EXAMPLES", "60")),
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    text=damaged(), dataset=strategies.sampled_from(["czj.breach_list", "fy.judgment_debtor_entity", "kjj.breach_list"])
)
@example(text=TEXT.replace("pcw_db_reader: ", "pcw_db_reader:"), dataset="czj.breach_list")
@example(text=TEXT.replace("pcw_db_collector: ", "pcw_db_collector:\t"), dataset="czj.breach_list")
@example(text=TEXT.replace(f"pcw_reader:{SECRETS[0]}", f"pcw_reader@{SECRETS[0]}"), dataset="czj.breach_list")
@example(text=TEXT.replace(f"{SECRETS[0]}@", f"{SECRETS[0]}:"), dataset="czj.breach_list")
def test_no_damage_of_one_character_shows_a_secret(folder: Path, text: str, dataset: str) -> None:
    number = len(list(folder.iterdir()))
    path = folder / f"{number}.yaml"
    path.write_bytes(text.encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PCW_CONNECTIONS_FILE", str(path))
        patch.setenv("PCW_HOME", str(folder.parent / "state"))
        patch.setattr(run, "only_one", lambda run, name: contextlib.nullcontext(True))  # there is no database
        patch.setattr(sftp, "PATIENCE", lambda: Patience(first=0))
        patch.setattr(http_api, "PATIENCE", lambda: Patience(first=0, tries=1))
        stream = io.StringIO()
        handler = logging.StreamHandler(stream)
        logging.getLogger().addHandler(handler)
        try:
            assert _leaks(_calls(dataset)) == []
            assert _leaks(stream.getvalue()) == []
        finally:
            logging.getLogger().removeHandler(handler)
