"""How much of the term must remain?

`run` gives the reason why the change is refused, or None.
"""

from planshift.domain.errors import Reason
from planshift.domain.policy import given
from planshift.domain.policy.vocabulary import Answer, Param, rules

QUESTION = __doc__
DEFAULT = "none"


def _at_least_months(*, gate: given.Gate, months: int) -> Reason | None:
    if gate.remaining_months is not None and gate.remaining_months < months:
        return Reason("too_little_time_left", {"months": months})
    return None


RULES = rules(
    Answer(name="none", run=given.passes, doc="Any time is enough.", example='"none"', clause="D9"),
    Answer(
        name="at_least_months",
        run=_at_least_months,
        doc="At least so many months.",
        example='{ answer = "at_least_months", months = 1 }',
        params=(Param(name="months", kind="integer", maximum=120, doc="the months"),),
    ),
)
