"""planshift worker: carry on with whatever is due, until told to stop.

usage: planshift worker [--workers N] [--until-idle] [--lease SECONDS]
"""

import argparse
import os
import signal
import threading

import structlog
from django.db import connection

from planshift.runtime import clock
from planshift.runtime.runs import working

LEASE_SECONDS = 30.0
log = structlog.get_logger("planshift.worker")


def main(arguments: list[str]) -> int:
    """Run one worker, or several processes of it. SIGTERM and SIGINT end it after the step under way."""
    parser = argparse.ArgumentParser(prog="planshift worker", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--workers", type=_positive, default=1, help="processes (on SQLite always one: it has one writer)"
    )
    parser.add_argument("--until-idle", action="store_true", help="end when nothing is left to do now")
    parser.add_argument(
        "--lease",
        type=float,
        default=LEASE_SECONDS,
        metavar="SECONDS",
        help="after this time without a sign of life others take over (default %(default)s)",
    )
    given = parser.parse_args(arguments)
    count = given.workers
    if count > 1 and connection.vendor == "sqlite":
        log.warning("worker.one_on_sqlite", asked=count)
        count = 1
    if count == 1:
        return _work(given.lease, given.until_idle)
    return _supervise(count, given.lease, given.until_idle)


def _work(lease: float, until_idle: bool) -> int:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    working.serve(stop=stop, lease_seconds=lease, until_idle=until_idle)
    return 0


def _supervise(count: int, lease: float, until_idle: bool) -> int:
    """Fork `count` workers; one that dies is replaced (not more than one a second), those that end well are not."""
    stop = threading.Event()
    children: set[int] = set()

    def end(*_: object) -> None:
        stop.set()
        for child in children:
            os.kill(child, signal.SIGTERM)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    children.update(_fork(lease, until_idle) for _ in range(count))
    while children:
        begun = clock.monotonic()
        child, status = os.wait()
        children.discard(child)
        if status and not stop.is_set():
            log.error("worker.died", pid=child, status=os.waitstatus_to_exitcode(status))
            stop.wait(max(0.0, 1.0 - (clock.monotonic() - begun)))
            if not stop.is_set():
                children.add(_fork(lease, until_idle))
            if stop.is_set():  # the signal came while the new one was being made
                end()
    return 0


def _fork(lease: float, until_idle: bool) -> int:
    working.let_go()  # a child must not share its parent's sockets
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os._exit(_work(lease, until_idle))
    return child


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number
