"""Is there a least amount for a change that is charged?

`run` gives what is added to the sum of the lines.
"""

from planshift.domain.exact import Fraction
from planshift.domain.policy.vocabulary import Answer, Param, rules

QUESTION = __doc__
DEFAULT = "none"


def _none(*, total: Fraction) -> Fraction:
    return Fraction(0)


def _at_least(*, total: Fraction, amount: Fraction) -> Fraction:
    return amount - total if 0 < total < amount else Fraction(0)


RULES = rules(
    Answer(name="none", run=_none, doc="No.", example='"none"'),
    Answer(
        name="at_least",
        run=_at_least,
        doc="A charge below the amount is raised to it; a change that costs nothing stays free.",
        example='{ answer = "at_least", amount = "10.00" }',
        params=(Param(name="amount", kind="money", doc="the least amount"),),
    ),
)
