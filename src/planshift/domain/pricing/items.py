"""What changes, component by component, and what speaks against it before any policy is asked?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from planshift.domain import catalog as selling
from planshift.domain import facts as known
from planshift.domain.catalog import Catalog, Plan, Price, Resource
from planshift.domain.errors import Reason
from planshift.domain.exact import Fraction
from planshift.domain.periods import Length

_NONE = Fraction(0)
_DAYS = {"month": Fraction(365, 12), "day": Fraction(1), "hour": Fraction(1, 24)}


class Item(NamedTuple):
    """One component of the service before and after. A quantity of 0: it is not there."""

    component: str
    code: str  # plan or resource code
    old_quantity: int
    new_quantity: int
    old_prices: tuple[Price, ...]
    new_prices: tuple[Price, ...]

    def old_price(self, length: Length, on: date) -> Price | None:
        """The present list price of one unit for a billing period."""
        return selling.price_on(self.old_prices, length, on)

    def new_price(self, length: Length, on: date, contract: selling.Contract | None = None) -> Price | None:
        """The list price of one unit after the change; as it holds for a contract that is older than it."""
        return selling.price_on(self.new_prices, length, on, contract=contract)


@dataclass(frozen=True, slots=True)
class Change:
    """A request laid over the facts: the two plans, the two billing periods, every component."""

    operation: str  # plan | resources | period
    old_plan: Plan
    new_plan: Plan
    old_length: Length
    new_length: Length
    items: tuple[Item, ...]
    amounts: Mapping[str, int]  # additional amounts afterwards
    against: tuple[Reason, ...] = ()  # why the seller does not offer it, whatever the policy says

    @property
    def less(self) -> tuple[str, ...]:
        """The resources of which there is less in all afterwards, what the plans include counted in."""
        return tuple(
            code for code, before in self._whole(new=False).items() if self._whole(new=True).get(code, 0) < before
        )

    @property
    def never_in_place(self) -> tuple[tuple[str, int, int], ...]:
        """Of these the ones that never go down in place, with the whole amounts before and after."""
        before, after = self._whole(new=False), self._whole(new=True)
        sides = (self.old_plan.resources, self.new_plan.resources)
        return tuple(
            (code, before[code], after.get(code, 0))
            for code in self.less
            if any(code in side and not side[code].shrinkable for side in sides)
        )

    def _whole(self, *, new: bool) -> dict[str, int]:
        plan = self.new_plan if new else self.old_plan
        found = {code: resource.included for code, resource in plan.resources.items()}
        for item in self.items:
            if item.component != known.PLAN and item.code in found:
                found[item.code] += item.new_quantity if new else item.old_quantity
        return found

    @property
    def changed(self) -> tuple[Item, ...]:
        """The components that are not the same afterwards."""
        if self.old_length != self.new_length:
            return self.items
        return tuple(item for item in self.items if differs(item))


def differs(item: Item) -> bool:
    """Whether a component is another afterwards: another quantity, or other prices (another plan)."""
    return item.old_quantity != item.new_quantity or item.old_prices is not item.new_prices


def of(facts: known.Facts, request: known.Request) -> Change | tuple[Reason, ...]:
    """The change, or every reason why the request makes none."""
    catalog, service = facts.catalog, facts.service
    old = catalog.plans.get(service.plan)
    if old is None:
        return (Reason("plan_not_in_catalog", {"plan": service.plan}),)
    if isinstance(request, known.ChangePlan):
        return _plan(catalog, service, old, request)
    if isinstance(request, known.ChangeResources):
        return _resources(service, old, request)
    if request.length == service.length:
        return (Reason("same_billing_period", {"length": str(service.length)}),)
    return Change(
        "period", old, old, service.length, request.length, _items(old, old, service.resources, service.resources),
        service.resources,
    )  # fmt: skip


def _plan(
    catalog: Catalog, service: known.Service, old: Plan, request: known.ChangePlan
) -> Change | tuple[Reason, ...]:
    new = catalog.plans.get(request.target)
    if new is None:
        return (Reason("plan_not_in_catalog", {"plan": request.target}),)
    length = request.length or service.length
    reasons, against = [], []
    if new is old:
        reasons.append(Reason("same_plan", {"plan": new.code}))
    if not new.offered:
        against.append(Reason("plan_not_offered", {"plan": new.code}))
    fixed = [family for family in (old.family, new.family) if not catalog.families[family].plan_changes]
    if fixed:  # one reason, also where both families have it
        against.append(Reason("plan_changes_not_offered", {"family": fixed[0]}))
    amounts = {**service.resources, **request.amounts}
    for code, amount in amounts.items():
        resource = new.resources.get(code)
        if amount and (resource is None or not resource.additional):
            reasons.append(Reason("resource_not_in_target", {"resource": code, "plan": new.code}))
        elif resource is not None and amount:
            reasons.extend(_amount(resource, amount))
    if reasons:
        return (*reasons, *against)
    made = _items(old, new, service.resources, amounts)
    return Change("plan", old, new, service.length, length, made, amounts, tuple(against))


def _resources(service: known.Service, old: Plan, request: known.ChangeResources) -> Change | tuple[Reason, ...]:
    reasons: list[Reason] = []
    amounts = {**service.resources, **request.amounts}
    for code, amount in request.amounts.items():
        resource = old.resources.get(code)
        if resource is None:
            reasons.append(Reason("resource_unknown", {"resource": code, "plan": old.code}))
        elif not resource.additional:
            reasons.append(Reason("resource_fixed_in_plan", {"resource": code, "plan": old.code}))
        else:
            reasons.extend(_amount(resource, amount))
            present = service.resources.get(code, 0)
            if amount < present and not resource.shrinkable:
                reasons.append(Reason("resource_cannot_shrink", {"resource": code, "present": present}))
    if not reasons and all(service.resources.get(code, 0) == amount for code, amount in request.amounts.items()):
        reasons.append(Reason("nothing_changes", {}))
    if reasons:
        return tuple(reasons)
    length = service.length
    return Change("resources", old, old, length, length, _items(old, old, service.resources, amounts), amounts)


def _amount(resource: Resource, amount: int) -> list[Reason]:
    """What is wrong with a new additional amount."""
    facts = {"resource": resource.code, "amount": amount}
    if isinstance(amount, bool) or not isinstance(amount, int) or amount < 0:
        return [Reason("resource_below_plan", {**facts, "included": resource.included})]
    if amount % resource.step:
        return [Reason("resource_not_in_steps", {**facts, "step": resource.step})]
    if resource.maximum is not None and amount > resource.maximum:
        return [Reason("resource_above_maximum", {**facts, "maximum": resource.maximum})]
    return []


def _items(old: Plan, new: Plan, before: Mapping[str, int], after: Mapping[str, int]) -> tuple[Item, ...]:
    plan = Item(known.PLAN, new.code, 1, 1, old.prices, new.prices)
    if not before and not after:
        return (plan,)
    items = [plan]
    for code in dict.fromkeys((*before, *after)):
        was, now = old.resources.get(code), new.resources.get(code)
        if before.get(code, 0) or after.get(code, 0):
            items.append(
                Item(
                    component=known.resource_component(code),
                    code=code,
                    old_quantity=before.get(code, 0),
                    new_quantity=after.get(code, 0),
                    old_prices=was.prices if was else (),
                    new_prices=now.prices if now else (),
                )
            )
    return tuple(items)


def full_price(change: Change, *, new: bool, on: date) -> Fraction | None:
    """The list price of one billing period of everything on one side; None where a price is missing.

    What has no price of its own counts 0 (metered plans, services that are only resources).
    """
    total = _NONE
    for item in change.items:
        quantity = item.new_quantity if new else item.old_quantity
        prices = item.new_prices if new else item.old_prices
        if not quantity or not prices:
            continue
        price = selling.price_on(prices, change.new_length if new else change.old_length, on)
        if price is None:
            return None
        total += price.amount * quantity
    return total


def hourly_price(plan: Plan, amounts: Mapping[str, int], on: date) -> Fraction:
    """What the additional amounts of a metered service cost per hour, at the prices of a day."""
    total = _NONE
    for code, amount in amounts.items():
        resource = plan.resources.get(code)
        price = resource.hourly_on(on) if resource is not None else None
        if price is not None:
            total += price * amount
    return total


def days_of(length: Length) -> Fraction:
    """The average days of a billing period."""
    return length.count * _DAYS.get(length.unit, Fraction(1, 86400))
