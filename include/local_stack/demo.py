"""``./run demo``: simulated departments deliver, the real scheduler runs the DAGs, a simulated city takes."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import httpx
import psycopg
from public_credit.orchestration import APPROVE

from . import processes
from .airflow import LEADER
from .bootstrap import write_private
from .stack import Progress, Stack, StackError

_DONE = {"success", "failed"}
_AFTER = ("build_warehouse", "deliver_to_city", "receive_from_city", "publish_reports")


class Demo:
    """Plays simulated days on a running stack."""

    def __init__(self, stack: Stack, progress: Progress):
        self.stack, self.progress = stack, progress
        self.failures: list[str] = []
        self._started = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())

    # --- simulated days ---------------------------------------------------------------------------
    def _simulator(self, *arguments: str) -> str:
        done = subprocess.run([sys.executable, "-m", "district_simulator", *arguments,
                               "--home", str(self.stack.simulator_home)],
                              env=self.stack.environment(), capture_output=True, text=True, check=False)
        if done.returncode:
            raise StackError(f"模拟辖区：{done.stderr.strip()[-300:]}")
        return done.stdout.strip()

    def next_day(self) -> tuple[int, date] | None:
        """The simulated day that is due next; None after the last."""
        return next_day(self.stack.simulator_home)

    def play(self, day: int, on: date, last: bool = True) -> None:
        """One simulated day from the departments' deliveries to the city's receipts; ``last``: no other day follows at once."""
        started = time.monotonic()
        self.progress.say(f"模拟第 {day} 日（{on}）：各部门报送")
        if day not in played_days(self.stack.simulator_home):
            self._simulator("play", "--day", str(day))
        self._city_day(on)
        collectors = sorted(self.collectors())
        runs = {dag: self.stack.airflow.trigger(dag, instant(on)) for dag in collectors}
        self._wait_collected(runs)
        self._settle(on)
        edition = self._propose_edition(day, on)
        self._city_day(on)
        self._receive_again(on)
        self._review(day)
        published = self._publications()
        if edition and self._decide(edition) and last:
            self._published_again(published)
        write_private(self.stack.simulator_home / "completed", str(day))
        self.progress.say(f"模拟第 {day} 日完成，用时 {time.monotonic() - started:.0f} 秒")

    def collectors(self) -> set[str]:
        return {item["dag_id"] for item in self.stack.airflow.get("dags", limit=500)["dags"]
                if item["dag_id"].startswith("collect_")}

    def _city_day(self, on: date) -> None:
        """Let the city's calendar move: it publishes what it accepted."""
        uri = httpx.URL(self.stack.connections()["city_platform"])
        with httpx.Client(base_url=str(uri.copy_with(username=None, password=None)), trust_env=False,
                          timeout=60, headers={"Authorization": f"Bearer {uri.username}"}) as client:
            client.post("/control/day", json={"date": on.isoformat()}).raise_for_status()

    def _check(self) -> None:
        failed = self.stack.failed()
        if failed:
            raise StackError(f"{'、'.join(failed)} 已退出，见状态目录下的日志。")

    def _wait_collected(self, runs: dict[str, str]) -> None:
        """Wait for the collectors' runs, line by line as they end."""
        waiting = dict(runs)
        while waiting:
            self._check()
            states = {(item["dag_id"], item["dag_run_id"]): item["state"]
                      for item in self.stack.airflow.runs("~", limit=100)}
            for dag, run in list(waiting.items()):
                state = states.get((dag, run))
                if state in _DONE:
                    del waiting[dag]
                    self.progress.say(f"  采集 {dag.removeprefix('collect_')}  {self._collected(dag)}"
                                      f"{'' if state == 'success' else '  失败'}")
                    if state == "failed":
                        self.failures.append(dag)
            self.progress.live(f"采集中，还有 {len(waiting)} 个部门")
            time.sleep(1)

    def _collected(self, dag: str) -> str:
        rows = self._query("select message from ledger.step where name = 'collect_unit' and unit_id = %s "
                           "order by id desc limit 1", [dag.removeprefix("collect_")])
        return rows[0][0] if rows else ""

    def _settle(self, on: date) -> None:
        """Wait until gate, build, delivery and receipts have nothing left to do; wake what no event woke."""
        quiet_since: float | None = None
        told: set[tuple[str, str]] = set()
        while True:
            self._check()
            runs = [item for item in self.stack.airflow.runs("~", limit=60) if item["dag_id"] in _AFTER]
            for item in reversed(runs):
                key = (item["dag_id"], item["dag_run_id"])
                if item["state"] in _DONE and key not in told and item["run_after"] >= self._started:
                    told.add(key)
                    if item["state"] == "failed":
                        self.failures.append(item["dag_id"])
                        self.progress.say(f"  {item['dag_id']} 失败")
            active = [item for item in runs if item["state"] not in _DONE]
            pending = self._pending()
            busy = "、".join(sorted({item["dag_id"] for item in active}))
            self.progress.live(f"{busy or '等待唤醒'}，{pending or '无待办'}")
            if active:
                quiet_since = None
            elif quiet_since is None:
                quiet_since = time.monotonic()
            elif time.monotonic() - quiet_since > 3:
                if not pending:
                    return
                dag = {"裁决": _AFTER[0], "构建": _AFTER[0], "报送": _AFTER[1]}[pending[:2]]
                self.stack.airflow.trigger(dag, instant(on))
                quiet_since = None
                if len(self.failures) > 3:
                    return
            time.sleep(1)

    def _pending(self) -> str:
        """What is left to do according to the ledger, '' when nothing."""
        landed = self._query("select count(*) from ledger.batch where state in ('received', 'landed')")[0][0]
        if landed:
            return f"裁决 {landed} 批"
        unbuilt = self._query("""
            select count(*) from ledger.batch b
            where state in ('accepted', 'accepted_with_quarantine') and not exists (
                select 1 from ledger.build_input i join ledger.build using (build_id)
                where i.batch_seq = b.seq and i.attempt = b.current_attempt and i.operation = 'add'
                  and build.state = 'built')""")[0][0]
        if unbuilt:
            return f"构建 {unbuilt} 批"
        items = self._query("""
            select count(*) from ledger.delivery_item i join ledger.release using (release_id)
            where release.state = 'released' and i.state in ('pending', 'sending', 'unknown')""")[0][0]
        return f"报送 {items} 条" if items else ""

    def _receive_again(self, on: date) -> None:
        """The city has published in the meantime: fetch what it says."""
        run = self.stack.airflow.trigger("receive_from_city", instant(on))
        while True:
            self._check()
            state = next((item["state"] for item in self.stack.airflow.runs("receive_from_city", limit=10)
                          if item["dag_run_id"] == run), None)
            if state in _DONE:
                if state == "failed":
                    self.failures.append("receive_from_city")
                return
            time.sleep(1)

    def _review(self, day: int) -> None:
        """Offices of the district have their applicants reviewed: the use of credit reports that T20 counts."""
        from district_simulator.sectors.office import USES

        for use in (use for use in USES if use.day == day):
            path = use.path(self.stack.simulator_home)
            done = subprocess.run([sys.executable, "-m", "public_credit.cli", "report", "review", str(path), "--area", use.area,
                                   "--purpose", use.purpose, "-o", str(self.stack.home / "publications" / f"{path.stem}_审查提示.xlsx")],
                                  env=self.stack.environment() | {"PCW_USER": use.unit}, capture_output=True, text=True, check=False)
            if done.returncode:
                raise StackError(f"信用审查：{done.stderr.strip()[-300:]}")
            self.progress.say(f"  信用审查（{use.area}）  {done.stdout.splitlines()[-1]}")

    def _propose_edition(self, day: int, on: date) -> str | None:
        """Start the edition the district freezes on this day (one left waiting goes on); the run's id, None when nothing is due."""
        from district_simulator.sectors.office import EDITIONS

        if day not in EDITIONS:
            return None
        waiting = [item["dag_run_id"] for item in self.stack.airflow.runs("year_end_edition", limit=10) if item["state"] not in _DONE]
        if waiting:
            return waiting[0]
        year, reason = EDITIONS[day]
        return self.stack.airflow.trigger("year_end_edition", instant(on), {"year": year, "reason": reason})

    def _decide(self, run: str) -> bool:
        """The district's leader approves what the run asks; True when an edition was frozen."""
        answered = False
        while (state := self.stack.airflow.run("year_end_edition", run)["state"]) not in _DONE:
            self._check()
            self.progress.live("年度定稿：等待审批")
            if self.stack.airflow.task_states("year_end_edition", run).get("approval") == "awaiting_input":  # once more after a retry
                self.stack.airflow.respond("year_end_edition", run, "approval", APPROVE, LEADER)
                answered = True
            time.sleep(0.5)
        if state == "failed":
            self.failures.append("year_end_edition")
        if state == "failed" or not answered:  # settled before an interruption
            return False
        frozen = self._query("select message from ledger.step where name = 'edition' order by id desc limit 1")[0][0]
        self.progress.say(f"  {frozen}，批准人 {LEADER}")
        return True

    def _publications(self) -> dict[str, str]:
        """Runs that publish the page → state."""
        return {item["dag_run_id"]: item["state"] for item in self.stack.airflow.runs("publish_reports")}

    def _published_again(self, before: dict[str, str]) -> None:
        """Wait for the publication that a settled edition starts."""
        deadline = time.monotonic() + 300
        while not (new := [state for run, state in self._publications().items() if run not in before]) or not _DONE >= set(new):
            self._check()
            self.progress.live("年度定稿：重新发布领导看板")
            if time.monotonic() > deadline:
                raise StackError("定稿以后领导看板没有重新发布。")
            time.sleep(0.5)
        if "failed" in new:
            self.failures.append("publish_reports")

    def _query(self, sql: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.stack.connections()["pcw_db_reader"]) as connection:
            return connection.execute(sql, parameters).fetchall()

    # --- summary ----------------------------------------------------------------------------------
    def summary(self) -> None:
        """What came, what became of it, where to look."""
        done = subprocess.run([sys.executable, "-m", "public_credit.cli", "status", "--json"],
                              env=self.stack.environment(), capture_output=True, text=True, check=True)
        status = json.loads(done.stdout)
        total, city = status["totals"], status["city"]
        slips = self._query("select count(*), coalesce(sum(rows), 0) from ledger.slip")[0]
        print()
        print(f"业务日期      {status['business_date']}")
        print(f"批次          {total['batches']}（扣留 {total['held']}，无法读取 {total['broken']}）")
        print(f"收到行        {total['rows_in']:,}，其中随批次扣留 {total['rows_held']:,}")
        print(f"放行          {total['accepted']:,}")
        print(f"退回          {total['quarantined']:,}")
        print(f"重复          {total['duplicate']:,}")
        print(f"拒收          {total['refused']:,}")
        print(f"报送市平台    {city['sent']:,}，接收 {city['accepted']:,}，拒收 {city['rejected']:,}")
        print(f"退回单        {slips[0]} 份 {slips[1]:,} 行  {self.stack.home / 'slips'}")
        self._three_databases()
        for line in status["attention"]:
            print(f"注意          {line}")
        self._editions()
        for path in sorted((self.stack.home / "publications" / "leadership").glob(f"*_{status['business_date']}.*")):
            print(f"领导看板      {path}")
        print(f"Airflow       {self.stack.airflow.sign_in}")
        print("接着看        ./run credit status · ./run credit explain <文书号> · ./run credit subjects show <代码或名称>")

    def _three_databases(self) -> None:
        """Subjects, their records, lists, and what was turned away."""
        subjects = dict(self._query("select subject_class, count(*) from subjects.subject where not gone group by 1"))
        records = dict(self._query("select link_state, count(*) from marts.mart_subjects__timeline group by 1"))
        listed = self._query("select count(*) from marts.mart_lists__entry where state = '在列'")[0][0]
        graded = self._query("select count(*) from marts.mart_subjects__food_drug_grade")[0][0]
        refused = self._query("select count(*) from ledger.refused_delivery")[0][0]
        print(f"主体          企业 {subjects.get('enterprise', 0):,}，非企业法人 {subjects.get('non_enterprise', 0):,}")
        print(f"记录          已关联 {records.get('linked', 0):,}，待关联 {records.get('unresolved', 0):,}，"
              f"自然人 {records.get('person', 0):,}")
        print(f"名单与等级    在列 {listed:,} 条，食品药品信用等级 {graded:,} 户")
        print(f"依法不收      {refused} 份报送在门口退回")

    def _editions(self) -> None:
        """Frozen years, and what was corrected since."""
        for number, year, restates, by in self._query(
                "select id, year, restates, decided_by from ledger.edition where state = 'frozen' order by id"):
            print(f"{'更正重列' if restates else '年度定稿'}      {year} 年，第 {number} 号，{by} 批准"
                  + (f"；逐行差异 ./run credit editions diff {restates} {number}" if restates else ""))

    def run(self, first_run: bool) -> None:
        """Play the days that are due: two at first, one afterwards."""
        days = 2 if first_run else 1
        for number in range(1, days + 1):
            due = self.next_day()
            if due is None:
                return
            self.play(*due, last=number == days)


