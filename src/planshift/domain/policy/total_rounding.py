"""Is the total rounded once more?

`run` gives what is added to a sum of lines.
"""

from planshift.domain import money
from planshift.domain.exact import Fraction
from planshift.domain.policy.vocabulary import Answer, Param, rules

QUESTION = __doc__
DEFAULT = "no"


def _no(*, total: Fraction) -> Fraction:
    return Fraction(0)


def _to_unit(*, total: Fraction, unit: Fraction, mode: str) -> Fraction:
    return money.round_to(total, unit, mode) - total if unit else Fraction(0)


RULES = rules(
    Answer(name="no", run=_no, doc="No: it is the sum of its lines.", example='"no"'),
    Answer(
        name="to_unit",
        run=_to_unit,
        doc="Yes, to a multiple of a unit; the difference is a line of its own.",
        example='{ answer = "to_unit", unit = 10000, mode = "down" }',
        params=(
            Param(name="unit", kind="fraction", positive=True, grid=True, maximum=10**6, doc="the unit"),
            Param(name="mode", kind="choice", choices=money.MODES, default="half_up", doc="how it is rounded"),
        ),
    ),
)
