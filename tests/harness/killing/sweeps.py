"""Die at every commit of a scenario, and look at what is different afterwards: what a test calls."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection

from tests.harness import children, migrated

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """`commits` of the undisturbed life, its outcome, and every death with what was different after it."""

    commits: int
    outcome: dict[str, list[str]]
    deaths: list[dict[str, Any]]


def sweep(scenarios: Mapping[str, int], *, folder: Path, when: str = "before,after") -> dict[str, Sweep]:
    """Live each scenario ("module:NAME") once whole, then die at its first commit and at every so-many-th from there
    on, as told, and finish. By name.

    On the kind of database that the tests run on; databases of its own, prepared once for all.
    """
    own = {"DJANGO_SETTINGS_MODULE": "tests.harness.settings", "PLANSHIFT_TEST_VAR": str(folder)}
    if connection.vendor == "sqlite":
        own["PLANSHIFT_TEST_DATABASE"] = "sqlite"
    given = ["--folder", str(folder), "--when", when, "--tables", migrated.tables()]
    wanted = [f"{scenario}:{every}" for scenario, every in scenarios.items()]
    runner = subprocess.Popen(
        [sys.executable, "-m", "tests.harness.killing.runner", *wanted, *given],
        cwd=ROOT,
        env=os.environ | own,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=children.mortal,
    )
    try:
        said, complaints = runner.communicate()
    except BaseException:  # a test that takes too long: the runner drops its databases
        runner.terminate()
        runner.wait(60)
        raise
    if runner.returncode:
        raise AssertionError(f"the runner ended with {runner.returncode}\n{complaints[-6000:]}")
    told = [json.loads(line) for line in said.splitlines()]
    return {name: _sweep([line for line in told if line["life"] == name]) for name in {line["life"] for line in told}}


def _sweep(told: list[dict[str, Any]]) -> Sweep:
    whole, *deaths = told
    return Sweep(commits=whole["commits"], outcome=whole["outcome"], deaths=deaths)


def check(found: Sweep) -> None:
    """Every death was a real one, nothing was wrong before, and nothing is different after any of them. Whether a
    reading was due decides about a commit or two, so a life may be over before it comes to its last ones."""
    assert found.outcome["wrong"] == []
    assert {each["ended"] for each in found.deaths if each["commit"] <= found.commits - 2} == {-9}
    assert {each["ended"] for each in found.deaths} <= {-9, 0}
    different = {
        f"{each['when']} {each['commit']}": each["differences"] for each in found.deaths if each["differences"]
    }
    assert different == {}, json.dumps(different, indent=1, ensure_ascii=False)[:6000]
