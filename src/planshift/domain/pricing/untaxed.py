"""What do gross prices come to for a buyer who pays no tax here?

The price list loses the tax inside it, exactly. What was billed stays as it was: without tax where none was billed,
with it where it was.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import lru_cache
from types import MappingProxyType

from planshift.domain import facts as known
from planshift.domain.catalog import Catalog, Plan, Price, Resource
from planshift.domain.exact import Fraction


def facts(facts: known.Facts, *, on: date) -> known.Facts:
    """The same facts with the price list that holds for the buyer on a day."""
    if facts.buyer.treatment in ("standard", "oss") or facts.catalog.seller.prices != "gross":
        return facts
    rate = facts.catalog.seller.tax_rate(on)
    return replace(facts, catalog=_catalog(facts.catalog, rate)) if rate else facts


@lru_cache(maxsize=64)
def _catalog(catalog: Catalog, rate: Fraction) -> Catalog:
    seller = replace(catalog.seller, tax_left_out=rate)
    plans = {code: _plan(plan, 1 + rate) for code, plan in catalog.plans.items()}
    return replace(catalog, seller=seller, plans=MappingProxyType(plans))


def _plan(plan: Plan, by: Fraction) -> Plan:
    resources: Mapping[str, Resource] = {
        code: replace(resource, prices=_prices(resource.prices, by)) for code, resource in plan.resources.items()
    }
    resources = MappingProxyType(resources)
    return replace(plan, prices=_prices(plan.prices, by), setup=plan.setup / by, resources=resources)


def _prices(prices: tuple[Price, ...], by: Fraction) -> tuple[Price, ...]:
    return tuple(
        replace(price, amount=price.amount / by, renewal=None if price.renewal is None else price.renewal / by)
        for price in prices
    )
