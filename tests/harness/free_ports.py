"""Ports for servers that tests start. Between the choice and the use nobody else gets one: they are not of the range
from which the system gives ports by itself, and the processes of all runs on this machine choose under one lock file.
"""

import fcntl
import os
import socket
from functools import cache

FIRST, LAST = 10_000, 29_999  # systems give 32768 and up
_given: set[int] = set()


def take(neighbours: int = 1) -> int:
    """The first of so many neighbouring ports that nobody listens on. They belong to this process until it ends."""
    span = LAST - FIRST - neighbours
    for step in range(span):
        port = FIRST + (_begin() + step) % span
        wanted = range(port, port + neighbours)
        if all(map(_reserved, wanted)):
            return port
    raise AssertionError(f"no {neighbours} free ports between {FIRST} and {LAST}")


def _begin() -> int:
    """Processes begin to look at different places."""
    return os.getpid() * 97 + len(_given)


def _reserved(port: int) -> bool:
    """Take it, when nobody has it."""
    if port in _given:
        return False
    try:
        fcntl.lockf(_locks(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)  # the byte of that port; ends with the process
    except OSError:
        return False
    _given.add(port)
    with socket.socket() as probe:
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True


@cache
def _locks() -> int:
    """The lock file of this machine and user."""
    return os.open(f"/tmp/planshift-test-ports-{os.getuid()}", os.O_RDWR | os.O_CREAT, 0o600)
