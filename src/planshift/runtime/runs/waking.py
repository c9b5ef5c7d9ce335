"""How does an idle worker hear at once that there is something to do? PostgreSQL tells it; the rest is polled.

Told after the commit and in a statement of its own: NOTIFY inside the transaction would make all commits queue up
behind one lock. What is lost by that (a process that dies in between, a broken connection) the next poll finds.
"""

import threading
from typing import Any

import psycopg
import structlog
from django.db import connection, transaction

from planshift.runtime import clock

CHANNEL = "planshift_runs"
AGAIN_SECONDS = 5.0  # after a failed attempt to listen
log = structlog.get_logger("planshift.worker")
_here = threading.local()


def tell() -> None:
    """Wake idle workers once the caller's transaction has committed; a worker that is at work looks by itself."""
    if connection.vendor != "postgresql" or getattr(_here, "working", False):
        return
    if not any(entry[1] is _notify for entry in connection.run_on_commit):
        transaction.on_commit(_notify, robust=True)


class at_work:
    """In this thread runs are being carried on: what it starts and signals it finds without being told."""

    def __enter__(self) -> None:
        self._before = getattr(_here, "working", False)
        _here.working = True

    def __exit__(self, *_: object) -> None:
        _here.working = self._before


class Ear:
    """A worker's connection that hears what others tell; on SQLite, and while it cannot be had, only time passes."""

    def __init__(self) -> None:
        self._heard: psycopg.Connection[Any] | None = None
        self._not_before = 0.0

    def open(self) -> bool:
        """Listen from now on. False where that is not possible now: then it is tried again later."""
        if connection.vendor != "postgresql" or clock.monotonic() < self._not_before:
            return False
        try:
            given = connection.get_connection_params()
            self._heard = psycopg.connect(**{**given, "autocommit": True, "cursor_factory": psycopg.Cursor})
            self._heard.execute(f"LISTEN {CHANNEL}")
        except psycopg.Error as problem:
            self._lost(problem)
            self._not_before = clock.monotonic() + AGAIN_SECONDS
            return False
        return True

    def wait(self, *, stop: threading.Event, seconds: float) -> None:
        """Until something was told, but at most `seconds`. Whoever waits looks afterwards, whatever was heard."""
        if self._heard is None:
            if not self.open():
                stop.wait(seconds)
            return  # from now on it listens: what was told before is seen by looking
        try:
            for _ in self._heard.notifies(timeout=seconds, stop_after=1):
                pass
        except psycopg.Error as problem:
            self._lost(problem)

    def close(self) -> None:
        """Listen no longer."""
        if self._heard is not None:
            self._heard.close()
            self._heard = None

    def _lost(self, problem: psycopg.Error) -> None:
        log.warning("worker.deaf", problem=str(problem))
        self.close()


def _notify() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"NOTIFY {CHANNEL}")
