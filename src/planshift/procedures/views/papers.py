"""Which papers are there, and where did the money go? And which rules hold (D10)?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from planshift.billing import opened
from planshift.domain import catalog
from planshift.domain.money import Money
from planshift.domain.policy import document
from planshift.domain.tax import Taxed


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
    missing: Money | None = None  # of an invoice issued elsewhere: what is unpaid


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a long list: next and previous are opaque cursors ("" = none)."""

    rows: tuple[object, ...]
    next: str
    previous: str


@dataclass(frozen=True, slots=True)
class Posting:
    """One movement as the client sees it. amount > 0: in, < 0: out of deposit or prepaid balance."""

    at: datetime
    account: Literal["deposit", "account_credit", "prepaid", "payment"]
    code: str  # "top_up", "draw", "refund", "payment_card", "payment_transfer", "credit" …
    facts: Mapping[str, object]
    amount: Money
    reference: str  # order or invoice number


@dataclass(frozen=True, slots=True)
class MoneyPage:
    """queries.money(client=…, cursor=…, size=…) -> MoneyPage."""

    deposit: Money | None
    postings: Page
    open_orders: tuple[OrderRow, ...]
    top_up: tuple[Money, ...]  # suggested amounts; empty: no top-up
    prepaid: Money | None = None  # of clients with metered services (D3)
    invoices: tuple[opened.OpenView, ...] = ()  # issued elsewhere, with something unpaid
    bank_account: str = ""  # of the seller, to pay them
    credit: Money | None = None  # account credit; None where there never was any
    credit_pays: str = ""  # changes_and_renewals, renewals, renewals_and_some_changes


@dataclass(frozen=True, slots=True)
class OrderRow:
    number: str
    placed_at: datetime
    due: Money
    due_at: datetime | None
    service: str
    change: str


@dataclass(frozen=True, slots=True)
class Rulebook:
    """What the published regulation is made from."""

    policy: document.Policy
    catalog: catalog.Catalog
    revision: int  # of the policy, stored with a vote
