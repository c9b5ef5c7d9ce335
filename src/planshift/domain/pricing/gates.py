"""What stands in the way of this change? Every reason at once."""

from collections.abc import Callable
from datetime import date
from zoneinfo import ZoneInfo

from planshift.domain import facts as known
from planshift.domain import periods
from planshift.domain.errors import Reason
from planshift.domain.exact import Fraction
from planshift.domain.periods import Moment
from planshift.domain.policy import document
from planshift.domain.policy.counted_from import Instants
from planshift.domain.pricing import compiled, worth
from planshift.domain.pricing.compiled import Rules
from planshift.domain.pricing.items import Change
from planshift.domain.pricing.measure import Clock


def starts(rules: Rules, *, facts: known.Facts, request: known.Request, on: Moment | None) -> Moment | None:
    """The instant that the price counts from, as the policy says; None where the facts give no dates."""
    if on is None:
        return None
    term = facts.service.term
    at: Moment | None = rules.counted_from(
        instants=Instants(on, request.paid_at, request.ready_at, term.start if term is not None else None)
    )
    return at


def whatever_changes(
    *, facts: known.Facts, request: known.Request, policy: document.Policy, on: Moment | None
) -> list[Reason]:
    """What stands in the way of any change of this service, by the answers before any case: for a request that makes no
    change at all (an unknown plan, the present one), so that its refusal has every reason too."""
    plan = facts.catalog.plans.get(facts.service.plan)
    family = plan.family if plan is not None else ""
    rules = compiled.rules(policy.resolved(family=family, case=None))
    at, here = starts(rules, facts=facts, request=request, on=on), zone(rules, facts)
    metered = plan is not None and facts.catalog.families[family].metered
    reasons = always(facts=facts, rules=rules, metered=metered, at=at, zone=here)
    reasons = [each for each in reasons if each.code != "refused_by_policy"]  # by a case, and none was looked at
    clock = Clock(rules=rules, service=facts.service, at=at, zone=here)
    return reasons + of_policy(tuple(rules.gates.values()), Standing(facts, None, request, clock, "", on))


def zone(rules: Rules, facts: known.Facts) -> ZoneInfo:
    """The time zone in which the days of a change are counted."""
    seller = facts.catalog.seller.zone
    if rules.on_sellers_clock:
        return seller
    found: ZoneInfo = rules.time_zone(seller=seller, client=facts.service.zone)
    return found


def always(*, facts: known.Facts, rules: Rules, metered: bool, at: Moment | None, zone: ZoneInfo) -> list[Reason]:
    """What no policy can allow: no term to change in, another change under way, a pair that a case refuses."""
    reasons: list[Reason] = []
    resolved = rules.resolved
    service, term = facts.service, facts.service.term
    if resolved.kind == "refused":
        words = dict(resolved.reason) if resolved.reason is not None else {}
        reasons.append(Reason("refused_by_policy", {"case": resolved.case, "reason": words}))
    if facts.standing.open_change:
        reasons.append(Reason("change_under_way", {"change": facts.standing.open_change}))
    if term is not None and at is not None:
        if _not_before(at, term.end, zone):
            reasons.append(Reason("term_is_over", {"end": str(term.end)}))
        elif not _not_before(at, term.start, zone) and periods.day_of(at, zone) < periods.day_of(term.start, zone):
            reasons.append(Reason("term_not_begun", {"start": str(term.start)}))
    if term is None and service.counts is None and service.unused_value is None and not metered:
        reasons.append(Reason("position_in_term_not_known", {}))
    elif term is not None and at is None:
        reasons.append(Reason("day_of_change_not_known", {}))
    return reasons


def _not_before(at: Moment, bound: Moment, zone: ZoneInfo) -> bool:
    if type(at) is type(bound):
        return at >= bound
    return periods.instant_of(at, zone) >= periods.instant_of(bound, zone)


