"""``python -m district_simulator.city --home … --port … --token-file …``."""

from __future__ import annotations

import argparse
import socket
from pathlib import Path

import uvicorn

from district_simulator.city.app import build
from district_simulator.offer import offer


def main() -> None:
    parser = argparse.ArgumentParser("district_simulator.city", description="模拟市平台")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--token-file", type=Path, required=True, help="文件，内容为访问令牌")
    parser.add_argument("--ports-file", type=Path, help="把提供的连接（conn_id: uri）写入此 YAML 文件")
    options = parser.parse_args()
    token = options.token_file.read_text(encoding="ascii").strip()
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", options.port))
    server = uvicorn.Server(uvicorn.Config(build(options.home, token), log_level="warning", access_log=False))
    if options.ports_file:
        offer(options.ports_file, {"city_platform": f"http://{token}@127.0.0.1:{listener.getsockname()[1]}"})
    server.run(sockets=[listener])


main()
