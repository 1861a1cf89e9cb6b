"""What a page sets going: the command line's own commands, each in a process of its own, in the name of the signed-in person.

A job lives in this process: its progress is what the command says, its outcome the command's own sentence; the ledger has both
for ever. Only whoever started a job sees it.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..base.messages import UserError
from ..base.run import now
from .person import Person

KEPT = 200  # jobs that are remembered
LINES = 200  # of the progress of one
_SAID = {"错误：": "said", "处理办法：": "remedy"}


@dataclass
class Job:
    """A command under way or done; ``code`` is its exit code, None until then. ``result`` is its JSON."""

    id: str
    account: str
    title: str
    command: tuple[str, ...]
    back: str
    started_at: datetime
    ended_at: datetime | None = None
    code: int | None = None
    said: str = ""
    remedy: str = ""
    lines: list[str] = field(default_factory=list)
    result: dict[str, Any] = field(default_factory=dict)
    done: threading.Event = field(default_factory=threading.Event)


_jobs: OrderedDict[str, Job] = OrderedDict()
_lock = threading.Lock()
_workers = ThreadPoolExecutor(2, thread_name_prefix="desk-job")


def start(
    person: Person,
    title: str,
    back: str,
    command: tuple[str, ...],
    *values: str,
    after: Callable[[], None] = lambda: None,
) -> Job:
    """Start a command in a person's name. ``values`` are arguments people wrote: never taken for options. ``back``: the page it was started from."""
    words = (*command, "--json", *(("--", *values) if values else ()))
    job = Job(secrets.token_hex(8), person.account, title, (*command, *values), back, now())
    with _lock:
        _jobs[job.id] = job
        for old in [key for key, one in _jobs.items() if one.done.is_set()][: max(len(_jobs) - KEPT, 0)]:
            del _jobs[old]
    _workers.submit(_work, job, words, person.token, after)
    return job


def _work(job: Job, words: tuple[str, ...], token: str, after: Callable[[], None]) -> None:
    try:
        with subprocess.Popen(
            [sys.executable, "-m", "public_credit.cli", *words],
            env=os.environ | {"PCW_SESSION": token},  # no claim: the database says whose it is
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
        ) as child:
            out: list[str] = []
            assert child.stdout is not None and child.stderr is not None
            reader = threading.Thread(target=lambda pipe: out.append(pipe.read()), args=(child.stdout,))
            reader.start()
            for line in child.stderr:
                _hear(job, line.rstrip())
            reader.join()
            code = child.wait()
        _conclude(job, "".join(out), code)
    except Exception as error:
        job.said, job.code = f"程序内部错误（{type(error).__name__}）。", 1
    finally:
        after()
        job.ended_at = now()
        job.done.set()


def _hear(job: Job, line: str) -> None:
    for mark, name in _SAID.items():
        if line.startswith(mark):
            setattr(job, name, line.removeprefix(mark))
            return
    job.lines[:] = [*job.lines, line][-LINES:]


def _conclude(job: Job, out: str, code: int) -> None:
    try:
        found = json.loads(out) if out.strip() else {}
    except ValueError:
        found = {}
    job.result = found if isinstance(found, dict) else {"rows": found}
    job.said = job.said or str(job.result.get("message", "") or "")
    job.code = code


def of(person: Person, job_id: str) -> Job:
    """A job this person started. Raises UserError (code 4) for every other one."""
    with _lock:
        job = _jobs.get(job_id)
    if job is None or job.account != person.account:
        raise UserError("没有这项操作，或工作台已重新启动。", remedy="做过的每一步都在台账里，见批次或待办页。", code=4)
    return job
