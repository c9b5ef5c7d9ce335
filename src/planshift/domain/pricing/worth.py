"""What was billed for the old, how much of it is used, how much remains? Reads facts, decides nothing."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from typing import Any, NamedTuple

from planshift.domain import facts as known
from planshift.domain import money, periods
from planshift.domain.exact import Exact, Fraction
from planshift.domain.facts import BilledLine
from planshift.domain.money import Money
from planshift.domain.periods import Moment
from planshift.domain.policy.given import Part, Share
from planshift.domain.pricing import units
from planshift.domain.pricing.items import Item
from planshift.domain.pricing.measure import ONE, Clock
from planshift.domain.pricing.units import Taken

_NONE = Fraction(0)


class Unused(NamedTuple):
    """What the unused part of something is worth, of which prices and shares, and which share of it is given back."""

    worth: Fraction
    parts: tuple[Part, ...]
    given_back: Fraction


def billed_lines(
    facts: known.Facts, item: Item, *, clock: Clock, on: date, paid_once: dict[tuple[Any, ...], list[BilledLine]]
) -> list[BilledLine]:
    """The lines billed for one component, newest first. `paid_once` notes those that stand for a list price."""
    if facts.billed is not None:
        lines = [line for line in facts.billed if line.component == item.component]
        ahead = facts.service.prepaid_periods
        if ahead and not clock.rules.later_periods(periods=ahead):
            lines = of_the_term(lines, clock)
        if len(lines) == 1:
            return lines
        lines.reverse()
        lines.sort(key=lambda line: line.issued_on or date.min, reverse=True)
        return lines
    service = facts.service
    cycles, later = clock.whole_cycles(service.length), 0
    if service.prepaid_periods:
        later = clock.rules.later_periods(periods=service.prepaid_periods)
    if service.discount is not None or cycles.denominator != 1:
        return _paid_once(facts, item, on, cycles, later)
    key = (item.component, on if facts.catalog.dated else None, cycles.numerator, later)
    found = paid_once.get(key)
    if found is None:
        found = paid_once[key] = _paid_once(facts, item, on, cycles, later)
    return found


def of_the_term(lines: list[BilledLine], clock: Clock) -> list[BilledLine]:
    """Those that do not pay for later periods alone."""
    term = clock.service.term
    if term is None or not clock.service.prepaid_periods:
        return lines
    end = periods.instant_of(term.end, clock.zone)
    return [line for line in lines if line.period is None or periods.instant_of(line.period.start, clock.zone) < end]


def _paid_once(facts: known.Facts, item: Item, on: date, cycles: Fraction, later: int) -> list[BilledLine]:
    """The list price, less the discount, billed for the term and for later periods, and paid; no tax rate is known."""
    length = facts.service.length
    price = item.old_price(length, on) if item.old_quantity else None
    if price is None:
        return []
    currency = facts.catalog.seller.currency
    less, paid = discount_of(facts.service, new=False), money.times(price.amount, item.old_quantity)
    paid = paid * (1 - less) if less else paid
    amount = Money(paid if cycles == 1 else paid * cycles, currency)
    whole = Money(amount.amount + later * paid, currency) if later else amount
    return [BilledLine("", item.component, amount, whole, Money.zero(currency), _NONE, quantity=item.old_quantity)]


def given_back(line: BilledLine, part: Part, clock: Clock) -> Iterator[Part]:
    """Of a line's unused worth, what earlier credits have returned for the time that still remains (negative).

    A credit for the time from a moment on has returned its own share of what remains now; nothing is returned twice.
    """
    stretch = line.period or clock.service.term
    if part.whole is not None or stretch is None or clock.at is None:
        return
    left = clock.time(stretch.start, stretch.end).remaining
    for credit in line.credits:
        read = periods.day_of if clock.by_day else periods.instant_of
        since, start, end = (read(each, clock.zone) for each in (credit.since, stretch.start, stretch.end))
        units: Fraction = clock.rules.time_unit(max(since, start), end, clock.zone)
        if units > 0:
            share = Share(min(left, units), units, clock.unit)
            yield Part(-credit.amount.amount, share, -credit.amount.amount * share.cycles, line.id)


def of_units(
    taken: Iterable[Taken], *, value: Callable[[BilledLine, Fraction], Part], clock: Clock, all_back: bool
) -> list[Part]:
    """The unused worth of the lines that units pay for; `value` is that of a share of a line.

    Where a part of it is kept (not `all_back`), the rest of units that are gone is nobody's.
    """
    parts: list[Part] = []
    below, kept = [], _NONE
    for each in taken:
        line, held = each.line, each.of_left
        part = value(line, each.of_billed if held else ONE)
        back = list(given_back(line, part, clock)) if line.credits else []
        if not held:
            kept += money.sum_of([one.worth for one in (part, *back)])
        elif all_back and line.amount.amount < 0:
            below.append(each)
        elif back:
            left = part if held == each.of_billed else value(line, held)
            parts.extend(_less_credits(left, back, share=held, at_most=None if all_back else part))
        else:
            parts.append(part)
    for each in below:
        whole = value(each.line, ONE).worth
        share = units.of_below(each, worth=whole, kept=kept)
        kept += whole * (each.of_left - share) / each.of_left
        parts.append(value(each.line, share))
    return parts


def _less_credits(part: Part, back: list[Part], *, share: Fraction, at_most: Part | None) -> tuple[Part, ...]:
    """`part` less its `share` of what was given back of the line; nothing below 0, and `at_most` where that is less."""
    back = [each._replace(price=each.price * share, worth=each.worth * share) for each in back]
    left = part.worth + sum((each.worth for each in back), _NONE)
    if left < 0:
        return ()
    return (part, *back) if at_most is None or left <= at_most.worth else (at_most,)


def discount_of(service: known.Service, *, new: bool) -> Fraction:
    """The client's own discount as a share: on the present price, or on the new one."""
    discount = service.discount
    if discount is None:
        return _NONE
    if new:
        return discount.new_share if discount.new_share is not None else discount.share if discount.perpetual else _NONE
    return discount.share


