"""The program: `python -m tests.harness.killing.runner MODULE:NAME:EVERY … --folder F`.

Django is loaded once; every life is a process of its own, forked with no connection open. One JSON object a line goes
to the standard output: the undisturbed life first, then one for every death.
"""

import argparse
import importlib
import json
import os
import shutil
import signal
import sqlite3
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tests.harness import children

if TYPE_CHECKING:
    from tests.harness.killing.scenarios import Scenario


class Bench:
    """A prepared database and copies of it, each in a folder with what else its life leaves behind."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.lives = folder, 0
        self.homes: list[Path] = []
        from django.db import connection

        self.postgresql = connection.vendor == "postgresql"
        self.name = f"killed_{os.getpid()}"

    def sweep(self) -> None:
        """Drop what runners left that were killed themselves; their processes died with them."""
        if not self.postgresql:
            return

        def do() -> None:
            from django.db import connection

            with connection.cursor() as cursor:
                cursor.execute("SELECT datname FROM pg_database WHERE datname ~ '^killed_[0-9]+'")
                names = [name for (name,) in cursor.fetchall()]
            for name in names:
                if not Path(f"/proc/{name.split('_')[1]}").exists():
                    self._administer(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

        in_child(do)

    def stage(self, tables: str) -> Path:
        """A copy of the migrated database `tables`, and the demo loaded: once for all scenarios."""
        home = self._home()
        if self.postgresql:
            in_child(lambda: self._administer(f'CREATE DATABASE "{self._database(home)}" TEMPLATE "{tables}"'))
        else:
            _copy(Path(tables), home / "life.sqlite3")

        def make() -> None:
            from tests.harness.killing import scenarios

            self._enter(home)
            scenarios.stage()

        in_child(make)
        return home

    def prepare(self, scenario: "Scenario", stage: Path) -> Path:
        """On a copy of that, what the scenario needs besides."""
        home = self.copy(stage)

        def make() -> None:
            from tests.harness.killing import scenarios

            self._enter(home)
            scenario.bind(home)
            scenarios.prepare(scenario)

        in_child(make)
        return home

    def copy(self, stood: Path) -> Path:
        """A new life stands where another one stood."""
        home = self._home()
        shutil.copytree(stood, home, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.sqlite3*"))
        if self.postgresql:
            statement = f'CREATE DATABASE "{self._database(home)}" TEMPLATE "{self._database(stood)}"'
            in_child(lambda: self._administer(statement))
        else:
            _copy(stood / "life.sqlite3", home / "life.sqlite3")
        return home

    def drop(self, home: Path) -> None:
        """A life that has told its outcome is forgotten."""
        if self.postgresql:
            in_child(lambda: self._administer(f'DROP DATABASE IF EXISTS "{self._database(home)}" WITH (FORCE)'))
        shutil.rmtree(home)
        self.homes.remove(home)

    def drop_all(self) -> None:
        """Nothing is left, however it ended."""
        for home in reversed(self.homes[:]):
            self.drop(home)

    def live(
        self, scenario: "Scenario", home: Path, *, die_at: int = 0, when: str = "after", again: bool = False
    ) -> int:
        """Live in a process of its own; returns how it ended (0, or -9)."""

        def life() -> None:
            from tests.harness.killing import commits, outcome, scenarios

            self._enter(home)
            scenario.bind(home)
            if again:
                scenarios.take_over()
            counted = commits.armed(die_at=die_at, when=when)  # type: ignore[arg-type]
            scenarios.live(scenario, folder=home)
            told = {"commits": counted.count, "outcome": outcome.told()}
            (home / "told.json").write_text(json.dumps(told), encoding="utf-8")

        return in_child(life, may_die=bool(die_at))

    def _home(self) -> Path:
        home = self.folder / f"life{self.lives}"
        self.lives += 1
        home.mkdir()
        self.homes.append(home)
        return home

    def _database(self, home: Path) -> str:
        return f"{self.name}_{home.name}"

    def _enter(self, home: Path) -> None:
        from django.db import connection

        connection.settings_dict["NAME"] = self._database(home) if self.postgresql else str(home / "life.sqlite3")

    @staticmethod
    def _administer(statement: str) -> None:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute(statement)


def in_child(do: Callable[[], object], *, may_die: bool = False) -> int:
    """Run it in a forked process; returns 0, or -9 where it may die and did. Anything else ends this program."""
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        children.mortal()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        try:
            do()
            os._exit(0)
        except BaseException:  # noqa: BLE001 - the child must not run the parent's code
            traceback.print_exc()
            os._exit(1)
    try:
        _, status = os.waitpid(pid, 0)
    except SystemExit:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        raise
    code = os.waitstatus_to_exitcode(status)
    if code != 0 and not (may_die and code == -signal.SIGKILL):
        raise SystemExit(f"a life ended with {code}")
    return code


def _copy(source: Path, target: Path) -> None:
    with sqlite3.connect(source) as one, sqlite3.connect(target) as other:
        one.backup(other)
    other.execute("PRAGMA journal_mode=WAL")
    one.close()
    other.close()


def lives(
    bench: Bench, scenario: "Scenario", start: Path, *, first: int, every: int, whens: list[str]
) -> Iterator[dict[str, object]]:
    """The undisturbed life, then every death: where, and what is different afterwards."""
    from tests.harness.killing import outcome

    home = bench.copy(start)
    bench.live(scenario, home)
    whole = json.loads((home / "told.json").read_text(encoding="utf-8"))
    bench.drop(home)
    yield {"commits": whole["commits"], "outcome": whole["outcome"]}
    for number in range(first, whole["commits"] + 1, every):
        for when in whens:
            home = bench.copy(start)
            ended = bench.live(scenario, home, die_at=number, when=when)
            bench.live(scenario, home, again=True)
            told = json.loads((home / "told.json").read_text(encoding="utf-8"))
            lines = outcome.differences(whole["outcome"], told["outcome"])
            bench.drop(home)
            yield {"commit": number, "when": when, "ended": ended, "differences": lines}


def main() -> None:
    """Everything, one line of JSON at a time."""
    parser = argparse.ArgumentParser()
    parser.add_argument("scenarios", nargs="+", metavar="MODULE:NAME:EVERY", help="die at every so-many-th commit")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--tables", required=True, help="a migrated database, to be copied")
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--when", default="before,after")
    given = parser.parse_args()

    import django

    django.setup()
    importlib.import_module("holidays.countries")  # every life would load it anew, for half of its time
    bench = Bench(given.folder)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("told to end"))
    try:
        bench.sweep()
        stage = bench.stage(given.tables)
        for each in given.scenarios:
            module, name, every = each.split(":")
            scenario = getattr(importlib.import_module(module), name)
            start = bench.prepare(scenario, stage)
            whens = given.when.split(",")
            for told in lives(bench, scenario, start, first=given.first, every=int(every), whens=whens):
                print(json.dumps({"life": name, **told}), flush=True)
            bench.drop(start)
    finally:
        bench.drop_all()


if __name__ == "__main__":
    main()
