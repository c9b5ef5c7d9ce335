"""planshift backup FILE: a consistent copy of the running SQLite database. (PostgreSQL: use pg_dump.)"""

import argparse
import os
import sqlite3
from pathlib import Path

from django.db import connection


def main(arguments: list[str]) -> int:
    """0 when FILE holds a checked copy; the product may keep running meanwhile."""
    parser = argparse.ArgumentParser(prog="planshift backup", description=__doc__)
    parser.add_argument("file", type=Path, help="where to write it; must not exist yet")
    target: Path = parser.parse_args(arguments).file
    if connection.vendor != "sqlite":
        print("This installation uses PostgreSQL: pg_dump --format=custom --file=FILE DATABASE-URL")
        return 2
    try:
        # The copy holds personal data and password hashes: only its owner may read it.
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        print(f"{target} exists already; a backup never overwrites another.")
        return 1
    except OSError as problem:
        print(f"{target} cannot be written: {problem.strerror}.")
        return 1
    verdict = copy(Path(str(connection.settings_dict["NAME"])), target)
    if verdict != "ok":
        target.unlink()
        print(f"The copy is damaged and was removed: {verdict}")
        return 1
    print(f"{target}: {target.stat().st_size} bytes, integrity checked")
    return 0


def copy(source: Path, target: Path) -> str:
    """SQLite's online backup of `source` into `target`, synced to the disk; returns the integrity check's verdict."""
    origin = sqlite3.connect(f"file:{source}?mode=ro", uri=True)
    kept = sqlite3.connect(target)
    try:
        origin.backup(kept, pages=1000)
        # One plain file, that can be copied away as it is.
        kept.execute("PRAGMA journal_mode=DELETE")
        verdict: str = kept.execute("PRAGMA integrity_check").fetchone()[0]
    except sqlite3.DatabaseError as problem:
        return str(problem)
    finally:
        kept.close()
        origin.close()
    with target.open("rb+") as file:
        os.fsync(file.fileno())
    return verdict
