"""How long is history kept? Ended runs with their steps, old clients' keys and stopped workers go; the audit stays, and
so does the history of runs that is evidence (`define(…, kept=True)`).
"""

import datetime as dt

from django.db.models import QuerySet

from planshift.runtime import clock
from planshift.runtime.models import OnceKey, Run, Worker
from planshift.runtime.runs import definitions

KEEP_DAYS = 400
KEEP_KEYS_DAYS = 30
KEEP_WORKERS_DAYS = 7
BATCH = 200


def prune(*, keep_days: int = KEEP_DAYS, limit: int = BATCH) -> int:
    """Delete up to `limit` runs that ended more than `keep_days` (system time) ago, oldest first; returns how many.

    As many old keys of clients go, and workers that have stopped a week ago. Call it again until it returns less than
    `limit`: each call is one short transaction.
    """
    now = clock.system()
    old = list(_old(now, keep_days).order_by("ended_at").values_list("pk", flat=True)[:limit])
    if old:
        Run.objects.filter(pk__in=old).delete()
    before = now - dt.timedelta(days=KEEP_KEYS_DAYS)
    keys = OnceKey.objects.filter(created_at__lt=before).order_by("created_at").values_list("pk", flat=True)[:limit]
    gone, _ = OnceKey.objects.filter(pk__in=list(keys)).delete()
    Worker.objects.filter(stopped_at__lt=now - dt.timedelta(days=KEEP_WORKERS_DAYS)).delete()
    return max(len(old), gone)


def prunable(*, keep_days: int = KEEP_DAYS) -> int:
    """How many runs `prune` would delete in all."""
    return _old(clock.system(), keep_days).count()


def _old(now: dt.datetime, keep_days: int) -> QuerySet[Run]:
    ended = Run.objects.filter(ended_at__lt=now - dt.timedelta(days=keep_days))
    return ended.exclude(kind__in=definitions.kept())
