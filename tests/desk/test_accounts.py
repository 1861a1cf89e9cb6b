"""Accounts of the district's folder: an entry or a file with a mistake shuts out nobody else; passwords are hashes in a file."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from public_credit.base import settings
from public_credit.base.messages import UserError
from public_credit.catalogue import load_catalogue
from public_credit.catalogue.remembered import remember
from public_credit.desk import passwords
from public_credit.ledger.session import session

from tests.helpers.commands import credit

GOOD = "- {account: wang, name: 王, role: engineer}\n"


def _users(root: Path, text: str) -> dict[str, Any]:
    (root / "include" / "districts" / "demo" / "users.yml").write_text(text, encoding="utf-8")
    return load_catalogue().users


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("- {account: li, name: 李, role: king}", "取值不在允许范围内"),
        ("- {account: li, name: 李, role: clerk}", "报送员须写明目录中的单位"),
        ("- {account: li, name: 李, role: clerk, unit: nowhere}", "报送员须写明目录中的单位"),
        ("- {account: li, name: 李, role: auditor, unit: zhzf}", "只有报送员属于一个单位"),
        ("- {account: wang, name: 李, role: auditor}", "账号重复"),
        ("- {account: li, name: 李, role: auditor, password: x}", "不认识的项"),
        ("- 李", "应为键值对"),
    ],
)
def test_an_entry_with_a_mistake_is_told_and_shuts_out_itself_alone(root: Path, wrong: str, said: str) -> None:
    users = _users(root, f"{GOOD}{wrong}\n- {{account: zhao, name: 赵, role: auditor}}\n")
    assert set(users) == {"wang", "zhao"} and users["wang"].name == "王"
    assert any(said in str(problem) and problem.line == 2 for problem in load_catalogue().left_out["users.yml"])


def test_a_user_of_the_machine_is_one_persons(root: Path) -> None:
    entry = "- {{account: {}, name: {}, role: auditor, unix: {}}}\n"
    given = (("li", "李", "li"), ("zhao", "赵", "[zhao, admin]"), ("sun", "孙", "[sun, admin]"), ("wu", "吴", "[a b]"))
    users = _users(root, "".join(entry.format(*one) for one in given))
    assert {name: account.unix for name, account in users.items()} == {"li": ("li",), "zhao": ("zhao", "admin")}
    assert "系统用户重复" in str(load_catalogue().left_out["users.yml"])


def test_a_user_of_airflow_is_one_persons(root: Path) -> None:
    entry = "- {{account: {}, name: {}, role: auditor, airflow: {}}}\n"
    users = _users(
        root, "".join(entry.format(*one) for one in (("li", "李", "[a, b]"), ("sun", "孙", "b"), ("wu", "吴", "c")))
    )
    assert {name: account.airflow for name, account in users.items()} == {"li": ("a", "b"), "wu": ("c",)}
    assert "Airflow 用户重复" in str(load_catalogue().left_out["users.yml"])


def test_who_signs_in_is_no_version_of_the_catalogue(root: Path) -> None:
    before = load_catalogue().version
    _users(root, GOOD)
    assert load_catalogue().version == before


def test_a_file_that_is_no_yaml_counts_as_it_did(root: Path, warehouse: Any) -> None:
    assert set(_users(root, GOOD)) == {"wang"}
    with session("collector") as opened:
        remember(opened, load_catalogue())
    assert set(_users(root, "- {account: wang\n\t- x")) == {"wang"}
    assert "users.yml" in load_catalogue().left_out


def test_a_password_is_set_from_the_command_line_and_kept_as_a_hash(
    warehouse: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = credit("users", "set-password", "engineer", "--generate", "--json").json["password"]
    path = settings.home() / "secrets" / "desk_passwords.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert made not in path.read_text() and json.loads(path.read_text())["engineer"].startswith("$argon2id$")
    assert passwords.fits("engineer", made)
    assert not passwords.fits("engineer", made + "x") and not passwords.fits("leader", made)
    rows = {row["account"]: row["password"] for row in credit("users", "list", "--json").json}
    assert rows["engineer"] is True and rows["leader"] is False
    old = json.loads(path.read_text())
    passwords.set_password("leader", made, by="别人（bieren）")
    assert json.loads(path.read_text())["engineer"] == old["engineer"], "a file of before is read, and kept as it was"
    assert passwords.fits("leader", made) and passwords.reset_of("engineer") is None
    with pytest.raises(UserError, match="12 至 200"):
        passwords.set_password("leader", "short")
    assert credit("users", "set-password", "nobody", "--generate").code == 4
