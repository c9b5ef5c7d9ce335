"""What is promised for when (H6)? Due, overdue, stuck and paused changes, for staff of these sellers."""

from datetime import date, datetime, timedelta

from django.db.models import Count, Prefetch, Q, QuerySet

from planshift.catalog import models as sellers_of
from planshift.catalog import queries as catalog
from planshift.domain import calendar
from planshift.procedures import deadlines, models, rules
from planshift.procedures.queries import rows as rows_of
from planshift.procedures.views import deadlines as views

LIMIT = 300  # rows, and notices, that are shown
NEXT_DAYS = 3  # business days that count as soon
_STUCK = ("STUCK", "AWAITING_STAFF")


def board(*, sellers: tuple[str, ...], at: datetime) -> views.Board:
    """The board of deadlines, the earliest first, with how many there are of each sort. Five statements, however many
    changes."""
    today = _today(sellers, at)
    open_pauses = Prefetch("pauses", models.ClockPause.objects.filter(ended_at=None), to_attr="open_pauses")
    promised = models.Change.objects.filter(deadlines.PROMISED, client__seller__code__in=sellers)
    rows = (
        promised.select_related("client__seller", "service", "execution")
        .prefetch_related(open_pauses)
        .order_by("promised_on", "pk")[:LIMIT]
    )
    shown = [_due(row, today[row.client.seller]) for row in rows]
    running = [each for each in shown if each.pause is None]
    return views.Board(
        overdue=tuple(each for each in running if each.days < 0),
        today=tuple(each for each in running if each.days == 0),
        soon=tuple(each for each in running if 0 < each.days <= NEXT_DAYS),
        later=tuple(each for each in running if each.days > NEXT_DAYS),
        stuck=tuple(each for each in shown if each.stuck),
        paused=tuple(each for each in shown if each.pause is not None),
        notices=_notices(sellers),
        totals=_totals(promised, today),
    )


def unseen(*, sellers: tuple[str, ...]) -> int:
    """How many notices nobody has marked as seen. One statement."""
    return models.StaffNotice.objects.filter(seller__code__in=sellers, seen_at=None).count()


def alarmed(*, sellers: tuple[str, ...]) -> tuple[views.Alarmed, ...]:
    """Where staff of each seller are alarmed by mail. One statement."""
    return tuple(
        views.Alarmed(seller=each.seller.name, address=each.catalog.seller.alarm_address)
        for each in catalog.all_in_force(sellers=sellers)
    )


def pauses(*, change: str) -> tuple[views.Pause, ...]:
    """Every pause of a change, the latest first. One statement."""
    rows = models.ClockPause.objects.filter(change__number=change).order_by("-pk")
    return tuple(_pause(row) for row in rows)


def clock_of(*, change: str) -> views.Clock:
    """The promise of a change that is there, with its pauses. Two statements."""
    row = models.Change.objects.get(number=change)
    stood = pauses(change=change)
    runs = deadlines.open_promise(row) is not None and not any(each.ended_at is None for each in stood)
    return views.Clock(promised_on=row.promised_on, runs=runs, pauses=stood)


def _today(sellers: tuple[str, ...], at: datetime) -> dict[sellers_of.Seller, date]:
    found = sellers_of.Seller.objects.filter(code__in=sellers)
    return {each: rules.day(seller=each, at=at) for each in found}


def _totals(promised: QuerySet[models.Change], today: dict[sellers_of.Seller, date]) -> dict[str, int]:
    """How many there are of each sort, by the calendars of their sellers. One statement."""
    runs = {"overdue": Q(pk=None), "today": Q(pk=None), "soon": Q(pk=None), "later": Q(pk=None)}
    for seller, on in today.items():
        last_today, last_soon = (_last_day(on, days, seller.country) for days in (0, NEXT_DAYS))
        of = Q(client__seller=seller, stands=False)
        runs["overdue"] |= of & Q(promised_on__lt=on)
        runs["today"] |= of & Q(promised_on__range=(on, last_today))
        runs["soon"] |= of & Q(promised_on__gt=last_today, promised_on__lte=last_soon)
        runs["later"] |= of & Q(promised_on__gt=last_soon)
    sorts = runs | {"stuck": Q(state="AWAITING_STAFF") | Q(execution__state__in=_STUCK), "paused": Q(stands=True)}
    counted = {name: Count("pk", filter=condition) for name, condition in sorts.items()}
    return promised.annotate(stands=deadlines.PAUSED).aggregate(**counted)


def _last_day(on: date, days: int, country: str) -> date:
    """The last day that is at most `days` business days away."""
    return calendar.add_business_days(on, days + 1, country=country) - timedelta(days=1)


def _due(row: models.Change, today: date) -> views.Due:
    assert row.promised_on is not None
    country, paused = row.client.seller.country, next(iter(row.open_pauses), None)  # type: ignore[attr-defined]
    days = calendar.business_days_between(today, row.promised_on, country=country)
    if row.promised_on < today:
        days = -max(1, calendar.business_days_between(row.promised_on, today, country=country))
    return views.Due(
        **rows_of.told(row),
        seller=row.client.seller.name,
        days=days,
        late=max(0, -days),
        stuck=row.state == "AWAITING_STAFF" or bool(row.execution and row.execution.state in _STUCK),
        pause=_pause(paused) if paused else None,
    )


def _notices(sellers: tuple[str, ...]) -> tuple[views.Told, ...]:
    rows = (
        models.StaffNotice.objects.filter(seller__code__in=sellers, seen_at=None)
        .select_related("change__client", "change__service")
        .order_by("-pk")[:LIMIT]
    )
    return tuple(
        views.Told(
            id=row.pk,
            change=row.change.number,
            client=row.change.client.name,
            service=row.change.service.label,
            code=row.code,
            promised_on=row.promised_on,
            made_at=row.made_at,
        )
        for row in rows
    )


def _pause(row: models.ClockPause) -> views.Pause:
    return views.Pause(
        reason=row.reason,
        note=row.note,
        started_at=row.started_at,
        started_by=row.started_by,
        ended_at=row.ended_at,
        ended_by=row.ended_by,
        end_note=row.end_note,
        business_days=row.business_days,
    )
