"""Documents to render: demo parties, the two examples of the regulations."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from planshift.domain import documents
from planshift.domain.exact import Fraction
from planshift.domain.money import Money
from planshift.domain.tax import Taxed

SELLER = documents.Party(
    name="Zagroda Demo sp. z o.o.",
    street="ul. Próbna 7",
    postcode="00-950",
    city="Warszawa",
    country="PL",
    tax_id="PL5260250274",
    email="demo@zagroda.example",
)
BUYER = documents.Party(
    name="Zażółć Gęślą Jaźń (demo)",
    street="Via Però 12",
    postcode="50123",
    city="Firenze",
    country="IT",
    tax_id="IT12345670017",
)


def line(net: str, *, percent: int = 23, text: str = "Gold instead of Silver", timed: bool = True) -> documents.Line:
    """A line in PLN for four months."""
    return documents.Line(
        kind="charge",
        text={"en": text, "pl": text, "it": text},
        amount=Taxed.of_net(Money.of(net, "PLN"), Fraction(percent, 100)),
        vat_percent=Fraction(percent),
        start_on=dt.date(2026, 9, 1) if timed else None,
        end_on=dt.date(2027, 1, 1) if timed else None,
    )


def invoice(lines: Sequence[documents.Line] = (), **changed: object) -> documents.Document:
    """A paid invoice, net 1234.56."""
    lines = tuple(lines) or (line("1234.56"),)
    total = documents.total_of(lines, currency="PLN")
    made = documents.Document(
        kind="invoice",
        number="FV/2026/09/0007",
        language="pl",
        seller=SELLER,
        buyer=BUYER,
        bank_account="PL61109010140000071219812874",
        payment_reference="RF71O26117K3M9QX2A4",
        order_number="O-2611-7K3M9QX2A4",
        issued_on=dt.date(2026, 9, 1),
        sold_on=dt.date(2026, 9, 1),
        due_on=dt.date(2026, 9, 8),
        lines=lines,
        total=total,
        settled=(documents.Settled(source="deposit", amount=total.gross, on=dt.date(2026, 9, 1)),),
    )
    return replace(made, **changed)  # type: ignore[arg-type]


def correction(**changed: object) -> documents.Document:
    """A correction of two lines: 6.00 of 22.00 is given back, and all of a set-up fee of 10.00."""
    reduced = replace(line("22.00"), amount=Taxed.of_net(Money.of("-6.00", "PLN"), Fraction(23, 100)))
    setup = line("10.00", text="Set-up fee", timed=False)
    gone = replace(setup, kind="setup", amount=-setup.amount)
    made = invoice(
        (reduced, gone),
        kind="correction",
        number="FK/2026/0001",
        settled=(),
        due_on=None,
        payment_reference="",
        corrects=documents.Corrected(number="FV/2026/09/0007", issued_on=dt.date(2026, 9, 1)),
        reason="decrease",
        before=(line("22.00").amount, setup.amount),
    )
    return replace(made, **changed)  # type: ignore[arg-type]
