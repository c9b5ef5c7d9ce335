"""Which consultation of VIES does an invoice without VAT lean on? Its number stands on the paper (reverse charge)."""

from collections.abc import Mapping, Sequence
from typing import Any

from planshift.billing import models, rows
from planshift.domain import documents, einvoices
from planshift.services import models as services

KEY = "vies"  # of a buyer's legal data on a document
CODE = "reverse_charge"


def of(*, orders: Sequence[models.Order], lines: Mapping[int, Sequence[rows.Columns]]) -> Mapping[int, str]:
    """By pk of the orders whose buyer accounts for the VAT: number and day of the newest consultation that confirmed
    the VAT number of the order's buyer and has a number. One statement, none where no order is taxed so."""
    without = [order for order in orders if any(each["vat_code"] == CODE for each in lines[order.id])]
    return newest(
        wanted={
            order.id: (order.client_id, number_of(documents.Party.from_json(order.buyer_party))) for order in without
        }
    )


def newest(*, wanted: Mapping[int, tuple[int, str]]) -> Mapping[int, str]:
    """Of each client (pk) and VAT number, by the key that they are asked under, what `of` tells."""
    if not wanted:
        return {}
    asked = services.VatCheck.objects.filter(client__in={client for client, _ in wanted.values()}, valid=True)
    found = {
        (row.client_id, row.number): f"{row.request_identifier} ({row.checked_on})"
        for row in asked.exclude(request_identifier="").order_by("checked_at", "pk")
    }
    return {pk: found[key] for pk, key in wanted.items() if key in found}


def number_of(party: documents.Party) -> str:
    """The VAT number of a buyer, as VIES was asked for it."""
    return "".join(einvoices.vat_number(party))


def on(*, party: Mapping[str, Any], consultation: str) -> dict[str, Any]:
    """The buyer as on the document; the consultation of an earlier document is not taken along."""
    legal = {key: value for key, value in (party.get("legal") or {}).items() if key != KEY}
    if consultation:
        legal[KEY] = consultation
    return {**{key: value for key, value in party.items() if key != "legal"}, **({"legal": legal} if legal else {})}
