"""Which runs may this worker carry on with? Delivery of signals, claims, takeover from the dead.

A claim is covered by its worker's lease: one row and one heartbeat, however many runs it holds. Signals travel as rows
of their own: a step takes the lock of its run last and whoever sends a signal never takes it, so the two cannot
deadlock.
"""

import datetime as dt
import json
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import F

from planshift.runtime import clock
from planshift.runtime.models import Run, Signal, StepRecord, Worker
from planshift.runtime.runs import definitions, hooks

CRASH_LIMIT = 4  # a step that took this many workers with it is stuck

_BACKOFF_SKIPPED = dt.datetime(9999, 1, 1, tzinfo=dt.UTC)

_LOOK = """
SELECT EXISTS(SELECT 1 FROM runtime_signal),
       EXISTS(SELECT 1 FROM runtime_run WHERE not_before <= %s) OR EXISTS(SELECT 1 FROM runtime_run WHERE due_at <= %s)
"""

_COLUMNS = (
    "id",
    "key",
    "kind",
    "version",
    "subject",
    "step",
    "entry",
    "attempt",
    "crashes",
    "generation",
    "woken_by",
    "signals",
)

_CLAIM = """
WITH ready AS (SELECT id FROM runtime_run WHERE not_before <= %s ORDER BY not_before LIMIT %s {lock}),
     due AS (SELECT id FROM runtime_run WHERE due_at <= %s ORDER BY due_at LIMIT %s {lock})
UPDATE runtime_run
   SET claimed_by = %s, generation = generation + 1, state = 'RUNNING', awaiting = '', reason = '',
       woken_by = CASE WHEN due_at IS NULL THEN woken_by ELSE 'due' END, not_before = NULL, due_at = NULL
 WHERE id IN (SELECT id FROM ready UNION ALL SELECT id FROM due) AND claimed_by IS NULL
RETURNING {columns}
"""


@dataclass(frozen=True, slots=True)
class Found:
    """What a look at the tables saw."""

    signals: bool
    runs: bool


def look(*, at: dt.datetime, skip_backoff: bool = False) -> Found:
    """Is there anything to do? One statement, no lock: all that an idle worker asks."""
    with connection.cursor() as cursor:
        cursor.execute(_LOOK, [_instant(_BACKOFF_SKIPPED if skip_backoff else clock.system()), _instant(at)])
        signals, runs = cursor.fetchone()
    return Found(bool(signals), bool(runs))


def claim(*, worker: int, at: dt.datetime, limit: int, skip_backoff: bool = False) -> list[definitions.Work]:
    """Take up to `limit` runs that are ready, and as many that are due at the business instant `at`; others skip
    them.
    """
    now = _instant(_BACKOFF_SKIPPED if skip_backoff else clock.system())
    with connection.cursor() as cursor:
        cursor.execute(claim_statement(), [now, limit, _instant(at), limit, worker])
        rows = cursor.fetchall()
    return [work_from(row, at) for row in sorted(rows)]


def claim_statement() -> str:
    """The statement of a claim: one for both databases, with row locks where there are any."""
    lock = "FOR UPDATE SKIP LOCKED" if connection.features.has_select_for_update_skip_locked else ""
    return _CLAIM.format(lock=lock, columns=columns())


def columns() -> str:
    """What of a claimed run a statement returns for `work_from`."""
    return ", ".join(_COLUMNS)


def deliver(*, limit: int = 200) -> int:
    """Hand waiting signals to their runs; returns how many. Each raises its run's count under the row lock.

    A waiting run is woken when the count of what it awaits is higher than the count it had seen; a run that is just
    being carried on finds the higher count when it comes to wait. So no wake-up is lost and none wakes twice.
    """
    with transaction.atomic():
        pending = Signal.objects.order_by("id").select_for_update(skip_locked=True)[:limit]
        names: dict[str, list[str]] = defaultdict(list)
        ids = []
        for each in pending:
            names[each.key].append(each.name)
            ids.append(each.pk)
        if not ids:
            return 0
        for run in Run.objects.filter(key__in=sorted(names), ended_at=None).order_by("id").select_for_update():
            _raise_counts(run, names[run.key])
        Signal.objects.filter(pk__in=ids).delete()
    return len(ids)


