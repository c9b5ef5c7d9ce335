"""What could be changed, and what would it cost?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from planshift.domain import quote
from planshift.domain.errors import Reason
from planshift.domain.money import Money
from planshift.procedures.views.services import Buyer, ResourceRow, ServiceCard
from planshift.procedures.views.words import Names, Operation, Words

QuoteState = Literal["open", "ordered", "expired", "stale", "replaced"]


@dataclass(frozen=True, slots=True)
class Shrink:
    """What must shrink first so that the target fits."""

    resource: Words
    unit: Words
    used: Decimal | int
    allowed: Decimal | int


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the settlements between which the policy lets the client choose, priced."""

    code: str  # name of the settlement
    offer: quote.Offer | None
    reasons: tuple[Reason, ...]
    orderable: bool
    not_orderable: tuple[Reason, ...]


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
    choices: tuple[Choice, ...] = ()  # where the client chooses the settlement: in the place of one offer


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
    choices: tuple[Choice, ...] = ()


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
    choices: tuple[Choice, ...] = ()  # where the request does not say which settlement the client chose


@dataclass(frozen=True, slots=True)
class QuotePage:
    """queries.quote(client=…, number=…, at=…) -> QuotePage; NotFound for foreign ones."""

    number: str
    state: QuoteState
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
    buyer: Buyer | None
    orderable: bool
    not_orderable: tuple[Reason, ...]
    pays_by_itself: bool  # ordering draws all of it from what the client has here (account credit, D4)
    drawn: Mapping[str, Money]  # what ordering draws by itself, by balance (billing.own_money)
    pay_reasons: tuple[Reason, ...]  # why not by itself: auto_renew_off, deposit_short(missing=Money)
    rest: Money  # what is left to pay of it once account credit is used
    deposit: Money | None
    policy: Words  # the title of the policy that the price was made under …
    policy_revision: int  # … and its revision
    change: str = ""  # number of the change that was ordered from it
    replaced_by: str = ""  # number of the quote in its place, since staff decided easy or hard (H3)


@dataclass(frozen=True, slots=True)
class KeptQuote:
    """queries.kept_quote(client=…, number=…, at=…): a quote without its page."""

    number: str
    service: str
    state: QuoteState
    made_at: datetime
    valid_until: datetime
    offer: quote.Offer
    not_orderable: tuple[Reason, ...]
    change: str
    names: Names