def instant(on: date) -> str:
    """A logical date in the afternoon of a day that no run had before: a DAG has one run per logical date."""
    milliseconds = int(time.time() * 1000)
    noon = datetime(on.year, on.month, on.day, 12, tzinfo=timezone(timedelta(hours=8)))
    return (noon + timedelta(microseconds=milliseconds % (6 * 3600 * 10**6))).isoformat()


def played_days(simulator_home: Path) -> list[int]:
    """Days whose deliveries the simulator has made."""
    state = simulator_home / "state.json"
    return json.loads(state.read_text())["played"] if state.exists() else []


def next_day(simulator_home: Path) -> tuple[int, date] | None:
    """The simulated day that is due next: after the last one settled; an interrupted one is due again."""
    from district_simulator.workcalendar import DAYS

    completed = simulator_home / "completed"
    following = int(completed.read_text()) + 1 if completed.exists() else 1
    return (following, DAYS[following]) if following in DAYS else None


def demo(checkout: Path, home: Path, *, leave: bool, scale: float, port: int) -> int:
    """Run the demo; exit code 0 when everything went right, 130 when interrupted before its end."""
    progress = Progress()
    first_run = not (home / "simulator" / "completed").exists()
    if next_day(home / "simulator") is None:
        print("三个模拟日均已完成，没有到期的报送。要从头再来：./run reset")
        return 0
    stack = Stack(checkout, home, simulated=True, progress=progress, port=port)
    player = Demo(stack, progress)
    code = 130
    try:
        started = time.monotonic()
        stack.start_database()
        stack.prepare_airflow()
        stack.migrate()
        stack.start_simulation(scale)
        stack.start_airflow(expected_dags())
        player.run(first_run)
        player.summary()
        print(f"用时          {time.monotonic() - started:.0f} 秒")
        code = 1 if player.failures else 0
        if player.failures:
            print(f"有任务失败：{'、'.join(sorted(set(player.failures)))}", file=sys.stderr)
        if not leave:
            print("服务保持运行，按 Ctrl-C 停止。", flush=True)
            stack.stay_up()
    except KeyboardInterrupt:
        print("\n正在停止…", flush=True)
    except (StackError, RuntimeError, httpx.HTTPError, subprocess.CalledProcessError) as error:
        print(f"错误：{error}", file=sys.stderr)
        code = 1
    finally:
        processes.ignore_interrupts()
        stack.stop()
    return code


def serve(checkout: Path, home: Path, *, port: int) -> int:
    """The stack for daily use, without simulators; stays up until Ctrl-C."""
    stack = Stack(checkout, home, simulated=False, progress=Progress(), port=port)
    code = 130
    try:
        stack.start_database()
        stack.migrate()
        stack.start_airflow(expected_dags())
        print(f"Airflow  {stack.airflow.sign_in}")
        print("按 Ctrl-C 停止。", flush=True)
        code = 0
        stack.stay_up()
    except KeyboardInterrupt:
        print("\n正在停止…", flush=True)
    except (StackError, RuntimeError, subprocess.CalledProcessError) as error:
        print(f"错误：{error}", file=sys.stderr)
        code = 1
    finally:
        processes.ignore_interrupts()
        stack.stop()
    return code


def expected_dags() -> set[str]:
    """DAGs that must have been parsed before anything is triggered."""
    from public_credit.catalogue import load_catalogue

    return {*_AFTER, "year_end_edition", *(f"collect_{unit.id}" for unit in load_catalogue().units.values()
                       if any(dataset.channel.type != "hand_in" for dataset in unit.datasets))}
