"""What of a change depends on catalog, policy and request alone? Found once, then looked up.

A pair's components, its direction and the answers that hold for it stay the same for every client with the same plan;
only dates, papers and readings differ.
"""

from collections.abc import Callable
from datetime import date
from typing import Any, NamedTuple

from planshift.domain import facts as known
from planshift.domain.errors import Reason
from planshift.domain.exact import Fraction
from planshift.domain.policy import dimensions, document, vocabulary
from planshift.domain.policy.direction import Weight
from planshift.domain.policy.given import Found, Raw
from planshift.domain.pricing import compiled, items
from planshift.domain.pricing.compiled import Rounding, Rules
from planshift.domain.pricing.items import Change, Item

_NONE = Fraction(0)
_LIMIT = 20_000  # entries kept: a seller's pairs times its policies
Refusals = tuple[Reason, ...]


class Prepared(NamedTuple):
    """A change laid out, with its direction and rules, and what these alone say."""

    change: Change
    changed: tuple[Item, ...]
    direction: str
    rules: Rules
    rounding: Rounding  # of the seller's currency
    metered: bool
    setup: tuple[Raw, ...]  # the set-up fee (H5), where there is one
    gates: tuple[Callable[..., Reason | None], ...]  # the preconditions that can stand in the way of this change
    against: Refusals  # what speaks against it whatever the facts: it is not offered, a resource may not go down
    # Found when first asked for: the new price of each component, the old one (and of which day, where the price list
    # is dated), and the lines that stand for "the list price was paid once".
    charged: dict[str, Found | None]
    credited: dict[str | tuple[str, date], Found | None]
    paid_once: dict[tuple[Any, ...], list[known.BilledLine]]


_known: dict[tuple[Any, ...], Prepared] = {}


def of(facts: known.Facts, request: known.Request, *, policy: document.Policy, priced_on: date) -> Prepared | Refusals:
    """The prepared change, or every reason why the request makes none."""
    service = facts.service
    key = (
        policy,
        facts.catalog,
        service.plan,
        service.length,
        tuple(service.resources.items()) if service.resources else None,
        tuple(service.traits.items()) if service.traits else None,
        service.payment_method,
        type(request),
        _asked(request),
        request.choice,
        facts.decided.kind if facts.decided is not None else "",
        priced_on if facts.catalog.dated else None,
    )
    found = _known.get(key)
    if found is None:
        prepared = _prepare(facts, request, policy, priced_on)
        if not isinstance(prepared, Prepared):
            return prepared
        if len(_known) >= _LIMIT:
            _known.clear()
        found = _known[key] = prepared
    return found


def _asked(request: known.Request) -> object:
    if isinstance(request, known.ChangePlan):
        return request.target, request.length, tuple(request.amounts.items()) if request.amounts else None
    if isinstance(request, known.ChangeResources):
        return tuple(request.amounts.items())
    return request.length


def _prepare(facts: known.Facts, request: known.Request, policy: document.Policy, on: date) -> Prepared | Refusals:
    change = items.of(facts, request)
    if not isinstance(change, Change):
        return change
    if (reason := _not_sold(change, on)) is not None:
        return (*change.against, reason)
    if items.full_price(change, new=True, on=on) is None:
        length = str(change.new_length)
        return (*change.against, Reason("no_price_for_period", {"plan": change.new_plan.code, "length": length}))
    direction = _direction(change, facts, policy, on)
    decided = facts.decided.kind if facts.decided is not None else ""
    resolved = policy.resolve(_pair(change, facts, request, direction), decided=decided)
    if resolved.currency and resolved.currency != facts.catalog.seller.currency:
        both = {"policy": resolved.currency, "prices": facts.catalog.seller.currency}
        return (*change.against, Reason("currencies_differ", both))
    if request.choice and not _chooses(policy, resolved):
        return (*change.against, Reason("choice_not_offered", {"choice": request.choice}))
    rules = compiled.rules(resolved)
    metered = facts.catalog.families[change.old_plan.family].metered
    family = change.old_plan.family
    return Prepared(
        change, change.changed, direction, rules, rules.rounding_in(facts.catalog.seller.currency), metered,
        _setup(change, rules, without=1 + facts.catalog.seller.tax_left_out),
        tuple(run for name, run in rules.gates.items() if name != "other_family" or change.new_plan.family != family),
        (*change.against, *_resources(change, rules)), {}, {}, {},
    )  # fmt: skip


