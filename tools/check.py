"""`make check`: everything that can be known in two minutes. Runs all parts and says at the end which failed.

The fast tests are those that need no database and start no processes, and one story from the quote to the invoice. It
runs beside them, as does what only looks at the source.
"""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
Parts = dict[str, list[str | Path]]
BESIDE: Parts = {
    "format": [BIN / "ruff", "format", "-q", "--check", "."],
    "lint": [BIN / "ruff", "check", "-q", "."],
    "types": [BIN / "mypy"],
    "contracts": [BIN / "lint-imports", "--no-logo"],
    "migrations": [BIN / "planshift", "manage", "makemigrations", "--check", "--dry-run"],
    "a story": [BIN / "pytest", "-q", "-k", "test_H4", "tests/stories/test_whole_path.py"],
}
TESTS: Parts = {
    "tests": [BIN / "pytest", "-q", "-n", "2", "-m", "not database and not browser and not slow and not long"],
}


def main() -> int:
    """The number of parts that failed."""
    began = time.monotonic()
    with ThreadPoolExecutor() as both:
        failed = [name for names in both.map(carried_out, (BESIDE, TESTS)) for name in names]
    print(f"make check: {', '.join(failed) + ' failed' if failed else 'all well'} ({time.monotonic() - began:.0f} s)")
    return len(failed)


def carried_out(parts: Parts) -> list[str]:
    """One part after the other; the names of those that failed."""
    failed = []
    for name, command in parts.items():
        began = time.monotonic()
        done = subprocess.run([str(word) for word in command], cwd=ROOT, capture_output=True, text=True, check=False)
        ok = done.returncode == 0
        told = "" if ok else f"\n{done.stdout}{done.stderr}"
        print(f"{'ok    ' if ok else 'FAILED'} {name} ({time.monotonic() - began:.0f} s){told}", flush=True)
        if not ok:
            failed.append(name)
    return failed


if __name__ == "__main__":
    sys.exit(main())
