"""`make check`: everything that can be known in two minutes. Runs all parts and says at the end which failed."""

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
PARTS = {
    "format": [BIN / "ruff", "format", "-q", "--check", "."],
    "lint": [BIN / "ruff", "check", "-q", "."],
    "types": [BIN / "mypy"],
    "contracts": [BIN / "lint-imports", "--no-logo"],
    "migrations": [BIN / "planshift", "manage", "makemigrations", "--check", "--dry-run"],
    "tests": [BIN / "pytest", "-q", "-n", "2", "-m", "not browser and not slow and not long"],
}
NOTHING_COLLECTED = 5


def main() -> int:
    """The number of parts that failed."""
    failed = []
    for name, command in PARTS.items():
        began = time.monotonic()
        done = subprocess.run([str(word) for word in command], cwd=ROOT, capture_output=True, text=True, check=False)
        ok = done.returncode == 0 or (name == "tests" and done.returncode == NOTHING_COLLECTED)
        print(f"{'ok    ' if ok else 'FAILED'} {name} ({time.monotonic() - began:.0f} s)", flush=True)
        if not ok:
            failed.append(name)
            print(done.stdout + done.stderr)
    print(f"make check: {', '.join(failed) + ' failed' if failed else 'all well'}")
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())
