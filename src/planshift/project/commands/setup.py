"""planshift setup: bring the database and the static files up to this version. Safe to run again at any time."""

import argparse
import time
from pathlib import Path

from django.core.management import call_command
from django.db import OperationalError, connection

from planshift.runtime import database

PATIENCE_SECONDS = 30


def main(arguments: list[str]) -> int:
    """Migrate, prepare and check the database; collect static files. 0 when everything is in place."""
    parser = argparse.ArgumentParser(prog="planshift setup", description=__doc__)
    parser.add_argument("--quiet", action="store_true", help="say only what went wrong")
    given = parser.parse_args(arguments)
    if connection.vendor == "sqlite":
        _only_for_its_owner(Path(str(connection.settings_dict["NAME"])))
    try:
        _wait_for_database()
    except OperationalError as problem:
        print(f"The database cannot be reached (PLANSHIFT_DATABASE): {str(problem).strip()}")
        return 1
    call_command("migrate", interactive=False, verbosity=0)
    database.prepare()
    call_command("collectstatic", interactive=False, verbosity=0)
    if not given.quiet:
        print(f"database ready: {database.describe()}")
    return 0


def _only_for_its_owner(file: Path) -> None:
    """A new database file is made so that nobody else can read it: it will hold personal data."""
    if file.parent.is_dir() and not file.exists():
        file.touch(mode=0o600)


def _wait_for_database() -> None:
    """A server that is just starting gets half a minute."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            connection.ensure_connection()
        except OperationalError:
            if connection.vendor == "sqlite" or time.monotonic() > until:
                raise
            time.sleep(0.5)
        else:
            return
