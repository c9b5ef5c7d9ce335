"""Which tax remains on the lines of one rate after a correction?

The tax of a rate is rounded once on the base that remains (or line by line, as the document was computed), so over any
chain of corrections it never drifts, and a document corrected to zero has no tax left. Documents that state the tax of
each line share the tax of a rate among its lines: a corrected line has its own exact tax, up or down to the smallest
unit; where that leaves a unit over, it moves to a line that stays. A line of base zero never has tax.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from planshift.domain import money
from planshift.domain.exact import Fraction
from planshift.domain.money import Money
from planshift.domain.tax import Taxed


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """How the tax of a document was found: from net or gross amounts, per rate or per line, rounded how."""

    prices: Literal["net", "gross"] = "net"
    by_line: bool = False
    mode: str = "half_up"

    @classmethod
    def of_policy(cls, *, prices: Literal["net", "gross"], place: str, mode: str) -> "Method":
        """From the seller's prices and what the policy's `tax_rounding` gives: ("per_rate", "half_up")."""
        return cls(prices=prices, by_line=place != "per_rate", mode=mode)

    def base(self, amount: Taxed) -> Money:
        """The amount that the tax is found from."""
        return amount.net if self.prices == "net" else amount.gross

    def share(self, rate: Fraction) -> Fraction:
        """The tax in one unit of base: the rate of a net amount, rate / (1 + rate) of a gross one."""
        return rate if self.prices == "net" else rate / (1 + rate)

    def taxed(self, base: Money, tax: Money) -> Taxed:
        """Base and tax together."""
        return Taxed(base, tax, base + tax) if self.prices == "net" else Taxed(base - tax, tax, base)


PER_RATE_FROM_NET = Method()


def after(
    *, before: Sequence[Taxed], bases: Sequence[Money | None], rate: Fraction, method: Method
) -> tuple[Taxed, ...]:
    """All lines of one rate (Fraction(23, 100)) after their bases became `bases` (None: the line's own base stays).

    Per rate, the taxes sum to rate x all bases, rounded once; per line, each corrected line's tax is rounded for itself
    and other lines keep theirs. All amounts are whole smallest units of one currency.
    """
    currency, share = before[0].currency, method.share(rate)
    remaining = [method.base(was) if base is None else base for was, base in zip(before, bases, strict=True)]
    exact = [base.minor * share for base in remaining]
    corrected = [base is not None for base in bases]
    if method.by_line:
        taxes = [
            money.round_units(part, method.mode) if new else was.tax.minor
            for part, new, was in zip(exact, corrected, before, strict=True)
        ]
    else:
        taxes = _shared([was.tax.minor for was in before], exact, corrected, method.mode)
    return tuple(
        method.taxed(base, Money.from_minor(tax, currency)) for base, tax in zip(remaining, taxes, strict=True)
    )


def _shared(documented: Sequence[int], exact: Sequence[Fraction], corrected: Sequence[bool], mode: str) -> list[int]:
    """Whole units that sum to the rounded sum of `exact`, with as few changes of lines that stay as possible."""
    lines = range(len(exact))
    taxes = [math.floor(exact[at]) if corrected[at] or not exact[at] else documented[at] for at in lines]
    missing = money.round_units(sum(exact, Fraction(0)), mode) - sum(taxes)
    # 1 corrected lines, the largest remainder first; 2 lines that stay, the one farthest from its exact tax first
    for at in sorted((at for at in lines if corrected[at]), key=lambda at: (taxes[at] - exact[at], at)):
        if missing > 0 and exact[at] != taxes[at]:
            taxes[at] += 1
            missing -= 1
    step = 1 if missing > 0 else -1
    for at in sorted((at for at in lines if not corrected[at]), key=lambda at: (step * (taxes[at] - exact[at]), at)):
        if missing and exact[at]:
            taxes[at] += step
            missing -= step
    if missing:  # a document issued elsewhere, whose tax was not its rate's
        taxes[max(lines, key=lambda at: (corrected[at] and exact[at] != 0, abs(exact[at])))] += missing
    return taxes
