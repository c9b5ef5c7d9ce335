"""Who may ask for the change?

`run` gives the reason why the change is refused, or None.
"""

from planshift.domain.errors import Reason
from planshift.domain.policy import given
from planshift.domain.policy.vocabulary import Answer, Param, rules

QUESTION = __doc__
DEFAULT = "client"


def _owner(*, gate: given.Gate) -> Reason | None:
    return None if gate.asked_by in ("owner", "staff") else Reason("only_the_owner_may_ask")


def _staff(*, gate: given.Gate) -> Reason | None:
    return None if gate.asked_by == "staff" else Reason("only_staff_may_order")


def _paying_by(*, gate: given.Gate, methods: tuple[str, ...]) -> Reason | None:
    if gate.payment_method in methods:
        return None
    return Reason("other_payment_method_needed", {"methods": methods})


RULES = rules(
    Answer(name="client", run=given.passes, doc="Anyone who acts for the client.", example='"client"', clause="H2"),
    Answer(name="owner", run=_owner, doc="The owner of the account only.", example='"owner"'),
    Answer(name="staff", run=_staff, doc="Staff only: the client asks them.", example='"staff"', clause="H2"),
    Answer(
        name="paying_by",
        run=_paying_by,
        doc="Clients who pay in one of these ways.",
        example='{ answer = "paying_by", methods = ["card", "prepaid"] }',
        params=(Param(name="methods", kind="codes", doc="ways of payment"),),
    ),
)
