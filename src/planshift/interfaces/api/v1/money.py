"""What is to be paid, how, and which papers are there?"""

import uuid
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Path, Router
from ninja.errors import AuthorizationError
from ninja.responses import Status

from planshift.domain.money import Money
from planshift.interfaces.api.v1 import callers, money_shapes, problems, told
from planshift.procedures import e_invoices, payment, queries
from planshift.runtime import clock

router = Router(tags=["Orders, money, documents"])


@router.get("/clients", response={200: money_shapes.Clients, **problems.READING}, operation_id="list_clients")
def list_clients(request: HttpRequest, after: callers.Cursor = "", limit: callers.Limit = 50) -> dict[str, Any]:
    """The clients that the token may see."""
    found, following = queries.clients_page(holder=callers.holder(request), after=after, size=limit)
    rows = [{"number": each.number, "name": each.name, "language": each.language} for each in found]
    return {"clients": rows, "next": following}


@router.get("/orders/{number}", response={200: money_shapes.Order, **problems.READING}, operation_id="get_order")
def get_order(request: HttpRequest, number: callers.Number) -> dict[str, Any]:
    """An order: its lines as they were when it was placed, what is paid, and how the rest can be paid."""
    return _order(callers.of_order(request, number), number)


@router.post(
    "/orders/{number}/draw", response={200: money_shapes.Order, **problems.WRITING}, operation_id="pay_from_deposit"
)
def pay_from_deposit(request: HttpRequest, number: callers.Number, idempotency_key: callers.Key = "") -> dict[str, Any]:
    """Pay an open order from the client's account credit and deposit, as far as they go."""
    holder, client = callers.writer(request), callers.of_order(request, number)
    key = idempotency_key or uuid.uuid4().hex
    payment.draw(client=client, order=number, key=key, at=clock.business(), actor=holder.actor)
    return _order(client, number)


@router.get(
    "/clients/{client}/deposit", response={200: money_shapes.Deposit, **problems.READING}, operation_id="get_deposit"
)
def get_deposit(
    request: HttpRequest, client: callers.Client, after: callers.Cursor = "", limit: callers.Limit = 50
) -> dict[str, Any]:
    """The balance, a page of the movements of money (newest first), and the orders that wait for a payment."""
    number = callers.of_client(request, client)
    page = queries.money(client=number, cursor=after, size=limit, at=clock.business())
    return told.deposit(page)


@router.post(
    "/clients/{client}/deposit/top-ups",
    response={201: money_shapes.Order, **problems.WRITING_BODY},
    operation_id="create_top_up",
)
def create_top_up(
    request: HttpRequest, client: callers.Client, wanted: money_shapes.TopUpIn, idempotency_key: callers.Key = ""
) -> Status[dict[str, Any]]:
    """An order that fills the deposit once it is paid; it renews nothing by itself (D11)."""
    holder, number, at = callers.writer(request), callers.of_client(request, client), clock.business()
    order = payment.top_up(
        client=number,
        amount=Money.of(wanted.amount, wanted.currency),
        key=idempotency_key or uuid.uuid4().hex,
        at=at,
        actor=holder.actor,
    )
    return Status(201, _order(number, order))


@router.get(
    "/clients/{client}/invoices",
    response={200: money_shapes.Invoices, **problems.READING},
    operation_id="list_invoices",
)
def list_invoices(
    request: HttpRequest, client: callers.Client, after: callers.Cursor = "", limit: callers.Limit = 50
) -> dict[str, Any]:
    """Invoices and corrections, newest first, each with the address of its PDF."""
    number = callers.of_client(request, client)
    page = queries.invoices(client=number, cursor=after, size=limit)
    return {"invoices": told.invoices(number, page), "next": page.next}


@router.get(
    "/clients/{client}/invoices/{path:invoice}/pdf",
    response={200: bytes, **problems.READING},
    operation_id="get_invoice_pdf",
)
def get_invoice_pdf(
    request: HttpRequest,
    client: callers.Client,
    invoice: Annotated[str, Path(pattern=r"^[A-Za-z0-9/_.-]{1,40}$", examples=["DHI/2026/11/0001"])],
) -> HttpResponse:
    """One document as PDF. Slashes of its number may be sent as they are or as %2F."""
    name, content = queries.invoice_pdf(client=callers.of_client(request, client), number=invoice)
    return callers.attached(name, content, media="application/pdf")


@router.put(
    "/clients/{client}/invoices/{path:invoice}/e-invoice-number",
    response={200: money_shapes.EInvoiceNumber, **problems.WRITING_BODY},
    operation_id="set_e_invoice_number",
)
def set_e_invoice_number(
    request: HttpRequest,
    client: callers.Client,
    invoice: Annotated[str, Path(pattern=r"^[A-Za-z0-9/_.-]{1,40}$", examples=["DHI/2026/11/0001"])],
    given: money_shapes.EInvoiceNumber,
) -> dict[str, Any]:
    """Keep the number that KSeF or the SdI gave a document: once; it stands on the PDF and in corrections from then on.
    Only for a token of the whole seller."""
    holder, number = callers.writer(request), callers.of_client(request, client)
    if holder.client:
        raise AuthorizationError(message="Only a token of the whole seller may say this.")
    e_invoices.keep_number(
        client=number,
        number=invoice,
        e_invoice_number=given.e_invoice_number,
        at=clock.business(),
        actor=holder.actor,
    )
    return {"e_invoice_number": given.e_invoice_number}


def _order(client: str, number: str) -> dict[str, Any]:
    return told.order(client, queries.order(client=client, number=number, at=clock.business()))
