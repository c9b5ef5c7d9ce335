"""Catalog files: `check` names what is wrong with one, `load` puts it in force for the seller that it names.

Exit status: 0 sound (and loaded), 1 something is wrong with it, 2 the command or a file could not be read.
"""

import argparse
import sys
from pathlib import Path

from planshift.domain import catalog_document, toml_reading
from planshift.domain.catalog import Catalog
from planshift.domain.errors import Refused
from planshift.domain.policy import checker, loader
from planshift.interfaces.cli import acting, findings


def main(arguments: list[str]) -> int:
    """Run one of the catalog commands; returns the exit status."""
    parser = argparse.ArgumentParser(prog="planshift catalog", description="Check and load catalog files.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    check = commands.add_parser("check", help="name everything that is wrong with a catalog file")
    check.add_argument("file", type=Path, metavar="FILE")
    check.add_argument("--policy", type=Path, metavar="FILE", help="the policy that it has to fit")
    check.set_defaults(run=_check)
    load = commands.add_parser("load", help="put a catalog in force for the seller that it names")
    load.add_argument("file", type=Path, metavar="FILE")
    load.set_defaults(run=_load)
    try:
        given = parser.parse_args(arguments)
    except SystemExit as stop:
        return int(stop.code or 0)
    return int(given.run(given))


def read(path: Path) -> tuple[str, Catalog] | int:
    """The text of a catalog file and what it says, or the exit status once the trouble is told."""
    data = findings.read(path)
    if data is None:
        return 2
    try:
        text = data.decode("utf-8-sig")
        return text, catalog_document.parse(text, name=str(path))
    except UnicodeDecodeError:
        print(f"{path}: this is no text in UTF-8: a catalog is a TOML file", file=sys.stderr)
    except toml_reading.BadDocument as bad:
        print(bad, file=sys.stderr)
    return 1


def _check(given: argparse.Namespace) -> int:
    found = read(given.file)
    if isinstance(found, int):
        return found
    _, catalog = found
    if given.policy is not None:
        data = findings.read(given.policy)
        if data is None:
            return 2
        if wrong := checker.check(data, catalog=catalog).findings:
            print(findings.text(given.policy, wrong), file=sys.stderr)
            return 1
    print(f"{given.file}: sound ({catalog.seller.code}, {catalog.digest[:12]})")
    return 0


def _load(given: argparse.Namespace) -> int:
    found = read(given.file)
    if isinstance(found, int):
        return found
    text, catalog = found
    findings.set_up()
    from planshift.procedures import selling
    from planshift.runtime import clock

    try:
        made = selling.load_catalog(text=text, name=str(given.file), at=clock.business(), actor=acting.actor())
    except loader.BadPolicy as bad:
        print(f"the policy in force for {catalog.seller.code} does not fit this catalog:", file=sys.stderr)
        print(findings.text(Path("policy"), bad.findings), file=sys.stderr)
        return 1
    except Refused as refused:
        return findings.refused(refused)
    print(f"{given.file}: in force for {made.seller} as revision {made.revision} ({made.digest[:12]})")
    return 0
