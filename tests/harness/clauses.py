"""Which clause of the regulations is kept by which test? Tests named test_<D1…D11|H1…H12>_… fill the closing table.

With --report FILE the results are written as JSON, for the table that `make test` prints over both databases. With
PLANSHIFT_NO_SKIP=1 a skipped conformance or browser test is a failure.
"""

import json
import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

CLAUSES = [f"D{n}" for n in range(1, 12)] + [f"H{n}" for n in range(1, 13)]
NAME = re.compile(r"^test_([DH]\d+)_")


def clause_of(name: str) -> str | None:
    """The clause that a test's name claims, or None."""
    found = NAME.match(name)
    return found[1] if found and found[1] in CLAUSES else None


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--report", default=None, help="write the outcome of every test to this JSON file")


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Table(config.getoption("--report")), "planshift-clauses")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Turn a skip that must not be into a failure, and say for the table whether the test uses a database."""
    outcome = yield
    report = outcome.get_result()
    browser = item.get_closest_marker("browser") is not None
    report.user_properties.append(("database", item.get_closest_marker("database") is not None))
    if report.skipped and os.environ.get("PLANSHIFT_NO_SKIP") == "1" and (clause_of(item.name) or browser):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and PLANSHIFT_NO_SKIP=1 forbids it here: {reason}"


class _Table:
    """Collects outcomes in the process that started the run."""

    def __init__(self, report: str | None) -> None:
        self.file = Path(report) if report else None
        self.outcomes: dict[str, str] = {}
        self.seconds: Counter[str] = Counter()
        self.database: dict[str, bool] = {}
        self.collection_errors = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        worst = {"passed": 0, "skipped": 1, "failed": 2}
        before = self.outcomes.get(report.nodeid, "passed")
        self.outcomes[report.nodeid] = max(before, report.outcome, key=worst.__getitem__)
        self.seconds[report.nodeid] += report.duration
        self.database[report.nodeid] = dict(report.user_properties).get("database", True)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self.collection_errors += report.failed

    def pytest_sessionfinish(self) -> None:
        if self.file:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            tests = {
                node: {
                    "outcome": outcome,
                    "seconds": round(self.seconds[node], 3),
                    "database": self.database[node],
                }
                for node, outcome in self.outcomes.items()
            }
            content = {"tests": tests, "collection_errors": self.collection_errors}
            self.file.write_text(json.dumps(content), encoding="utf-8")
