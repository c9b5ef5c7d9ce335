"""How much slower than by hand is the engine? Ratios to the same lines, dates and result written inline, in one run.

The inline version computes one known formula for one known pair with `fractions.Fraction`: remaining months, the
difference line, the set-up line, tax on their sum, totals, the end of the term, the next renewal, in frozen records. It
knows no policy, checks nothing and explains nothing. Targets: full working at most 20 x, the price alone at most 2 x.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from math import inf
from pathlib import Path

from planshift.domain import catalog_document, quote
from planshift.domain import facts as known
from planshift.domain.periods import Length, Period
from planshift.domain.policy import loader

ROOT = Path(__file__).parents[1]
START, END = date(2026, 1, 1), date(2027, 1, 1)
DAYS = [START + timedelta(days=offset) for offset in range(0, 360, 7)]  # as many different days as there are
CENT = Fraction(1, 100)
NUMBER, REPEAT = 2, 100


@dataclass(frozen=True)
class Line:
    """One line of the inline result."""

    role: str
    net: Fraction
    start: date
    end: date


@dataclass(frozen=True)
class Result:
    """The inline result."""

    lines: tuple[Line, ...]
    net: Fraction
    tax: Fraction
    gross: Fraction
    direction: str
    kind: str
    term_end: date
    renewal_on: date
    renewal_net: Fraction


def half_up(value: Fraction) -> Fraction:
    """To cents."""
    units = value / CENT
    return (2 * units.numerator + units.denominator) // (2 * units.denominator) * CENT


def days_of(year: int, month: int) -> int:
    """The length of a month."""
    return ((date(year + month // 12, month % 12 + 1, 1)) - date(year, month, 1)).days


def bare(on: date, old: Fraction, new: Fraction) -> tuple[Fraction, Fraction, Fraction]:
    """Lines and totals alone."""
    remaining = 12 - (on.month - 1) - Fraction(on.day - 1, days_of(on.year, on.month))
    difference = half_up((new - old) * remaining / 12)
    net = difference + 10
    tax = half_up(net * Fraction(22, 100))
    return net, tax, net + tax


def inline(on: date, old: Fraction, new: Fraction) -> Result:
    """Lines, dates and a frozen result."""
    remaining = 12 - (on.month - 1) - Fraction(on.day - 1, days_of(on.year, on.month))
    difference = half_up((new - old) * remaining / 12)
    end = date(START.year + 1, START.month, START.day)
    lines = (Line("difference", difference, on, end), Line("setup", Fraction(10), on, on))
    net = lines[0].net + lines[1].net
    tax = half_up(net * Fraction(22, 100))
    return Result(lines, net, tax, net + tax, "up" if new > old else "down", "hard", end, end, new)


def microseconds(runs: list[Callable[[date], object]]) -> list[float]:
    """The best processor time of one call of each, over all days; in turns, so that a busy machine slows all alike."""
    best = [inf for _ in runs]
    for _ in range(REPEAT):
        for index, run in enumerate(runs):
            started = time.process_time()
            for _ in range(NUMBER):
                for on in DAYS:
                    run(on)
            taken = time.process_time() - started
            best[index] = min(best[index], taken)
    return [each / NUMBER / len(DAYS) * 1e6 for each in best]


def main() -> int:
    """Print the figures; exit status 1 when a target is missed."""
    policy = loader.load((ROOT / "policies" / "easy-hard.toml").read_bytes())
    catalog = catalog_document.parse((ROOT / "catalogs" / "easy-hard.toml").read_text(encoding="utf-8"))
    service = known.Service("host-pointer", Length(12), Period(START, END))
    facts, request = known.Facts(catalog, service), known.ChangePlan("gold")
    old, new = Fraction("36.90"), Fraction(135)
    for on in DAYS:
        found = quote.price(facts=facts, request=request, policy=policy, on=on)
        assert isinstance(found, quote.Offer)
        assert found.total.gross.amount == inline(on, old, new).gross == bare(on, old, new)[2], on

    def whole(on: date) -> object:
        found = quote.price(facts=facts, request=request, policy=policy, on=on)
        return found.working if isinstance(found, quote.Offer) else found

    general = known.Facts(catalog, service, standing=known.Standing(renewal_issued="FV/1"))
    measured: list[tuple[str, Callable[[date], object], int | None]] = [
        ("inline, bare lines", lambda on: bare(on, old, new), None),
        ("inline, with dates and frozen result", lambda on: inline(on, old, new), None),
        ("offer with full working", whole, 20),
        ("offer, working not asked for", lambda on: price(facts, request, policy, on), None),
        ("price alone", lambda on: amount(facts, request, policy, on), 2),
        ("price alone, the general way", lambda on: amount(general, request, policy, on), None),
    ]
    times = microseconds([run for _, run, _ in measured])
    baseline = times[1]
    missed = False
    for (name, _, target), each in zip(measured, times, strict=True):
        ratio = each / baseline
        verdict = "" if target is None else f"   target <= {target} x  {'ok' if ratio <= target else 'MISSED'}"
        missed = missed or (target is not None and ratio > target)
        print(f"{name:<40}{each:9.1f} us {ratio:8.1f} x{verdict}")
    return 1 if missed else 0


def price(facts: known.Facts, request: known.Request, policy: loader.document.Policy, on: date) -> object:
    """The offer."""
    return quote.price(facts=facts, request=request, policy=policy, on=on)


def amount(facts: known.Facts, request: known.Request, policy: loader.document.Policy, on: date) -> object:
    """The price alone."""
    return quote.amount(facts=facts, request=request, policy=policy, on=on)


if __name__ == "__main__":
    sys.exit(main())
