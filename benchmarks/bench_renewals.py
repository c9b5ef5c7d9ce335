"""How fast are next terms announced, against one set-based INSERT … SELECT of the same rows in the same database?

The product's own workers announce the renewals of all services of a seller: priced, with order, pro forma data, line,
audit and the run that waits for the payment. The baseline copies the rows that they wrote, table by table, with one
INSERT … SELECT each into tables of the same columns and indexes.

usage: python benchmarks/bench_renewals.py --services 10000          PostgreSQL, thrown away afterwards
       PLANSHIFT_DATABASE=postgresql://… python benchmarks/bench_renewals.py --here     an empty database of yours
"""

import argparse
import datetime as dt
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
NOW = dt.datetime(2026, 9, 1, 10, 0, tzinfo=dt.UTC)
TABLES = ("procedures_renewal", "billing_order", "billing_orderline", "runtime_auditentry", "runtime_run")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--here", action="store_true", help="use PLANSHIFT_DATABASE, in this process")
    parser.add_argument("--services", type=int, default=10_000, help="services per measurement (default %(default)s)")
    parser.add_argument("--workers", type=int, default=2, help="processes (default %(default)s)")
    given = parser.parse_args()
    if given.here:
        return measure(given.services, given.workers)
    sys.path.insert(0, str(ROOT))
    from tests.harness import postgres

    try:
        cluster = postgres.start()
    except postgres.NoPostgreSQL as problem:
        print(f"PostgreSQL left out: {problem}")
        return 0
    try:
        with tempfile.TemporaryDirectory(prefix="planshift-bench-") as var:
            environment = os.environ | {"PLANSHIFT_DATABASE": cluster.url, "PLANSHIFT_VAR": var}
            command = [sys.executable, __file__, "--here"]
            command += ["--services", str(given.services), "--workers", str(given.workers)]
            return subprocess.run(command, env=environment, check=False).returncode
    finally:
        cluster.stop()


def measure(count: int, workers: int) -> int:
    """Print all figures; 1 when one is below what is asked."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "planshift.project.settings")
    import django

    django.setup()
    import structlog
    from django.core.management import call_command
    from django.db import connection

    from planshift.runtime import clock, database
    from planshift.runtime.runs import schedules

    schedules._schedules.clear()  # the product's other daily work would be measured too
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    call_command("migrate", verbosity=0)
    database.prepare()
    print(database.describe())
    seller = load_seller()
    fill(seller, count)
    before = rows()
    with clock.stopped(at=NOW):
        took, memory = announce(workers)
    written = {table: after - before[table] for table, after in rows().items()}
    assert written["procedures_renewal"] == count, written
    each = sum(written.values()) / count
    print(
        f"{count} services, {workers} workers: {count / took:7.0f} services/s (≥ 2000),"
        f" {took / count * 1e6:.0f} µs each"
    )
    print(f"rows per service {each:.1f}: " + ", ".join(f"{name} {n / count:.1f}" for name, n in written.items()))
    print(f"memory of a worker at most {memory:.0f} MiB (≤ 300)")
    bare = baseline()
    print(f"INSERT … SELECT of the same rows: {count / bare:7.0f} services/s, ratio {bare / took:.2f} (≥ {1 / 7:.2f})")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM runtime_run WHERE state = 'STUCK'")
        assert cursor.fetchone() == (0,)
    return 0 if count / took >= 2000 and bare / took >= 1 / 7 and memory <= 300 else 1


def load_seller() -> Any:
    from planshift.catalog import load, models

    sold, policy = ROOT / "catalogs" / "deposit.toml", ROOT / "policies" / "deposit.toml"
    load.load_catalog(text=sold.read_text(encoding="utf-8"), name=sold.name, at=NOW, actor="bench")
    seller = models.Seller.objects.get()
    load.load_policy(seller=seller.code, text=policy.read_text(encoding="utf-8"), at=NOW, actor="bench")
    return seller


def fill(seller: Any, count: int, paid_by: str) -> None:
    """Clients with a confirmed buyer and one service each, all of whose terms end in twelve days. With `deposit`
    auto-renewal is on, and there is enough of it."""
    from django.db import connection, transaction

    from planshift.billing import booking
    from planshift.domain import postings
    from planshift.domain.money import Money
    from planshift.services import models

    end = NOW.date() + dt.timedelta(days=12)
    for first in range(0, count, 5000):
        some = range(first, min(first + 5000, count))
        clients = models.Client.objects.bulk_create(
            models.Client(
                seller=seller,
                number=f"C-{n}",
                name=f"Client {n}",
                email=f"c{n}@example.org",
                language="pl",
                created_at=NOW,
            )
            for n in some
        )
        models.BuyerProfile.objects.bulk_create(
            models.BuyerProfile(
                client=client, name=client.name, street="ul. Demo 1", postcode="70-001", city="Szczecin", country="PL",
                tax_id="", is_business=False, created_at=NOW, confirmed_at=NOW,
            )
            for client in clients
        )  # fmt: skip
        held = models.Service.objects.bulk_create(
            models.Service(
                client=client, number=client.number.replace("C", "S"), label=f"{client.number}.example.org",
                family="vps",
                plan="standard", months=1, auto_renew=paid_by == "deposit", created_at=NOW,
            )
            for client in clients
        )  # fmt: skip
        models.Term.objects.bulk_create(
            models.Term(service=row, start_on=end.replace(month=end.month - 1), end_on=end, months=1) for row in held
        )
        if paid_by == "deposit":
            with transaction.atomic():
                booking.book_many(
                    [
                        booking.entry(
                            postings.deposit_opened(
                                seller=seller.code, client=each.number, amount=Money.of("500.00", "PLN")
                            ),
                            key=f"{each.number}/opened", seller=seller, at=NOW, actor="bench",
                        )
                        for each in clients
                    ]
                )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def announce(workers: int) -> tuple[float, float]:
    """Seconds of the whole run in `workers` processes, start-up not counted, and the most memory of one (MiB)."""
    from django.db import connection

    from planshift.procedures import announcing
    from planshift.runtime import runs
    from planshift.runtime.runs import working

    announcing.begin(at=NOW)
    working.let_go()  # a child must not share its parent's sockets
    context = multiprocessing.get_context("fork")
    gate, most = context.Barrier(workers + 1), context.SimpleQueue()

    def child(index: int) -> None:
        connection.ensure_connection()
        gate.wait()
        idle = 0
        while idle < 3:  # another one may still be splitting
            idle = 0 if runs.drain() else idle + 1
            time.sleep(0.02 if idle else 0)
        most.put(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)

    processes = [context.Process(target=child, args=(index,)) for index in range(workers)]
    for process in processes:
        process.start()
    gate.wait()
    begun = time.perf_counter()
    for process in processes:
        process.join()
    took = time.perf_counter() - begun
    return took, max(most.get() for _ in processes)


def rows() -> dict[str, int]:
    from django.db import connection

    found = {}
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"SELECT count(*) FROM {table}")
            found[table] = int(cursor.fetchone()[0])
    return found


def baseline() -> float:
    """Seconds of one INSERT … SELECT per table into an empty table like it, in one transaction."""
    from django.db import connection, transaction

    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"CREATE TABLE bare_{table} (LIKE {table} INCLUDING ALL)")
        begun = time.perf_counter()
        with transaction.atomic():
            for table in TABLES:
                cursor.execute(f"INSERT INTO bare_{table} SELECT * FROM {table}")
        return time.perf_counter() - begun


if __name__ == "__main__":
    sys.exit(main())
