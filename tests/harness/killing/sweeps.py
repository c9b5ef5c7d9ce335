"""Die at every commit of a scenario, and look at what is different afterwards: what a test calls."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """`commits` of the undisturbed life, its outcome, and every death with what was different after it."""

    commits: int
    outcome: dict[str, list[str]]
    deaths: list[dict[str, Any]]


def sweep(scenario: str, *, folder: Path, first: int = 1, every: int = 1, when: str = "before,after") -> Sweep:
    """Live `scenario` ("module:NAME") once whole, then die at commit `first`, `first + every`, … and finish.

    On the kind of database that the tests run on; databases of its own.
    """
    arguments = ["--folder", str(folder), "--first", str(first), "--every", str(every), "--when", when]
    own = {"DJANGO_SETTINGS_MODULE": "tests.harness.settings", "PLANSHIFT_TEST_VAR": str(folder)}
    if connection.vendor == "sqlite":
        own["PLANSHIFT_TEST_DATABASE"] = "sqlite"
    done = subprocess.run(
        [sys.executable, "-m", "tests.harness.killing.runner", scenario, *arguments],
        cwd=ROOT,
        env=os.environ | own,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise AssertionError(f"the runner ended with {done.returncode}\n{done.stderr[-6000:]}")
    whole, *deaths = [json.loads(line) for line in done.stdout.splitlines()]
    return Sweep(commits=whole["commits"], outcome=whole["outcome"], deaths=deaths)


def check(found: Sweep) -> None:
    """Every death was a real one, nothing was wrong before, and nothing is different after any of them."""
    assert found.outcome["wrong"] == []
    assert {each["ended"] for each in found.deaths} == {-9}
    different = {
        f"{each['when']} {each['commit']}": each["differences"] for each in found.deaths if each["differences"]
    }
    assert different == {}, json.dumps(different, indent=1, ensure_ascii=False)[:6000]
