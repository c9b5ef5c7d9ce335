"""What stands between the tests and the guards of the tables: emptying them, and the order of locks."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection, models, transaction

from planshift.runtime import guards, locks


@contextmanager
def lifted() -> Iterator[None]:
    """Without the triggers that refuse changes: only to empty the tables after a test with real transactions."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            kept = [(name, sql) for name, sql in cursor.fetchall() if name.startswith(guards.PREFIX)]
            for name, _ in kept:
                cursor.execute(f'DROP TRIGGER "{name}"')
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                for _, sql in kept:
                    cursor.execute(sql)
    else:
        yield  # TRUNCATE, which Django uses there, fires no row trigger


class LockOrder:
    """Raises when a transaction locks a row that stands before one that it holds (runtime.locks.Rank, then pk)."""

    def __init__(self) -> None:
        self.mine = threading.local()  # a transaction belongs to a thread's connection
        self.leave = transaction.Atomic.__exit__

    @property
    def held(self) -> set[tuple[int, int]]:
        """(rank, pk) of the rows that this thread's transaction holds."""
        if not hasattr(self.mine, "held"):
            self.mine.held = set()
        found: set[tuple[int, int]] = self.mine.held
        return found

    def __call__(self, model: type[models.Model], pks: Sequence[int]) -> None:
        rank = getattr(model, "lock_rank", None)
        if rank is None:
            return
        new = [(int(rank), pk) for pk in pks if (int(rank), pk) not in self.held]
        highest = max(self.held, default=(0, 0))
        if new and min(new) < highest:
            raise AssertionError(
                f"lock order: {model.__name__} {min(new)[1]} after a row of rank {locks.Rank(highest[0]).name}"
            )
        self.held.update(new)

    def exit(self, block: transaction.Atomic, *problem: Any) -> None:
        """Forget what was held when the outermost transaction of the code under test ends."""
        self.leave(block, *problem)
        blocks = transaction.get_connection().atomic_blocks
        if not [each for each in blocks if not getattr(each, "_from_testcase", False)]:
            self.held.clear()


@contextmanager
def lock_order_checked() -> Iterator[LockOrder]:
    """Every lock taken through runtime.locks, moves and numbers is checked."""
    check = LockOrder()
    transaction.Atomic.__exit__ = lambda block, *problem: check.exit(block, *problem)  # type: ignore[method-assign]
    locks.observer = check
    try:
        yield check
    finally:
        transaction.Atomic.__exit__ = check.leave  # type: ignore[method-assign]
        locks.observer = None
