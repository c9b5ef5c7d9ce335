"""Sellers and clients that the tests of billing act with."""

import datetime as dt
from collections.abc import Sequence

from planshift.billing import corrections, invoices, models, orders, payments
from planshift.catalog import models as catalog
from planshift.domain import documents
from planshift.domain.exact import Fraction
from planshift.domain.money import Money
from planshift.domain.tax import Taxed
from planshift.services import models as services

AT = dt.datetime(2026, 9, 1, 10, 0, tzinfo=dt.UTC)
WEEK = AT + dt.timedelta(days=7)


def italian(**changed: object) -> catalog.Seller:
    """A seller without a deposit: EUR, 22 %."""
    return _seller(
        code="vicolo",
        name="Vicolo (demo)",
        legal_name="Vicolo Demo S.r.l.",
        street="Via dei Test 1",
        postcode="20121",
        city="Milano",
        country="IT",
        tax_id="IT12345670017",
        email="demo@vicolo.example",
        bank_account="IT60X0542811101000000123456",
        currency="EUR",
        language="it",
        time_zone="Europe/Rome",
        prices="net",
        invoice_pattern="{year}/{n:05}",
        has_deposit=False,
        **changed,
    )


def polish(**changed: object) -> catalog.Seller:
    """A seller with a deposit: PLN, 23 %."""
    return _seller(
        code="zagroda",
        name="Zagroda (demo)",
        legal_name="Zagroda Demo sp. z o.o.",
        street="ul. Próbna 7",
        postcode="00-950",
        city="Warszawa",
        country="PL",
        tax_id="PL5260250274",
        email="demo@zagroda.example",
        bank_account="PL61109010140000071219812874",
        currency="PLN",
        language="pl",
        time_zone="Europe/Warsaw",
        prices="net",
        invoice_pattern="FV/{year}/{month:02}/{n:04}",
        has_deposit=True,
        **changed,
    )


def _seller(**fields: object) -> catalog.Seller:
    found = catalog.Seller.objects.filter(code=fields["code"]).first()
    return found or catalog.Seller.objects.create(**fields)


def client(seller: catalog.Seller, number: str = "C-1001", *, name: str = "Anna Próba (demo)") -> services.Client:
    """A client with buyer data confirmed for invoicing long ago."""
    made = services.Client.objects.create(
        seller=seller, number=number, name=name, email="anna@demo.example", language=seller.language, created_at=AT
    )
    profile(made, name=name, confirmed_at=AT - dt.timedelta(days=400))
    return made


def profile(of: services.Client, *, name: str, confirmed_at: dt.datetime | None) -> services.BuyerProfile:
    """One version of a client's buyer data."""
    return services.BuyerProfile.objects.create(
        client=of,
        name=name,
        street="ul. Demo 1",
        postcode="30-001",
        city="Kraków",
        country=of.seller.country,
        tax_id="",
        is_business=False,
        created_at=confirmed_at or AT,
        confirmed_at=confirmed_at,
    )


def taxed(net: str, percent: int, currency: str) -> Taxed:
    """Net plus tax, rounded half up."""
    return Taxed.of_net(Money.of(net, currency), Fraction(percent, 100))


def line(
    net: str,
    *,
    percent: int = 22,
    currency: str = "EUR",
    kind: documents.LineKind = "charge",
    service: str = "S-1001",
    component: str = "plan",
) -> documents.Line:
    """A line about four months of a service."""
    timed = kind in ("charge", "credit")
    return documents.Line(
        kind=kind,
        text={"en": "Gold instead of Silver", "pl": "Gold zamiast Silver", "it": "Gold al posto di Silver"},
        amount=taxed(net, percent, currency),
        vat_percent=Fraction(percent),
        service=service,
        component=component,
        start_on=dt.date(2026, 9, 1) if timed else None,
        end_on=dt.date(2027, 1, 1) if timed else None,
    )


def order(
    of: services.Client,
    lines: Sequence[documents.Line] | None = None,
    *,
    at: dt.datetime = AT,
    expires_at: dt.datetime = WEEK,
    subject: str = "CH-2026-000001",
    signal_key: str = "change:CH-2026-000001",
    purpose: str = "change",
) -> models.Order:
    """An order; by default over net 22.00, the easy example of H7."""
    percent = 22 if of.seller.currency == "EUR" else 23
    lines = lines or [line("22.00", percent=percent, currency=of.seller.currency)]
    return orders.place(
        seller=of.seller,
        client=of,
        subject=subject,
        lines=lines,
        total=documents.total_of(lines, currency=of.seller.currency),
        expires_at=expires_at,
        signal_key=signal_key,
        at=at,
        actor=f"client:{of.number}",
        purpose=purpose,
    )


def eur(text: str) -> Money:
    """An amount in EUR."""
    return Money.of(text, "EUR")


def pln(text: str) -> Money:
    """An amount in PLN."""
    return Money.of(text, "PLN")


def credit(of: services.Client, gross: str) -> None:
    """Account credit in PLN: an invoice over so much, paid by transfer, is given back."""
    who = {"at": AT, "actor": "staff:ola"}
    net = (Fraction(gross) / Fraction("1.23")).limit_denominator(10**6)
    made = order(of, [line(f"{float(net):.2f}", percent=23, currency="PLN")], subject="before", signal_key="")
    assert made.gross_minor == pln(gross).minor
    payments.record(
        gateway="bank", external_id=made.number, amount=pln(gross), reference=made.number, received_at=AT, **who
    )
    invoice = invoices.issue(order=made.number, on=AT.date(), **who)
    assert invoice is not None
    drafts = corrections.draft_to_zero(
        seller=of.seller, document=invoice.number, cause="before", key=f"credit-{made.number}", **who
    )
    numbers = [each.number for each in drafts]
    corrections.issue(numbers=numbers, on=AT.date(), **who)
    corrections.credit(numbers=numbers, to="account_credit", **who)
