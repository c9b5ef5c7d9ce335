"""What are the runs doing? Read-only views for the back office and the command line."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from planshift.runtime import among, clock
from planshift.runtime.models import Run, Signal, StepRecord, Worker


@dataclass(frozen=True, slots=True)
class RunView:
    """One run. Instants are business time, but `not_before`, which is system time."""

    key: str
    kind: str
    version: int
    subject: str
    state: str
    step: str
    attempt: int
    owner: str
    awaiting: tuple[str, ...]
    due_at: dt.datetime | None
    not_before: dt.datetime | None
    overdue: bool
    reason: str
    since: dt.datetime
    started_at: dt.datetime
    ended_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class StepView:
    """One line of a run's history; lines of one `entry` are tries of the same step."""

    step: str
    entry: int
    attempt: int
    outcome: str
    detail: str
    who: str
    started_at: dt.datetime
    ended_at: dt.datetime
    business_at: dt.datetime


@dataclass(frozen=True, slots=True)
class WorkerView:
    """One worker, and whether its lease still runs."""

    name: str
    host: str
    pid: int
    started_at: dt.datetime
    seen_at: dt.datetime
    stopped_at: dt.datetime | None
    alive: bool
    lost: bool
    steps: int


def search(
    *,
    text: str = "",
    states: tuple[str, ...] = (),
    kind: str = "",
    owner: str = "",
    due_before: dt.datetime | None = None,
    limit: int = 100,
    offset: int = 0,
) -> list[RunView]:
    """Runs, newest first. `text` is a key or subject, or its beginning."""
    query = Run.objects.order_by("-id")
    if text:
        query = query.filter(Q(key__startswith=text) | Q(subject__startswith=text))
    if states:
        query = query.filter(state__in=states)
    if kind:
        query = query.filter(kind=kind)
    if owner:
        query = query.filter(owner=owner)
    if due_before is not None:
        query = query.filter(due_at__lt=due_before)
    return [view(run) for run in query[offset : offset + limit]]


def find(*, key: str) -> RunView | None:
    """The run `key`, if there is one."""
    run = Run.objects.filter(key=key).first()
    return view(run) if run else None


def unfinished(*, keys: Iterable[str]) -> set[str]:
    """Which of these runs were started and are not over."""
    return set(Run.objects.filter(among.of("key", keys), ended_at=None).values_list("key", flat=True))


def timeline(*, key: str, newest: int = 0, before: int = 0) -> list[StepView]:
    """The history of a run, oldest first; with `newest` only so many lines of its end, `before` lines further up."""
    found = StepRecord.objects.filter(run__key=key).order_by("id")
    rows = list(reversed(found.reverse()[before : before + newest])) if newest else list(found)
    return [
        StepView(
            step=row.step,
            entry=row.entry,
            attempt=row.attempt,
            outcome=row.outcome,
            detail=row.detail,
            who=row.who,
            started_at=row.started_at,
            ended_at=row.ended_at,
            business_at=row.business_at,
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class JournalLine:
    """One step of some run, as it happened."""

    id: int
    run: str
    step: str
    outcome: str
    detail: str
    who: str
    business_at: dt.datetime


def journal(*, after: int, limit: int = 1000) -> list[JournalLine]:
    """What all runs did since the line with the id `after`, in order."""
    rows = StepRecord.objects.filter(id__gt=after).select_related("run").order_by("id")[:limit]
    return [
        JournalLine(
            id=row.pk,
            run=row.run.key,
            step=row.step,
            outcome=row.outcome,
            detail=row.detail,
            who=row.who,
            business_at=row.business_at,
        )
        for row in rows
    ]


def journal_end() -> int:
    """The id of the latest line of the journal; 0 when it is empty."""
    return StepRecord.objects.order_by("-id").values_list("id", flat=True).first() or 0


def under_way() -> int:
    """How many runs workers hold at this moment."""
    return Run.objects.filter(claimed_by__isnull=False).count()


def workers() -> list[WorkerView]:
    """The workers of the last days, newest first."""
    now = clock.system()
    return [
        WorkerView(
            name=row.name,
            host=row.host,
            pid=row.pid,
            started_at=row.started_at,
            seen_at=row.seen_at,
            stopped_at=row.stopped_at,
            alive=row.stopped_at is None and row.lease_until > now,
            lost=row.lost,
            steps=row.steps,
        )
        for row in Worker.objects.order_by("-id")[:100]
    ]


@dataclass(frozen=True, slots=True)
class Backlog:
    """How far behind the workers are: seconds of the clock that each kind of waiting goes by, 0 when nothing waits."""

    due_seconds: float  # business time, of the run whose date passed first
    ready_seconds: float  # system time, of the run that could have gone on first
    signals: int  # not yet handed to their runs
    steps: int  # the number of the newest step record: what is carried out between two looks is the difference


def backlog() -> Backlog:
    """The lag, with a few looks at indexes."""
    due = next_due()
    ready = Run.objects.filter(not_before__isnull=False).order_by("not_before").values_list("not_before", flat=True)
    first = ready.first()
    return Backlog(
        due_seconds=max(0.0, (clock.business() - due).total_seconds()) if due else 0.0,
        ready_seconds=max(0.0, (clock.system() - first).total_seconds()) if first else 0.0,
        signals=Signal.objects.count(),
        steps=journal_end(),
    )


def next_due() -> dt.datetime | None:
    """The business instant at which the next waiting run wakes by itself, if any."""
    return Run.objects.filter(due_at__isnull=False).order_by("due_at").values_list("due_at", flat=True).first()


def view(run: Run) -> RunView:
    """A row as it is shown."""
    return RunView(
        key=run.key,
        kind=run.kind,
        version=run.version,
        subject=run.subject,
        state=run.state,
        step=run.step,
        attempt=run.attempt,
        owner=run.owner,
        awaiting=tuple(name for name in run.awaiting.split(",") if name),
        due_at=run.due_at,
        not_before=run.not_before,
        overdue=run.due_at is not None and run.due_at < clock.business(),
        reason=run.reason,
        since=run.since,
        started_at=run.started_at,
        ended_at=run.ended_at,
    )
