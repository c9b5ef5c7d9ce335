"""Where does the money go of a paid change that could not be carried out?

All of it is given back, a set-up fee included. `run` gives the place.
"""

from planshift.domain.policy.vocabulary import Answer, rules

QUESTION = __doc__
DEFAULT = "as_paid"


def _as_paid() -> str:
    return "as_paid"


def _deposit() -> str:
    return "deposit"


RULES = rules(
    Answer(
        name="as_paid",
        run=_as_paid,
        doc="Back to where it came from: what was drawn from the deposit to the deposit, a payment is sent back.",
        example='"as_paid"',
    ),
    Answer(
        name="deposit",
        run=_deposit,
        doc="All of it to the client's deposit.",
        example='"deposit"',
    ),
)
RESERVED = {"kept_as_credit": "it stays as a credit for the next order"}