def _chooses(policy: document.Policy, resolved: document.Resolved) -> bool:
    """Whether what a client chooses counts for anything: for the settlement, or for a case."""
    return resolved.one("settlement").answer == "client_chooses" or any(case.when.choice for case in policy.cases)


def _resources(change: Change, rules: Rules) -> Refusals:
    """Which resources may not go down, and whether up and down may not go together."""
    reasons: list[Reason] = []
    if rules.resolved.kind == "easy" and change.operation == "plan":
        for code, present, target in change.never_in_place:
            facts = {"resource": code, "present": present, "target": target}
            reasons.append(Reason("resource_never_shrinks_in_place", facts))
    moved = [item for item in change.items if item.component != known.PLAN]
    down = [item for item in moved if item.new_quantity < item.old_quantity]
    for item in down:
        if not rules.resource_decrease(resource=item.code):
            reasons.append(Reason("resource_cannot_shrink", {"resource": item.code, "present": item.old_quantity}))
    up = [item for item in moved if item.new_quantity > item.old_quantity]
    if up and down and change.operation == "resources" and not rules.mixed_resources():
        names = {"up": tuple(item.code for item in up), "down": tuple(item.code for item in down)}
        reasons.append(Reason("increase_and_decrease_apart", names))
    return tuple(reasons)


def _setup(change: Change, rules: Rules, *, without: Fraction) -> tuple[Raw, ...]:
    """`without`: what a price of the seller is divided by for this buyer; the policy's own are such prices too."""
    if change.operation != "plan":
        return ()
    fee: Fraction = rules.setup_fee(kind=rules.resolved.kind, plan_setup=change.new_plan.setup * without)
    return (Raw("setup", known.SETUP, fee / without, "setup"),) if fee else ()


def _not_sold(change: Change, on: date) -> Reason | None:
    """Another billing period must be one that the target is sold for: that a price divides it is not enough (H1)."""
    if change.new_length == change.old_length:
        return None
    lengths = change.new_plan.lengths(on)
    if change.new_length in lengths:
        return None
    if not lengths:  # counted by the hour
        return Reason("no_billing_period", {"plan": change.new_plan.code})
    return Reason("period_not_sold", {"plan": change.new_plan.code, "months": tuple(each.months for each in lengths)})


def _direction(change: Change, facts: known.Facts, policy: document.Policy, on: date) -> str:
    if change.operation == "period":  # nothing of the service is less, however its months are priced (D11)
        return "up" if change.new_length.months > change.old_length.months else "down"
    chosen: tuple[vocabulary.Chosen, ...] = policy.answers_before_cases(change.old_plan.family)["direction"]
    run: Callable[..., str] = _rule("direction", chosen[0])
    if facts.catalog.families[change.old_plan.family].metered:
        old = items.hourly_price(change.old_plan, facts.service.resources, on)
        new = items.hourly_price(change.new_plan, change.amounts, on)
    else:
        old = items.full_price(change, new=False, on=on) or _NONE
        new = items.full_price(change, new=True, on=on) or _NONE
    return run(old=_weight(change, old, new=False), new=_weight(change, new, new=True))


def _rule(dimension: str, chosen: vocabulary.Chosen) -> Callable[..., Any]:
    return compiled.bound(dimensions.every()[dimension], chosen)


def _weight(change: Change, price: Fraction, *, new: bool) -> Weight:
    length = change.new_length if new else change.old_length
    plan = change.new_plan if new else change.old_plan
    return Weight(price, length.months, items.days_of(length), plan.rank)


def _pair(change: Change, facts: known.Facts, request: known.Request, direction: str) -> document.Pair:
    return document.Pair(
        operation=change.operation,  # type: ignore[arg-type]
        direction=direction,  # type: ignore[arg-type]
        present=_side(facts, change, new=False),
        target=_side(facts, change, new=True),
        resources=frozenset(
            item.code
            for item in change.items
            if item.component != known.PLAN and item.old_quantity != item.new_quantity
        ),
        less=frozenset(change.less),
        payment=facts.service.payment_method,
        choice=request.choice,
    )


def _side(facts: known.Facts, change: Change, *, new: bool) -> document.Side:
    plan, length = (change.new_plan, change.new_length) if new else (change.old_plan, change.old_length)
    traits = dict(facts.catalog.traits(plan))
    if not new:
        traits.update(facts.service.traits)
    words = {name: value if isinstance(value, str) else str(value).lower() for name, value in traits.items()}
    return document.Side(plan=plan.code, family=plan.family, term=str(length), traits=vocabulary.Params(words))
