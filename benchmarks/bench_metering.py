"""How fast is a day of metered services drawn, against one set-based INSERT … SELECT of the same rows beside it?

The product's own workers draw one day of all metered services of a seller: hours counted from the history, priced,
rounded as the invoice of the month, drawn from the prepaid balance, booked. The baseline copies the rows that they
wrote, table by table, with one INSERT … SELECT each into tables of the same columns and indexes, and changes as many
balances.

usage: python benchmarks/bench_metering.py --services 10000          PostgreSQL, thrown away afterwards
       PLANSHIFT_DATABASE=postgresql://… python benchmarks/bench_metering.py --here      an empty database of yours
"""

import argparse
import datetime as dt
import sys
import time
from typing import Any

import apart

NOW = dt.datetime(2026, 9, 16, 0, 5, tzinfo=dt.timezone(dt.timedelta(hours=2)))  # five past midnight in Warsaw
TABLES = ("billing_draw", "ledger_transfer")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--here", action="store_true", help="use PLANSHIFT_DATABASE, in this process")
    parser.add_argument("--services", type=int, default=10_000, help="services per measurement (default %(default)s)")
    parser.add_argument("--workers", type=int, default=2, help="processes (default %(default)s)")
    given = parser.parse_args()
    if given.here:
        return measure(given.services, given.workers)
    return apart.on_each("--services", str(given.services), "--workers", str(given.workers), only="postgresql")


def measure(count: int, workers: int) -> int:
    """Print all figures; 1 when one is below what is asked."""
    apart.prepared()
    from django.db import connection

    from planshift.runtime import clock

    seller = apart.seller(at=NOW)
    fill(seller, count)
    with clock.stopped(at=NOW):
        before = rows()
        took, memory = draw(workers)
    written = {table: after - before[table] for table, after in rows().items()}
    assert written["billing_draw"] == count, written
    each = sum(written.values()) / count
    print(f"{count} services, {workers} workers: {count / took:7.0f} services/s, {took / count * 1e6:.0f} µs each")
    print(
        f"rows inserted per service and day {each:.1f}: "
        + ", ".join(f"{name} {n / count:.1f}" for name, n in written.items())
        + "; changed: ledger_account 2.0, billing_meter 1.0"
    )
    print(f"memory of a worker at most {memory:.0f} MiB (≤ 300)")
    bare = baseline()
    print(f"set-based baseline of the same rows: {count / bare:7.0f} services/s, ratio {bare / took:.2f}")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM runtime_run WHERE state = 'STUCK'")
        assert cursor.fetchone() == (0,)
    return 0 if memory <= 300 else 1


