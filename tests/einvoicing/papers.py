"""The upgrade of H7 and its decrease as documents: by billing's own functions where a database is at hand."""

import datetime as dt
from dataclasses import replace

from planshift.domain import correcting, correction, documents
from planshift.domain.exact import Fraction
from planshift.domain.money import Money
from planshift.domain.tax import Taxed

ISSUED = dt.date(2026, 9, 1)
KSEF = "5260250274-20260901-0100001AF629-AF"
POLISH = documents.Party(
    name="Zagroda Demo sp. z o.o.",
    street="ul. Próbna 7",
    postcode="00-950",
    city="Warszawa",
    country="PL",
    tax_id="PL5260250274",
    email="demo@zagroda.example",
)
ITALIAN = documents.Party(
    name="Vicolo Demo S.r.l.",
    street="Via dei Test 1",
    postcode="20121",
    city="Milano",
    country="IT",
    tax_id="IT12345670017",
    email="demo@vicolo.example",
    legal={"regime": "RF01", "rea_office": "MI", "rea_number": "1234567", "province": "MI"},
)
BUYERS = {
    "PL": replace(POLISH, name="Żółć Demo sp. z o.o.", tax_id="PL1111111111", email="zolc@demo.example"),
    "IT": replace(ITALIAN, name="Cliente Demo S.p.A.", tax_id="IT07643520583", legal={"recipient": "ABC1234"}),
    "DE": documents.Party(
        name="Kunde Demo GmbH",
        street="Hauptstr. 1",
        postcode="10115",
        city="Berlin",
        country="DE",
        tax_id="DE136695976",
        email="kunde@demo.example",
    ),
    "CH": documents.Party(
        name="Kunde Demo AG",
        street="Bahnhofstr. 1",
        postcode="8001",
        city="Zürich",
        country="CH",
        email="kunde@demo.example",
    ),
}


def line(net: str, *, percent: int, code: str = "standard", currency: str, **more: object) -> documents.Line:
    """Gold instead of Silver for four months."""
    made = documents.Line(
        kind="charge",
        text={"en": "Gold instead of Silver", "pl": "Gold zamiast Silver → różnica", "it": "Gold anziché Silver"},
        amount=Taxed.of_net(Money.of(net, currency), Fraction(percent, 100)),
        vat_percent=Fraction(percent),
        vat_code=code,
        service="S-1001",
        component="plan",
        start_on=dt.date(2026, 9, 1),
        end_on=dt.date(2027, 1, 1),
    )
    return replace(made, **more)  # type: ignore[arg-type]


def setup(*, percent: int, code: str = "standard", currency: str) -> documents.Line:
    """The set-up fee of 10.00 of a hard change (H5)."""
    return line("10.00", percent=percent, code=code, currency=currency, kind="setup", start_on=None, end_on=None)


def invoice(
    *lines: documents.Line,
    seller: documents.Party = POLISH,
    buyer: documents.Party | None = None,
    number: str = "FV/2026/09/0007",
    **more: object,
) -> documents.Document:
    """A paid invoice; by default the easy example and a set-up fee, at the seller's rate."""
    currency, percent = ("PLN", 23) if seller.country == "PL" else ("EUR", 22)
    lines = lines or (line("22.00", percent=percent, currency=currency), setup(percent=percent, currency=currency))
    total = documents.total_of(lines, currency=lines[0].amount.currency)
    made = documents.Document(
        kind="invoice",
        number=number,
        language="en",
        seller=seller,
        buyer=buyer or BUYERS[seller.country],
        bank_account="PL61109010140000071219812874",
        payment_reference="RF71O26117K3M9QX2A4",
        order_number="O-2611-7K3M9QX2A4",
        issued_on=ISSUED,
        sold_on=ISSUED,
        due_on=ISSUED + dt.timedelta(days=7),
        lines=lines,
        total=total,
        settled=(documents.Settled(source="deposit", amount=total.gross, on=ISSUED),),
        legal_form="xml_pending",
        issued_at=dt.datetime(2026, 9, 1, 10, 0, tzinfo=dt.UTC),
    )
    return replace(made, **more)  # type: ignore[arg-type]


def corrected(of: documents.Document, given_back: str, *, number: str = "FK/2026/0001") -> documents.Document:
    """The correction of the first line of an invoice by a net amount, for its last month."""
    chain = correction.Issued(
        number=of.number,
        issued_on=of.issued_on,
        currency=of.total.currency,
        lines=tuple(
            correction.IssuedLine(position=at, line=each, paid=each.amount.gross)
            for at, each in enumerate(of.lines, start=1)
        ),
    )
    credit = correction.Credit(
        document=of.number,
        position=1,
        amount=Money.of(given_back, of.total.currency),
        span=(dt.date(2026, 12, 1), dt.date(2027, 1, 1)),
    )
    (made,) = correcting.correct(documents=[chain], credits=[credit], reason="decrease")
    lines = tuple(
        replace(
            each.line, amount=each.difference, start_on=each.span and each.span[0], end_on=each.span and each.span[1]
        )
        for each in made.lines
    )
    return replace(
        of,
        kind="correction",
        number=number,
        order_number="",
        payment_reference="",
        issued_on=dt.date(2026, 11, 22),
        sold_on=dt.date(2026, 11, 22),
        due_on=None,
        lines=lines,
        total=made.difference,
        settled=(),
        corrects=documents.Corrected(
            number=of.number, issued_on=of.issued_on, legal_form=of.legal_form, e_invoice_number=KSEF
        ),
        reason=made.reason,
    )
