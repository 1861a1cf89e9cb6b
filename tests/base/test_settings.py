"""Settings: a name nobody knows and a value of no use are told before anything starts; every name is documented."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from public_credit.base import settings
from public_credit.base.messages import UserError

CHECKOUT = Path(__file__).resolve().parents[2]
SECRET = "geheim-4711"


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("PCW_HOEM", "PCW_HOME"),
        ("PCW_BUSINES_DATE", "PCW_BUSINESS_DATE"),
        ("PCW_CONNECTION_FILE", "PCW_CONNECTIONS_FILE"),
        ("PCW_CON_SFTP_CZJ", "PCW_CONN_SFTP_CZJ"),
        ("PCW_KEY_VAULT_FIEL", "PCW_KEY_VAULT_FILE"),
        ("PCW_KEY_VAULT", "PCW_KEY_VAULT_FILE"),
        ("pcw_home", "PCW_HOME"),
        ("PCW_QQQQQQQQ", ""),
    ],
)
def test_an_unknown_name_is_an_error_that_names_the_nearest(
    name: str, near: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, SECRET)
    with pytest.raises(UserError) as raised:
        settings.current()
    assert name in raised.value.text and SECRET not in str(raised.value)
    assert (f"是否应为 {near}？" in raised.value.remedy) if near else ("是否应为" not in raised.value.remedy)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("PCW_BUSINESS_DATE", f"{SECRET}", "日期"),
        ("PCW_BUSINESS_DATE", "2026-02-30", "日期"),
        ("PCW_CITY_TIMEOUT", SECRET, "数字"),
        ("PCW_CITY_TIMEOUT", "0", "大于 0"),
        ("PCW_DB_PORT", SECRET, "整数"),
        ("PCW_DB_PORT", "70000", "65535"),
        ("PCW_CLOCK", SECRET, "logical"),
        ("PCW_SCHEDULE", SECRET, "manual"),
        ("PCW_ARCHIVE_URL", SECRET, "地址"),
    ],
)
def test_a_value_of_no_use_is_told_without_showing_it(
    name: str, value: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(UserError) as raised:
        settings.current()
    assert name in raised.value.text and words in raised.value.text and SECRET not in str(raised.value)


def test_families_and_empty_values_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PCW_CONN_SFTP_CZJ", "PCW_KEY_ARCHIVE_FILE", "PCW_BUSINESS_DATE", "PCW_CITY_TIMEOUT", "PCW_HAND_IN"):
        monkeypatch.setenv(name, "")
    found = settings.current()
    assert (found.business_date, found.city_timeout, found.hand_in) == (None, None, None)


@pytest.mark.parametrize("module", ["public_credit.cli", "local_stack"])
def test_a_start_with_a_slip_in_a_name_ends_before_any_work(module: str, tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PCW_")}
    environment |= {"PCW_HOME": str(tmp_path / "state"), "PCW_BUSINESDATE": "2026-02-25"}
    command = "doctor" if module == "public_credit.cli" else "reset"
    done = subprocess.run(
        [sys.executable, "-m", module, command],
        env=environment | {"PYTHONPATH": str(CHECKOUT / "include")},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 2 and "PCW_BUSINESDATE" in done.stderr and "PCW_BUSINESS_DATE" in done.stderr
    assert "Traceback" not in done.stderr and not (tmp_path / "state").exists()


def _names(text: str) -> set[str]:
    return set(re.findall(r"\bPCW_[A-Z0-9]+(?:_[A-Z0-9]+)*\b", text))


def test_every_name_in_use_is_declared() -> None:
    places = [CHECKOUT / name for name in ("run", "docker-compose.yaml")]
    for folder, patterns in (("include", ("*.py",)), ("dags", ("*.py",)), ("dbt_project", ("*.yml", "*.sql"))):
        places += [path for pattern in patterns for path in (CHECKOUT / folder).rglob(pattern)]
    places += [path for path in (CHECKOUT / "deploy").iterdir() if path.is_file()]
    places += [*(CHECKOUT / "benchmarks").glob("*.py"), CHECKOUT / "tests" / "seeds.py"]
    used = {name for path in places for name in _names(path.read_text(encoding="utf-8"))}
    unknown = {
        name
        for name in used - set(settings.KNOWN)
        if not any(pattern.fullmatch(name) for pattern in settings.FAMILIES.values())
    } - {"PCW_CONN", "PCW_KEY"}  # the families themselves
    assert unknown == set()


def test_the_documentation_lists_every_setting() -> None:
    text = (CHECKOUT / "docs" / "deployment.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(PCW_[^`]+)` \| (.*?) \|", text, flags=re.MULTILINE))
    fields = {f"PCW_{name.upper()}": field for name, field in settings.Settings.model_fields.items()}
    assert set(rows) == set(fields) | set(settings.FAMILIES)
    assert {name: rows[name] for name in fields} == {name: field.description for name, field in fields.items()}
