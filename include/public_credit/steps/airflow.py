"""What DAG files need: the run of a task, schedules, assets, notes, forms. Imports nothing heavy."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from ..base import settings
from ..base.messages import UserError, spoken
from ..base.run import UNMAPPED, Run
from ..catalogue import load_catalogue
from ..catalogue.users import Account
from ..ledger.written import watch_logs

if TYPE_CHECKING:
    from airflow.timetables.trigger import CronTriggerTimetable

Given = TypeVar("Given")
LANDED = "landed_batches"
RELEASED = "released_diff"
DELIVERED = "delivered_items"
SETTLED = "settled_edition"
APPROVE, REJECT = "批准", "否决"  # what an approver may answer

log = logging.getLogger(__name__)
watch_logs()  # of every task: its file imports this module first


def clock_schedule(schedule: str | None, *, at_once: bool = False) -> CronTriggerTimetable | None:
    """A cron schedule on the district's clock, or None where the clock must not start runs (``PCW_SCHEDULE=manual``, the demo).

    A DAG that is new waits for its next time, or with ``at_once`` runs for the last one: a first start does not collect from all
    departments at the same minute. For this the DAG must have no ``start_date``. After a standstill each DAG runs once, whatever was missed.
    """
    from airflow.timetables.trigger import CronTriggerTimetable

    if schedule is None or settings.manual_schedule():
        return None
    return CronTriggerTimetable(schedule, timezone=settings.TIMEZONE.key, run_immediately=at_once or timedelta())


def runbook(does: str, fails: str, backfill: str) -> str:
    """Notes of a DAG: what it does, what to do when it fails, what a backfill or a second run does here (Markdown)."""
    return spoken(f"**做什么**\n\n{does.strip()}\n\n**失败时**\n\n{fails.strip()}\n\n**补跑**\n\n{backfill.strip()}\n")


def datasets_to_choose() -> dict[str, Any]:
    """The choice of a dataset on a form: ids, shown with unit and title. Without a district there is nothing to choose."""
    catalogue = load_catalogue()
    titles = {
        dataset.id: f"{catalogue.units[dataset.unit].name} · {dataset.title}（{dataset.id}）"
        for dataset in catalogue.datasets.values()
    }
    ordered = dict(sorted(titles.items(), key=lambda item: item[1]))
    return {"enum": list(ordered), "values_display": ordered} if ordered else {}


def plainly(work: Callable[..., Given]) -> Callable[..., Given]:
    """For the work of a task: what a person can mend is one line of its log and ends it; an error of ours keeps its traceback.

    The task is tried again as often as it says: Airflow treats ``SystemExit`` like any other failure, but for the traceback.
    """

    @functools.wraps(work)
    def told(*given: Any, **context: Any) -> Given:
        with where_to_look(context):
            try:
                return work(*given, **context)
            except UserError as error:
                log.error("%s", spoken(str(error)))
                raise SystemExit(error.code) from None

    return told


@contextmanager
def where_to_look(context: Mapping[str, Any]) -> Iterator[None]:
    """At the end of a task, done or not: where what it has touched is seen, and the runbook of its DAG.

    Where the ledger cannot be read there are no lines; the work has said why.
    """
    from ..oversight import runs

    run, after = context.get("dag_run"), None
    with suppress(UserError, SQLAlchemyError):
        after = runs.last_step() if run else None
    try:
        yield
    finally:
        if run is not None:
            with suppress(UserError, SQLAlchemyError):
                for line in runs.where_to_look(f"{run.dag_id}/{run.run_id}", after) if after is not None else ():
                    log.info("%s", spoken(line))
            log.info("运行手册  %s", _runbook_of(run.dag_id))


def _runbook_of(dag_id: str) -> str:
    """Where the notes of a DAG are read: its page, by the address Airflow is reached under."""
    from airflow.sdk.configuration import conf

    page = f"{conf.get('api', 'base_url', fallback='').rstrip('/')}/dags/{dag_id}"
    return f"{page}（右上角“文档”）；整套办法见 docs/operations.zh-CN.md"


def conclude(run: Run) -> None:
    """End this Airflow run as failed, without another try, when a step of it ended in an error; the others are done by now."""
    from airflow.sdk.exceptions import AirflowFailException

    from ..oversight.runs import errors_of

    errors = errors_of(run.dag_run)
    if errors:
        for error in errors:
            log.error("%s", error)
        raise AirflowFailException("；".join(errors))


def unless_busy(work: Callable[[Run], Given], run: Run) -> Given:
    """Do the work; while another one is at it the task is skipped and says who: nothing is lost, the next run looks again."""
    from airflow.sdk.exceptions import AirflowSkipException

    from ..ledger.locks import Busy

    try:
        return work(run)
    except Busy as busy:
        raise AirflowSkipException(busy.text) from None


def collect(context: Mapping[str, Any], unit_id: str) -> None:
    """A department's task: skipped while it is not connected yet, failed without another try while its file has a mistake."""
    from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

    from ..catalogue import LeftOut
    from .work import NotConnected, collect_and_land

    run = run_of(context)
    try:
        collect_and_land(run, unit_id)
    except NotConnected as yet:
        raise AirflowSkipException(str(yet)) from None
    except LeftOut as wrong:
        raise AirflowFailException(str(wrong)) from None
    conclude(run)


