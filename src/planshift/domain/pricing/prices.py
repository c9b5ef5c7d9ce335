"""Which price is charged for one unit of the new, which is credited for one of the old?"""

from datetime import date

from planshift.domain import facts as known
from planshift.domain.exact import Fraction
from planshift.domain.policy.given import Asked, Found
from planshift.domain.pricing import worth
from planshift.domain.pricing.items import Item
from planshift.domain.pricing.measure import Clock
from planshift.domain.pricing.prepared import Prepared

Both = tuple[Found | None, Found | None]  # charged for one unit of the new, credited for one of the old


def of(item: Item, *, facts: known.Facts, prepared: Prepared, clock: Clock, on: date, bought_on: date) -> Both:
    """The price charged on a day, the client's payment discount included: None where the catalog has none.

    And the one credited, of the list in force on the day when the old was bought: None where the billed lines count.
    """
    new = _charged(item, facts, prepared, clock, on) if item.new_quantity and item.new_prices else None
    old = _credited(item, facts, prepared, clock, bought_on) if item.old_quantity and item.old_prices else None
    return new, old


def noted(facts: known.Facts, prepared: Prepared, *, on: date, bought_on: date) -> dict[str, Both]:
    """The prices found before, by component: those that depend on nothing but catalog, policy and days."""
    if prepared.rules.by_remaining or facts.service.discount is not None:
        return {}
    return prepared.prices.setdefault((on, bought_on) if facts.catalog.dated else None, {})


def _charged(item: Item, facts: known.Facts, prepared: Prepared, clock: Clock, on: date) -> Found | None:
    rules, service = prepared.rules, facts.service
    found: Found | None = rules.charge_price(
        asked=Asked(
            find=lambda length: item.new_price(length, on),
            length=prepared.change.new_length,
            discount=worth.discount_of(service, new=True),
            remaining_months=worth.remaining_months(clock) if rules.by_remaining else None,
        )
    )
    if found is not None and not rules.plain:
        less: Fraction = rules.payment_discount(method=service.payment_method)
        if less:
            return Found(found.amount * (1 - less), found.length)
    return found


def _credited(item: Item, facts: known.Facts, prepared: Prepared, clock: Clock, on: date) -> Found | None:
    found: Found | None = prepared.rules.credit_price(
        asked=Asked(
            find=lambda length: item.old_price(length, on),
            length=prepared.change.old_length,
            discount=worth.discount_of(facts.service, new=False),
            remaining_months=worth.remaining_months(clock) if prepared.rules.by_remaining else None,
        )
    )
    return found
