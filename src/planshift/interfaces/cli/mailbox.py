"""planshift mailbox: take in the answers of clients, as soon as they come, until told to stop.

usage: planshift mailbox [--once] [--seconds N]

Waits with the mail server (IDLE) where it can, and looks again every N seconds in any case.
"""

import argparse
import signal
import threading

import structlog

from planshift.domain.errors import Permanent, Transient
from planshift.procedures import mailbox
from planshift.runtime import clock

SECONDS = 60
log = structlog.get_logger("planshift.mailbox")


def main(arguments: list[str]) -> int:
    """0 after a stop that was asked for, or at once where there is no mailbox."""
    parser = argparse.ArgumentParser(prog="planshift mailbox", description=__doc__.splitlines()[0])
    parser.add_argument("--once", action="store_true", help="take in what is there, then end")
    parser.add_argument("--seconds", type=int, default=SECONDS, help="look at least this often (default %(default)s)")
    given = parser.parse_args(arguments)
    stop = threading.Event()
    if not mailbox.exists():
        print("No mailbox is set up (PLANSHIFT_MAILBOX).")
        return 0
    if given.once:
        mailbox.collect(at=clock.business())
        return 0
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    while not stop.is_set():
        count = mailbox.collect(at=clock.business())
        if count:
            log.info("mailbox.collected", mails=count)
        _wait(stop, seconds=max(1, given.seconds))
    return 0


def _wait(stop: threading.Event, *, seconds: int) -> None:
    """In short pieces, so that a stop is heard; where the server cannot be asked, without it."""
    until = clock.monotonic() + seconds
    while not stop.is_set() and clock.monotonic() < until:
        try:
            if mailbox.wait(seconds=min(5, seconds)):
                return
        except (Transient, Permanent) as problem:
            log.warning("mailbox.trouble", problem=problem.what)
            stop.wait(min(15, seconds))
            return
