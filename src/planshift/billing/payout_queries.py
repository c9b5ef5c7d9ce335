"""Which payouts are there? Frozen values, one statement each."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from planshift.billing import models
from planshift.domain.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutView:
    """A payout. `iban` is whole: show it to its owner and to staff only."""

    number: str
    seller: str
    client: str
    client_name: str
    state: str
    amount: Money
    holder: str
    iban: str
    requested_at: dt.datetime
    due_at: dt.datetime
    closed_at: dt.datetime | None
    note: str


def of_client(*, client: str, limit: int = 20) -> tuple[PayoutView, ...]:
    """A client's payouts, newest first."""
    found = models.Payout.objects.filter(client__number=client).select_related("seller", "client")
    return tuple(_view(row) for row in found.order_by("-pk")[:limit])


def one(*, client: str, number: str) -> PayoutView | None:
    """A payout of a client; None where the client has no such one."""
    row = models.Payout.objects.filter(client__number=client, number=number).select_related("seller", "client").first()
    return None if row is None else _view(row)


def waiting(*, sellers: Iterable[str], limit: int = 200) -> tuple[PayoutView, ...]:
    """The queue of staff, the most urgent first."""
    found = models.Payout.objects.filter(seller__code__in=list(sellers), state="REQUESTED")
    return tuple(_view(row) for row in found.select_related("seller", "client").order_by("due_at", "pk")[:limit])


def owner(*, number: str) -> tuple[str, str] | None:
    """(client's number, seller's code) of a payout, for permission checks."""
    return models.Payout.objects.filter(number=number).values_list("client__number", "seller__code").first()


def _view(row: models.Payout) -> PayoutView:
    return PayoutView(
        number=row.number,
        seller=row.seller.code,
        client=row.client.number,
        client_name=row.client.name,
        state=row.state,
        amount=Money.from_minor(row.amount_minor, row.currency),
        holder=row.holder,
        iban=row.iban,
        requested_at=row.requested_at,
        due_at=row.due_at,
        closed_at=row.closed_at,
        note=row.note,
    )
