"""Which new orders does the deposit pay in the moment in which they are placed? Any number, in one round of locks.

What is placed, drawn and invoiced at once is written once: no order is written unpaid and then changed.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Sequence

from planshift.billing import booking, covering, drawing, invoices, models, orders
from planshift.runtime import audit, bulk, database, gathering, moves


def place_many(
    *, drafts: Sequence[orders.Draft], on: dt.date, at: dt.datetime, actor: str
) -> tuple[list[models.Order], Callable[[], None]]:
    """Place orders of one seller as `orders.place_many` does; those that the client's deposit covers in full are paid
    from it. A deposit is drawn in the order of `drafts`, for each in full or not at all.

    The caller calls what comes second when all else of its transaction is written: it books and invoices what is paid,
    dated `on`. From there to the commit every other invoice of the seller waits (numbers without gaps).

    Whether a deposit may be drawn is the caller's decision (D4), as is what follows: no run is signalled. Inside the
    caller's transaction, which holds no account yet. Refused as `orders.place_many`.
    """
    prepared = orders.prepare(drafts=drafts, at=at)
    due = [order for order, _ in prepared if order.gross_minor]
    moved = invoices.movements(due)
    drawn = [each for order in due for each in drawing.accounts(order, sources=["deposit"])]
    held = booking.lock([*drawn, *invoices.accounts(moved)])
    paid = _covered(prepared, held)
    for order, _ in paid:
        order.covered_minor = order.gross_minor
    audited = moves.ahead([order for order, _ in paid], "paid", actor=actor, at=at, paid_at=at)
    orders.write(prepared=prepared, at=at, actor=actor)
    audit.write(audited())
    parts = bulk.create(
        bulk.new(models.PartPayment, order=order, source="deposit", amount_minor=order.gross_minor, applied_at=at)
        for order, _ in paid
    )

    def issue() -> None:
        if not paid:
            return
        if len(paid) >= bulk.WORTH:  # what can be written and checked before the wait begins
            gathering.flush()
            database.check_references()
        invoices.issue_covered(
            orders=[order for order, _ in paid],
            lines={order.id: lines for order, lines in paid},
            parts=parts,
            moved=moved,
            held=held,
            also=[covering.drawn(order=part.order, part=part, at=at, actor=actor) for part in parts],
            on=on,
            at=at,
            actor=actor,
        )

    return [order for order, _ in prepared], issue


def _covered(prepared: Sequence[orders.Prepared], held: booking.Locked) -> list[orders.Prepared]:
    """Those that the deposits cover, as seen under their locks."""
    left: defaultdict[str, int] = defaultdict(int)
    for code, row in held.rows.items():
        left[code] = row.balance_minor or 0
    covered = []
    for order, lines in prepared:
        deposit = drawing.accounts(order, sources=["deposit"])[0].code
        if 0 < order.gross_minor <= left[deposit]:
            left[deposit] -= order.gross_minor
            covered.append((order, lines))
    return covered
