"""The dbt project as dbt understands it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import CHECKOUT

PROJECT = CHECKOUT / "dbt_project"


def parsed(target: Path) -> dict[str, Any]:
    """Models and seeds of the parsed project by schema and name; dbt works in the folder ``target``."""
    from dbt.cli.main import dbtRunner

    with pytest.MonkeyPatch.context() as patch:
        for name in re.findall(r"env_var\('(\w+)'\)", (PROJECT / "profiles.yml").read_text("utf-8")):
            patch.setenv(name, "1")
        patch.setenv("DBT_TARGET_PATH", str(target))
        patch.setenv("DBT_LOG_PATH", str(target))
        places = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
        assert dbtRunner().invoke(["parse", "--quiet", *places]).success
    manifest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))["nodes"].values()
    return {
        f"{node['schema']}.{node['alias']}": node for node in manifest if node["resource_type"] in ("model", "seed")
    }
