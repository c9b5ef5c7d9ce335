"""What do staff see of the bank? Statements, lines with what each turned out to be, and suggestions for the rest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from planshift.domain.money import Money

Because = Literal["client", "amount", "account", "name"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementRow:
    """A statement that was imported."""

    number: str
    seller: str  # name
    bank_number: str
    file: str
    format: str
    imported_at: datetime
    new: int  # lines that no statement before had told of


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """What a line could be. For a credit: `order` of `client`; for a debit: the `payment` that was given back."""

    order: str
    payment: str
    client: str  # number
    client_name: str
    missing: Money | None  # what the order lacks
    because: tuple[Because, ...]  # strongest reasons first
    fits: bool  # the amounts are equal


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One movement on an account, and what it is so far."""

    number: str
    seller: str  # name
    direction: str  # credit, debit
    reversal: bool
    booked_on: date
    amount: Money
    party: str
    party_account: str
    text: str
    bank_reference: str
    kind: str  # payment, return, other; "" while nobody knows
    payment: str
    client: str
    order: str
    unapplied: Money | None
    why_unapplied: str
    note: str
    suggestions: tuple[Suggestion, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bank:
    """The page: what waits for staff, the newest lines, the newest statements."""

    credits: tuple[Line, ...]  # with money that serves nothing yet
    debits: tuple[Line, ...]  # that nothing explains
    lines: tuple[Line, ...]
    statements: tuple[StatementRow, ...]
    page: int
    more: bool
