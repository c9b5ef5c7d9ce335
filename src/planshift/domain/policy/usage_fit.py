"""Must what is in use fit the new limits?

`run` gives the reason why the change is refused, or None.
"""

from planshift.domain.errors import Reason
from planshift.domain.policy import given
from planshift.domain.policy.vocabulary import Answer, Param, rules

QUESTION = __doc__
DEFAULT = "must_fit"


def _must_fit(*, gate: given.Gate, reading_hours: int | None) -> Reason | None:
    needs = gate.needs
    too_big = tuple(need for need in needs if need[1] > need[2]) if needs else ()
    if too_big:
        return Reason("usage_too_big", {"resources": too_big})
    if gate.direction == "down" and reading_hours is not None:
        if not gate.usage_known:
            return Reason("usage_not_known")
        if gate.usage_age_hours is not None and gate.usage_age_hours > reading_hours:
            return Reason("usage_reading_too_old", {"hours": reading_hours})
    return None


RULES = rules(
    Answer(
        name="must_fit",
        run=_must_fit,
        doc="Yes: what is used beyond a new limit must shrink first. A reading may have to be so fresh (in hours).",
        example='{ answer = "must_fit", reading_hours = 24 }',
        params=(
            Param(
                name="reading_hours",
                kind="integer",
                default=None,
                minimum=1,
                maximum=8760,
                doc="how old the reading may be for a change downwards; not given: any, or none",
            ),
        ),
    ),
    Answer(name="ignored", run=given.passes, doc="No.", example='"ignored"'),
)
