"""Is what was promised done in time (H6)? The clock of a promise, its pauses, and what staff are told.

    paid → the clock runs → (pause: a stated reason → resume: the promise moves on) → in force in time, or overdue

The clock counts business days of the seller's calendar. It stands still only for one of REASONS, with a note; when it
goes on, the promised day moves by the business days that the pause took.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from planshift.catalog import models as sellers_of
from planshift.domain import calendar
from planshift.domain.errors import Refused
from planshift.procedures import held, models, rules
from planshift.runtime import audit, runs

KIND = "deadlines"
REASONS = ("client", "third_party", "client_asked", "force_majeure")
PROMISED = Q(state__in=("AWAITING_EXECUTION", "AWAITING_STAFF"), promised_on__isnull=False, applied_at=None)
PAUSED = Exists(models.ClockPause.objects.filter(change=OuterRef("pk"), ended_at=None))
DUE_SOON, OVERDUE = "due_soon", "overdue"
SOON = 1  # business days before the promised day on which staff are told
LONGEST = 500  # of a note


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
        if not models.Change.objects.filter(PROMISED, pk=change.pk).exists():
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

    Refused: `clock_not_paused`, `note_needed`; NotFound.
    """
    with transaction.atomic():
        change = held.change(number, sellers=sellers)
        if not note.strip():
            raise Refused("note_needed", number=number)
        paused = models.ClockPause.objects.filter(change=change, ended_at=None).first()
        if paused is None or change.promised_on is None:
            raise Refused("clock_not_paused", number=number)
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
    """What is due soon or overdue is told once for each promised day. Three statements a seller."""
    for seller in sellers_of.Seller.objects.order_by("pk"):
        today = rules.day(seller=seller, at=task.at)
        soon = calendar.add_business_days(today, SOON, country=seller.country)
        due = running(changes=models.Change.objects.filter(client__seller=seller, promised_on__lte=soon))
        told = models.StaffNotice.objects.filter(change=OuterRef("pk"), promised_on=OuterRef("promised_on"))
        late = due.filter(~Exists(told.filter(code=OVERDUE)), promised_on__lt=today)
        early = due.filter(~Exists(told), promised_on__gte=today)
        models.StaffNotice.objects.bulk_create(
            [
                models.StaffNotice(seller=seller, change_id=pk, code=code, promised_on=promised_on, made_at=task.at)
                for code, found in ((OVERDUE, late), (DUE_SOON, early))
                for pk, promised_on in found.order_by("pk").values_list("pk", "promised_on")
                if promised_on is not None
            ],
            batch_size=500,
        )
    return runs.Done()


def seen(*, sellers: tuple[str, ...], notices: tuple[int, ...], at: datetime, actor: str) -> int:
    """Staff have read these notices of their sellers; how many were new to them."""
    found = models.StaffNotice.objects.filter(pk__in=notices, seller__code__in=sellers, seen_at=None)
    return found.update(seen_at=at, seen_by=actor)


def define() -> None:
    """Name the run, every hour. Called once, when Django is ready."""
    runs.define(KIND, steps={"tell": _tell}, first="tell")
    runs.every(KIND, hours=1)
