"""Rows made wrong on purpose: past the triggers, foreign keys and constraints that keep them right."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from planshift.runtime import guards


@contextmanager
def undone() -> Iterator[None]:
    """Nothing that happens inside stays; inside, no guard refuses a write."""
    with transaction.atomic():
        _lift()
        try:
            yield
        finally:
            transaction.set_rollback(True)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = DEFAULT")


def _lift() -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET session_replication_role = replica")
            return
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in cursor.fetchall():
            if name.startswith(guards.PREFIX):
                cursor.execute(f'DROP TRIGGER "{name}"')


def drop_index(name: str) -> None:
    """Without a unique index (it comes back with the rollback)."""
    with connection.cursor() as cursor:
        cursor.execute(f'DROP INDEX "{name}"')


def run(statement: str, *values: object) -> int:
    """One statement; it must hit at least one row."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        if cursor.rowcount < 1:
            raise AssertionError(f"planted nothing: {statement}")
        return int(cursor.rowcount)
