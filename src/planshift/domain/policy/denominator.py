"""By how many units is the price of one billing period divided?

`run` gives the units in one billing period of the price, or which period's own length counts: the one that begins with
the stretch of time ("from_start") or the one that ends with it ("to_end").
"""

from dataclasses import dataclass
from datetime import date

from planshift.domain import periods
from planshift.domain.exact import Fraction
from planshift.domain.policy.vocabulary import Answer, Param, rules

QUESTION = __doc__
DEFAULT = "own_period"

_PER_DAY = {"days": 1, "days_30_360": 1, "hours": 24, "minutes": 1440, "seconds": 86400}


Divisor = Fraction | str


@dataclass(frozen=True, slots=True)
class Base:
    """What a divisor may depend on: the billing period in months, the unit of time, the day of the change."""

    months: Fraction
    unit: str
    on: date | None


def per_day(unit: str) -> Fraction:
    """Units in a day; a unit of months counts 1/30."""
    return Fraction(_PER_DAY[unit]) if unit in _PER_DAY else Fraction(1, 30)


def _own_period(*, base: Base) -> Divisor:
    return "from_start"


def _own_period_ending(*, base: Base) -> Divisor:
    return "to_end"


def _months_of_term(*, base: Base) -> Divisor:
    return base.months


def _fixed(*, base: Base, units: Fraction) -> Divisor:
    return units


def _fixed_per_month(*, base: Base, units: Fraction) -> Divisor:
    return base.months * units


def _fixed_per_year(*, base: Base, units: Fraction) -> Divisor:
    return base.months / 12 * units


def _average_month(*, base: Base) -> Divisor:
    return base.months * Fraction(365, 12) * per_day(base.unit)


def _calendar_month_of_change(*, base: Base) -> Divisor:
    if base.on is None:
        return "from_start"
    return base.months * periods.days_in_month(base.on) * per_day(base.unit)


def _units(default: Fraction | None, doc: str) -> tuple[Param, ...]:
    if default is None:
        return (Param(name="units", kind="fraction", doc=doc, positive=True, maximum=10**9),)
    return (Param(name="units", kind="fraction", doc=doc, default=default, positive=True, maximum=10**9),)


RULES = rules(
    Answer(
        name="own_period",
        run=_own_period,
        doc="By the units in this very billing period: a year of 366 days is divided by 366. Where the remaining time "
        "spans several billing periods, each is divided by its own length.",
        example='"own_period"',
    ),
    Answer(
        name="own_period_ending",
        run=_own_period_ending,
        doc="By the units in the billing period that ends with the term: for a short first term up to a billing day.",
        example='"own_period_ending"',
    ),
    Answer(
        name="months_of_term",
        run=_months_of_term,
        doc="By the months of the billing period: a year is divided by 12.",
        example='"months_of_term"',
        clause="H7",
    ),
    Answer(
        name="fixed",
        run=_fixed,
        doc="Always by the same number of units.",
        example='{ answer = "fixed", units = 31 }',
        params=_units(None, "units in one billing period"),
    ),
    Answer(
        name="fixed_per_month",
        run=_fixed_per_month,
        doc="By a fixed number of units per month of the billing period: 30 days, 730 hours.",
        example='{ answer = "fixed_per_month", units = 30 }',
        params=_units(Fraction(30), "units in a month"),
    ),
    Answer(
        name="fixed_per_year",
        run=_fixed_per_year,
        doc="By a fixed number of units per year, leap years too: 365 days, 8760 hours.",
        example='{ answer = "fixed_per_year", units = 365 }',
        params=_units(Fraction(365), "units in a year"),
    ),
    Answer(
        name="average_month",
        run=_average_month,
        doc="By 365/12 days per month of the billing period.",
        example='"average_month"',
    ),
    Answer(
        name="calendar_month_of_change",
        run=_calendar_month_of_change,
        doc="By the days of the calendar month in which the change falls, per month of the billing period.",
        example='"calendar_month_of_change"',
    ),
)
