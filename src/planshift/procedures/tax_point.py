"""Is the VAT of an order still what it was when it was quoted? Looked at when the tax falls due: at payment.

An unpaid order whose VAT is another one by now is void. A paid one keeps its gross, and staff are told.
"""

import contextlib
from collections.abc import Callable
from datetime import datetime

from planshift.billing import orders
from planshift.catalog import queries as catalog
from planshift.domain import documents
from planshift.domain.errors import Refused
from planshift.procedures import keeping, models, placing, renewal, rules, vat
from planshift.runtime import audit, moves, runs

CHANGED = "the VAT has changed since the quote"


def differs(*, change: models.Change, at: datetime) -> bool:
    """Whether the buyer of the order would be taxed in another way today: other treatment or rate, or unknown."""
    assert change.order is not None
    offered = placing.offer_of(change.quote)
    sold = catalog.in_force(seller=change.client.seller).catalog.seller
    buyer = documents.Party.from_json(change.order.buyer_party)
    try:
        case = vat.of(client=change.client, party=buyer, sold=sold, on=rules.day(seller=change.client.seller, at=at))
    except Refused:
        return True
    charged = {line.tax_rate for line in offered.lines if line.amount.gross.amount > 0}
    return case.treatment != offered.treatment or bool(charged - {case.rate})


def before_next_rate(*, change: models.Change, at: datetime, end: datetime) -> datetime:
    """When to look again: at `end`, or when another rate of the seller begins before it."""
    seller = change.client.seller
    dated = catalog.in_force(seller=seller).catalog.seller.vat
    starts = [rules.start_of(each.valid_from, seller=seller) for each in dated if each.valid_from.year > 1]
    return min((start for start in starts if at < start < end), default=end)


def quote_anew(*, change: models.Change, task: runs.Work, offer: Callable[..., str]) -> runs.Outcome:
    """End an unpaid change and its order; what was paid in part or drawn is released. The same wish is quoted with the
    VAT of today, where it can be, for the client to order."""
    assert change.order is not None
    orders.withdraw(order=change.order.number, at=task.at, actor=task.actor, note=CHANGED)
    moves.move(change, "lapsed", actor=task.actor, at=task.at, note=CHANGED, finished_at=task.at)
    with contextlib.suppress(Refused):
        offer(
            client=change.client.number,
            service=change.service.number,
            request=keeping.from_json(change.quote.request, kind=object),
            at=task.at,
            actor=task.actor,
        )
    renewal.look_again(service=change.service)
    return runs.Done()


def put_on_record(*, change: models.Change, differs: bool, at: datetime, actor: str) -> None:
    """A paid order keeps its gross (a quote is executed as kept); that its VAT differs today is on record."""
    if not differs:
        return
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
