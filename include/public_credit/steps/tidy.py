"""What is kept for a while only: logs on disk, and what Airflow remembers of runs long ended.

What the ledger says of a run is not touched: it is the record, Airflow's tables and logs are how one looks into a fault.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from ..base import settings
from ..base.messages import UserError
from ..base.run import Run, now
from ..ledger.session import step
from ..ledger.states import StepName, Verdict


def _log_folders() -> Iterator[Path]:
    """Where the stack and Airflow keep their logs."""
    for folder in (settings.home() / "logs", settings.home() / "airflow" / "logs", settings.home() / "dbt" / "logs"):
        if folder.is_dir():
            yield folder


def logs(before: datetime) -> int:
    """Remove log files nobody has written to since a moment, and folders that are empty then; how many files."""
    found = [path for folder in _log_folders() for path in folder.rglob("*")]
    old = [path for path in found if path.lstat().st_mtime < before.timestamp()]
    removed = 0
    for path in sorted(old, reverse=True):  # what lies in a folder comes before the folder
        if not path.is_dir() or path.is_symlink():
            path.unlink()
            removed += 1
        elif not any(path.iterdir()):
            path.rmdir()
    return removed


def airflow(before: datetime) -> None:
    """Remove from Airflow's database what ended before a moment, by its own command.

    A task is given no connection to that database, so the command gets it from ours. Raises UserError when it fails.
    """
    metadata = settings.connection("airflow_db").replace("postgresql://", "postgresql+psycopg2://", 1)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("_AIRFLOW")}
    done = subprocess.run(
        [sys.executable, "-m", "airflow", "db", "clean", "--yes", "--skip-archive"]
        + ["--clean-before-timestamp", before.isoformat()],
        env=environment | {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": metadata},
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise UserError(
            f"清理 Airflow 的运行记录失败（退出码 {done.returncode}）。",
            remedy="在调度器所在的环境运行 airflow db clean --dry-run 查看原因；明晚会再试。",
            code=1,
        )


def tidy(run: Run) -> dict[str, int]:
    """Remove logs and Airflow's records that are old enough; counts as booked."""
    with step(run, "collector", StepName.TIDY) as record:
        removed = logs(now() - timedelta(days=settings.log_days()))
        airflow(now() - timedelta(days=settings.metadata_days()))
        record.counts = {"logs": removed}
        record.message = f"删除 {settings.log_days()} 天前的日志 {removed:,} 个，Airflow {settings.metadata_days()} 天前的运行记录已清理"
        record.verdict = Verdict.OK if removed else Verdict.NOTHING_DUE
        return {"logs": removed}
