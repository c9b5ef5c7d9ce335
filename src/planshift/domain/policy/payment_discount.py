"""Is a charge cheaper when it is paid in a certain way?

`run` gives the discount on a charge, as a share.
"""

from planshift.domain.exact import Fraction
from planshift.domain.policy.vocabulary import Answer, Param, rules

QUESTION = __doc__
DEFAULT = "none"


def _none(*, method: str) -> Fraction:
    return Fraction(0)


def _for_methods(*, method: str, methods: tuple[str, ...], percent: Fraction) -> Fraction:
    return percent if method in methods else Fraction(0)


RULES = rules(
    Answer(name="none", run=_none, doc="No.", example='"none"'),
    Answer(
        name="for_methods",
        run=_for_methods,
        doc="Charges paid by one of these methods (from the prepaid balance, say) cost so much less.",
        example='{ answer = "for_methods", methods = ["prepaid"], percent = 2 }',
        params=(
            Param(name="methods", kind="codes", doc="ways of payment"),
            Param(name="percent", kind="percent", maximum=100, doc="the discount"),
        ),
    ),
)
