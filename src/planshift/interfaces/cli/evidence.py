"""planshift evidence: pack everything that a change left behind into one ZIP with a manifest of hashes.

Exit status: 0 it was written, 1 it could not be, 2 the command could not be used.
"""

import argparse
import os
from pathlib import Path

from planshift.interfaces.presenters import quote_text
from planshift.procedures import evidence, queries


def main(arguments: list[str]) -> int:
    """Write the ZIP, print its name and SHA-256."""
    parser = argparse.ArgumentParser(prog="planshift evidence", description=__doc__.splitlines()[0])
    parser.add_argument("change", help="number of the change, such as CH-2026-000045")
    parser.add_argument("--out", type=Path, metavar="FILE", help="where to write it (default: CH-….zip, here)")
    given = parser.parse_args(arguments)
    try:
        made = evidence.pack(change=given.change, words=quote_text.text)
    except queries.NotFound:
        print(f"There is no change {given.change}.")
        return 1
    target: Path = given.out or Path(made.name)
    try:
        # It holds personal data: only its owner may read it.
        with os.fdopen(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(made.content)
    except OSError as problem:
        print(f"{target} cannot be written: {problem.strerror}.")
        return 1
    print(f"{target}: {len(made.content)} bytes, SHA-256 {made.sha256}")
    return 0
