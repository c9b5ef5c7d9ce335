"""Where, how and to what are amounts rounded?

`run` gives a `Rounder`: how a price is shared by time, and how exact lines become amounts of a document.
Modes mirror negative amounts: half up rounds -0.005 to -0.01.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from planshift.domain import money
from planshift.domain.exact import Exact, Fraction
from planshift.domain.policy.vocabulary import Answer, Param, rules

QUESTION = __doc__
DEFAULT = "each_line"
MODES = money.MODES

ShareOf = Callable[[Fraction, Exact, Exact], Fraction]  # price, remaining units, units per period


@dataclass(frozen=True, slots=True)
class Rounder:
    """`share(price, remaining, per)` is exact unless the rate or the factor is rounded first."""

    place: str  # each_line | net
    mode: str
    step: Fraction
    share: ShareOf
    fine: Fraction  # the currency's smallest unit: to which the lines of a rounded sum are shared
    first: str = ""  # "rate" or "factor": what was rounded before
    first_mode: str = ""
    first_step: Fraction = Fraction(0)
    of_lines: Fraction = field(init=False)  # of what every line is a multiple
    per: int = field(init=False)  # how many of the smallest amounts that a line can have make one unit of the currency

    def __post_init__(self) -> None:
        finest = min(self.step, self.fine)
        object.__setattr__(self, "of_lines", finest if self.place == "net" else self.step)
        object.__setattr__(self, "per", finest.denominator)

    def lines(self, exact: Sequence[Fraction]) -> list[Fraction]:
        """Amounts in multiples of the step: each rounded, or (place net) rounded in sum and shared exactly."""
        per = self.per
        return [Fraction(units, per) for units in self.units(exact, per)]

    @property
    def sums_to_a_grid(self) -> bool:
        """Whether only the sum is rounded, and to more than the smallest unit: the rest is then a line of its own."""
        return self.place == "net" and self.step > self.fine

    def rest(self, exact: Sequence[Fraction]) -> Fraction:
        """What is missing from the sum of `lines` to the rounded sum (0 unless `sums_to_a_grid`)."""
        if not self.sums_to_a_grid:
            return Fraction(0)
        total = money.round_to(money.sum_of(exact), self.step, self.mode)
        return total - money.sum_of(self.lines(exact))

    @property
    def of_full_prices(self) -> "Rounder":
        """The same for prices that are not shared by time: they are amounts of money already (H8)."""
        return self if self.step <= self.fine else replace(self, step=self.fine)

    def units(self, exact: Sequence[Fraction], per: int) -> list[int]:
        """The same in whole units, of which `per` (`self.per` or a multiple of it) make one unit of the currency."""
        mode = self.mode
        step = self.of_lines
        above, below = step.numerator, step.denominator
        size = above * per // below
        if self.place == "net" and len(exact) > 1:
            return [units * size for units in money.spread(exact, step, mode)]
        return [
            money.round_ratio(amount.numerator * below, amount.denominator * above, mode) * size for amount in exact
        ]


def step_of(currency_step: Fraction, decimals: int | None, unit: Fraction | None) -> Fraction:
    """The grid: a unit (5, 10000) in whole minor units, or 10^-decimals, or the currency's smallest unit."""
    if unit is not None:
        return money.round_units(unit / currency_step, "up") * currency_step
    return currency_step if decimals is None else Fraction(1, 10**decimals)


def _each_line(*, currency_step: Fraction, mode: str, decimals: int | None, unit: Fraction | None) -> Rounder:
    return Rounder("each_line", mode, step_of(currency_step, decimals, unit), money.share_of, currency_step)


def _net(*, currency_step: Fraction, mode: str, decimals: int | None, unit: Fraction | None) -> Rounder:
    return Rounder("net", mode, step_of(currency_step, decimals, unit), money.share_of, currency_step)


def _rate_first(
    *,
    currency_step: Fraction,
    mode: str,
    decimals: int | None,
    unit: Fraction | None,
    rate_decimals: int | None,
    rate_unit: Fraction | None,
    rate_mode: str,
) -> Rounder:
    grid = step_of(currency_step, rate_decimals, rate_unit)

    def share(price: Fraction, remaining: Exact, per: Exact) -> Fraction:
        return money.round_to(price / per, grid, rate_mode) * remaining

    step = step_of(currency_step, decimals, unit)
    return Rounder("each_line", mode, step, share, currency_step, first="rate", first_mode=rate_mode, first_step=grid)


def _factor_first(
    *,
    currency_step: Fraction,
    mode: str,
    decimals: int | None,
    unit: Fraction | None,
    factor_decimals: int,
    factor_mode: str,
) -> Rounder:
    grid = Fraction(1, 10**factor_decimals)

    def share(price: Fraction, remaining: Exact, per: Exact) -> Fraction:
        return money.round_to(Fraction(remaining, per), grid, factor_mode) * price

    step = step_of(currency_step, decimals, unit)
    return Rounder(
        "each_line", mode, step, share, currency_step, first="factor", first_mode=factor_mode, first_step=grid
    )


def _params(prefix: str = "", what: str = "amounts") -> tuple[Param, ...]:
    return (
        Param(
            name=f"{prefix}mode",
            kind="choice",
            choices=MODES,
            default="half_up",
            doc=f"how {what} between two are rounded",
        ),
        Param(
            name=f"{prefix}decimals",
            kind="integer",
            default=None,
            maximum=9,
            doc="decimal places; not given: those of the currency",
        ),
        Param(
            name=f"{prefix}unit",
            kind="fraction",
            default=None,
            positive=True,
            grid=not prefix,  # a rate may be finer than money
            maximum=10**6,
            doc="a multiple of this instead: 10000",
        ),
    )


RULES = rules(
    Answer(
        name="each_line",
        run=_each_line,
        doc="Each line is rounded; the total is the sum of the rounded lines.",
        example='{ answer = "each_line", mode = "half_up" }',
        params=_params(),
    ),
    Answer(
        name="net",
        run=_net,
        doc="The exact lines are summed and the sum is rounded; the lines are shown so that they sum to it. What a "
        "coarse unit adds or takes is a line of its own.",
        example='{ answer = "net", mode = "down", unit = 10000 }',
        params=_params(),
    ),
    Answer(
        name="rate_first",
        run=_rate_first,
        doc="The price of one unit of time is rounded first, then taken times the units; then each line.",
        example='{ answer = "rate_first", rate_decimals = 2 }',
        params=(*_params("rate_", "rates"), *_params()),
    ),
    Answer(
        name="factor_first",
        run=_factor_first,
        doc="The share of time is rounded first, then taken times the price; then each line.",
        example='{ answer = "factor_first", factor_decimals = 4 }',
        params=(
            Param(name="factor_decimals", kind="integer", default=4, maximum=12, doc="decimal places of the share"),
            Param(
                name="factor_mode",
                kind="choice",
                choices=MODES,
                default="half_up",
                doc="how shares between two are rounded",
            ),
            *_params(),
        ),
    ),
)
