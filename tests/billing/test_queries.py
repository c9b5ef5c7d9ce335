"""The reads of billing: the same number of statements however much there is, each over an index."""

import datetime as dt
import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from planshift.billing import deposits, invoices, models, opening_models, payments, queries, rows
from planshift.domain.errors import Refused
from planshift.ledger import models as ledger
from planshift.services import models as services
from tests.billing.people import AT, client, eur, italian, line, order, pln, polish

pytestmark = pytest.mark.django_db
YEAR = {"start_on": dt.date(2026, 9, 1), "end_on": dt.date(2027, 1, 1)}


def busy(who: services.Client, count: int, *, prefix: str) -> None:
    """`count` paid and invoiced orders, and as many payments too much."""
    for n in range(count):
        placed = order(who, [line("22.00"), line("10.00", kind="setup", component="setup")], subject=f"{prefix}{n}")
        payments.record(
            gateway="bank",
            external_id=f"{prefix}{n}",
            amount=eur("50.00"),
            reference=placed.number,
            received_at=AT,
            at=AT,
            actor="staff:ola",
        )
        invoices.issue(order=placed.number, on=AT.date(), at=AT, actor="system:change")


def reads(number: str, invoice: str) -> dict[str, Callable[[], object]]:
    return {
        "order": lambda: queries.order(number=number),
        "orders of client": lambda: queries.orders_of_client(client="C-1001", before=10**9),
        "open orders": lambda: queries.open_orders(seller="vicolo", before=10**9),
        "orders about": lambda: queries.orders_about(subjects=["a0", "b1"]),
        "invoices of client": lambda: queries.invoices_of_client(client="C-1001", before=10**9),
        "invoices of service": lambda: queries.invoices_of_service(service="S-1001", before=10**9),
        "owner": lambda: queries.invoice_owner(seller="vicolo", number=invoice),
        "billed lines": lambda: queries.billed_lines(service="S-1001", **YEAR),
        "unapplied": lambda: queries.unapplied(seller="vicolo", before=10**9),
        "payments": lambda: queries.payments_of_client(client="C-1001", before=10**9),
        "postings": lambda: queries.postings_of_client(client="C-1001", before=10**9),
        "postings of order": lambda: queries.postings_of_order(number=number),
        "balances": lambda: queries.balances_of(clients=["C-1001"]),
        "document": lambda: invoices.document(seller="vicolo", number=invoice),
        "pro forma": lambda: invoices.proforma(order=number),
    }


def statements(every: dict[str, Callable[[], object]]) -> dict[str, list[str]]:
    found = {}
    for name, read in every.items():
        with CaptureQueriesContext(connection) as seen:
            read()
        found[name] = [query["sql"] for query in seen.captured_queries]
    return found


def test_the_number_of_statements_does_not_grow() -> None:
    who = client(italian())
    busy(who, 2, prefix="a")
    first = models.Invoice.objects.select_related("order").earliest("pk")
    assert first.order is not None
    every = reads(first.order.number, first.number)
    few = {name: len(sql) for name, sql in statements(every).items()}
    busy(who, 9, prefix="b")
    assert {name: len(sql) for name, sql in statements(every).items()} == few
    assert few == {
        "order": 4,
        "orders of client": 1,
        "open orders": 1,
        "orders about": 1,
        "invoices of client": 1,
        "invoices of service": 1,
        "owner": 1,
        "billed lines": 1,
        "unapplied": 1,
        "payments": 1,
        "postings": 1,
        "postings of order": 1,
        "balances": 1,
        "document": 2,
        "pro forma": 3,
    }


# read → the index that it must go over; a read by a unique number needs none of ours
INDEXES = {
    "orders of client": "order_of_client",
    "open orders": "order_",
    "orders about": "order_by_subject",
    "invoices of client": "invoice_of_client",
    "invoices of service": "invoice_line_of_service",
    "billed lines": "invoice_line_of_service",
    "unapplied": "payment_queue",
    "payments": "payment_of_client",
    "postings": "ledger_by_business_time",
    "postings of order": "ledger_by_order",
    "balances": "ledger_account_by_owner",
}


