"""How long is history kept? Runs that are over go after a while, with their steps; the audit stays."""

import datetime as dt

from planshift.runtime import clock
from planshift.runtime.models import Run, Worker

KEEP_DAYS = 400


def prune(*, keep_days: int = KEEP_DAYS, limit: int = 500) -> int:
    """Delete up to `limit` runs that ended more than `keep_days` (system time) ago, oldest first; returns how many.

    Call it again until it returns less than `limit`: each call is one short transaction.
    """
    before = clock.system() - dt.timedelta(days=keep_days)
    old = list(Run.objects.filter(ended_at__lt=before).order_by("ended_at").values_list("pk", flat=True)[:limit])
    if old:
        Run.objects.filter(pk__in=old).delete()
    Worker.objects.filter(stopped_at__lt=clock.system() - dt.timedelta(days=7)).delete()
    return len(old)
