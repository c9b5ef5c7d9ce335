"""Is the service metered from a prepaid balance?

`run` says whether the service may go on at a given balance (gross, in the currency of the policy).
"""

from planshift.domain.exact import Fraction
from planshift.domain.policy.vocabulary import Answer, Param, rules

QUESTION = __doc__
DEFAULT = "none"


def _none(*, balance: Fraction) -> bool:
    return True


def _hourly(*, balance: Fraction, floor: Fraction, check_every_hours: int) -> bool:
    return balance >= floor


RULES = rules(
    Answer(name="none", run=_none, doc="The service is paid per term, not metered.", example='"none"'),
    Answer(
        name="hourly",
        run=_hourly,
        doc="Resources are counted by the hour from a prepaid balance, which is checked at the stated interval. Below "
        "the floor the service is blocked until the balance is topped up.",
        example='{ answer = "hourly", floor = "10.00", check_every_hours = 24 }',
        clause="D3",
        params=(
            Param(name="floor", kind="money", doc="the balance below which the service is blocked"),
            Param(
                name="check_every_hours",
                kind="integer",
                doc="hours between two checks of the balance",
                default=24,
                minimum=1,
                maximum=720,
            ),
        ),
    ),
)
