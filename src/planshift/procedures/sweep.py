"""What becomes due by the calendar alone? Once a day, in batches that each are a short transaction."""

import datetime as dt

from planshift.procedures import announcing, models, price_news
from planshift.runtime import locks, moves, runs

KIND = "sweep"
BATCH = 200


def _quotes(task: runs.Work) -> runs.Outcome:
    """Quotes whose time has passed expire. One that is being ordered at this moment is left alone."""
    due = models.Quote.objects.filter(state="OPEN", expires_at__lte=task.at).order_by("expires_at")[:BATCH]
    rows = list(locks.for_update(due, skip_locked=True))
    moves.move_many(rows, "expired", actor=task.actor, at=task.at)
    return runs.Go("quotes" if len(rows) == BATCH else "renewals")


def _renewals(task: runs.Work) -> runs.Outcome:
    """New prices are told, next terms are announced, by runs of every seller."""
    price_news.begin(at=task.at)
    announcing.begin(at=task.at)
    return runs.Go("housekeeping")


def _housekeeping(task: runs.Work) -> runs.Outcome:
    """What nobody needs any longer goes, a batch in each step."""
    return runs.Go("housekeeping") if runs.prune(limit=BATCH) == BATCH else runs.Done()


STEPS = {"quotes": _quotes, "renewals": _renewals, "housekeeping": _housekeeping}


def define() -> None:
    """Name the daily sweep to the runtime. Called once, when Django is ready."""
    runs.define(KIND, steps=STEPS, first="quotes")
    runs.every(KIND, at=dt.time(1, 0), zone="UTC")
