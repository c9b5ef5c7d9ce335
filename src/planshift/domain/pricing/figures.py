"""Which amounts stand on the lines? Rounding, floors, tax: from raw lines to lines that sum to their totals."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from planshift.domain import facts as known
from planshift.domain import money, tax
from planshift.domain.exact import Fraction
from planshift.domain.facts import BilledLine
from planshift.domain.money import Money
from planshift.domain.policy.given import Raw
from planshift.domain.pricing import ahead
from planshift.domain.pricing.settle import Settled
from planshift.domain.tax import Taxed

_NONE = Fraction(0)


@dataclass(frozen=True, slots=True)
class Figure:
    """A raw line, or its part at one tax rate, rounded, with its tax and the billed lines it returns, newest first."""

    raw: Raw
    rounded: Fraction  # in the seller's prices, signed
    taxed: Taxed
    rate: Fraction
    returns: tuple[tuple[BilledLine, Fraction], ...] = ()
    whole: Fraction | None = None  # the rounded line of which this is a part; None: it is the whole


def of(settled: Settled, facts: known.Facts) -> tuple[list[Figure], list[Figure]]:
    """The lines now and the lines billed later."""
    lines, later = [*settled.outcome.lines, *settled.fees], settled.outcome.later
    now = _figures(settled, facts, lines)
    return now, _figures(settled, facts, later, charged=not lines) if later else []


def _figures(settled: Settled, facts: known.Facts, raws: list[Raw], *, charged: bool = True) -> list[Figure]:
    """`charged`: whether the minimum charge is asked of these lines."""
    rules, seller = settled.rules, facts.catalog.seller
    amounts = _rounded(settled, facts, raws)
    if rules.may_be_raised:
        raws, amounts = _floors(settled, facts, raws, amounts, charged=charged)
    parts: list[_Part] = []
    rate = rate_of(settled, facts)
    for raw, amount in zip(raws, amounts, strict=True):
        if amount < 0 and facts.billed:
            parts.extend(_returned(settled, facts, raw, amount, rate))
        else:
            parts.append(_Part(raw, amount, rate))
    place, mode = rules.tax_place, rules.tax_mode
    if rules.tax_on_gross and seller.prices == "net":
        taxed = [
            _on_gross(part, seller.currency, mode)
            if part.amount < 0 or place == "on_gross"
            else Taxed.of_net(Money(part.amount, seller.currency), part.rate, mode)
            for part in parts
        ]
    else:
        priced = [(Money(part.amount, seller.currency), part.rate) for part in parts]
        taxed = list(tax.per_rate(priced, prices=seller.prices, mode=mode, by_line=not rules.tax_per_rate))
    return [
        Figure(part.raw, part.amount, each, part.rate, part.returns, part.whole)
        for part, each in zip(parts, taxed, strict=True)
    ]


def _rounded(settled: Settled, facts: known.Facts, raws: list[Raw]) -> list[Fraction]:
    """The exact amounts by the policy's rounding; a credit stays within what can be credited."""
    per = settled.deal.rounding.per
    return [Fraction(units, per) for units in _units(settled, facts, raws)]


