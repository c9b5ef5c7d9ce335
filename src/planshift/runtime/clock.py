"""What time is it? The only reader of the clock. It has two hands.

`business()` is the time that prices, deadlines and documents live in; a demo or a test can push it ahead for all
processes at once. `system()` never moves and serves leases, heartbeats, back-off, tokens and rate limits.
"""

import datetime as dt
import time
from collections.abc import Iterator
from contextlib import contextmanager
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction

from planshift.domain.errors import Refused
from planshift.runtime.models import AuditEntry, ClockOffset

CACHE_SECONDS = 0.5  # longest time for which two processes can disagree after a move

_cached: tuple[float, dt.timedelta] | None = None
_stopped: dt.datetime | None = None


def system() -> dt.datetime:
    """The machine's time, aware, in UTC."""
    return dt.datetime.now(dt.UTC)


def monotonic() -> float:
    """Seconds that only grow; for measuring durations inside one process."""
    return time.monotonic()


def business() -> dt.datetime:
    """The time that the business lives in, aware, in UTC. Reads the offset row at most once per CACHE_SECONDS."""
    return _stopped if _stopped is not None else system() + _offset()


def today(*, zone: str) -> dt.date:
    """The business date in the time zone `zone` (an IANA name, the seller's)."""
    return business().astimezone(ZoneInfo(zone)).date()


def movable() -> bool:
    """May this installation's business clock be moved? Demo and test installations say yes."""
    return bool(getattr(settings, "CLOCK_MOVABLE", settings.DEMO))


def move_to(*, at: dt.datetime, actor: str, note: str = "", really: bool = False) -> dt.datetime:
    """Push the business clock forward to `at` for every process, and record who did it. Returns the new time.

    Refused: `clock_not_movable` outside demo and test installations unless `really`; `clock_only_forward`.
    """
    global _stopped
    if at.tzinfo is None:
        raise ValueError("an aware instant is needed")
    if not (movable() or really):
        raise Refused("clock_not_movable")
    with transaction.atomic():
        row = ClockOffset.objects.select_for_update().get_or_create(pk=1, defaults={"microseconds": 0})[0]
        before = _stopped or system() + dt.timedelta(microseconds=row.microseconds)
        if at < before:
            raise Refused("clock_only_forward", now=before, asked=at)
        row.microseconds += (at - before) // dt.timedelta(microseconds=1)
        row.save(update_fields=["microseconds"])
        AuditEntry.objects.create(
            kind="clock",
            event="clock_moved",
            actor=actor,
            system_at=system(),
            business_at=at,
            note=note,
            facts={"from": before.isoformat(), "to": at.isoformat()},
        )
        transaction.on_commit(forget)
    forget()
    if _stopped is not None:
        _stopped = at
    return at


def forget() -> None:
    """Drop what this process remembers of the offset: after a move, and between tests."""
    global _cached
    _cached = None


@contextmanager
def stopped(*, at: dt.datetime) -> Iterator[None]:
    """For tests: this process's business clock stands at `at` (move_to still moves it); no query is made."""
    global _stopped
    kept, _stopped = _stopped, at
    try:
        yield
    finally:
        _stopped = kept


def _offset() -> dt.timedelta:
    global _cached
    now = time.monotonic()
    if _cached is None or now - _cached[0] > CACHE_SECONDS:
        with connection.cursor() as cursor:
            cursor.execute("SELECT microseconds FROM runtime_clockoffset WHERE id = 1")
            row = cursor.fetchone()
        _cached = (now, dt.timedelta(microseconds=row[0] if row else 0))
    return _cached[1]
