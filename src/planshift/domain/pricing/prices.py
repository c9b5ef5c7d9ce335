"""Which price is charged for one unit of the new, which is credited for one of the old?"""

from collections.abc import Callable
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

    def find() -> Found | None:
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

    return _once(find, (True, item.component, on), facts, prepared)


def credited(item: Item, *, facts: known.Facts, prepared: Prepared, clock: Clock, on: date) -> Found | None:
    """The price credited, of the list in force on the day when it was bought; None where the billed lines count."""
    if not item.old_quantity or not item.old_prices:
        return None

    def find() -> Found | None:
        rules = prepared.rules
        found: Found | None = rules.credit_price(
            asked=Asked(
                find=lambda length: item.old_price(length, on),
                length=prepared.change.old_length,
                discount=worth.discount_of(facts.service, new=False),
                remaining_months=worth.remaining_months(clock) if rules.by_remaining else None,
            )
        )
        return found

    return _once(find, (False, item.component, on), facts, prepared)


def _once(
    find: Callable[[], Found | None], key: tuple[bool, str, date], facts: known.Facts, prepared: Prepared
) -> Found | None:
    """A price that depends on nothing but catalog, policy and day is looked for once."""
    if prepared.rules.by_remaining or facts.service.discount is not None:
        return find()
    known_prices = prepared.prices
    if not facts.catalog.dated:
        key = (key[0], key[1], date.max)
    if key not in known_prices:
        known_prices[key] = find()
    return known_prices[key]
