"""How much, exactly, in which currency?"""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from numbers import Rational

from planshift.domain.errors import BadMoney
from planshift.domain.exact import Exact, Fraction

# ISO 4217 currencies whose smallest unit is not 1/100.
_DECIMALS = {
    **dict.fromkeys(
        (
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ),
        0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
_CURRENCY = re.compile(r"[A-Z]{3}")
_AMOUNT = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,12})?")

_NUMBER = (int, Fraction, Rational)  # in the order of how often they come; Rational: a fraction of another make
_SEEN: set[str] = set()  # currency codes found sound: the check is on the path of every amount

MODES = ("half_up", "half_even", "half_down", "down", "up", "floor", "ceiling")


def decimals_of(*, currency: str) -> int:
    """Decimal places of the currency's smallest unit (2 for EUR and PLN, 0 for JPY)."""
    return _DECIMALS.get(currency, 2)


def exact(text: str | int | Fraction) -> Fraction:
    """A plain decimal ("12.30", "-4"), an int or a Fraction, as a Fraction. Raises BadMoney for others, floats too."""
    if isinstance(text, Fraction):
        return text
    if isinstance(text, Rational) and not isinstance(text, bool):  # an int, or a fraction of another make
        return Fraction(text)
    if isinstance(text, str) and _AMOUNT.fullmatch(text):
        return Fraction(text)
    raise BadMoney(f"not a plain decimal amount: {text!r}")


def round_units(value: Exact, mode: str = "half_up") -> int:
    """`value` to a whole number; `half_*`, `down` and `up` treat a negative value as the mirror of the positive one."""
    return round_ratio(value.numerator, value.denominator, mode)


def round_to(value: Fraction, step: Fraction, mode: str = "half_up") -> Fraction:
    """The multiple of `step` (above 0) nearest to `value` by `mode`."""
    above, below = step.numerator, step.denominator
    units = round_ratio(value.numerator * below, value.denominator * above, mode)
    return Fraction(units * above, below)


