"""A small client of Airflow's REST API; a restart of the server is a pause for it, not an error."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import httpx

_PATIENCE = 180.0  # seconds without any answer
_LOOKS, _BETWEEN = 3, 1.0  # a server that has just forked may look like nobody's child for a moment; seconds


class AirflowApi:
    """Signs in by name and asks again while the server does not answer."""

    def __init__(
        self,
        url: str,
        password: Callable[[str], str],
        user: str,
        lost: Callable[[], None],
        ours: Callable[[], bool | None],
    ):
        """``lost`` is called between two attempts: it may bring the server back, or raise when that is hopeless.

        ``ours`` tells whether the server at the address is our own (None: nobody is there yet): no other gets a password.
        """
        self._url, self._password, self._user, self._lost, self._ours = url, password, user, lost, ours
        self._clients: dict[str, httpx.Client] = {}

    def close(self) -> None:
        for client in self._clients.values():
            client.close()
        self._clients.clear()

    def _is_ours(self) -> bool | None:
        """What ``ours`` tells; somebody else only where it stays so."""
        for _ in range(_LOOKS):
            if (found := self._ours()) is not False:
                return found
            time.sleep(_BETWEEN)
        return False

    def _client(self, user: str) -> httpx.Client:
        if user not in self._clients:
            if (ours := self._is_ours()) is None:
                raise httpx.ConnectError("nobody listens yet")
            if not ours:
                raise RuntimeError(
                    f"{self._url} 上应答的不是本系统的 Airflow，没有向它提交口令。停止占用该端口的程序后重试。"
                )
            with httpx.Client(base_url=self._url, timeout=30, trust_env=False) as plain:
                token = plain.post("/auth/token", json={"username": user, "password": self._password(user)})
                token.raise_for_status()
            self._clients[user] = httpx.Client(
                base_url=f"{self._url}/api/v2/",
                timeout=60,
                trust_env=False,
                headers={"Authorization": f"Bearer {token.json()['access_token']}"},
            )
        return self._clients[user]

    def _ask(self, method: str, path: str, *, user: str = "", settled: int = 0, **options: Any) -> dict[str, Any]:
        """``settled`` is a status that says: nothing is there, or an earlier attempt of ours got through."""
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                answer = self._client(user or self._user).request(method, path, **options)
            except httpx.TransportError:
                self._lost()
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.3)
                continue
            if answer.status_code == settled:
                return {}
            answer.raise_for_status()
            return answer.json()

    def get(self, path: str, **params: Any) -> dict[str, Any]:
        return self._ask("GET", path, params=params)

    def trigger(self, dag_id: str, logical_date: str, conf: dict[str, Any] | None = None) -> str:
        """Start a run; its id. ``logical_date`` is ISO 8601 with offset; a DAG has one run per logical date."""
        run_id = f"manual__{logical_date}"
        self._ask(
            "POST",
            f"dags/{dag_id}/dagRuns",
            settled=409,
            json={"dag_run_id": run_id, "logical_date": logical_date, "conf": conf or {}},
        )
        return run_id

    def run(self, dag_id: str, run_id: str) -> dict[str, Any]:
        """One run of a DAG."""
        return self.get(f"dags/{dag_id}/dagRuns/{run_id}")

    def runs(self, dag_id: str, *states: str) -> list[dict[str, Any]]:
        """The newest hundred runs of a DAG (``~``: of all DAGs), of all or some states."""
        return self.get(f"dags/{dag_id}/dagRuns", order_by="-run_after", limit=100, state=states)["dag_runs"]

    def waiting_events(self, dag_id: str) -> int:
        """Asset events that a DAG has not been started for yet."""
        return self._ask("GET", f"dags/{dag_id}/assets/queuedEvents", settled=404).get("total_entries", 0)

    def task_states(self, dag_id: str, run_id: str) -> dict[str, str | None]:
        """State of every task of a run."""
        found = self.get(f"dags/{dag_id}/dagRuns/{run_id}/taskInstances")["task_instances"]
        return {item["task_id"]: item["state"] for item in found}

    def respond(self, dag_id: str, run_id: str, task_id: str, option: str, user: str) -> None:
        """Answer the question a task waits with, as one of the users."""
        self._ask(
            "PATCH",
            f"dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/-1/hitlDetails",
            user=user,
            settled=409,
            json={"chosen_options": [option]},
        )
