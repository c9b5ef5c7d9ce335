"""What does the next term cost? The full price of what the service then is (H8, D6), line by line."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from planshift.domain import catalog, facts, tax
from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.domain.periods import Length
from planshift.domain.tax import Taxed


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a renewal; `amount` is for all units together."""

    component: str  # facts.PLAN or "resource:ip"
    name: Mapping[str, str]
    quantity: int
    amount: Taxed


def lines(
    *, sold: catalog.Catalog, plan: str, length: Length, additional: Mapping[str, int], on: date
) -> tuple[Line, ...]:
    """Plan and additional resources for one whole billing period from `on`, at the regular prices in force on that day.

    Amounts are rounded to the currency's smallest unit per line; tax once per rate, as on the document. Refused:
    `plan_not_sold`, `no_renewal_price` (facts: plan or resource, length).
    """
    offered = sold.plans.get(plan)
    if offered is None:
        raise Refused("plan_not_sold", plan=plan)
    price = offered.price(length, on)
    if price is None:
        raise Refused("no_renewal_price", plan=plan, length=str(length))
    parts = [(facts.PLAN, offered.name, 1, price.regular)]
    for code, amount in sorted(additional.items()):
        resource = offered.resources.get(code)
        unit = catalog.price_on(resource.prices, length, on) if resource is not None else None
        if resource is None or unit is None:
            raise Refused("no_renewal_price", resource=code, length=str(length))
        parts.append((facts.resource_component(code), resource.name, amount, unit.regular * amount))
    rate = sold.seller.tax_rate(on)
    amounts = [(Money(each, sold.seller.currency).rounded("half_up"), rate) for _, _, _, each in parts]
    taxed = tax.per_rate(amounts, prices=sold.seller.prices)
    return tuple(
        Line(component=component, name=name, quantity=quantity, amount=amount)
        for (component, name, quantity, _), amount in zip(parts, taxed, strict=True)
    )
