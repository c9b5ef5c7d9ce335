"""Which stretch of time, and how many units of it are there?

Periods are half-open: [start, end). Bounds are both dates (days of the seller's zone) or both aware instants.
Months are anchored: those of a term that began on the 31st start on the 31st, or on the last day where there is none.
"""

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from planshift.domain.errors import Refused
from planshift.domain.exact import Fraction

Moment = date | datetime  # a datetime is always aware

EPOCH = date(1900, 1, 1)
UNITS = ("month", "day", "hour", "minute", "second")
_MONTHS = (0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_DAY = 86_400_000_000  # microseconds
SECONDS = {"day": 86400, "hour": 3600, "minute": 60, "second": 1}
_LENGTH = re.compile(r"([1-9][0-9]{0,8}) ?(month|year|week|day|hour|minute|second)s?")


@dataclass(frozen=True, slots=True)
class Length:
    """How long a price or a term is: so many months, days, hours, minutes or seconds."""

    count: int
    unit: str = "month"

    def __post_init__(self) -> None:
        if self.unit not in UNITS or self.count < 1:
            raise Refused("length_not_understood", text=f"{self.count} {self.unit}")

    def __eq__(self, other: object) -> bool:  # looked up for every price: those that dataclasses make cost many times
        return self is other or (isinstance(other, Length) and self.count == other.count and self.unit == other.unit)

    def __hash__(self) -> int:
        return self.count

    @classmethod
    def parse(cls, text: object) -> "Length":
        """`12` (months), "1 year", "30 days", "720 hours". Raises Refused("length_not_understood")."""
        if isinstance(text, int) and not isinstance(text, bool) and 0 < text <= 1200:
            return cls(text)
        found = _LENGTH.fullmatch(text) if isinstance(text, str) else None
        if found is None:
            raise Refused("length_not_understood", text=str(text))
        count, unit = int(found[1]), found[2]
        if unit in ("year", "week"):
            count, unit = (count * 12, "month") if unit == "year" else (count * 7, "day")
        return cls(count, unit)

    @property
    def months(self) -> Fraction:
        """In months. 28 to 31 days are one month, 365 or 366 twelve, any other length counts 30 days to the month."""
        return _months(self.count, self.unit)

    def __str__(self) -> str:
        return f"{self.count} {self.unit}{'' if self.count == 1 else 's'}"


@lru_cache(maxsize=1024)
def _months(count: int, unit: str) -> Fraction:
    if unit == "month":
        return Fraction(count)
    days = Fraction(count * SECONDS[unit], 86400)
    if 28 <= days <= 31:
        return Fraction(1)
    return Fraction(12) if days in (365, 366) else days / 30


@dataclass(frozen=True, slots=True)
class Period:
    """[start, end): both dates or both aware instants. Raises Refused when it ends before it starts or mixes them."""

    start: Moment
    end: Moment

    def __post_init__(self) -> None:
        if isinstance(self.start, datetime) != isinstance(self.end, datetime):
            raise Refused("period_bounds_mixed", start=str(self.start), end=str(self.end))
        if isinstance(self.start, datetime) and (self.start.tzinfo is None or self.end.tzinfo is None):  # type: ignore[union-attr]
            raise Refused("instant_without_zone", start=str(self.start), end=str(self.end))
        if self.end <= self.start:
            raise Refused("period_ends_before_it_starts", start=str(self.start), end=str(self.end))

    @property
    def days(self) -> int:
        """Calendar days between the bounds' dates (as written, in their own zones)."""
        return (day_of(self.end) - day_of(self.start)).days

    def __contains__(self, moment: object) -> bool:
        return isinstance(moment, date) and self.start <= moment < self.end


def day_of(moment: Moment, zone: ZoneInfo | None = None) -> date:
    """The calendar day of a moment; an instant is read in `zone` when one is given."""
    if isinstance(moment, datetime):
        return (moment.astimezone(zone) if zone is not None else moment).date()
    return moment


def instant_of(moment: Moment, zone: ZoneInfo) -> datetime:
    """An aware instant: a date is its midnight in `zone`."""
    return moment if isinstance(moment, datetime) else datetime.combine(moment, time(), tzinfo=zone)


def days_in_month(day: date) -> int:
    """28 to 31."""
    return _month_size(day.year, day.month)


def _month_size(year: int, month: int) -> int:
    return 29 if month == 2 and calendar.isleap(year) else _MONTHS[month]


def add_months(day: date, months: int, *, anchor: int = 0) -> date:
    """The same day `months` later, or the month's last where it has no such day (31 Jan + 1 = 28 or 29 Feb).

    `anchor` is the wanted day of month (default: the day's own), so that 28 Feb + 1 with anchor 31 is 31 Mar.
    """
    index = day.year * 12 + day.month - 1 + months
    year, month = index // 12, index % 12 + 1
    if not 1 <= year <= 9998:
        raise Refused("date_out_of_range", months=months)
    wanted = anchor or day.day
    if wanted > 28:
        wanted = min(wanted, _month_size(year, month))
    return date(year, month, wanted)


def add(moment: Moment, length: Length, zone: ZoneInfo, *, times: int = 1) -> Moment:
    """`moment` + times x length. Months and days keep the wall-clock time of `zone`; hours are elapsed time.

    Raises Refused("date_out_of_range") where the calendar ends.
    """
    try:
        return _added(moment, length, zone, length.count * times)
    except (OverflowError, ValueError):
        raise Refused("date_out_of_range", length=str(length)) from None


def _added(moment: Moment, length: Length, zone: ZoneInfo, count: int) -> Moment:
    if length.unit in ("month", "day"):
        day = day_of(moment, zone)
        later = add_months(day, count) if length.unit == "month" else day + timedelta(days=count)
        if isinstance(moment, datetime):
            return datetime.combine(later, moment.astimezone(zone).time(), tzinfo=zone)
        return later
    seconds = count * SECONDS[length.unit]
    if not isinstance(moment, datetime) and seconds % 86400 == 0:
        return moment + timedelta(days=seconds // 86400)
    start = instant_of(moment, zone)
    return (start.astimezone(UTC) + timedelta(seconds=seconds)).astimezone(zone)


def elapsed(start: Moment, end: Moment, unit: str, *, zone: ZoneInfo) -> Fraction:
    """Units from start to end, exactly. Days are calendar days of `zone` (a DST day counts 1) plus the share of the
    wall clock; hours, minutes and seconds are elapsed time; months are counted from `start` (see `months_between`)."""
    if unit == "month":
        return months_between(start, end, zone)
    if unit == "day":
        return days_between(start, end, zone)
    # In UTC: two instants of one zone would be subtracted by their wall clocks, an hour off over a clock change.
    span = instant_of(end, zone).astimezone(UTC) - instant_of(start, zone).astimezone(UTC)
    micro = (span.days * 86400 + span.seconds) * 1_000_000 + span.microseconds
    return Fraction(micro, SECONDS[unit] * 1_000_000)


def days_between(start: Moment, end: Moment, zone: ZoneInfo) -> Fraction:
    """Calendar days of `zone` from start to end, with the share of the wall clock of instants."""
    if isinstance(start, datetime) or isinstance(end, datetime):
        return Fraction(_wall_clock(end, zone) - _wall_clock(start, zone), _DAY)
    return Fraction((end - start).days)


def wall_days(moment: Moment, zone: ZoneInfo) -> Fraction:
    """Days since year 1 with the share of the day by the wall clock of `zone`."""
    return Fraction(_wall_clock(moment, zone), _DAY)


def _wall_clock(moment: Moment, zone: ZoneInfo) -> int:
    """The same in microseconds."""
    if not isinstance(moment, datetime):
        return moment.toordinal() * _DAY
    local = moment if moment.tzinfo is zone else moment.astimezone(zone)
    seconds = local.hour * 3600 + local.minute * 60 + local.second
    return local.toordinal() * _DAY + seconds * 1_000_000 + local.microsecond


def months_between(start: Moment, end: Moment, zone: ZoneInfo) -> Fraction:
    """Whole months from `start` plus the rest's days over the days of that started month (both anchored at `start`)."""
    if isinstance(start, datetime) or isinstance(end, datetime):
        return _months_by_clock(start, end, zone)
    whole, rest, size = month_parts(start, end)
    return Fraction(whole * size + rest, size)


def month_parts(start: date, end: date) -> tuple[int, int, int]:
    """Whole months from day to day, the days of the begun month, and that month's length: (3, 15, 30) is 3.5 months."""
    whole = (end.year - start.year) * 12 + end.month - start.month
    if start.day <= 28:
        if end.day == start.day:
            return whole, 0, 1
        if end.day < start.day:
            whole -= 1
            rest = end.day - start.day + _days_before(end)
            return whole, rest, _days_before(end)
        return whole, end.day - start.day, days_in_month(end)
    begun = add_months(start, whole)
    if begun > end:
        whole -= 1
        begun = add_months(start, whole)
    rest = (end - begun).days
    return (whole, rest, (add_months(start, whole + 1) - begun).days) if rest else (whole, 0, 1)


def _days_before(day: date) -> int:
    """The days of the calendar month before that of `day`."""
    return _month_size(day.year, day.month - 1) if day.month > 1 else 31


def _months_by_clock(start: Moment, end: Moment, zone: ZoneInfo) -> Fraction:
    """The same with the time of the day, by the wall clock of `zone`."""
    first, last = day_of(start, zone), day_of(end, zone)
    whole = (last.year - first.year) * 12 + last.month - first.month
    offset, position = _wall_clock(start, zone) - first.toordinal() * _DAY, _wall_clock(end, zone)
    begun = add_months(first, whole).toordinal() * _DAY + offset
    if begun > position:
        whole -= 1
        begun = add_months(first, whole).toordinal() * _DAY + offset
    size = add_months(first, whole + 1).toordinal() * _DAY + offset - begun
    return Fraction(whole * size + position - begun, size)


def calendar_months(start: date, end: date) -> Fraction:
    """The days of every calendar month between two days over that month's own length, summed (12/30 + 8/31 …)."""
    months, day = Fraction(0), start
    while day < end:
        size = days_in_month(day)
        stop = min(end, date(day.year, day.month, 1) + timedelta(days=size))
        months += Fraction((stop - day).days, size)
        day = stop
    return months
