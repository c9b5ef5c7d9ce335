"""How does a movement get into the ledger? The only importer of `ledger.journal` (import contract 5)."""

import datetime as dt
from collections.abc import Iterable, Sequence
from functools import lru_cache
from zoneinfo import ZoneInfo

from planshift.billing import own_money, waking
from planshift.catalog import models as catalog
from planshift.domain import postings
from planshift.ledger import journal

# What other modules of billing may name without reaching into the ledger.
Entry = journal.Entry
Locked = journal.Locked


def day(*, seller: catalog.Seller, at: dt.datetime) -> dt.date:
    """The date of a business instant in the seller's zone."""
    return _day(seller.time_zone, at)


@lru_cache(maxsize=100)  # all that is booked together is booked at one instant
def _day(zone: str, at: dt.datetime) -> dt.date:
    return at.astimezone(ZoneInfo(zone)).date()


def entry(
    posting: postings.Posting,
    *,
    key: str,
    seller: catalog.Seller,
    at: dt.datetime,
    actor: str,
    order: str = "",
    payment: str = "",
    document: str = "",
) -> Entry:
    """One movement with its unique key (the same thing cannot be booked twice) and what it refers to."""
    return Entry(
        key=key,
        posting=posting,
        on=day(seller=seller, at=at),
        at=at,
        actor=actor,
        order=order,
        payment=payment,
        document=document,
    )


def lock(accounts: Iterable[postings.Account], *, held: Locked | None = None) -> Locked:
    """Lock accounts before something that must come after them (a number series). `held`: from `lock_client`."""
    return journal.lock(accounts=accounts, held=held)


def lock_client(client: str, *, beside: Iterable[postings.Account] = ()) -> Locked:
    """Lock the accounts that a client (number) has so far; none is opened. What nobody owns of the accounts `beside` is
    found with them."""
    return journal.lock_owner(owner=postings.client_key(client), beside=beside)


def book_many(entries: Sequence[Entry], *, locked: Locked | None = None) -> None:
    """Book all, or none: Refused("balance_too_low") with nothing written when a client's account would go below its
    floor. Where a balance that pays orders rises, the open orders of its client are looked at again: it may pay for
    them now (D4)."""
    journal.post_many(entries=entries, locked=locked)
    rising = {
        transfer.credit.owner.partition(":")[2]
        for entry in entries
        for transfer in entry.posting.transfers
        if transfer.credit.kind in own_money.BALANCES
    }
    if rising:
        waking.orders_of(clients=rising, because="deposit")


def book(
    posting: postings.Posting,
    *,
    key: str,
    seller: catalog.Seller,
    at: dt.datetime,
    actor: str,
    order: str = "",
    payment: str = "",
    document: str = "",
) -> None:
    """Book one movement."""
    book_many(
        [entry(posting, key=key, seller=seller, at=at, actor=actor, order=order, payment=payment, document=document)]
    )
