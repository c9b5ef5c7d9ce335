"""Is what was promised done in time (H6)? The clock of a promise, its pauses, and what staff are told.

    paid → the clock runs → (pause: a stated reason → resume: the promise moves on) → in force in time, or overdue

The clock counts business days of the seller's calendar. It stands still only for one of REASONS, with a note; when it
goes on, the promised day moves by the business days that the pause took. A pause ends with the promise at the latest,
and staff are told of one that lasts.
"""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from planshift.catalog import models as sellers_of
from planshift.domain import calendar
from planshift.domain.errors import Refused
from planshift.procedures import held, models, rules
from planshift.runtime import audit, runs

KIND = "deadlines"
REASONS = ("client", "third_party", "client_asked", "force_majeure")
_CLOCK_RUNS_IN = ("AWAITING_EXECUTION", "AWAITING_STAFF")
PROMISED = Q(state__in=_CLOCK_RUNS_IN, promised_on__isnull=False, applied_at=None)
PAUSED = Exists(models.ClockPause.objects.filter(change=OuterRef("pk"), ended_at=None))
DUE_SOON, OVERDUE, STILL_PAUSED = "due_soon", "overdue", "still_paused"
SOON = 1  # business days before the promised day on which staff are told
PATIENCE = timedelta(days=5)  # of a pause; then staff are told that the clock still stands
AT_ONCE = 100  # pauses that one look ends
LONGEST = 500  # of a note


def open_promise(change: models.Change) -> date | None:
    """Of one change what PROMISED says of many: the promised day, as long as the clock counts; else None."""
    return change.promised_on if change.state in _CLOCK_RUNS_IN and change.applied_at is None else None


def running(*, changes: QuerySet[models.Change]) -> QuerySet[models.Change]:
    """Those of `changes` whose clock runs now: promised, not yet in force, not paused."""
    return changes.filter(PROMISED).exclude(PAUSED)


# 1 ── pauses ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def pause(*, sellers: tuple[str, ...], number: str, reason: str, note: str, at: datetime, actor: str) -> None:
    """From now on the clock of this change stands still.

    Refused: `pause_without_reason`, `note_needed`, `clock_not_running` (nothing is promised, or it is in force),
    `clock_paused`; NotFound.
    """
    with transaction.atomic():
        change = held.change(number, sellers=sellers)
        if reason not in REASONS:
            raise Refused("pause_without_reason", number=number)
        if not note.strip():
            raise Refused("note_needed", number=number)
        if open_promise(change) is None:
            raise Refused("clock_not_running", number=number)
        if models.ClockPause.objects.filter(change=change, ended_at=None).exists():
            raise Refused("clock_paused", number=number)
        assert change.promised_on is not None
        models.ClockPause.objects.create(
            change=change,
            reason=reason,
            note=note.strip()[:LONGEST],
            started_at=at,
            started_by=actor,
            promised_before=change.promised_on,
        )
        _record(change, "clock_paused", note=note, at=at, actor=actor, facts={"reason": reason})


def resume(*, sellers: tuple[str, ...], number: str, note: str, at: datetime, actor: str) -> None:
    """The clock goes on; the promised day moves by the business days after the day of the pause, today included.

    Refused: `clock_not_paused`, `note_needed`, `clock_not_running` (in force or given up meanwhile); NotFound.
    """
    with transaction.atomic():
        change = held.change(number, sellers=sellers)
        if not note.strip():
            raise Refused("note_needed", number=number)
        paused = models.ClockPause.objects.filter(change=change, ended_at=None).first()
        if paused is None or change.promised_on is None:
            raise Refused("clock_not_paused", number=number)
        if open_promise(change) is None:
            raise Refused("clock_not_running", number=number)
        _end(paused, change, note=note, at=at, actor=actor)


