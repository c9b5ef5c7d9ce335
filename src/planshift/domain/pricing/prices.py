"""Which price is charged for one unit of the new, which is credited for one of the old?"""

from datetime import date

from planshift.domain import facts as known
from planshift.domain.exact import Fraction
from planshift.domain.policy.given import Asked, Found
from planshift.domain.pricing import worth
from planshift.domain.pricing.items import Item
from planshift.domain.pricing.measure import Clock
from planshift.domain.pricing.prepared import Prepared


def charged(item: Item, *, facts: known.Facts, prepared: Prepared, clock: Clock, on: date) -> Found | None:
    """The price charged, the client's payment discount included; None where the catalog has none."""
    if not item.new_quantity or not item.new_prices:
        return None
    rules, service = prepared.rules, facts.service
    found: Found | None = rules.charge_price(
        asked=Asked(
            find=lambda length: item.new_price(length, on),
            length=prepared.change.new_length,
            discount=worth.discount_of(service, new=True),
            remaining_months=worth.remaining_months(clock) if rules.by_remaining else None,
        )
    )
    if found is not None:
        less: Fraction = rules.payment_discount(method=service.payment_method)
        if less:
            return Found(found.amount * (1 - less), found.length)
    return found


def credited(item: Item, *, facts: known.Facts, prepared: Prepared, clock: Clock, on: date) -> Found | None:
    """The price credited, of the list in force on the day when it was bought; None where the billed lines count."""
    if not item.old_quantity or not item.old_prices:
        return None
    found: Found | None = prepared.rules.credit_price(
        asked=Asked(
            find=lambda length: item.old_price(length, on),
            length=prepared.change.old_length,
            discount=worth.discount_of(facts.service, new=False),
            remaining_months=worth.remaining_months(clock) if prepared.rules.by_remaining else None,
        )
    )
    return found
