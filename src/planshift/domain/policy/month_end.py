"""On which day does a term end that began on a day which the last month does not have?

`run` gives the day that lies so many months after the start; `anchor` is the wanted day of the month.
"""

from datetime import date, timedelta

from planshift.domain import periods
from planshift.domain.policy.vocabulary import Answer, rules

QUESTION = __doc__
DEFAULT = "last_day"


def _last_day(*, start: date, months: int, anchor: int) -> date:
    return periods.add_months(start, months, anchor=anchor)


def _last_day_from_then_on(*, start: date, months: int, anchor: int) -> date:
    return periods.add_months(start, months)


def _next_month(*, start: date, months: int, anchor: int) -> date:
    first = periods.add_months(start.replace(day=1), months)
    return first + timedelta(days=(anchor or start.day) - 1)


RULES = rules(
    Answer(
        name="last_day",
        run=_last_day,
        doc="On the last day of the month, and on the wanted day again where there is one: 31 Jan, 28 Feb, 31 Mar.",
        example='"last_day"',
    ),
    Answer(
        name="last_day_from_then_on",
        run=_last_day_from_then_on,
        doc="On the last day of the month, and on that day of the month from then on: 31 Jan, 28 Feb, 28 Mar.",
        example='"last_day_from_then_on"',
    ),
    Answer(
        name="next_month",
        run=_next_month,
        doc="As many days into the next month as are missing: 31 Jan, 3 Mar.",
        example='"next_month"',
    ),
)
