"""What happens after the order?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from planshift.domain import documents
from planshift.domain.errors import Reason
from planshift.domain.money import Money
from planshift.domain.tax import Taxed
from planshift.procedures.views.papers import InvoiceRow
from planshift.procedures.views.services import ServiceCard
from planshift.procedures.views.words import Direction, Kind, Operation, Words

Settling = Literal["", "deposit", "account_credit", "paid"]


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
    released: Money  # part payments that the order no longer holds, since it lapsed or was withdrawn
    due: Money
    deciding: Settling  # what pays it by itself in a moment (D4): nothing to do for the client
    drawn_by_itself: bool  # D4: it was drawn from the deposit
    draw_reasons: tuple[Reason, ...]  # why it waits: auto_renew_off, deposit_short(missing=…)
    can_draw: bool  # the client may pay from the deposit, or with account credit, by hand
    deposit: Money | None
    credit: Money  # what account credit would pay of it by hand, before the deposit
    from_credit: Money  # what account credit has paid of it
    transfer: TransferData | None
    card: bool  # "pay by card" is offered
    can_withdraw: bool
    invoices: tuple[InvoiceRow, ...]

    @property
    def drawable(self) -> Money:
        """What is paid of it by hand from what the client has here: account credit, then the deposit."""
        return self.credit + min(self.due - self.credit, self.deposit or Money.zero(self.due.currency))

    @property
    def lacks(self) -> Money:
        """What remains to be paid another way then."""
        return self.due - self.drawable


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
    by_staff: bool = False  # ordered by staff for the client (H2)
    staff_note: str = ""
    paused: str = ""  # why the clock of its promise stands still (H6)
    settling: Settling = ""  # what goes on by itself before a worker has looked: nothing to do for the client
    moves_content: bool = True  # the client does (H9); else the provider copies it, or nothing is to be copied
    metered: bool = False  # nothing is paid for it: what it holds is counted by the hour (D3)
    new_quote: str = ""  # in whose favour it was withdrawn, since staff decided easy or hard (H3)


@dataclass(frozen=True, slots=True)
class Credentials:
    """procedures.change.reveal_credentials(client=…, number=…, actor=…) -> Credentials: once, audited."""

    host: str
    user: str
    secret: str
    extra: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedChange:
    """A change in a list."""

    number: str
    client: str
    service: str
    quote: str
    state: str
    final: bool
    operation: Operation
    kind: Kind
    direction: Direction
    ordered_at: datetime
    promised_on: date | None
