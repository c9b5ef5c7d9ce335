"""When are set-up and change fees waived?

`run` says whether they are.
"""

from datetime import date

from planshift.domain.policy.vocabulary import Answer, Param, rules

QUESTION = __doc__
DEFAULT = "never"


def _never(*, announced: date | None, on: date | None, first_days: int | None) -> bool:
    return False


def _announced(*, announced: date | None, on: date | None, first_days: int | None, days: int) -> bool:
    return announced is not None and on is not None and (on - announced).days >= days


def _early(*, announced: date | None, on: date | None, first_days: int | None, days: int) -> bool:
    return first_days is not None and first_days < days


_DAYS = (Param(name="days", kind="integer", maximum=3660, doc="so many days"),)
RULES = rules(
    Answer(name="never", run=_never, doc="Never.", example='"never"'),
    Answer(
        name="announced_before",
        run=_announced,
        doc="When the change was announced so many days in advance.",
        example='{ answer = "announced_before", days = 14 }',
        params=_DAYS,
    ),
    Answer(
        name="within_first_days",
        run=_early,
        doc="Within so many days of the first sign-up.",
        example='{ answer = "within_first_days", days = 30 }',
        params=_DAYS,
    ),
)
