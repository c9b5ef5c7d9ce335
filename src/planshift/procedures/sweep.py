"""What becomes due by the calendar alone? Once a day, in batches that each are a short transaction."""

import datetime as dt

from planshift.catalog import models as catalog
from planshift.procedures import models, renewal
from planshift.runtime import moves, runs

KIND = "sweep"
BATCH = 200


def _quotes(task: runs.Work) -> runs.Outcome:
    """Quotes whose time has passed expire."""
    due = models.Quote.objects.filter(state="OPEN", expires_at__lte=task.at).order_by("expires_at")[:BATCH]
    rows = list(due)
    moves.move_many(rows, "expired", actor=task.actor, at=task.at)
    return runs.Go("quotes" if len(rows) == BATCH else "renewals")


@runs.external(lambda task: _announce(task))
def _renewals(task: runs.Work, announced: None) -> runs.Outcome:
    """Next terms are announced. Every service is its own transaction, so a crash repeats nothing and loses nothing."""
    return runs.Done()


def _announce(task: runs.Work) -> None:
    for seller in catalog.Seller.objects.order_by("pk"):
        after: int | None = 0
        while after is not None:
            after = renewal.announce_due(seller=seller, at=task.at, actor=task.actor, after_pk=after)


def define() -> None:
    """Name the daily sweep to the runtime. Called once, when Django is ready."""
    runs.define(KIND, steps={"quotes": _quotes, "renewals": _renewals}, first="quotes")
    runs.every(KIND, at=dt.time(1, 0), zone="UTC")
