"""May the client change to a plan of another family?

`run` gives the reason why the change is refused, or None.
"""

from planshift.domain.errors import Reason
from planshift.domain.policy import given
from planshift.domain.policy.vocabulary import Answer, rules

QUESTION = __doc__
DEFAULT = "allowed"


def _refused(*, gate: given.Gate) -> Reason | None:
    return None if gate.same_family else Reason("other_family_not_offered")


RULES = rules(
    Answer(
        name="allowed",
        run=given.passes,
        doc="Yes, to any that is offered; cases may refuse single pairs.",
        example='"allowed"',
        clause="H1",
    ),
    Answer(name="refused", run=_refused, doc="No.", example='"refused"'),
)
