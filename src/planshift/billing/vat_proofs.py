"""Which consultation of VIES does an invoice without VAT lean on? Its number stands on the paper (reverse charge)."""

from collections.abc import Mapping, Sequence
from typing import Any

from planshift.billing import models, rows
from planshift.services import models as services

KEY = "vies"  # of a buyer's legal data on a document
CODE = "reverse_charge"


def of(*, orders: Sequence[models.Order], lines: Mapping[int, Sequence[rows.Columns]]) -> Mapping[int, str]:
    """By pk of the orders whose buyer accounts for the VAT: number and day of the newest consultation that confirmed a
    VAT number of the client and has a number. One statement, none where no order is taxed so."""
    without = [order for order in orders if any(each["vat_code"] == CODE for each in lines[order.pk])]
    clients = {order.pk: order.client_id for order in without}
    if not clients:
        return {}
    asked = services.VatCheck.objects.filter(client__in=set(clients.values()), valid=True)
    newest = {
        row.client_id: f"{row.request_identifier} ({row.checked_on})"
        for row in asked.exclude(request_identifier="").order_by("checked_at", "pk")
    }
    return {pk: newest[client] for pk, client in clients.items() if client in newest}


def on(*, party: Mapping[str, Any], consultation: str) -> dict[str, Any]:
    """The buyer as on the document; the consultation of an earlier document is not taken along."""
    legal = {key: value for key, value in (party.get("legal") or {}).items() if key != KEY}
    if consultation:
        legal[KEY] = consultation
    return {**{key: value for key, value in party.items() if key != "legal"}, **({"legal": legal} if legal else {})}
