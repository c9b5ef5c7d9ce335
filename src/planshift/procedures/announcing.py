"""Whose next term is announced today? Seller by seller, in batches; what stops one service stops no other.

renewals (one run per seller and day) → renewal_batch (one run per stretch of services) → renewal.announce
"""

from datetime import date, datetime, timedelta

from planshift.catalog import models as sellers
from planshift.catalog import queries as catalog
from planshift.procedures import models, renewal, rules
from planshift.runtime import runs
from planshift.services import queries as holdings

KIND = "renewals"
BATCH_KIND = "renewal_batch"
BATCH = 50
_ANNOUNCED_AT_MOST_BEFORE = 181  # days: more than any policy may say (domain.policy.renewal_dates)


def begin(*, at: datetime) -> None:
    """Start the day's run of every seller; a second time on one day changes nothing."""
    found = sellers.Seller.objects.order_by("pk")
    runs.start_many(
        kind=KIND, subjects=[(f"{KIND}:{each.code}:{rules.day(seller=each, at=at)}", each.code) for each in found]
    )


def _split(task: runs.Work) -> runs.Outcome:
    """Each batch is a run of its own, so that several workers share them and a stuck one holds up no other."""
    seller = sellers.Seller.objects.get(code=task.subject)
    catalog.in_force(seller=seller)  # without rules nothing of this seller can be announced: one stuck run says so
    due = holdings.ending_pks(seller=seller.pk, before=_furthest(seller, task.at))
    day = task.key.rpartition(":")[2]
    batches = [due[first : first + BATCH] for first in range(0, len(due), BATCH)]
    _start(seller.code, day, [(batch[0], batch[-1]) for batch in batches])
    return runs.Done()


def _announce(task: runs.Work) -> runs.Outcome:
    """One batch. One that fails is halved until the service that stops it stands alone, in a run that staff see."""
    code, first, last = task.subject.rsplit(":", 2)
    seller = sellers.Seller.objects.get(code=code)
    found = holdings.ending(seller=seller.pk, before=_furthest(seller, task.at), first_pk=int(first), last_pk=int(last))
    if task.attempt and len(found) > 1:
        pks, half = [each.service.pk for each in found], len(found) // 2
        _start(code, task.key.split(":")[2], [(pks[0], pks[half - 1]), (pks[half], pks[-1])])
    elif task.attempt:
        for holding in found:
            renewal.announce_later(service=holding.service, start_on=holding.last.end_on)
    else:
        _announce_all(found, seller, task)
    return runs.Done()


def _announce_all(found: tuple[holdings.Holding, ...], seller: sellers.Seller, task: runs.Work) -> None:
    in_force = catalog.in_force(seller=seller)
    announced = set(
        models.Renewal.objects.filter(service__in=[each.service.pk for each in found])
        .exclude(state="REPLACED")
        .values_list("service_id", "start_on")
    )
    changes = renewal.paid_changes(found)
    for holding in found:
        basis = renewal.basis_of(holding, change=changes.get(holding.service.pk))
        if (holding.service.pk, basis.start_on) not in announced and renewal.is_due(
            basis, in_force=in_force, at=task.at
        ):
            renewal.announce(holding=holding, at=task.at, actor=task.actor)


def _start(seller: str, day: str, batches: list[tuple[int, int]]) -> None:
    """`batches`: first and last service (pk) of each."""
    runs.start_many(
        kind=BATCH_KIND,
        subjects=[
            (f"{BATCH_KIND}:{seller}:{day}:{first}-{last}", f"{seller}:{first}:{last}") for first, last in batches
        ],
    )


def _furthest(seller: sellers.Seller, at: datetime) -> date:
    return rules.day(seller=seller, at=at) + timedelta(days=_ANNOUNCED_AT_MOST_BEFORE)


def define() -> None:
    """Name the steps to the runtime. Called once, when Django is ready."""
    runs.define(KIND, steps={"split": _split}, first="split")
    runs.define(BATCH_KIND, steps={"announce": _announce}, first="announce")
