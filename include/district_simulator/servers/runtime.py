"""All servers of the district in one thread with one event loop."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Coroutine
from typing import Any

import uvicorn


def free_socket(port: int) -> socket.socket:
    """A listening socket on 127.0.0.1; port 0 takes a free one."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.set_inheritable(False)
    return listener


class Runtime:
    """An event loop in a daemon thread, with the web apps that run on it."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, name="district", daemon=True)
        self.thread.start()
        self._servers: list[tuple[uvicorn.Server, Any]] = []

    def run(self, coroutine: Coroutine, timeout: float = 30) -> Any:
        """Run a coroutine on the loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(timeout)

    def web(self, app: Any, port: int) -> int:
        """Serve an ASGI app; returns its port."""
        listener = free_socket(port)
        config = uvicorn.Config(
            app, log_level="error", access_log=False, lifespan="off", timeout_keep_alive=5, timeout_graceful_shutdown=2
        )
        server = uvicorn.Server(config)
        task = asyncio.run_coroutine_threadsafe(server.serve(sockets=[listener]), self.loop)
        self._servers.append((server, task))
        while not server.started:
            if task.done():
                task.result()
            threading.Event().wait(0.01)
        return listener.getsockname()[1]

    def stop(self) -> None:
        """Stop every app, then the loop."""
        for server, _ in self._servers:
            server.should_exit = True
        for _, task in self._servers:
            task.result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()
