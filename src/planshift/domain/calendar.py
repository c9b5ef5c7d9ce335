"""On which business day is it done?"""

from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache

import holidays

from planshift.domain.errors import Refused


@lru_cache(maxsize=256)
def public_holidays(country: str, year: int) -> frozenset[date]:
    """National public holidays of one year. Raises Refused("country_without_calendar")."""
    try:
        return frozenset(holidays.country_holidays(country, years=year))
    except NotImplementedError:
        raise Refused("country_without_calendar", country=country) from None


def is_business_day(day: date, *, country: str, closed: Iterable[date] = ()) -> bool:
    """Monday to Friday, no public holiday of `country`, none of the seller's own `closed` days."""
    return day.weekday() < 5 and day not in closed and day not in public_holidays(country, day.year)


@lru_cache(maxsize=4096)
def add_business_days(day: date, days: int, *, country: str, closed: frozenset[date] = frozenset()) -> date:
    """The `days`-th business day after `day` (the day itself never counts): the promised date of H6.

    For 0 days: the day itself when it is a business day, else the next one.
    """
    current, left = day, days
    if days == 0:
        while not is_business_day(current, country=country, closed=closed):
            current += timedelta(days=1)
    while left > 0:
        current += timedelta(days=1)
        if is_business_day(current, country=country, closed=closed):
            left -= 1
    return current


def business_days_between(start: date, end: date, *, country: str, closed: Iterable[date] = ()) -> int:
    """Business days after `start` up to and including `end` (0 when `end` is not later)."""
    shut = frozenset(closed)
    span = max((end - start).days, 0)
    days = (start + timedelta(days=offset) for offset in range(1, span + 1))
    return sum(is_business_day(day, country=country, closed=shut) for day in days)
