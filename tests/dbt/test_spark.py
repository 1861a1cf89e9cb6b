"""Every model compiles with dbt-spark and is understood by Spark's own parser. Runs where ``PCW_TEST_SPARK`` asks for it.

dbt-spark is no part of the product's environment: the variable names a Python that has ``dbt-spark[session]``, or says
``install``, then one is made in a temporary folder (some 500 MB from the package index; Spark needs Java).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import CHECKOUT
from tests.dbt.test_portable import merged

ASKED = os.environ.get("PCW_TEST_SPARK", "")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not ASKED, reason="PCW_TEST_SPARK 未指定装有 dbt-spark 的 Python（或 install）"),
    pytest.mark.skipif(shutil.which("java") is None, reason="本机没有 Java，Spark 不能运行"),
]


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A Python that has dbt-spark."""
    if ASKED != "install":
        return ASKED
    made = tmp_path_factory.mktemp("spark") / "bin" / "python"
    for command in (
        ["venv", str(made.parents[1])],
        ["pip", "install", "--python", str(made), "dbt-spark[session]>=1.11,<1.12", "dbt-core<1.12"],
    ):
        done = subprocess.run([sys.executable, "-m", "uv", *command], capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"dbt-spark 装不上：{done.stderr[-300:]}")
    return str(made)


def test_every_model_compiles_and_is_read_by_spark(python: str, tmp_path: Path) -> None:
    merges = {"merged": merged(), "taken_out": merged(""), "of_build": merged("of_build")}
    for name, statement in merges.items():
        (tmp_path / f"{name}.sql").write_text(statement, encoding="utf-8")
    script = Path(__file__).with_name("compile_for_spark.py")
    done = subprocess.run(
        [python, script, CHECKOUT / "dbt_project", tmp_path],
        capture_output=True,
        text=True,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTHON")},
    )
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    models = len(list((CHECKOUT / "dbt_project" / "models").rglob("*.sql")))
    assert done.stdout.splitlines() == [str(models + len(merges))]
