"""For how long is a change followed by no other?

`run` gives the reason why the change is refused, or None.
"""

from planshift.domain.errors import Reason
from planshift.domain.policy import given
from planshift.domain.policy.vocabulary import Answer, Param, rules

QUESTION = __doc__
DEFAULT = "none"


def _days(*, gate: given.Gate, days: int) -> Reason | None:
    if gate.held_days is not None and gate.held_days < days:
        return Reason("changed_too_recently", {"days": days, "days_since": gate.held_days})
    return None


RULES = rules(
    Answer(name="none", run=given.passes, doc="Another may follow at once.", example='"none"', clause="D9"),
    Answer(
        name="days",
        run=_days,
        doc="For so many days.",
        example='{ answer = "days", days = 30 }',
        params=(Param(name="days", kind="integer", maximum=3660, doc="the days"),),
    ),
)
