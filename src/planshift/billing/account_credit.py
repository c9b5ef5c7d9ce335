"""How does account credit come about without a document? Taken over from an earlier system, or granted by staff, who
take back what is not used of it. It is the seller's goodwill, never money of the client."""

import datetime as dt
import hashlib
from collections.abc import Sequence

from django.db import transaction

from planshift.billing import booking
from planshift.domain import postings
from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.ledger import balances
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


def grant(*, client: services.Client, amount: Money, key: str, at: dt.datetime, actor: str) -> None:
    """Credit `amount` to the client's account; open orders are looked at again. Refused: `account_credit_amount` (not
    above zero), `account_credit_currency`."""
    _check(client, amount)
    booking.book(
        postings.account_credit_granted(seller=client.seller.code, client=client.number, amount=amount),
        key=_key(client, "granted", key),
        seller=client.seller,
        at=at,
        actor=actor,
    )


def take_back(*, client: services.Client, amount: Money, key: str, at: dt.datetime, actor: str) -> None:
    """Take back `amount` of what was granted. Refused as `grant`, and `account_credit_not_granted` (facts: left,
    wanted)."""
    _check(client, amount)
    posting = postings.account_credit_taken_back(seller=client.seller.code, client=client.number, amount=amount)
    with transaction.atomic():
        locked = booking.lock(account for each in posting.transfers for account in (each.debit, each.credit))
        left = takeable(client=client)
        if amount > left:
            raise Refused("account_credit_not_granted", left=left, wanted=amount)
        key = _key(client, "taken-back", key)
        entry = booking.entry(posting, key=key, seller=client.seller, at=at, actor=actor)
        booking.book_many([entry], locked=locked)


def takeable(*, client: services.Client) -> Money:
    """What staff may take back: granted, not yet taken back, and free. What was used counts as other credit first, so
    that a client keeps what changes gave back."""
    currency = client.seller.currency
    names = ("account_credit_granted", "account_credit_taken_back")
    moved = balances.of_postings(client=client.number, names=names, currency=currency)
    free = balances.of_client(client=client.number, kind="account_credit", currency=currency)
    return min(free, moved[names[0]] - moved[names[1]])


def _check(client: services.Client, amount: Money) -> None:
    if amount.currency != client.seller.currency:
        raise Refused("account_credit_currency", currency=amount.currency, expected=client.seller.currency)
    if amount.minor <= 0:
        raise Refused("account_credit_amount", amount=amount)


def _key(client: services.Client, what: str, key: str) -> str:
    """Keys of clients are long."""
    return f"{client.number}/account-credit-{what}/{hashlib.sha256(key.encode()).hexdigest()[:40]}"
