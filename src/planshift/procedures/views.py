"""What the doors read: one frozen dataclass per page, made by `procedures.queries`. No models, no sentences.

Sentences are made at the door from codes and facts (`Reason`), in the reader's language.
Amounts are `Money` (exact) or `Taxed` (net, tax, gross); `_at` is an aware instant, `_on` a date in the seller's zone.
`Words` is a text of the catalog in several languages: {"en": "IP addresses", "pl": "Adresy IP", …}, or a plain str.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from planshift.domain import catalog, documents, quote
from planshift.domain.errors import Reason
from planshift.domain.money import Money
from planshift.domain.policy import document
from planshift.domain.tax import Taxed

Words = Mapping[str, str] | str  # catalog.Texts
# Codes → names: plans, families, resources ("ip" and "resource:ip"), and "case:<kind_reason>" → the policy's sentence.
Names = Mapping[str, Words]
Operation = Literal["plan", "resources", "period"]  # D1: different operations, never mixed
Direction = Literal["up", "down", "sideways"]
Kind = Literal["easy", "hard"]


# ---------------------------------------------------------------- who is reading
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
    demo: bool
    user_name: str = ""


@dataclass(frozen=True, slots=True)
class Buyer:
    """Buyer data as they go (or went) on an invoice."""

    name: str
    lines: tuple[str, ...]  # address lines
    tax_id: str  # "" when none
    country: str
    as_on: str = ""  # number of the invoice they come from (D6); "" when from the profile


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


# ---------------------------------------------------------------- services
@dataclass(frozen=True, slots=True)
class ChangeRef:
    number: str
    state: str  # state of the change lifecycle
    operation: Operation
    target: Words  # name of the target plan, or "" for resources / period
    order: str = ""  # number of its order ("" when none)
    awaits_client: bool = False  # True: the client must do something (pay, confirm…)


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
    total: Taxed | None


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
    plan_features: tuple[tuple[Words, Words], ...]  # other characteristics worth showing: (name, value)
    buyer: Buyer | None  # what the next invoice will carry (D6)
    attached: tuple[AttachedService, ...]
    operations: tuple[OperationDoor, ...]
    changes: tuple[ChangeRow, ...]
    invoices: tuple[InvoiceRow, ...]
    pays_by_itself: bool  # D4: auto-renewal on and the seller draws deposits
    metered_price_hour: Money | None = None


# ---------------------------------------------------------------- what could be
@dataclass(frozen=True, slots=True)
class Shrink:
    """What must shrink first so that the target fits."""

    resource: Words
    unit: Words
    used: Decimal | int
    allowed: Decimal | int


@dataclass(frozen=True, slots=True)
class Option:
    """One target plan beside the others."""

    plan: Words
    plan_code: str
    family: Words
    current: bool
    resources: tuple[tuple[Words, Decimal | int, Words], ...]  # (name, amount, unit) for the comparison
    price: Money | None  # list price per term, net
    period_months: int
    offer: quote.Offer | None  # priced by the engine, also where it cannot be ordered; None when refused
    shrink: tuple[Shrink, ...]
    reasons: tuple[Reason, ...]  # why not at all (all reasons, from quote.Refusal); empty when offered
    orderable: bool  # quoted and orderable in this version
    not_orderable: tuple[Reason, ...] = ()  # quoted, but not orderable yet: decrease, metered


@dataclass(frozen=True, slots=True)
class OptionsPage:
    """queries.options(client=…, service=…, at=…) -> OptionsPage. One pricing pass, constant statements."""

    card: ServiceCard
    options: tuple[Option, ...]
    as_of: datetime
    names: Names


@dataclass(frozen=True, slots=True)
class PeriodOption:
    """queries.periods(client=…, service=…, at=…) -> PeriodsPage(card, tuple[PeriodOption, …])."""

    months: int
    current: bool
    price: Money | None
    offer: quote.Offer | None
    reasons: tuple[Reason, ...]
    orderable: bool
    not_orderable: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class PeriodsPage:
    card: ServiceCard
    options: tuple[PeriodOption, ...]
    names: Names


@dataclass(frozen=True, slots=True)
class ResourcesPage:
    """queries.resources(client=…, service=…, at=…) -> ResourcesPage."""

    card: ServiceCard
    resources: tuple[ResourceRow, ...]
    reasons: tuple[Reason, ...]  # why the operation cannot be started now


@dataclass(frozen=True, slots=True)
class Preview:
    """Live what-if, nothing kept. queries.what_if(client=…, service=…, request=domain.facts.Request, at=…)."""

    offer: quote.Offer | None
    reasons: tuple[Reason, ...]
    orderable: bool
    not_orderable: tuple[Reason, ...]
    names: Names


@dataclass(frozen=True, slots=True)
class QuotePage:
    """queries.quote(client=…, number=…, at=…) -> QuotePage; NotFound for foreign ones."""

    number: str
    state: Literal["open", "ordered", "expired", "stale"]
    made_at: datetime
    valid_until: datetime
    service: ServiceCard
    operation: Operation
    source: Words
    target: Words
    resource_changes: tuple[tuple[Words, int, int, Words], ...]  # name, additional before, after, unit
    period_change: tuple[int, int] | None
    offer: quote.Offer  # as kept: lines, total, working, renewal, promise, kind, direction, timing
    names: Names
    staff_override_note: str
    buyer: Buyer | None
    orderable: bool
    not_orderable: tuple[Reason, ...]
    pays_by_itself: bool  # D4 holds now: ordering draws the deposit
    pay_reasons: tuple[Reason, ...]  # why not by itself: auto_renew_off, deposit_short(missing=Money)
    deposit: Money | None
    policy: str  # name + revision the price was made under
    change: str = ""  # number of the change that was ordered from it


@dataclass(frozen=True, slots=True)
class KeptQuote:
    """queries.kept_quote(client=…, number=…, at=…): a quote without its page."""

    number: str
    service: str
    state: Literal["open", "ordered", "expired", "stale"]
    made_at: datetime
    valid_until: datetime
    offer: quote.Offer
    not_orderable: tuple[Reason, ...]
    change: str


# ---------------------------------------------------------------- after the order
@dataclass(frozen=True, slots=True)
class TransferData:
    payee: str
    account: str
    bank: str
    reference: str  # what to write in the title
    amount: Money


@dataclass(frozen=True, slots=True)
class OrderPage:
    """queries.order(client=…, number=…, at=…) -> OrderPage."""

    number: str
    state: str
    placed_at: datetime
    due_at: datetime | None
    service: ServiceCard | None  # None: deposit top-up
    change: str  # number, "" for a top-up
    lines: tuple[documents.Line, ...]  # worded and frozen when the order was placed
    total: Taxed
    paid: Money
    due: Money
    drawn_by_itself: bool  # D4: it was drawn from the deposit
    draw_reasons: tuple[Reason, ...]  # why it waits: auto_renew_off, deposit_short(missing=…)
    can_draw: bool  # the client may pay from the deposit by hand (enough money)
    deposit: Money | None
    transfer: TransferData | None
    card: bool  # "pay by card" is offered
    can_withdraw: bool
    invoices: tuple[InvoiceRow, ...]


@dataclass(frozen=True, slots=True)
class TimelineStep:
    code: str  # "ordered", "paid", "prepared", "credentials", "cut_over", "held", "removed", "done", …
    status: Literal["done", "now", "waiting", "ahead", "failed", "skipped"]
    at: datetime | None  # when it happened
    due_at: datetime | None  # until when we wait
    owner: str  # "client" | "staff" | "system" | "seller"
    facts: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Duty:
    code: str  # "copy_content", "check_site", "set_dns", "back_up"
    facts: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class ChangePage:
    """queries.change(client=…, number=…, at=…) -> ChangePage; also feeds the polled timeline."""

    number: str
    state: str
    final: bool
    service: ServiceCard
    operation: Operation
    source: Words
    target: Words
    kind: Kind
    direction: Direction
    ordered_at: datetime
    promised_on: date | None
    overdue: bool
    steps: tuple[TimelineStep, ...]
    order: str
    quote: str
    total: Taxed
    credentials: Literal["none", "ready", "shown", "expired"]  # shown once
    new_address: str  # new IP / host name when there is one
    duties: tuple[Duty, ...]
    can_switch_over: bool
    hold_until: datetime | None
    removal_at: datetime | None
    can_withdraw: bool
    invoices: tuple[InvoiceRow, ...]
    next_renewal: Taxed | None
    renews_on: date | None


@dataclass(frozen=True, slots=True)
class Credentials:
    """procedures.change.reveal_credentials(client=…, number=…, actor=…) -> Credentials: once, audited."""

    host: str
    user: str
    secret: str
    extra: tuple[tuple[str, str], ...] = ()


# ---------------------------------------------------------------- papers and money
@dataclass(frozen=True, slots=True)
class InvoiceRow:
    number: str
    kind: Literal["proforma", "invoice", "correction"]
    state: str
    issued_on: date
    total: Taxed
    order: str = ""
    service: str = ""
    has_pdf: bool = True


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a long list: next and previous are opaque cursors ("" = none)."""

    rows: tuple[object, ...]
    next: str
    previous: str


@dataclass(frozen=True, slots=True)
class Posting:
    """One movement as the client sees it. amount > 0: in, < 0: out of the deposit."""

    at: datetime
    account: Literal["deposit", "payment"]
    code: str  # "top_up", "draw", "refund", "payment_card", "payment_transfer", "credit" …
    facts: Mapping[str, object]
    amount: Money
    balance: Money | None  # deposit after it
    reference: str  # order or invoice number


@dataclass(frozen=True, slots=True)
class MoneyPage:
    """queries.money(client=…, cursor=…, size=…) -> MoneyPage."""

    deposit: Money | None
    postings: Page
    open_orders: tuple[OrderRow, ...]
    top_up: tuple[Money, ...]  # suggested amounts; empty: no top-up


@dataclass(frozen=True, slots=True)
class OrderRow:
    number: str
    placed_at: datetime
    due: Money
    due_at: datetime | None
    service: str
    change: str


# ---------------------------------------------------------------- help (D10)
@dataclass(frozen=True, slots=True)
class Rulebook:
    """What the published regulation is made from."""

    policy: document.Policy
    catalog: catalog.Catalog
    revision: int  # of the policy, stored with a vote
