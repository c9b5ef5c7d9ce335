"""Does the provider keep deposits for its clients?

`run` says whether money can be put into the client's deposit and drawn from it.
"""

from planshift.domain.policy.vocabulary import Answer, Param, rules

QUESTION = __doc__
DEFAULT = "none"


def _none() -> bool:
    return False


def _refundable(*, payout_days: int) -> bool:
    return True


RULES = rules(
    Answer(name="none", run=_none, doc="There are no deposits.", example='"none"'),
    Answer(
        name="refundable",
        run=_refundable,
        doc="Each client has a deposit. It is refundable and no fee, carries no tax until it is drawn for an order, "
        "and paying into it renews nothing.",
        example='"refundable"',
        clause="D11",
        params=(
            Param(
                name="payout_days",
                kind="integer",
                default=14,
                minimum=1,
                maximum=90,
                doc="a payout that a client asks for is sent within so many days",
            ),
        ),
    ),
)
RESERVED = {"prepaid_credit": "credit that is invoiced with tax when it is topped up"}
