"""What if the machines have no room for the change?

`run` gives the reason why the change is refused, or None.
"""

from planshift.domain.errors import Reason
from planshift.domain.policy import given
from planshift.domain.policy.vocabulary import Answer, rules

QUESTION = __doc__
DEFAULT = "refused"


def _refused(*, gate: given.Gate) -> Reason | None:
    short = gate.short_of
    return Reason("no_capacity", {"resources": short}) if short else None


RULES = rules(
    Answer(name="refused", run=_refused, doc="It is refused.", example='"refused"'),
    Answer(name="ordered", run=given.passes, doc="It can be ordered, and waits for room.", example='"ordered"'),
)
