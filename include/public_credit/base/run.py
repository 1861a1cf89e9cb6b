"""The run that work belongs to: made by whoever starts it (a DAG's task, a command), passed down, never changed.

Below the starters no business date is read from a clock or from the environment; what is done on another day than the run's
(a build that is resumed, a release of an earlier build) is booked with ``run.at(day)``.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime

from .settings import TIMEZONE

NOBODY = "系统用户 "  # how a user of the machine is booked whom no account names
UNMAPPED = "Airflow 用户 "  # how a user of Airflow is booked whom no account names, before his name there


@dataclass(frozen=True)
class Run:
    """One run of a DAG's task or of a command."""

    on: date  # the business date work is booked on
    dag_run: str  # ``<dag>/<run>`` in Airflow, '' elsewhere
    code_version: str  # commit or version of the running code
    who: str  # who asked for it: a person, or the run of Airflow itself
    # Of the session of who asked; '' where nobody has to sign in, None where nobody has, though somebody would have to.
    token: str | None = field(default="", repr=False)
    role: str = ""  # of the account of who asked, '' where it is none's

    @property
    def holder(self) -> str:
        """Who is at work, as others are told: the run of Airflow, or who called the command line."""
        return self.dag_run or f"{self.who}（命令行）"

    def at(self, day: date) -> Run:
        """The same run, booked on another business date."""
        return replace(self, on=day)

    def by(self, who: str, role: str = "") -> Run:
        """The same run, in the name of whoever asked for this part of it."""
        return replace(self, who=who, role=role)


def now() -> datetime:
    """The real clock, for what is stamped outside the database (Asia/Shanghai)."""
    return datetime.now(TIMEZONE)
