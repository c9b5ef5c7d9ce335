"""Which price is charged for the new?

`run` gives a price and the billing period that it is for, or None where the catalog has none.
"""

from planshift.domain.exact import Fraction
from planshift.domain.periods import Length
from planshift.domain.policy.given import Asked, Found
from planshift.domain.policy.vocabulary import Answer, Param, Params, rules

QUESTION = __doc__
DEFAULT = "list"


def _list(*, asked: Asked) -> Found | None:
    price = asked.find(asked.length)
    return Found(price.amount, asked.length) if price else None


def _discounted(*, asked: Asked) -> Found | None:
    price = asked.find(asked.length)
    return Found(price.amount * (1 - asked.discount), asked.length) if price else None


def _regular(*, asked: Asked) -> Found | None:
    price = asked.find(asked.length)
    return Found(price.regular, asked.length) if price else None


def _monthly_when_short(*, asked: Asked, months: int) -> Found | None:
    short = asked.remaining_months is not None and asked.remaining_months < months
    length = Length(1) if short else Length(months)
    price = asked.find(length)
    return Found(price.amount, length) if price else _list(asked=asked)


def _less_percent(*, asked: Asked, percent: Fraction) -> Found | None:
    price = asked.find(asked.length)
    return Found(price.amount * (1 - percent), asked.length) if price else None


def _ladder(*, asked: Asked, steps: tuple[Params, ...], by: str) -> Found | None:
    price = asked.find(asked.length)
    if price is None:
        return None
    remaining = asked.remaining_months
    months = asked.length.months if by == "billing_period" or remaining is None else remaining
    reached = [step["percent"] for step in sorted(steps, key=_from_months) if months >= step["months"]]
    return Found(price.amount * (1 - (reached[-1] if reached else 0)), asked.length)


def _from_months(step: Params) -> int:
    months: int = step["months"]
    return months


RULES = rules(
    Answer(name="list", run=_list, doc="The list price in force on the day of the change.", example='"list"'),
    Answer(
        name="discounted",
        run=_discounted,
        doc="The list price less the client's own discount.",
        example='"discounted"',
    ),
    Answer(
        name="regular",
        run=_regular,
        doc="The regular (renewal) price: a promotional price for new contracts does not count.",
        example='"regular"',
    ),
    Answer(
        name="monthly_when_short",
        run=_monthly_when_short,
        doc="The monthly list price when less than the stated months remain, else the price of that many months.",
        example='{ answer = "monthly_when_short", months = 12 }',
        params=(Param(name="months", kind="integer", default=12, minimum=2, maximum=120, doc="the limit"),),
    ),
    Answer(
        name="less_percent",
        run=_less_percent,
        doc="The list price less a discount that holds for the remaining time.",
        example='{ answer = "less_percent", percent = 10 }',
        params=(Param(name="percent", kind="percent", maximum=100, doc="the discount"),),
    ),
    Answer(
        name="ladder",
        run=_ladder,
        doc="The list price less a discount that grows with the months bought, or with those that remain.",
        example='{ answer = "ladder", steps = [{ months = 6, percent = 5 }, { months = 12, percent = 10 }] }',
        params=(
            Param(
                name="steps",
                kind="rows",
                doc="from how many months on which discount",
                fields=(
                    Param(name="months", kind="integer", minimum=1, maximum=240, doc="from so many months"),
                    Param(name="percent", kind="percent", maximum=100, doc="the discount"),
                ),
            ),
            Param(
                name="by",
                kind="choice",
                choices=("billing_period", "remaining"),
                default="billing_period",
                doc="which months",
            ),
        ),
    ),
)
