"""The demo for tests: loaded through the product's doors once, then put into each test's transaction as rows.

Loading it again takes a good part of a second, for hundreds of tests. What is kept holds for this process and its test
database: every row that loading made, table by table, as the database itself gave it.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from planshift.procedures.demo import cast, load
from planshift.runtime.runs import schedules
from tests.house_rules import source

Rows = Any  # PostgreSQL: the bytes of COPY; SQLite: a list of tuples


@dataclass(frozen=True)
class Kept:
    """What one load made, and the slots of schedules that it had planted."""

    at: dt.datetime
    rows: Mapping[str, Rows]
    planted: Mapping[str, str]


# by the people of the demo and the schedules that are defined: what these start is part of the load
_kept: dict[tuple[str, frozenset[str]], Kept] = {}


def plant(*, at: dt.datetime, exactly: bool = True) -> dt.datetime:
    """The demo as of `at`, in an empty database; not `exactly`: or as of a moment before, in the same hour (so on the
    same day everywhere). Returns the moment."""
    of = (repr(cast.CAST), frozenset(schedules._schedules))
    kept = _kept.get(of)
    if kept is None or (kept.at != at if exactly else hour(kept.at) != hour(at)):
        before = contents()
        assert load.load(folder=source.ROOT, at=at)
        made = {table: rows for table, rows in contents().items() if before.get(table) != rows}
        assert not made.keys() & before.keys(), "rows were there before the demo"
        _kept[of] = Kept(at, made, dict(schedules._planted))
        return at
    with transaction.atomic():
        for table, rows in kept.rows.items():
            _put(table, rows)
    schedules._planted.update(kept.planted)
    return kept.at


def hour(at: dt.datetime) -> dt.datetime:
    """The hour that `at` lies in."""
    return at.replace(minute=0, second=0, microsecond=0)


def contents() -> dict[str, Rows]:
    """All rows of all tables that have some."""
    found = {table: _taken(table) for table in connection.introspection.table_names()}
    return {table: rows for table, rows in found.items() if rows}


def _taken(table: str) -> Rows:
    connection.ensure_connection()
    if connection.vendor == "sqlite":
        return connection.connection.execute(f'SELECT * FROM "{table}"').fetchall()
    with connection.connection.cursor() as cursor, cursor.copy(f'COPY "{table}" TO STDOUT') as copy:
        return b"".join(copy)


def _put(table: str, rows: Rows) -> None:
    if connection.vendor == "sqlite":
        marks = ",".join("?" * len(rows[0]))
        connection.connection.executemany(f'INSERT INTO "{table}" VALUES ({marks})', rows)
    else:
        with connection.connection.cursor() as cursor, cursor.copy(f'COPY "{table}" FROM STDIN') as copy:
            copy.write(rows)
