"""How long is the old environment kept after a hard change?

`run` gives the first day on which the old environment may be removed. It never comes before the hand-over of the new
credentials, nor before the new environment is in use.
"""

from datetime import date, timedelta

from planshift.domain.policy.vocabulary import Answer, Param, rules

QUESTION = __doc__
DEFAULT = "hold"


def _hold(*, handed_over_on: date, in_use_on: date, days: int) -> date:
    return max(handed_over_on, in_use_on) + timedelta(days=days)


def _no_hold(*, handed_over_on: date, in_use_on: date) -> date:
    return max(handed_over_on, in_use_on)


RULES = rules(
    Answer(
        name="hold",
        run=_hold,
        doc="The old environment and what is attached to it stay for the stated days, counted from the later of the "
        "hand-over of the new credentials and the day on which the new environment is in use.",
        example='{ answer = "hold", days = 14 }',
        clause="H10",
        params=(Param(name="days", kind="integer", doc="days kept", default=14, minimum=1, maximum=365),),
    ),
    Answer(
        name="no_hold",
        run=_no_hold,
        doc="The old environment may be removed as soon as the new credentials are handed over and it is in use.",
        example='"no_hold"',
    ),
)
