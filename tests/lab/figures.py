"""What did the lab measure? Kept for people who read the result: var/test-report/lab.txt, and the captured output."""

import datetime as dt
from pathlib import Path

FILE = Path(__file__).resolve().parents[2] / "var" / "test-report" / "lab.txt"


def note(name: str, **told: object) -> None:
    """One line."""
    FILE.parent.mkdir(parents=True, exist_ok=True)
    line = f"{name}: " + "; ".join(f"{key} {value}" for key, value in told.items())
    print(line)
    with FILE.open("a", encoding="utf-8") as file:
        file.write(f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} {line}\n")
