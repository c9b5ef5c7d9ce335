"""POST /api/v1/quotes against GET of one service, and a what-if over 50 plans: through the whole web stack, in process.

Both requests go through the same client with the same token, in turns, on a fresh SQLite file with the product's own
settings (WAL, synchronous=FULL). Wanted: POST reaches at least 1/4 of the requests/s of GET, and the page of all plans
asks the database the same number of questions for 50 plans as for 6.
"""

import json
import os
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = int(os.environ.get("ROUNDS", "60"))


def main() -> int:
    """Print the figures. 0 always: a benchmark judges nothing."""
    with tempfile.TemporaryDirectory(prefix="planshift-bench-") as folder:
        os.environ.update(PLANSHIFT_VAR=folder, PLANSHIFT_DEMO="1", PLANSHIFT_LOG_LEVEL="ERROR")
        os.environ.pop("PLANSHIFT_DATABASE", None)
        os.environ["DJANGO_SETTINGS_MODULE"] = "planshift.project.settings"
        import django

        django.setup()
        from django.conf import settings
        from django.core.management import call_command

        from planshift.procedures.demo import load
        from planshift.runtime import clock, database

        settings.ALLOWED_HOSTS = ["testserver"]
        call_command("migrate", interactive=False, verbosity=0)
        database.prepare()
        load.load(folder=ROOT, at=clock.business())
        print(f"{database.describe()}, {ROUNDS} rounds in turns")
        quotes_against_service()
        plans_side_by_side()
    return 0


def quotes_against_service() -> None:
    """Requests/s of both, and their ratio round by round."""
    from django.test import Client

    from planshift.procedures import access
    from planshift.runtime import clock

    token = access.issue_token(seller="demo-host-italia", name="bench", at=clock.system(), actor="bench")
    client = Client(headers={"Authorization": f"Bearer {token}"})
    body = json.dumps({"service": "S-1001", "request": {"operation": "plan", "plan": "gold"}})

    def get() -> int:
        return client.get("/api/v1/services/S-1001").status_code

    def post() -> int:
        return client.post("/api/v1/quotes", body, content_type="application/json").status_code

    assert (get(), post()) == (200, 201)
    times = [(_seconds(get), _seconds(post)) for _ in range(ROUNDS)]
    reading, quoting = (statistics.median(each[side] for each in times) for side in (0, 1))
    ratio = statistics.median(read / quote for read, quote in times)
    print(f"GET service {1 / reading:7.0f}/s   POST quotes {1 / quoting:7.0f}/s   ratio {ratio:.2f} (wanted: 0.25)")


def plans_side_by_side() -> None:
    """Statements and milliseconds of the page of all plans, with the demo's plans and with 50."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from planshift.catalog import load
    from planshift.procedures import queries
    from planshift.runtime import clock

    def page() -> int:
        return len(queries.options(client="C-1001", service="S-1001", at=clock.business()).options)

    sold = (ROOT / "catalogs" / "easy-hard.toml").read_text(encoding="utf-8")
    gold = re.search(r"\[plans\.gold\].*?(?=\n\[)", sold, re.S)
    assert gold is not None
    many = "".join(
        "\n" + gold[0].replace("plans.gold", f"plans.gold-{number}").replace('"135.00"', f'"{135 + number}.00"') + "\n"
        for number in range(44)
    )
    for text in (sold, sold + many):
        load.load_catalog(text=text, name="catalog", at=clock.business(), actor="bench")
        plans = page()
        with CaptureQueriesContext(
            connection,
        ) as asked:
            page()
        took = statistics.median(_seconds(page) for _ in range(20))
        print(f"{plans:3} plans side by side: {len(asked)} statements, {took * 1000:.1f} ms")


def _seconds(work: object) -> float:
    started = time.perf_counter()
    work()  # type: ignore[operator]
    return time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main())
