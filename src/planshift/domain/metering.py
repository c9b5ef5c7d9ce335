"""What does a metered service cost? Hours are counted from what it held, priced by the day, and summed by the month.

A month is kept as units: so many unit-hours of a resource at a price (`Used`). They are whole numbers, so nothing is
rounded before the amounts of the month, which are those of its invoice. A draw is the gross of the month so far less
what was drawn before: whatever days it is made on, draws sum to the invoice to the cent (D3).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from planshift.domain import catalog, money, renewing
from planshift.domain.exact import Fraction
from planshift.domain.money import Money
from planshift.domain.tax import Taxed
from planshift.domain.working import Operand, Step

HOUR = timedelta(hours=1)
_UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Held:
    """From an instant on the service holds these amounts, until the next one. Empty: nothing counts (blocked, over)."""

    since: datetime
    amounts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Counted:
    """Hours in which anything counted, and the unit-hours of each resource."""

    hours: int
    units: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tax:
    """How the hours of a day are taxed. `inside`: tax in gross prices that this buyer does not pay."""

    treatment: str = "standard"
    rate: Fraction = Fraction(0)
    inside: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """Unit-hours of one resource at one price, in the seller's prices, and one tax."""

    resource: str
    price: Fraction
    tax: Tax
    units: int

    @property
    def exact(self) -> Fraction:
        """Units x price, without the tax inside that is not paid; never rounded."""
        return self.units * self.price / (1 + self.tax.inside)

    def to_json(self) -> list[str | int]:
        """As it is kept with a draw."""
        price, tax = _text(self.price), self.tax
        return [self.resource, tax.treatment, price, _text(tax.rate), _text(tax.inside), self.units]

    @classmethod
    def from_json(cls, kept: Sequence[str | int]) -> "Used":
        """The reverse of `to_json`."""
        resource, treatment, price, rate, inside, units = kept
        tax = _tax(str(treatment), str(rate), str(inside))
        return cls(resource=str(resource), price=_number(str(price)), tax=tax, units=int(units))


# The same few prices and taxes stand in every row of a day.
@lru_cache(maxsize=1024)
def _text(value: Fraction) -> str:
    return money.decimal_text(value, decimals=0)


@lru_cache(maxsize=1024)
def _number(text: str) -> Fraction:
    return Fraction(text)


