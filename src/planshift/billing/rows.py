"""How do documents' values and table rows turn into each other?"""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from planshift.billing import models
from planshift.catalog import models as catalog
from planshift.domain import documents
from planshift.domain.exact import Fraction
from planshift.domain.money import Money
from planshift.domain.tax import Taxed
from planshift.services import models as services

Row = models.Order | models.Invoice | models.LineFields | models.Correction | models.CorrectionLine


def taxed(row: Row, *, currency: str) -> Taxed:
    """The three amounts of a row."""
    return taxed_of(net_minor=row.net_minor, tax_minor=row.tax_minor, currency=currency)


def taxed_of(*, net_minor: int, tax_minor: int, currency: str) -> Taxed:
    """Net, tax and their sum, from minor units."""
    net, tax = Money.from_minor(net_minor, currency), Money.from_minor(tax_minor, currency)
    return Taxed(net, tax, net + tax)


def line(row: models.LineFields, *, currency: str) -> documents.Line:
    """A stored line as a value."""
    return documents.Line(
        kind=row.kind,  # type: ignore[arg-type]
        text=row.text,
        amount=taxed(row, currency=currency),
        vat_percent=Fraction(row.vat_percent),
        vat_code=row.vat_code,
        service=row.service,
        component=row.component,
        quantity=row.quantity,
        start_on=row.start_on,
        end_on=row.end_on,
        on_top_of=row.on_top_of,
    )


Columns = dict[str, Any]  # of one line, without what it belongs to


def columns(given: documents.Line, *, position: int) -> Columns:
    """The columns of a line. Raises BadMoney when an amount is no whole number of minor units."""
    return {
        "position": position,
        "kind": given.kind,
        "text": dict(given.text),
        "service": given.service,
        "component": given.component,
        "quantity": given.quantity,
        "start_on": given.start_on,
        "end_on": given.end_on,
        "on_top_of": given.on_top_of,
        "vat_code": given.vat_code,
        "vat_percent": Decimal(given.vat_percent.numerator) / Decimal(given.vat_percent.denominator),
        "net_minor": given.amount.net.minor,
        "tax_minor": given.amount.tax.minor,
        "gross_minor": given.amount.gross.minor,
    }


def copied(row: models.LineFields) -> Columns:
    """The columns of a stored line, for a copy of it."""
    return {name: getattr(row, name) for name in _COPIED}


_COPIED = (
    *("position", "kind", "text", "service", "component", "quantity", "on_top_of", "start_on", "end_on"),
    *("vat_code", "vat_percent", "net_minor", "tax_minor", "gross_minor"),
)


def seller_party(seller: catalog.Seller) -> documents.Party:
    """The seller as it stands on a document made now."""
    return documents.Party(
        name=seller.legal_name,
        street=seller.street,
        postcode=seller.postcode,
        city=seller.city,
        country=seller.country,
        tax_id=seller.tax_id,
        email=seller.email,
        legal=seller.legal,
    )


def profile_party(profile: services.BuyerProfile, *, email: str) -> documents.Party:
    """One version of a client's buyer data as a party."""
    return documents.Party(
        name=profile.name,
        street=profile.street,
        postcode=profile.postcode,
        city=profile.city,
        country=profile.country,
        tax_id=profile.tax_id,
        email=email,
        is_business=profile.is_business,
        legal=profile.legal,
    )


def settled(stored: Iterable[Mapping[str, Any]], *, currency: str) -> tuple[documents.Settled, ...]:
    """The frozen list of what settled a document."""
    return tuple(
        documents.Settled(
            source=part["source"],
            amount=Money.from_minor(part["amount_minor"], currency),
            on=date.fromisoformat(part["on"]),
        )
        for part in stored
    )
