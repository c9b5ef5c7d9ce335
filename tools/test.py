"""`make test`: get what the tests need, run all of them on SQLite and on PostgreSQL, print clause → result.

Tests that use no database of the run (it is blocked for them) run once, beside those on SQLite; the table shows them
apart. Exit status 0 only when tests ran on both databases and none failed. PLANSHIFT_NO_SKIP=1 makes a skipped
conformance or browser test, and a missing system package, a failure.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.harness.clauses import CLAUSES, clause_of  # noqa: E402

DATABASES = ("sqlite", "postgresql")
NONE = "no rows"  # the column "database" of tests that use none
# what the tests use → (a command that shows it is there, the packages of Debian that bring it)
SYSTEM = {
    "Chromium": (("chromium", "chromium-browser", "google-chrome"), ("chromium", "fonts-dejavu-core")),
    "Dovecot": (("/usr/sbin/dovecot", "dovecot"), ("dovecot-imapd", "openssl")),
    "Dovecot LMTP": (("/usr/lib/dovecot/lmtp",), ("dovecot-lmtpd",)),
    "Knot DNS": (("/usr/sbin/knotd",), ("knot",)),
    "PostgreSQL": (("/usr/lib/postgresql/*/bin/initdb",), ("postgresql",)),
    "PowerDNS": (("/usr/share/doc/pdns-backend-sqlite3/schema.sqlite3.sql",), ("pdns-server", "pdns-backend-sqlite3")),
    "PowerDNS Recursor": (("/usr/sbin/pdns_recursor",), ("pdns-recursor",)),
    "SQLite's shell": (("sqlite3",), ("sqlite3",)),
    "curl": (("curl",), ("curl",)),
    "ip": (("ip",), ("iproute2",)),
    # a hosting server of the driver linux-ssh (as root)
    "sshd": (("/usr/sbin/sshd",), ("openssh-server", "openssh-client")),
    "nginx": (("/usr/sbin/nginx",), ("nginx-light",)),
    "php-fpm": (("/usr/sbin/php-fpm[0-9]*",), ("php-fpm",)),
    "rsync": (("rsync",), ("rsync",)),
    "sudo": (("sudo",), ("sudo",)),
    "Btrfs": (("/usr/bin/btrfs", "/usr/sbin/btrfs"), ("btrfs-progs",)),
    "disk quotas": (("/usr/sbin/setquota",), ("quota",)),
}
FIGURES = ROOT / "var" / "test-report" / "lab.txt"  # written by tests/lab/figures.py
# One more than processors: some tests mostly wait, for real servers and for processes that are killed.
PROCESSES = str(max(2, min(8, (os.cpu_count() or 1) + 1)))


@dataclass
class Outcome:
    """What one run over one database gave."""

    exit_status: int
    seconds: float
    tests: dict[str, dict[str, float | str | bool]] = field(default_factory=dict)
    collection_errors: int = 0

    def count(self, clause: str | None = None) -> Counter[str]:
        """passed / failed / skipped, of one clause or of all tests."""
        chosen = (n for n in self.tests if clause is None or clause_of(name_of(n)) == clause)
        return Counter(str(self.tests[node]["outcome"]) for node in chosen)

    def time(self, clause: str | None = None) -> float:
        """Seconds that the tests of `clause`, or all, took; those that ran at the same time are added up."""
        chosen = (t for n, t in self.tests.items() if clause is None or clause_of(name_of(n)) == clause)
        return sum(float(t["seconds"]) for t in chosen)

    def only(self, *, database: bool) -> "Outcome":
        """Those of its tests that use a database, or that use none."""
        chosen = {node: test for node, test in self.tests.items() if test["database"] is database}
        return replace(self, tests=chosen)


def name_of(node: str) -> str:
    """`tests/x.py::test_D4_y[z]` → `test_D4_y[z]`."""
    function, bracket, parameters = node.partition("[")
    return function.rsplit("::", 1)[-1] + bracket + parameters


def missing_parts() -> dict[str, tuple[str, ...]]:
    """Parts that are not on this machine → their packages."""
    return {part: packages for part, (probes, packages) in SYSTEM.items() if not any(map(present, probes))}


def present(probe: str) -> bool:
    """A command on the PATH, or a file that matches the pattern."""
    return any(Path("/").glob(probe.lstrip("/"))) if "/" in probe else shutil.which(probe) is not None


def install(packages: list[str]) -> None:
    """By apt, when we may."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    print(f"installing {' '.join(packages)}", flush=True)
    with no_daemons():
        for command in (["update", "-q"], ["install", "-y", "-q", "--no-install-recommends", *packages]):
            done = subprocess.run(
                ["apt-get", *command],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                env=environment,
                check=False,
            )
            if done.returncode:
                print(done.stdout[-2000:] + done.stderr[-2000:], flush=True)


