"""How much of the time is used, how much remains, and of how many units is a billing period?"""

import math
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from planshift.domain import money, periods
from planshift.domain.errors import Refused
from planshift.domain.exact import Exact, Fraction
from planshift.domain.facts import Counts, Service
from planshift.domain.periods import Length, Moment, Period
from planshift.domain.policy import time_unit
from planshift.domain.policy.denominator import Base, Divisor
from planshift.domain.policy.given import Share
from planshift.domain.policy.time_unit import Count
from planshift.domain.pricing.compiled import Rules

_COUNTED = {"days": "day", "days_30_360": "day", "hours": "hour", "minutes": "minute", "seconds": "second"}
ONE = Fraction(1)


class Time(NamedTuple):
    """A stretch of time as the policy counts it: used, remaining and all of its units."""

    used: Exact
    remaining: Exact
    total: Exact | None  # None: not stated


class Clock:
    """Measures stretches of one quote: the term, billed lines, new billing periods."""

    def __init__(self, *, rules: Rules, service: Service, at: Moment | None, zone: ZoneInfo) -> None:
        self.rules, self.service, self.at, self.zone = rules, service, at, zone
        self.unit, self.by_day = rules.unit, rules.by_day
        self.used_until: Moment | None = at
        self.remaining_from: Moment | None = at
        begins = type(at) is date and rules.day_on_new  # the day of the change needs no reading: it is the first left
        if at is not None and not begins and (self.by_day or not isinstance(at, datetime)):
            self.used_until, self.remaining_from = rules.change_day(at=at, zone=zone)
        self._term: Time | None = None
        self._shares: dict[Length, Share] = {}
        self._cycles: dict[Length, Fraction] = {}

    @property
    def on(self) -> date | None:
        """The day of the change in the seller's zone."""
        return None if self.at is None else periods.day_of(self.at, self.zone)

    def days_of(self, length: Length) -> Fraction:
        """The days of a billing period that begins at this clock's instant; of an average one where none is known."""
        if self.at is not None:
            return periods.elapsed(self.at, periods.add(self.at, length, self.zone), "day", zone=self.zone)
        return Fraction(365, 12) * length.months if length.unit == "month" else length.months * 30

    def term(self) -> Time:
        """The present term."""
        if self._term is None:
            term = self.service.term
            if term is not None and self.at is not None:
                self._term = self.time(term.start, term.end)
            elif self.service.counts is not None:
                self._term = self._counted(self.service.counts)
            else:
                raise Refused("position_in_term_not_known")
        return self._term

    def time(self, start: Moment, end: Moment) -> Time:
        """A stretch [start, end) with the change at this clock's instant."""
        until, since = self.used_until, self.remaining_from
        if until is None or since is None:
            raise Refused("position_in_term_not_known")
        if self.by_day:
            if isinstance(start, datetime):
                start, end = periods.day_of(start, self.zone), periods.day_of(end, self.zone)
        elif isinstance(since, datetime) != isinstance(start, datetime):
            until, since = periods.instant_of(until, self.zone), periods.instant_of(since, self.zone)
            start, end = periods.instant_of(start, self.zone), periods.instant_of(end, self.zone)
        count = self.rules.time_unit
        total = _whole(count, start, end, self.zone) if type(start) is date else count(start, end, self.zone)
        passed: Exact = count(start, since, self.zone) if since > start else 0
        if self.rules.exact_units and not isinstance(since, datetime) and since <= end:
            used = counted = passed
        else:
            counted = self.rules.partial_unit(used=min(passed, total), total=total)
            counted = min(max(counted, total - math.ceil(total)), total)
            used = max(counted, 0)
        if until is not since and until != since:
            used = count(start, until, self.zone) if until > start else 0
        return Time(used, total - counted, total)

    def _counted(self, counts: Counts) -> Time:
        factor = self._factor(counts)
        remaining, total, used = counts.remaining, counts.total, counts.used or 0
        if factor != 1:
            remaining, total, used = remaining * factor, None if total is None else total * factor, used * factor
        used = total - remaining if total is not None else used
        if self.rules.exact_units:
            return Time(used, remaining, total)
        whole = total if total is not None else remaining
        counted: Exact = self.rules.partial_unit(used=whole - remaining, total=whole)
        counted = min(max(counted, whole - math.ceil(whole)), whole)
        return Time(max(counted, 0) if total is not None else used, whole - counted, total)

    def _factor(self, counts: Counts) -> Exact:
        """From the unit of the counts to that of the policy."""
        if counts.unit == "term" or (counts.unit == "month" and self.unit in time_unit.MONTHS):
            return 1
        wanted = _COUNTED.get(self.unit)
        if wanted is None or counts.unit == "month":
            raise Refused("counts_in_another_unit", counted=counts.unit, policy=self.unit)
        whole, rest = divmod(periods.SECONDS[counts.unit], periods.SECONDS[wanted])
        return Fraction(periods.SECONDS[counts.unit], periods.SECONDS[wanted]) if rest else whole

    def remaining(self, length: Length) -> Share:
        """The remaining share of the present term, in billing periods of `length`, later paid periods included."""
        found = self._shares.get(length)
        if found is None:
            term, time = self.service.term, self.term()
            if term is not None and self.at is not None:
                found = self.share(term.start, term.end, length=length, units=time.remaining, total=time.total)
            else:
                found = Share(time.remaining, self._counted_period(length, time), self._unit_name())
            prepaid = self.service.prepaid_periods
            if prepaid and (later := self.rules.later_periods(periods=prepaid)):
                parts = (*(found.parts or ((found.remaining, found.per),)), (later * found.per, found.per))
                found = found._replace(remaining=found.remaining + later * found.per, parts=parts)
            self._shares[length] = found
        return found

    def is_term(self, period: Period) -> bool:
        """Whether a stretch is the present term."""
        term = self.service.term
        return term is not None and period.start == term.start and period.end == term.end

    def shares_the_term(self, length: Length) -> bool:
        """Whether `remaining` of `length` is the term's own remaining time over the whole of it."""
        share, time = self.remaining(length), self.term()
        return share.remaining is time.remaining and share.per is time.total

    def used(self, length: Length) -> Share:
        """The used share of the present term."""
        term, time = self.service.term, self.term()
        if term is not None and self.at is not None:
            return self.share(term.start, term.end, length=length, units=time.used)
        return Share(time.used, self._counted_period(length, time), self._unit_name())

    def whole_cycles(self, length: Length) -> Fraction:
        """How many billing periods of `length` the present term has; 1 where the facts do not say."""
        found = self._cycles.get(length)
        if found is None:
            found = self._cycles[length] = self._whole_cycles(length)
        return found

    def _whole_cycles(self, length: Length) -> Fraction:
        term = self.service.term
        if term is not None:
            if _end_of_one(term.start, length, self.zone) == term.end:
                return ONE
            start, end = term.start, term.end
            months = periods.months_between(start, end, self.zone) if length.unit == "month" else None
            if months is not None and months.denominator == 1:
                return months / length.count
            return self.share(start, end, length=length, units=self._unused_stretch(start, end)).cycles
        counts = self.service.counts
        if counts is None or counts.total is None or counts.unit != "month" or length.unit != "month":
            billed = self.service.length.months / length.months
            if counts is not None and counts.total is None:
                return max(billed, self.remaining(length).cycles)
            return billed
        return Fraction(counts.total, length.count)

    def _unused_stretch(self, start: Moment, end: Moment) -> Exact:
        """The units of a stretch of which nothing is used, partial ones counted as the policy says."""
        total: Exact = self.rules.time_unit(start, end, self.zone)
        counted: Exact = self.rules.partial_unit(used=0, total=total)
        return total - min(max(counted, total - math.ceil(total)), total)

    def share(self, start: Moment, end: Moment, *, length: Length, units: Exact, total: Exact | None = None) -> Share:
        """`units` at the end of the stretch [start, end), over billing periods of `length` laid from its start.

        `total`: the units of the whole stretch, where they are known.
        """
        rules = self.rules
        divisor = "from_start" if rules.by_own_period else rules.divisors.get(length) or self._divisor(length)
        if not isinstance(divisor, str):
            return Share(units, divisor, self.unit)
        count = rules.time_unit
        if total is not None and divisor == "from_start" and self._cycles.get(length) is ONE:
            return Share(units, total, self.unit)
        if self.by_day and isinstance(start, datetime):
            start, end = periods.day_of(start, self.zone), periods.day_of(end, self.zone)
        if divisor == "to_end":
            return Share(units, count(periods.add(end, length, self.zone, times=-1), end, self.zone), self.unit)
        cycle_end = _end_of_one(start, length, self.zone)
        if cycle_end == end and total is not None:
            self._cycles[length] = ONE  # `total` is given for the term: it is this one billing period
            return Share(units, total, self.unit)
        if _later(cycle_end, end, self.zone) or cycle_end == end:
            return Share(units, count(start, cycle_end, self.zone), self.unit)
        return self._over_cycles(start, end, length, units)

    def _divisor(self, length: Length) -> Divisor:
        """By what a price for `length` is divided, or which period's own units count."""
        found: Divisor = self.rules.denominator(base=Base(length.months, self.unit, self.on))
        if isinstance(found, str) and self.unit in time_unit.MONTHS and length.unit == "month":
            found = length.months
        if self.rules.fixed_divisor:
            self.rules.divisors[length] = found
        return found

    def _over_cycles(self, start: Moment, end: Moment, length: Length, units: Exact) -> Share:
        """Several billing periods, each by its own units: the units are taken from the end backwards."""
        count, cycles, begin, times = self.rules.time_unit, [], start, 1
        while _later(end, begin, self.zone):
            finish = periods.add(start, length, self.zone, times=times)
            stop = finish if _later(end, finish, self.zone) else end
            cycles.append((count(begin, stop, self.zone), count(begin, finish, self.zone)))
            begin, times = finish, times + 1
            if times > 2400:
                raise Refused("term_too_long")
        parts: list[tuple[Exact, Exact]] = []
        left, sum_of = units, Fraction(0)
        for inside, whole in reversed(cycles):
            taken = min(left, inside)
            if taken:
                parts.append((taken, whole))
                sum_of += Fraction(taken, whole)
            left -= taken
        if len(parts) == 1:
            return Share(parts[0][0], parts[0][1], self.unit)
        return Share(sum_of, ONE, "billing_periods", tuple(reversed(parts)))

    def until(self, start: Moment, end: Moment, *, length: Length) -> Share:
        """The remaining share of another stretch: a new billing period laid elsewhere than the present term."""
        return self.share(start, end, length=length, units=self.time(start, end).remaining)

    def _counted_period(self, length: Length, time: Time) -> Fraction:
        counts = self.service.counts
        if counts is None or counts.unit != "term":
            divisor = self.rules.divisors.get(length) or self._divisor(length)
            if not isinstance(divisor, str):
                return divisor
            if self.unit in time_unit.MONTHS:
                return length.months
        if time.total is None or not time.total:
            raise Refused("length_of_term_not_known")
        return money.share_of(time.total, length.months, self.service.length.months)

    def _unit_name(self) -> str:
        counts = self.service.counts
        return "terms" if counts is not None and counts.unit == "term" else self.unit


@lru_cache(maxsize=4096)
def _whole(count: Count, start: date, end: date, zone: ZoneInfo) -> Exact:
    """The units of a whole term, which many quotes share; of days only, for two instants an hour apart can be equal."""
    return count(start, end, zone)


@lru_cache(maxsize=4096)
def _end_of_days(start: date, length: Length, zone: ZoneInfo) -> Moment:
    return periods.add(start, length, zone)


def _end_of_one(start: Moment, length: Length, zone: ZoneInfo) -> Moment:
    """Where a billing period that begins at `start` ends."""
    return _end_of_days(start, length, zone) if type(start) is date else periods.add(start, length, zone)


def _later(one: Moment, other: Moment, zone: ZoneInfo) -> bool:
    if isinstance(one, datetime) == isinstance(other, datetime):
        return one > other
    return periods.instant_of(one, zone) > periods.instant_of(other, zone)
