"""What happened to a client's deposit and account credit, and how the deposit is paid out (D11)."""

import uuid
from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router, Schema
from ninja.responses import Status
from pydantic import ConfigDict, Field

from planshift.domain import deposit_statement
from planshift.domain.money import Money
from planshift.interfaces.api.v1 import callers, clock_shapes, problems, shapes
from planshift.interfaces.presenters import movements
from planshift.procedures import deposit as doing
from planshift.procedures import goodwill
from planshift.procedures.queries import deposit
from planshift.runtime import clock

router = Router(tags=["Orders, money, documents"])
First = Annotated[date, Query(..., alias="from", description="first day, in the seller's zone")]
Last = Annotated[date, Query(..., alias="to", description="day after the last one")]


class Move(Schema):
    """One movement: more than 0 in, less than 0 out; `balance` is what was there after it."""

    on: date
    code: str
    title: str
    reference: str
    amount: shapes.Amount
    balance: shapes.Amount


class Statement(Schema):
    """The deposit, or the account credit, in [from, to): opening + all movements = closing."""

    currency: str
    opening: shapes.Amount
    closing: shapes.Amount
    movements: list[Move]


class AccountCredit(Schema):
    """It is never paid out; what it is not used for is paid otherwise."""

    balance: shapes.Amount
    currency: str
    pays: Literal["changes_and_renewals", "renewals", "renewals_and_some_changes"]


class GrantIn(Schema):
    """How much, and why: the audit keeps the reason."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"amount": "10.00", "currency": "EUR", "reason": "an outage on 1 September"}]},
    )
    amount: Annotated[str, Field(pattern=r"^[0-9]{1,8}([.][0-9]{1,2})?$")]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    reason: clock_shapes.Note


class Payout(Schema):
    """A payout of the deposit; the amount is set aside while it waits."""

    number: str
    state: Literal["REQUESTED", "PAID_OUT", "REFUSED", "WITHDRAWN"]
    amount: shapes.Amount
    currency: str
    holder: str
    iban: str
    requested_at: datetime
    due_at: datetime = Field(description="staff send it by then")
    closed_at: datetime | None
    note: str = Field(description="why it was refused")


class Payouts(Schema):
    """The newest payouts."""

    payouts: list[Payout]


class PayoutIn(Schema):
    """How much of the deposit to pay out, and whereto."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "amount": "10.00",
                    "currency": "PLN",
                    "holder": "Demo Piekarnia",
                    "iban": "PL61109010140000071219812874",
                }
            ]
        },
    )
    amount: Annotated[str, Field(pattern=r"^[0-9]{1,8}([.][0-9]{1,2})?$")]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    holder: Annotated[str, Field(min_length=1, max_length=140)]
    iban: Annotated[str, Field(pattern=r"^[A-Za-z0-9 ]{5,42}$")]


@router.get(
    "/clients/{client}/deposit/statement",
    response={200: Statement, **problems.declared(409)},
    operation_id="get_deposit_statement",
)
def get_deposit_statement(request: HttpRequest, client: callers.Client, first: First, last: Last) -> dict[str, Any]:
    """Every movement of the deposit in a period, oldest first, each with the balance after it."""
    return _told(deposit.statement(client=callers.of_client(request, client), start_on=first, end_on=last))


@router.get(
    "/clients/{client}/account-credit",
    response={200: AccountCredit, **problems.READING},
    operation_id="get_account_credit",
)
def get_account_credit(request: HttpRequest, client: callers.Client) -> dict[str, Any]:
    """What was credited to the client's account and is not used yet, and what it is used for by itself."""
    return _credit(callers.of_client(request, client))


@router.post(
    "/clients/{client}/account-credit/grants",
    response={200: AccountCredit, **problems.WRITING_BODY},
    operation_id="grant_account_credit",
)
def grant_account_credit(
    request: HttpRequest, client: callers.Client, wanted: GrantIn, idempotency_key: callers.Key = ""
) -> dict[str, Any]:
    """Give a client account credit out of goodwill, once per key. Only a token of the whole seller may."""
    return _moved(request, client, wanted, idempotency_key, goodwill.grant)


@router.post(
    "/clients/{client}/account-credit/take-backs",
    response={200: AccountCredit, **problems.WRITING_BODY},
    operation_id="take_back_account_credit",
)
def take_back_account_credit(
    request: HttpRequest, client: callers.Client, wanted: GrantIn, idempotency_key: callers.Key = ""
) -> dict[str, Any]:
    """Take back what is not used of granted account credit, once per key. Only a token of the whole seller may."""
    return _moved(request, client, wanted, idempotency_key, goodwill.take_back)


