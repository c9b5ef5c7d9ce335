"""What stands in the way of this change? Every reason at once."""

from collections.abc import Callable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from planshift.domain import facts as known
from planshift.domain import periods
from planshift.domain.errors import Reason
from planshift.domain.exact import Fraction
from planshift.domain.periods import Moment
from planshift.domain.pricing import worth
from planshift.domain.pricing.items import Change
from planshift.domain.pricing.measure import Clock
from planshift.domain.pricing.prepared import Prepared


def always(*, facts: known.Facts, prepared: Prepared, at: Moment | None, zone: ZoneInfo) -> list[Reason]:
    """What no policy can allow: no term to change in, another change under way, a pair that a case refuses."""
    reasons: list[Reason] = []
    resolved = prepared.rules.resolved
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
    if term is None and service.counts is None and service.unused_value is None and not prepared.metered:
        reasons.append(Reason("position_in_term_not_known", {}))
    elif term is not None and at is None:
        reasons.append(Reason("day_of_change_not_known", {}))
    return reasons


def _not_before(at: Moment, bound: Moment, zone: ZoneInfo) -> bool:
    if isinstance(at, datetime) or isinstance(bound, datetime):
        return periods.instant_of(at, zone) >= periods.instant_of(bound, zone)
    return at >= bound


def of_policy(asked: tuple[Callable[..., Reason | None], ...], gate: "Standing") -> list[Reason]:
    """What the policy's preconditions and windows say."""
    return [reason for run in asked if (reason := run(gate=gate)) is not None]


class Standing:
    """Where a change stands, each answer found when a precondition asks for it. Implements `given.Gate`."""

    __slots__ = ("change", "clock", "direction", "facts", "moment", "request")

    def __init__(
        self,
        facts: known.Facts,
        change: Change,
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
        return self.change.old_plan.family == self.change.new_plan.family

    @property
    def needs(self) -> tuple[tuple[str, int, int], ...]:
        """See `given.Gate`."""
        return () if self.facts.usage is None else _needs(self.facts.usage, self.change)

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
        return () if self.facts.capacity is None else _short_of(self.facts.capacity, self.change)


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
