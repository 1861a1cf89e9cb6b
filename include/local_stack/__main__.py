"""``python -m local_stack demo | init | serve | reset | backup | restore``; ``run`` calls it inside the environment."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import fields
from pathlib import Path

from public_credit.base import settings
from public_credit.base.messages import UserError

from . import commands, ports
from .arguments import Parser
from .init import Answers, asker, init
from .processes import guarded
from .stack import StackError, chosen, only_stack, reset

CHECKOUT = Path(__file__).resolve().parents[2]


def main() -> int:
    parser = Parser("./run", description="公共信用信息数仓：本机运行")
    actions = parser.add_subparsers(dest="command", required=True, title="命令", metavar="命令")
    play = actions.add_parser("demo", help="模拟部门与市平台，真实调度，走完到期的模拟日")
    play.add_argument("--exit", action="store_true", help="完成后停止全部服务并退出；有任何问题返回非零")
    play.add_argument(
        "--scale", type=float, default=1.0, metavar="比例", help="报送量的比例（1 为全量，首日三万行以上）"
    )
    play.add_argument("--port", type=ports.wanted, metavar="端口", default=0, help="Airflow 端口，缺省取空闲端口")
    up = actions.add_parser("serve", help="日常运行（不含模拟部门）")
    up.add_argument("--port", type=ports.wanted, metavar="端口", default=8080, help="Airflow 端口，缺省 8080")
    up.add_argument(
        "--district", type=Path, metavar="文件夹", help="辖区文件夹；此后的命令和启动沿用，除非 PCW_DISTRICT 另有所指"
    )
    begin = actions.add_parser("init", help="新建一个辖区文件夹，并生成本机的密钥；没有写明的逐项询问")
    begin.add_argument("folder", type=Path, metavar="文件夹", help="新的辖区文件夹，应为空")
    begin.add_argument("--name", metavar="名称", help="辖区名称，例如 周村区")
    begin.add_argument("--code", metavar="代码", help="行政区划代码，例如 370306")
    begin.add_argument("--unit", metavar="编号", help="第一个单位的编号，缺省 xyzx")
    begin.add_argument("--unit-name", metavar="名称", help="它的名称")
    begin.add_argument("--uscc", metavar="代码", help="它的统一社会信用代码；不写的，该单位只是示例，不生效")
    begin.add_argument("--by", metavar="日期", help="其余领域计划在哪一天前接入，例如 2026-12-31")
    begin.add_argument("--person", metavar="姓名", help="您的姓名，登记为数据工程师；不写的，账号文件中只有示例")
    begin.add_argument("--account", metavar="账号", help="您登录工作台用的账号，缺省为系统用户名")
    actions.add_parser("reset", help="清除全部状态")
    save = actions.add_parser("backup", help="备份数据库、归档、状态文件；密钥另存一处")
    save.add_argument("folder", type=Path, metavar="文件夹", help="备份所在的文件夹，每次备份一个子文件夹")
    save.add_argument(
        "--keys", type=Path, metavar="文件夹", help="密钥所在的文件夹，默认为备份的文件夹名加 -keys；要与备份分开存放"
    )
    back = actions.add_parser("restore", help="把一次备份恢复到空的状态文件夹")
    back.add_argument("folder", type=Path, metavar="文件夹", help="一次备份的文件夹")
    back.add_argument("--keys", type=Path, metavar="文件夹", required=True, help="同一次备份的密钥文件夹")
    options = parser.parse_args()
    try:
        settings.current()
    except UserError as error:
        print(f"错误：{error.text}\n处理办法：{error.remedy}", file=sys.stderr)
        return error.code
    if options.command != "init":  # whose folder the district's people share
        os.umask(0o077)  # logs and whatever else the stack and its children write is this account's alone
    home = Path(os.environ.get("PCW_HOME") or CHECKOUT / ".state").resolve()
    os.environ["PCW_HOME"], os.environ["PCW_ROOT"] = str(home), str(CHECKOUT)
    try:
        if options.command == "reset":
            reset(home)
            return 0
        if options.command == "init":
            given = Answers(**{field.name: getattr(options, field.name) for field in fields(Answers)})
            return init(options.folder.resolve(), home, given, asker())
        if options.command == "backup":
            return commands.backup(home, options.folder, options.keys)
        if options.command == "restore":
            return commands.restore(home, options.folder, options.keys)
        if options.command == "serve" and options.district:
            chosen(options.district.resolve(), home)
        with only_stack(home):  # the worker inherits the lock: it is free when both processes are gone
            home.chmod(0o700)  # never below a running stack: its database may run as another user, who reads in it
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
