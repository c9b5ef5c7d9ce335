"""Is the VAT of an order still what it was when it was quoted? Looked at when the tax falls due: at payment.

An unpaid order whose VAT is another one by now is void. A paid one keeps its gross. Staff see both
(`tax_differences`).
"""

import contextlib
from collections.abc import Callable
from datetime import datetime

from planshift.billing import orders
from planshift.catalog import queries as catalog
from planshift.domain.catalog import Seller
from planshift.domain.errors import Refused
from planshift.procedures import keeping, models, paper, placing, rules, tax_differences, waking
from planshift.runtime import audit, moves, runs

CHANGED = "the VAT has changed since the quote"


def differs(*, change: models.Change, sold: Seller, at: datetime) -> tax_differences.Differs | None:
    """How the buyer of the order would be taxed today, where that is another way: treatment or rate, or unknown.
    `sold` is the seller as in the catalog in force."""
    offered = placing.offer_of(change.quote)
    charged = frozenset(
        (paper.vat_code(treatment=offered.treatment, rate=line.tax_rate), line.tax_rate * 100)
        for line in offered.lines
        if line.amount.gross.amount > 0
    )
    return tax_differences.of_change(change=change, sold=sold, charged=charged, treatment=offered.treatment, at=at)


def before_next_rate(*, change: models.Change, at: datetime, end: datetime) -> datetime:
    """When to look again: at `end`, or when another rate of the seller begins before it."""
    seller = change.client.seller
    dated = catalog.in_force(seller=seller).catalog.seller.vat
    starts = [rules.start_of(each.valid_from, seller=seller) for each in dated if each.valid_from.year > 1]
    return min((start for start in starts if at < start < end), default=end)


def quote_anew(
    *, change: models.Change, differs: tax_differences.Differs, task: runs.Work, offer: Callable[..., str]
) -> runs.Outcome:
    """End an unpaid change and its order; what was paid in part or drawn is released. The same wish is quoted with the
    VAT of today, where it can be, for the client to order."""
    assert change.order is not None
    orders.withdraw(order=change.order.number, at=task.at, actor=task.actor, note=CHANGED)
    moves.move(change, "lapsed", actor=task.actor, at=task.at, note=CHANGED, finished_at=task.at)
    tax_differences.note(
        client=change.client,
        what="order",
        about=change.number,
        differs=differs,
        decided="priced_anew",
        at=task.at,
        actor=task.actor,
    )
    with contextlib.suppress(Refused):
        offer(
            client=change.client.number,
            service=change.service.number,
            request=keeping.from_json(change.quote.request, kind=object),
            at=task.at,
            actor=task.actor,
        )
    waking.renewal_of(service=change.service)
    return runs.Done()


def put_on_record(*, change: models.Change, differs: tax_differences.Differs | None, at: datetime, actor: str) -> None:
    """A paid order keeps its gross (a quote is executed as kept); that its VAT differs today is for staff."""
    if differs is None:
        return
    tax_differences.note(
        client=change.client,
        what="invoice",
        about=change.number,
        differs=differs,
        decided="kept",
        at=at,
        actor=actor,
    )
    audit.record(
        kind=change._meta.label_lower,
        object_id=change.pk,
        number=change.number,
        event="tax differs",
        actor=actor,
        at=at,
        facts={"order": change.order.number if change.order else ""},
        note=CHANGED,
    )
