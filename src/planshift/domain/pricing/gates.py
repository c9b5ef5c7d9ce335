"""What stands in the way of this change? Every reason at once."""

from datetime import date
from fractions import Fraction
from zoneinfo import ZoneInfo

from planshift.domain import facts as known
from planshift.domain import periods
from planshift.domain.errors import Reason
from planshift.domain.periods import Moment
from planshift.domain.policy import document
from planshift.domain.policy.given import Gate
from planshift.domain.pricing import worth
from planshift.domain.pricing.compiled import Rules
from planshift.domain.pricing.items import Change
from planshift.domain.pricing.measure import Clock


def always(
    *, facts: known.Facts, change: Change, at: Moment | None, zone: ZoneInfo, resolved: document.Resolved
) -> list[Reason]:
    """What no policy can allow: no term to change in, another change under way, a pair that a case refuses."""
    reasons = []
    service, term = facts.service, facts.service.term
    if resolved.kind == "refused":
        words = dict(resolved.reason) if resolved.reason is not None else {}
        reasons.append(Reason("refused_by_policy", {"case": resolved.case, "reason": words}))
    if facts.standing.open_change:
        reasons.append(Reason("change_under_way", {"change": facts.standing.open_change}))
    if term is not None and at is not None:
        now = periods.instant_of(at, zone)
        if now >= periods.instant_of(term.end, zone):
            reasons.append(Reason("term_is_over", {"end": str(term.end)}))
        elif now < periods.instant_of(term.start, zone) and periods.day_of(at, zone) < periods.day_of(term.start, zone):
            reasons.append(Reason("term_not_begun", {"start": str(term.start)}))
    metered = facts.catalog.families[change.old_plan.family].metered
    if term is None and service.counts is None and service.unused_value is None and not metered:
        reasons.append(Reason("position_in_term_not_known", {}))
    elif term is not None and at is None:
        reasons.append(Reason("day_of_change_not_known", {}))
    return reasons


def of_policy(
    *,
    facts: known.Facts,
    change: Change,
    request: known.Request,
    clock: Clock,
    direction: str,
    on: Moment | None,
) -> list[Reason]:
    """What the policy's preconditions and windows say."""
    rules = clock.rules
    if not rules.gates:
        return []
    standing, service = facts.standing, facts.service
    today = None if on is None else periods.day_of(on, clock.zone)
    gate = Gate(
        direction=direction,
        on=today,
        remaining_days=worth.remaining_days(clock),
        remaining_months=None if rules.answer("minimum_remaining") == "none" else worth.remaining_months(clock),
        held_days=_days(service.changed_on, today),
        first_days=first_days(facts, clock),
        announced=service.announced_on,
        asked_by=request.asked_by,
        owner_only=service.owner_only,
        payment_method=service.payment_method,
        unpaid=standing.unpaid_documents,
        renewal=standing.renewal_issued,
        renewal_paid=standing.renewal_paid,
        same_family=change.old_plan.family == change.new_plan.family,
        needs=() if facts.usage is None else _needs(facts.usage, change),
        usage_known=facts.usage is not None,
        usage_age_hours=None if facts.usage is None or on is None else _age(facts.usage, on, clock.zone),
        short_of=() if facts.capacity is None else _short_of(facts.capacity, change),
    )
    found = (run(gate=gate) for run in rules.gates)
    return [reason for reason in found if reason is not None]


def resources(*, change: Change, rules: Rules, reasons: list[Reason]) -> None:
    """Which resources may go down, and whether up and down go together."""
    moved = [item for item in change.items if item.component != known.PLAN]
    down = [item for item in moved if item.new_quantity < item.old_quantity]
    for item in down:
        if not rules.resource_decrease(resource=item.code):
            reasons.append(Reason("resource_cannot_shrink", {"resource": item.code, "present": item.old_quantity}))
    up = [item for item in moved if item.new_quantity > item.old_quantity]
    if up and down and not rules.mixed_resources():
        names = {"up": tuple(item.code for item in up), "down": tuple(item.code for item in down)}
        reasons.append(Reason("increase_and_decrease_apart", names))


def first_days(facts: known.Facts, clock: Clock) -> int | None:
    """Days since the first sign-up; None where the facts do not say."""
    bought = facts.service.bought_on
    if bought is None and facts.service.term is not None:
        return None
    return _days(bought, clock.on)


def _days(since: date | None, today: date | None) -> int | None:
    return None if since is None or today is None else (today - since).days


def _needs(usage: known.Usage, change: Change) -> tuple[tuple[str, int, int], ...]:
    """What is used of each resource that gets a new limit, and that limit."""
    needs = []
    for code, used in usage.amounts.items():
        resource = change.new_plan.resources.get(code)
        if resource is not None:
            needs.append((code, used, resource.included + change.amounts.get(code, 0)))
    return tuple(needs)


def _age(usage: known.Usage, on: Moment, zone: ZoneInfo) -> Fraction:
    return max(periods.elapsed(usage.as_of, periods.instant_of(on, zone), "hour", zone=zone), Fraction(0))


def _short_of(capacity: known.Capacity, change: Change) -> tuple[str, ...]:
    short = []
    if change.new_plan is not change.old_plan and capacity.free.get(change.new_plan.code, 1) < 1:
        short.append(change.new_plan.code)
    for item in change.items:
        if item.component != known.PLAN:
            more = item.new_quantity - item.old_quantity
            if more > 0 and capacity.free.get(item.code, more) < more:
                short.append(item.code)
    return tuple(short)
