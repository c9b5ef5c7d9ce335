"""What does a metered service cost now, what was drawn, and how long does the prepaid balance last? (D3)"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from planshift.domain.exact import Fraction
from planshift.domain.money import Money
from planshift.domain.tax import Taxed
from planshift.procedures.views.papers import OrderRow
from planshift.procedures.views.words import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class MeteredLine:
    """Unit-hours of one resource at one price."""

    resource: str
    name: Words
    units: int
    price: Money  # of one unit for one hour, in the seller's prices
    amount: Money  # exact, net where the seller's prices are


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldLine:
    """What is held of one resource now, and what that costs in an hour."""

    resource: str
    name: Words
    unit: str
    amount: int
    price: Money
    hour: Money  # exact, in the seller's prices


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """A metered service at an instant. `hour_net`, `hour_gross`: of one hour as it is held now, not rounded."""

    service: str
    label: str
    state: str
    as_of: datetime
    held: tuple[HeldLine, ...]
    hour_net: Money
    hour_gross: Money
    lines: tuple[MeteredLine, ...]  # of the month so far
    month: date
    so_far: Taxed
    drawn: Money
    undrawn: Money
    hours_today: int
    drawn_until: date  # exclusive
    prepaid: Prepaid


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepaid:
    """A client's prepaid balance. `available`: less what is owed and what is counted and not drawn yet."""

    balance: Money
    owed: Money
    undrawn: Money
    available: Money
    hour_gross: Money  # of all metered services of the client together, not rounded
    floor: Money
    warnings: tuple[Money, ...]
    hours: str  # started or full
    check_every_hours: int
    checked_at: datetime | None
    lasts_until: datetime | None  # the full hour at which the floor is reached; None: nothing is counted
    services: int

    @property
    def is_low(self) -> bool:
        """Below a threshold at which the client is warned."""
        return any(self.available < each for each in self.warnings)

    @property
    def is_below(self) -> bool:
        """Below the floor: services are blocked, or about to be."""
        return self.available < self.floor

    @property
    def share(self) -> int:
        """How full it is beside the highest threshold, in percent: for a bar."""
        top = max((*self.warnings, self.floor)) * 2
        if top.amount <= 0:
            return 100
        found = Fraction(100) * self.available.amount / top.amount
        return max(0, min(100, int(found)))


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawRow:
    """One day of the statement of draws."""

    id: int
    on: date
    hours: int
    lines: tuple[MeteredLine, ...]  # of the day
    draw: Money
    from_balance: Money
    owed: Money
    so_far: Taxed  # of the month, after this day


@dataclass(frozen=True, slots=True, kw_only=True)
class Draws:
    """A page of the statement, newest first."""

    service: str
    label: str
    rows: tuple[DrawRow, ...]
    next: str
    previous: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepaidPage:
    """A client's prepaid balance, its services, and where its money may come from and go to."""

    prepaid: Prepaid
    deposit: Money | None
    meters: tuple[Meter, ...]
    open_orders: tuple[OrderRow, ...]
    top_up: tuple[Money, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepaidAccount:
    """One client in the back office's list of prepaid balances."""

    client: str
    name: str
    seller: str
    balance: Money
    owed: Money
    services: int
    blocked: tuple[str, ...]  # numbers of its services that are blocked, or are to be
    told: Money | None  # the lowest threshold that the client was warned of
    checked_at: datetime | None
    drawn_until: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepaidAccounts:
    """A page of prepaid balances, those that owe or are blocked first."""

    rows: tuple[PrepaidAccount, ...]
    page: int
    more: bool
    filter: str  # all, blocked or owing
    counts: dict[str, int]
