"""Until how shortly before the end of the term may the client change?

`run` gives the reason why the change is refused, or None.
"""

from planshift.domain.errors import Reason
from planshift.domain.policy import given
from planshift.domain.policy.vocabulary import Answer, Param, rules

QUESTION = __doc__
DEFAULT = "none"


def _days_before(*, gate: given.Gate, days: int) -> Reason | None:
    if gate.remaining_days is not None and gate.remaining_days < days:
        return Reason("too_late_before_term_end", {"days": days, "remaining_days": gate.remaining_days})
    return None


RULES = rules(
    Answer(name="none", run=given.passes, doc="Until the last day.", example='"none"', clause="D9"),
    Answer(
        name="days_before_end",
        run=_days_before,
        doc="Until so many days before the end.",
        example='{ answer = "days_before_end", days = 4 }',
        params=(Param(name="days", kind="integer", maximum=3660, doc="the days"),),
    ),
)
