"""What the ledger books as the version of the code: the commit, told apart from an edited checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from public_credit import __version__
from public_credit.base import settings
from public_credit.cli.start import run_of

CHECKOUT = Path(__file__).resolve().parents[2]
_GIT = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
_WHO = {f"GIT_{role}_{what}": "t@t" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "deploy").mkdir()
    shutil.copy2(CHECKOUT / "deploy" / "code-version", tmp_path / "deploy")
    return tmp_path


def _said(place: Path) -> str:
    done = subprocess.run(
        [place / "deploy" / "code-version"], env=os.environ | _GIT, text=True, capture_output=True, check=True
    )
    return done.stdout.strip()


def _git(place: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", place, *arguments], env=os.environ | _GIT | _WHO, text=True, capture_output=True, check=True
    )
    return done.stdout.strip()


@pytest.mark.skipif(shutil.which("git") is None, reason="本机没有 git")
def test_it_is_the_commit_and_says_when_files_were_edited(place: Path) -> None:
    assert _said(place) == "", "outside a repository"
    _git(place, "init", "-q")
    assert _said(place) == "", "before the first commit"
    _git(place, "add", "-A")
    _git(place, "commit", "-qm", "one")
    commit = _git(place, "rev-parse", "HEAD")
    assert len(_said(place)) == 12 and commit.startswith(_said(place))
    (place / "state.txt").write_text("not of the code")
    assert commit.startswith(_said(place))
    with (place / "deploy" / "code-version").open("a") as script:
        script.write("# edited\n")
    assert _said(place) == f"{commit[:12]}-dirty"


def test_a_run_carries_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PCW_BUSINESS_DATE", "2026-02-25")
    monkeypatch.setenv("PCW_CODE_VERSION", "0123456789ab-dirty")
    assert run_of().code_version == "0123456789ab-dirty"
    monkeypatch.setenv("PCW_CODE_VERSION", "")
    assert run_of().code_version == settings.code_version() == __version__


def test_the_scripts_that_start_the_code_and_the_image_tell_it() -> None:
    script = (CHECKOUT / "run").read_text(encoding="utf-8")
    assert script.count('PCW_CODE_VERSION="${PCW_CODE_VERSION:-$(deploy/code-version)}"') == 1
    assert "/deploy/code-version)" in script.split("<<SCRIPT")[1], "the command in the environment too"
    image = (CHECKOUT / "deploy" / "Dockerfile").read_text(encoding="utf-8").splitlines()
    assert image.index("COPY include include") < image.index("ENV PCW_CODE_VERSION=$PCW_CODE_VERSION")
    assert "PCW_CODE_VERSION: ${PCW_CODE_VERSION:-}" in (CHECKOUT / "docker-compose.yaml").read_text(encoding="utf-8")
