"""What a test needs and this machine has not: said loudly, or a failure where PLANSHIFT_NO_SKIP=1 forbids to skip."""

import os

import pytest

from planshift.project.lab.leftovers import program as program


def skip(what: str) -> None:
    """End the test: what it needs is missing."""
    if os.environ.get("PLANSHIFT_NO_SKIP") == "1":
        pytest.fail(f"{what}, and PLANSHIFT_NO_SKIP=1 forbids to go without")
    pytest.skip(what)
