"""How does a person write the numbers of a working?"""

from planshift.domain import money
from planshift.domain.errors import BadMoney
from planshift.domain.exact import Exact, Fraction
from planshift.domain.policy.given import Share
from planshift.domain.policy.rounding import Rounder
from planshift.domain.working import Operand, Step

TIMES, MINUS = " × ", " − "
_NONE = Fraction(0)


class Words:
    """Numbers as a person writes them: two decimals at least for money, quotients where no decimal is exact."""

    def __init__(self, rounder: Rounder, currency: str, without: Fraction = _NONE) -> None:
        self._rounder, self._currency, self._without = rounder, currency, without
        self._first: list[Step] = []

    def __call__(self, amount: Fraction) -> str:
        """An amount of money; one that has lost the tax inside, and is no decimal, with how it did."""
        text = self._plain(amount)
        if self._without and "/" in text and "/" not in (listed := self._plain(amount * (1 + self._without))):
            return f"({listed}{TIMES}100 / {number(100 + self._without * 100)})"
        return text

    def _plain(self, amount: Fraction) -> str:
        return number(amount, decimals=2 if self._rounder.fine < 1 else 0)

    def without_tax(self, amount: Fraction) -> Step:
        """How a listed price lost the tax that this buyer does not pay."""
        listed, percent = amount * (1 + self._without), 100 + self._without * 100
        formula = f"{self._plain(listed)}{TIMES}100 / {number(percent)}"
        operands = (Operand("price", listed, self._currency), Operand("rate", self._without * 100, "percent"))
        return Step("price_without_tax", operands, formula, amount, amount, unit=self._currency)

    def less_discount(self, listed: Fraction, price: Fraction, clause: str) -> Step:
        """How a listed price came to the one that a discount leaves."""
        percent = price / listed * 100
        formula = f"{self(listed)}{TIMES}{number(percent)} / 100"
        operands = (Operand("price", listed, self._currency), Operand("percent_of_price", percent, "percent"))
        return Step("less_discount", operands, formula, price, price, unit=self._currency, clause=clause)

    @property
    def rounds_first(self) -> bool:
        """Whether a rate or a factor is rounded before anything else."""
        return bool(self._rounder.first)

    def by_time(self, text: str, price: Fraction, share: Share | None) -> str:
        """A price by a share of time. A rate or a factor that is rounded first becomes a step of its own."""
        if share is None:
            return text
        rounder, remaining, per = self._rounder, units_of(share.remaining), divisor(share.per)
        if not rounder.first:
            return f"{text}{TIMES}{remaining} / {per}"
        rate = rounder.first == "rate"
        exact = Fraction(price if rate else share.remaining, share.per)
        found = money.round_units(exact / rounder.first_step, rounder.first_mode) * rounder.first_step
        formula = f"{text if rate else remaining} / {per}"
        rounding = f"{rounder.first_mode} {number(rounder.first_step)}" if found != exact else ""
        step = Step(rounder.first, (), formula, exact, found, rounding, unit=self._currency if rate else "")
        if step not in self._first:
            self._first.append(step)
        return f"{number(found)}{TIMES}{remaining}" if rate else f"{text}{TIMES}{number(found)}"

    def rounded_first(self) -> tuple[Step, ...]:
        """The steps of the rates and factors written since the last call."""
        steps, self._first = tuple(self._first), []
        return steps


def divisor(value: Exact) -> str:
    """A number to divide by: a quotient in brackets."""
    text = number(value)
    return f"({text})" if "/" in text else text


def units_of(value: Exact) -> str:
    """Units of time: whole ones and the share of a begun one stay apart, as they are counted: "(3 + 18/31)"."""
    text = number(value)
    whole, rest = divmod(value, 1)
    return f"({whole} + {rest.numerator}/{rest.denominator})" if "/" in text and whole > 0 else text


def number(value: Exact, *, decimals: int = 0) -> str:
    """A plain decimal, or a quotient "352/3" where no short decimal is exact; with a true minus."""
    sign, size = ("−", -value) if value.numerator < 0 else ("", value)
    try:
        return sign + money.decimal_text(size, decimals=decimals)
    except BadMoney:
        return f"{sign}{size.numerator}/{size.denominator}"