def _moved(request: HttpRequest, client: str, wanted: GrantIn, key: str, act: Callable[..., None]) -> dict[str, Any]:
    holder, seller = callers.writer(request), callers.sellers_client(request, client)
    act(
        sellers=(seller,),
        client=client,
        amount=Money.of(wanted.amount, wanted.currency),
        note=wanted.reason,
        key=key or uuid.uuid4().hex,
        at=clock.business(),
        actor=holder.actor,
    )
    return _credit(client)


def _credit(client: str) -> dict[str, Any]:
    page = deposit.page(client=client, kind="account_credit", size=1)
    return {"balance": page.balance.text, "currency": page.balance.currency, "pays": page.pays}


@router.get(
    "/clients/{client}/account-credit/statement",
    response={200: Statement, **problems.declared(409)},
    operation_id="get_account_credit_statement",
)
def get_account_credit_statement(
    request: HttpRequest, client: callers.Client, first: First, last: Last
) -> dict[str, Any]:
    """Every movement of the account credit in a period, oldest first, each with the balance after it."""
    number = callers.of_client(request, client)
    return _told(deposit.statement(client=number, kind="account_credit", start_on=first, end_on=last))


def _told(found: deposit_statement.Statement) -> dict[str, Any]:
    return {
        "currency": found.opening.currency,
        "opening": found.opening.text,
        "closing": found.closing.text,
        "movements": [
            {
                "on": row.on,
                "code": row.code,
                "title": movements.title(row),
                "reference": row.reference,
                "amount": row.amount.text,
                "balance": row.balance.text,
            }
            for row in found.rows
        ],
    }


@router.get(
    "/clients/{client}/deposit/statement/pdf",
    response={200: bytes, **problems.declared(409)},
    operation_id="get_deposit_statement_pdf",
)
def get_deposit_statement_pdf(request: HttpRequest, client: callers.Client, first: First, last: Last) -> HttpResponse:
    """The statement of a period as PDF, in the client's language."""
    number = callers.of_client(request, client)
    name, content = deposit.statement_pdf(client=number, start_on=first, end_on=last)
    return callers.attached(name, content, media="application/pdf")


@router.get(
    "/orders/{number}/receipt/pdf",
    response={200: bytes, **problems.READING},
    operation_id="get_receipt_pdf",
)
def get_receipt_pdf(request: HttpRequest, number: callers.Number) -> HttpResponse:
    """The receipt of a paid top-up as PDF; another order has none (404)."""
    name, content = deposit.receipt_pdf(client=callers.of_order(request, number), order=number)
    return callers.attached(name, content, media="application/pdf")


@router.get(
    "/clients/{client}/deposit/payouts",
    response={200: Payouts, **problems.READING},
    operation_id="list_payouts",
)
def list_payouts(request: HttpRequest, client: callers.Client) -> dict[str, Any]:
    """The newest payouts of the deposit."""
    page = deposit.page(client=callers.of_client(request, client), size=1)
    return {"payouts": [_payout(each) for each in page.payouts]}


@router.post(
    "/clients/{client}/deposit/payouts",
    response={201: Payout, **problems.WRITING_BODY},
    operation_id="create_payout",
)
def create_payout(
    request: HttpRequest, client: callers.Client, wanted: PayoutIn, idempotency_key: callers.Key = ""
) -> Status[dict[str, Any]]:
    """Ask for a payout of the deposit to a bank account; the amount is set aside until staff send it."""
    holder, number = callers.writer(request), callers.of_client(request, client)
    made = doing.ask(
        client=number,
        amount=Money.of(wanted.amount, wanted.currency),
        holder=wanted.holder,
        iban=wanted.iban,
        key=idempotency_key or uuid.uuid4().hex,
        at=clock.business(),
        actor=holder.actor,
    )
    return Status(201, _found(number, made))


@router.post(
    "/clients/{client}/deposit/payouts/{payout}/withdraw",
    response={200: Payout, **problems.WRITING},
    operation_id="withdraw_payout",
)
def withdraw_payout(
    request: HttpRequest, client: callers.Client, payout: Annotated[shapes.Number, Path(examples=["W-2611-7K3M9QX2A4"])]
) -> dict[str, Any]:
    """Take a payout back as long as it was not sent; the amount is in the deposit again."""
    holder, number = callers.writer(request), callers.of_client(request, client)
    doing.withdraw(client=number, number=payout, at=clock.business(), actor=holder.actor)
    return _found(number, payout)


def _found(client: str, payout: str) -> dict[str, Any]:
    return _payout(deposit.payout(client=client, number=payout))


def _payout(each: Any) -> dict[str, Any]:
    names = ("number", "state", "holder", "iban", "requested_at", "due_at", "closed_at", "note")
    told = {name: getattr(each, name) for name in names}
    return {**told, "amount": each.amount.text, "currency": each.amount.currency}
