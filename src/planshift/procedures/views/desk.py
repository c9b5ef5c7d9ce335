"""What do staff see of a client? Found by name or number, with services, quotes, orders and money."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from planshift.billing import opened
from planshift.billing import queries as billing
from planshift.domain.money import Money
from planshift.procedures.views.choices import OptionsPage, PeriodsPage, QuotePage
from planshift.procedures.views.services import ResourceRow, ServiceCard, WaitingQuote


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRow:
    """One client in the list."""

    number: str
    name: str
    email: str
    seller: str  # its name
    services: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Clients:
    """A page of clients."""

    rows: tuple[ClientRow, ...]
    page: int
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeClient:
    """One client with what it has and owes."""

    row: ClientRow
    currency: str
    deposit: Money | None
    credit: Money | None  # account credit; None where there never was any
    takeable: Money  # of the account credit that staff granted, what they may take back
    prepaid: Money | None  # of clients with metered services (D3)
    owed: Money | None
    services: tuple[ServiceCard, ...]
    orders: tuple[billing.OrderView, ...]  # that wait for payment
    invoices: tuple[opened.OpenView, ...]  # issued elsewhere, with something unpaid
    unapplied: tuple[billing.PaymentView, ...]  # payments of which something matched no order


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeService:
    """One service and everything that could be ordered for it, by staff too (H2)."""

    client: ClientRow
    plans: OptionsPage
    periods: PeriodsPage
    quotes: tuple[WaitingQuote, ...]
    resources: tuple[ResourceRow, ...]  # of metered services, which staff change in the client's name (D3)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeQuote:
    """A quote as the client sees it, and what staff may do with it."""

    client: ClientRow
    page: QuotePage
    can_order: bool
    can_decide: bool  # easy or hard (H3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Something that happened to a payment, from the audit."""

    event: str
    at: datetime
    who: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficePayment:
    """A payment, and what staff may do with what of it matched no order."""

    payment: billing.PaymentView
    seller: str
    client: str  # name, "" when unidentified
    orders: tuple[billing.OrderView, ...]  # open ones of the same client that it could pay
    invoices: tuple[opened.OpenView, ...]  # the same, issued elsewhere and not paid
    put: Mapping[str, Money]  # by number of an invoice issued elsewhere: what of it pays that
    can: frozenset[str]  # identify, assign, to_deposit, return, take_back
    history: tuple[Decision, ...]
