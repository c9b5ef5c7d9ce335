"""What passes between the engine and the dimensions of a policy: shares of time, raw lines, outcomes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple, Protocol

from planshift.domain import money
from planshift.domain.catalog import Price
from planshift.domain.errors import Reason
from planshift.domain.exact import Exact, Fraction
from planshift.domain.periods import Length


class Share(NamedTuple):
    """A share of one billing period: `remaining` units of `per`. `parts` where several periods were counted apart."""

    remaining: Exact
    per: Exact
    unit: str
    parts: tuple[tuple[Exact, Exact], ...] = ()

    @property
    def cycles(self) -> Fraction:
        """How many billing periods that is."""
        return Fraction(self.remaining, self.per)


class Part(NamedTuple):
    """A price or a billed amount by its remaining share, or less what was used: one part of an unused value."""

    price: Fraction
    share: Share | None
    worth: Fraction
    billed: str = ""  # id of the billed line, where it is one
    whole: Fraction | None = None  # what it is worth less the product of `less`; None: by its share
    less: tuple[Exact, ...] = ()


class Raw(NamedTuple):
    """One line before rounding. `exact` is signed: a credit is negative."""

    role: str  # charge | credit | difference | setup | fee | …
    component: str
    exact: Fraction
    how: str  # the computation, for the working: share | full | paid | difference | …
    quantity: int = 1
    price: Fraction | None = None  # of one unit for one billing period
    old_price: Fraction | None = None
    old_quantity: int = 0
    share: Share | None = None
    length: Length | None = None
    detail: tuple[Fraction, ...] = ()  # more operands of `how`
    values: tuple["Part", ...] = ()  # what the unused value is made of
    limit: Fraction | None = None  # a credit's magnitude before it was limited to what was paid


class MoreTime(NamedTuple):
    """Unused time that stays the client's, or time that the unused value buys; counted when it is asked for."""

    unit: str  # month | day
    rounding: str
    unused: Exact | None = None  # unused units; None: bought
    spent: tuple[Raw, ...] = ()  # the unused value
    price: Fraction = Fraction(1)  # of one new billing period …
    per: Callable[[], Exact] = int  # … which has so many units

    @property
    def value(self) -> Fraction:
        """The unused value."""
        return -money.sum_of([line.exact for line in self.spent])

    @property
    def exact(self) -> Fraction:
        """The units before rounding."""
        return Fraction(self.unused) if self.unused is not None else money.share_of(self.value, self.per(), self.price)

    @property
    def length(self) -> Length | None:
        """So many whole units; "rest_in_days" keeps a month's rest as days of a 30-day month, rounded down."""
        exact = self.exact
        if self.rounding == "rest_in_days":
            whole = exact.numerator // exact.denominator
            if exact != whole and self.unit == "month":
                days = money.round_units(exact * 30, "down")
                return Length(days, "day") if days else None
            return Length(whole, self.unit) if whole else None
        count = money.round_units(exact, self.rounding)
        return Length(count, self.unit) if count > 0 else None


@dataclass(slots=True)
class Outcome:
    """What a settlement decides: lines now, lines billed later, and what becomes of the term."""

    lines: list[Raw] = field(default_factory=list)
    later: list[Raw] = field(default_factory=list)
    term: str = "kept"  # kept | restarts | moves (the expiry is where the old value ends)
    more: MoreTime | None = None  # on top of a restarted term, or the whole of a moved one
    separate: bool = False  # credit and charge are two movements of money
    months_charged: Fraction | None = None
    later_at: str = ""  # next_invoice | expiry
    chosen: str = ""  # the settlement that the client chose, where the policy lets them choose


class Deal(Protocol):
    """What a settlement may ask for. Amounts are exact, in the seller's prices (net or gross)."""

    @property
    def choice(self) -> str:
        """The settlement that the client chose with the request; "" where they chose none."""
        ...

    def end_term(self) -> None:
        """The old term does not go on: from here all that the service has is settled, not only what changes."""
        ...

    def differences(self, *, full: bool = False) -> list[Raw]:
        """(new - old) for the remaining share, or in full, per component."""
        ...

    def credits(self) -> list[Raw]:
        """The unused value of the old, per component, negative, never more than what was paid for it."""
        ...

    def charges(self) -> list[Raw]:
        """The new price for the remaining share, per component."""
        ...

    def full_charges(self) -> list[Raw]:
        """The new price of one billing period, per component."""
        ...

    def used_charges(self) -> list[Raw]:
        """The old price for the used share, per component."""
        ...

    def highest_charges(self) -> list[Raw]:
        """The full price of the highest level used in the month, per component."""
        ...

    def sells(self) -> Fraction:
        """The price of one new billing period, at which an unused value buys time. Raises Refused where it is none."""
        ...

    def new_period(self, unit: str) -> Exact:
        """The units ("month" or "day") of one new billing period."""
        ...

    def unused_units(self) -> Share:
        """The old plan's remaining time."""
        ...


class Asked(NamedTuple):
    """Which price is asked for: how to find list prices, the billing period, the discounts that may apply."""

    find: Callable[[Length], Price | None]
    length: Length
    discount: Fraction  # the client's own, as a share
    remaining_months: Fraction | None


class Found(NamedTuple):
    """A price and the billing period that it is for."""

    amount: Fraction
    length: Length


class Gate(Protocol):
    """Where a change stands when it is asked for: what preconditions may look at. None: the facts do not say."""

    @property
    def direction(self) -> str:
        """up | down | sideways"""
        ...

    @property
    def on(self) -> date | None:
        """The day of the request."""
        ...

    @property
    def remaining_days(self) -> Fraction | None:
        """Of the term."""
        ...

    @property
    def remaining_months(self) -> Fraction | None:
        """Of the term."""
        ...

    @property
    def held_days(self) -> int | None:
        """Since the last change."""
        ...

    @property
    def announced(self) -> date | None:
        """When the client announced the change."""
        ...

    @property
    def asked_by(self) -> str:
        """client | owner | staff"""
        ...

    @property
    def payment_method(self) -> str:
        """How the client pays."""
        ...

    @property
    def unpaid(self) -> tuple[str, ...]:
        """Numbers of unpaid documents."""
        ...

    @property
    def renewal(self) -> str:
        """Number of the renewal document already issued."""
        ...

    @property
    def renewal_paid(self) -> bool:
        """Whether that is paid."""
        ...

    @property
    def same_family(self) -> bool:
        """Whether both plans are of one family."""
        ...

    @property
    def needs(self) -> tuple[tuple[str, int, int], ...]:
        """Resource, what is used, what the new limit is."""
        ...

    @property
    def usage_known(self) -> bool:
        """Whether there is a reading of what is used."""
        ...

    @property
    def usage_age_hours(self) -> Fraction | None:
        """How old it is."""
        ...

    @property
    def short_of(self) -> tuple[str, ...]:
        """Resources that the machines have no room for."""
        ...


def passes(*, gate: Gate) -> Reason | None:
    """The precondition that never stands in the way."""
    return None
