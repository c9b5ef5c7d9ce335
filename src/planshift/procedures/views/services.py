"""Who is reading, and which services are there?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from planshift.domain.errors import Reason
from planshift.domain.money import Money
from planshift.domain.tax import Taxed
from planshift.procedures.views.metering import Meter
from planshift.procedures.views.papers import InvoiceRow
from planshift.procedures.views.words import Operation, Words


@dataclass(frozen=True, slots=True)
class ClientChoice:
    """One of the clients that a person may act for."""

    number: str
    name: str
    brand: str


@dataclass(frozen=True, slots=True)
class ClientHeader:
    """Top of every page. queries.client_of(user_id=…) -> ClientHeader | None (None: staff or nobody's member)."""

    number: str  # "C-1001"
    name: str
    seller: str  # code
    brand: str  # seller's brand, shown as logo text
    language: str  # the seller's language, used when the reader chose none
    time_zone: str  # IANA name of the SELLER; all times of the panel are shown in it
    currency: str
    deposit: Money | None  # None: the seller keeps no deposits
    credit: Money | None  # account credit; None where there never was any
    demo: bool
    user_name: str = ""
    clients: tuple[ClientChoice, ...] = ()  # all that this person may switch to, the present one among them


@dataclass(frozen=True, slots=True)
class Buyer:
    """Buyer data as they go (or went) on an invoice."""

    name: str
    lines: tuple[str, ...]  # address lines
    tax_id: str  # "" when none
    country: str


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """queries.demo_people() -> tuple[DemoPerson, ...]; only when settings.DEMO."""

    user_id: int
    name: str
    email: str
    seller_brand: str
    story: Words  # one line: what this person's services show
    staff: bool
    language: str


@dataclass(frozen=True, slots=True)
class ChangeRef:
    number: str
    state: str  # state of the change lifecycle
    operation: Operation
    target: Words  # name of the target plan, or "" for resources / period
    order: str = ""  # number of its order ("" when none)
    awaits_client: bool = False  # True: the client must do something (pay, confirm…)
    paid: bool = False  # its order is paid, although no worker has looked yet


@dataclass(frozen=True, slots=True)
class ServiceCard:
    """queries.services_of(client=…) -> tuple[ServiceCard, ...], ordered; constant number of statements."""

    number: str
    name: str  # what the client calls it: "demo-shop.example"
    family: Words
    plan: Words
    plan_code: str
    family_code: str
    currency: str
    additional: Mapping[str, int]  # bought on top of the plan, by resource code
    state: str  # service lifecycle
    term_start_on: date
    term_end_on: date  # day of the end, exclusive (= first day of the next term)
    period_months: int
    renewal: Taxed | None  # None: metered
    auto_renew: bool
    metered: bool
    open_change: ChangeRef | None


@dataclass(frozen=True, slots=True)
class ResourceRow:
    code: str
    name: Words
    unit: Words  # "GB", ""
    included: Decimal | int  # fixed part of the plan: a floor (D1)
    additional: Decimal | int  # bought on top; only this can be given up
    minimum: Decimal | int  # smallest additional amount that can be asked for now (usage, policy)
    maximum: Decimal | int | None
    step: Decimal | int
    price: Money | None  # net, list, per unit and term; None: not for sale
    used: Decimal | int | None = None  # last reading
    used_as_of: datetime | None = None
    hour: Money | None = None  # of a metered service: net or gross as the seller's prices, per unit and hour

    @property
    def total(self) -> Decimal | int:
        """Included and additional together, in `unit`."""
        return self.included + self.additional


@dataclass(frozen=True, slots=True)
class AttachedService:
    number: str
    name: str
    plan: Words
    term_end_on: date


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One past or open change in the service's timeline."""

    number: str
    operation: Operation
    source: Words
    target: Words
    state: str
    ordered_at: datetime
    done_at: datetime | None
    total: Taxed | None  # None: metered
    paid: bool = False  # its order is paid, although no worker has looked yet


@dataclass(frozen=True, slots=True)
class WaitingQuote:
    """A quote that can still be ordered: by whom it was asked for, and what it leads to."""

    number: str
    operation: Operation
    target: Words
    kind: str
    total: Taxed
    valid_until: datetime
    by_staff: bool  # asked for, or decided, by staff (H2, H3)
    note: str  # of staff who decided the kind


@dataclass(frozen=True, slots=True)
class OperationDoor:
    """May the client start this operation now? Where not: every reason (H1, H2, open change, D11 …)."""

    operation: Operation
    offered: bool  # False: the policy does not have it at all -> not shown
    reasons: tuple[Reason, ...]  # empty: go ahead


@dataclass(frozen=True, slots=True)
class ServicePage:
    """queries.service(client=…, number=…, at=…) -> ServicePage; raises queries.NotFound (not theirs = not there)."""

    card: ServiceCard
    resources: tuple[ResourceRow, ...]
    buyer: Buyer | None  # what the next invoice will carry (D6)
    attached: tuple[AttachedService, ...]
    operations: tuple[OperationDoor, ...]
    changes: tuple[ChangeRow, ...]
    invoices: tuple[InvoiceRow, ...]
    pays_by_itself: bool  # D4: auto-renewal on and the seller draws deposits
    meter: Meter | None = None  # of a metered service, once anything is counted (D3)
    from_staff: tuple[WaitingQuote, ...] = ()  # quotes that staff made for the client, still to be ordered


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRow:
    """A client in a list."""

    number: str
    name: str
    language: str
