"""What does a metered service cost, and how is it paid? Live figures, the statement, the prepaid balance (D3)."""

import uuid
from typing import Any

from django.http import HttpRequest
from ninja import Router
from ninja.responses import Status

from planshift.domain.money import Money
from planshift.interfaces.api.v1 import callers, metering_shapes, money_shapes, problems, shapes, told
from planshift.interfaces.presenters import amounts
from planshift.procedures import queries, views
from planshift.procedures.metering import ending, paying
from planshift.runtime import clock

router = Router(tags=["Metered services"])


@router.get(
    "/services/{number}/meter", response={200: metering_shapes.Meter, **problems.READING}, operation_id="get_meter"
)
def get_meter(request: HttpRequest, number: callers.Number) -> dict[str, Any]:
    """What a metered service holds and costs in this hour, the month so far, and how long the balance lasts."""
    client = callers.of_service(request, number)
    return _meter(queries.meter(client=client, service=number, at=clock.business()))


@router.get(
    "/services/{number}/draws", response={200: metering_shapes.Draws, **problems.READING}, operation_id="list_draws"
)
def list_draws(
    request: HttpRequest, number: callers.Number, after: callers.Cursor = "", limit: callers.Limit = 50
) -> dict[str, Any]:
    """The statement of a metered service, one row per day, newest first; the days of a month sum to its invoice."""
    client = callers.of_service(request, number)
    page = queries.draws(client=client, service=number, cursor=after, size=limit)
    return {"draws": [_draw(row) for row in page.rows], "next": page.next}


@router.post(
    "/services/{number}/end", response={200: shapes.Service, **problems.WRITING}, operation_id="end_metered_service"
)
def end_metered_service(request: HttpRequest, number: callers.Number) -> dict[str, Any]:
    """Give a metered service up: its machine is stopped, its last month invoiced; the balance stays the client's."""
    holder, client, at = callers.writer(request), callers.of_service(request, number), clock.business()
    ending.end(client=client, service=number, at=at, actor=holder.actor)
    return told.service(client, queries.service_card(client=client, number=number, at=at))


@router.get(
    "/clients/{client}/prepaid", response={200: metering_shapes.Prepaid, **problems.READING}, operation_id="get_prepaid"
)
def get_prepaid(request: HttpRequest, client: callers.Client) -> dict[str, Any]:
    """The prepaid balance of a client with metered services, apart from the deposit."""
    number = callers.of_client(request, client)
    return _page(number)


@router.post(
    "/clients/{client}/prepaid/top-ups",
    response={201: money_shapes.Order, **problems.WRITING_BODY},
    operation_id="create_prepaid_top_up",
)
def create_prepaid_top_up(
    request: HttpRequest, client: callers.Client, wanted: money_shapes.TopUpIn, idempotency_key: callers.Key = ""
) -> Status[dict[str, Any]]:
    """An order that fills the prepaid balance once it is paid; what is owed is settled first."""
    holder, number, at = callers.writer(request), callers.of_client(request, client), clock.business()
    order = paying.top_up(
        client=number,
        amount=Money.of(wanted.amount, wanted.currency),
        key=idempotency_key or uuid.uuid4().hex,
        at=at,
        actor=holder.actor,
    )
    return Status(201, told.order(number, queries.order(client=number, number=order, at=at)))


@router.post(
    "/clients/{client}/prepaid/transfers",
    response={200: metering_shapes.Prepaid, **problems.WRITING_BODY},
    operation_id="create_prepaid_transfer",
)
def create_prepaid_transfer(
    request: HttpRequest, client: callers.Client, wanted: metering_shapes.TransferIn, idempotency_key: callers.Key = ""
) -> dict[str, Any]:
    """Move money between deposit and prepaid balance, once per key."""
    holder, number = callers.writer(request), callers.of_client(request, client)
    paying.transfer(
        client=number,
        direction=wanted.direction,
        amount=Money.of(wanted.amount, wanted.currency),
        key=idempotency_key or uuid.uuid4().hex,
        at=clock.business(),
        actor=holder.actor,
    )
    return _page(number)


def _page(client: str) -> dict[str, Any]:
    page = queries.prepaid_page(client=client, at=clock.business())
    return {**_prepaid(page.prepaid), "services": [_meter(each) for each in page.meters]}


def _prepaid(found: views.Prepaid) -> dict[str, Any]:
    return {
        "balance": found.balance.text,
        "owed": found.owed.text,
        "undrawn": found.undrawn.text,
        "available": found.available.text,
        "currency": found.balance.currency,
        "per_hour": amounts_text(found.hour_gross),
        "floor": found.floor.text,
        "warnings": [each.text for each in found.warnings],
        "lasts_until": found.lasts_until,
        "checked_at": found.checked_at,
    }


def _meter(found: views.Meter) -> dict[str, Any]:
    return {
        "service": found.service,
        "state": found.state,
        "as_of": found.as_of,
        "held": [
            {
                "resource": each.resource,
                "name": amounts.words(each.name),
                "amount": each.amount,
                "price_per_hour": each.price.text,
                "this_hour": each.hour.text,
            }
            for each in found.held
        ],
        "this_hour": {"net": amounts_text(found.hour_net), "gross": amounts_text(found.hour_gross)},
        "month": found.month,
        "so_far": told.taxed(found.so_far),
        "lines": [_line(each) for each in found.lines],
        "drawn": found.drawn.text,
        "undrawn": found.undrawn.text,
        "drawn_until": found.drawn_until,
        "balance": found.prepaid.available.text,
        "lasts_until": found.prepaid.lasts_until,
        "currency": found.drawn.currency,
    }


def _draw(row: views.DrawRow) -> dict[str, Any]:
    return {
        "on": row.on,
        "hours": row.hours,
        "lines": [_line(each) for each in row.lines],
        "draw": row.draw.text,
        "from_balance": row.from_balance.text,
        "owed": row.owed.text,
        "so_far": told.taxed(row.so_far),
    }


def _line(each: views.MeteredLine) -> dict[str, Any]:
    return {
        "resource": each.resource,
        "name": amounts.words(each.name),
        "unit_hours": each.units,
        "price_per_hour": each.price.text,
        "amount": amounts_text(each.amount),
    }


def amounts_text(amount: Money) -> str:
    """An exact amount as a decimal string; one without a short decimal to eight places."""
    return amount.rounded(decimals=8).text
