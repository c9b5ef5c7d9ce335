"""What would a change cost, exactly? Ask, and keep the answer."""

from typing import Any

from django.http import HttpRequest
from ninja import Router
from ninja.responses import Status

from planshift.domain import facts, quote_json
from planshift.domain.periods import Length
from planshift.interfaces.api.v1 import callers, problems, shapes, told
from planshift.procedures import change, queries
from planshift.runtime import clock

router = Router(tags=["Quotes"])


@router.post("/quotes/preview", response={200: shapes.Preview, **problems.WRITING_BODY}, operation_id="preview_quote")
def preview_quote(request: HttpRequest, wanted: shapes.QuoteIn) -> dict[str, Any]:
    """The same price from the same rules, kept nowhere. A refusal is an answer here: `offer` is null."""
    client = callers.of_service(request, wanted.service)
    seen = queries.what_if(client=client, service=wanted.service, request=_asked(wanted.request), at=clock.business())
    return {
        "orderable": seen.orderable,
        "offer": quote_json.encode(seen.offer) if seen.offer else None,
        "reasons": [problems.reason(each, seen.names) for each in (*seen.reasons, *seen.not_orderable)],
        "choices": told.choices(seen.choices, seen.names),
    }


@router.post("/quotes", response={201: shapes.Quote, **problems.WRITING_BODY}, operation_id="create_quote")
def create_quote(
    request: HttpRequest, wanted: shapes.QuoteIn, idempotency_key: callers.Key = ""
) -> Status[dict[str, Any]]:
    """Price a change and keep the quote: numbered, frozen, valid until the stated instant."""
    holder, at = callers.writer(request), clock.business()
    client = callers.of_service(request, wanted.service)
    number = change.offer(
        client=client,
        service=wanted.service,
        request=_asked(wanted.request),
        at=at,
        actor=holder.actor,
        key=idempotency_key,
    )
    return Status(201, told.quote(queries.kept_quote(client=client, number=number, at=at)))


@router.get("/quotes/{number}", response={200: shapes.Quote, **problems.READING}, operation_id="get_quote")
def get_quote(request: HttpRequest, number: callers.Number) -> dict[str, Any]:
    """A kept quote, and whether it can still be ordered."""
    client = callers.of_quote(request, number)
    return told.quote(queries.kept_quote(client=client, number=number, at=clock.business()))


def _asked(wanted: shapes.ChangePlan | shapes.ChangeResources | shapes.ChangePeriod) -> facts.Request:
    if isinstance(wanted, shapes.ChangePlan):
        return facts.ChangePlan(target=wanted.plan, choice=wanted.choice)
    if isinstance(wanted, shapes.ChangeResources):
        return facts.ChangeResources(amounts=dict(wanted.additional), choice=wanted.choice)
    return facts.ChangePeriod(length=Length(wanted.months), choice=wanted.choice)
