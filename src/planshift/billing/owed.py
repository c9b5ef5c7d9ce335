"""What is owed for metered hours, and what settles it? New prepaid balance does, before anything else (D3)."""

import datetime as dt
from collections.abc import Iterable, Mapping

from planshift.billing import booking, models
from planshift.catalog import models as catalog
from planshift.domain import postings
from planshift.domain.money import Money

KINDS = ("prepaid", "metered", "owed")


def accounts(*, client: str, currency: str) -> list[postings.Account]:
    """The accounts of a client (number) that metered hours move."""
    return [postings.client_account(client=client, kind=kind, currency=currency) for kind in KINDS]


def stored(*, client: str, kind: str, currency: str, locked: booking.Locked) -> Money:
    """The balance of one of these accounts, which the caller has locked."""
    row = locked.rows[postings.client_account(client=client, kind=kind, currency=currency).code]
    return Money.from_minor(row.balance_minor or 0, currency)


def settling(
    *,
    client: str,
    seller: catalog.Seller,
    coming: Money,
    key: str,
    locked: booking.Locked,
    at: dt.datetime,
    actor: str,
    order: str = "",
) -> list[booking.Entry]:
    """The entry by which `coming` (new prepaid balance, booked together with it) settles what is owed; none where
    nothing is. `locked` has the client's accounts."""
    currency = coming.currency
    owed = stored(client=client, kind="owed", currency=currency, locked=locked)
    there = stored(client=client, kind="prepaid", currency=currency, locked=locked) + coming
    amount = min(owed, there)
    if amount.minor <= 0:
        return []
    posting = postings.owed_settled(client=client, amount=amount)
    return [booking.entry(posting, key=f"{key}/owed-settled", seller=seller, at=at, actor=actor, order=order)]


def unsettled(*, owing: Mapping[int, int]) -> dict[int, int]:
    """What of each draw (pk) is still owed, of clients (pk) that owe so many minor units in all: older draws are
    settled first. One statement for all."""
    left, found = dict(owing), dict[int, int]()
    rows = models.Draw.objects.filter(client__in=[pk for pk, minor in owing.items() if minor], owed_minor__gt=0)
    for pk, client, minor in _newest_first(rows.values_list("pk", "client_id", "owed_minor", "on")):
        part = min(left[client], minor)
        if part:
            found[pk] = part
            left[client] -= part
    return found


def _newest_first(rows: Iterable[tuple[int, int, int, dt.date]]) -> Iterable[tuple[int, int, int]]:
    return (
        (pk, client, minor) for pk, client, minor, _ in sorted(rows, key=lambda row: (row[3], row[0]), reverse=True)
    )
