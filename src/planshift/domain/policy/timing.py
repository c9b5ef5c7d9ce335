"""When may a paid or accepted change begin?

Every answer is a gate: it looks at what has happened to the order and says whether execution may start.
"""

from planshift.domain.policy.vocabulary import Answer, rules

QUESTION = __doc__
DEFAULT = "after_payment"


def _after_payment(*, paid: bool, accepted: bool) -> bool:
    return paid


def _after_acceptance(*, paid: bool, accepted: bool) -> bool:
    return accepted


def _at_once(*, paid: bool, accepted: bool) -> bool:
    return True


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
