"""What of a price list would cost clients more who could not be told of it? (D6, H8)

A price that begins on a day of its own is told to them, and held back where it is too late for that. One that becomes
dearer where it stands, or whose former price is gone, would hold for them at once.
"""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import NamedTuple

from planshift.domain.catalog import Catalog, Contract, Plan, Price, price_on
from planshift.domain.exact import Fraction
from planshift.domain.periods import Length
from planshift.domain.policy import document

LOOKED_BACK = timedelta(days=732)  # of earlier days prices are everybody's: letters go out at most 366 days before


class Rise(NamedTuple):
    """The regular price of a plan or of one of its resources ("": the plan itself) on a day: as listed, and now."""

    plan: str
    resource: str
    length: Length
    on: date
    was: Fraction
    now: Fraction


def in_place(*, before: Catalog, after: Catalog, policy: document.Policy, today: date) -> Iterator[Rise]:
    """Of each price of `before` the first day, from today on, on which `after` costs an existing contract more without
    a day of its own. Nothing of families whose clients are told of no price and keep none that was agreed."""
    for code, plan in after.plans.items():
        known = before.plans.get(code)
        if known is None:
            continue
        (renewal,) = policy.answers_before_cases(plan.family)["renewal"]
        kept = renewal.params.get("prices") == "as_agreed"
        if kept or renewal.params.get("told_days"):
            yield from _of_plan(known, plan, kept=kept, today=today)


def _of_plan(before: Plan, after: Plan, *, kept: bool, today: date) -> Iterator[Rise]:
    were, are = _lists(before), _lists(after)
    old = {day for prices in were.values() for day in _days(prices)}
    new = {day for prices in are.values() for day in _days(prices) if day > today - LOOKED_BACK} - old
    held = tuple((day, date.max) for day in sorted(new))
    asked = sorted({today, *(day for day in old | new if day > today)})
    ages = [date.min, *sorted(day for day in old if day <= today)]
    for resource in were.keys() & are.keys():
        for length in dict.fromkeys(price.length for price in were[resource]):
            found = (
                Rise(after.code, resource, length, on, was.regular, now.regular)
                for on in asked
                for since in ages
                if (was := price_on(were[resource], length, on, contract=Contract(since, kept))) is not None
                and (now := price_on(are[resource], length, on, contract=Contract(since, kept, held))) is not None
                and now.regular > was.regular
            )
            if (first := next(found, None)) is not None:
                yield first


def _lists(plan: Plan) -> dict[str, tuple[Price, ...]]:
    return {"": plan.prices, **{code: resource.prices for code, resource in plan.resources.items()}}


def _days(prices: Iterable[Price]) -> Iterator[date]:
    for price in prices:
        yield from (day for day in (price.valid_from, price.existing_from) if day not in (None, date.min))
