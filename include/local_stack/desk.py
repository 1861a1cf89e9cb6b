"""The desk on one machine: its process, its port, and in the demo the passwords of the invented accounts."""

from __future__ import annotations

import json
import secrets
import sys
import time
from pathlib import Path

import httpx
from public_credit.base import files, settings
from public_credit.catalogue import load_catalogue
from public_credit.desk import passwords, scrape
from public_credit.ledger import words

from . import processes
from .files import secret_file
from .kept import Kept
from .postgres import free_port

PREFERRED = 8090


def make_metrics_token(home: Path) -> None:
    """The token of the metrics, made at its first use; none where the environment names its file."""
    if settings.current().metrics_token_file is None:
        secret_file(home, scrape.TOKEN, secrets.token_hex)


class Desk:
    """The desk's process, started again when it ends by itself."""

    def __init__(self, home: Path, simulated: bool):
        self.home, self.simulated = home, simulated
        self._kept: Kept | None = None
        note = home / "desk_port"
        kept = int(note.read_text(encoding="ascii")) if note.exists() else PREFERRED
        self.port = settings.current().desk_port or free_port(kept)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, environment: dict[str, str]) -> None:
        """Start it; the port is that of the next start, too."""
        files.write(self.home / "desk_port", str(self.port))
        make_metrics_token(self.home)
        command = [sys.executable, "-m", "public_credit.cli", "desk", "--port", str(self.port)]
        self._kept = Kept("desk", command, log=self.home / "logs" / "desk.log", env=environment)

    def look_after(self) -> list[str]:
        """Start it again when it has ended by itself, a line for that; raises RuntimeError when it ends too often."""
        line = self._kept.look_after() if self._kept else ""
        return [line] if line else []

    def wait_ready(self, timeout: float = 60.0) -> None:
        """Wait until it answers; raises RuntimeError when it does not in time."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                httpx.get(f"{self.url}/health", trust_env=False, timeout=5).raise_for_status()
                return
            except httpx.HTTPError:
                if time.monotonic() > deadline:
                    raise RuntimeError(f"工作台没有启动，见 {self.home / 'logs' / 'desk.log'}。") from None
                time.sleep(0.3)

    def stop(self) -> None:
        """Stop it."""
        if self._kept:
            processes.stop(self._kept.child)
            self._kept = None

    def invent_passwords(self) -> dict[str, str]:
        """Account → password of the invented district, made at its first start and kept beside the other secrets; none elsewhere."""
        if not self.simulated:
            return {}
        note = self.home / "secrets" / "desk_demo_passwords.json"
        known: dict[str, str] = json.loads(note.read_text(encoding="utf-8")) if note.exists() else {}
        for account in load_catalogue().users.keys() - passwords.known():
            known[account] = passwords.made_up()
            passwords.set_password(account, known[account])
        files.write(note, json.dumps(known, indent=1))
        return known

    def sign_ins(self) -> list[str]:
        """Where people sign in, and in the demo as whom; lines for the terminal."""
        lines = [f"工作台        {self.url}"]
        known, catalogue = self.invent_passwords(), load_catalogue()
        for entry in catalogue.users.values():
            if entry.account in known:
                unit = f"，{catalogue.unit_name(entry.unit)}" if entry.unit else ""
                role = f"{words.AUDIENCE[entry.role]}{unit}"
                lines.append(f"              账号 {entry.account}  口令 {known[entry.account]}  {role}")
        if not self.simulated:
            lines.append(
                "              账号见 public-credit users list，设口令：public-credit users set-password <账号>"
            )
        return lines
