"""How does money come into the prepaid balance, and out of it? By paid orders, by transfers to and from the deposit.

The prepaid balance is an account of its own, one per client (a client belongs to one seller), apart from the deposit:
nothing moves between them by itself (D3).
"""

import datetime as dt
import hashlib
from typing import Literal

from django.db import transaction

from planshift.billing import booking, models, orders, owed
from planshift.catalog import models as catalog
from planshift.domain import postings
from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.ledger import balances
from planshift.services import models as services

PURPOSE = "prepaid"
TOPUP_TEXT = {
    "en": "Prepaid balance top-up",
    "pl": "Doładowanie salda przedpłaconego",
    "it": "Ricarica del saldo prepagato",
}
Direction = Literal["to_prepaid", "to_deposit"]


def balance(*, client: str, currency: str) -> Money:
    """The prepaid balance of a client (number)."""
    return balances.of_client(client=client, kind="prepaid", currency=currency)


def owing(*, client: str, currency: str) -> Money:
    """What a client owes for metered hours that the prepaid balance did not cover."""
    return balances.of_client(client=client, kind="owed", currency=currency)


def top_up_order(
    *,
    client: services.Client,
    amount: Money,
    expires_at: dt.datetime,
    at: dt.datetime,
    actor: str,
    signal_key: str = "",
) -> models.Order:
    """An order to pay `amount` into the prepaid balance: paid like any other; no VAT, no invoice, its receipt is the
    paid order. Refused: `prepaid_amount` (not positive), `prepaid_currency`."""
    seller: catalog.Seller = client.seller
    if amount.currency != seller.currency:
        raise Refused("prepaid_currency", currency=amount.currency, expected=seller.currency)
    if amount.minor <= 0:
        raise Refused("prepaid_amount", amount=amount)
    return orders.place_top_up(
        client=client,
        purpose=PURPOSE,
        text=TOPUP_TEXT,
        amount=amount,
        expires_at=expires_at,
        signal_key=signal_key,
        at=at,
        actor=actor,
    )


def transfer(
    *, client: services.Client, direction: Direction, amount: Money, key: str, at: dt.datetime, actor: str
) -> None:
    """Move `amount` between deposit and prepaid balance, once per `key`; what then is owed is settled first.

    Refused with nothing moved: `no_deposit`, `prepaid_amount`, `prepaid_currency`, `deposit_too_low`,
    `prepaid_too_low` (facts: balance, wanted).
    """
    seller: catalog.Seller = client.seller
    if not seller.has_deposit:
        raise Refused("no_deposit", seller=seller.code)
    if amount.currency != seller.currency:
        raise Refused("prepaid_currency", currency=amount.currency, expected=seller.currency)
    if amount.minor <= 0:
        raise Refused("prepaid_amount", amount=amount)
    to_prepaid = direction == "to_prepaid"
    source = "deposit" if to_prepaid else "prepaid"
    with transaction.atomic():
        deposit = postings.client_account(client=client.number, kind="deposit", currency=amount.currency)
        locked = booking.lock([deposit, *owed.accounts(client=client.number, currency=amount.currency)])
        free = owed.stored(client=client.number, kind=source, currency=amount.currency, locked=locked)
        if free < amount:
            raise Refused("deposit_too_low" if to_prepaid else "prepaid_too_low", balance=free, wanted=amount)
        make = postings.deposit_to_prepaid if to_prepaid else postings.prepaid_to_deposit
        entry = f"{client.number}/transfer/{hashlib.sha256(key.encode()).hexdigest()[:40]}"  # keys of clients are long
        entries = [
            booking.entry(make(client=client.number, amount=amount), key=entry, seller=seller, at=at, actor=actor)
        ]
        if direction == "to_prepaid":
            entries += owed.settling(
                client=client.number, seller=seller, coming=amount, key=entry, locked=locked, at=at, actor=actor
            )
        booking.book_many(entries, locked=locked)
