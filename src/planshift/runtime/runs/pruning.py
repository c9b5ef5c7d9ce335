"""How long is history kept? Ended runs with their steps, old clients' keys and stopped workers go; the audit stays."""

import datetime as dt

from planshift.runtime import clock
from planshift.runtime.models import OnceKey, Run, Worker

KEEP_DAYS = 400
KEEP_KEYS_DAYS = 30
KEEP_WORKERS_DAYS = 7
BATCH = 200


def prune(*, keep_days: int = KEEP_DAYS, limit: int = BATCH) -> int:
    """Delete up to `limit` runs that ended more than `keep_days` (system time) ago, oldest first; returns how many.

    Call it again until it returns less than `limit`: each call is one short transaction.
    """
    now = clock.system()
    before = now - dt.timedelta(days=keep_days)
    old = list(Run.objects.filter(ended_at__lt=before).order_by("ended_at").values_list("pk", flat=True)[:limit])
    if old:
        Run.objects.filter(pk__in=old).delete()
    Worker.objects.filter(stopped_at__lt=now - dt.timedelta(days=KEEP_WORKERS_DAYS)).delete()
    OnceKey.objects.filter(created_at__lt=now - dt.timedelta(days=KEEP_KEYS_DAYS)).delete()
    return len(old)
