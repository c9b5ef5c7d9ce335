"""May the client change once the renewal document is issued?

`run` gives the reason why the change is refused, or None.
"""

from planshift.domain.errors import Reason
from planshift.domain.policy import given
from planshift.domain.policy.vocabulary import Answer, rules

QUESTION = __doc__
DEFAULT = "ignored"


def _blocks(*, gate: given.Gate) -> Reason | None:
    return Reason("renewal_already_issued", {"document": gate.renewal}) if gate.renewal else None


def _blocks_until_paid(*, gate: given.Gate) -> Reason | None:
    if gate.renewal and not gate.renewal_paid:
        return Reason("renewal_not_paid", {"document": gate.renewal})
    return None


RULES = rules(
    Answer(
        name="ignored",
        run=given.passes,
        doc="Yes. When the change is paid first, a renewal document that is not yet paid is cancelled and issued "
        "anew at the new price, and what was paid towards it is carried over. When the renewal is paid first, a change "
        "that still waits for its payment lapses; a new quote counts the paid term. The deposit is not drawn for a "
        "renewal while a change waits for its payment.",
        example='"ignored"',
        clause="D9",
    ),
    Answer(name="blocks", run=_blocks, doc="No, not before the next term has begun.", example='"blocks"'),
    Answer(
        name="blocks_until_paid", run=_blocks_until_paid, doc="Only when it is paid.", example='"blocks_until_paid"'
    ),
)
