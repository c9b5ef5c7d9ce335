"""What is drawn of a client's own balances for an order? Each draw in full or not at all: two draws of one balance can
never take more than there is.

Whether a draw may happen by itself (D4, the policy's `account_credit`) is decided in procedures; here is the money.
"""

import datetime as dt
from collections.abc import Iterable, Mapping

from django.db import transaction

from planshift.billing import booking, covering, invoices, models, own_money
from planshift.domain import postings
from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.runtime import bulk

Amounts = Mapping[str, Money]  # by balance


def draw_for(
    *, order: str, at: dt.datetime, actor: str, amount: Money | None = None, source: str = "deposit"
) -> models.Order:
    """Draw `amount` (default: all that the order lacks) from one balance for an open order; PAID when that covers it.

    Refused with nothing changed: `order_unknown`, `order_not_open`, `topup_from_deposit`, `draw_not_possible` (not
    positive, or more than is lacking), `deposit_too_low` or `account_credit_too_low` (facts: balance, wanted).
    """
    with transaction.atomic():
        row = covering.lock(numbers=[order])[0]
        missing = lacking(row, at=at)
        wanted = missing if amount is None else amount
        if wanted.minor <= 0 or wanted > missing:
            raise Refused("draw_not_possible", order=row.number, wanted=wanted, lacking=missing)
        held = booking.lock(accounts(row, sources=[source]))
        free = free_in(row, held=held)[source]
        if free < wanted:
            facts = {"order": row.number, "balance": free, "wanted": wanted}
            raise (
                Refused("deposit_too_low", **facts)
                if source == "deposit"
                else Refused("account_credit_too_low", **facts)
            )
        draw(row, amounts={source: wanted}, held=held, at=at, actor=actor)
    return row


def free_in(order: models.Order, *, held: booking.Locked) -> dict[str, Money]:
    """What is free for an order in each balance, as seen under the lock of the client's accounts."""
    found = {}
    for source in own_money.BALANCES:
        row = held.rows.get(_account(order, source).code)
        found[source] = Money.from_minor((row.balance_minor or 0) if row is not None else 0, order.currency)
    return found


def draw(order: models.Order, *, amounts: Amounts, held: booking.Locked, at: dt.datetime, actor: str) -> None:
    """Draw amounts that are free and that the order lacks, under the locks of order and accounts."""
    shares = [
        covering.Share(order=order, payment=None, source=source, amount=amount) for source, amount in amounts.items()
    ]
    covering.put(shares=shares, at=at, actor=actor, locked=booking.lock(accounts(order, sources=amounts), held=held))


def draw_and_invoice(
    order: models.Order, *, amounts: Amounts, held: booking.Locked, on: dt.date, at: dt.datetime, actor: str
) -> models.Invoice | None:
    """`draw` all that the order lacks, and issue its invoice, dated `on`, in one round of bookings. None where there is
    nothing to document. What is refused here breaks the caller's transaction off."""
    lines = invoices.lines_of([order])
    if order.covered_minor or not invoices.documented(order, lines=lines[order.pk]):
        draw(order, amounts=amounts, held=held, at=at, actor=actor)
        return invoices.issue(order=order.number, on=on, at=at, actor=actor)
    moved = invoices.movements([order])
    locked = booking.lock([*accounts(order, sources=amounts), *invoices.accounts(moved)], held=held)
    parts = bulk.create(
        [
            bulk.new(models.PartPayment, order=order, source=source, amount_minor=amount.minor, applied_at=at)
            for source, amount in amounts.items()
        ]
    )
    covering.finish(orders=[order], at=at, actor=actor)
    (invoice,) = invoices.issue_covered(
        orders=[order],
        lines=lines,
        parts=parts,
        moved=moved,
        held=locked,
        also=[covering.drawn(order=order, part=part, at=at, actor=actor) for part in parts],
        on=on,
        at=at,
        actor=actor,
    )
    return invoice


def accounts(order: models.Order, *, sources: Iterable[str]) -> list[postings.Account]:
    """What a draw moves: the balances, and what is drawn from them and not yet spent."""
    return [_account(order, kind) for kind in (*sources, "held")]


def _account(order: models.Order, kind: str) -> postings.Account:
    return postings.client_account(client=order.client.number, kind=kind, currency=order.currency)


def lacking(order: models.Order, *, at: dt.datetime) -> Money:
    """What a locked order lacks, if balances may pay it. Refused: `order_not_open`, `topup_from_deposit`."""
    if order.state != "AWAITING_PAYMENT" or order.expires_at <= at:
        raise Refused("order_not_open", order=order.number, state=order.state)
    if order.purpose in covering.TOP_UPS:
        raise Refused("topup_from_deposit", order=order.number)
    return covering.missing(order)
