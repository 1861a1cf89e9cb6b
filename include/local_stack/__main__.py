"""``python -m local_stack demo | serve | reset | backup | restore``; ``run`` calls it inside the environment."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from public_credit.base import settings
from public_credit.base.messages import UserError

from . import commands
from .processes import guarded
from .stack import StackError, only_stack, reset

CHECKOUT = Path(__file__).resolve().parents[2]


def main() -> int:
    parser = argparse.ArgumentParser("run", description="公共信用信息数仓：本机运行")
    actions = parser.add_subparsers(dest="command", required=True)
    play = actions.add_parser("demo", help="模拟部门与市平台，真实调度，走完到期的模拟日")
    play.add_argument("--exit", action="store_true", help="完成后停止全部服务并退出；有任何问题返回非零")
    play.add_argument("--scale", type=float, default=1.0, help="报送量的比例（1 为全量，首日三万行以上）")
    play.add_argument("--port", type=int, default=0, help="Airflow 端口，缺省取空闲端口")
    up = actions.add_parser("serve", help="日常运行（不含模拟部门）")
    up.add_argument("--port", type=int, default=8080, help="Airflow 端口")
    actions.add_parser("reset", help="清除全部状态")
    save = actions.add_parser("backup", help="备份数据库、归档、状态文件；密钥另存一处")
    save.add_argument("folder", type=Path, help="备份所在的文件夹，每次备份一个子文件夹")
    save.add_argument("--keys", type=Path, help="密钥所在的文件夹，默认为 <folder>-keys；要与备份分开存放")
    back = actions.add_parser("restore", help="把一次备份恢复到空的状态文件夹")
    back.add_argument("folder", type=Path, help="一次备份的文件夹")
    back.add_argument("--keys", type=Path, required=True, help="同一次备份的密钥文件夹")
    options = parser.parse_args()
    try:
        settings.current()
    except UserError as error:
        print(f"错误：{error.text}\n处理办法：{error.remedy}", file=sys.stderr)
        return error.code
    home = Path(os.environ.get("PCW_HOME") or CHECKOUT / ".state").resolve()
    os.environ["PCW_HOME"], os.environ["PCW_ROOT"] = str(home), str(CHECKOUT)
    try:
        if options.command == "reset":
            reset(home)
            return 0
        if options.command == "backup":
            return commands.backup(home, options.folder, options.keys)
        if options.command == "restore":
            return commands.restore(home, options.folder, options.keys)
        with only_stack(home):  # the worker inherits the lock: it is free when both processes are gone
            return guarded(lambda: _run(options, home))
    except StackError as error:
        print(f"错误：{error}", file=sys.stderr)
        return 1


def _run(options: argparse.Namespace, home: Path) -> int:
    """Demo or serve, as the guard's child."""
    if options.command == "serve":
        return commands.serve(CHECKOUT, home, port=options.port)
    return commands.demo(CHECKOUT, home, leave=options.exit, scale=options.scale, port=options.port)


if __name__ == "__main__":
    sys.exit(main())
