"""What must be known to price one change? Everything a quote needs, frozen; nothing else is looked up.

Amounts are net or gross as `catalog.seller.prices` says (see `Seller`). Days are days of the seller's zone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from planshift.domain.catalog import Catalog
from planshift.domain.exact import Exact, Fraction
from planshift.domain.money import Money
from planshift.domain.periods import Length, Moment, Period

PLAN = "plan"  # the component of a billed line that paid for the plan itself
SETUP = "setup"
FEE = "fee"
NEXT_TERM = "next_term"  # a request begins with the next term, in the place of a decrease that nobody answered


def resource_component(code: str) -> str:
    """The component of a billed line that paid for an additional resource: "resource:ip"."""
    return f"resource:{code}"


@dataclass(frozen=True, slots=True)
class Counts:
    """A position in the term by counts, for a source that gives no dates: used + remaining = total, in one unit.

    The unit "term" counts in whole terms: half of one used is `Counts("term", 1, 1/2, 1/2)`.
    """

    unit: str
    total: Exact | None  # None: not stated; then only a policy with a fixed divisor can price it
    used: Exact | None
    remaining: Exact


@dataclass(frozen=True, slots=True)
class Credit:
    """What one correction gave back of a billed line, for the time from a moment to the end of the line's own."""

    amount: Money
    since: Moment


@dataclass(frozen=True, slots=True)
class BilledLine:
    """One line really billed for this term: what it was for, what was paid for it, what was given back already.

    `amount` is the line's price as billed (after discounts), net or gross as the seller's prices are; `paid` is how
    much of it was paid, `credited` how much corrections have returned. Nothing ever credits more than paid - credited.
    """

    id: str
    component: str  # PLAN, SETUP, FEE or resource_component(code)
    amount: Money
    paid: Money
    credited: Money
    tax_rate: Fraction  # Fraction(23, 100)
    period: Period | None = None  # the time it pays for; None: the whole term
    quantity: int = 1
    document: str = ""
    issued_on: date | None = None
    credits: tuple[Credit, ...] = ()  # of `credited`, what was given back for unused time: it is not unused twice
    # The units held before a raise, on top of which it billed its own; None: all that were held when it was billed
    on_top_of: int | None = None

    @property
    def creditable(self) -> Money:
        """paid - credited, never below 0."""
        rest = self.paid - self.credited if self.credited.amount.numerator else self.paid
        return rest if rest.amount.numerator > 0 else Money.zero(rest.currency)


@dataclass(frozen=True, slots=True)
class Discount:
    """A discount of this client on this service, as a share of the list price (Fraction(1, 4) for 25 %)."""

    share: Fraction
    perpetual: bool = False  # holds for every later price too
    new_share: Fraction | None = None  # another discount that holds for the target's price


@dataclass(frozen=True, slots=True)
class Attached:
    """An additional service attached to this one (H10)."""

    number: str
    name: str
    code: str  # its plan code
    again_on: tuple[str, ...] = ()  # plan or family codes that it can be attached to again
    data_lost: bool = True
    amount: Money | None = None  # what was paid for its current term


@dataclass(frozen=True, slots=True)
class Service:
    """The service to be changed, as it stands."""

    plan: str
    length: Length  # of a billing period: the price in the catalog for this length is its price
    term: Period | None  # the paid term [start, end); None when `counts` tell the position
    counts: Counts | None = None
    resources: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))  # additional amounts
    number: str = ""
    auto_renew: bool = False
    payment_method: str = ""
    bought_on: date | None = None  # first day of the very first term
    agreed_on: date | None = None  # day on which the present plan was taken; None: its renewal costs the list price
    held: tuple[tuple[date, date], ...] = ()  # days of prices that its client was not told in time, and until when
    changed_on: date | None = None  # of the last executed change
    discount: Discount | None = None
    promotional: bool = False  # the current term was sold at a promotional price
    prepaid_periods: int = 0  # whole later billing periods already paid, after `term`
    zone: ZoneInfo | None = None  # the client's time zone, where it is known
    bill_day: int = 0  # the account's billing day of the month; 0: none
    aligned_until: date | None = None  # end of the term of the service that this one is to end with
    unused_value: Money | None = None  # stated by the source where it cannot be computed
    announced_on: date | None = None  # when the client announced the change, where earlier than the request
    numbers: Mapping[str, int] = field(
        default_factory=lambda: MappingProxyType({})
    )  # domains, mailboxes: for fees by number
    highest_plan: str = ""  # the dearest plan used in this calendar month (settled in arrears)
    attached: tuple[Attached, ...] = ()
    traits: Mapping[str, str | int | bool] = field(default_factory=lambda: MappingProxyType({}))  # override the plan's
    owner_only: bool = False


