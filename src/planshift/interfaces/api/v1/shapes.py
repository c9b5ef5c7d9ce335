"""What goes in and comes out of the API: amounts are decimal strings, days ISO dates, instants ISO with zone."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import ConfigDict, Field, StringConstraints

Number = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9/-]{1,40}$")]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]


class Taxed(Schema):
    """One amount: net, tax and gross as decimal strings."""

    net: str
    tax: str
    gross: str


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


class ChangeResources(_Strict):
    """New additional amounts by resource; one that is not named stays as it is."""

    operation: Literal["resources"]
    additional: dict[Code, Annotated[int, Field(ge=0, le=1_000_000, strict=True)]] = Field(
        min_length=1, max_length=50, examples=[{"ip": 2}], json_schema_extra={"additionalProperties": False}
    )


class ChangePeriod(_Strict):
    """Only another billing period."""

    operation: Literal["period"]
    months: Annotated[int, Field(ge=1, le=120, strict=True)]


Request = Annotated[ChangePlan | ChangeResources | ChangePeriod, Field(discriminator="operation")]


class QuoteIn(_Strict):
    """What to price, for which service."""

    service: Number
    request: Request


class Quote(Schema):
    """A kept quote. `offer` is described in docs/quote-format.md."""

    number: str
    service: str
    state: Literal["open", "ordered", "expired", "stale"]
    made_at: datetime
    valid_until: datetime
    orderable: bool
    not_orderable: list[str] = Field(description="why it is shown but cannot be ordered in this version")
    change: str
    offer: dict[str, Any]


class Option(Schema):
    """A target plan: its offer, or every reason why not."""

    plan: str
    current: bool
    orderable: bool
    offer: dict[str, Any] | None
    reasons: list["Reason"]


class Options(Schema):
    """All plans of the catalog beside each other, priced at one instant."""

    as_of: datetime
    options: list[Option]


class ChangeIn(_Strict):
    """Order the change that a quote priced. `acknowledged` names exactly the quote's notices (H9)."""

    quote: Number
    acknowledged: list[Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,60}$")]] = Field(default=[], max_length=50)
    language: Literal["en", "pl", "it"] = "en"


class Step(Schema):
    """One step of a change's timeline."""

    code: str
    status: str
    at: datetime | None
    due_at: datetime | None
    owner: str


class Change(Schema):
    """An ordered change: what is done, what it waits for, who must act, until when."""

    number: str
    service: str
    quote: str
    order: str
    state: str
    final: bool
    operation: str
    kind: str
    direction: str
    ordered_at: datetime
    promised_on: date | None
    overdue: bool
    total: Taxed
    payment: "Payment | None"
    steps: list[Step]
    invoices: list[str]
    next_renewal: Taxed | None


class Payment(Schema):
    """How an open order can be paid by transfer, and why it was not paid from the deposit by itself (D4)."""

    due: str
    currency: str
    due_at: datetime | None
    payee: str
    account: str
    reference: str
    why_not_from_deposit: list[str]


class Reason(Schema):
    """One reason of a refusal: a stable code, its sentence, and the facts in it."""

    code: str
    text: str
    facts: dict[str, Any]


class Problem(Schema):
    """What went wrong, as in RFC 9457; `reasons` holds every reason of a refusal at once."""

    title: str
    status: int
    detail: str
    reasons: list[Reason] = []


Option.model_rebuild()
Change.model_rebuild()
