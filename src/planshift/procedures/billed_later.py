"""What is billed later, and on which order? What a change leaves (`due_later`) stands on that of the next term, once.

    the change is in force → owe → the next term is announced with it → carried → paid with it

An order that is given up gives it free again: the next one carries it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Q

from planshift.billing import models as billing
from planshift.catalog import queries as catalog
from planshift.domain import documents
from planshift.domain.tax import Taxed
from planshift.procedures import models, paper, placing, rules
from planshift.runtime import among

WHOLE_MONTH = "highest_level_in_arrears"  # billed once for a calendar month, whatever changed in it
_UNPAID = ("AWAITING_PAYMENT", "OVERDUE")  # of a renewal


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """What one change left, as its quote had it."""

    change: str
    lines: tuple[documents.Line, ...]
    total: Taxed


def owe(*, change: models.Change, at: datetime) -> None:
    """`change` (with quote, service, client and seller) takes effect: what its quote leaves for later is owed from now
    on. Nothing where it leaves nothing. Caller's transaction; twice is once."""
    offered = placing.offer_of(change.quote)
    if offered.due_later is None or not offered.later_lines:
        return
    month = rules.day(seller=change.client.seller, at=at).strftime("%Y-%m")
    if offered.settlement == WHOLE_MONTH:
        before = models.LaterCharge.objects.filter(_open(), service=change.service, month=month)
        same = [row.pk for row in before.select_related("change__quote") if _for_whole_month(row.change)]
        models.LaterCharge.objects.filter(pk__in=same).exclude(change=change).update(superseded=True)
    models.LaterCharge.objects.get_or_create(change=change, defaults={"service": change.service, "month": month})


def of(*, services: Iterable[int]) -> Mapping[int, tuple[Owed, ...]]:
    """By service (pk): what is owed and not yet on the order of a term that is paid; one statement."""
    rows = models.LaterCharge.objects.filter(_open(), among.of("service_id", services)).select_related(
        "change__quote", "service"
    )
    found: defaultdict[int, list[Owed]] = defaultdict(list)
    for row in rows.order_by("pk"):
        found[row.service_id].append(_owed(row))
    return {service: tuple(each) for service, each in found.items()}


def carried(*, changes: Sequence[str], order: billing.Order) -> None:
    """What these changes (numbers) left stands on `order`."""
    if changes:
        models.LaterCharge.objects.filter(change__number__in=changes).update(order=order)


def _open() -> Q:
    free = Q(order=None) | Q(order__state__in=("WITHDRAWN", "EXPIRED")) | Q(order__renewal__state__in=_UNPAID)
    return Q(superseded=False) & free


def _for_whole_month(change: models.Change) -> bool:
    return placing.offer_of(change.quote).settlement == WHOLE_MONTH


def _owed(row: models.LaterCharge) -> Owed:
    offered = placing.offer_of(row.change.quote)
    assert offered.due_later is not None
    return Owed(
        change=row.change.number,
        lines=tuple(
            paper.lines(
                offered=replace(offered, lines=offered.later_lines),
                service=row.service.number,
                label=row.service.label,
                sold=catalog.catalog_of(revision=row.change.quote.catalog_id),
            )
        ),
        total=offered.due_later,
    )
