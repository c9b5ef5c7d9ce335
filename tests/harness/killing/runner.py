"""The program: `python -m tests.harness.killing.runner MODULE:NAME --folder F [--base-url postgresql://…] [--every K]`.

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

if TYPE_CHECKING:
    from tests.harness.killing.scenarios import Scenario


class Bench:
    """A prepared database and copies of it, each in a folder with what else its life leaves behind."""

    def __init__(self, scenario: "Scenario", folder: Path) -> None:
        self.scenario, self.folder, self.lives = scenario, folder, 0
        from django.db import connection

        self.postgresql = connection.vendor == "postgresql"
        self.template = f"killed_{os.getpid()}"

    def stage(self) -> None:
        """The template: migrated, the demo loaded, what the scenario needs besides."""
        home = self._home()
        if self.postgresql:
            in_child(lambda: self._administer(f'CREATE DATABASE "{self.template}"'))

        def make() -> None:
            from django.core.management import call_command

            from planshift.runtime import database
            from tests.harness.killing import scenarios

            self._enter(home, self.template)
            database.prepare()
            call_command("migrate", verbosity=0)
            self.scenario.bind(home)
            scenarios.stage(self.scenario)

        in_child(make)
        self.home = home

    def copy(self) -> Path:
        """A new life stands where the template stands."""
        home = self._home()
        shutil.copytree(self.home, home, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.sqlite3*"))
        if self.postgresql:
            name = f"{self.template}_{home.name}"
            in_child(lambda: self._administer(f'CREATE DATABASE "{name}" TEMPLATE "{self.template}"'))
        else:
            _copy(self.home / "life.sqlite3", home / "life.sqlite3")
        return home

    def drop(self, home: Path) -> None:
        """A life that has told its outcome is forgotten."""
        if self.postgresql:
            name = self.template if home == self.home else f"{self.template}_{home.name}"
            in_child(lambda: self._administer(f'DROP DATABASE "{name}" WITH (FORCE)'))
        shutil.rmtree(home)

    def live(self, home: Path, *, die_at: int = 0, when: str = "after", again: bool = False) -> int:
        """Live in a process of its own; returns how it ended (0, or -9)."""

        def life() -> None:
            from tests.harness.killing import commits, outcome, scenarios

            self._enter(home, f"{self.template}_{home.name}")
            self.scenario.bind(home)
            if again:
                scenarios.take_over()
            counted = commits.armed(die_at=die_at, when=when)  # type: ignore[arg-type]
            scenarios.live(self.scenario, folder=home)
            told = {"commits": counted.count, "outcome": outcome.told()}
            (home / "told.json").write_text(json.dumps(told), encoding="utf-8")

        return in_child(life, may_die=bool(die_at))

    def _home(self) -> Path:
        home = self.folder / f"life{self.lives}"
        self.lives += 1
        home.mkdir()
        return home

    def _enter(self, home: Path, name: str) -> None:
        from django.db import connection

        connection.settings_dict["NAME"] = name if self.postgresql else str(home / "life.sqlite3")

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
        try:
            do()
            os._exit(0)
        except BaseException:  # noqa: BLE001 - the child must not run the parent's code
            traceback.print_exc()
            os._exit(1)
    _, status = os.waitpid(pid, 0)
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


def lives(bench: Bench, *, first: int, every: int, whens: list[str]) -> Iterator[dict[str, object]]:
    """The undisturbed life, then every death: where, and what is different afterwards."""
    from tests.harness.killing import outcome

    home = bench.copy()
    bench.live(home)
    whole = json.loads((home / "told.json").read_text(encoding="utf-8"))
    bench.drop(home)
    yield {"commits": whole["commits"], "outcome": whole["outcome"]}
    for number in range(first, whole["commits"] + 1, every):
        for when in whens:
            home = bench.copy()
            ended = bench.live(home, die_at=number, when=when)
            bench.live(home, again=True)
            told = json.loads((home / "told.json").read_text(encoding="utf-8"))
            lines = outcome.differences(whole["outcome"], told["outcome"])
            bench.drop(home)
            yield {"commit": number, "when": when, "ended": ended, "differences": lines}


def main() -> None:
    """Everything, one line of JSON at a time."""
    parser = argparse.ArgumentParser()
    parser.add_argument("scenario")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--when", default="before,after")
    given = parser.parse_args()

    import django

    django.setup()
    importlib.import_module("holidays.countries")  # every life would load it anew, for half of its time
    module, _, name = given.scenario.partition(":")
    bench = Bench(getattr(importlib.import_module(module), name), given.folder)
    bench.stage()
    try:
        for told in lives(bench, first=given.first, every=given.every, whens=given.when.split(",")):
            print(json.dumps(told), flush=True)
    finally:
        bench.drop(bench.home)


if __name__ == "__main__":
    main()
