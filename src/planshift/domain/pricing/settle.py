"""What does the policy make of this change? Preconditions, course, settlement, limits: from facts to raw lines."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import partial

from planshift.domain import facts as known
from planshift.domain import money, periods
from planshift.domain.errors import Reason, Refused
from planshift.domain.exact import Fraction
from planshift.domain.periods import Moment
from planshift.domain.policy import decrease, document, settlement, term_end
from planshift.domain.policy.given import Outcome, Raw
from planshift.domain.policy.period_change import PeriodCourse, Switch
from planshift.domain.pricing import fees, gates, items, prepared, worth
from planshift.domain.pricing.compiled import Rules
from planshift.domain.pricing.deal import PricedDeal
from planshift.domain.pricing.items import Change
from planshift.domain.pricing.measure import Clock
from planshift.domain.pricing.prepared import Prepared

_NONE = Fraction(0)
_UNSETTLED = Outcome()  # stands there until a settlement has run, never part of what is returned


@dataclass(slots=True)
class Settled:
    """One change, settled but not yet rounded: everything that an offer is made of."""

    prepared: Prepared
    change: Change
    rules: Rules
    clock: Clock
    deal: PricedDeal
    direction: str
    outcome: Outcome
    settlement: str
    priced_on: date
    at_renewal: bool = False
    old_price_stays: bool = False
    next_period: bool = False
    missing_months: Fraction | None = None
    fees: list[Raw] = field(default_factory=list)


Refusals = tuple[Reason, ...]


def settle(
    *, facts: known.Facts, request: known.Request, policy: document.Policy, on: Moment | None
) -> Settled | Refusals:
    """The change with its raw lines, or every reason why there is no offer."""
    day = priced_on(facts, on)
    found = prepared.of(facts, request, policy=policy, priced_on=day)
    if not isinstance(found, Prepared):
        return (*found, *gates.whatever_changes(facts=facts, request=request, policy=policy, on=on))
    rules = found.rules
    zone = gates.zone(rules, facts)
    at = on if rules.on_request else gates.starts(rules, facts=facts, request=request, on=on)
    clock = Clock(rules=rules, service=facts.service, at=at, zone=zone)
    reasons = [*found.against, *gates.always(facts=facts, rules=rules, metered=found.metered, at=at, zone=zone)]
    if reasons and _is_later(
        request
    ):  # the next term is not paid yet: the change begins with it, however late it is paid
        reasons = [each for each in reasons if each.code != "term_is_over"]
    if found.gates:
        standing = gates.Standing(facts, found.change, request, clock, found.direction, on)
        reasons += gates.of_policy(found.gates, standing)
    try:
        settled = _course(facts, request, found, clock, day, reasons)
    except Refused as refused:
        return (*reasons, *refused.reasons)
    if reasons or settled is None:
        return tuple(reasons)
    return settled


def priced_on(facts: known.Facts, on: Moment | None) -> date:
    """The day whose price list counts; facts without dates take the newest."""
    return periods.day_of(on, facts.catalog.seller.zone) if on is not None else date.max


def _course(
    facts: known.Facts,
    request: known.Request,
    prepared: Prepared,
    clock: Clock,
    priced_on: date,
    reasons: list[Reason],
) -> Settled | None:
    """Carry out the course that the policy takes for this operation and direction; reasons are added as found."""
    change, rules = prepared.change, prepared.rules
    deal = PricedDeal(facts, prepared, clock, priced_on, request.choice)
    found = Settled(prepared, change, rules, clock, deal, prepared.direction, _UNSETTLED, rules.settled_by, priced_on)
    if prepared.metered:
        found.settlement, found.outcome = "metered", Outcome()
        return found
    if change.operation == "period":
        _period(found, facts, reasons)
    elif _goes_on(found, request, reasons):
        _run(found, facts)
    if found.outcome is _UNSETTLED:
        found.outcome = Outcome()
    if not reasons:
        _after(found, facts)
    return found


def _goes_on(found: Settled, request: known.Request, reasons: list[Reason]) -> bool:
    """Whether the settlement is carried out; a decrease or an equal price may take another course."""
    rules, change = found.rules, found.change
    later = _is_later(request)
    if later and (found.direction != "down" or not rules.later_instead or not rules.course_down.offered):
        reasons.append(Reason("next_term_not_offered", {}))
        return False
    if found.direction == "sideways" and change.operation == "plan":
        offered, settled = rules.equal_price()
        if not offered:
            reasons.append(Reason("equal_price_not_offered", {"plan": change.new_plan.code}))
        found.settlement = found.settlement if settled else "nothing"
        return bool(offered and settled)
    if found.direction != "down":
        return True
    course = decrease.LATER if later else rules.course_down
    if not course.offered:
        reasons.append(Reason("decrease_not_offered", {"plan": change.new_plan.code}))
        return False
    if not course.settled:
        found.settlement = "nothing"
        found.at_renewal = course.at_renewal
        found.old_price_stays = course.old_price_stays
        found.outcome = Outcome(term="restarts" if course.fresh_term else "kept")
    return bool(course.settled)


def _is_later(request: known.Request) -> bool:
    """Whether it is to begin with the next term, in the place of a decrease that nobody has answered."""
    return not isinstance(request, known.ChangePeriod) and request.begins == known.NEXT_TERM


def _run(found: Settled, facts: known.Facts) -> None:
    """The settlement itself, with the windows at both ends of the term."""
    rules, deal = found.rules, found.deal
    if not rules.no_windows:
        early = rules.early_window(first_days=gates.first_days(facts, found.clock))
        deal.whole_credit = early == "whole_price"
        near = _near(found)
        if near == "renewal_only":
            found.settlement, found.at_renewal = "nothing", True
            return
        found.next_period = near == "next_period_too" and not facts.service.prepaid_periods
        if early == "full_difference":
            found.settlement = early
            _settle(found, settlement.full_difference)
            return
    _settle(found, rules.settlement)


def _settle(found: Settled, way: Callable[..., Outcome]) -> None:
    """Carry out a settlement; the client may have chosen it among those that the policy lists."""
    if not found.rules.term_kept:
        _align(found, found.deal)
    found.outcome = way(deal=found.deal)
    if found.outcome.chosen:
        found.settlement = found.outcome.chosen


def _near(found: Settled) -> str:
    rules = found.rules
    if rules.answer("near_renewal") == "as_usual":
        return ""
    near: str = rules.near_renewal(days=worth.remaining_days(found.clock), months=worth.remaining_months(found.clock))
    return near


def _align(found: Settled, deal: PricedDeal) -> None:
    """Where the term is to end elsewhere, the new price is divided over another stretch."""
    rules, clock, service = found.rules, found.clock, found.clock.service
    term, change = service.term, found.change
    if clock.at is not None and term is not None:
        length = change.new_length
        position = term_end.Position(term, clock.at, length, clock.zone, service.bill_day, service.aligned_until)
        end, start = rules.term_end(position=position)
        if end != term.end or change.new_length != change.old_length:
            deal.aligned = (end, start)


def _period(found: Settled, facts: known.Facts, reasons: list[Reason]) -> None:
    """Only another billing period."""
    rules, deal, change = found.rules, found.deal, found.change
    old, new = change.old_length.months, change.new_length.months
    course: PeriodCourse | Reason = rules.period_change(
        switch=Switch(
            old, new, partial(worth.remaining_months, found.clock), partial(gates.first_days, facts, found.clock)
        )
    )
    if isinstance(course, Reason):
        reasons.append(course)
        return
    deal.items = change.items
    found.settlement = course.how
    deal.whole_credit = course.credit == "whole_price"
    deal.credits_nothing = course.credit == "none"
    if course.how == "at_renewal":
        found.at_renewal = True
    elif course.how == "missing_months":
        paid = old * (1 + facts.service.prepaid_periods) if facts.service.prepaid_periods else old
        missing = new - paid  # what is paid ahead is not paid twice (D11)
        if missing.numerator > 0:
            found.missing_months = missing
            found.outcome = Outcome(_missing(found, missing, course.price), months_charged=missing)
        else:
            found.at_renewal = True
    elif course.how == "settled":
        found.settlement = rules.settled_by
        _settle(found, rules.settlement)
    elif course.how == "aligned":
        term = facts.service.term
        if term is not None and found.clock.at is not None:
            position = term_end.Position(term, found.clock.at, change.new_length, found.clock.zone, 0, None)
            deal.aligned = term_end.from_term_start(position=position)
        found.outcome = settlement.credit_and_charge(deal=deal)
    elif course.how == "restarted":
        found.outcome = settlement.new_term_less_credit(deal=deal)
    else:
        deal.convert = True
        found.outcome = settlement.difference(deal=deal)


def _missing(found: Settled, months: Fraction, price: str) -> list[Raw]:
    """The missing whole months, at the monthly price of the present or of the new billing period."""
    lines = []
    change = found.change
    length = change.old_length if price == "present" else change.new_length
    for item in change.items:
        listed = item.new_price(length, found.priced_on)
        if item.new_quantity and listed is not None:
            exact = money.share_of(listed.amount * item.new_quantity, months, length.months)
            lines.append(
                Raw("charge", item.component, exact, "missing_months", item.new_quantity, listed.amount, None, 0, None,
                    length, (months,))
            )  # fmt: skip
    return lines


def _after(found: Settled, facts: known.Facts) -> None:
    """Fees, what is bought on top, and the limits of a result below zero."""
    if found.next_period:
        found.outcome.lines.extend(line._replace(role="next_period") for line in found.deal.full_charges())
    lines = found.outcome.lines
    if found.prepared.setup or found.rules.may_cost_more:
        found.fees = fees.of(found.prepared, facts, clock=found.clock, lines=lines, on=found.priced_on)
    if not found.rules.unbounded:
        _bounded(found)
    if found.outcome.lines:
        _reduce(found)


def _bounded(found: Settled) -> None:
    """A result below zero goes no lower than the policy allows: credits shrink, the last first."""
    for lines in (found.outcome.lines, found.outcome.later):
        _bound(found, lines)


def _bound(found: Settled, lines: list[Raw]) -> None:
    """The same for the lines that are billed together; a refund that moves apart from the charge is a result alone."""
    apart = found.outcome.separate
    net = money.sum_of([line.exact for line in lines if not apart or line.exact.numerator < 0])
    if net.numerator >= 0:
        return
    first = items.full_price(found.change, new=True, on=found.priced_on) or _NONE
    least: Fraction | None = found.rules.negative_result(first_term=first)
    if least is None or net >= least:
        return
    missing = least - net
    for index in range(len(lines) - 1, -1, -1):
        line = lines[index]
        if line.exact.numerator < 0 and missing.numerator > 0:
            cut = min(missing, -line.exact)
            lines[index] = line._replace(exact=line.exact + cut, limit=line.limit or -line.exact)
            missing -= cut


def _reduce(found: Settled) -> None:
    """Lines of nothing at all are left out, unless nothing else would be there."""
    found.outcome.lines = [line for line in found.outcome.lines if line.exact.numerator or line.limit is not None]
