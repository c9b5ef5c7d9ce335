"""To which side does the day of the change belong?

`run` gives the moment until which the time counts as used, and the one from which it counts as remaining.
"""

from datetime import timedelta
from zoneinfo import ZoneInfo

from planshift.domain import periods
from planshift.domain.periods import Moment
from planshift.domain.policy.vocabulary import Answer, rules

QUESTION = __doc__
DEFAULT = "on_new"


def _on_new(*, at: Moment, zone: ZoneInfo) -> tuple[Moment, Moment]:
    day = periods.day_of(at, zone)
    return day, day


def _used(*, at: Moment, zone: ZoneInfo) -> tuple[Moment, Moment]:
    after = periods.day_of(at, zone) + timedelta(days=1)
    return after, after


def _both(*, at: Moment, zone: ZoneInfo) -> tuple[Moment, Moment]:
    day = periods.day_of(at, zone)
    return day + timedelta(days=1), day


def _by_instant(*, at: Moment, zone: ZoneInfo) -> tuple[Moment, Moment]:
    return at, at


RULES = rules(
    Answer(
        name="on_new",
        run=_on_new,
        doc="The whole day counts as remaining: it is paid at the new plan's price.",
        example='"on_new"',
    ),
    Answer(name="used", run=_used, doc="The whole day counts as used on the old plan.", example='"used"'),
    Answer(
        name="both",
        run=_both,
        doc="The day counts on both sides: as used on the old plan and as remaining.",
        example='"both"',
    ),
    Answer(
        name="by_instant",
        run=_by_instant,
        doc="The instant of the change divides the day; a change given as a date happens at its midnight.",
        example='"by_instant"',
    ),
)