def evidence(context: Mapping[str, Any]) -> None:
    """The task that verifies evidence: failed without another try while something is altered and nobody has explained it."""
    from airflow.sdk.exceptions import AirflowFailException

    from .evidence import check

    found = check(run_of(context), context["params"]["whole"])
    if found:
        raise AirflowFailException(spoken(f"发现 {found} 处改动：运行 public-credit audit verify 查看。"))


def edition(context: Mapping[str, Any]) -> dict[str, Any] | None:
    """The task that drafts a year's edition; skipped where the clock asks for one and there is nothing of the year yet."""
    from airflow.sdk.exceptions import AirflowSkipException

    from ..editions.run import NothingYet
    from .work import edition as work

    year = context["params"]["year"]
    try:
        return work(run_of(context), year, context["params"]["reason"])
    except NothingYet as nothing:
        if year is not None:
            raise
        raise AirflowSkipException(str(nothing)) from None


def account_of(user: str) -> Account | None:
    """The account a user of Airflow is mapped to."""
    return next((entry for entry in load_catalogue().users.values() if user in entry.airflow), None)


def in_name_of(run: Run, user: str) -> Run:
    """The run in the name of a user of Airflow: of his account; plainly marked where ``users.yml`` names people and not him."""
    if entry := account_of(user):
        return run.by(entry.who, entry.role)
    return run.by(f"{UNMAPPED}{user}" if load_catalogue().users else user)


def run_of(context: Mapping[str, Any], form: str | None = None) -> Run:
    """The run a task of Airflow works in: in the name of who started it, of nobody but itself where the clock or an asset did.

    ``form``: who asks as a form says; it is booked with the user of Airflow who filled it in, unless that one has an account.
    """
    name = f"{context['dag_run'].dag_id}/{context['dag_run'].run_id}"
    run = Run(_business_date(context), name, settings.code_version(), name)
    user = context["dag_run"].triggering_user_name
    if user:
        run = in_name_of(run, user)
    if form is not None and not run.role:
        run = run.by(f"{form.strip()}（Airflow：{user or name}）" if form.strip() else "")
    return run


def _business_date(context: Mapping[str, Any]) -> date:
    """Business date of an Airflow run.

    The district's real date, so a late backfill never makes a receipt look early. Only where the clock itself is
    simulated (``PCW_CLOCK=logical``) the run's logical date counts; a run without one (asset-triggered) takes the
    newest business day of the ledger.
    """
    if not settings.simulated_clock():
        return settings.today()
    logical: datetime | None = context["dag_run"].logical_date
    if logical is not None:
        return logical.astimezone(settings.TIMEZONE).date()
    from ..ledger.session import newest_business_day

    return newest_business_day("reader") or settings.today()
