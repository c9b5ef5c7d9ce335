"""What would a worked case of the corpus cost, written inline? Its lines, each by its own numbers, with `Fraction`.

Each case has another rule, so its formula is laid out once from the working of its offer, as one would read it there:
prices, quantities, dates (where the case gives dates they are counted on each call), what billed lines were paid and
credited. What it comes to is asserted to be the exact amount of each line; rates or factors that are rounded first,
and limits of the sum, are left out, as are names, checks and explanations.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, time
from fractions import Fraction
from math import prod
from typing import NamedTuple
from zoneinfo import ZoneInfo

from inline_pricing import END, START, Line, Result, half_up

from planshift.domain import facts as known
from planshift.domain import quote
from planshift.domain.policy.given import Part, Raw, Share
from planshift.domain.pricing import settle, sketch

SECONDS = {"hours": 3600, "minutes": 60, "seconds": 1}


class Stretch(NamedTuple):
    """Units of time from a moment to another: of a case that gives dates they are counted, else they are given."""

    start: date | None  # None: given
    end: date | None
    unit: str  # days | hours | minutes | seconds
    zone: ZoneInfo | None
    given: Fraction


class Term(NamedTuple):
    """`price` x `quantity`, less `old` x `old_quantity`, by the share of time; or what is left, less a product."""

    price: Fraction
    quantity: int = 1
    old: Fraction | None = None
    old_quantity: int = 0
    remaining: Stretch | None = None  # None: not by time
    per: Stretch | None = None
    less: tuple[Fraction, ...] = ()
    sign: int = 1


class Stated(NamedTuple):
    """A line of a case as one would write it by hand: terms to be summed, and up to what it may be credited."""

    terms: tuple[Term, ...]
    creditable: tuple[tuple[Fraction, Fraction], ...] = ()  # of each billed line: paid, credited


def counted(stretch: Stretch) -> Fraction | int:
    """The units of a stretch."""
    start, end = stretch.start, stretch.end
    if start is None or end is None:
        return stretch.given
    if stretch.unit == "days":
        if isinstance(start, datetime):
            start = start.astimezone(stretch.zone).date()
        if isinstance(end, datetime):
            end = end.astimezone(stretch.zone).date()
        return (end - start).days
    span = instant(end, stretch.zone) - instant(start, stretch.zone)
    return Fraction(span.days * 86400 + span.seconds, SECONDS[stretch.unit])


def instant(moment: date, zone: ZoneInfo | None) -> datetime:
    """In UTC: a day begins at midnight in the seller's zone."""
    aware = moment if isinstance(moment, datetime) else datetime.combine(moment, time(), tzinfo=zone)
    return aware.astimezone(UTC)


def exactly(term: Term) -> Fraction:
    """A term by hand."""
    exact = term.price if term.quantity == 1 else term.price * term.quantity
    if term.old is not None:
        exact -= term.old if term.old_quantity == 1 else term.old * term.old_quantity
    if term.remaining is not None and term.per is not None:
        exact *= Fraction(counted(term.remaining), counted(term.per))
    elif term.less:
        exact = max(exact - prod(term.less), Fraction(0))
    return exact if term.sign > 0 else -exact


def line(stated: Stated) -> Fraction:
    """A line by hand, exactly; nothing is credited beyond what was paid."""
    exact = exactly(stated.terms[0])
    for term in stated.terms[1:]:
        exact += exactly(term)
    if exact < 0 and stated.creditable:
        can = Fraction(0)
        for paid, credited in stated.creditable:
            can += paid - credited if credited else paid
        exact = max(exact, -can)
    return exact


