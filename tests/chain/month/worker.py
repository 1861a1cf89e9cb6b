"""One process that has the product loaded and forks for every call, as Airflow's scheduler does for its tasks.

``python -m tests.chain.month.worker <descriptor of a socket>``. A call is a message with module, words and the file its output goes to;
answered with the number of the child, and with its code when it ended. What a course runs in seconds would be half a minute of
imports otherwise; each call is a process all the same, which can be killed anywhere.
"""

from __future__ import annotations

import gc
import json
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

_LONGEST = 65_536  # bytes of a message


# --- in the worker ---------------------------------------------------------------------------------------------------
def _run(module: str, words: list[str], output: str) -> None:
    """In the child: ``python -m module words``, until the end of the process."""
    said = os.open(output, os.O_WRONLY | os.O_APPEND)
    os.dup2(said, 1)
    os.dup2(said, 2)
    code = 1
    try:
        sys.argv[1:] = words
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def serve(descriptor: int) -> None:
    """Load the product as Airflow's executor does, then fork for every call until the other side is gone."""
    from public_credit.steps import executor

    missing = executor.load()
    if missing:
        raise SystemExit(f"cannot be loaded: {missing}")
    gc.collect()
    gc.freeze()
    asked, children = socket.socket(fileno=descriptor), dict[int, int]()
    with selectors.DefaultSelector() as ready:
        ready.register(asked, selectors.EVENT_READ)
        while True:
            for key, _ in ready.select():
                if key.fileobj is asked:
                    message = asked.recv(_LONGEST)
                    if not message:
                        return
                    pid = os.fork()
                    if not pid:
                        asked.close()
                        _run(**json.loads(message))
                    handle = os.pidfd_open(pid)
                    children[handle] = pid
                    ready.register(handle, selectors.EVENT_READ)
                    asked.send(json.dumps({"pid": pid}).encode())
                else:
                    ready.unregister(key.fd)
                    os.close(key.fd)
                    pid, status = os.waitpid(children.pop(key.fd), 0)
                    asked.send(json.dumps({"pid": pid, "code": os.waitstatus_to_exitcode(status)}).encode())


# --- on the other side -----------------------------------------------------------------------------------------------
class Call:
    """A child of the worker, with as much of ``subprocess.Popen`` as a course asks for."""

    def __init__(self, worker: Worker, args: list[str], output: IO[str], pid: int):
        self.args, self.pid, self.returncode = args, pid, None
        self._worker, self._output = worker, output

    returncode: int | None

    def poll(self) -> int | None:
        """Its code once it ended."""
        if self.returncode is None:
            self._worker.listen(0)
            self.returncode = self._worker.codes.pop(self.pid, None)
        return self.returncode

    def communicate(self, timeout: float = 1200) -> str:
        """Wait for its end; what it said. Raises subprocess.TimeoutExpired, and the child goes."""
        deadline = time.monotonic() + timeout
        while self.poll() is None:
            if time.monotonic() > deadline:
                self.kill()
                raise subprocess.TimeoutExpired(self.args, timeout)
            self._worker.listen(0.5)
        with self._output:
            self._output.seek(0)
            return self._output.read()

    def kill(self) -> None:
        """SIGKILL."""
        os.kill(self.pid, signal.SIGKILL)


class Worker:
    """The process, in an environment of its own; ``stop`` ends it."""

    def __init__(self, cwd: Path, environment: dict[str, str], log: Path):
        self.codes: dict[int, int] = {}
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, log.open("a", encoding="utf-8") as said:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.chain.month.worker", str(theirs.fileno())],
                cwd=cwd,
                env=environment,
                pass_fds=[theirs.fileno()],
                stdout=said,
                stderr=said,
            )

    def stop(self) -> None:
        """End the process; calls have ended before."""
        self._socket.close()
        self._process.wait(60)

    def listen(self, seconds: float) -> dict[str, int] | None:
        """Take in a message, waiting that long; None where none came. Raises EOFError when the worker died."""
        self._socket.settimeout(seconds)
        try:
            message = self._socket.recv(_LONGEST)
        except (BlockingIOError, TimeoutError):
            return None
        if not message:
            raise EOFError("the worker died")
        told: dict[str, int] = json.loads(message)
        if "code" in told:
            self.codes[told["pid"]] = told["code"]
        return told

    def call(self, module: str, words: Sequence[str]) -> Call:
        """Start ``python -m module words``."""
        output = tempfile.NamedTemporaryFile("r", encoding="utf-8", errors="backslashreplace")  # noqa: SIM115
        asked = {"module": module, "words": list(words), "output": output.name}
        self._socket.settimeout(900)
        self._socket.send(json.dumps(asked).encode())
        while True:
            told = self.listen(900)
            if told is None:
                raise TimeoutError("the worker does not answer")
            if "code" not in told:
                return Call(self, [module, *words], output, told["pid"])


if __name__ == "__main__":
    serve(int(sys.argv[1]))
