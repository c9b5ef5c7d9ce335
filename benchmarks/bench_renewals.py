"""How fast is the renewal run, against one set-based INSERT … SELECT of the same rows in the same database?

The product's own workers renew all services of a seller. Paid by transfer: priced, with order, pro forma data, line,
audit and the run that waits for the payment. Paid from the deposit: drawn, posted, invoiced and extended too. The
baseline copies the rows that they wrote, table by table, with one INSERT … SELECT each into tables of the same columns
and indexes (without foreign keys and triggers, which the product's tables have).

usage: python benchmarks/bench_renewals.py --services 10000 50000    PostgreSQL, thrown away afterwards
       PLANSHIFT_DATABASE=postgresql://… python benchmarks/bench_renewals.py --here     an empty database of yours
"""

import argparse
import datetime as dt
import sys
import time
from typing import Any

import apart

PAID_BY = ("transfer", "deposit")
NOW = dt.datetime(2026, 9, 1, 10, 0, tzinfo=dt.UTC)
TABLES = (
    *("procedures_renewal", "billing_order", "billing_orderline", "billing_partpayment", "billing_invoice"),
    *("billing_invoiceline", "ledger_account", "ledger_transfer", "services_term", "runtime_auditentry", "runtime_run"),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--here", action="store_true", help="use PLANSHIFT_DATABASE, in this process")
    parser.add_argument("--services", type=int, nargs="+", default=[10_000], help="services per measurement")
    parser.add_argument("--paid-by", choices=PAID_BY, nargs="+", default=list(PAID_BY))
    parser.add_argument("--workers", type=int, default=2, help="processes (default %(default)s)")
    given = parser.parse_args()
    if given.here:
        return measure(given.services, given.paid_by, given.workers)
    return apart.on_each(
        *("--services", *map(str, given.services), "--workers", str(given.workers), "--paid-by", *given.paid_by),
        only="postgresql",
    )


def measure(counts: list[int], paid_by: list[str], workers: int) -> int:
    """Print all figures; 1 when one is below what is asked."""
    apart.prepared()
    from planshift.runtime import clock

    seller, base, good = apart.seller(at=NOW), 0, True
    with clock.stopped(at=NOW):
        for way in paid_by:
            each: list[float] = []
            for count in counts:
                fill(seller, base, count, way)
                took, fine = renewed(count, way, workers)
                base, good = base + count, good and fine
                each.append(took / count)
            if len(each) > 1:
                flat = ", ".join(f"{one / each[0]:.2f}" for one in each)
                print(f"paid by {way}: cost per service relative to the first {flat} (0.85 to 1.15)")
    return 0 if good else 1


def renewed(count: int, way: str, workers: int) -> tuple[float, bool]:
    """Seconds of one run, and whether it is as good as asked."""
    from django.db import connection

    last = newest()
    took, memory, busy = announce(workers)
    written = rows(last)
    assert written["procedures_renewal"] == count, written
    assert written["billing_invoice"] == (count if way == "deposit" else 0), written
    bare = baseline(last)
    print(
        f"paid by {way}, {count} services, {workers} workers: {count / took:7.0f} services/s (≥ 2000),"
        f" {took / count * 1e6:.0f} µs each, of the workers' processors {busy / count * 1e6:.0f} µs"
    )
    print(
        f"  rows per service {sum(written.values()) / count:.1f}: "
        + ", ".join(f"{name} {n / count:.1f}" for name, n in written.items() if n)
    )
    print(f"  memory of a worker at most {memory:.0f} MiB (≤ 300)")
    print(f"  INSERT … SELECT of the same rows {count / bare:7.0f} services/s, ratio {bare / took:.2f} (≥ {1 / 7:.2f})")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM runtime_run WHERE state = 'STUCK'")
        assert cursor.fetchone() == (0,)
    return took, count / took >= 2000 and bare / took >= 1 / 7 and memory <= 300


def fill(seller: Any, base: int, count: int, paid_by: str) -> None:
    """Clients with a confirmed buyer and one service each, all of whose terms end in twelve days. With `deposit`
    auto-renewal is on, and there is enough of it."""
    from django.db import connection, transaction

    from planshift.billing import booking
    from planshift.domain import postings
    from planshift.domain.money import Money
    from planshift.services import models

    end = NOW.date() + dt.timedelta(days=12)
    for first in range(base, base + count, 5000):
        some = range(first, min(first + 5000, base + count))
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


def announce(workers: int) -> tuple[float, float, float]:
    """Seconds of the whole run in `workers` processes, start-up not counted, the most memory of one (MiB), and the
    seconds that their processors were busy."""
    from planshift.procedures import announcing
    from planshift.runtime import models

    models.Run.objects.filter(kind__in=(announcing.KIND, announcing.BATCH_KIND)).delete()  # as if it were another day
    announcing.begin(at=NOW)
    took, used = apart.at_once(workers, apart.drained)
    return took, max(each.memory for each in used), sum(each.busy for each in used)


def newest() -> dict[str, int]:
    """The last id of every table."""
    from django.db import connection

    found = {}
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"SELECT coalesce(max(id), 0) FROM {table}")
            found[table] = int(cursor.fetchone()[0])
    return found


def rows(last: dict[str, int]) -> dict[str, int]:
    """How many rows came after these ids."""
    from django.db import connection

    found = {}
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"SELECT count(*) FROM {table} WHERE id > %s", [last[table]])
            found[table] = int(cursor.fetchone()[0])
    return found


def baseline(last: dict[str, int]) -> float:
    """Seconds of one INSERT … SELECT per table into an empty table like it, in one transaction."""
    from django.db import connection, transaction

    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"DROP TABLE IF EXISTS bare_{table}")
            cursor.execute(f"CREATE TABLE bare_{table} (LIKE {table} INCLUDING ALL)")
        begun = time.perf_counter()
        with transaction.atomic():
            for table in TABLES:
                cursor.execute(f"INSERT INTO bare_{table} SELECT * FROM {table} WHERE id > %s", [last[table]])
        return time.perf_counter() - begun


if __name__ == "__main__":
    sys.exit(main())
