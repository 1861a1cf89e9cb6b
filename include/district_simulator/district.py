"""The district as one object: seeded content, running servers, a clock of three days."""

from __future__ import annotations

import csv
import json
import os
import secrets
import time
from datetime import datetime, timedelta, timezone
from datetime import time as clock
from pathlib import Path
from urllib.parse import quote

from district_simulator.answers import accounts, decisions
from district_simulator.answers import subjects as subject_answers
from district_simulator.assemble import assemble
from district_simulator.clerk import Clerks
from district_simulator.clerk_memory import load_deliveries, load_memory, save_day
from district_simulator.offer import offer
from district_simulator.sectors import office
from district_simulator.servers.exchange import Exchange
from district_simulator.servers.http_api import ApiStore, DepartmentApi
from district_simulator.servers.runtime import Runtime
from district_simulator.servers.sftp import SftpDepartments
from district_simulator.vocabulary.deliveries import INTERFACES, Delivery, api_version
from district_simulator.vocabulary.formats import json_row, render
from district_simulator.vocabulary.units import UNITS, unit_of
from district_simulator.vocabulary.workcalendar import CALENDAR, DAYS, EARLIER


class SimulatorError(Exception):
    """A request the district cannot fulfil, with a sentence for the user."""


class District:
    """``District(home).serve()`` starts the departments; ``play(day)`` lets a day happen."""

    def __init__(
        self,
        home: str | os.PathLike[str],
        seed: int = 1,
        scale: float = 1.0,
        exchange_url: str | None = None,
        slips: str | os.PathLike[str] | None = None,
    ):
        self.home = Path(home).resolve()
        self.slips = Path(slips) if slips else self.home.parent / "slips"
        self.home.mkdir(parents=True, exist_ok=True)
        self.state = self._load_state(seed, scale)
        self.assembly = assemble(self.state["seed"], self.state["scale"])
        self.book = self.assembly.book
        self.exchange = Exchange(exchange_url) if exchange_url else None
        self.clerks = Clerks(
            self.book, self.slips, load_memory(self._clerk_file(self.played[-1] if self.played else 0))
        )
        self.stores = {u.id: ApiStore() for u in UNITS.values() if u.channel == "api"}
        self.apis: dict[str, DepartmentApi] = {}
        self.sftp: SftpDepartments | None = None
        self.runtime: Runtime | None = None
        self.connections: dict[str, str] = {}
        self._write_city_register()
        self.accounts = accounts.Accounts(self.book.city_register)
        self.published: list[Delivery] = []
        if self.exchange and not self.played:
            self.exchange.reset()
        for dataset, interface in INTERFACES.items():
            self.stores[unit_of(dataset).id].offer(interface)
        for unit in UNITS.values():
            if unit.channel in ("sftp", "drop"):
                self.folder(unit.id).mkdir(parents=True, exist_ok=True)
        for day in self.played:
            self._remember(day)

    # --- state ---------------------------------------------------------------------------------
    def _load_state(self, seed: int, scale: float) -> dict:
        path = self.home / "state.json"
        if path.exists():
            return json.loads(path.read_text())
        passwords = {u.id: secrets.token_hex(8) for u in UNITS.values() if u.channel in ("api", "sftp")}
        state = {"seed": seed, "scale": scale, "played": [], "passwords": passwords}
        self._save_state(state)
        return state

    def _save_state(self, state: dict) -> None:
        path = self.home / "state.json"
        temporary = path.with_suffix(".tmp")
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as target:
            json.dump(state, target)
        os.replace(temporary, path)

    @property
    def played(self) -> list[int]:
        return self.state["played"]

    @property
    def next_day(self) -> int | None:
        """The shown day that is due next, None after the last."""
        return next((day for day in DAYS if day not in self.played), None)

    @property
    def may_play(self) -> list[int]:
        """Days that may be played now: the next shown one and, before the first of these, the next earlier one."""
        earlier = next((day for day in EARLIER if day > max(self.played, default=min(EARLIER) - 1)), None)
        return [day for day in (earlier, self.next_day) if day is not None]

    def folder(self, unit: str) -> Path:
        """Where a unit's files lie."""
        if UNITS[unit].channel == "sftp":
            return self.home / "sftp" / unit / "out"
        return self.home / "drop" / unit

    # --- servers -------------------------------------------------------------------------------
    def serve(self, ports: dict[str, int] | None = None) -> dict[str, str]:
        """Start every server; returns conn_id → uri."""
        ports, self.runtime = ports or {}, Runtime()
        passwords = self.state["passwords"]
        for unit, store in self.stores.items():
            api = DepartmentApi(
                store,
                f"{unit}-app",
                passwords[unit],
                flaky_seed=f"{self.state['seed']}/{unit}" if unit == "yjgl" else None,
            )
            port = self.runtime.web(api.app, ports.get(f"api_{unit}", 0))
            self.apis[unit] = api
            self.connections[f"api_{unit}"] = f"http://{unit}-app:{passwords[unit]}@127.0.0.1:{port}"
        accounts = {u.id: passwords[u.id] for u in UNITS.values() if u.channel == "sftp"}
        self.sftp = SftpDepartments(self.home / "sftp", self.home / "keys", accounts)
        port = self.runtime.run(self.sftp.start(ports.get("sftp", 0)))
        for unit, password in accounts.items():
            self.connections[f"sftp_{unit}"] = (
                f"sftp://{unit}:{password}@127.0.0.1:{port}/?host_key={quote(self.sftp.public_key, safe='')}"
            )
        for department in UNITS.values():
            if department.channel == "drop":
                self.connections[f"drop_{department.id}"] = self.folder(department.id).as_uri()
            elif department.channel == "exchange" and self.exchange:
                self.connections[f"exchange_{department.id}"] = self.exchange.url
        return self.connections

    def write_connections(self, path: Path | None = None) -> Path:
        """The connections as YAML, readable by the owner only."""
        path = path or self.home / "connections.yaml"
        offer(path, self.connections)
        return path

    def outage(self, unit: str, down: bool = True) -> None:
        """Let one department's server be out of order."""
        if unit in self.apis:
            self.apis[unit].down = down
        elif self.sftp and unit in self.sftp.accounts:
            (self.sftp.down.add if down else self.sftp.down.discard)(unit)
        else:
            raise SimulatorError(f"单位 {unit} 没有可中断的服务")

    def stop(self) -> None:
        """Stop all servers."""
        if self.runtime:
            if self.sftp:
                self.runtime.run(self.sftp.stop())
            self.runtime.stop()
            self.runtime = None
        if self.exchange:
            self.exchange.close()

    # --- days ----------------------------------------------------------------------------------
    def deliveries(self, day: int) -> list[Delivery]:
        """Planned deliveries of a day (without the clerks')."""
        return self.book.deliveries[day]

    def play(self, day: int) -> list[Delivery]:
        """Let a day happen: clerks answer slips, departments deliver, the answer key is written."""
        if self.next_day is None:
            raise SimulatorError("三个模拟日均已完成，没有待交付的日期")
        if day not in self.may_play:
            raise SimulatorError(f"下一个模拟日是第 {self.next_day} 日，不能直接播放第 {day} 日")
        corrected = self._clerk_file(day)
        if corrected.exists():  # an interrupted play: what the clerks had decided stays decided
            extra = load_deliveries(corrected)
            self.clerks.memory = load_memory(corrected) or self.clerks.memory
        else:
            extra = self.clerks.redeliver(day, self.published)
            save_day(corrected, extra, self.clerks.memory)
        today = [*self.deliveries(day), *extra]
        for number, delivery in enumerate(today):
            self._publish(delivery, number)
        if day in DAYS:
            self._distract(day)
        for store in self.stores.values():
            store.mark(api_version(day))
        self._account(today)
        accounts.write(
            self.home / "answer_key",
            day,
            self.accounts,
            decisions.metrics(
                self.accounts.booked,
                subject_answers.registry(self.accounts.booked),
                self._ledger_known(day),
                self.accounts.held,
                day,
            ),
            accounts.planted_numbers(today, self.book.refused),
        )
        if day in DAYS:
            office.write(self.home, day, self.book.seed, self.assembly.population)
            subject_answers.write(
                self.home / "answer_key", day, self.accounts.booked, self.book, self.assembly.organisations
            )
        self.played.append(day)
        self._save_state(self.state)
        return today

    def _clerk_file(self, day: int) -> Path:
        return self.home / "clerk" / f"day{day}.json"

    def _remember(self, day: int) -> None:
        """After a restart: files and database are still there, the APIs' memory is rebuilt."""
        today = [*self.deliveries(day), *load_deliveries(self._clerk_file(day))]
        for delivery in today:
            if delivery.format == "json":
                self._publish(delivery)
        for store in self.stores.values():
            store.mark(api_version(day))
        self._account(today)

    def _account(self, deliveries: list[Delivery]) -> None:
        for delivery in deliveries:
            self.accounts.book(delivery)
        self.published += deliveries

    def _publish(self, delivery: Delivery, number: int = 0) -> None:
        if delivery.format == "json":
            rows = [json_row(row, delivery.dialect) for row in delivery.rows]
            self.stores[unit_of(delivery.dataset).id].publish(
                api_version(delivery.day), INTERFACES[delivery.dataset], rows
            )
        elif delivery.format == "db":
            if self.exchange:
                self.exchange.publish(delivery)
        else:
            path = self.folder(unit_of(delivery.dataset).id) / delivery.name
            put(path, render(delivery.same or delivery), _arrival(delivery.day, number))

    def _distract(self, day: int) -> None:
        """Files that are no deliveries."""
        stamp = f"{DAYS[day]:%Y%m%d}"
        folder = self.folder("wsjk")
        (folder / "说明.txt").write_text("本目录为报送目录，请勿删除。\n", encoding="utf-8")
        (folder / f"~$xzcf_fr_{stamp}.xlsx").write_bytes(b"\x05lock")
        unfinished = self.folder("jtys") / f"ZHXYXT0000_XYGJJH1-0301_{stamp}18.xls.part"
        unfinished.write_bytes(b"\xd0\xcf\x11\xe0 unfinished")
        for number, refused in enumerate(self.book.refused[day]):
            put(self.folder(refused.unit) / refused.name, refused.content, _arrival(day, 500 + number))
        (self.folder("zhzf") / f"双公示_行政处罚_法人_{stamp}_补.csv.part").write_text("未写完", encoding="gb18030")

    def _ledger_known(self, day: int) -> dict[tuple[str, str, str], int]:
        """G as the ledger of 司法局 says on that day."""
        known: dict[tuple[str, str, str], int] = {}
        by_code = {u.uscc: u.id for u in UNITS.values()}
        for delivery in self.published:
            if delivery.dataset == "sfj.decision_ledger" and delivery.day <= day:
                for row in delivery.rows:
                    if row.expect == "accepted":
                        cell = by_code[row.get("unit_uscc")], row.get("decision_table"), row.get("month")
                        known[cell] = int(row.get("generated_count"))
        return known

    def _write_city_register(self) -> None:
        """The city's register, read by the simulated city."""
        path = self.home / "city_registry.csv"
        if not path.exists():
            with path.open("w", encoding="utf-8", newline="") as target:
                writer = csv.writer(target)
                writer.writerow(["uscc", "name"])
                writer.writerows(sorted(self.book.city_register.items()))


def _arrival(day: int, number: int) -> float:
    """Modification time of a file: the morning of its day, in order of arrival, and never just now."""
    morning = datetime.combine(CALENDAR[day], clock(8), timezone(timedelta(hours=8))).timestamp()
    return min(morning + number, time.time() - 600 + number / 100)


def put(path: Path, content: bytes, modified: float) -> None:
    """As departments should: write beside, then rename."""
    part = path.with_name(path.name + ".part")
    part.write_bytes(content)
    os.utime(part, (modified, modified))
    os.replace(part, path)
