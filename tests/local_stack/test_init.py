"""``./run init``: what it writes is a valid district with nothing invented in it, and secrets only their owner reads."""

from __future__ import annotations

import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from local_stack.init import Answers, init
from local_stack.stack import StackError, chosen
from public_credit.base import connections
from public_credit.build.inputs import FILES
from public_credit.catalogue import load_catalogue, read
from public_credit.catalogue.load import default_root
from public_credit.catalogue.models import Sftp
from public_credit.identifiers.codes import make_uscc
from public_credit.ledger.states import Audience

from tests.conftest import CHECKOUT
from tests.helpers import demo_words
from tests.helpers.commands import credit

USCC = make_uscc("11", "00423450", "370306")
GIVEN = Answers(name="周村区", code="370306", by="2026-12-31")


def answering(*answers: str) -> Iterator[str]:
    yield from answers


def test_the_smallest_district_is_valid_and_names_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    folder, home = tmp_path / "district", tmp_path / "state"
    assert init(folder, home, GIVEN, None) == 0
    shown = capsys.readouterr().out
    assert str(folder) in shown and str(home / "secrets" / "connections.yaml") in shown and "--district" in shown
    catalogue, problems = read(default_root(), folder)
    assert (problems, catalogue.units, catalogue.receivers, catalogue.district.title) == (
        [],
        {},
        {},
        "周村区（370306）",
    )
    assert set(catalogue.absent.sectors) == set(catalogue.district.planned) and len(catalogue.absent.sectors) > 20
    checked = credit("catalogue", "check", "--district", folder)
    assert checked.code == 0 and "周村区（370306）" in checked.out
    assert f"{len(catalogue.absent.sectors)} 个领域尚未接入" in checked.out and "没有计划日期" not in checked.out
    texts = {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in folder.rglob("*.*")}
    assert set(texts) == {"district.yml", "users.yml", "departments/xyzx.yml.example"} | {
        f"evidence/{name}.csv" for name in FILES
    }
    monkeypatch.setenv("PCW_DISTRICT", "demo")
    assert {name: demo_words.told(text) for name, text in texts.items() if demo_words.told(text)} == {}


def test_the_example_is_a_department_once_its_code_is_filled_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "district"
    init(folder, tmp_path / "state", GIVEN, None)
    example = folder / "departments" / "xyzx.yml.example"
    text = example.read_text(encoding="utf-8").replace('uscc: ""', f'uscc: "{USCC}"')
    example.with_suffix("").write_text(text, encoding="utf-8")
    assert read(default_root(), folder)[1] == []
    monkeypatch.setenv("PCW_DISTRICT", str(folder))
    (dataset,) = load_catalogue().units["xyzx"].datasets
    assert isinstance(dataset.channel, Sftp) and dataset.channel.connection == "sftp_xyzx"


def test_every_role_has_an_example_that_is_valid_once_its_mark_is_taken_away(tmp_path: Path) -> None:
    folder = tmp_path / "district"
    init(folder, tmp_path / "state", Answers(name="周村区", code="370306", uscc=USCC, by="2026-12-31"), None)
    path = folder / "users.yml"
    assert read(default_root(), folder)[0].users == {}, "nobody is invented"
    path.write_text(re.sub("^# - ", "- ", path.read_text(encoding="utf-8"), flags=re.MULTILINE), encoding="utf-8")
    catalogue, problems = read(default_root(), folder)
    assert problems == [] and [entry.role for entry in catalogue.users.values()] == list(Audience)


def test_whoever_begins_it_may_have_the_first_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "zhou.1")
    init(tmp_path / "one", tmp_path / "state", Answers(name="周村区", code="370306", person='周"某: {'), None)
    assert "users set-password zhou.1" in capsys.readouterr().out
    (entry,) = read(default_root(), tmp_path / "one")[0].users.values()
    assert (entry.account, entry.name, entry.role, entry.unix) == ("zhou.1", '周"某: {', "engineer", ("zhou.1",))
    monkeypatch.setattr("getpass.getuser", lambda: "root")
    given = Answers(name="周村区", code="370306", person="周某", account="zhou")
    init(tmp_path / "two", tmp_path / "state", given, None)
    (entry,) = read(default_root(), tmp_path / "two")[0].users.values()
    assert (entry.account, entry.unix) == ("zhou", ()), "the machine's administrator is nobody's user"


