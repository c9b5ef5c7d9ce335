"""What does this seller sell, at which price?

A catalog is a document: parsed once from TOML (`catalog_document`), frozen, cached by digest. Prices are net or gross
as `seller.prices` says, in one currency.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from planshift.domain import letters, tax
from planshift.domain.exact import Fraction
from planshift.domain.periods import Length
from planshift.domain.tax import DatedRate

Trait = str | int | bool
Texts = Mapping[str, str]  # language → text; "en" is always there
Held = tuple[tuple[date, date], ...]  # day on which prices begin → until when they are held back; in order
_NO_TRAITS: Mapping[str, Trait] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Seller:
    """The selling company: what its documents, calendar and taxes need."""

    code: str
    name: str
    country: str  # ISO 3166 alpha-2
    currency: str
    zone: ZoneInfo
    language: str = "en"
    prices: str = "net"  # net | gross: what the prices of this catalog are
    tax_left_out: Fraction = Fraction(0)  # of gross prices: the rate of the tax that they have lost (pricing.untaxed)
    vat: tuple[DatedRate, ...] = ()
    closed: frozenset[date] = frozenset()  # own closed days, besides public holidays
    legal: Mapping[str, str] = field(
        default_factory=lambda: MappingProxyType({})
    )  # name, address, tax_id … for documents
    oss_from: date | None = None  # from then on consumers in other EU states pay the VAT of their country
    oss_rates: Mapping[str, tuple[DatedRate, ...]] = field(default_factory=lambda: MappingProxyType({}))  # by country
    alarms: str | None = None  # where its staff are alarmed by mail; "": nowhere; None: at the address of `legal`

    @property
    def alarm_address(self) -> str:
        """Where staff who look at no screen are told what needs them (H6); "" where nobody wants to be."""
        chosen = self.legal.get("email", "") if self.alarms is None else self.alarms
        return chosen if letters.is_address(chosen) else ""

    def tax_rate(self, on: date) -> Fraction:
        """The standard rate in force on a day (Fraction(22, 100)); 0 where the seller has none."""
        return tax.rate_on(self.vat, on) or Fraction(0)


@dataclass(frozen=True, slots=True)
class Price:
    """The price of one billing period of this length, in force from a date until the next price of that length."""

    length: Length
    amount: Fraction
    valid_from: date = date.min
    renewal: Fraction | None = None  # the regular price, where `amount` is promotional or renewals cost something else
    existing_from: date | None = None  # for contracts that are older than it: from then on; None: as the policy says

    @property
    def regular(self) -> Fraction:
        """The price without promotion: what a renewal costs."""
        return self.amount if self.renewal is None else self.renewal


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract that may be older than a price: concluded on `since`. `kept`: what was agreed holds until the day that
    a newer price names for existing contracts, else until that price begins. `held`: days on which prices begin, and
    until when these are held back because the client was not told in time."""

    since: date
    kept: bool
    held: "Held" = ()

    def begins(self, price: Price) -> date:
        """From which day a price holds for this contract; `date.max`: never."""
        day = price.valid_from
        if day > self.since:
            day = price.existing_from or (date.max if self.kept else day)
        return next((until for begins, until in self.held if begins == day), day)

    def without_cheaper(self, total: "Callable[[Contract, date], Fraction | None]") -> "Contract":
        """The same, only what costs more held back. `total`: what a term costs that would begin on a day."""
        kept = replace(self, held=())
        for day, until in self.held:
            before, then = total(kept, day - timedelta(days=1)), total(kept, day)
            if before is not None and then is not None and then > before:
                kept = replace(kept, held=(*kept.held, (day, until)))
        return kept