def round_ratio(number: int, divisor: int, mode: str = "half_up") -> int:
    """`number` / `divisor` (above 0, not necessarily in lowest terms) to a whole number; see `round_units`."""
    if mode == "floor":
        return number // divisor
    if mode == "ceiling":
        return -(-number // divisor)
    if mode == "half_up":
        return -((divisor - 2 * number) // (2 * divisor)) if number < 0 else (2 * number + divisor) // (2 * divisor)
    sign, number = (-1, -number) if number < 0 else (1, number)
    whole, rest = divmod(number, divisor)
    if not rest:
        return sign * whole
    twice = 2 * rest - divisor
    if mode == "down":
        more = False
    elif mode == "up":
        more = True
    elif mode == "half_even":
        more = twice > 0 or (twice == 0 and whole % 2 == 1)
    elif mode == "half_down":
        more = twice > 0
    else:
        raise ValueError(f"unknown rounding mode {mode!r}")
    return sign * (whole + more)


def share_of(amount: Exact, units: Exact, per: Exact) -> Fraction:
    """`amount` x `units` / `per`, brought to lowest terms once."""
    return Fraction(
        amount.numerator * units.numerator * per.denominator, amount.denominator * units.denominator * per.numerator
    )


def sum_of(amounts: Sequence[Fraction]) -> Fraction:
    """The exact sum, brought to lowest terms once. Of one amount, the amount: most changes have one line."""
    if len(amounts) == 1:
        return amounts[0]
    above, below = 0, 1
    for amount in amounts:
        number, divisor = amount.numerator, amount.denominator
        if below % divisor:
            above, below = above * divisor + number * below, below * divisor
        else:  # so that the divisor of many amounts stays small
            above += number * (below // divisor)
    return Fraction(above, below)


def less(one: Fraction, other: Fraction) -> Fraction:
    """`one` - `other`, brought to lowest terms once."""
    return Fraction(
        one.numerator * other.denominator - other.numerator * one.denominator, one.denominator * other.denominator
    )


def times(amount: Fraction, count: int) -> Fraction:
    """`amount` so many times; once, as nearly always, the amount itself."""
    return amount if count == 1 else amount * count


def spread(amounts: Sequence[Fraction], step: Fraction, mode: str = "half_up") -> list[int]:
    """The amounts in whole steps that sum to the rounded sum: each rounded down, and one more where most is missing.

    The earlier wins a tie.
    """
    below = [amount.denominator * step.numerator for amount in amounts]
    common = math.lcm(*below)
    scaled = [
        amount.numerator * step.denominator * (common // divisor)
        for amount, divisor in zip(amounts, below, strict=True)
    ]
    found = [number // common for number in scaled]
    missing = round_ratio(sum(scaled), common, mode) - sum(found)  # from 0 to the number of amounts
    for index in sorted(range(len(found)), key=lambda index: found[index] * common - scaled[index])[:missing]:
        found[index] += 1
    return found


def decimal_text(value: Exact, *, decimals: int) -> str:
    """`value` as a plain decimal of at least `decimals` places; raises BadMoney when none of 12 places is exact."""
    places, divisor = decimals, value.denominator
    while 10**places % divisor:
        places += 1
        if places > max(12, decimals):
            raise BadMoney(f"{value} has no exact decimal")
    units = value.numerator * (10**places // divisor)
    sign, digits = ("-" if units < 0 else ""), str(abs(units)).rjust(places + 1, "0")
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else f"{sign}{digits}"


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount in one currency: a fraction until `rounded`. Arithmetic across currencies raises BadMoney."""

    amount: Fraction
    currency: str

    def __post_init__(self) -> None:
        if type(self.amount) is not Fraction:
            object.__setattr__(self, "amount", exact(self.amount))
        if self.currency not in _SEEN:
            _SEEN.add(currency_code(self.currency))

    @classmethod
    def of(cls, amount: str | int | Fraction, currency: str) -> "Money":
        """`Money.of("12.30", "EUR")`: a decimal string, an int (whole units) or a Fraction; never a float."""
        return cls(exact(amount), currency)

    @classmethod
    def from_minor(cls, minor: int, currency: str) -> "Money":
        """`Money.from_minor(1230, "EUR")` is EUR 12.30."""
        if isinstance(minor, bool) or not isinstance(minor, int):
            raise BadMoney(f"not a whole number of minor units: {minor!r}")
        return cls(Fraction(minor, 10 ** decimals_of(currency=currency)), currency)

    @classmethod
    def zero(cls, currency: str) -> "Money":
        """Nothing, in `currency`."""
        return cls(Fraction(0), currency)

    @classmethod
    def total(cls, amounts: Iterable["Money"], *, currency: str) -> "Money":
        """The exact sum; EUR 0 for no amounts."""
        return sum(amounts, cls.zero(currency))

    @property
    def minor(self) -> int:
        """Whole minor units; raises BadMoney when the amount is no whole number of them (round first)."""
        amount: Fraction = self.amount
        number, divisor = amount.as_integer_ratio()
        scale = 10 ** _DECIMALS.get(self.currency, 2)
        if scale % divisor:  # in lowest terms: a multiple of a unit if, and only if, its divisor divides the units of 1
            raise BadMoney(f"{amount} {self.currency} is no whole number of minor units")
        return int(number * (scale // divisor))

    def rounded(self, mode: str = "half_up", *, decimals: int | None = None, unit: Fraction | None = None) -> "Money":
        """The nearest multiple of `unit` (or of 10^-decimals; default: the currency's smallest unit) by `mode`."""
        step = unit if unit is not None else Fraction(1, 10 ** self._places(decimals))
        if step <= 0:
            raise BadMoney(f"cannot round to a multiple of {step}")
        return Money(round_to(self.amount, step, mode), self.currency)

    def split(self, weights: Sequence[int | Fraction], *, unit: Fraction | None = None) -> tuple["Money", ...]:
        """Shares in whole minor units that sum to exactly this amount, by largest remainder (earlier share wins a tie).

        `unit`: in multiples of this instead, for a policy that rounds finer than money. Raises BadMoney for a negative
        weight, for weights that sum to nothing, and for an amount that is not whole.
        """
        shares = [Fraction(weight) for weight in weights]
        whole = sum(shares, Fraction(0))
        if whole <= 0 or any(share < 0 for share in shares):
            raise BadMoney("cannot split by these weights")
        step = Fraction(1, 10 ** decimals_of(currency=self.currency)) if unit is None else unit
        units = self.amount / step
        if units.denominator != 1:
            raise BadMoney(f"{self.amount} {self.currency} is no whole number of units of {step}")
        sign = -1 if units < 0 else 1
        parts = spread([share * abs(units) / whole for share in shares], Fraction(1))
        return tuple(Money(sign * part * step, self.currency) for part in parts)

    def _places(self, decimals: int | None) -> int:
        return decimals_of(currency=self.currency) if decimals is None else decimals

    def _same(self, other: object) -> Fraction:
        if not isinstance(other, Money):
            raise BadMoney(f"money and {type(other).__name__} do not mix")
        if other.currency != self.currency:
            raise BadMoney(f"{self.currency} and {other.currency} do not mix")
        return other.amount

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount - self._same(other), self.currency)

    def __mul__(self, factor: int | Fraction) -> "Money":
        if isinstance(factor, bool) or not isinstance(factor, _NUMBER):
            raise BadMoney(f"money times {type(factor).__name__}")
        return Money(self.amount * factor, self.currency)

    __rmul__ = __mul__

    def __truediv__(self, divisor: int | Fraction) -> "Money":
        if isinstance(divisor, bool) or not isinstance(divisor, _NUMBER) or divisor == 0:
            raise BadMoney(f"money divided by {divisor!r}")
        return Money(self.amount / divisor, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def __abs__(self) -> "Money":
        return Money(abs(self.amount), self.currency)

    def __bool__(self) -> bool:
        return self.amount.numerator != 0

    def __lt__(self, other: "Money") -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.amount <= self._same(other)

    def __gt__(self, other: "Money") -> bool:
        return self.amount > self._same(other)

    def __ge__(self, other: "Money") -> bool:
        return self.amount >= self._same(other)

    @property
    def text(self) -> str:
        """The plain decimal for JSON: "12.30". Raises BadMoney when no decimal is exact."""
        return decimal_text(self.amount, decimals=decimals_of(currency=self.currency))

    def __str__(self) -> str:
        try:
            return f"{self.text} {self.currency}"
        except BadMoney:
            return f"{self.amount} {self.currency}"


def currency_code(text: object) -> str:
    """`text` when it is an ISO 4217 style code (three capital letters); raises BadMoney otherwise."""
    if isinstance(text, str) and _CURRENCY.fullmatch(text):
        return text
    raise BadMoney(f"not a currency code: {text!r}")