@lru_cache(maxsize=1024)
def _tax(treatment: str, rate: str, inside: str) -> Tax:
    return Tax(treatment=treatment, rate=_number(rate), inside=_number(inside))


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the month: units at a price, with its rounded amounts."""

    used: Used
    amount: Taxed


# 1 ── hours ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def day_begins(day: date, *, zone: ZoneInfo) -> datetime:
    """Midnight at the start of a day of the seller, in UTC: from there hours are laid, in real time. A day has 23 or 25
    of them where clocks change."""
    return datetime.combine(day, time(), tzinfo=zone).astimezone(_UTC)


def month_of(day: date) -> date:
    """The first day of its month."""
    return day.replace(day=1)


def next_month(month: date) -> date:
    """The first day of the month after."""
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1)


def counted(
    *, history: Sequence[Held], day: date, zone: ZoneInfo, hours: str, until: datetime | None = None
) -> Counted:
    """The unit-hours of a day (of its part before `until`) from the history, in order of time.

    `hours` is the policy's: `started` counts the most that was held at any time within an hour, and the hour that runs;
    `full` only what was held all through an hour that is over.
    """
    begins, ends = day_begins(day, zone=zone), day_begins(day + timedelta(days=1), zone=zone)
    pieces = _pieces(history, begins, ends if until is None else min(ends, until))
    whole = -(-(ends - begins) // HOUR)
    cut, busy, units = set[int](), 0, dict[str, int]()
    for start, end, amounts in pieces:  # hours that lie whole in one piece, all at once
        first, last = -(-(start - begins) // HOUR), whole if end == ends else (end - begins) // HOUR
        cut |= {(start - begins) // HOUR} if (start - begins) % HOUR else set()
        cut |= {last} if end != ends and (end - begins) % HOUR else set()
        held = {code: amount for code, amount in amounts.items() if amount}
        if first < last and held:
            busy += last - first
            for code, amount in held.items():
                units[code] = units.get(code, 0) + amount * (last - first)
    for place in cut:  # hours in which something changed, or the one that runs
        found = _within(pieces, begins + place * HOUR, min(begins + (place + 1) * HOUR, ends), hours)
        busy += bool(found)
        for code, amount in found.items():
            units[code] = units.get(code, 0) + amount
    return Counted(busy, units)


def _pieces(
    history: Sequence[Held], begins: datetime, ends: datetime
) -> list[tuple[datetime, datetime, Mapping[str, int]]]:
    """What was held between two instants, one piece after the other; of two changes at one instant the later holds."""
    found = []
    for index, held in enumerate(history):
        over = history[index + 1].since if index + 1 < len(history) else ends
        start, end = max(held.since, begins), min(over, ends)
        if start < end:
            found.append((start, end, held.amounts))
    return found


def _within(
    pieces: Iterable[tuple[datetime, datetime, Mapping[str, int]]], begins: datetime, ends: datetime, hours: str
) -> dict[str, int]:
    """The amounts that count for one hour."""
    inside = [(max(a, begins), min(b, ends), amounts) for a, b, amounts in pieces if a < ends and b > begins]
    codes = {code for _, _, amounts in inside for code in amounts}
    if hours == "full":
        if sum((b - a for a, b, _ in inside), timedelta()) < ends - begins:
            return {}  # not held all through, or not over
        least = {code: min(amounts.get(code, 0) for _, _, amounts in inside) for code in codes}
        return {code: amount for code, amount in least.items() if amount}
    most = {code: max(amounts.get(code, 0) for _, _, amounts in inside) for code in codes}
    return {code: amount for code, amount in most.items() if amount}


# 2 ── prices ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def priced(found: Counted, *, plan: catalog.Plan | None, day: date, tax: Tax) -> tuple[Used, ...]:
    """Unit-hours at the prices in force on their day. What the catalog has no hourly price for costs nothing."""
    made = []
    for code, units in sorted(found.units.items()):
        resource = plan.resources.get(code) if plan is not None else None
        price = resource.hourly_on(day) if resource is not None else None
        if price is not None:
            made.append(Used(resource=code, price=price, tax=tax, units=units))
    return tuple(made)


def added(before: Iterable[Used], more: Iterable[Used]) -> tuple[Used, ...]:
    """The month so far with another day: units of one resource, price and tax are one line."""
    sums: dict[tuple[str, Fraction, Tax], Used] = {}
    for each in (*before, *more):
        key = (each.resource, each.price, each.tax)
        sums[key] = replace(each, units=sums[key].units + each.units) if key in sums else each
    return tuple(sums.values())


def lines(used: Sequence[Used], *, prices: str, currency: str, rounding: renewing.Rounding) -> tuple[Line, ...]:
    """The month as it stands on paper: lines rounded as the policy says, tax once per rate. In the order of `used`."""
    made: dict[int, Taxed] = {}
    for tax in dict.fromkeys(each.tax for each in used):
        places = [place for place, each in enumerate(used) if each.tax == tax]
        exact = [used[place].exact for place in places]
        found = renewing.amounts(exact=exact, rate=tax.rate, prices=prices, currency=currency, rounding=rounding)
        made.update(zip(places, found, strict=True))
    return tuple(Line(used=each, amount=made[place]) for place, each in enumerate(used))


def total(found: Iterable[Line], *, currency: str) -> Taxed:
    """The sum of the lines: net, tax and gross of the month so far."""
    return Taxed.total((line.amount for line in found), currency=currency)


def per_hour(amounts: Mapping[str, int], *, plan: catalog.Plan | None, day: date, tax: Tax, prices: str) -> Fraction:
    """What these amounts cost in one hour, gross and exact."""
    now = priced(Counted(1, amounts), plan=plan, day=day, tax=tax)
    net = sum((each.exact for each in now), Fraction(0))
    return net if prices == "gross" and not tax.inside else net * (1 + tax.rate)


def lasts_until(*, available: Fraction, hourly: Fraction, now: datetime) -> datetime | None:
    """The full hour at which `available` (gross) is used up at `hourly` per hour; None where nothing is counted."""
    if hourly <= 0:
        return None
    whole = max(Fraction(0), available) // hourly
    hours = min(int(whole), 24 * 366 * 20)
    return now.astimezone(_UTC).replace(minute=0, second=0, microsecond=0) + hours * HOUR


# 3 ── draws ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def to_draw(*, so_far: Taxed, drawn: Money) -> Money:
    """The gross of the month so far less what was drawn before; never below nothing."""
    return max(so_far.gross - drawn, Money.zero(drawn.currency))


def explained(found: Sequence[Line], *, drawn: Money, draw: Money) -> Iterator[Step]:
    """How a draw was found, as other prices are explained: every line, the sum, and what was drawn before."""
    currency = draw.currency
    for line in found:
        used = line.used
        price = money.decimal_text(used.price, decimals=2)
        yield Step(
            code="metered_line",
            operands=(
                Operand("units", Fraction(used.units), "hour"),
                Operand("price", used.price, currency),
                Operand(f"resource:{used.resource}", Fraction(used.units)),
            ),
            formula=f"{used.units} × {price}",
            unrounded=used.exact,
            result=line.amount.net.amount,
            unit=currency,
            clause="D3",
        )
    whole = total(found, currency=currency)
    yield Step(
        code="metered_total",
        operands=(Operand("net", whole.net.amount, currency), Operand("tax", whole.tax.amount, currency)),
        formula=f"{whole.net.text} + {whole.tax.text}",
        unrounded=whole.gross.amount,
        result=whole.gross.amount,
        unit=currency,
        clause="D3",
    )
    yield Step(
        code="metered_draw",
        operands=(Operand("so_far", whole.gross.amount, currency), Operand("drawn", drawn.amount, currency)),
        formula=f"{whole.gross.text} - {drawn.text}",
        unrounded=whole.gross.amount - drawn.amount,
        result=draw.amount,
        unit=currency,
        clause="D3",
    )
