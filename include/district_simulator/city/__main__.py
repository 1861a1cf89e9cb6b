"""``python -m district_simulator.city --home … --port … --token …``."""

from __future__ import annotations

import argparse
import os
import socket
from pathlib import Path

import uvicorn
import yaml

from district_simulator.city.app import build


def main() -> None:
    parser = argparse.ArgumentParser("district_simulator.city", description="模拟市平台")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--token", required=True)
    parser.add_argument("--ports-file", type=Path, help="把提供的连接（conn_id: uri）写入此 YAML 文件")
    options = parser.parse_args()
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", options.port))
    server = uvicorn.Server(uvicorn.Config(build(options.home, options.token), log_level="warning", access_log=False))
    if options.ports_file:
        handle = os.open(options.ports_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as target:
            yaml.safe_dump({"city_platform": f"http://{options.token}@127.0.0.1:{listener.getsockname()[1]}"}, target)
    server.run(sockets=[listener])


main()
