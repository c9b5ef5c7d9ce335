"""Must a change be announced in advance?

`run` gives the reason why the change is refused, or None.
"""

from planshift.domain.errors import Reason
from planshift.domain.policy import given
from planshift.domain.policy.vocabulary import Answer, Param, rules

QUESTION = __doc__
DEFAULT = "none"


def _days(*, gate: given.Gate, days: int) -> Reason | None:
    if gate.announced is None or gate.on is None or (gate.on - gate.announced).days < days:
        return Reason("not_announced_in_time", {"days": days})
    return None


def _days_when_down(*, gate: given.Gate, days: int) -> Reason | None:
    return _days(gate=gate, days=days) if gate.direction == "down" else None


_DAYS = (Param(name="days", kind="integer", maximum=3660, doc="days of notice"),)
RULES = rules(
    Answer(name="none", run=given.passes, doc="No.", example='"none"', clause="D9"),
    Answer(name="days", run=_days, doc="So many days.", example='{ answer = "days", days = 14 }', params=_DAYS),
    Answer(
        name="days_when_down",
        run=_days_when_down,
        doc="So many days for a change downwards.",
        example='{ answer = "days_when_down", days = 30 }',
        params=_DAYS,
    ),
)