def test_what_is_not_given_is_asked_for_until_it_is_right(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked: list[str] = []
    answers = answering(
        "周",
        "周村区",
        "37030",
        "370306",
        "Wsj",
        "wsj",
        "周村区卫生健康局",
        "123",
        USCC,
        "年底",
        "2027-06-30",
        "周某",
        "Zhou",
        "zhou",
    )

    def ask(question: str) -> str:
        asked.append(question)
        return next(answers)

    init(tmp_path / "district", tmp_path / "state", Answers(), ask)
    assert len(asked) == 14 and all(re.search("[\u4e00-\u9fff]", question) for question in asked)
    assert capsys.readouterr().out.count("请重新填写") == 6
    catalogue, problems = read(default_root(), tmp_path / "district")
    assert problems == [] and catalogue.units["wsj"].name == "周村区卫生健康局" and catalogue.units["wsj"].uscc == USCC
    assert "D35" not in catalogue.absent.sectors and {str(day) for day in catalogue.absent.sectors.values()} == {
        "2027-06-30"
    }


def test_every_secret_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    home = tmp_path / "state"
    init(tmp_path / "one", home, GIVEN, None)
    made = {path.name: path.read_bytes() for path in (home / "secrets").iterdir()}
    keys = {"archive.key", "vault.key", "lookup.key"}
    airflow = {f"airflow_{name}" for name in ("fernet_key", "api_secret", "jwt_secret", "admin_password")}
    assert set(made) == keys | airflow | {"metrics_token", "connections.yaml", "receivers.yaml"}
    assert len({made[name] for name in keys | airflow | {"metrics_token"}}) == 8 and all(
        len(made[name]) == 65 for name in keys
    )
    assert {stat.S_IMODE(path.stat().st_mode) for path in (home / "secrets").iterdir()} == {0o600}
    assert stat.S_IMODE((home / "secrets").stat().st_mode) == 0o700
    assert connections.parse(made["connections.yaml"], "connections.yaml").known == {}
    assert yaml.safe_load(made["connections.yaml"]) is None and "sftp_xyzx" in made["connections.yaml"].decode()
    init(tmp_path / "two", home, GIVEN, None)
    assert made == {path.name: path.read_bytes() for path in (home / "secrets").iterdir()}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (Answers(code="370306"), "--name"),
        (Answers(name="周村区", code="37"), "六位行政区划代码"),
        (Answers(name="周村区", code="370306", uscc="113703000000000000"), "统一社会信用代码不正确"),
        (Answers(name="周村区", code="370306", by="明年"), "--by"),
        (Answers(name="周村区", code="370306", person="周" * 41), "--person"),
        (Answers(name="周村区", code="370306", person="周某", account="周"), "--account"),
    ],
)
def test_where_nobody_can_be_asked_nothing_is_written(tmp_path: Path, given: Answers, said: str) -> None:
    with pytest.raises(StackError, match=said):
        init(tmp_path / "district", tmp_path / "state", given, None)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_content_and_an_invented_state_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "district.yml").write_text("name: 某区\n", encoding="utf-8")
    with pytest.raises(StackError, match="已有内容"):
        init(tmp_path / "full", tmp_path / "state", GIVEN, None)
    (tmp_path / "state" / "simulator").mkdir(parents=True)
    with pytest.raises(StackError, match="虚构数据"):
        init(tmp_path / "district", tmp_path / "state", GIVEN, None)
    assert not (tmp_path / "district").exists()


def test_a_district_that_was_served_is_that_of_the_next_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PCW_DISTRICT", "")
    district, home = tmp_path / "a district", tmp_path / "state"
    with pytest.raises(StackError, match="没有 district.yml"):
        chosen(district, home)
    init(district, home, GIVEN, None)
    chosen(district, home)
    shell = (
        f"set -a; . '{home}/district.env'; exec '{sys.executable}' -c 'import os; print(os.environ[\"PCW_DISTRICT\"])'"
    )
    for environment, expected in (({}, str(district)), ({"PCW_DISTRICT": "other"}, "other")):
        said = subprocess.run(["bash", "-c", shell], env=environment, capture_output=True, text=True, check=True)
        assert said.stdout.strip() == expected
    assert "district.env" in (CHECKOUT / "run").read_text(encoding="utf-8")