def _end(paused: models.ClockPause, change: models.Change, *, note: str, at: datetime, actor: str) -> None:
    seller = change.client.seller
    began, today = rules.day(seller=seller, at=paused.started_at), rules.day(seller=seller, at=at)
    days = calendar.business_days_between(began, today, country=seller.country)
    before = change.promised_on
    if days and before is not None:
        change.promised_on = calendar.add_business_days(before, days, country=seller.country)
        change.save(update_fields=["promised_on"])
    paused.ended_at, paused.ended_by, paused.end_note, paused.business_days = at, actor, note.strip()[:LONGEST], days
    paused.save(update_fields=["ended_at", "ended_by", "end_note", "business_days"])
    told = {"business_days": days, "before": str(before), "promised_on": str(change.promised_on)}
    _record(change, "clock_resumed", note=note, at=at, actor=actor, facts=told)


def _record(
    change: models.Change, event: str, *, note: str, at: datetime, actor: str, facts: dict[str, object]
) -> None:
    audit.record(
        kind="procedures.change",
        object_id=change.pk,
        number=change.number,
        event=event,
        actor=actor,
        at=at,
        note=note,
        facts=facts,
    )


# 2 ── what staff are told ─────────────────────────────────────────────────────────────────────────────────────────────
def _tell(task: runs.Work) -> runs.Outcome:
    """What is due soon, overdue or long paused is told once for each promised day. Four statements a seller."""
    _end_with_the_promise(task)
    for seller in sellers_of.Seller.objects.order_by("pk"):
        today = rules.day(seller=seller, at=task.at)
        soon = calendar.add_business_days(today, SOON, country=seller.country)
        ours = models.Change.objects.filter(client__seller=seller)
        due = running(changes=ours.filter(promised_on__lte=soon))
        told = models.StaffNotice.objects.filter(change=OuterRef("pk"), promised_on=OuterRef("promised_on"))
        late = due.filter(~Exists(told.filter(code=OVERDUE)), promised_on__lt=today)
        early = due.filter(~Exists(told.filter(code__in=(DUE_SOON, OVERDUE))), promised_on__gte=today)
        long = models.ClockPause.objects.filter(change=OuterRef("pk"), ended_at=None, started_at__lt=task.at - PATIENCE)
        asleep = ours.filter(PROMISED, Exists(long), ~Exists(told.filter(code=STILL_PAUSED)))
        models.StaffNotice.objects.bulk_create(
            [
                models.StaffNotice(seller=seller, change_id=pk, code=code, promised_on=promised_on, made_at=task.at)
                for code, found in ((OVERDUE, late), (DUE_SOON, early), (STILL_PAUSED, asleep))
                for pk, promised_on in found.order_by("pk").values_list("pk", "promised_on")
                if promised_on is not None
            ],
            batch_size=500,
        )
    return runs.Done()


def _end_with_the_promise(task: runs.Work) -> None:
    """What came into force, or was given up, while its clock stood still: the pause ended with it."""
    left = models.ClockPause.objects.filter(ended_at=None).exclude(change__in=models.Change.objects.filter(PROMISED))
    numbers = list(left.order_by("pk").values_list("change__number", flat=True)[:AT_ONCE])
    if not numbers:
        return
    for change in held.changes(numbers):
        paused = change.pauses.filter(ended_at=None).first()
        if paused is not None:  # nobody ended it before we held the change
            over = max(change.applied_at or change.finished_at or task.at, paused.started_at)
            _end(paused, change, note="over", at=over, actor=task.actor)


def seen(*, sellers: tuple[str, ...], notices: tuple[int, ...], at: datetime, actor: str) -> int:
    """Staff have read these notices of their sellers; how many were new to them."""
    found = models.StaffNotice.objects.filter(pk__in=notices, seller__code__in=sellers, seen_at=None)
    return found.update(seen_at=at, seen_by=actor)


def define() -> None:
    """Name the run, every hour. Called once, when Django is ready."""
    runs.define(KIND, steps={"tell": _tell}, first="tell")
    runs.every(KIND, hours=1)
