"""Short ways to write issued documents and corrections for tables of literals."""

from datetime import date

from planshift.domain import correction, correction_tax, documents
from planshift.domain.exact import Fraction
from planshift.domain.money import Money
from planshift.domain.tax import Taxed

JUNE = (date(2026, 6, 1), date(2026, 7, 1))


def taxed(text: str, currency: str = "PLN") -> Taxed:
    """ "10.00 2.30" is net and tax."""
    net, tax = (Money.of(part, currency) for part in text.split())
    return Taxed(net, tax, net + tax)


def line(
    position: int,
    amount: str,
    *,
    percent: str = "23",
    code: str = "standard",
    component: str = "plan",
    paid: str = "",
    service: str = "S-1",
    span: correction.Span | None = JUNE,
    currency: str = "PLN",
) -> correction.IssuedLine:
    """One line, paid in full where `paid` does not say otherwise."""
    of = taxed(amount, currency)
    return correction.IssuedLine(
        position=position,
        line=documents.Line(
            kind="setup" if component == "setup" else "charge",
            text={"en": component},
            amount=of,
            vat_percent=Fraction(percent),
            vat_code=code,
            service=service,
            component=component,
            start_on=span[0] if span else None,
            end_on=span[1] if span else None,
        ),
        paid=Money.of(paid, currency) if paid else of.gross,
    )


def issued(
    *lines: correction.IssuedLine,
    number: str = "FV/1",
    on: str = "2026-06-01",
    prices: str = "net",
    by_line: bool = False,
    mode: str = "half_up",
) -> correction.Issued:
    """An issued document in the currency of its lines."""
    return correction.Issued(
        number=number,
        issued_on=date.fromisoformat(on),
        currency=lines[0].line.amount.currency,
        lines=lines,
        method=correction_tax.Method(prices=prices, by_line=by_line, mode=mode),
    )


def credit(
    position: int,
    amount: str,
    *,
    document: str = "FV/1",
    prices: str = "net",
    currency: str = "PLN",
    span: correction.Span | None = None,
) -> correction.Credit:
    """A credit of one line."""
    return correction.Credit(
        document=document, position=position, amount=Money.of(amount, currency), prices=prices, span=span
    )


def rows(found: correction.Correction) -> list[tuple[int, str, str, str]]:
    """Position, before, after and difference of each line, each as "net tax"."""
    return [(each.position, text(each.before), text(each.after), text(each.difference)) for each in found.lines]


def text(amount: Taxed) -> str:
    """ "10.00 2.30"."""
    return f"{amount.net.text} {amount.tax.text}"
