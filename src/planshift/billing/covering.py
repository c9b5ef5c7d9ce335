"""Is the order covered? Amounts are put towards orders, and let go again when an order ends unpaid.

Every caller holds the orders' row locks (`lock`). Accounts are locked after that, by the ledger.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Case, F, QuerySet, Value, When

from planshift.billing import booking, models, owed, own_money
from planshift.domain import postings
from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.runtime import bulk, locks, moves, runs, shapes

# Orders that pay for no supply: where their money goes on to.
TOP_UPS = {"topup": postings.deposit_topped_up, "prepaid": postings.prepaid_topped_up}


BANK = "bank"


def through(*, gateway: str) -> str:
    """By which way money of a gateway came in and goes back, as the ledger knows it: "bank" or "gateway"."""
    return BANK if gateway == BANK else "gateway"


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """An amount for a locked open order: from a payment, or (payment None) from a balance of the client."""

    order: models.Order
    payment: models.Payment | None
    source: str
    amount: Money
    from_unapplied: bool = False  # staff assign money that was received before


def lock(*, numbers: Sequence[str]) -> list[models.Order]:
    """The orders with these numbers, locked in the order of their ids. Refused("order_unknown") when one is missing."""
    if len(numbers) == 1:
        found = locks.lock_shape(_ONE, number=numbers[0])
    else:
        found = locks.lock(models.Order.objects.filter(number__in=numbers).select_related("seller", "client"))
    missing = set(numbers) - {order.number for order in found}
    if missing:
        raise Refused("order_unknown", orders=sorted(missing))
    return found


def _one() -> "QuerySet[models.Order]":
    found = models.Order.objects.filter(number=shapes.text("number"))
    return locks.for_update(found.select_related("seller", "client"))


_ONE = shapes.Shape(_one)


def missing(order: models.Order) -> Money:
    """What an order still lacks, gross."""
    return Money.from_minor(order.gross_minor - order.covered_minor, order.currency)


def put(
    *,
    shares: Sequence[Share],
    at: dt.datetime,
    actor: str,
    also: Sequence[booking.Entry] = (),
    locked: booking.Locked | None = None,
) -> list[models.PartPayment]:
    """Put `shares` towards their open orders and book them together with the entries in `also`.

    Orders that are now covered in full become PAID (a top-up moves on to the deposit) and their runs are signalled.
    Whoever takes from a balance has locked it and seen that it suffices (`locked`); the database is the last guard.
    """
    parts = bulk.create(
        bulk.new(
            models.PartPayment,
            order=share.order,
            payment=share.payment,
            source=share.source,
            amount_minor=share.amount.minor,
            applied_at=at,
        )
        for share in shares
    )
    full = []
    for share in shares:
        share.order.covered_minor += share.amount.minor
        if share.order.covered_minor == share.order.gross_minor:
            full.append(share.order)
        else:
            models.Order.objects.filter(pk=share.order.pk).update(covered_minor=share.order.covered_minor)
    entries = [_put_entry(share, part, at, actor) for share, part in zip(shares, parts, strict=True)]
    onward = [_topped_up(order, at, actor) for order in full if order.purpose in TOP_UPS]
    prepaid = [order for order in full if order.purpose == "prepaid"]
    if prepaid and locked is None:
        every = [transfer for entry in (*also, *entries, *onward) for transfer in entry.posting.transfers]
        wanted = [a for order in prepaid for a in owed.accounts(client=order.client.number, currency=order.currency)]
        locked = booking.lock([*(a for each in every for a in (each.debit, each.credit)), *wanted])
    onward += [entry for order in prepaid for entry in _settling(order, locked, at, actor)]
    booking.book_many([*also, *entries, *onward], locked=locked)  # all at once: accounts are locked in one round
    finish(orders=full, at=at, actor=actor)
    return parts


def finish(*, orders: Sequence[models.Order], at: dt.datetime, actor: str) -> None:
    """Orders covered in full (and booked) become PAID; the waiting runs are signalled."""
    if not orders:
        return
    moves.move_many(orders, "paid", actor=actor, at=at, covered_minor=F("gross_minor"), paid_at=at)
    for order in orders:
        order.covered_minor = order.gross_minor
    _signal(orders, "paid")


def wake(*, orders: Iterable[models.Order]) -> None:
    """Signal the runs of orders that were born paid, as those of orders that became so."""
    _signal(orders, "paid")


def release(*, orders: Sequence[models.Order], event: str, at: dt.datetime, actor: str, note: str = "") -> None:
    """End unpaid orders (`expired` or `withdrawn`): draws return to their balance, payments become unapplied."""
    if not orders:
        return
    by_pk = {order.pk: order for order in orders}
    parts = list(
        models.PartPayment.objects.filter(order__in=orders, released_at__isnull=True)
        .select_related("payment")
        .order_by("pk")
    )
    moves.move_many(orders, event, actor=actor, at=at, note=note, covered_minor=0, closed_at=at)
    if parts:
        models.PartPayment.objects.filter(pk__in=[part.pk for part in parts]).update(released_at=at)
        _unapply(parts, why=f"order_{event}")
        booking.book_many([_release_entry(by_pk[part.order_id], part, at, actor) for part in parts])
    _signal(orders, event)


def _unapply(parts: Iterable[models.PartPayment], *, why: str) -> None:
    """What is released of each payment waits for staff again; payments are locked in the order of their ids."""
    released: defaultdict[int, int] = defaultdict(int)
    for part in parts:
        if part.payment_id is not None:
            released[part.payment_id] += part.amount_minor
    if released:
        locks.lock(models.Payment.objects.filter(pk__in=released))
        more = Case(*(When(pk=pk, then=Value(minor)) for pk, minor in released.items()))
        rows = models.Payment.objects.filter(pk__in=released)
        rows.update(unapplied_minor=F("unapplied_minor") + more, why_unapplied=why)


def _signal(orders: Iterable[models.Order], name: str) -> None:
    keys = [order.signal_key for order in orders if order.signal_key]
    if keys:
        runs.signal_many(keys=keys, name=name)


def drawn(*, order: models.Order, part: models.PartPayment, at: dt.datetime, actor: str) -> booking.Entry:
    """The entry of a part that a balance of the client covers."""
    amount = Money.from_minor(part.amount_minor, order.currency)
    return booking.entry(
        own_money.BALANCES[part.source].drawn(client=order.client.number, amount=amount),
        key=f"{order.number}/part/{part.pk}",
        seller=order.seller,
        at=at,
        actor=actor,
        order=order.number,
    )


def _put_entry(share: Share, part: models.PartPayment, at: dt.datetime, actor: str) -> booking.Entry:
    order = share.order
    if share.payment is None:
        return drawn(order=order, part=part, at=at, actor=actor)
    if share.from_unapplied:
        posting = postings.unapplied_assigned(client=order.client.number, amount=share.amount)
    else:
        posting = postings.received_for_order(
            seller=order.seller.code,
            client=order.client.number,
            through=share.source,
            amount=share.amount,
        )
    return booking.entry(
        posting,
        key=f"{order.number}/part/{part.pk}",
        seller=order.seller,
        at=at,
        actor=actor,
        order=order.number,
        payment=share.payment.number,
    )


def _topped_up(order: models.Order, at: dt.datetime, actor: str) -> booking.Entry:
    """A top-up that is covered moves on to the deposit, or to the prepaid balance."""
    return booking.entry(
        TOP_UPS[order.purpose](client=order.client.number, amount=Money.from_minor(order.gross_minor, order.currency)),
        key=f"{order.number}/topped-up",
        seller=order.seller,
        at=at,
        actor=actor,
        order=order.number,
    )


def _settling(
    order: models.Order, locked: booking.Locked | None, at: dt.datetime, actor: str
) -> Iterable[booking.Entry]:
    """What is owed for metered hours is settled first."""
    assert locked is not None
    return owed.settling(
        client=order.client.number,
        seller=order.seller,
        coming=Money.from_minor(order.gross_minor, order.currency),
        key=order.number,
        locked=locked,
        at=at,
        actor=actor,
        order=order.number,
    )


def _release_entry(order: models.Order, part: models.PartPayment, at: dt.datetime, actor: str) -> booking.Entry:
    own = own_money.BALANCES.get(part.source)
    make = own.released if own is not None else postings.payment_released
    return booking.entry(
        make(client=order.client.number, amount=Money.from_minor(part.amount_minor, order.currency)),
        key=f"{order.number}/part/{part.pk}/released",
        seller=order.seller,
        at=at,
        actor=actor,
        order=order.number,
        payment=part.payment.number if part.payment else "",
    )
