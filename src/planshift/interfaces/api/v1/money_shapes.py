"""What goes in and comes out about money and papers: amounts are decimal strings."""

from datetime import date, datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import ConfigDict, Field

from planshift.interfaces.api.v1 import shapes


class Client(Schema):
    """A client of the seller."""

    number: str
    name: str
    language: str


class Clients(Schema):
    """A page of clients; `next` is the cursor of the next page, empty on the last."""

    clients: list[Client]
    next: str


class Line(Schema):
    """A line of an order, as it was worded when it was placed."""

    text: str
    quantity: int
    start: date | None
    end: date | None = Field(description="exclusive")
    vat_percent: shapes.Amount
    amount: shapes.Taxed


class Order(Schema):
    """An order: what is to be paid for what."""

    number: str
    client: str
    state: str = Field(description="a state of docs/lifecycles.md, such as AWAITING_PAYMENT or PAID")
    placed_at: datetime
    service: str = Field(description="empty for a top-up")
    change: str = Field(description="empty for a top-up and a renewal")
    lines: list[Line]
    total: shapes.Taxed
    paid: shapes.Amount
    drawn_by_itself: bool = Field(description="account credit and deposit paid it without anybody's doing (D4)")
    from_account_credit: shapes.Amount = Field(description="what account credit has paid of it")
    payment: shapes.Payment | None
    invoices: list[shapes.Invoice]


class OpenOrder(Schema):
    """An order that waits for a payment."""

    number: str
    due: shapes.Amount
    currency: str
    due_at: datetime | None
    change: str


class Movement(Schema):
    """Money that moved: more than 0 in, less than 0 out of deposit, account credit or prepaid balance."""

    at: datetime
    account: Literal["deposit", "account_credit", "prepaid", "payment"]
    code: str
    title: str
    amount: shapes.Amount
    currency: str
    reference: str = Field(description="number of the document, order or payment")


class Deposit(Schema):
    """The deposit of a client; `next` is the cursor of the next page of movements, empty on the last."""

    balance: shapes.Amount | None = Field(description="null: the seller keeps no deposits")
    currency: str | None
    open_orders: list[OpenOrder]
    movements: list[Movement]
    next: str


class TopUpIn(Schema):
    """How much to pay into the deposit."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"amount": "100.00", "currency": "PLN"}]})
    amount: Annotated[str, Field(pattern=r"^[0-9]{1,6}([.][0-9]{1,2})?$")]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class Invoices(Schema):
    """A page of documents; `next` is the cursor of the next page, empty on the last."""

    invoices: list[shapes.Invoice]
    next: str


class EInvoiceNumber(Schema):
    """The number of a document in the clearing system."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"e_invoice_number": "5260250274-20260901-0100001AF629-AF"}]}
    )
    e_invoice_number: Annotated[str, Field(pattern=r"^[!-~]{1,60}$")]
