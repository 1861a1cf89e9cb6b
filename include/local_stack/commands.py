"""``./run demo`` and ``./run serve``, from the first process to the last; ``./run backup`` and ``./run restore``."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
from public_credit.base.messages import UserError, spoken
from public_credit.catalogue import load_catalogue

from . import backup as backups
from . import ports, processes, summary
from . import restore as restored
from .airflow import SIMULATED_WORLD
from .days import next_day
from .demo import Demo
from .stack import Progress, Stack, StackError


def demo(checkout: Path, home: Path, *, leave: bool, scale: float, port: int) -> int:
    """Run the demo; exit code 0 when everything went right, 130 when interrupted before its end."""
    due = next_day(home / "simulator")
    if due is None:
        print("三个模拟日均已完成，没有到期的报送。要从头再来：./run reset")
        return 0
    os.environ.update(SIMULATED_WORLD)
    if (home / "postgres").exists() and not (home / "simulator").exists():
        raise StackError("这个状态文件夹里是日常运行的数据，演示不写入其中。用环境变量 PCW_HOME 另指一个状态文件夹。")
    (home / "simulator").mkdir(parents=True, exist_ok=True)  # what is here is invented from now on
    stack = Stack(checkout, home, simulated=True, progress=Progress(), port=port)

    def play(reached: Callable[[int], None]) -> None:
        started = time.monotonic()
        ports.require_free(stack.airflow.port)
        stack.start_database()
        stack.prepare_airflow()
        stack.migrate()
        stack.start_desk()
        stack.begin_airflow()
        stack.start_simulation(scale)
        stack.start_airflow()
        player = Demo(stack)
        player.run(first_run=due[0] == 1)
        stack.desk.wait_ready()
        summary.tell(stack)
        print(f"用时          {time.monotonic() - started:.0f} 秒")
        reached(1 if player.failures else 0)
        if player.failures:
            print(f"有任务失败：{'、'.join(sorted(set(player.failures)))}", file=sys.stderr)
        if not leave:
            print("服务保持运行，按 Ctrl-C 停止。", flush=True)
            stack.stay_up()

    return _until_stopped(stack, play)


def serve(checkout: Path, home: Path, *, port: int) -> int:
    """The stack for daily use, without simulators; stays up until Ctrl-C. Raises StackError where the demo was played."""
    if (home / "simulator").exists():
        raise StackError(
            "这个状态文件夹里是演示的虚构数据，不能用作日常运行。"
            "先运行 ./run reset 清除，或用环境变量 PCW_HOME 另指一个状态文件夹。"
        )
    stack = Stack(checkout, home, simulated=False, progress=Progress(), port=port)

    def work(reached: Callable[[int], None]) -> None:
        ports.require_free(stack.airflow.port)
        if not load_catalogue().district.name:
            print(
                "没有指定辖区：没有单位和数据集可采集。把环境变量 PCW_DISTRICT 设为辖区文件夹的路径后重新启动。",
                flush=True,
            )
        stack.start_database()
        stack.migrate()
        stack.start_desk()
        stack.start_airflow()
        stack.desk.wait_ready()
        print(f"Airflow  {stack.airflow.sign_in}")
        print(spoken("\n".join(stack.desk.sign_ins())))
        print("按 Ctrl-C 停止。", flush=True)
        reached(0)
        stack.stay_up()

    return _until_stopped(stack, work)


def backup(home: Path, folder: Path, keys: Path | None) -> int:
    """Make a backup and say where it lies."""
    keys = keys or folder.with_name(f"{folder.name}-keys")
    made = backups.make(home, folder, keys)
    print(f"备份在 {made}")
    print(
        f"密钥和口令在 {keys / made.name}：与备份分开存放。没有它，归档和身份证件号码永远无法读取；两者都在手，即可读取全部内容。"
    )
    return 0


def restore(home: Path, folder: Path, keys: Path) -> int:
    """Restore a backup and say what comes next."""
    facts = restored.run(home, folder, keys)
    print(
        f"已恢复 {facts['made_at']} 的备份（程序版本 {facts['code_version']}，数据库版本 {facts['revision']}）。接下来："
    )
    print("  1. 启动服务（./run serve）：自动升级数据库，各部门备份以后的报送在下次采集时重新收取。")
    print("  2. public-credit reconcile：市平台比我方多出的，就是备份以后报送的；重新收取、构建、报送后应当一致。")
    print("  3. public-credit purge：备份以后清除过的记录随备份回来了，再清除一次。")
    return 0


def _until_stopped(stack: Stack, work: Callable[[Callable[[int], None]], None]) -> int:
    """Do the work and stop the stack; the exit code the work has reached, 130 before that, 1 when a part failed."""
    codes = [130]
    try:
        work(codes.append)
    except KeyboardInterrupt:
        print("\n正在停止…", flush=True)
    except UserError as error:
        print(f"错误：{error.text}\n处理办法：{error.remedy}", file=sys.stderr)
        codes.append(error.code)
    except (StackError, RuntimeError, httpx.HTTPError, subprocess.CalledProcessError) as error:
        print(f"错误：{error}", file=sys.stderr)
        codes.append(1)
    finally:
        processes.ignore_interrupts()
        stack.stop()
    return codes[-1]
