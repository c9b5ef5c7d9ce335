"""What is migrated once per run and then copied: migrating takes seconds of processor time, each time."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import psycopg
from django.db import connection
from psycopg import sql

from planshift.runtime import database
from tests.harness import product
from tests.harness.database import VARIABLE

TABLES = "tables"


def once(name: str, make: Callable[[], str]) -> str:
    """What `make` told: the first process of the run that comes here calls it, the others wait for that."""
    folder = Path(os.environ["PLANSHIFT_TEST_VAR"])
    made = folder / f"{name}.made"
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            made.write_text(make(), encoding="utf-8")
    return made.read_text(encoding="utf-8")


def tables() -> str:
    """The name of a database with the tables of the tests and no rows but those of migrations; only to be copied."""

    def make() -> str:
        before = connection.settings_dict["NAME"]
        name = connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        if connection.vendor == "sqlite":
            database.prepare()  # the write-ahead log, as `planshift setup` does; it stays with the file
        connection.close()
        connection.settings_dict["NAME"] = before
        return name

    return once(TABLES, make)


def copied(worker: str) -> None:
    """From now on the connections of this process lead to a copy of its own."""
    creation = connection.creation
    connection.close()
    connection.settings_dict["NAME"] = tables()
    creation.clone_test_db(suffix=worker, verbosity=0, autoclobber=True)
    connection.settings_dict.update(creation.get_test_db_clone_settings(worker))


def drop() -> None:
    """At the end of the run; the files of SQLite go with their folder."""
    made = Path(os.environ["PLANSHIFT_TEST_VAR"]) / f"{TABLES}.made"
    if connection.vendor == "postgresql" and made.exists():
        with psycopg.connect(os.environ[VARIABLE], autocommit=True) as server:
            name = sql.Identifier(made.read_text(encoding="utf-8"))
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(name))


def installation() -> Path:
    """An SQLite file as `planshift setup` leaves it."""

    def make() -> str:
        folder = Path(os.environ["PLANSHIFT_TEST_VAR"]) / "installation"
        folder.mkdir()
        done = product.command("setup", "--quiet", env=product.environment(folder))
        assert done.returncode == 0, done.stderr
        return str(folder / "planshift.sqlite3")

    return Path(once("installation", make))
