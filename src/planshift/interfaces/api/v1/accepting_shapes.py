"""What does the API tell of a corrective document that waits for its acceptance (D5)?"""

from datetime import date, datetime
from typing import Literal

from ninja import Schema
from pydantic import Field

from planshift.interfaces.api.v1 import shapes


class CorrectedLine(Schema):
    """One line of the corrected document: before, after, difference."""

    text: str
    start_on: date | None
    end_on: date | None
    before: shapes.Taxed
    after: shapes.Taxed
    difference: shapes.Taxed


class CorrectivePaper(Schema):
    """A corrective document, or its draft while it is not issued."""

    number: str
    issued: bool
    state: str = Field(description="a state of docs/lifecycles.md, correction")
    corrects: str = Field(description="number of the corrected invoice")
    lines: list[CorrectedLine]
    difference: shapes.Taxed


class Acceptance(Schema):
    """A corrective document that waits for the client's acceptance: nothing moves before it (D5)."""

    change: str
    client: str
    service: str
    state: str = Field(description="a state of docs/lifecycles.md, acceptance")
    can_answer: bool
    credit: shapes.Amount = Field(description="gross")
    credit_to: Literal["deposit", "account_credit", "refund"]
    currency: str
    papers: list[CorrectivePaper]
    asked_at: datetime | None
    last_on: date | None = Field(description="the last day on which an acceptance counts")
    next_term_on: date | None = Field(description="the day on which it may begin instead, with nothing to accept")


class Acceptances(Schema):
    """A page of them; `next` is the cursor of the next page, empty on the last."""

    acceptances: list[Acceptance]
    next: str
