"""How much deposit is there, does it suffice, and what is drawn? Refundable, no fee, no VAT until drawn (D4, D11).

Whether a draw may happen by itself (auto-renewal on and enough deposit, D4) is decided in procedures; here is the
money.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from planshift.billing import booking, drawing, models, orders
from planshift.catalog import models as catalog
from planshift.domain import postings
from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.ledger import balances
from planshift.services import models as services

TOPUP_TEXT = {"en": "Deposit top-up", "pl": "Doładowanie Salda Kaucji", "it": "Ricarica del deposito"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """Whether a deposit suffices: `missing` is zero when it does."""

    balance: Money
    due: Money

    @property
    def enough(self) -> bool:
        """The balance covers everything that is due."""
        return self.balance >= self.due

    @property
    def missing(self) -> Money:
        """What has to be paid another way."""
        return Money.zero(self.due.currency) if self.enough else self.due - self.balance


def balance(*, client: str, currency: str) -> Money:
    """The free deposit of a client (number): what is not yet drawn for an order."""
    return balances.of_client(client=client, kind="deposit", currency=currency)


def can_cover(*, balance: Money, due: Money) -> Cover:
    """Does `balance` suffice for `due`? Pure; both in one currency (BadMoney otherwise)."""
    return Cover(balance=balance, due=due)


def draw_for(*, order: str, at: dt.datetime, actor: str, amount: Money | None = None) -> models.Order:
    """Draw `amount` (default: all that the order lacks) from the client's deposit for an open order. Refused as
    `drawing.draw_for`."""
    return drawing.draw_for(order=order, source="deposit", amount=amount, at=at, actor=actor)


def top_up_order(
    *,
    client: services.Client,
    amount: Money,
    expires_at: dt.datetime,
    at: dt.datetime,
    actor: str,
    signal_key: str = "",
) -> models.Order:
    """An order to pay `amount` into the deposit: paid like any other, no VAT, no invoice; it renews nothing (D11).

    Refused: `no_deposit` (this seller keeps none), `deposit_amount` (not positive), `deposit_currency`.
    """
    seller: catalog.Seller = client.seller
    if not seller.has_deposit:
        raise Refused("no_deposit", seller=seller.code)
    if amount.currency != seller.currency:
        raise Refused("deposit_currency", currency=amount.currency, expected=seller.currency)
    if amount.minor <= 0:
        raise Refused("deposit_amount", amount=amount)
    return orders.place_top_up(
        client=client,
        purpose="topup",
        text=TOPUP_TEXT,
        amount=amount,
        expires_at=expires_at,
        signal_key=signal_key,
        at=at,
        actor=actor,
    )


def open_with(*, client: services.Client, amount: Money, key: str, at: dt.datetime, actor: str) -> None:
    """Take over a deposit from an earlier system, once per `key` (a second time with the same key breaks the ledger's
    unique key: IntegrityError)."""
    open_many(opened=[(client, amount)], key=key, at=at, actor=actor)


def open_many(*, opened: Sequence[tuple[services.Client, Money]], key: str, at: dt.datetime, actor: str) -> None:
    """`open_with` for many clients at once; `seller` must be loaded with them."""
    with transaction.atomic():
        booking.book_many(
            [
                booking.entry(
                    postings.deposit_opened(seller=client.seller.code, client=client.number, amount=amount),
                    key=f"{client.number}/deposit-opened/{key}",
                    seller=client.seller,
                    at=at,
                    actor=actor,
                )
                for client, amount in opened
            ]
        )