@dataclass(frozen=True, slots=True)
class HourlyPrice:
    """The price of one unit for one hour, in force from a day until the next one's."""

    amount: Fraction
    valid_from: date = date.min


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of a plan: a fixed amount that the plan includes (a floor) and additional units on top of it."""

    code: str
    name: Texts
    unit: str = ""
    included: int = 0
    additional: bool = False
    step: int = 1
    maximum: int | None = None  # of additional units
    shrinkable: bool = True
    prices: tuple[Price, ...] = ()  # of one unit
    hourly: tuple[HourlyPrice, ...] = ()  # metered: of one unit for one hour

    def hourly_on(self, on: date) -> Fraction | None:
        """The price of one unit for one hour on a day; None where it is not metered, or not yet."""
        begun = [price for price in self.hourly if price.valid_from <= on]
        return max(begun, key=lambda price: price.valid_from).amount if begun else None


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """One plan: traits decide easy or hard, resources are what the client gets."""

    code: str
    family: str
    name: Texts
    prices: tuple[Price, ...]
    offered: bool = True  # as a target of changes and for new orders
    rank: int = 0
    setup: Fraction = Fraction(0)  # its own set-up price, where a policy asks for it
    traits: Mapping[str, Trait] = field(default_factory=lambda: _NO_TRAITS)
    resources: Mapping[str, Resource] = field(default_factory=lambda: MappingProxyType({}))
    periods: tuple[Length, ...] = ()  # billing periods that it is sold for besides those that have a price of their own

    def lengths(self, on: date) -> tuple[Length, ...]:
        """The billing periods that it is sold for on a day, shortest first: those with a price, and `periods`."""
        priced = (price.length for price in self.prices if price.valid_from <= on)
        return tuple(sorted({*priced, *self.periods}, key=lambda length: length.months))

    def price(self, length: Length, on: date, contract: Contract | None = None) -> Price | None:
        """The price for a billing period of `length` in force on a day, None when there is none."""
        return price_on(self.prices, length, on, contract=contract)


@dataclass(frozen=True, slots=True)
class Family:
    """Plans that belong together; a change normally stays within one."""

    code: str
    name: Texts
    metered: bool = False  # counted by the hour from a prepaid balance (Pro Cloud)
    plan_changes: bool = True  # False: not offered at all (dedicated servers, D11)
    traits: Mapping[str, Trait] = field(default_factory=lambda: _NO_TRAITS)


@dataclass(frozen=True, slots=True, eq=False)
class Catalog:
    """Everything one seller sells. `digest` identifies the text it was parsed from; hashed by identity."""

    seller: Seller
    families: Mapping[str, Family]
    plans: Mapping[str, Plan]
    digest: str = ""
    dated: bool = True  # whether any price begins at a certain day
    begins: tuple[date, ...] = ()  # the days on which prices of a term begin to hold for somebody, in order

    def traits(self, plan: Plan) -> Mapping[str, Trait]:
        """The plan's traits on top of its family's."""
        return MappingProxyType({**self.families[plan.family].traits, **plan.traits})

    def of_day(self, day: date) -> frozenset[tuple[str, str, Price]]:
        """Plan, resource ("": the plan itself) and price of all that begins to hold for somebody on a day."""
        lists = [(plan.code, "", plan.prices) for plan in self.plans.values()]
        lists += [(plan.code, of.code, of.prices) for plan in self.plans.values() for of in plan.resources.values()]
        return frozenset(
            (plan, code, price)
            for plan, code, prices in lists
            for price in prices
            if day in (price.valid_from, price.existing_from)
        )


def price_on(prices: tuple[Price, ...], length: Length, on: date, *, contract: Contract | None = None) -> Price | None:
    """The latest price for `length` whose valid_from is not after `on`; of an existing contract, the latest that holds
    for it by then. What was first priced after that contract, so that nothing holds for it, costs its first price.

    Where `length` has none: the price of the longest length that divides it, so many times (12 monthly prices).
    """
    found = _latest(prices, length, on, contract)
    if found is None and contract is not None:
        found = _latest(_first_of(prices), length, on, None)
    if found is None or found.length == length:
        return found
    times = length.count // found.length.count
    renewal = None if found.renewal is None else found.renewal * times
    return Price(length, found.amount * times, found.valid_from, renewal)


def _latest(prices: Iterable[Price], length: Length, on: date, contract: Contract | None) -> Price | None:
    found: Price | None = None
    for price in prices:
        begins = price.valid_from if contract is None else contract.begins(price)
        if begins > on or price.length.unit != length.unit or length.count % price.length.count:
            continue
        if found is None or (price.length.count, price.valid_from) >= (found.length.count, found.valid_from):
            found = price
    return found


def _first_of(prices: tuple[Price, ...]) -> Iterable[Price]:
    """The earliest price of each length."""
    newest_first = sorted(prices, key=lambda price: price.valid_from, reverse=True)
    return {price.length: price for price in newest_first}.values()
