"""What is the unused part of the old worth?

`run` gives the value of what is left, in money, never below 0, and how it was found.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from planshift.domain.exact import Exact, Fraction
from planshift.domain.policy.vocabulary import Answer, Param, rules

QUESTION = __doc__
DEFAULT = "by_time"


@dataclass(frozen=True, slots=True)
class Worth:
    """What the value may be found from: the price of the whole stretch, its remaining share, and what was used, each
    found when it is asked for."""

    whole: Fraction  # price of the whole stretch
    remaining: Fraction  # its remaining share in money
    used_share: Callable[[], Fraction]  # of the stretch, 0 to 1
    used_months: Callable[[], Exact | None]
    used_days: Callable[[], Exact | None]
    monthly: Callable[[], Fraction | None]  # the monthly list price of the same, times its quantity


class Left(NamedTuple):
    """The value of what is left: `whole` less the product of `less`; by its share of time where `whole` is None."""

    value: Fraction
    whole: Fraction | None = None
    less: tuple[Exact, ...] = ()


def _by_time(*, worth: Worth) -> Left:
    return Left(worth.remaining)


def _less_used_months(*, worth: Worth) -> Left:
    monthly, used = worth.monthly(), worth.used_months()
    if monthly is None or used is None:
        return Left(worth.remaining)
    return Left(max(worth.whole - used * monthly, Fraction(0)), worth.whole, (used, monthly))


def _less_used_times(*, worth: Worth, multiple: Fraction, under_days: int) -> Left:
    days = worth.used_days()
    if days is None or days >= under_days:
        return Left(worth.remaining)
    share = worth.used_share()
    value = max(worth.whole - worth.whole * share * multiple, Fraction(0))
    return Left(value, worth.whole, (worth.whole, share, multiple))


def _whole_price(*, worth: Worth) -> Left:
    return Left(worth.whole, worth.whole)


def _nothing(*, worth: Worth) -> Left:
    return Left(Fraction(0), Fraction(0))


RULES = rules(
    Answer(
        name="by_time",
        run=_by_time,
        doc="Its price by the share of time that remains.",
        example='"by_time"',
        clause="H7",
    ),
    Answer(
        name="less_used_months",
        run=_less_used_months,
        doc="Its price less the used months at the monthly list price: the discount of the longer term is lost.",
        example='"less_used_months"',
    ),
    Answer(
        name="less_used_times",
        run=_less_used_times,
        doc="Its price less the used time at a multiple, when only few days were used.",
        example='{ answer = "less_used_times", multiple = "1.5", under_days = 30 }',
        params=(
            Param(name="multiple", kind="fraction", default=Fraction(3, 2), maximum=100, doc="how often it counts"),
            Param(name="under_days", kind="integer", default=30, maximum=3660, doc="only under so many used days"),
        ),
    ),
    Answer(name="whole_price", run=_whole_price, doc="Its whole price, whatever was used.", example='"whole_price"'),
    Answer(name="nothing", run=_nothing, doc="Nothing: nothing is ever credited.", example='"nothing"', clause="H12"),
)
