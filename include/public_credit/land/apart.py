"""Receipts are landed in a child process that its parent watches: what a file does to its reader ends that receipt alone.

The child is a fork, so it finds libraries, catalogue and settings as they are; it opens the archived object and connections
of its own, and gives back what became of the receipt, never a row. See docs/decisions/0027.
"""

from __future__ import annotations

import ctypes
import logging
import multiprocessing
import os
import pickle
import resource
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from pathlib import Path

import psutil
from sqlalchemy import func, select, update

from ..base import faults, settings
from ..base.messages import UserError
from ..base.run import Run
from ..ledger import locks
from ..ledger.models import Attempt, Batch, Step
from ..ledger.session import session
from ..ledger.states import AttemptState, BatchState, StepName, Verdict
from .result import NOTHING, LandResult, instead

MEMORY = 1 << 30  # bytes of parent, child and what the child has started, memory they share counted once
CPU_SECONDS, WALL_SECONDS = 900, 2700
_LOOK = 0.1  # seconds between two looks at the child
_ENDING = 0.02  # seconds that a thread may take to end
_PDEATHSIG = 1  # of prctl(2)

_FROM_OUTSIDE = (-signal.SIGKILL, -signal.SIGTERM)  # the kernel short of memory, or a person
_LET_GO = 60.0  # seconds until the database has noticed that the child is gone
_IDLE = 0.1  # a landing that used less of a processor than this part of its time has waited

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _End:
    """Why a landing was ended; ``ours`` when the file has nothing to do with it."""

    why: str
    ours: bool = False


def _threads() -> int:
    """Threads of this process; one that has just ended stands in the kernel's list for a moment."""
    until = time.monotonic() + _ENDING
    while (count := len(os.listdir("/proc/self/task"))) > 1 and time.monotonic() < until:
        time.sleep(_ENDING / 10)
    return count


def _portable(error: BaseException) -> BaseException:
    """The error as the parent can raise it again: some cannot be made anew from their text."""
    if isinstance(error, UserError):
        return UserError(error.text, error.remedy, error.code)
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(faults.name(error))
    return error


def _serve(pipe: Connection, parents_end: Connection) -> None:
    """Land what is asked for until nobody asks any more; the child ends with its parent, whatever ends that."""
    parents_end.close()
    ctypes.CDLL(None).prctl(_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    settings.forget_connections()
    while True:
        try:
            run, seq = pipe.recv()
        except EOFError:
            return
        spent = int(sum(resource.getrusage(resource.RUSAGE_SELF)[:2]))
        resource.setrlimit(resource.RLIMIT_CPU, (spent + CPU_SECONDS, resource.RLIM_INFINITY))
        answer: LandResult | BaseException
        try:
            from .stream import land  # the reading libraries, which start threads: in the child alone

            answer = land(run, seq)
        except BaseException as error:
            answer = _portable(error)
        pipe.send(answer)


def _family(pid: int) -> list[psutil.Process]:
    """A process and what it has started, by the kernel's own lists; none when it is gone."""
    family, pids = [], [pid]
    for one in pids:
        with suppress(OSError, psutil.NoSuchProcess):
            family.append(psutil.Process(one))
            for children in Path(f"/proc/{one}/task").glob("*/children"):
                pids += map(int, children.read_text().split())
    return family


def _worked(pid: int) -> float:
    """Seconds of a processor that a process has used, itself and what it has waited for; 0 when it is gone."""
    with suppress(psutil.NoSuchProcess):
        return float(sum(psutil.Process(pid).cpu_times()[:4]))
    return 0.0


def _memory(processes: list[psutil.Process]) -> int:
    """Bytes they hold together; pages they share are looked at only where the simple sum is too much."""
    total = 0
    for shared_once in (False, True):
        total = 0
        for process in processes:
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                total += process.memory_full_info().pss if shared_once else process.memory_info().rss
        if total <= MEMORY:
            break
    return total


class Apart:
    """Lands receipts one by one in one child, started with the first of them and replaced after a fault.

    Leaving the block ends the child. A process that holds threads cannot be forked without risk of standing still for ever, so
    it lands by itself, unwatched: tasks and commands ask before they load what starts any.
    """

    def __init__(self) -> None:
        self._child: tuple[ForkProcess, Connection] | None = None

    def __enter__(self) -> Apart:
        return self

    def __exit__(self, *_: object) -> None:
        if self._child is not None:
            self._end(self._child[0])

    def land(self, run: Run, seq: int) -> LandResult:
        """What ``stream.land`` does; a receipt that ends its process or passes a limit is ``broken``."""
        if self._child is None and _threads() > 1:
            log.warning("batch %d is landed without a process of its own: this one holds threads", seq)
            from .stream import land

            return land(run, seq)
        self._child = self._child or self._started()
        process, pipe = self._child
        pipe.send((run, seq))
        fault = self._watched(process, pipe)
        if fault is None:
            try:
                answer: LandResult | BaseException = pipe.recv()
            except EOFError:
                process.join()
                fault = _ended_by(process.exitcode)
            else:
                if isinstance(answer, BaseException):
                    raise answer
                return answer
        self._end(process)
        return _book(run, seq, fault)

    def _started(self) -> tuple[ForkProcess, Connection]:
        context = multiprocessing.get_context("fork")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, ours), name="landing")
        process.start()
        theirs.close()
        return process, ours

    def _watched(self, process: ForkProcess, pipe: Connection) -> _End | None:
        """Wait for an answer or the child's end; which limit was passed, if any."""
        assert process.pid is not None  # it was started
        begun, parent, worked = time.monotonic(), psutil.Process(), _worked(process.pid)
        while not wait([pipe], _LOOK):
            if _memory([parent, *_family(process.pid)]) > MEMORY:
                return _End(f"占用内存超过 {MEMORY >> 20} MB")
            if time.monotonic() - begun > WALL_SECONDS:
                waited = _worked(process.pid) - worked < _IDLE * WALL_SECONDS
                return _End(f"用时超过 {WALL_SECONDS} 秒" + "，多半在等待数据库" * waited, ours=waited)
        return None

    def _end(self, process: ForkProcess) -> None:
        """End the child and what it has started."""
        assert process.pid is not None and self._child is not None
        for member in _family(process.pid):
            with suppress(psutil.NoSuchProcess):
                member.kill()
        process.join()
        self._child[1].close()
        self._child = None


