"""In which unit is the used and the remaining time measured?

`run` gives the units between two moments (dates, or instants) in the seller's zone, exactly.
"""

from collections.abc import Callable
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from planshift.domain import periods
from planshift.domain.exact import Exact, Fraction
from planshift.domain.periods import Moment
from planshift.domain.policy.vocabulary import Answer, rules

QUESTION = __doc__
DEFAULT = "days"
MONTHS = ("months", "calendar_months", "started_calendar_months")  # units of which a month is one

Count = Callable[[Moment, Moment, ZoneInfo], Exact]


def _calendar_months(start: Moment, end: Moment, zone: ZoneInfo) -> Fraction:
    return periods.calendar_months(periods.day_of(start, zone), periods.day_of(end, zone))


def _days(start: Moment, end: Moment, zone: ZoneInfo) -> Exact:
    if type(start) is date and type(end) is date:
        return (end - start).days
    return _lean(periods.days_between(start, end, zone))


def _lean(units: Fraction) -> Exact:
    """Whole units as an int: it costs a tenth."""
    return units.numerator if units.denominator == 1 else units


def _started_calendar_months(start: Moment, end: Moment, zone: ZoneInfo) -> Exact:
    first, last = periods.day_of(start, zone), periods.day_of(end, zone)
    if last <= first:
        return 0
    last -= timedelta(days=1)
    return (last.year - first.year) * 12 + last.month - first.month + 1


def _days_30_360(start: Moment, end: Moment, zone: ZoneInfo) -> Exact:
    first, last = periods.day_of(start, zone), periods.day_of(end, zone)
    months = (last.year - first.year) * 12 + last.month - first.month
    return months * 30 + min(last.day, 30) - min(first.day, 30)


def _hours(start: Moment, end: Moment, zone: ZoneInfo) -> Exact:
    return _lean(periods.elapsed(start, end, "hour", zone=zone))


def _minutes(start: Moment, end: Moment, zone: ZoneInfo) -> Exact:
    return _lean(periods.elapsed(start, end, "minute", zone=zone))


def _seconds(start: Moment, end: Moment, zone: ZoneInfo) -> Exact:
    return _lean(periods.elapsed(start, end, "second", zone=zone))


RULES = rules(
    Answer(
        name="months",
        run=periods.months_between,
        doc="Months of the term, each beginning on the day of the month on which the term began. A begun month counts "
        "by its days over its own length; see “partial_unit” for other ways.",
        example='"months"',
        clause="H7",
    ),
    Answer(
        name="calendar_months",
        run=_calendar_months,
        doc="Calendar months: the days in each calendar month over that month's length, summed (12/30 + 8/31).",
        example='"calendar_months"',
    ),
    Answer(
        name="started_calendar_months",
        run=_started_calendar_months,
        doc="Calendar months, each begun one counted whole: the month of the sign-up is the first.",
        example='"started_calendar_months"',
    ),
    Answer(
        name="days",
        run=_days,
        doc="Calendar days in the seller's time zone; a day with a clock change counts 1.",
        example='"days"',
    ),
    Answer(
        name="days_30_360",
        run=_days_30_360,
        doc="Days of a calendar in which every month has 30 days and every year 360.",
        example='"days_30_360"',
    ),
    Answer(name="hours", run=_hours, doc="Hours that really pass, also over a clock change.", example='"hours"'),
    Answer(name="minutes", run=_minutes, doc="Minutes that really pass.", example='"minutes"'),
    Answer(name="seconds", run=_seconds, doc="Seconds that really pass.", example='"seconds"'),
)
