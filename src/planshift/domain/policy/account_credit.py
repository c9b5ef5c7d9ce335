"""Does a credit on the client's account pay for a change?

`run` gives how much of it is used (gross) for an order over `due`, that of a change or of a `renewal`.
"""

from planshift.domain.exact import Fraction
from planshift.domain.policy.vocabulary import Answer, rules

QUESTION = __doc__
DEFAULT = "used_first"
BEFORE_CASES = True


def _used_first(*, due: Fraction, balance: Fraction, renewal: bool) -> Fraction:
    return max(min(due, balance), Fraction(0))


def _renewals_only(*, due: Fraction, balance: Fraction, renewal: bool) -> Fraction:
    return _used_first(due=due, balance=balance, renewal=renewal) if renewal else Fraction(0)


RULES = rules(
    Answer(name="used_first", run=_used_first, doc="Yes, before any other payment.", example='"used_first"'),
    Answer(name="renewals_only", run=_renewals_only, doc="No, it pays for renewals only.", example='"renewals_only"'),
)
