"""planshift import: take over clients, running services and invoices that were issued elsewhere.

usage: planshift import clients|services|invoices FILE... --seller CODE [--dry-run]

A file is JSON or CSV (docs/import-format.md). All of a file comes in or nothing: every problem is told with its line
and column. What was imported before is known by its reference and left as it is. With --dry-run everything is checked
and nothing is kept.
"""

import argparse
import sys
from pathlib import Path

from planshift.domain.errors import Refused
from planshift.domain.importing import reading, report
from planshift.interfaces.cli import acting
from planshift.interfaces.presenters import importing, reasons
from planshift.procedures.importing import run
from planshift.runtime import clock


def main(arguments: list[str]) -> int:
    """0 when every file came in (or would), 1 when one has problems, 2 when one cannot be opened."""
    parser = argparse.ArgumentParser(
        prog="planshift import", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("kind", choices=sorted(run.KINDS))
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--seller", required=True, metavar="CODE")
    parser.add_argument("--format", choices=["json", "csv"], help="default: as the name says")
    parser.add_argument("--dry-run", action="store_true", help="check everything, keep nothing")
    given = parser.parse_args(arguments)
    actor = acting.actor()
    return max(_import(path, given, actor) for path in given.files)


def _import(path: Path, given: argparse.Namespace, actor: str) -> int:
    try:
        with path.open("rb") as file:
            content = file.read(report.MOST_BYTES + 1)
    except OSError as problem:
        print(f"{path}: {problem.strerror}", file=sys.stderr)
        return 2
    try:
        found = run.run(
            seller=given.seller,
            kind=given.kind,
            content=content,
            format=given.format or reading.format_of(name=path.name, content=content),
            dry_run=given.dry_run,
            at=clock.business(),
            actor=actor,
        )
    except Refused as refused:
        print(f"{path.name}: {' '.join(reasons.sentences(refused))}", file=sys.stderr)
        return 1
    for each in found.problems:
        print(f"{path.name}: {importing.line(each)}", file=sys.stderr)
    if found.problems:
        print(f"{path.name}: nothing was imported, {len(found.problems)} problems", file=sys.stderr)
        return 1
    for reference, number in found.new:
        print(f"{reference} {number}".rstrip())
    would = "would come in" if given.dry_run else "came in"
    print(f"{path.name}: {len(found.new)} {given.kind} {would}, {found.known} known already")
    return 0
