"""What people do in a month beside the daily steps: both runs of a course get the same, by the commands a person types."""

from __future__ import annotations

from collections.abc import Callable

from public_credit.ledger.states import GOOD, BatchState, sql

from tests.helpers.month import FIRMS

from .course import Day
from .site import Site

REPLAYED = ("scjg.penalty_entity", "wsjk.penalty_entity", "xzsp.licence_entity", "scjg.breach_list")
WITHDRAWN = ("xzsp.licence_entity", "zhzf.penalty_entity")


def _oldest(site: Site, dataset_id: str) -> int:
    """The oldest receipt of a dataset that is in force and was never replayed: the same one in every run."""
    return site.one(
        f"select min(seq) from ledger.batch where dataset_id = %s and state in {sql(GOOD)} and current_attempt = 1",
        dataset_id,
    )


def waive(site: Site, day: Day) -> None:
    """A register of a dozen firms is no register cut short."""
    words = ("--reason", "登记主体较少", "--owner", "数据管理员", "--until", "2027-01-01")
    site.command("waive", "scjg.enterprise_registration", "B01", *words)


def replay(site: Site, day: Day) -> None:
    dataset_id = REPLAYED[day.number % len(REPLAYED)]
    site.command("replay", _oldest(site, dataset_id), "--date", day.on)


def new_header(site: Site, day: Day) -> None:
    """A department gets another system: official codes for heads, in another order."""
    site.departments.headers["zhzf.penalty_entity"] = "turned"


def withdraw(site: Site, day: Day) -> None:
    dataset_id = WITHDRAWN[site.one("select count(*) from ledger.step where name = 'withdraw'") % len(WITHDRAWN)]
    site.command("batches", "withdraw", _oldest(site, dataset_id), "--reason", "整批误报")


def restore(site: Site, day: Day) -> None:
    seq = site.one(f"select min(seq) from ledger.batch where state = {sql(BatchState.WITHDRAWN)}")
    site.command("batches", "restore", seq, "--reason", "核实无误")


def merge(site: Site, day: Day) -> None:
    left, right = list(FIRMS)[2:4]
    site.command("subjects", "merge", f"uscc:{left}", f"uscc:{right}", "--reason", "同一企业", "--date", day.on)


def undo_merge(site: Site, day: Day) -> None:
    judged = site.one("select max(id) from ledger.judgement where undone_at is null")
    site.command("subjects", "undo", judged, "--reason", "并非同一企业", "--date", day.on)


BEFORE: dict[str, Callable[[Site, Day], None]] = {
    act.__name__: act for act in (waive, replay, new_header, withdraw, restore, merge, undo_merge)
}
