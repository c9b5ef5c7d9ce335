"""What goes in and comes out about metered services: amounts are decimal strings, hours are whole numbers."""

from datetime import date, datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import ConfigDict, Field

from planshift.interfaces.api.v1 import shapes


class Hour(Schema):
    """What one hour costs, not rounded."""

    net: shapes.Amount
    gross: shapes.Amount


class Held(Schema):
    """What is held of one resource, in the seller's prices."""

    resource: str
    name: str
    amount: int
    price_per_hour: shapes.Amount = Field(description="of one unit")
    this_hour: shapes.Amount


class MeteredLine(Schema):
    """Unit-hours of one resource at one price, not rounded, in the seller's prices."""

    resource: str
    name: str
    unit_hours: int
    price_per_hour: shapes.Amount
    amount: shapes.Amount


class Meter(Schema):
    """A metered service at an instant. Nothing of it is stored by the hour: it is counted when it is asked for."""

    service: str
    state: str
    as_of: datetime
    held: list[Held]
    this_hour: Hour
    month: date = Field(description="its first day, in the seller's zone")
    so_far: shapes.Taxed = Field(description="of the month, rounded as its invoice")
    lines: list[MeteredLine]
    drawn: shapes.Amount = Field(description="of this month")
    undrawn: shapes.Amount
    drawn_until: date = Field(description="exclusive")
    balance: shapes.Amount = Field(description="prepaid, less what is owed and what is not drawn yet")
    lasts_until: datetime | None = Field(description="the hour at which the floor is reached; null: nothing is counted")
    currency: str


class Draw(Schema):
    """One day: what was counted and drawn."""

    on: date
    hours: int = Field(description="of the day, in which anything counted")
    lines: list[MeteredLine]
    draw: shapes.Amount = Field(description="the gross of the month so far less earlier draws")
    from_balance: shapes.Amount
    owed: shapes.Amount
    so_far: shapes.Taxed


class Draws(Schema):
    """A page of the statement; `next` is the cursor of the next page, empty on the last."""

    draws: list[Draw]
    next: str


class Prepaid(Schema):
    """A client's prepaid balance, apart from the deposit."""

    balance: shapes.Amount
    owed: shapes.Amount = Field(description="not covered by the balance: the next top-up settles it first")
    undrawn: shapes.Amount = Field(description="counted since the last draw")
    available: shapes.Amount
    currency: str
    per_hour: shapes.Amount = Field(description="gross, of all metered services together, not rounded")
    floor: shapes.Amount = Field(description="below it the services are blocked")
    warnings: list[shapes.Amount]
    lasts_until: datetime | None
    checked_at: datetime | None
    services: list[Meter]


class TransferIn(Schema):
    """What to move between deposit and prepaid balance."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"amount": "50.00", "currency": "PLN", "direction": "to_prepaid"}]},
    )
    amount: Annotated[str, Field(pattern=r"^[0-9]{1,6}([.][0-9]{1,2})?$")]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    direction: Literal["to_prepaid", "to_deposit"]