def _units(settled: Settled, facts: known.Facts, raws: list[Raw]) -> list[int]:
    """The same in whole units of the rounding."""
    exact = [raw.exact for raw in raws]
    rounder, own, per, coarse = settled.deal.rounding
    if own is None:
        units = rounder.units(exact, per)
    else:
        mode, step = own
        size = step.numerator * (per // step.denominator)
        others = iter(rounder.units([amount for amount in exact if amount.numerator >= 0], per))
        above, below = step.numerator, step.denominator
        units = [
            next(others)
            if amount.numerator >= 0
            else -money.round_ratio(-amount.numerator * below, amount.denominator * above, mode) * size
            for amount in exact
        ]
    return _within(settled, facts, raws, units, per) if coarse else units


def _within(settled: Settled, facts: known.Facts, raws: list[Raw], units: list[int], per: int) -> list[int]:
    """No credit becomes more than what can be credited because it is rounded to a coarse grid."""
    found = []
    for raw, amount in zip(raws, units, strict=True):
        can = creditable(settled, facts, raw) if amount < 0 else None
        found.append(amount if can is None else max(amount, -money.round_units(can * per, "down")))
    return found


def creditable(settled: Settled, facts: known.Facts, raw: Raw) -> Fraction | None:
    """What can still be credited for the component of a line, in the prices of its amount; None: nothing says."""
    if raw.component == known.SETUP:
        return money.sum_of([line.creditable.amount for line in facts.billed or () if line.component == known.SETUP])
    return settled.deal.creditable(raw.component)


def _floors(
    settled: Settled, facts: known.Facts, raws: list[Raw], amounts: list[Fraction], *, charged: bool = True
) -> tuple[list[Raw], list[Fraction]]:
    """The rest of a rounded sum, the minimum charge, the rounding of the total: each as a line of its own."""
    if not raws:
        return raws, amounts
    raws, amounts = list(raws), list(amounts)
    rounder, own, _, _ = settled.deal.rounding
    grid = min(rounder.step, rounder.fine)  # a floor may be written finer than money

    def add(role: str, more: Fraction) -> None:
        if not more:
            return
        total = money.sum_of(amounts)
        if role == "rounding" and total + more < 0:
            more = max(more, _lowest(settled, facts, raws, amounts) - total)
        if more:
            raws.append(Raw(role, known.FEE, more, role, detail=(total,)))
            amounts.append(more)

    if rounder.sums_to_a_grid:
        add("rounding", rounder.rest([raw.exact for raw in raws if own is None or raw.exact >= 0]))
    if charged:
        add("minimum", _on(grid, settled.rules.minimum_charge(total=money.sum_of(amounts)), "up"))
    add("rounding", _on(grid, settled.rules.total_rounding(total=money.sum_of(amounts)), "half_up"))
    return raws, amounts


def _lowest(settled: Settled, facts: known.Facts, raws: list[Raw], amounts: list[Fraction]) -> Fraction:
    """The total when every credit line is as large as it can be; where nothing says how large, it stays."""
    total = _NONE
    for raw, amount in zip(raws, amounts, strict=True):
        can = creditable(settled, facts, raw) if amount < 0 else None
        total += (
            amount if can is None else min(amount, -money.round_to(can, Fraction(1, settled.deal.rounding.per), "down"))
        )
    return total


def _on(grid: Fraction, amount: Fraction, mode: str) -> Fraction:
    return money.round_to(amount, grid, mode) if amount else amount


def rate_of(settled: Settled, facts: known.Facts) -> Fraction:
    """The tax rate of charges on the day of the change; 0 for a buyer who is not taxed here."""
    if facts.buyer.treatment == "oss":
        return facts.buyer.tax_rate or _NONE
    if facts.buyer.treatment != "standard":
        return _NONE
    return facts.catalog.seller.tax_rate(settled.priced_on)


class _Part(NamedTuple):
    """A rounded line, or what of it is at one rate, as `Figure` tells it."""

    raw: Raw
    amount: Fraction
    rate: Fraction
    returns: tuple[tuple[BilledLine, Fraction], ...] = ()
    whole: Fraction | None = None


def exact_of(figure: "Figure | _Part", amount: Fraction) -> Fraction:
    """The exact net amount from which gross and tax are rounded: limited to what the line became (`amount`)."""
    return figure.raw.exact if figure.raw.limit is None and figure.whole is None else amount


def _on_gross(part: _Part, currency: str, mode: str) -> Taxed:
    """Gross and tax rounded once from the exact net amount."""
    exact = exact_of(part, part.amount)
    gross, tax = _gross_and_tax(exact, part.rate, 10 ** money.decimals_of(currency=currency), mode)
    net = Money.from_minor(gross - tax, currency)
    return Taxed(net, Money.from_minor(tax, currency), Money.from_minor(gross, currency))


def _gross_and_tax(exact: Fraction, rate: Fraction, cents: int, mode: str) -> tuple[int, int]:
    """Both of an exact net amount in whole smallest units, of which `cents` make one unit of the currency."""
    below, above = exact.denominator * rate.denominator, exact.numerator * cents
    gross = money.round_ratio(above * (rate.denominator + rate.numerator), below, mode)
    return gross, money.round_ratio(above * rate.numerator, below, mode)


def _returned(settled: Settled, facts: known.Facts, raw: Raw, amount: Fraction, rate: Fraction) -> list[_Part]:
    """A credit laid upon the billed lines that it returns, by the policy's rule; one part per tax rate of these."""
    lines = [line for line in facts.billed or () if line.component == raw.component]
    lines.reverse()
    lines.sort(key=lambda line: line.issued_on.toordinal() if line.issued_on else 0, reverse=True)
    worth: dict[str, Fraction] = {}
    for value in raw.values:
        if value.billed:
            worth[value.billed] = worth.get(value.billed, _NONE) + value.worth
    apart = ahead.credited(settled, raw=raw, amount=Money(-amount, facts.catalog.seller.currency), lines=lines)
    taken = _taken(settled.rules.credit_distribution, lines, -amount, worth, apart)
    left = -amount - money.sum_of([part for _, part in taken])
    if not taken:
        return [_Part(raw, amount, rate)]
    rates = dict.fromkeys(line.tax_rate for line, _ in taken)
    parts = []
    whole = amount if len(rates) > 1 else None
    for each in rates:
        members = tuple((line, part) for line, part in taken if line.tax_rate == each)
        parts.append(_Part(raw, -money.sum_of([part for _, part in members]), each, members, whole))
    if left:
        parts[0] = parts[0]._replace(amount=parts[0].amount - left)
    return parts


def totals(settled: Settled, facts: known.Facts) -> tuple[int, int, int]:
    """Net and tax of the lines now in whole units, and how many of these make one unit of the currency.

    The sums of `of`, without its lines.
    """
    raws, seller, rules = settled.outcome.lines + settled.fees, facts.catalog.seller, settled.rules
    rounder, _, per, _ = settled.deal.rounding
    if not raws:
        return 0, 0, per
    if rules.may_be_raised:
        raws, exact = _floors(settled, facts, raws, _rounded(settled, facts, raws))
        amounts = [amount.numerator * (per // amount.denominator) for amount in exact]
    else:
        amounts = _units(settled, facts, raws)
    size = per // rounder.fine.denominator  # a tax is a whole number of the currency's smallest unit
    rate = rate_of(settled, facts)
    if rules.tax_on_gross and seller.prices == "net":
        net, tax = _totals_on_gross(settled, facts, list(zip(raws, amounts, strict=True)), rate)
        return net, tax, per
    total = tax = 0
    for of, parts in _bases(settled, facts, raws, amounts, rate):
        above, below = of.numerator, of.denominator * size
        if seller.prices == "gross":
            below += of.numerator * size  # the tax inside: gross x rate / (1 + rate)
        base = sum(parts)
        total += base
        for each in (base,) if rules.tax_per_rate else parts:
            tax += money.round_ratio(each * above, below, rules.tax_mode) * size
    return (total if seller.prices == "net" else total - tax), tax, per


def _bases(
    settled: Settled, facts: known.Facts, raws: list[Raw], amounts: list[int], rate: Fraction
) -> Iterable[tuple[Fraction, list[int]]]:
    """The amounts of each tax rate."""
    if not facts.billed:
        return ((rate, amounts),)
    same: list[int] = []
    others: dict[Fraction, list[int]] = {}
    for raw, amount in zip(raws, amounts, strict=True):
        for part, of in _by_rate(settled, facts, raw, amount, rate):
            (same if of is rate or of == rate else others.setdefault(of, [])).append(part)
    return ((rate, same), *others.items())


def _by_rate(settled: Settled, facts: known.Facts, raw: Raw, amount: int, rate: Fraction) -> list[tuple[int, Fraction]]:
    """A line's amount by tax rate: a credit has those of the billed lines that it returns. See `_returned`."""
    for line in facts.billed or () if amount < 0 else ():
        if line.component == raw.component and line.tax_rate is not rate and line.tax_rate != rate:
            break
    else:
        return [(amount, rate)]
    per = settled.deal.rounding.per
    parts = _returned(settled, facts, raw, Fraction(amount, per), rate)
    return [(part.amount.numerator * (per // part.amount.denominator), part.rate) for part in parts]


def _totals_on_gross(
    settled: Settled, facts: known.Facts, lines: list[tuple[Raw, int]], rate: Fraction
) -> tuple[int, int]:
    """Net and tax, in the units of the rounding, of lines whose gross amounts are rounded. See `_on_gross`."""
    rules, rounder, per = settled.rules, settled.deal.rounding.lines, settled.deal.rounding.per
    cents, net, tax = rounder.fine.denominator, 0, 0
    for raw, amount in lines:
        parts = _by_rate(settled, facts, raw, amount, rate)
        for part, of in parts:
            if amount < 0 or rules.tax_place == "on_gross":
                exact = raw.exact if raw.limit is None and len(parts) == 1 else Fraction(part, per)
                gross, more = _gross_and_tax(exact, of, cents, rules.tax_mode)
                net += (gross - more) * (per // cents)
            else:
                more = money.round_ratio(part * of.numerator * cents, per * of.denominator, rules.tax_mode)
                net += part
            tax += more * (per // cents)
    return net, tax


def _taken(
    lay: Callable[..., tuple[Fraction, ...]],
    lines: list[BilledLine],
    amount: Fraction,
    worth: dict[str, Fraction],
    apart: list[tuple[Fraction, frozenset[str]]],
) -> list[tuple[BilledLine, Fraction]]:
    """`amount` laid upon lines (newest first): on each no more than its unused worth, then than can be credited.

    `apart`: parts of it that are laid upon some of the lines (by id) before the rest is laid upon all.
    """
    if not lines:
        return []
    found = [_NONE] * len(lines)
    cent = Fraction(1, 10 ** money.decimals_of(currency=lines[0].amount.currency))
    left = amount
    everything = frozenset(line.id for line in lines)
    whole = [(amount, everything, True), (amount, everything, False)] if worth else [(amount, everything, False)]
    for part, only, limited in [*((part, only, bool(worth)) for part, only in apart), *whole]:
        rooms = []
        for line, already in zip(lines, found, strict=True):
            room = line.creditable.amount - already if line.id in only else _NONE
            if limited:
                room = min(room, money.round_to(worth.get(line.id, _NONE), cent) - already)
            rooms.append(max(room, _NONE))
        now = min(part, left, money.sum_of(rooms))
        if now > 0:
            parts = lay(amount=now, rooms=tuple(rooms), unit=cent)
            found = [already + part for already, part in zip(found, parts, strict=True)]
            left -= now
    return [(line, part) for line, part in zip(lines, found, strict=True) if part]
