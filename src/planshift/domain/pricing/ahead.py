"""Which terms that are paid ahead does a line pay for, and with which part of its amount?

What is paid for a later term keeps its worth when that term begins, so a line tells what of it is for which term.
"""

from collections.abc import Sequence

from planshift.domain import periods
from planshift.domain.exact import Fraction
from planshift.domain.facts import BilledLine
from planshift.domain.money import Money
from planshift.domain.offer import Stretch
from planshift.domain.periods import Moment
from planshift.domain.policy.given import Raw, Share
from planshift.domain.pricing import afterwards
from planshift.domain.pricing.settle import Settled

_NONE = Fraction(0)


def paid_until(settled: Settled) -> Moment | None:
    """The end of the last term that is paid ahead, where the change is priced until then; else None."""
    service, clock = settled.clock.service, settled.clock
    ahead = service.prepaid_periods
    if not ahead or service.term is None or clock.at is None or settled.change.operation == "period":
        return None
    if settled.outcome.term != "kept" or settled.deal.aligned is not None:
        return None
    return afterwards.later_end(settled, ahead) if clock.rules.later_periods(periods=ahead) else None


def stretches(
    settled: Settled, *, raw: Raw, amount: Money, start: Moment | None, end: Moment | None
) -> tuple[Stretch, ...]:
    """What of a charge (`amount`, as the seller's prices are) is for the running term and what for each later one;
    empty where it is for one term."""
    if start is None or end is None or end != paid_until(settled) or amount.amount <= 0:
        return ()
    ends = _ends(settled)
    exact = _per_term(settled, raw, ends)
    if any(each < 0 for each in exact) or not sum(exact, _NONE):
        return ()
    parts: tuple[Money, ...] = amount.split(exact, unit=_unit(settled))
    found = zip([start, *ends[:-1]], ends, parts, strict=True)
    return tuple(Stretch(begin, finish, part) for begin, finish, part in found if part.amount and begin != finish)


def credited(
    settled: Settled, *, raw: Raw, amount: Money, lines: Sequence[BilledLine]
) -> list[tuple[Fraction, frozenset[str]]]:
    """What of a credit (`amount` > 0) is for each term, with the ids of those of `lines` that pay for it: what is given
    back for one term is not taken from another. Empty where it is for one term."""
    if paid_until(settled) is None:
        return []
    ends = _ends(settled)
    exact = [-each for each in _per_term(settled, raw, ends)]
    if any(each < 0 for each in exact) or not sum(exact, _NONE):
        return []
    terms = _terms(settled, lines, ends)
    return [
        (part.amount, frozenset(billed for billed, term in terms.items() if term == index))
        for index, part in enumerate(amount.split(exact, unit=_unit(settled)))
    ]


def _unit(settled: Settled) -> Fraction:
    """Of what every amount is a multiple: a policy may round finer than money."""
    return Fraction(1, settled.deal.rounding.per)


def _ends(settled: Settled) -> list[Moment]:
    """The ends of the running term and of each later one."""
    service = settled.clock.service
    assert service.term is not None
    later = [afterwards.later_end(settled, count) for count in range(1, service.prepaid_periods + 1)]
    return [service.term.end, *later]


def _terms(settled: Settled, lines: Sequence[BilledLine], ends: list[Moment]) -> dict[str, int]:
    """By id of each line the term in which its time begins."""
    zone = settled.clock.zone
    bounds = [periods.instant_of(each, zone) for each in ends[:-1]]
    return {
        line.id: sum(periods.instant_of(line.period.start, zone) >= each for each in bounds) if line.period else 0
        for line in lines
    }


def _per_term(settled: Settled, raw: Raw, ends: list[Moment]) -> list[Fraction]:
    """The new price by the share of each term, less the unused worth of what is billed for that term."""
    later, exact = len(ends) - 1, [_NONE] * len(ends)

    def add(price: Fraction, share: Share | None) -> None:
        if share is not None and price:
            for index in range(len(ends)):
                exact[index] += price * (1 if index else share.cycles - later)

    units = raw.quantity - (raw.old_quantity if raw.how == "share" and raw.role == "difference" else 0)
    price = (raw.price or _NONE) * units
    add(price - (raw.old_price or _NONE) * raw.old_quantity if raw.how == "difference" else price, raw.share)
    terms = _terms(settled, settled.deal.facts.billed or (), ends)
    back = raw.detail[0] if raw.detail else Fraction(1)
    for part in raw.values:
        if part.billed in terms:
            exact[terms[part.billed]] -= part.worth * back
        elif part.share is not None and part.share.cycles > later:
            add(-part.worth * back / part.share.cycles, part.share)
    return exact