def fill(seller: Any, count: int) -> None:
    """Clients with a prepaid balance and one metered service each, changed at noon of the day, drawn until it."""
    from django.db import connection

    from planshift.billing import booking, models
    from planshift.domain import metering, postings
    from planshift.domain.money import Money
    from planshift.services import models as services

    day = NOW.date() - dt.timedelta(days=1)
    month = day.replace(day=1)
    began = NOW - dt.timedelta(days=40)
    for first in range(0, count, 5000):
        some = range(first, min(first + 5000, count))
        clients = services.Client.objects.bulk_create(
            services.Client(
                seller=seller, number=f"C-{n}", name=f"Client {n}", email=f"c{n}@example.org", language="pl",
                created_at=NOW,
            )
            for n in some
        )  # fmt: skip
        services.BuyerProfile.objects.bulk_create(
            services.BuyerProfile(
                client=client, name=client.name, street="ul. Demo 1", postcode="70-001", city="Szczecin", country="PL",
                tax_id="", is_business=False, created_at=NOW, confirmed_at=NOW,
            )
            for client in clients
        )  # fmt: skip
        held = services.Service.objects.bulk_create(
            services.Service(
                client=client, number=client.number.replace("C", "S"), label=f"{client.number}.example.org",
                family="pro-cloud", plan="pro-cloud", months=1, auto_renew=False, created_at=began,
            )
            for client in clients
        )  # fmt: skip
        amounts = {"cpu": 2, "memory": 4, "disk": 40, "ip": 1}
        noon = NOW - dt.timedelta(hours=12, minutes=5)
        services.HeldFrom.objects.bulk_create(
            [
                *(services.HeldFrom(service=row, since=began, amounts=amounts, cause="metered", written_at=began)
                  for row in held),
                *(services.HeldFrom(service=row, since=noon, amounts={**amounts, "cpu": 4}, cause="x", written_at=noon)
                  for row in held),
            ]
        )  # fmt: skip
        models.Meter.objects.bulk_create(
            models.Meter(
                service=row, client_id=row.client_id, seller=seller, began_on=began.date(), drawn_until=day,
                invoiced_until=month,
            )
            for row in held
        )  # fmt: skip
        models.PrepaidStanding.objects.bulk_create(
            models.PrepaidStanding(client=client, checked_at=NOW) for client in clients
        )
        _earlier(held, day, metering, models)
        from django.db import transaction

        with transaction.atomic():
            booking.book_many(
                [
                    booking.entry(
                        postings.deposit_opened(
                            seller=seller.code, client=client.number, amount=Money.of("200.00", "PLN")
                        ),
                        key=f"{client.number}/opened", seller=seller, at=NOW, actor="bench",
                    )
                    for client in clients
                ]
            )  # fmt: skip
            booking.book_many(
                [
                    booking.entry(
                        postings.deposit_to_prepaid(client=client.number, amount=Money.of("200.00", "PLN")),
                        key=f"{client.number}/filled", seller=seller, at=NOW, actor="bench",
                    )
                    for client in clients
                ]
            )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _earlier(held: Any, day: dt.date, metering: Any, models: Any) -> None:
    """The draw of the day before, with the month so far: fourteen days."""
    from planshift.catalog import models as catalog
    from planshift.domain.exact import Fraction

    sold, policy = catalog.CatalogRevision.objects.get(), catalog.PolicyRevision.objects.get()
    tax = metering.Tax(rate=Fraction(23, 100))
    so_far = [("cpu", "0.06", 672), ("disk", "0.0008", 13440), ("ip", "0.01", 336), ("memory", "0.03", 1344)]
    used = [metering.Used(resource=c, price=Fraction(p), tax=tax, units=n).to_json() for c, p, n in so_far]
    # 40.32 + 10.75 (10.752) + 3.36 + 40.32 = 94.75; VAT 21.79 (21.7925)
    models.Draw.objects.bulk_create(
        models.Draw(
            service=row, client_id=row.client_id, price_list=sold, policy=policy, on=day - dt.timedelta(days=1),
            hours=24, day_used=[], used=used, currency="PLN", net_minor=94_75, tax_minor=21_79, gross_minor=116_54,
            draw_minor=8_32, balance_minor=8_32, owed_minor=0, drawn_at=NOW,
        )
        for row in held
    )  # fmt: skip


def draw(workers: int) -> tuple[float, float]:
    """Seconds of the whole run in `workers` processes, start-up not counted, and the most memory of one (MiB)."""
    from planshift.procedures.metering import drawing
    from planshift.runtime import runs

    runs.start(kind=drawing.KIND, key=f"{drawing.KIND}:bench", subject="bench")
    took, used = apart.at_once(workers, apart.drained)
    return took, max(each.memory for each in used)


def rows() -> dict[str, int]:
    from django.db import connection

    with connection.cursor() as cursor:
        found = {}
        for table in TABLES:
            cursor.execute(f"SELECT count(*) FROM {table}")
            found[table] = cursor.fetchone()[0]
        return found


def baseline() -> float:
    """The same rows by set-based statements: copies of the day's draws and transfers, balances and meters changed."""
    from django.db import connection, transaction

    wheres = {
        "billing_draw": "drawn_at > '2026-09-15' AND day_used <> '[]'",
        "ledger_transfer": "posting LIKE 'metered%'",
    }
    with connection.cursor() as cursor:
        for table in (*TABLES, "ledger_account", "billing_meter"):
            cursor.execute(f"CREATE TABLE copy_{table} (LIKE {table} INCLUDING ALL)")
        for table in ("ledger_account", "billing_meter"):
            cursor.execute(f"INSERT INTO copy_{table} SELECT * FROM {table}")
        cursor.execute("ANALYZE")
        began = time.perf_counter()
        with transaction.atomic():
            for table in TABLES:
                cursor.execute(f"INSERT INTO copy_{table} SELECT * FROM {table} WHERE {wheres[table]}")
            cursor.execute(
                "UPDATE copy_ledger_account SET balance_minor = balance_minor + 1 WHERE kind IN ('prepaid', 'metered')"
            )
            cursor.execute("UPDATE copy_billing_meter SET drawn_until = drawn_until + 1")
        return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
