"""What would the same price cost, written inline? Each formula by hand for one known pair, with `fractions.Fraction`.

Lines, tax on their sum, totals, direction, the dates of the term, the next renewal, in frozen records: exactly what the
offer states, which the benchmark asserts. They know no policy, check nothing and explain nothing. The year is 2026,
divided by its 365 days; only `months` counts months.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

START, END, AFTER = date(2026, 1, 1), date(2027, 1, 1), date(2028, 1, 1)
CENT = Fraction(1, 100)
Priced = Callable[[date], "Result"]


@dataclass(frozen=True)
class Line:
    """One line of the inline result."""

    role: str
    net: Fraction
    start: date | None  # None: pays for no time
    end: date | None


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
    """To cents, negative amounts as the mirror of positive ones."""
    units = value / CENT
    number, divisor = units.numerator, units.denominator
    if number < 0:
        return -((-2 * number + divisor) // (2 * divisor)) * CENT
    return (2 * number + divisor) // (2 * divisor) * CENT


def days_of(year: int, month: int) -> int:
    """The length of a month."""
    return ((date(year + month // 12, month % 12 + 1, 1)) - date(year, month, 1)).days


def months(old: Fraction, new: Fraction, setup: int, rate: Fraction) -> Priced:
    """The easy/hard regulation: the difference for the remaining months, and the set-up fee of a hard change."""

    def hard(on: date) -> Result:
        remaining = 12 - (on.month - 1) - Fraction(on.day - 1, days_of(on.year, on.month))
        difference = half_up((new - old) * remaining / 12)
        end = date(START.year + 1, START.month, START.day)
        lines = (Line("difference", difference, on, end), Line("setup", Fraction(setup), None, None))
        net = lines[0].net + lines[1].net
        tax = half_up(net * rate)
        return Result(lines, net, tax, net + tax, "up" if new > old else "down", "hard", end, end, new)

    def easy(on: date) -> Result:
        remaining = 12 - (on.month - 1) - Fraction(on.day - 1, days_of(on.year, on.month))
        difference = half_up((new - old) * remaining / 12)
        end = date(START.year + 1, START.month, START.day)
        tax = half_up(difference * rate)
        direction = "up" if new > old else "down"
        lines = (Line("difference", difference, on, end),)
        return Result(lines, difference, tax, difference + tax, direction, "easy", end, end, new)

    return hard if setup else easy


def difference(old: Fraction, new: Fraction, rate: Fraction, *, paid: Fraction | None = None) -> Priced:
    """(new - old) x days left / days of the term; where it is known what was paid for the old, at most that back."""

    def priced(on: date) -> Result:
        exact = (new - old) * Fraction((END - on).days, (END - START).days)
        if paid is not None and exact < 0:
            exact = max(exact, -paid)
        net = half_up(exact)
        tax = half_up(net * rate)
        direction = "up" if new > old else "down"
        return Result((Line("difference", net, on, END),), net, tax, net + tax, direction, "easy", END, END, new)

    return priced


def resource(old: int, new: int, price: Fraction, plan: Fraction, rate: Fraction) -> Priced:
    """(new - old) units x price x days left / days of the term; the renewal is that of the plan and of all units."""

    def priced(on: date) -> Result:
        net = half_up((new - old) * price * Fraction((END - on).days, (END - START).days))
        tax = half_up(net * rate)
        direction = "up" if new > old else "down"
        lines = (Line("difference", net, on, END),)
        return Result(lines, net, tax, net + tax, direction, "easy", END, END, plan + new * price)

    return priced


def units_back(billed: Fraction, before: int, after: int, price: Fraction, plan: Fraction, rate: Fraction) -> Priced:
    """Of what was billed and paid for all units, the share of those given up, for the days left; the renewal at the
    list price."""

    def priced(on: date) -> Result:
        exact = -billed * Fraction(before - after, before) * Fraction((END - on).days, (END - START).days)
        net = half_up(max(exact, -billed))
        tax = half_up(net * rate)
        direction = "up" if after > before else "down"
        return Result(
            (Line("difference", net, on, END),), net, tax, net + tax, direction, "easy", END, END, plan + after * price
        )

    return priced


def missing_months(old: Fraction, new: Fraction, before: int, after: int, rate: Fraction) -> Priced:
    """The months missing to the longer period at the present monthly price, paid for the time after the term."""

    def priced(on: date) -> Result:
        missing = after - before
        index = END.month - 1 + missing
        end = date(END.year + index // 12, index % 12 + 1, END.day)
        net = half_up(old / before * missing)
        tax = half_up(net * rate)
        direction = "up" if after > before else "down"
        return Result((Line("charge", net, END, end),), net, tax, net + tax, direction, "easy", end, end, new)

    return priced


def two_lines(old: Fraction, new: Fraction, rate: Fraction) -> Priced:
    """The old credited and the new charged, both for the days left."""

    def priced(on: date) -> Result:
        share = Fraction((END - on).days, (END - START).days)
        credit, charge = Line("credit", half_up(-old * share), on, END), Line("charge", half_up(new * share), on, END)
        net = credit.net + charge.net
        tax = half_up(net * rate)
        direction = "up" if new > old else "down"
        return Result((credit, charge), net, tax, net + tax, direction, "easy", END, END, new)

    return priced


def new_term(old: Fraction, new: Fraction, rate: Fraction) -> Priced:
    """A new year in full less the credit of the days left."""

    def priced(on: date) -> Result:
        end = date(on.year + 1, on.month, on.day)
        share = Fraction((END - on).days, (END - START).days)
        credit, charge = Line("credit", half_up(-old * share), on, END), Line("charge", half_up(new), on, end)
        net = credit.net + charge.net
        tax = half_up(net * rate)
        direction = "up" if new > old else "down"
        return Result((credit, charge), net, tax, net + tax, direction, "easy", end, end, new)

    return priced


def full(old: Fraction, new: Fraction, rate: Fraction, *, less_old: bool = False, restarts: bool = False) -> Priced:
    """The new price, or the difference, in full, whatever time remains."""

    def priced(on: date) -> Result:
        end = date(on.year + 1, on.month, on.day) if restarts else END
        net = half_up(new - old if less_old else new)
        tax = half_up(net * rate)
        direction = "up" if new > old else "down"
        lines = (Line("difference" if less_old else "charge", net, on, end),)
        return Result(lines, net, tax, net + tax, direction, "easy", end, end, new)

    return priced


def share(old: Fraction, new: Fraction, rate: Fraction) -> Priced:
    """The new price for the days left."""

    def priced(on: date) -> Result:
        net = half_up(new * Fraction((END - on).days, (END - START).days))
        tax = half_up(net * rate)
        direction = "up" if new > old else "down"
        return Result((Line("charge", net, on, END),), net, tax, net + tax, direction, "easy", END, END, new)

    return priced


def used_and_later(old: Fraction, new: Fraction, rate: Fraction) -> Priced:
    """The used days of the old now; the days left of the new as a line of the next invoice."""

    def priced(on: date) -> Result:
        left, year = (END - on).days, (END - START).days
        net = half_up(old * Fraction(year - left, year))
        later = Line("charge", half_up(new * Fraction(left, year)), on, END)
        tax = half_up(net * rate)
        lines = (Line("charge", net, on, END), later) if net else (later,)
        direction = "up" if new > old else "down"
        return Result(lines, net, tax, net + tax, direction, "easy", END, END, new)

    return priced


def later(line: Priced) -> Priced:
    """Nothing now: the line stands on a later invoice."""
    none = Fraction(0)

    def priced(on: date) -> Result:
        found = line(on)
        return Result(found.lines, none, none, none, found.direction, "easy", END, END, found.renewal_net)

    return priced


def time_for_value(old: Fraction, new: Fraction, rate: Fraction, *, unit: str) -> Priced:
    """The value of the days left buys days (the term moves), or whole months on top of a new year in full."""
    none = Fraction(0)

    def moves(on: date) -> Result:
        value = old * Fraction((END - on).days, (END - START).days)
        bought = value * (date(on.year + 1, on.month, on.day) - on).days / new
        end = on + timedelta(days=bought.numerator // bought.denominator)
        spent = (Line("spent", half_up(value), on, end),)
        direction = "up" if new > old else "down"
        return Result(spent, none, none, none, direction, "easy", end, end, new)

    def on_top(on: date) -> Result:
        value = old * Fraction((END - on).days, (END - START).days)
        bought = value * 12 / new
        index = on.month - 1 + bought.numerator // bought.denominator
        year, month = on.year + 1 + index // 12, index % 12 + 1
        end = date(year, month, min(on.day, days_of(year, month)))
        net = half_up(new)
        tax = half_up(net * rate)
        lines = (Line("spent", half_up(value), on, end), Line("charge", net, on, end))
        direction = "up" if new > old else "down"
        return Result(lines, net, tax, net + tax, direction, "easy", end, end, new)

    return moves if unit == "day" else on_top


def unused_time(old: Fraction, new: Fraction, rate: Fraction) -> Priced:
    """A new year in full, and the days left on top of it."""

    def priced(on: date) -> Result:
        end = date(on.year + 1, on.month, on.day) + timedelta(days=(END - on).days)
        net = half_up(new)
        tax = half_up(net * rate)
        direction = "up" if new > old else "down"
        return Result((Line("charge", net, on, end),), net, tax, net + tax, direction, "easy", end, end, new)

    return priced


def nothing(old: Fraction, new: Fraction) -> Priced:
    """No line at all."""
    none = Fraction(0)
    return lambda on: Result((), none, none, none, "up" if new > old else "down", "easy", END, END, new)
