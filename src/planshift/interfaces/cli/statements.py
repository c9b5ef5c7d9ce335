"""planshift statements: import bank statements (CAMT.053, MT940), or watch a folder for them.

usage: planshift statements import FILE...
       planshift statements import --watch DIR [--once]

Importing a file twice changes nothing. Files of a watched folder go to its `done`, those that cannot be imported to its
`failed` with the reason beside them.
"""

import argparse
import signal
import sys
import threading
from pathlib import Path

from planshift.domain.errors import Refused
from planshift.interfaces.cli import acting
from planshift.interfaces.presenters import reasons
from planshift.procedures import bank
from planshift.runtime import clock

PAUSE_SECONDS = 10.0


def main(arguments: list[str]) -> int:
    """0 when every file was imported, else 1."""
    parser = argparse.ArgumentParser(
        prog="planshift statements", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    importing = parser.add_subparsers(dest="command", required=True).add_parser("import")
    importing.add_argument("files", nargs="*", type=Path, metavar="FILE")
    importing.add_argument("--watch", type=Path, metavar="DIR")
    importing.add_argument("--once", action="store_true", help="with --watch: look once, then end")
    given = parser.parse_args(arguments)
    if bool(given.files) == bool(given.watch):
        parser.error("either files or --watch DIR")
    actor = acting.actor()
    if given.watch:
        if not given.watch.is_dir():
            parser.error(f"{given.watch} is no folder")
        return _watch(given.watch, once=given.once, actor=actor)
    return max(_import(path, actor) for path in given.files)


def _import(path: Path, actor: str) -> int:
    try:
        with path.open("rb") as file:
            done = bank.import_statement(sellers=None, file=file, name=path.name, at=clock.business(), actor=actor)
    except OSError as problem:
        print(f"{path}: {problem.strerror}", file=sys.stderr)
        return 1
    except Refused as refused:
        print(f"{path.name}: {' '.join(reasons.sentences(refused))}", file=sys.stderr)
        return 1
    print(f"{path.name}: {done.new} new ({done.matched} paid an order, {done.debits} debits), {done.known} known")
    return 0


def _watch(folder: Path, *, once: bool, actor: str) -> int:
    stop, status = threading.Event(), 0
    if not once:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
    while not stop.is_set():
        for each in bank.import_folder(folder=folder, at=clock.business(), actor=actor):
            if each.imported is None:
                status = 1
                print(f"{each.name}: {each.problem}", file=sys.stderr, flush=True)
            else:
                print(f"{each.name}: {each.imported.new} new, {each.imported.known} known", flush=True)
        if once:
            break
        stop.wait(PAUSE_SECONDS)
    return status if once else 0
