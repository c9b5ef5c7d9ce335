"""What a test needs and this machine has not: said loudly, or a failure where PLANSHIFT_NO_SKIP=1 forbids to skip."""

import os
import shutil
from pathlib import Path

import pytest


def program(*names: str) -> str:
    """The path of the first of `names` that is installed, "" when none is; daemons live where PATH may not look."""
    for name in names:
        for folder in ("/usr/sbin", "/usr/bin", "/sbin"):
            if (Path(folder) / name).exists():
                return str(Path(folder) / name)
        if found := shutil.which(name):
            return found
    return ""


def skip(what: str) -> None:
    """End the test: what it needs is missing."""
    if os.environ.get("PLANSHIFT_NO_SKIP") == "1":
        pytest.fail(f"{what}, and PLANSHIFT_NO_SKIP=1 forbids to go without")
    pytest.skip(what)
