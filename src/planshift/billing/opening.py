"""How does an invoice that was issued elsewhere come in? Registered under its own number, frozen like one of ours."""

import datetime as dt
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from django.db import transaction

from planshift.billing import booking, models, opened, rows
from planshift.catalog import models as catalog
from planshift.domain import opening, postings
from planshift.runtime import audit
from planshift.services import models as services


def taken(*, seller: catalog.Seller, numbers: Sequence[str]) -> set[str]:
    """Which of these numbers documents of the seller have already. One statement."""
    found = models.Invoice.objects.filter(seller=seller, number__in=list(numbers))
    return set(found.values_list("number", flat=True))


def register(
    *, seller: catalog.Seller, invoices: Sequence[opening.Invoice], at: dt.datetime, actor: str
) -> list[models.Invoice]:
    """Write invoices that another system issued, the oldest first: no series, no order, no revenue or VAT of ours; what
    is not paid of them becomes what the client owes. Numbers are `taken`'s to check (IntegrityError)."""
    ordered = sorted(invoices, key=lambda each: (each.issued_on, each.number))
    clients = services.Client.objects.in_bulk([each.client for each in ordered], field_name="number")
    with transaction.atomic():
        made = models.Invoice.objects.bulk_create(
            _invoice(each, seller, clients[each.client], actor) for each in ordered
        )
        models.InvoiceLine.objects.bulk_create(
            models.InvoiceLine(invoice=row, paid_minor=line.paid.minor, **rows.columns(line.line, position=position))
            for each, row in zip(ordered, made, strict=True)
            for position, line in enumerate(each.lines, 1)
        )
        owing = [(each, row) for each, row in zip(ordered, made, strict=True) if each.paid != each.total.gross]
        models.OpeningBalance.objects.bulk_create(
            opened.balance(invoice=row, owed=each.total.gross - each.paid) for each, row in owing
        )
        booking.book_many([_entry(each, seller, at, actor) for each, _ in owing])
        audit.write(
            audit.entry(
                kind="billing.invoice",
                object_id=row.pk,
                number=row.number,
                event="registered",
                actor=actor,
                at=at,
                facts={"gross": row.gross_minor, "currency": row.currency, "issued_on": row.issued_on.isoformat()},
            )
            for row in made
        )
    return made


def _invoice(given: opening.Invoice, seller: catalog.Seller, client: services.Client, actor: str) -> models.Invoice:
    total, paid = given.total, given.paid
    noon = dt.datetime.combine(given.issued_on, dt.time(12), tzinfo=ZoneInfo(seller.time_zone))
    settled = {"source": "bank", "amount_minor": paid.minor, "on": given.paid_on.isoformat()}
    return models.Invoice(
        number=given.number,
        series="",
        seller=seller,
        client=client,
        kind="invoice",
        legal_form="xml_pending" if given.e_invoice_number else "pdf",
        e_invoice_number=given.e_invoice_number,
        imported=True,
        issued_on=given.issued_on,
        sold_on=given.sold_on,
        issued_at=noon,
        issued_by=actor,
        language=given.language,
        currency=given.currency,
        net_minor=total.net.minor,
        tax_minor=total.tax.minor,
        gross_minor=total.gross.minor,
        seller_party=rows.seller_party(seller).to_json(),
        buyer_party=given.buyer.to_json(),
        bank_account=seller.bank_account,
        payment_reference="",
        settled=[settled] if paid.minor else [],
    )


def _entry(given: opening.Invoice, seller: catalog.Seller, at: dt.datetime, actor: str) -> booking.Entry:
    owed = given.total.gross - given.paid
    return booking.entry(
        postings.receivable_opened(seller=seller.code, client=given.client, amount=owed),
        key=f"{seller.code}/opened/{given.number}",
        seller=seller,
        at=at,
        actor=actor,
        document=given.number,
    )
