"""At which price is the unused part of the old credited?

`run` gives a price and its billing period; None where what was really paid for each billed line counts.
"""

from planshift.domain.periods import Length
from planshift.domain.policy.given import Asked, Found
from planshift.domain.policy.vocabulary import Answer, Param, rules

QUESTION = __doc__
DEFAULT = "paid"


def _paid(*, asked: Asked) -> Found | None:
    return None


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


RULES = rules(
    Answer(
        name="paid",
        run=_paid,
        doc="At what was really paid: each billed line by its own unused time; of several units, the newest first.",
        example='"paid"',
    ),
    Answer(
        name="list",
        run=_list,
        doc="At the list price in force when the term began; what is given back never exceeds what was paid.",
        example='"list"',
        clause="H7",
    ),
    Answer(
        name="discounted",
        run=_discounted,
        doc="At the list price less the client's own discount.",
        example='"discounted"',
    ),
    Answer(
        name="regular",
        run=_regular,
        doc="At the regular (renewal) price, whatever promotion was paid.",
        example='"regular"',
    ),
    Answer(
        name="monthly_when_short",
        run=_monthly_when_short,
        doc="At the monthly list price when less than the stated months remain, else at that of so many months.",
        example='{ answer = "monthly_when_short", months = 12 }',
        params=(Param(name="months", kind="integer", default=12, minimum=2, maximum=120, doc="the limit"),),
    ),
)
