"""Which services are there, and what could each become at which price?"""

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router

from planshift.interfaces.api.v1 import callers, problems, shapes, told
from planshift.procedures import queries, service
from planshift.runtime import clock

router = Router(tags=["Services"])
OfClient = Annotated[str, Query("", pattern=shapes.MAYBE_NUMBER, description="only of this client")]


@router.get("/services", response={200: shapes.Services, **problems.READING}, operation_id="list_services")
def list_services(
    request: HttpRequest, client: OfClient = "", after: callers.Cursor = "", limit: callers.Limit = 50
) -> dict[str, Any]:
    """The services that the token may see, oldest first."""
    found, following = queries.services_page(
        holder=callers.holder(request), client=client, after=after, size=limit, at=clock.business()
    )
    return {"services": [told.service(owner, card) for owner, card in found], "next": following}


@router.get("/services/{number}", response={200: shapes.Service, **problems.READING}, operation_id="get_service")
def get_service(request: HttpRequest, number: callers.Number) -> dict[str, Any]:
    """One service: its plan, its term, what the next renewal costs, and the change under way."""
    client = callers.of_service(request, number)
    return told.service(client, queries.service_card(client=client, number=number, at=clock.business()))


@router.get(
    "/services/{number}/options", response={200: shapes.Options, **problems.READING}, operation_id="list_options"
)
def list_options(request: HttpRequest, number: callers.Number) -> dict[str, Any]:
    """Every plan beside the present one: what it would cost today, or every reason why not. Nothing is kept."""
    client = callers.of_service(request, number)
    page = queries.options(client=client, service=number, at=clock.business())
    return {"as_of": page.as_of, "options": [told.option(each, page.names) for each in page.options]}


@router.get(
    "/services/{number}/resources", response={200: shapes.Resources, **problems.READING}, operation_id="list_resources"
)
def list_resources(request: HttpRequest, number: callers.Number) -> dict[str, Any]:
    """What can be bought on top of the plan and given up again; the plan's own amounts are a floor (D1)."""
    client = callers.of_service(request, number)
    page = queries.resources(client=client, service=number, at=clock.business())
    return {
        "resources": [told.resource(row) for row in page.resources],
        "reasons": [problems.reason(each) for each in page.reasons],
    }


@router.get(
    "/services/{number}/periods", response={200: shapes.Periods, **problems.READING}, operation_id="list_periods"
)
def list_periods(request: HttpRequest, number: callers.Number) -> dict[str, Any]:
    """Every billing period that the plan is sold for (D11)."""
    client = callers.of_service(request, number)
    page = queries.periods(client=client, service=number, at=clock.business())
    return {"periods": [told.period(each, page.names) for each in page.options]}


@router.put(
    "/services/{number}/auto-renewal",
    response={200: shapes.Service, **problems.WRITING_BODY},
    operation_id="set_auto_renewal",
)
def set_auto_renewal(request: HttpRequest, number: callers.Number, wanted: shapes.AutoRenewal) -> dict[str, Any]:
    """Switch automatic renewal on or off. On, with enough deposit, orders are paid by themselves (D4)."""
    holder, client, at = callers.writer(request), callers.of_service(request, number), clock.business()
    service.set_auto_renew(client=client, service=number, on=wanted.on, at=at, actor=holder.actor)
    return told.service(client, queries.service_card(client=client, number=number, at=at))
