"""What is an offer? Lines, totals, what follows from them, and the refusal with all its reasons."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple, Protocol

from planshift.domain.errors import Reason
from planshift.domain.exact import Fraction
from planshift.domain.money import Money
from planshift.domain.periods import Length, Moment
from planshift.domain.tax import Taxed
from planshift.domain.working import Step


@dataclass(frozen=True, slots=True)
class Allocation:
    """How much of a credit line returns which billed line (newest first), as the seller's prices are (net or gross)."""

    billed_id: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Stretch:
    """A paid term that a line pays for a part of, with that part of its amount, as the seller's prices are."""

    start: Moment
    end: Moment
    amount: Money


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an offer. `amount` is positive for a charge, negative for a credit."""

    role: str  # charge | credit | difference | setup | fee | minimum | penalty
    component: str  # facts.PLAN, "resource:ip", "setup", "fee"
    code: str  # wording key: "plan_charge", "plan_credit", "plan_difference", …
    facts: Mapping[str, object]  # what the wording needs: plan codes, quantities, dates
    amount: Taxed
    tax_rate: Fraction
    quantity: int = 1
    start: Moment | None = None  # the time that it pays for
    end: Moment | None = None
    returns: tuple[Allocation, ...] = ()  # of a credit
    stretches: tuple[Stretch, ...] = ()  # where it pays for several terms: what for each; they sum to the amount


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the client must acknowledge before ordering (H9, H10); worded by the presenters from code and facts."""

    code: str
    facts: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Renewal:
    """The next renewal after the change (H8, D6)."""

    on: date | None  # None where the facts give no dates
    amount: Taxed
    length: Length


@dataclass(frozen=True, slots=True)
class Promise:
    """When it will be done (H6): at the latest after so many business days, on that date; both None: at once."""

    business_days_min: int
    business_days_max: int
    on: date | None


class Sketch(Protocol):
    """What an offer was computed from; `steps` words the computation."""

    def steps(self) -> tuple[Step, ...]:
        """The steps, in the order of the computation."""
        ...


@dataclass(frozen=True, slots=True)
class Offer:
    """A priced change. Lines sum to the totals, field by field."""

    currency: str
    operation: str  # plan | resources | period
    lines: tuple[Line, ...]
    total: Taxed  # > 0: to be paid; < 0: to be credited (see `credit_to`)
    direction: str  # up | down | sideways
    kind: str  # easy | hard
    kind_reason: str  # name of the case that decided, "" where none did
    settlement: str  # name of the policy's answer
    timing: str  # after_payment | after_acceptance | at_once | at_renewal
    credit_to: str  # where a negative total goes: deposit | account_credit | refund | nowhere
    effective: Moment | None  # the instant that the price counts from
    term_start: Moment | None  # of the term after the change
    term_end: Moment | None
    extra_time: Length | None  # added to the term by settlements that move the expiry
    value_used: Money | None  # the unused value that became time, in the seller's prices
    due_later: Taxed | None  # billed on the next invoice or at expiry, not now
    later_at: str  # next_invoice | expiry | ""
    hourly: Money | None  # of a metered service: per hour, in the seller's prices
    months_charged: Fraction | None  # of a change of the billing period that pays the missing months
    balance_used: Money  # of the client's account credit, gross
    balance_left: Money  # account credit after this change, gross: what is left, or what the credit adds
    next_renewal: Renewal | None
    next_invoice: Money | None  # gross: the renewal with what is billed later added and the account credit taken off
    promise: Promise
    notices: tuple[Notice, ...]
    told: Mapping[str, str] | None = None  # language → the policy's own sentence for the kind
    later_lines: tuple[Line, ...] = ()
    treatment: str = "standard"  # how the buyer is taxed (facts.Buyer), frozen with the offer
    tax_country: str = ""
    tax_proof: str = ""
    decided: str = ""  # the note of staff who decided the kind in the policy's place (H3)
    sketch: Sketch | None = field(default=None, compare=False, repr=False)

    @property
    def working(self) -> tuple[Step, ...]:
        """How each figure was found, step by step; made when it is asked for."""
        return self.sketch.steps() if self.sketch is not None else ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """No offer, with every reason at once."""

    reasons: tuple[Reason, ...]


class Price(NamedTuple):
    """Only the price of an offer, in whole units: `per` of them make one unit of the currency."""

    net_units: int
    tax_units: int
    gross_units: int
    per: int
    direction: str
    kind: str

    @property
    def net(self) -> Fraction:
        """The net total."""
        return Fraction(self.net_units, self.per)

    @property
    def tax(self) -> Fraction:
        """The tax."""
        return Fraction(self.tax_units, self.per)

    @property
    def gross(self) -> Fraction:
        """The gross total."""
        return Fraction(self.gross_units, self.per)