def plan(sql: str) -> str:
    """How the database goes about it."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"EXPLAIN {sql}")
            return "\n".join(row[0] for row in cursor.fetchall())
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        return "\n".join(row[3] for row in cursor.fetchall())


def crowd(who: services.Client, *, clients: int = 150, each: int = 12) -> None:
    """So many rows of other clients that no database would read them all, and statistics that say so."""
    others = services.Client.objects.bulk_create(
        services.Client(
            seller=who.seller, number=f"C-{5000 + n}", name="demo", email="x@demo.example", language="it", created_at=AT
        )
        for n in range(clients)
    )
    copies = [(other, f"{other.number}-{n}") for other in others for n in range(each)]
    for model, ways in (
        (models.Order, {"number": str, "payment_reference": str, "subject": str}),
        (models.Payment, {"number": str, "external_id": str}),
        (models.Invoice, {"number": str}),
    ):
        pattern = model.objects.earliest("pk")
        kept = {f.attname: getattr(pattern, f.attname) for f in model._meta.concrete_fields if not f.primary_key}
        if model is models.Order:
            kept |= {"state": "EXPIRED", "covered_minor": 0}
        elif model is models.Payment:
            kept["unapplied_minor"] = 0
        else:
            kept["order_id"] = None
        made = model.objects.bulk_create(
            model(**kept | {"client_id": other.pk} | dict.fromkeys(ways, name)) for other, name in copies
        )
        if model is models.Order:
            lines = [rows.columns(line("22.00"), position=1) for _ in made]
            models.OrderLine.objects.bulk_create(
                models.OrderLine(order=o, **c) for o, c in zip(made, lines, strict=True)
            )
            models.PartPayment.objects.bulk_create(
                models.PartPayment(order=o, source="deposit", amount_minor=1, applied_at=AT, released_at=AT)
                for o in made
            )
        if model is models.Invoice:
            line_of = models.InvoiceLine.objects.earliest("pk")
            fields = [f.attname for f in models.InvoiceLine._meta.concrete_fields if not f.primary_key]
            line_kept = {name: getattr(line_of, name) for name in fields}
            models.InvoiceLine.objects.bulk_create(
                models.InvoiceLine(**line_kept | {"invoice_id": invoice.pk, "service": f"S-{invoice.client_id}"})
                for invoice in made
            )
            opening_models.OpeningBalance.objects.bulk_create(
                opening_models.OpeningBalance(invoice=invoice, seller=who.seller, key=invoice.number, owed_minor=1)
                for invoice in made
            )
    transfer = ledger.Transfer.objects.earliest("pk")
    fields = [f.attname for f in ledger.Transfer._meta.concrete_fields if not f.primary_key]
    transfer_kept = {name: getattr(transfer, name) for name in fields}
    ledger.Transfer.objects.bulk_create(
        ledger.Transfer(**transfer_kept | {"entry": name, "owner": f"client:{other.number}", "order_number": name})
        for other, name in copies
    )
    ledger.Account.objects.bulk_create(
        ledger.Account(
            code=name, owner=f"client:{other.number}", kind="held", currency="EUR", balance_minor=0, floor_minor=0
        )
        for other, name in copies
    )
    if connection.vendor == "postgresql":  # SQLite plans without statistics, as it does in an installation
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def test_every_read_goes_over_an_index() -> None:
    who = client(italian())
    busy(who, 3, prefix="a")
    first = models.Invoice.objects.select_related("order").earliest("pk")
    assert first.order is not None
    crowd(who)
    wrong = {}
    for name, sqls in statements(reads(first.order.number, first.number)).items():
        plans = [plan(sql) for sql in sqls]
        scans = [
            found
            for found in plans
            if re.search(r"Seq Scan on (billing|ledger)_", found) or re.search(r"SCAN (billing|ledger)_", found)
        ]
        if scans or (name in INDEXES and not any(INDEXES[name] in found for found in plans)):
            wrong[name] = plans
    assert not wrong, "\n\n".join(f"{name}:\n" + "\n".join(plans) for name, plans in wrong.items())


def test_pages() -> None:
    who = client(italian())
    busy(who, 5, prefix="a")
    first = queries.orders_of_client(client="C-1001", limit=2)
    rest = queries.orders_of_client(client="C-1001", before=first[-1].id, limit=10)
    assert [view.subject for view in (*first, *rest)] == ["a4", "a3", "a2", "a1", "a0"]
    newest = queries.invoices_of_service(service="S-1001", limit=1)
    assert [view.number for view in newest] == ["2026/00005"]
    older = queries.invoices_of_service(service="S-1001", before=newest[0].id, limit=2)
    assert [view.number for view in older] == ["2026/00004", "2026/00003"]


def test_what_is_not_there_is_refused() -> None:
    for read in (
        lambda: queries.order(number="O-0000-0000000000"),
        lambda: queries.invoice_owner(seller="vicolo", number="2026/00001"),
        lambda: invoices.document(seller="vicolo", number="2026/00001"),
        lambda: invoices.proforma(order="O-0000-0000000000"),
    ):
        with pytest.raises(Refused) as refused:
            read()
        assert refused.value.code in ("order_unknown", "document_unknown")


def test_another_sellers_document_of_the_same_number_is_another_document() -> None:
    busy(client(italian()), 1, prefix="a")
    other = client(polish(), "C-2001")
    deposits.open_with(client=other, amount=pln("50.00"), key="import", at=AT, actor="system:import")
    placed = order(other, subject="z")
    deposits.draw_for(order=placed.number, at=AT, actor="system:collection")
    invoices.issue(order=placed.number, on=AT.date(), at=AT, actor="system:change")
    assert queries.invoice_owner(seller="vicolo", number="2026/00001") == "C-1001"
    with pytest.raises(Refused, match="document_unknown"):
        queries.invoice_owner(seller="zagroda", number="2026/00001")


def test_a_deposit_paid_order_takes_few_statements() -> None:
    """Order, draw and invoice of a deposit-paid change: what billing adds to the 60 statements of an easy change."""
    who = client(polish())
    deposits.open_with(client=who, amount=pln("60.00"), key="import", at=AT, actor="system:import")
    first = order(who, subject="warm")  # opens the accounts
    deposits.draw_for(order=first.number, at=AT, actor="system:collection")
    invoices.issue(order=first.number, on=AT.date(), at=AT, actor="system:change")
    with CaptureQueriesContext(connection) as placing:
        placed = order(who, subject="CH-1")
    with CaptureQueriesContext(connection) as drawing:
        deposits.draw_for(order=placed.number, at=AT, actor="system:collection")
    with CaptureQueriesContext(connection) as issuing:
        invoices.issue(order=placed.number, on=AT.date(), at=AT, actor="system:change")

    def counted(seen: CaptureQueriesContext) -> int:
        return sum("SAVEPOINT" not in query["sql"] for query in seen.captured_queries)

    assert (counted(placing), counted(drawing), counted(issuing)) == (5, 8, 12)
