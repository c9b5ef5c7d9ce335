"""What does the next term cost, and when is it? The full price of what the service then is (H8, D6), line by line."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from planshift.domain import catalog, facts, money, periods, tax
from planshift.domain.errors import Refused
from planshift.domain.exact import Fraction
from planshift.domain.money import Money
from planshift.domain.periods import Length
from planshift.domain.policy.rounding import Rounder
from planshift.domain.tax import Taxed

MonthEnd = Callable[..., date]  # the policy's `month_end`: start, months, anchor


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a renewal; `amount` is for all units together."""

    component: str  # facts.PLAN or "resource:ip"
    name: Mapping[str, str]
    quantity: int
    amount: Taxed


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounding:
    """How the policy rounds: its `rounding`, and place and mode of its `tax_rounding`."""

    lines: Rounder
    tax_place: str = "per_rate"
    tax_mode: str = "half_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A term that was sold: [start_on, end_on), counted as `months`."""

    start_on: date
    end_on: date
    months: int


def lines(
    *,
    sold: catalog.Catalog,
    plan: str,
    length: Length,
    additional: Mapping[str, int],
    on: date,
    rounding: Rounding,
    treatment: str = "standard",
    rate: Fraction | None = None,
    contract: catalog.Contract | None = None,
) -> tuple[Line, ...]:
    """Plan and additional resources for one whole billing period from `on`, at the regular prices in force on that day
    (for `contract`, where it is older than the newest).

    Rounded as the policy says (`amounts`). `rate` is that of the buyer's treatment (None: the seller's standard rate);
    gross prices lose the tax inside where nobody here pays it. Refused: `plan_not_sold`, `no_renewal_price` (facts:
    plan or resource, length).
    """

    def priced(contract: catalog.Contract | None, on: date) -> list[_Part]:
        return _parts(sold=sold, plan=plan, length=length, additional=additional, on=on, contract=contract)

    if contract is not None and contract.held:
        contract = contract.without_cheaper(lambda as_if, day: _total(priced, as_if, day))
    parts = priced(contract, on)
    home = sold.seller.tax_rate(on)
    untaxed = treatment not in ("standard", "oss") and sold.seller.prices == "gross"
    taxed = amounts(
        exact=[each / (1 + home) if untaxed else each for _, _, _, each in parts],
        rate=home if rate is None else rate,
        prices=sold.seller.prices,
        currency=sold.seller.currency,
        rounding=rounding,
    )
    return tuple(
        Line(component=component, name=name, quantity=quantity, amount=amount)
        for (component, name, quantity, _), amount in zip(parts, taxed, strict=True)
    )


_Part = tuple[str, catalog.Texts, int, Fraction]


def _parts(
    *,
    sold: catalog.Catalog,
    plan: str,
    length: Length,
    additional: Mapping[str, int],
    on: date,
    contract: catalog.Contract | None,
) -> list[_Part]:
    """Component, name, quantity and exact regular price of everything that is renewed."""
    offered = sold.plans.get(plan)
    if offered is None:
        raise Refused("plan_not_sold", plan=plan)
    price = offered.price(length, on, contract)
    if price is None:
        raise Refused("no_renewal_price", plan=plan, length=str(length))
    parts: list[_Part] = [(facts.PLAN, offered.name, 1, price.regular)]
    for code, amount in sorted(additional.items()):
        resource = offered.resources.get(code)
        unit = catalog.price_on(resource.prices, length, on, contract=contract) if resource is not None else None
        if resource is None or unit is None:
            raise Refused("no_renewal_price", resource=code, length=str(length))
        parts.append((facts.resource_component(code), resource.name, amount, unit.regular * amount))
    return parts


def _total(
    priced: Callable[[catalog.Contract, date], list[_Part]], contract: catalog.Contract, day: date
) -> Fraction | None:
    try:
        return sum((price for *_, price in priced(contract, day)), Fraction(0))
    except Refused:  # not sold on that day: nothing to compare with
        return None


def amounts(
    *, exact: Sequence[Fraction], rate: Fraction, prices: str, currency: str, rounding: Rounding
) -> tuple[Taxed, ...]:
    """The exact prices of a renewal's lines, in the seller's prices (`net` or `gross`), as they stand on paper.

    The one place where a renewal is rounded: what a quote says about the next renewal is what it will cost.
    """
    rounded = rounding.lines.of_full_prices.lines(exact)
    if rounding.tax_place == "on_gross" and prices == "net":
        step = Fraction(1, 10 ** money.decimals_of(currency=currency))
        return tuple(_on_gross(each, rate, step, currency, rounding.tax_mode) for each in exact)
    return tax.per_rate(
        [(Money(each, currency), rate) for each in rounded],
        prices=prices,
        mode=rounding.tax_mode,
        by_line=rounding.tax_place != "per_rate",
    )


def _on_gross(exact: Fraction, rate: Fraction, step: Fraction, currency: str, mode: str) -> Taxed:
    gross = money.round_units(exact * (1 + rate) / step, mode) * step
    share = money.round_units(exact * rate / step, mode) * step
    return Taxed(Money(gross - share, currency), Money(share, currency), Money(gross, currency))


def anchor(*, terms: Iterable[Stretch], month_end: MonthEnd) -> int:
    """The day of the month on which the terms of the last unbroken chain begin, however short a month was.

    A term breaks the chain when it does not begin where the one before ended, or when that one did not end where its
    months do (it was cut short, moved or begun anew). `terms` in order, at least one.
    """
    day, expected, end_on = 0, date.min, date.min
    for term in terms:
        day = day if term.start_on == expected and _clipped(term.start_on, day) else term.start_on.day
        end_on = term.end_on
        expected = end_on if end_on == month_end(start=term.start_on, months=term.months, anchor=day) else date.min
    return day if expected == end_on and _clipped(end_on, day) else end_on.day


def _clipped(start: date, day: int) -> bool:
    """Whether a term that wants to begin on `day` of the month begins on `start`: then, or on the month's last day."""
    return start == periods.add_months(start, 0, anchor=day)
