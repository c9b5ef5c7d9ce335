"""What becomes of a result below zero?

`run` gives the least total that is allowed. Whatever it says, nothing is given back beyond what was paid.
"""

from planshift.domain.exact import Fraction
from planshift.domain.policy.vocabulary import Answer, rules

QUESTION = __doc__
DEFAULT = "given_back"


def _given_back(*, first_term: Fraction) -> Fraction | None:
    return None


def _floored(*, first_term: Fraction) -> Fraction | None:
    return Fraction(0)


def _up_to_new_term(*, first_term: Fraction) -> Fraction | None:
    return -first_term


RULES = rules(
    Answer(
        name="given_back",
        run=_given_back,
        doc="It is given back, up to what was paid less what was credited before.",
        example='"given_back"',
    ),
    Answer(name="floored", run=_floored, doc="It counts as zero.", example='"floored"', clause="H12"),
    Answer(
        name="up_to_new_term",
        run=_up_to_new_term,
        doc="It is given back up to the price of one new billing period.",
        example='"up_to_new_term"',
    ),
)
