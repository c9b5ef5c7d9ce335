"""Is a backup a whole database that only its owner can read?"""

import shutil
import sqlite3
from pathlib import Path

import pytest

from planshift.project.commands import backup
from tests.harness import product

pytestmark = [pytest.mark.slow, pytest.mark.sqlite]  # processes with an SQLite file of their own: once is enough


@pytest.fixture
def installed(installation: Path, tmp_path: Path) -> dict[str, str]:
    env = product.environment(tmp_path)
    shutil.copy2(installation, env["PLANSHIFT_DATABASE"])
    return env


def test_a_copy_made_while_another_writes_holds_what_was_committed(installed: dict[str, str], tmp_path: Path) -> None:
    writer = sqlite3.connect(installed["PLANSHIFT_DATABASE"], isolation_level=None)
    writer.execute("INSERT INTO auth_group (name) VALUES ('committed')")
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("INSERT INTO auth_group (name) VALUES ('under way')")
    target = tmp_path / "copy.sqlite3"
    done = product.command("backup", str(target), env=installed)
    writer.execute("ROLLBACK")
    writer.close()
    assert (done.returncode, done.stderr) == (0, "")
    assert target.stat().st_mode & 0o777 == 0o600
    assert not list(tmp_path.glob("copy.sqlite3-*"))  # one file, nothing beside it
    restored = sqlite3.connect(target)
    assert restored.execute("SELECT name FROM auth_group").fetchall() == [("committed",)]
    restored.close()
    # The product starts on the copy.
    assert product.command("setup", env=installed | {"PLANSHIFT_DATABASE": str(target)}).returncode == 0


def test_nobody_else_can_read_the_database(installed: dict[str, str]) -> None:
    assert Path(installed["PLANSHIFT_DATABASE"]).stat().st_mode & 0o777 == 0o600


def test_it_never_overwrites(installed: dict[str, str], tmp_path: Path) -> None:
    target = tmp_path / "copy.sqlite3"
    target.write_text("precious")
    done = product.command("backup", str(target), env=installed)
    assert done.returncode == 1
    assert done.stdout == f"{target} exists already; a backup never overwrites another.\n"
    assert target.read_text() == "precious"


def test_a_damaged_database_is_told(installed: dict[str, str], tmp_path: Path) -> None:
    source = Path(installed["PLANSHIFT_DATABASE"])
    sqlite3.connect(source).execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(source.read_bytes())
    content[8192 : len(content) : 4096] = b"\xff" * len(content[8192 : len(content) : 4096])
    source.write_bytes(content)
    target = tmp_path / "copy.sqlite3"
    target.touch()
    assert backup.copy(source, target) == "database disk image is malformed"