def of_policy(asked: tuple[Callable[..., Reason | None], ...], gate: "Standing") -> list[Reason]:
    """What the policy's preconditions and windows say."""
    reasons = []
    for run in asked:
        reason = run(gate=gate)
        if reason is not None:
            reasons.append(reason)
    return reasons


class Standing:
    """Where a change stands, each answer found when a precondition asks for it. Implements `given.Gate`."""

    __slots__ = ("change", "clock", "direction", "facts", "moment", "request")

    def __init__(
        self,
        facts: known.Facts,
        change: Change | None,
        request: known.Request,
        clock: Clock,
        direction: str,
        moment: Moment | None,
    ) -> None:
        self.facts, self.change, self.request, self.clock = facts, change, request, clock
        self.direction, self.moment = direction, moment

    @property
    def on(self) -> date | None:
        """See `given.Gate`."""
        return None if self.moment is None else periods.day_of(self.moment, self.clock.zone)

    @property
    def remaining_days(self) -> Fraction | None:
        """See `given.Gate`."""
        return worth.remaining_days(self.clock)

    @property
    def remaining_months(self) -> Fraction | None:
        """See `given.Gate`."""
        return worth.remaining_months(self.clock)

    @property
    def held_days(self) -> int | None:
        """See `given.Gate`."""
        return _days(self.facts.service.changed_on, self.on)

    @property
    def announced(self) -> date | None:
        """See `given.Gate`."""
        return self.facts.service.announced_on

    @property
    def asked_by(self) -> str:
        """See `given.Gate`."""
        return self.request.asked_by

    @property
    def payment_method(self) -> str:
        """See `given.Gate`."""
        return self.facts.service.payment_method

    @property
    def unpaid(self) -> tuple[str, ...]:
        """See `given.Gate`."""
        return self.facts.standing.unpaid_documents

    @property
    def renewal(self) -> str:
        """See `given.Gate`."""
        return self.facts.standing.renewal_issued

    @property
    def renewal_paid(self) -> bool:
        """See `given.Gate`."""
        return self.facts.standing.renewal_paid

    @property
    def same_family(self) -> bool:
        """See `given.Gate`."""
        change = self.change
        return change is None or change.old_plan.family == change.new_plan.family

    @property
    def needs(self) -> tuple[tuple[str, int, int], ...]:
        """See `given.Gate`."""
        usage = self.facts.usage
        return () if usage is None or self.change is None else _needs(usage, self.change, self.facts, self.request)

    @property
    def usage_known(self) -> bool:
        """See `given.Gate`."""
        return self.facts.usage is not None

    @property
    def usage_age_hours(self) -> Fraction | None:
        """See `given.Gate`."""
        usage, moment = self.facts.usage, self.moment
        return None if usage is None or moment is None else _age(usage, moment, self.clock.zone)

    @property
    def short_of(self) -> tuple[str, ...]:
        """See `given.Gate`."""
        capacity = self.facts.capacity
        return () if capacity is None or self.change is None else _short_of(capacity, self.change)


def first_days(facts: known.Facts, clock: Clock) -> int | None:
    """Days since the first sign-up; None where the facts do not say."""
    bought = facts.service.bought_on
    if bought is None and facts.service.term is not None:
        return None
    return _days(bought, clock.on)


def _days(since: date | None, today: date | None) -> int | None:
    return None if since is None or today is None else (today - since).days


def _needs(
    usage: known.Usage, change: Change, facts: known.Facts, request: known.Request
) -> tuple[tuple[str, int, int], ...]:
    """What is used of each resource that gets a new limit, and that limit. A plan counted by the hour includes nothing
    and limits nothing: only amounts that are asked for with it do."""
    limited = None
    if isinstance(request, known.ChangePlan) and facts.catalog.families[change.new_plan.family].metered:
        limited = request.amounts
    needs = []
    for code, used in usage.amounts.items():
        resource = change.new_plan.resources.get(code)
        if resource is not None and (limited is None or code in limited):
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
