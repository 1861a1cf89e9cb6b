"""Steps of one business day in a process of its own: ``python -m tests.chain.month.steps 2026-02-05 collect:scjg gate build …``.

Each name is a function of ``public_credit.steps.work``, called as a task of Airflow calls it; the process can be killed anywhere.
A step that fails ends the process with the code a command of the product would end with.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from datetime import date, timedelta

import httpx
from public_credit.base import settings
from public_credit.base.messages import UserError
from public_credit.base.run import Run
from public_credit.ledger.session import session
from public_credit.steps import work
from public_credit.steps.airflow import APPROVE
from sqlalchemy import text

from tests.helpers.runs import run_on

TRIES = 4  # what Airflow's retries do


def collect(run: Run, unit: str, tries: int = TRIES) -> None:
    for left in reversed(range(tries)):
        try:
            work.collect_and_land(run, unit)
            return
        except UserError as error:
            if not left or error.code == 3:
                raise


def gate(run: Run) -> None:
    if failures := work.gate(run):
        raise UserError("；".join(failures))


def waive_held(run: Run) -> None:
    """Whoever looks at held receipts finds them right as they are, and waives what holds them, receipt by receipt."""
    from public_credit import gate as gates
    from public_credit.gate import waivers
    from public_credit.steps.follow_up import follow_up

    with session("reader") as opened:
        held = opened.execute(
            text(
                "select distinct b.seq, b.dataset_id, split_part(g.expectation_id, ':', 1) as check_id from ledger.batch b join ledger.gate_result g "
                "on g.batch_seq = b.seq and g.attempt = b.current_attempt "
                "where b.state = 'held' and not g.success and g.severity = 'critical' order by 1, 3"
            )
        ).all()
    for row in held:
        until = run.on + timedelta(days=366)
        told = {"reason": "核实无误", "owner": "数据管理员"}
        waivers.grant(run, row.dataset_id, row.check_id, **told, expires_on=until, batch_seq=row.seq)
    if held:
        gates.run(run, sorted({row.seq for row in held}))
        follow_up(run)


def release(run: Run) -> None:
    """Freeze what changed; an unusual release is approved by whoever looks at its cover."""
    from public_credit.deliver import release as releases

    work.release(run)
    with session("reader") as opened:
        waiting = opened.scalars(text("select release_id from ledger.release where state = 'waiting' order by 1")).all()
    for release_id in waiting:
        releases.approve(run.by("分管区领导"), release_id, releases.cover(release_id)["差异指纹"])


def city_day(run: Run) -> None:
    """The city's calendar moves: it publishes what it accepted."""
    uri = httpx.URL(settings.connection("city_platform"))
    httpx.post(
        f"http://{uri.host}:{uri.port}/control/day",
        json={"date": run.on.isoformat()},
        timeout=60,
        headers={"Authorization": f"Bearer {uri.username}"},
        trust_env=False,
    ).raise_for_status()


def edition(run: Run, year: str) -> None:
    """A year's figures, approved by the district's leader in the form Airflow shows."""
    drafted = work.edition(run, int(year))
    if drafted is not None:
        answer = {"chosen_options": [APPROVE], "responded_by_user": {"id": "1", "name": "分管区领导"}}
        work.settle_edition(run, drafted, answer)


STEPS: dict[str, Callable[..., object]] = {
    "collect": collect,
    "collect_once": lambda run, unit: collect(run, unit, tries=1),
    "gate": gate,
    "waive_held": waive_held,
    "build": work.build,
    "full": lambda run: work.build(run, full=True),
    "release": release,
    "deliver": work.deliver,
    "receive": work.receive,
    "city_day": city_day,
    "edition": edition,
    "publish": work.publish,
    "alert": work.alert,
    "seal": work.seal,
    "sweep": work.sweep,
}


def main() -> int:
    run = run_on(date.fromisoformat(sys.argv[1]), "月度测试")
    for word in sys.argv[2:]:
        name, _, of = word.partition(":")
        began = time.monotonic(), sum(os.times()[:4])
        try:
            STEPS[name](run, *([of] if of else []))
            print(f"{word} {time.monotonic() - began[0]:.1f} s, {sum(os.times()[:4]) - began[1]:.1f} s of a processor")
        except UserError as error:
            print(f"{word}：{error.text}", file=sys.stderr)
            return error.code
    return 0


if __name__ == "__main__":
    sys.exit(main())
