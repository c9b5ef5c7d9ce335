"""Is the change upwards, downwards or sideways?

Compared are the full prices of everything that the client has before and after. `run` compares two `Weight`s. A change
of the billing period alone is upwards when the period gets longer, whatever its months cost.
"""

from dataclasses import dataclass

from planshift.domain.exact import Fraction
from planshift.domain.policy.vocabulary import Answer, rules

QUESTION = __doc__
DEFAULT = "by_price_per_term"
BEFORE_CASES = True


@dataclass(frozen=True, slots=True)
class Weight:
    """What one side weighs: its price per billing period, that period's length in days, its rank in the catalog."""

    price: Fraction
    months: Fraction
    days: Fraction
    rank: int


def _sign(old: Fraction, new: Fraction) -> str:
    return "up" if new > old else "down" if new < old else "sideways"


def _by_price_per_term(*, old: Weight, new: Weight) -> str:
    return _sign(old.price / old.months, new.price / new.months)


def _by_price_per_day(*, old: Weight, new: Weight) -> str:
    return _sign(old.price / old.days, new.price / new.days)


def _by_period_price(*, old: Weight, new: Weight) -> str:
    return _sign(old.price, new.price)


def _by_rank(*, old: Weight, new: Weight) -> str:
    if old.rank == new.rank:
        return _by_price_per_term(old=old, new=new)
    return _sign(Fraction(old.rank), Fraction(new.rank))


RULES = rules(
    Answer(
        name="by_price_per_term",
        run=_by_price_per_term,
        doc="The higher price is upwards. Prices of different billing periods are compared per month.",
        example='"by_price_per_term"',
    ),
    Answer(
        name="by_price_per_day",
        run=_by_price_per_day,
        doc="The higher price per calendar day of its own billing period is upwards.",
        example='"by_price_per_day"',
    ),
    Answer(
        name="by_period_price",
        run=_by_period_price,
        doc="The higher amount per billing period is upwards, however long the periods are.",
        example='"by_period_price"',
    ),
    Answer(
        name="by_rank",
        run=_by_rank,
        doc="The plan with the higher rank in the catalog is upwards; equal ranks are compared by their prices.",
        example='"by_rank"',
    ),
)