@dataclass(frozen=True, slots=True)
class Usage:
    """A reading of what the service really uses, per resource."""

    amounts: Mapping[str, int]
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Capacity:
    """What the machines still have room for, per resource or per plan code."""

    free: Mapping[str, int]
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """Open business between client and seller that can stand in the way."""

    unpaid_documents: tuple[str, ...] = ()  # numbers of overdue or unpaid invoices of this service
    open_change: str = ""  # number of a change under way
    renewal_issued: str = ""  # number of the renewal document already issued
    renewal_paid: bool = False
    deposit: Money | None = None
    account_credit: Money | None = None


@dataclass(frozen=True, slots=True)
class Buyer:
    """How the buyer is taxed: "standard" at the seller's rate, "oss" at `tax_rate`, that of the buyer's country; any
    other treatment at 0 with its reason."""

    treatment: str = "standard"  # standard | oss | reverse_charge | exempt | outside_scope
    country: str = ""  # whose VAT is meant
    tax_rate: Fraction | None = None  # of "oss"
    proof: str = ""  # what shows the treatment: VIES' answer, kinds of evidence
    prepaid_credit: Money | None = None  # pays from the seller's prepaid credit


@dataclass(frozen=True, slots=True)
class Decided:
    """What staff decided in the policy's place about the kind of this change, with the note that the client reads
    (H3)."""

    kind: str  # easy | hard
    note: str


@dataclass(frozen=True, slots=True)
class Facts:
    """All facts of one quote."""

    catalog: Catalog
    service: Service
    # In the order in which they were issued; None: the list price of the term, less the discount, was paid once
    billed: tuple[BilledLine, ...] | None = None
    buyer: Buyer = Buyer()
    usage: Usage | None = None
    capacity: Capacity | None = None
    standing: Standing = Standing()
    decided: Decided | None = None  # None: the policy decides between easy and hard


@dataclass(frozen=True, slots=True)
class ChangePlan:
    """All parameters move to `target`'s, perhaps with another billing period. Additional resources stay if offered."""

    target: str
    length: Length | None = None
    amounts: Mapping[str, int] = field(
        default_factory=lambda: MappingProxyType({})
    )  # new additional amounts, where they change too
    choice: str = ""  # the settlement that the client chose, where the policy lets them choose
    asked_by: str = "client"  # client | owner | staff
    paid_at: Moment | None = None  # when known: instants that a policy may count from
    ready_at: Moment | None = None
    begins: str = ""  # NEXT_TERM, or as the policy says


@dataclass(frozen=True, slots=True)
class ChangeResources:
    """New additional amounts, by resource code; a resource not named stays as it is."""

    amounts: Mapping[str, int]
    choice: str = ""
    asked_by: str = "client"
    paid_at: Moment | None = None
    ready_at: Moment | None = None
    begins: str = ""  # NEXT_TERM, or as the policy says


@dataclass(frozen=True, slots=True)
class ChangePeriod:
    """Only another billing period (1 -> 3 months)."""

    length: Length
    choice: str = ""
    asked_by: str = "client"
    paid_at: Moment | None = None
    ready_at: Moment | None = None


Request = ChangePlan | ChangeResources | ChangePeriod
