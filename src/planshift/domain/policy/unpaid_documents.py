"""May the client change while an invoice of the service is unpaid?

`run` gives the reason why the change is refused, or None.
"""

from planshift.domain.errors import Reason
from planshift.domain.policy import given
from planshift.domain.policy.vocabulary import Answer, rules

QUESTION = __doc__
DEFAULT = "blocks"


def _blocks(*, gate: given.Gate) -> Reason | None:
    return Reason("unpaid_documents", {"documents": gate.unpaid}) if gate.unpaid else None


RULES = rules(
    Answer(name="blocks", run=_blocks, doc="No: the invoice must be paid first.", example='"blocks"'),
    Answer(name="ignored", run=given.passes, doc="Yes.", example='"ignored"', clause="D9"),
)