def remaining_months(clock: Clock) -> Fraction | None:
    """What remains of the term in months; None where the facts do not say."""
    term, at = clock.service.term, clock.at
    if term is not None and at is not None:
        return periods.months_between(term.start, term.end, clock.zone) - _since(clock, "month")
    counts = clock.service.counts
    if counts is None:
        return None
    if counts.unit == "term":
        return counts.remaining * clock.service.length.months
    if counts.unit == "month":
        return Fraction(counts.remaining)
    return counts.remaining * Fraction(periods.SECONDS[counts.unit], 86400) * Fraction(12, 365)


def remaining_days(clock: Clock) -> Fraction | None:
    """What remains of the term in days; None where the facts do not say."""
    term, at = clock.service.term, clock.at
    if term is not None and at is not None:
        if not isinstance(at, datetime) and not isinstance(term.end, datetime):
            return Fraction((term.end - at).days)
        return periods.wall_days(term.end, clock.zone) - periods.wall_days(at, clock.zone)
    counts = clock.service.counts
    if counts is None or counts.unit == "term":
        return None
    if counts.unit == "month":
        return counts.remaining * Fraction(365, 12)
    return counts.remaining * Fraction(periods.SECONDS[counts.unit], 86400)


def _since(clock: Clock, unit: str) -> Fraction:
    term, at = clock.service.term, clock.at
    assert term is not None and at is not None
    return periods.elapsed(term.start, max(_comparable(at, term.start, clock), term.start), unit, zone=clock.zone)


def _comparable(at: Moment, like: Moment, clock: Clock) -> Moment:
    return periods.instant_of(at, clock.zone) if hasattr(like, "hour") else periods.day_of(at, clock.zone)


def used_months(clock: Clock) -> Exact | None:
    """The used months as the policy counts them, where it counts in months; else exactly."""
    if clock.unit in ("months", "calendar_months", "started_calendar_months"):
        return clock.term().used
    if clock.service.term is not None and clock.at is not None:
        return _since(clock, "month")
    counts = clock.service.counts
    if counts is not None and counts.unit == "term" and counts.used is not None:
        return counts.used * clock.service.length.months
    return None


def used_days(clock: Clock) -> Exact | None:
    """The used days as the policy counts them, where it counts in days; else exactly."""
    if clock.unit in ("days", "days_30_360"):
        return clock.term().used
    if clock.service.term is not None and clock.at is not None:
        return periods.elapsed(
            clock.service.term.start, _comparable(clock.at, clock.service.term.start, clock), "day", zone=clock.zone
        )
    return None
