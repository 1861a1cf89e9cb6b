"""A process that is started again when it ends by itself, within limits."""

from __future__ import annotations

import signal
import time
from pathlib import Path

from . import processes

_RESTARTS = 3
_WITHIN = 3600.0  # seconds
_SETTLED = 60.0  # seconds after which a start counts as successful


class Kept:
    """One component of the stack. It is given up after three restarts within an hour."""

    def __init__(
        self, name: str, command: list[str], *, log: Path, env: dict[str, str] | None = None, cwd: Path | None = None
    ):
        self.name, self._command, self._log, self._env, self._cwd = name, command, log, env, cwd
        self._restarts: list[float] = []
        self._start()

    def _start(self) -> None:
        self._started = time.monotonic()
        self.child = processes.start(self._command, log=self._log, env=self._env, cwd=self._cwd)

    def look_after(self) -> str:
        """'' while it runs; what happened when it had to be started again. Raises RuntimeError when it is given up.

        An exit with a code during the first minute is a fault of the configuration, which no restart mends.
        """
        code = self.child.poll()
        if code is None:
            return ""
        how = f"被信号 {signal.Signals(-code).name} 终止" if code < 0 else f"自行退出（退出码 {code}）"
        now = time.monotonic()
        self._restarts = [moment for moment in self._restarts if now - moment < _WITHIN]
        if len(self._restarts) == _RESTARTS or (code >= 0 and now - self._started < _SETTLED):
            raise RuntimeError(f"{self.name} {how}，不再重新启动，见 {self._log}：\n{self._last_words()}")
        self._restarts.append(now)
        self._start()
        return f"{self.name} {how}，已重新启动（一小时内第 {len(self._restarts)} 次），见 {self._log}"

    def _last_words(self, lines: int = 15) -> str:
        if not self._log.exists():
            return ""
        return "\n".join(self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
