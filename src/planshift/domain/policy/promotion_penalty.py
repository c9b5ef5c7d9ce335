"""What does it cost to leave a promotional price before its term is over?

`run` gives the penalty, from the promotion's benefit in this term.
"""

from planshift.domain.exact import Fraction
from planshift.domain.policy.vocabulary import Answer, Param, rules

QUESTION = __doc__
DEFAULT = "nothing"


def _nothing(*, promotional: bool, benefit: Fraction) -> Fraction:
    return Fraction(0)


def _amount(*, promotional: bool, benefit: Fraction, amount: Fraction) -> Fraction:
    return amount if promotional else Fraction(0)


def _benefit(*, promotional: bool, benefit: Fraction) -> Fraction:
    return benefit if promotional else Fraction(0)


RULES = rules(
    Answer(name="nothing", run=_nothing, doc="Nothing.", example='"nothing"'),
    Answer(
        name="amount",
        run=_amount,
        doc="A fixed amount.",
        example='{ answer = "amount", amount = "50.00" }',
        params=(Param(name="amount", kind="money", doc="the penalty"),),
    ),
    Answer(
        name="benefit",
        run=_benefit,
        doc="What the promotion has saved: the regular price less the promotional one.",
        example='"benefit"',
    ),
)
