"""What do staff see? The pages of the back office; instants are shown in the zone of the reader's first seller."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from planshift.billing import correction_queries, opened, payout_queries
from planshift.billing import queries as billing
from planshift.domain import quote as quotes
from planshift.domain.money import Money
from planshift.ledger import balances
from planshift.procedures.views import deadlines
from planshift.procedures.views.words import Names, Words
from planshift.provisioning import queries as provisioning
from planshift.runtime.runs import queries as runs


@dataclass(frozen=True, slots=True)
class StaffHeader:
    """Top of every page of the back office: who reads, and for which sellers they work."""

    user_id: int
    name: str
    sellers: tuple[str, ...]  # codes
    brand: str
    number: str
    time_zone: str
    every_seller: bool  # works for all sellers of the installation
    notices: int = 0  # about deadlines, not yet seen
    deposit: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRow:
    """One change in the queue."""

    number: str
    client: str
    client_number: str
    service: str
    service_number: str
    operation: str
    kind: str
    direction: str
    state: str
    total: Money  # gross
    promised_on: date | None
    overdue: bool
    waits_for: str  # "client", "staff", "system", "" when it is over


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A page of the queue; `counts` by filter."""

    rows: tuple[QueueRow, ...]
    counts: dict[str, int]
    page: int
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeChange:
    """One change with everything that staff need to decide about it."""

    row: QueueRow
    final: bool
    source: Words
    target: Words
    names: Names
    quote: str
    offer: quotes.Offer
    ordered_at: datetime
    ordered_by: str
    ordered_how: str  # where staff ordered: how the client told them (H2)
    ordered_note: str
    applied_at: datetime | None
    can_undo: bool  # paid, and before the point of no return
    undo_at: datetime | None  # staff gave it up
    undo_note: str
    corrections: tuple[correction_queries.CorrectionView, ...]
    finished_at: datetime | None
    order: billing.OrderView | None
    postings: tuple[balances.Movement, ...]
    execution: provisioning.ExecutionView | None
    steps: tuple[provisioning.StepView, ...]
    run: runs.RunView | None
    history: tuple[runs.StepView, ...]
    pauses: tuple[deadlines.Pause, ...]  # of the clock of its promise, the latest first
    clock_runs: bool  # promised and not in force: the clock runs, or is paused


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenOrder:
    """An order that waits for money."""

    number: str
    client: str
    client_number: str
    purpose: str
    change: str
    total: Money
    covered: Money
    missing: Money
    expires_at: datetime
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """A page of orders that wait for money, the newest money that matched none, and payouts to be sent."""

    rows: tuple[OpenOrder, ...]
    page: int
    more: bool
    unapplied: tuple[billing.PaymentView, ...]
    payouts: tuple[payout_queries.PayoutView, ...]
    invoices: tuple[opened.OpenView, ...]  # issued elsewhere, with something unpaid


@dataclass(frozen=True, slots=True, kw_only=True)
class StuckRun:
    """A run that cannot go on by itself; `can` holds what this reader may do with it."""

    run: runs.RunView
    can: frozenset[str]  # retry, skip, cancel


@dataclass(frozen=True, slots=True, kw_only=True)
class Works:
    """What does not go on by itself, and who does the work."""

    stuck: tuple[StuckRun, ...]
    executions: tuple[provisioning.ExecutionView, ...]
    workers: tuple[runs.WorkerView, ...]
    tasks: int  # to be done by hand
    differences: int  # open, between machines and what we think


@dataclass(frozen=True, slots=True, kw_only=True)
class Votes:
    """How often a help page helped."""

    page: str
    seller: str
    yes: int
    no: int