def of_lines(lines: Sequence[Stated], rate: Fraction, *, on_gross: bool) -> Callable[[], Result]:
    """The lines of a case, each by its own terms: the work of the case, though not the names of its rule."""

    def priced() -> Result:
        exact = [line(stated) for stated in lines]
        found = tuple([Line("line", half_up(each), START, END) for each in exact])
        if on_gross:  # gross and tax of each line are rounded, the net is the rest
            taxes = [half_up(each * rate) for each in exact]
            gross = sum([half_up(each * (1 + rate)) for each in exact], Fraction(0))
            tax = sum(taxes, Fraction(0))
            return Result(found, gross - tax, tax, gross, "up", "easy", END, END, gross)
        net = found[0].net if len(found) == 1 else sum([each.net for each in found], Fraction(0))
        tax = half_up(net * rate)
        return Result(found, net, tax, net + tax, "up", "easy", END, END, net)

    return priced


def of_offer(offer: quote.Offer, facts: known.Facts) -> Callable[[], Result]:
    """The same lines by hand; those whose calculation is of another shape (a rate rounded first) as a price by time."""
    worked = offer.sketch
    assert isinstance(worked, sketch.OfferSketch)
    settled, lines = worked.settled, []
    more = settled.outcome.more
    for raw in (*settled.outcome.lines, *settled.fees, *settled.outcome.later, *(more.spent if more else ())):
        stated = Stated(tuple(_terms(raw, settled)), _creditable(raw, facts))
        if not stated.terms or line(stated) != raw.exact:
            half = Stretch(None, None, "", None, Fraction(1, 2))
            stated = Stated((Term(raw.exact, remaining=half, per=half),))
        lines.append(stated)
    for figure in worked.now:  # of a minimum charge or a rounded sum
        if figure.raw.role in ("minimum", "rounding"):
            lines.append(Stated((Term(figure.raw.exact),)))
    rates = [figure.rate for figure in (*worked.now, *worked.later)] or [Fraction(23, 100)]
    return of_lines(lines, rates[0], on_gross=settled.rules.tax_on_gross and facts.catalog.seller.prices == "net")


def _terms(raw: Raw, settled: settle.Settled) -> Iterator[Term]:
    """The charge and each part of what is given back."""
    share = _stretches(raw.share, settled)
    back = [_given_back(part, settled) for part in raw.values]
    if raw.how == "difference" and raw.price is not None:
        yield Term(raw.price, raw.quantity, raw.old_price, raw.old_quantity, *share)
    elif raw.how in ("share", "used", "full", "value_difference") and raw.price is not None:
        quantity = raw.quantity - (raw.old_quantity if raw.how == "share" and raw.role == "difference" else 0)
        yield Term(raw.price, quantity, None, 0, *share)
    elif raw.how == "missing_months" and raw.length is not None and raw.price is not None:
        missing, per = (Stretch(None, None, "", None, months) for months in (raw.detail[0], raw.length.months))
        yield Term(raw.price, raw.quantity, None, 0, missing, per)
    elif not back:
        yield Term(raw.exact)
    yield from back


def _given_back(part: Part, settled: settle.Settled) -> Term:
    if part.whole is not None:
        return Term(part.whole, less=tuple(Fraction(each) for each in part.less), sign=-1)
    return Term(part.price, 1, None, 0, *_stretches(part.share, settled), (), -1)


def _stretches(share: Share | None, settled: settle.Settled) -> tuple[Stretch | None, Stretch | None]:
    """The remaining time and the whole, from the dates of the case where they say it."""
    if share is None:
        return None, None
    term, clock = settled.clock.service.term, settled.clock
    bounds = ((None, None), (None, None))
    if term is not None and clock.at is not None:
        bounds = ((clock.at, term.end), (term.start, term.end))
    found = []
    for (start, end), units in zip(bounds, (share.remaining, share.per), strict=True):
        stretch = Stretch(start, end, share.unit, clock.zone, Fraction(units))
        by_date = start is not None and share.unit in ("days", *SECONDS) and counted(stretch) == units
        found.append(stretch if by_date else Stretch(None, None, "", None, Fraction(units)))
    return found[0], found[1]


def _creditable(raw: Raw, facts: known.Facts) -> tuple[tuple[Fraction, Fraction], ...]:
    lines = [each for each in facts.billed or () if each.component == raw.component]
    return tuple((each.paid.amount, each.credited.amount) for each in lines)
