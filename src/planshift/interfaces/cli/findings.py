"""How does the command line tell what is wrong with a file of policy or catalog?"""

import sys
from collections.abc import Iterable
from pathlib import Path

from planshift.domain.errors import Refused
from planshift.domain.policy import checker

LIMIT = 1_000_000  # bytes that are read of a file; what is longer is refused by whoever reads it


def read(path: Path) -> bytes | None:
    """The bytes of a file, at most one more than LIMIT (so that the excess is seen); None once the trouble is told."""
    try:
        with path.open("rb") as file:
            return file.read(LIMIT + 1)
    except OSError as error:
        print(f"{path}: {error.strerror or error}", file=sys.stderr)
        return None


def text(path: Path, found: Iterable[checker.Finding]) -> str:
    """Every finding with its line, key, the nearest valid word and what is allowed."""
    return "\n".join(_sentence(str(path), each) for each in found)


def _sentence(file: str, finding: checker.Finding) -> str:
    key = f" {finding.key}:" if finding.key else ""
    lines = [f"{file}:{finding.line}:{key} {finding.message}"]
    if finding.nearest is not None:
        lines.append(f"    did you mean “{finding.nearest}”?")
    if finding.allowed:
        lines.append(f"    allowed: {', '.join(finding.allowed)}")
    return "\n".join(lines)


def set_up() -> None:
    """Django, for the commands of a module that mostly need no database."""
    import django

    django.setup()


def refused(refusal: Refused) -> int:
    """Tell why not; the exit status."""
    from planshift.interfaces.presenters import reasons

    print(" ".join(reasons.sentences(refusal)), file=sys.stderr)
    return 1
