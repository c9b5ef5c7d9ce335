"""Is a set-up fee that was paid for the old plan given back?

`run` gives the credit for it (0 or more), of what can still be credited.
"""

from planshift.domain.exact import Fraction
from planshift.domain.policy.vocabulary import Answer, rules

QUESTION = __doc__
DEFAULT = "kept"


def _kept(*, paid: Fraction, remaining_share: Fraction) -> Fraction:
    return Fraction(0)


def _credited(*, paid: Fraction, remaining_share: Fraction) -> Fraction:
    return paid


def _credited_by_time(*, paid: Fraction, remaining_share: Fraction) -> Fraction:
    return paid * remaining_share


RULES = rules(
    Answer(name="kept", run=_kept, doc="No.", example='"kept"'),
    Answer(name="credited", run=_credited, doc="Yes, all of it.", example='"credited"'),
    Answer(
        name="credited_by_time",
        run=_credited_by_time,
        doc="Yes, by the share of the term that remains.",
        example='"credited_by_time"',
    ),
)
