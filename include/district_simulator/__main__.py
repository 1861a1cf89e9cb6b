"""``python -m district_simulator serve | play | status | answer-key``."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from pathlib import Path

from district_simulator.control import call, open_door
from district_simulator.district import District, SimulatorError
from district_simulator.vocabulary.workcalendar import DAYS


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("district_simulator", description="模拟辖区：各部门及其报送")
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="启动各部门的真实协议服务")
    serve.add_argument("--day", type=int, default=0, help="启动后至少播放到第几日（0：不播放）")
    serve.add_argument("--seed", type=int, default=1)
    serve.add_argument("--scale", type=float, default=1.0)
    serve.add_argument("--exchange-url", help="前置库的 SQLAlchemy 地址")
    serve.add_argument("--slips", type=Path, help="退回单文件夹（缺省为 home 旁的 slips）")
    serve.add_argument("--ports-file", type=Path, help="把提供的连接（conn_id: uri）写入此 YAML 文件")
    serve.add_argument(
        "--port", action="append", default=[], metavar="NAME=PORT", help="固定端口：api_xzsp、api_yjgl、sftp"
    )
    play = commands.add_parser("play", help="让运行中的辖区过一个模拟日")
    play.add_argument("--day", type=int, help="缺省为下一日")
    commands.add_parser("status", help="下一个模拟日；三日过后说明没有待办")
    key = commands.add_parser("answer-key", help="列出答案文件")
    key.add_argument("--day", type=int)
    for command in (serve, play, commands.choices["status"], key):
        command.add_argument("--home", type=Path, required=True)
    return parser


def _serve(options: argparse.Namespace) -> int:
    ports = {name: int(port) for name, port in (item.split("=", 1) for item in options.port)}
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    district = District(options.home, options.seed, options.scale, options.exchange_url, options.slips)
    try:
        district.serve(ports)
        while (day := district.next_day) is not None and day <= options.day:
            district.play(day)
        district.write_connections(options.ports_file)
        control = open_door(district)
        print(f"模拟辖区已启动，已播放 {len(district.played)} 日", flush=True)
        stop.wait()
        control.unlink(missing_ok=True)
    finally:
        district.stop()
    return 0


def _status(home: Path) -> int:
    try:
        state = call(home, "GET", "/status")
    except SimulatorError:
        path = home / "state.json"
        if not path.exists():
            raise
        played = json.loads(path.read_text())["played"]
        following = next((day for day in DAYS if day not in played), None)
        state = {
            "played": played,
            "next_day": following,
            "next_date": DAYS[following].isoformat() if following else None,
        }
    if state["next_day"] is None:
        print("三个模拟日均已完成，没有待交付的日期")
    else:
        print(f"下一个模拟日：第 {state['next_day']} 日（{state['next_date']}）")
    return 0


def _answer_key(home: Path, day: int | None) -> int:
    folder = home / "answer_key"
    for path in sorted(folder.glob(f"day{day or ''}*")):
        print(path)
    return 0 if folder.exists() else 2


def main(arguments: list[str] | None = None) -> int:
    """Run one command; a user's mistake is a sentence and exit code 2."""
    options = _parser().parse_args(arguments)
    home = options.home.resolve()
    try:
        if options.command == "serve":
            return _serve(options)
        if options.command == "play":
            day = options.day or call(home, "GET", "/status")["next_day"]
            if day is None:
                print("三个模拟日均已完成，没有待交付的日期")
                return 0
            state = call(home, "POST", "/play", {"day": day})
            print(f"第 {day} 日已播放（{state['business_date']}）")
            return 0
        if options.command == "status":
            return _status(home)
        return _answer_key(home, options.day)
    except SimulatorError as problem:
        print(str(problem), file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
