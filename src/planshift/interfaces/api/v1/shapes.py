"""What goes in and comes out of the API: amounts are decimal strings, days ISO dates, instants ISO with zone."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import ConfigDict, Field, StringConstraints

Number = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,20}$")]
MAYBE_NUMBER = r"^[A-Za-z0-9-]{0,20}$"
Amount = Annotated[str, Field(pattern=r"^-?[0-9]+([.][0-9]+)?$", description="a decimal string", examples=["26.84"])]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
Chosen = Annotated[str, Field(pattern=r"^[a-z_]{0,40}$", description="the settlement, where the client chooses it")]

OFFER = "lines, totals, working and notices: docs/quote-format.md, docs/schemas/quote.json"


class Taxed(Schema):
    """One amount: net, tax and gross as decimal strings."""

    net: Amount
    tax: Amount
    gross: Amount


class Service(Schema):
    """A service as its client sees it."""

    number: str
    client: str
    name: str
    family: str
    plan: str
    state: str
    term_start: date
    term_end: date = Field(description="exclusive: the first day that is not paid for")
    period_months: int
    auto_renew: bool
    currency: str
    additional: dict[str, int]
    next_renewal: Taxed | None
    open_change: str = Field(description="number of the change under way, or empty")


class Services(Schema):
    """A page of services; `next` is the cursor of the next page, empty on the last."""

    services: list[Service]
    next: str


class _Strict(Schema):
    model_config = ConfigDict(extra="forbid")


class ChangePlan(_Strict):
    """Another plan, perhaps for another billing period."""

    operation: Literal["plan"]
    plan: Code
    choice: Chosen = ""


class ChangeResources(_Strict):
    """New additional amounts by resource; one that is not named stays as it is."""

    operation: Literal["resources"]
    additional: dict[Code, Annotated[int, Field(ge=0, le=1_000_000, strict=True)]] = Field(
        min_length=1, max_length=50, examples=[{"ip": 2}], json_schema_extra={"additionalProperties": False}
    )
    choice: Chosen = ""


class ChangePeriod(_Strict):
    """Only another billing period."""

    operation: Literal["period"]
    months: Annotated[int, Field(ge=1, le=120, strict=True)]
    choice: Chosen = ""


Request = Annotated[ChangePlan | ChangeResources | ChangePeriod, Field(discriminator="operation")]


class QuoteIn(_Strict):
    """What to price, for which service."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"service": "S-1001", "request": {"operation": "plan", "plan": "gold"}}]},
    )

    service: Number
    request: Request


class Quote(Schema):
    """A kept quote. `offer` is described in docs/quote-format.md."""

    number: str
    service: str
    state: Literal["open", "ordered", "expired", "stale", "replaced"]
    made_at: datetime
    valid_until: datetime
    orderable: bool
    not_orderable: list["Reason"] = Field(description="why it is shown but cannot be ordered in this version")
    change: str = Field(description="number of the change that was ordered from it, or empty")
    notices: list["Notice"] = Field(description="show each to the client; name its code when ordering (H9)")
    offer: dict[str, Any] = Field(description=OFFER)


class Notice(Schema):
    """What the client must know before ordering, in the language of the answer."""

    code: str
    title: str
    body: str


class Preview(Schema):
    """What a request would cost now, or every reason why not."""

    orderable: bool
    offer: dict[str, Any] | None = Field(description=OFFER)
    reasons: list["Reason"]
    choices: list["Choice"] = Field(description="where the client chooses the settlement: name one with the request")


class Choice(Schema):
    """A settlement that the client may choose, priced."""

    choice: str
    title: str
    orderable: bool
    offer: dict[str, Any] | None = Field(description=OFFER)
    reasons: list["Reason"]


class Shrink(Schema):
    """What is used beyond what the target holds: it must shrink first (H12)."""

    resource: str
    used: Amount
    allowed: Amount


class Option(Schema):
    """A target plan: its offer, or every reason why not."""

    plan: str
    name: str
    family: str
    current: bool
    orderable: bool
    list_price: Amount | None = Field(description="net, for one billing period; null where it has none")
    offer: dict[str, Any] | None = Field(description=OFFER)
    must_shrink: list[Shrink]
    reasons: list["Reason"]
    choices: list[Choice]


class Options(Schema):
    """All plans of the catalog beside each other, priced at one instant."""

    as_of: datetime
    options: list[Option]


