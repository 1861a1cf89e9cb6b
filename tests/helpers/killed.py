"""End a process where what it did is committed and only the end of its step is missing."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]
HELD = 4711  # of the advisory lock at which a step waits to end
_HOLD = f"""
create function public.hold_end() returns trigger language plpgsql as $$
begin perform pg_advisory_xact_lock({HELD}); return new; end $$;
create trigger hold_end before update on ledger.step for each row when (new.ended_at is not null)
execute function public.hold_end()"""


@contextmanager
def _held(owner: Any) -> Iterator[None]:
    """No step ends while the block runs."""
    owner.execute(_HOLD)
    owner.execute(f"select pg_advisory_lock({HELD})")
    owner.commit()
    try:
        yield
    finally:
        owner.execute("select pg_advisory_unlock_all()")
        owner.execute("drop trigger hold_end on ledger.step")
        owner.execute("drop function public.hold_end")
        owner.commit()


def killed_before_its_end(warehouse: Any, script: str) -> None:
    """Run a script in a process of its own, and end that where only the end of its step is missing."""
    with warehouse.connect("owner") as owner, _held(owner):

        def waits() -> bool:
            asked = f"select count(*) from pg_locks where locktype = 'advisory' and objid = {HELD} and not granted"
            return bool(owner.execute(asked).fetchone()[0])

        process = subprocess.Popen(
            [sys.executable, "-c", script],
            env=os.environ | {"PYTHONPATH": f"{CHECKOUT / 'include'}:{CHECKOUT}", "PYTHONIOENCODING": "utf-8"},
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            deadline = time.monotonic() + 300
            while not waits():
                assert process.poll() is None, process.communicate()[1][-2000:]
                assert time.monotonic() < deadline, "never came"
                time.sleep(0.05)
        finally:
            process.kill()
            process.communicate()
        while waits():  # the server has noticed that nobody waits for the statement
            assert time.monotonic() < deadline + 60
            time.sleep(0.05)
