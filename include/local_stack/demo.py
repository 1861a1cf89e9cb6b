"""``./run demo``: simulated departments deliver, the real scheduler runs the DAGs, a simulated city takes."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import date

import httpx
from public_credit.steps.airflow import APPROVE

from .airflow import LEADER
from .days import complete, earlier_days, instant, next_day, played_days
from .stack import EXCHANGE, FOLLOWING, Stack, StackError

_ACTIVE = ("queued", "running")
REVIEWER = "engineer"  # of the invented accounts: who reviews applicants for an office
_DONE = {"success", "failed"}


class Demo:
    """Plays simulated days on a running stack."""

    def __init__(self, stack: Stack):
        self.stack, self.airflow, self.progress = stack, stack.airflow.api, stack.progress
        self.failures: list[str] = []
        self._told: set[tuple[str, str]] = set()
        self._started = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())

    def _simulator(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "district_simulator", *arguments, "--home", str(self.stack.simulator_home)],
            env=self.stack.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise StackError(f"模拟辖区：{done.stderr.strip()[-300:]}")
        return done.stdout.strip()

    def play_earlier(self) -> None:
        """The weeks since the departments went live, up to the first shown day: taken in without the scheduler."""
        due = earlier_days(self.stack.simulator_home)
        if not due:
            return
        started, first, last = time.monotonic(), min(due.values()), max(due.values())
        self.progress.live(f"上线以来的 {len(due)} 个业务日：逐日收取、裁决")
        done = subprocess.run(
            [sys.executable, "-m", "local_stack.earlier", str(self.stack.simulator_home)],
            env=self.stack.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise StackError(f"上线以来的报送：{done.stderr.strip()[-300:]}")
        batches, rows, returned = self.stack.query(
            "select count(*), sum(rows_in), sum(quarantined) from ledger.batch where business_date between %s and %s",
            [first, last],
        )[0]
        self.progress.say(
            f"上线以来（{first} 至 {last}）{len(due)} 个业务日：收到 {batches} 份 {rows:,} 行，退回 {returned} 行，"
            f"用时 {time.monotonic() - started:.0f} 秒"
        )

    def play(self, day: int, on: date, last: bool = True) -> None:
        """One simulated day from the departments' deliveries to the city's receipts; ``last``: no other day follows at once."""
        started = time.monotonic()
        self.progress.say(f"模拟第 {day} 日（{on}）：各部门报送")
        if day not in played_days(self.stack.simulator_home):
            self._simulator("play", "--day", str(day))
        self._city_day(on)
        collectors = sorted(self.collectors())
        runs = {dag: self.airflow.trigger(dag, instant(on)) for dag in collectors}
        self._wait_collected(runs)
        self._settle(on, EXCHANGE)
        edition = self._propose_edition(day, on)
        self._city_day(on)
        self._receive_again(on)
        self._review(day)
        self._settle(on, FOLLOWING)
        published = self._publications()
        if edition and self._decide(edition) and last:
            self._published_again(published)
        complete(self.stack.simulator_home, day)
        self.progress.say(f"模拟第 {day} 日完成，用时 {time.monotonic() - started:.0f} 秒")

    def collectors(self) -> set[str]:
        return {
            item["dag_id"]
            for item in self.airflow.get("dags", limit=500)["dags"]
            if item["dag_id"].startswith("collect_")
        }

    def _city_day(self, on: date) -> None:
        """Let the city's calendar move: it publishes what it accepted."""
        uri = httpx.URL(self.stack.connection("city_platform", receiver=True))
        with httpx.Client(
            base_url=str(uri.copy_with(username=None, password=None)),
            trust_env=False,
            timeout=60,
            headers={"Authorization": f"Bearer {uri.username}"},
        ) as client:
            client.post("/control/day", json={"date": on.isoformat()}).raise_for_status()

    def _wait_collected(self, runs: dict[str, str]) -> None:
        """Wait for the collectors' runs, line by line as they end."""
        waiting = dict(runs)
        while waiting:
            self.stack.look_after()
            active = self._runs(*_ACTIVE)
            ended = [item for item in waiting.items() if item not in active]
            failed = self._runs("failed") if ended else []
            for dag, run in ended:
                del waiting[dag]
                self.progress.say(
                    f"  采集 {dag.removeprefix('collect_')}  {self._collected(dag)}"
                    f"{'  失败' if (dag, run) in failed else ''}"
                )
                if (dag, run) in failed:
                    self.failures.append(dag)
            self.progress.live(f"采集中，还有 {len(waiting)} 个部门")
            time.sleep(1)

    def _runs(self, *states: str) -> list[tuple[str, str]]:
        """DAG and id of the runs in some states; of the failed ones, those of this demo."""
        return [
            (item["dag_id"], item["dag_run_id"])
            for item in self.airflow.runs("~", *states)
            if states == _ACTIVE or item["run_after"] >= self._started
        ]

    def _collected(self, dag: str) -> str:
        rows = self.stack.query(
            "select message from ledger.step where name = 'collect_unit' and unit_id = %s order by id desc limit 1",
            [dag.removeprefix("collect_")],
        )
        return rows[0][0] if rows else ""

    def _settle(self, on: date, dags: tuple[str, ...]) -> None:
        """Wait until these DAGs are at rest and nothing is left to do; wake what no event woke."""
        woken = 0
        while True:
            self.stack.look_after()
            pending, active = self._pending(), self._active(dags)
            self.progress.live(f"{'、'.join(sorted(active)) or '等待唤醒'}，{pending or '无待办'}")
            # An event that waits becomes a run in one transaction: between two looks at the runs neither can be missed.
            if not active and not any(map(self.airflow.waiting_events, dags)) and not self._active(dags):
                self._tell_failures()
                if not pending or len(self.failures) > 3:
                    return
                if (woken := woken + 1) > 10:
                    raise StackError(f"唤醒多次仍有待办：{pending}。")
                dag = {"裁决": FOLLOWING[0], "构建": FOLLOWING[0], "报送": FOLLOWING[1]}[pending[:2]]
                self.airflow.trigger(dag, instant(on))
            time.sleep(1)

    def _active(self, dags: tuple[str, ...]) -> set[str]:
        return {dag for dag, _ in self._runs(*_ACTIVE) if dag in dags}

    def _tell_failures(self) -> None:
        for dag, run in {item for item in self._runs("failed") if item[0] in FOLLOWING} - self._told:
            self._told.add((dag, run))
            self.failures.append(dag)
            self.progress.say(f"  {dag} 失败")

    def _pending(self) -> str:
        """What is left to do according to the ledger, '' when nothing."""
        landed = self.stack.query("select count(*) from ledger.batch where state in ('received', 'landed')")[0][0]
        if landed:
            return f"裁决 {landed} 批"
        unbuilt = self.stack.query("""
            select count(*) from ledger.batch b
            where state in ('accepted', 'accepted_with_quarantine') and not exists (
                select 1 from ledger.build_input i join ledger.build using (build_id)
                where i.batch_seq = b.seq and i.attempt = b.current_attempt and i.operation = 'add'
                  and build.state = 'built')""")[0][0]
        if unbuilt:
            return f"构建 {unbuilt} 批"
        items = self.stack.query("""
            select count(*) from ledger.delivery_state s join ledger.delivery_item using (item_id)
            join ledger.release using (release_id) where release.state = 'released' and s.underway""")[0][0]
        return f"报送 {items} 条" if items else ""

    def _receive_again(self, on: date) -> None:
        """The city has published in the meantime: fetch what it says."""
        run = self.airflow.trigger("receive_from_city", instant(on))
        while True:
            self.stack.look_after()
            state = self.airflow.run("receive_from_city", run)["state"]
            if state in _DONE:
                if state == "failed":
                    self.failures.append("receive_from_city")
                return
            time.sleep(1)

    def _signed_in(self, account: str) -> dict[str, str]:
        """What the environment of a command says so that it acts for one of the invented accounts, signed in at the desk as a person would."""
        self.stack.desk.wait_ready()
        done = subprocess.run(
            [sys.executable, "-m", "public_credit.cli", "login", account, "--password-stdin", "--print-session"],
            env=self.stack.environment(),
            input=self.stack.desk.invent_passwords()[account],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise StackError(f"命令行登录：{done.stderr.strip()[-300:]}")
        return {"PCW_SESSION": done.stdout.strip()}

    def _review(self, day: int) -> None:
        """Offices of the district have their applicants reviewed: the use of credit reports that T20 counts."""
        from district_simulator.sectors.office import USES

        due = [use for use in USES if use.day == day]
        signed = self._signed_in(REVIEWER) if due else {}
        for use in due:
            path = use.path(self.stack.simulator_home)
            done = subprocess.run(
                [
                    sys.executable,
                    "-m",
                    "public_credit.cli",
                    "report",
                    "review",
                    str(path),
                    "--area",
                    use.area,
                    "--purpose",
                    use.purpose,
                    "-o",
                    str(self.stack.home / "publications" / f"{path.stem}_审查提示.xlsx"),
                ],
                env=self.stack.environment() | signed,
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                raise StackError(f"信用审查：{done.stderr.strip()[-300:]}")
            self.progress.say(f"  信用审查（{use.area}）  {done.stdout.splitlines()[-1]}")

    def _propose_edition(self, day: int, on: date) -> str | None:
        """Start the edition the district freezes on this day (one left waiting goes on); the run's id, None when nothing is due."""
        from district_simulator.sectors.office import EDITIONS

        if day not in EDITIONS:
            return None
        waiting = [item["dag_run_id"] for item in self.airflow.runs("year_end_edition", *_ACTIVE)]
        if waiting:
            return waiting[0]
        year, reason = EDITIONS[day]
        return self.airflow.trigger("year_end_edition", instant(on), {"year": year, "reason": reason})

    def _decide(self, run: str) -> bool:
        """The district's leader approves what the run asks; True when an edition was frozen."""
        answered, asked, deadline = False, 0.0, time.monotonic() + 300
        while (state := self.airflow.run("year_end_edition", run)["state"]) not in _DONE:
            self.stack.look_after()
            self.progress.live("年度定稿：等待审批")
            if time.monotonic() > deadline:
                raise StackError("年度定稿没有在限定时间内完成。")
            waits = (
                self.airflow.task_states("year_end_edition", run).get("approval") == "awaiting_input"
            )  # again after a retry
            asked = (asked or time.monotonic()) if waits else 0.0
            if (
                waits and time.monotonic() - asked > 2
            ):  # no person answers within a second, and Airflow is not prepared for it
                self.airflow.respond("year_end_edition", run, "approval", APPROVE, LEADER)
                answered = True
            time.sleep(0.5)
        if state == "failed":
            self.failures.append("year_end_edition")
        if state == "failed" or not answered:  # settled before an interruption
            return False
        frozen = self.stack.query("select message from ledger.step where name = 'edition' order by id desc limit 1")[0][
            0
        ]
        self.progress.say(f"  {frozen}，批准人 {LEADER}")
        return True

    def _publications(self) -> dict[str, str]:
        """Runs that publish the page → state."""
        return {item["dag_run_id"]: item["state"] for item in self.airflow.runs("publish_reports")}

    def _published_again(self, before: dict[str, str]) -> None:
        """Wait for the publication that a settled edition starts."""
        deadline = time.monotonic() + 300
        while (
            not (new := [state for run, state in self._publications().items() if run not in before])
            or not set(new) <= _DONE
        ):
            self.stack.look_after()
            self.progress.live("年度定稿：重新发布领导看板")
            if time.monotonic() > deadline:
                raise StackError("定稿以后领导看板没有重新发布。")
            time.sleep(0.5)
        if "failed" in new:
            self.failures.append("publish_reports")

    def run(self, first_run: bool) -> None:
        """Play the days that are due: at first those before the shown ones and two of these, one afterwards."""
        self.play_earlier()
        days = 2 if first_run else 1
        for number in range(1, days + 1):
            due = next_day(self.stack.simulator_home)
            if due is None:
                return
            self.play(*due, last=number == days)
