"""How does account credit come about without a document? It is taken over from an earlier system."""

import datetime as dt
from collections.abc import Sequence

from planshift.billing import booking
from planshift.domain import postings
from planshift.domain.money import Money
from planshift.services import models as services


def open_many(*, opened: Sequence[tuple[services.Client, Money]], key: str, at: dt.datetime, actor: str) -> None:
    """Take over account credit from an earlier system, once per client and `key` (a second time with the same key
    breaks the ledger's unique key: IntegrityError). `seller` must be loaded with the clients."""
    booking.book_many(
        [
            booking.entry(
                postings.account_credit_opened(seller=client.seller.code, client=client.number, amount=amount),
                key=f"{client.number}/account-credit-opened/{key}",
                seller=client.seller,
                at=at,
                actor=actor,
            )
            for client, amount in opened
        ]
    )
