"""How is the price of a plan with another billing period divided over the rest of the present term?

`run` gives the price and whether it is divided by its own billing period.
"""

from planshift.domain.exact import Fraction
from planshift.domain.policy.vocabulary import Answer, rules

QUESTION = __doc__
DEFAULT = "own_period"


def _own_period(*, price: Fraction, own: Fraction, present: Fraction) -> tuple[Fraction, bool]:
    return price, True


def _converted(*, price: Fraction, own: Fraction, present: Fraction) -> tuple[Fraction, bool]:
    return price * present / own, False


RULES = rules(
    Answer(
        name="own_period",
        run=_own_period,
        doc="Over its own billing period: 4 days of a monthly price by 28, 4 days of a three-year price by 1096.",
        example='"own_period"',
    ),
    Answer(
        name="converted",
        run=_converted,
        doc="It is first converted to the present billing period: a yearly 36.00 counts as 3.00 a month.",
        example='"converted"',
    ),
)
