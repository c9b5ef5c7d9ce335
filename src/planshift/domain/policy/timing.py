"""When may a paid or accepted change begin?

`run` gives what this change waits for, from its gross total (below 0: to be given back) and whether it is metered.
"""

from planshift.domain.exact import Fraction
from planshift.domain.policy.vocabulary import Answer, rules

QUESTION = __doc__
DEFAULT = "after_payment"


def _after_payment(*, due: Fraction, metered: bool) -> str:
    return "after_payment"


def _after_acceptance(*, due: Fraction, metered: bool) -> str:
    """Where nothing is given back there is no corrective invoice to accept (D2, D5)."""
    return "after_acceptance" if due.numerator < 0 else "after_payment"


def _at_once(*, due: Fraction, metered: bool) -> str:
    """What is not metered and has a price now (a fee) is paid first."""
    return "at_once" if metered or due.numerator <= 0 else "after_payment"


RULES = rules(
    Answer(
        name="after_payment",
        run=_after_payment,
        doc="Nothing changes before the order is paid; an order of nothing counts as paid.",
        example='"after_payment"',
        clause="D2",
    ),
    Answer(
        name="after_acceptance",
        run=_after_acceptance,
        doc="Nothing changes before the client has accepted the corrective invoice (see “acceptance”).",
        example='"after_acceptance"',
        clause="D5",
    ),
    Answer(
        name="at_once",
        run=_at_once,
        doc="The change begins when it is asked for, without waiting for a payment: for metered services, and where "
        "nothing is to be paid now.",
        example='"at_once"',
        clause="D3",
    ),
)

RESERVED = {
    "at_renewal": "every change waits for the end of the term; for decreases see “decrease”",
    "at_once_pay_within": "executed at once, suspended when unpaid after some days",
    "at_once_with_trial": "executed at once, with free days to go back",
    "by_appointment": "executed by ticket at an agreed hour",
    "credit_first_charge_next_day": "the credit is booked overnight, the charge the next day",
}