def _ended_by(code: int | None) -> _End:
    """Why a child is gone, from its exit code (negative: the signal that ended it)."""
    if code == -signal.SIGXCPU:
        return _End(f"占用处理器超过 {CPU_SECONDS} 秒")
    if code in _FROM_OUTSIDE:
        return _End(f"被系统或人终止（信号 {-code}）", ours=True)
    if code is not None and code < 0:
        return _End(f"意外终止（信号 {-code}）")
    return _End(f"意外终止（退出码 {code}）", ours=True)


def _book(run: Run, seq: int, end: _End) -> LandResult:
    """Book a receipt whose process came to an end: unreadable, or ``failed`` where the fault is ours.

    An earlier attempt that was landed stays live. The step that the process had opened is the one that is ended.
    """
    with session("reader") as opened:
        batch = opened.get_one(Batch, seq)
        name, links = batch.file_name, {"unit_id": batch.unit_id, "dataset_id": batch.dataset_id, "batch_seq": seq}
        run, way = run.at(batch.business_date), instead(batch.state)
    if end.ours:
        state, owner, counts = BatchState.FAILED, "data_engineer", {}
        message = (
            f"入库的进程{end.why}，与文件内容无关，其他批次照常处理；查明后运行 public-credit replay {seq}，或用 {way}"
        )
    else:
        state, owner, counts = BatchState.BROKEN, "department", NOTHING
        message = (
            f"文件 {name} 无法读入：读取它的进程{end.why}，已中止，其他批次照常处理。"
            f" 处理办法：用 Excel 或 WPS 打开另存，或拆分为较小的文件后重新报送；仍然如此的，请数据工程师查看批次 {seq}。"
        )
    with session("collector") as opened:
        if not locks.lock_within(opened, locks.batch(seq), _LET_GO):
            raise UserError(
                f"批次 {seq} 的入库进程{end.why}，而批次仍被占用。", remedy="结束占用它的任务后重试。", code=5
            )
        left = opened.scalars(
            select(Step)
            .where(Step.name == StepName.LAND, Step.batch_seq == seq, Step.ended_at.is_(None))
            .order_by(Step.id.desc())
        ).first()
        row = left or Step(name=StepName.LAND, business_date=run.on, dag_run=run.dag_run, **links)
        row.verdict, row.message, row.owner = Verdict.FAILED, message, owner
        row.ended_at = func.clock_timestamp()
        opened.add(row)
        opened.execute(
            update(Attempt)
            .where(Attempt.batch_seq == seq, Attempt.state == AttemptState.LANDING)
            .values(state=AttemptState.FAILED)
        )
        opened.execute(
            update(Batch)
            .where(Batch.seq == seq, Batch.state.in_((BatchState.RECEIVED, BatchState.BROKEN, BatchState.FAILED)))
            .values({"state": state, "message": message} | counts)
        )
    return LandResult(seq, 0, state=state, message=message)
