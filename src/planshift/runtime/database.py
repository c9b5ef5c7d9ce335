"""Is the database set up the way durable work needs it?"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


def prepare() -> None:
    """Once, after `migrate` and before any worker starts: SQLite is switched to WAL (a lasting mark in the file).

    Done here and not at each connection: processes that switch a fresh file at the same moment find it locked.
    """
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode=WAL")
        mode = cursor.fetchone()[0]
    if mode not in ("wal", "memory"):
        raise RuntimeError(f"SQLite stays in journal mode {mode}, not wal")


def by_index() -> None:
    """From here to the end of the transaction rows are looked up by their indexes, on PostgreSQL: for a batch that
    reads a thousand rows of every table, whatever the size of the tables.

    Left to itself the planner reads a table of up to 200,000 rows from end to end for a thousand keys, and each batch
    costs more the more was sold before it.
    """
    if connection.vendor == "postgresql":
        ways = ("enable_seqscan", "enable_hashjoin", "enable_mergejoin")
        with connection.cursor() as cursor:
            cursor.execute("; ".join(f"SET LOCAL {way} = off" for way in ways))


def check_references() -> None:
    """Check now what the rows written so far refer to, else checked at the commit; what is written later still is."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")


@contextmanager
def snapshot() -> Iterator[None]:
    """All that is read inside is of one moment, and nobody waits for it. Inside a transaction: of that transaction.

    A transaction of Django's would take SQLite's only write lock, so there it is begun by hand.
    """
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "sqlite":
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute("ROLLBACK")
    else:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield


def describe() -> str:
    """The settings that decide how durable a commit is, for benchmarks and the operations page."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT sqlite_version()")
            version = cursor.fetchone()[0]
            values = []
            for pragma in ("journal_mode", "synchronous"):
                cursor.execute(f"PRAGMA {pragma}")
                values.append(f"{pragma}={cursor.fetchone()[0]}")
            return f"SQLite {version} " + " ".join(values)
        cursor.execute(
            "SELECT current_setting('server_version'), current_setting('fsync'), current_setting('synchronous_commit')"
        )
        version, fsync, commit = cursor.fetchone()
        return f"PostgreSQL {version} fsync={fsync} synchronous_commit={commit}"