@contextmanager
def no_daemons() -> Iterator[None]:
    """What is installed for tests does not start to serve: the tests start their own, on ports of their own."""
    policy = Path("/usr/sbin/policy-rc.d")
    if policy.exists():
        yield
        return
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    try:
        yield
    finally:
        policy.unlink()


def run(database: str) -> Outcome:
    """All tests but the long ones, on one database; on the second one only those that use it."""
    report = ROOT / "var" / "test-report" / f"{database}.json"
    report.unlink(missing_ok=True)
    first = database == DATABASES[0]
    print(f"\n== all tests on {database}" if first else f"\n== all tests that use rows on {database}", flush=True)
    began = time.monotonic()
    done = subprocess.run(
        [
            ROOT / ".venv/bin/pytest",
            "-q",
            "-n",
            PROCESSES,
            "--dist",
            "loadgroup",
            "-m",
            "not long" if first else "not long and database",
            f"--report={report}",
        ],
        cwd=ROOT,
        env=os.environ | {"PLANSHIFT_TEST_DATABASE": database},
        stdin=subprocess.DEVNULL,
        check=False,
    )
    outcome = Outcome(done.returncode, time.monotonic() - began)
    if report.exists():
        content = json.loads(report.read_text(encoding="utf-8"))
        outcome.tests, outcome.collection_errors = content["tests"], content["collection_errors"]
    return outcome


def table(outcomes: dict[str, Outcome]) -> str:
    """Lines of each clause: on each database, and of tests that use none."""
    first = outcomes[DATABASES[0]]
    shown = {name: outcome.only(database=True) for name, outcome in outcomes.items()}
    shown[NONE] = first.only(database=False)
    lines = [f"{'clause':<8}{'database':<12}{'passed':>7}{'skipped':>9}{'failed':>8}{'time':>9}"]
    for clause in CLAUSES:
        counted = {name: counts for name, outcome in shown.items() if (counts := outcome.count(clause))}
        lines += [_line(clause, name, counts, shown[name].time(clause)) for name, counts in counted.items()]
        lines += [f"{clause:<8}{name:<12}   no test yet" for name in DATABASES if name not in counted]
    lines += [_line("all", name, outcome.count(), outcome.time()) for name, outcome in shown.items()]
    took = ", ".join(f"{outcome.seconds:.0f} s on {name}" for name, outcome in outcomes.items())
    return "\n".join([*lines, f"the runs took {took} (several tests at a time)"])


def _line(clause: str, database: str, counts: Counter[str], seconds: float) -> str:
    numbers = f"{counts['passed']:>7}{counts['skipped']:>9}{counts['failed']:>8}{seconds:>7.1f} s"
    return f"{clause:<8}{database:<12}{numbers}"


def main() -> int:
    """0 when everything ran and nothing failed."""
    strict = os.environ.get("PLANSHIFT_NO_SKIP") == "1"
    missing = missing_parts()
    if missing:
        install([package for packages in missing.values() for package in packages])
        missing = missing_parts()
    for part, packages in missing.items():
        print(f"SKIPPING tests that need {part}: it is missing. As root: apt-get install {' '.join(packages)}")
    FIGURES.unlink(missing_ok=True)
    outcomes = {database: run(database) for database in DATABASES}
    print("\n" + table(outcomes))
    if FIGURES.exists():
        print("\nwhat the lab of real servers measured:\n" + FIGURES.read_text(encoding="utf-8"))
    total = sum((outcome.count() for outcome in outcomes.values()), Counter())
    failed = total["failed"] + sum(outcome.collection_errors for outcome in outcomes.values())
    broken = [name for name, outcome in outcomes.items() if outcome.exit_status not in (0, 1)]
    for name in broken:
        print(f"FAILED: the run on {name} did not end properly (pytest exit status {outcomes[name].exit_status})")
    for part in SYSTEM:
        if strict and part in missing and part != "PostgreSQL":  # a package of Python stands in for that one
            print(f"FAILED: {part} is missing, and PLANSHIFT_NO_SKIP=1 forbids to go without")
            broken.append(part)
    print(f"{total['passed']} passed, {failed} failed, {total['skipped']} skipped")
    return 1 if failed or broken else 0


if __name__ == "__main__":
    sys.exit(main())
