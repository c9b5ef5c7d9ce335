"""How much deposit is there, does it suffice, and what is drawn? Refundable, no fee, no VAT until drawn (D4, D11).

Whether a draw may happen by itself (auto-renewal on and enough deposit, D4) is decided in procedures; here is the
money.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from planshift.billing import booking, covering, invoices, models, orders
from planshift.catalog import models as catalog
from planshift.domain import documents, postings
from planshift.domain.errors import Refused
from planshift.domain.exact import Fraction
from planshift.domain.money import Money
from planshift.domain.tax import Taxed
from planshift.ledger import balances
from planshift.runtime import bulk
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
    """Draw `amount` (default: all that the order lacks) from the client's deposit for an open order; PAID when that
    covers it.

    All or nothing: two draws of one deposit can never take more than there is. Refused with nothing changed:
    `order_unknown`, `order_not_open`, `topup_from_deposit`, `draw_not_possible` (not positive, or more than is
    lacking), `deposit_too_low` (facts: balance, wanted).
    """
    with transaction.atomic():
        row = covering.lock(numbers=[order])[0]
        _wanted(row, at=at, amount=amount)
        locked = booking.lock(accounts(row))
        draw(row, amount=drawable(row, held=locked, at=at, amount=amount), held=locked, at=at, actor=actor)
    return row


def free_in(order: models.Order, *, held: booking.Locked) -> Money:
    """The free deposit for an order, as seen under the lock of the client's accounts."""
    code = accounts(order)[0].code
    return Money.from_minor((held.rows[code].balance_minor or 0) if code in held.rows else 0, order.currency)


def drawable(order: models.Order, *, held: booking.Locked, at: dt.datetime, amount: Money | None = None) -> Money:
    """What would be drawn for an order, under the locks of order and accounts; nothing is written. Refused as
    `draw_for`."""
    wanted, free = _wanted(order, at=at, amount=amount), free_in(order, held=held)
    if free < wanted:
        raise Refused("deposit_too_low", order=order.number, balance=free, wanted=wanted)
    return wanted


def draw(order: models.Order, *, amount: Money, held: booking.Locked, at: dt.datetime, actor: str) -> None:
    """Draw what is `drawable`, under the same locks."""
    share = covering.Share(order=order, payment=None, source="deposit", amount=amount)
    covering.put(shares=[share], at=at, actor=actor, locked=booking.lock(accounts(order), held=held))


def draw_and_invoice(
    order: models.Order, *, amount: Money, held: booking.Locked, on: dt.date, at: dt.datetime, actor: str
) -> models.Invoice | None:
    """Draw what is `drawable`, all that the order lacks, and issue its invoice, dated `on`, in one round of bookings.
    None where there is nothing to document. What is refused here breaks the caller's transaction off."""
    lines = invoices.lines_of([order])
    if amount.minor != order.gross_minor or not invoices.documented(order, lines=lines[order.pk]):
        draw(order, amount=amount, held=held, at=at, actor=actor)
        return invoices.issue(order=order.number, on=on, at=at, actor=actor)
    moved = invoices.movements([order])
    locked = booking.lock([*accounts(order), *invoices.accounts(moved)], held=held)
    parts = bulk.create([models.PartPayment(order=order, source="deposit", amount_minor=amount.minor, applied_at=at)])
    covering.finish(orders=[order], at=at, actor=actor)
    (invoice,) = invoices.issue_covered(
        orders=[order],
        lines=lines,
        parts=parts,
        moved=moved,
        held=locked,
        also=[covering.drawn(order=order, part=parts[0], at=at, actor=actor)],
        on=on,
        at=at,
        actor=actor,
    )
    return invoice


def accounts(order: models.Order) -> list[postings.Account]:
    """What a draw moves: the client's deposit, and what is drawn from it and not yet spent."""
    return [
        postings.client_account(client=order.client.number, kind=kind, currency=order.currency)
        for kind in ("deposit", "held")
    ]


def _wanted(row: models.Order, *, at: dt.datetime, amount: Money | None = None) -> Money:
    if row.state != "AWAITING_PAYMENT" or row.expires_at <= at:
        raise Refused("order_not_open", order=row.number, state=row.state)
    if row.purpose in covering.TOP_UPS:
        raise Refused("topup_from_deposit", order=row.number)
    lacking = covering.missing(row)
    wanted = lacking if amount is None else amount
    if wanted.minor <= 0 or wanted > lacking:
        raise Refused("draw_not_possible", order=row.number, wanted=wanted, lacking=lacking)
    return wanted


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
    untaxed = Taxed(amount, Money.zero(amount.currency), amount)
    line = documents.Line(kind="topup", text=TOPUP_TEXT, amount=untaxed, vat_percent=Fraction(0), vat_code="outside")
    return orders.place(
        seller=seller,
        client=client,
        subject=client.number,
        purpose="topup",
        lines=[line],
        total=untaxed,
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