def take_over() -> int:
    """Free the runs of workers whose lease ran out, and return how many. Each costs its step one crash.

    Those too that a worker claimed after it was given up (it slept, and claimed before its next heartbeat) and left.
    """
    now, freed = clock.system(), 0
    dead = Worker.objects.filter(stopped_at=None, lease_until__lt=now)
    left = Run.objects.filter(claimed_by__isnull=False).exclude(
        claimed_by__in=Worker.objects.filter(stopped_at=None).values("pk")
    )
    if not dead.exists() and not left.exists():
        return 0
    with transaction.atomic():
        for worker in dead.order_by("id").select_for_update(skip_locked=True):
            Worker.objects.filter(pk=worker.pk).update(stopped_at=now, lost=True)
        for run in left.order_by("id").select_for_update():
            _lost(run, now)
            freed += 1
    return freed


def release(*, worker: int) -> None:
    """Give back what `worker` has claimed and not begun (when it stops in good order)."""
    now = clock.system()
    Run.objects.filter(claimed_by=worker).update(
        claimed_by=None, state="READY", not_before=now, generation=F("generation") + 1
    )


def give_back(work: definitions.Work) -> None:
    """Let any worker carry on with `work`, which this one has claimed and not begun."""
    Run.objects.filter(pk=work.id, generation=work.generation).update(
        claimed_by=None, state="READY", not_before=clock.system(), generation=work.generation + 1
    )


def _raise_counts(run: Run, names: list[str]) -> None:
    for name in names:
        run.signals[name] = run.signals.get(name, 0) + 1
    awaited = run.awaiting.split(",") if run.awaiting else []
    changed: dict[str, Any] = {"signals": run.signals}
    if run.state == "WAITING" and sum(run.signals.get(name, 0) for name in awaited) > run.seen:
        woken_by = next(name for name in reversed(names) if name in awaited)
        changed |= {"state": "READY", "not_before": clock.system(), "due_at": None, "woken_by": woken_by, "owner": ""}
    Run.objects.filter(pk=run.pk).update(**changed)


def _lost(run: Run, now: dt.datetime) -> None:
    worker = Worker.objects.filter(pk=run.claimed_by or 0).first()  # None: cleared away long ago
    at, crashes = clock.business(), run.crashes + 1
    stuck = crashes >= CRASH_LIMIT
    reason = f"workers died in this step: {crashes}" if stuck else ""
    StepRecord.objects.create(
        run=run,
        step=run.step,
        entry=run.entry,
        attempt=run.attempt,
        generation=run.generation,
        outcome="stuck" if stuck else "lost",
        detail=reason or "the worker was lost",
        who=worker.name if worker else "",
        started_at=worker.seen_at if worker else now,
        ended_at=now,
        business_at=at,
    )
    changed: dict[str, Any] = {"claimed_by": None, "crashes": crashes, "generation": run.generation + 1}
    if stuck:
        changed |= {"state": "STUCK", "owner": "staff", "reason": reason, "since": at}
    else:
        changed |= {"state": "READY", "not_before": now}
    Run.objects.filter(pk=run.pk).update(**changed)
    definition = definitions.find(run.kind, run.version)
    if stuck and definition and definition.stuck:
        hooks.tell(definition.stuck, work_of(run, at), reason)


def work_of(run: Run, at: dt.datetime) -> definitions.Work:
    """What a step or a hook is told about `run`."""
    return definitions.Work(
        id=run.pk,
        key=run.key,
        kind=run.kind,
        version=run.version,
        subject=run.subject,
        step=run.step,
        entry=run.entry,
        attempt=run.attempt,
        crashes=run.crashes,
        generation=run.generation,
        woken_by=run.woken_by,
        signals=run.signals,
        at=at,
    )


def work_from(row: tuple[Any, ...], at: dt.datetime) -> definitions.Work:
    """What a step is told about the run that a claim returned."""
    values = dict(zip(_COLUMNS, row, strict=True))
    if isinstance(values["signals"], str):
        values["signals"] = json.loads(values["signals"])
    return definitions.Work(**values, at=at)


def _instant(value: dt.datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(value)