class Resource(Schema):
    """A resource of the plan."""

    code: str
    name: str
    unit: str
    included: Amount = Field(description="part of the plan: a floor (D1)")
    additional: Amount
    minimum: Amount = Field(description="the smallest additional amount that can be asked for")
    maximum: Amount | None
    step: Amount
    price: Amount | None = Field(description="net, for one unit and billing period; null: not for sale")
    used: Amount | None = Field(description="as last measured")
    used_as_of: datetime | None


class Resources(Schema):
    """The plan's resources; `reasons` says why none can be changed now."""

    resources: list[Resource]
    reasons: list["Reason"]


class Period(Schema):
    """A billing period: its offer, or every reason why not."""

    months: int
    current: bool
    orderable: bool
    list_price: Amount | None
    offer: dict[str, Any] | None = Field(description=OFFER)
    reasons: list["Reason"]
    choices: list[Choice]


class Periods(Schema):
    """The billing periods of the plan."""

    periods: list[Period]


class AutoRenewal(_Strict):
    """Renew by itself at the end of the term?"""

    on: Annotated[bool, Field(strict=True)]


class ChangeIn(_Strict):
    """Order the change that a quote priced. `acknowledged` names exactly the quote's notices (H9).

    `language` is the one in which they were shown; the client's own, where it is not given.
    """

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"quote": "Q-2026-000123", "acknowledged": ["new_address"]}]}
    )

    quote: Number
    acknowledged: list[Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,60}$")]] = Field(default=[], max_length=50)
    language: Literal["en", "pl", "it"] | None = None


class Step(Schema):
    """One step of a change's timeline."""

    code: str
    title: str
    status: Literal["done", "now", "waiting", "ahead", "failed", "skipped"]
    at: datetime | None
    due_at: datetime | None
    owner: str = Field(description="who has to act: client, staff, seller or system")


class ListedChange(Schema):
    """A change in a list."""

    number: str
    client: str
    service: str
    quote: str
    state: str = Field(description="a state of docs/lifecycles.md, such as AWAITING_PAYMENT or DONE")
    final: bool
    operation: str
    kind: str
    direction: str
    ordered_at: datetime
    promised_on: date | None


class Changes(Schema):
    """A page of changes; `next` is the cursor of the next page, empty on the last."""

    changes: list[ListedChange]
    next: str


class Change(ListedChange):
    """An ordered change: what is done, what it waits for, who must act, until when."""

    order: str
    overdue: bool
    total: Taxed
    payment: "Payment | None" = Field(description="null when nothing is to be paid")
    steps: list[Step]
    duties: list[str] = Field(description="what the client has to do now (H9)")
    credentials: Literal["none", "ready", "shown", "expired"]
    new_address: str
    hold_until: datetime | None = Field(description="until when the old environment is kept")
    can_withdraw: bool
    can_switch_over: bool
    invoices: list["Invoice"]
    next_renewal: Taxed | None
    renews_on: date | None


class Credentials(Schema):
    """Access data of the new environment: shown once."""

    host: str
    user: str
    secret: str
    extra: dict[str, str]


class Payment(Schema):
    """How an open order can be paid by transfer, and why it was not paid from the deposit by itself (D4)."""

    due: Amount
    currency: str
    due_at: datetime | None
    payee: str
    account: str
    reference: str = Field(description="to be written in the title of the transfer")
    can_draw: bool = Field(description="account credit or deposit may pay by hand (pay_from_deposit)")
    why_not_from_deposit: list["Reason"]


class Invoice(Schema):
    """An issued document. `pdf` is the path of its PDF in this API."""

    number: str
    kind: Literal["proforma", "invoice", "correction"]
    issued_on: date
    total: Taxed
    order: str
    unpaid: Amount = Field(description="gross; of an invoice issued elsewhere what is still to be paid")
    pdf: str


class Reason(Schema):
    """One reason of a refusal: a stable code, its sentence, and the facts in it."""

    code: str
    text: str
    facts: dict[str, Any]


class Problem(Schema):
    """What went wrong (RFC 9457). `reasons`: all of a refusal at once; act on their codes, show their texts."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "title": "refused",
                    "status": 409,
                    "detail": "A change to a cheaper plan is not offered.",
                    "reasons": [
                        {
                            "code": "decrease_not_offered",
                            "text": "A change to a cheaper plan is not offered.",
                            "facts": {},
                        }
                    ],
                }
            ]
        }
    )

    title: str
    status: int
    detail: str
    reasons: list[Reason] = []


for waiting in (Quote, Preview, Option, Resources, Period, Change, Payment):
    waiting.model_rebuild()
