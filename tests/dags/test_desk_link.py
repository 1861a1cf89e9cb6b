"""The link to the desk: what Airflow draws as a link, and not as a button that does nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import CHECKOUT

MENUS = {"admin", "browse", "docs", "user"}  # of Airflow's own navigation: what leads outside is a link in them alone
_PRINT = "import json, runpy, sys; print(json.dumps(runpy.run_path(sys.argv[1])['DeskLink'].external_views))"


def test_the_link_to_the_desk_stands_in_a_menu_and_leads_out_of_airflow(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-c", _PRINT, str(CHECKOUT / "plugins" / "desk_link.py")],
        env=os.environ
        | {
            "AIRFLOW_HOME": str(tmp_path),
            "PYTHONPATH": str(CHECKOUT / "include"),
            "PCW_DESK_PORT": "8123",
            "PCW_DESK_URL": "",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    (link,) = json.loads(told.stdout.splitlines()[-1])
    assert link["href"] == "http://127.0.0.1:8123" and "工作台" in link["name"]
    assert link["category"] in MENUS and not link.get("nav_top_level") and not link.get("url_route")
