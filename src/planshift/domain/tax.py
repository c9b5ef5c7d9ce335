"""What does the tax add, per rate and per line?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from planshift.domain import money
from planshift.domain.errors import BadMoney
from planshift.domain.exact import Fraction
from planshift.domain.money import Money


@dataclass(frozen=True, slots=True)
class Taxed:
    """Net, tax and gross of one amount; gross is always net + tax. All in one currency."""

    net: Money
    tax: Money
    gross: Money

    def __post_init__(self) -> None:
        net, tax, gross = self.net, self.tax, self.gross
        one = net.currency == tax.currency == gross.currency
        if not one or net.amount + tax.amount != gross.amount:
            raise BadMoney(f"{self.net} + {self.tax} is not {self.gross}")

    @classmethod
    def of_net(cls, net: Money, rate: Fraction, mode: str = "half_up") -> "Taxed":
        """Tax = net x rate (Fraction(22, 100) for 22 %), rounded once to the currency's smallest unit."""
        tax = (net * rate).rounded(mode)
        return cls(net, tax, net + tax)

    @classmethod
    def of_gross(cls, gross: Money, rate: Fraction, mode: str = "half_up") -> "Taxed":
        """The tax inside a gross amount: gross x rate / (1 + rate), rounded once; net is the rest."""
        tax = (gross * (rate / (1 + rate))).rounded(mode)
        return cls(gross - tax, tax, gross)

    @classmethod
    def zero(cls, currency: str) -> "Taxed":
        """Nothing, in `currency`."""
        nothing = Money.zero(currency)
        return cls(nothing, nothing, nothing)

    @classmethod
    def total(cls, amounts: Iterable["Taxed"], *, currency: str) -> "Taxed":
        """The sum, field by field."""
        every = tuple(amounts)
        if len(every) == 1 and every[0].net.currency == currency:
            return every[0]
        net = tax = gross = Fraction(0)
        for each in every:
            if each.net.currency != currency:
                raise BadMoney(f"{each.net.currency} and {currency} do not mix")
            net, tax, gross = net + each.net.amount, tax + each.tax.amount, gross + each.gross.amount
        return cls(Money(net, currency), Money(tax, currency), Money(gross, currency))

    @property
    def currency(self) -> str:
        """The one currency of the three amounts."""
        return self.net.currency

    def __add__(self, other: "Taxed") -> "Taxed":
        return Taxed(self.net + other.net, self.tax + other.tax, self.gross + other.gross)

    def __sub__(self, other: "Taxed") -> "Taxed":
        return Taxed(self.net - other.net, self.tax - other.tax, self.gross - other.gross)

    def __neg__(self) -> "Taxed":
        return Taxed(-self.net, -self.tax, -self.gross)


@dataclass(frozen=True, slots=True)
class DatedRate:
    """A tax rate (Fraction(23, 100) for 23 %) in force from a date until the next one's."""

    valid_from: date
    rate: Fraction


def rate_on(rates: Sequence[DatedRate], on: date) -> Fraction | None:
    """The rate in force on a day, None before the first."""
    found: Fraction | None = None
    latest = date.min
    for dated in rates:
        if latest <= dated.valid_from <= on:
            found, latest = dated.rate, dated.valid_from
    return found


def per_rate(
    amounts: Sequence[tuple[Money, Fraction]], *, prices: str = "net", mode: str = "half_up", by_line: bool = False
) -> tuple[Taxed, ...]:
    """One Taxed per (amount, rate): tax is rounded once per rate on that rate's sum, then shared among its lines.

    `prices` says whether the amounts are "net" or "gross"; with `by_line` every line is rounded for itself.
    The shares of a rate sum exactly to that rate's tax (largest remainder on the exact tax of each line).
    """
    make = Taxed.of_net if prices == "net" else Taxed.of_gross
    if by_line or len(amounts) < 2:
        return tuple(make(amount, rate, mode) for amount, rate in amounts)
    done: dict[int, Taxed] = {}
    for rate in dict.fromkeys(rate for _, rate in amounts):
        members = [index for index, (_, of) in enumerate(amounts) if of == rate]
        share = rate if prices == "net" else rate / (1 + rate)
        taxes = spread([amounts[index][0] * share for index in members], mode)
        for index, tax in zip(members, taxes, strict=True):
            amount = amounts[index][0]
            done[index] = Taxed(amount, tax, amount + tax) if prices == "net" else Taxed(amount - tax, tax, amount)
    return tuple(done[index] for index in range(len(amounts)))


def spread(parts: Sequence[Money], mode: str = "half_up") -> tuple[Money, ...]:
    """Each exact part to whole smallest units of the currency, so that they sum to the rounded sum."""
    currency = parts[0].currency
    step = Fraction(1, 10 ** money.decimals_of(currency=currency))
    units = money.spread([part.amount for part in parts], step, mode)
    return tuple(Money(each * step, currency) for each in units)
