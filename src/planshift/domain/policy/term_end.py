"""Until when does the term run after a change that does not start a new one?

`run` gives the end, and the start of the stretch over which the new price is divided (None: the present term's).
"""

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from planshift.domain import periods
from planshift.domain.periods import Length, Moment, Period
from planshift.domain.policy.vocabulary import Answer, rules

QUESTION = __doc__
DEFAULT = "kept"


@dataclass(frozen=True, slots=True)
class Position:
    """Where the change stands: the present term, its moment, the new billing period, what it may be aligned to."""

    term: Period
    at: Moment
    length: Length
    zone: ZoneInfo
    bill_day: int
    aligned_until: date | None


Found = tuple[Moment, Moment | None]


def _kept(*, position: Position) -> Found:
    return position.term.end, None


def from_term_start(*, position: Position) -> Found:
    """The new billing periods are laid from the start of the present term; the one that holds the change counts."""
    start: Moment = position.term.start
    times = 1
    while True:
        end = periods.add(position.term.start, position.length, position.zone, times=times)
        if periods.instant_of(end, position.zone) > periods.instant_of(position.at, position.zone):
            return end, start
        start, times = end, times + 1


def _until(end: date, position: Position) -> Found:
    return end, periods.add(end, position.length, position.zone, times=-1)


def _bill_day(*, position: Position) -> Found:
    if not position.bill_day:
        return _kept(position=position)
    day = periods.day_of(position.at, position.zone)
    end = periods.add_months(day.replace(day=1), 0, anchor=position.bill_day)
    if end <= day:
        end = periods.add_months(day.replace(day=1), 1, anchor=position.bill_day)
    return _until(end, position)


def _with_other_service(*, position: Position) -> Found:
    if position.aligned_until is None or position.aligned_until <= periods.day_of(position.at, position.zone):
        return _kept(position=position)
    return _until(position.aligned_until, position)


def _calendar_month(*, position: Position) -> Found:
    day = periods.day_of(position.at, position.zone)
    return _until(periods.add_months(day.replace(day=1), 1), position)


RULES = rules(
    Answer(name="kept", run=_kept, doc="Until the same day as before: the renewal date is kept.", example='"kept"'),
    Answer(
        name="from_term_start",
        run=from_term_start,
        doc="To the end of the new billing period as if it had begun with the present term: the bill day is kept.",
        example='"from_term_start"',
    ),
    Answer(
        name="bill_day",
        run=_bill_day,
        doc="To the next billing day of the client's account (the last day of a month that has no such day).",
        example='"bill_day"',
    ),
    Answer(
        name="with_other_service",
        run=_with_other_service,
        doc="To the end of the term of the service that this one is to end with.",
        example='"with_other_service"',
    ),
    Answer(
        name="calendar_month",
        run=_calendar_month,
        doc="To the end of the calendar month of the change.",
        example='"calendar_month"',
    ),
)
