"""What DAG files need: the business date of a run, schedules, assets. Imports nothing heavy."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from ..base import settings

LANDED = "landed_batches"
RELEASED = "released_diff"
DELIVERED = "delivered_items"
SETTLED = "settled_edition"
APPROVE, REJECT = "批准", "否决"  # what an approver may answer


def clock_schedule(schedule: str | None) -> str | None:
    """A cron schedule, or None where the clock must not start runs (``PCW_SCHEDULE=manual``, the demo)."""
    return None if os.environ.get("PCW_SCHEDULE") == "manual" else schedule


def conclude() -> None:
    """End this Airflow run as failed, without another try, when a step of it ended in an error; the others are done by now."""
    from airflow.sdk.exceptions import AirflowFailException

    from ..ledger.session import dag_run
    from ..oversight.runs import errors_of

    errors = errors_of(dag_run())
    if errors:
        raise AirflowFailException("；".join(errors))


def run_business_date(context: Mapping[str, Any]) -> date:
    """Business date of an Airflow run.

    The district's real date, so a late backfill never makes a receipt look early. Only where the clock itself is
    simulated (``PCW_CLOCK=logical``) the run's logical date counts; a run without one (asset-triggered) takes the
    newest business day of the ledger.
    """
    if os.environ.get("PCW_CLOCK") != "logical":
        return settings.today()
    logical: datetime | None = context["dag_run"].logical_date
    if logical is not None:
        return logical.astimezone(settings.TIMEZONE).date()
    from ..ledger.session import current_business_day

    return current_business_day("reader")
