"""A power cut at the Nth commit of this process: counted on its main connection, SIGKILL by its own hand.

A commit is the end of an outermost transaction, or a writing statement outside any. `DIE_AT_COMMIT=7` in the
environment kills at the seventh, `DIE=before` (nothing of it is kept) or `after` (it is kept, and nobody here knows).
"""

import os
import signal
from collections.abc import Callable
from typing import Any, Literal, NoReturn

from django.db import connection

When = Literal["before", "after"]
_READS = ("SELECT", "PRAGMA", "BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK", "SET", "SHOW")


class Commits:
    """Counts from `armed` on; dies at the number `die_at` (0: never)."""

    def __init__(self, *, die_at: int = 0, when: When = "after") -> None:
        self.count, self.die_at, self.when = 0, die_at, when

    def commit(self, real: Callable[[], Any]) -> Any:
        """Do it, and perhaps die before or after."""
        self.count += 1
        if self.count == self.die_at and self.when == "before":
            die()
        found = real()
        if self.count == self.die_at:
            die()
        return found

    def statement(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        """A statement that writes outside a transaction is a commit of its own."""
        if connection.in_atomic_block or sql.lstrip().upper().startswith(_READS):
            return execute(sql, params, many, context)
        return self.commit(lambda: execute(sql, params, many, context))


def die() -> NoReturn:
    """`kill -9` of this very process."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("SIGKILL did not kill")


def armed(*, die_at: int = 0, when: When = "after") -> Commits:
    """From now on the commits of this process's main connection are counted."""
    counted = Commits(die_at=die_at, when=when)
    real = connection._commit
    connection._commit = lambda: counted.commit(real)
    connection.execute_wrappers.append(counted.statement)
    return counted


def armed_by_environment() -> None:
    """For programs that are started from outside: as DIE_AT_COMMIT and DIE say."""
    if "DIE_AT_COMMIT" in os.environ:
        when: When = "before" if os.environ.get("DIE") == "before" else "after"
        armed(die_at=int(os.environ["DIE_AT_COMMIT"]), when=when)
