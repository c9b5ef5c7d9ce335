"""The REST API, version 1: translate, make one call, translate back. It decides nothing."""

import uuid
from typing import Annotated, Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from ninja import Header, NinjaAPI, Query, Router
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.responses import Status
from ninja.security import HttpBearer

from planshift.domain import facts, quote_json
from planshift.domain.errors import Refused
from planshift.domain.periods import Length
from planshift.domain.tax import Taxed
from planshift.interfaces.api.v1 import problems, reading, shapes
from planshift.interfaces.presenters import notices
from planshift.procedures import access, change, placing, queries, views
from planshift.runtime import clock

ENDPOINT = "api-1"


class Token(HttpBearer):
    """`Authorization: Bearer ps_…`"""

    def authenticate(self, request: HttpRequest, token: str) -> access.Holder | None:
        return access.holder_of(token=token, at=clock.system())


router = Router(auth=Token())


def _holder(request: HttpRequest) -> access.Holder:
    holder: access.Holder = request.auth  # type: ignore[attr-defined]
    return holder


@router.get("/services", response={200: shapes.Services, **problems.READING}, operation_id="list_services")
def list_services(
    request: HttpRequest,
    after: Annotated[str, Query("", pattern=r"^[A-Za-z0-9-]{0,20}$", description="cursor of the page before")] = "",
) -> dict[str, Any]:
    """The services that the token may see, client by client."""
    at = clock.business()
    clients = access.clients_of(holder=_holder(request), after=after, limit=20)
    found = [_service(client, card) for client, card in queries.services_of_clients(clients=clients, at=at)]
    return {"services": found, "next": clients[-1] if len(clients) == 20 else ""}


@router.get("/services/{number}", response={200: shapes.Service, **problems.READING}, operation_id="get_service")
def get_service(request: HttpRequest, number: shapes.Number) -> dict[str, Any]:
    """One service."""
    client = access.client_of_service(holder=_holder(request), service=number)
    return _service(client, queries.service_card(client=client, number=number, at=clock.business()))


@router.get(
    "/services/{number}/options", response={200: shapes.Options, **problems.READING}, operation_id="list_options"
)
def list_options(request: HttpRequest, number: shapes.Number) -> dict[str, Any]:
    """What every other plan would cost today, or why it is not offered. Nothing is kept."""
    client = access.client_of_service(holder=_holder(request), service=number)
    page = queries.options(client=client, service=number, at=clock.business())
    return {
        "as_of": page.as_of,
        "options": [
            {
                "plan": each.plan_code,
                "current": each.current,
                "orderable": each.orderable,
                "offer": quote_json.encode(each.offer) if each.offer else None,
                "reasons": [problems.reason(reason, page.names) for reason in (*each.reasons, *each.not_orderable)],
            }
            for each in page.options
        ],
    }


@router.post("/quotes", response={201: shapes.Quote, **problems.WRITING_BODY}, operation_id="create_quote")
def create_quote(request: HttpRequest, wanted: shapes.QuoteIn) -> Status[dict[str, Any]]:
    """Price a change and keep the quote: numbered, frozen, valid until the stated instant."""
    holder, at = _holder(request), clock.business()
    client = access.client_of_service(holder=holder, service=wanted.service)
    number = change.offer(
        client=client, service=wanted.service, request=_request(wanted.request), at=at, actor=holder.actor
    )
    return Status(201, _quote(queries.kept_quote(client=client, number=number, at=at)))


@router.get("/quotes/{number}", response={200: shapes.Quote, **problems.READING}, operation_id="get_quote")
def get_quote(request: HttpRequest, number: shapes.Number) -> dict[str, Any]:
    """A kept quote, and whether it can still be ordered."""
    client = access.client_of_quote(holder=_holder(request), quote=number)
    return _quote(queries.kept_quote(client=client, number=number, at=clock.business()))


@router.post("/changes", response={201: shapes.Change, **problems.WRITING_BODY}, operation_id="create_change")
def create_change(
    request: HttpRequest,
    wanted: shapes.ChangeIn,
    idempotency_key: Annotated[str, Header("", pattern=r"^[!-~]{0,100}$", description="the same key orders once")] = "",
) -> Status[dict[str, Any]]:
    """Order the change that a quote priced, exactly as it was quoted. Nothing changes before it is paid (D2)."""
    holder, at = _holder(request), clock.business()
    client = access.client_of_quote(holder=holder, quote=wanted.quote)
    page = queries.quote(client=client, number=wanted.quote, at=at)
    known = {notice.code: notice for notice in page.offer.notices}
    with translation.override(wanted.language):
        ticked = {
            code: placing.Acknowledged(language=wanted.language, text=_notice_text(code, known, page))
            for code in wanted.acknowledged
        }
    number = change.order(
        client=client,
        quote=wanted.quote,
        acknowledged=ticked,
        key=idempotency_key or uuid.uuid4().hex,
        at=at,
        actor=holder.actor,
    )
    return Status(201, _change(client, number))


@router.get("/changes/{number}", response={200: shapes.Change, **problems.READING}, operation_id="get_change")
def get_change(request: HttpRequest, number: shapes.Number) -> dict[str, Any]:
    """Where a change stands."""
    return _change(access.client_of_change(holder=_holder(request), change=number), number)


@router.post(
    "/changes/{number}/withdraw", response={200: shapes.Change, **problems.WRITING}, operation_id="withdraw_change"
)
def withdraw_change(request: HttpRequest, number: shapes.Number) -> dict[str, Any]:
    """Take an unpaid change back. Twice is once."""
    holder = _holder(request)
    client = access.client_of_change(holder=holder, change=number)
    change.withdraw(client=client, number=number, at=clock.business(), actor=holder.actor)
    return _change(client, number)


# ── translations ──────────────────────────────────────────────────────────────────────────────────────────────────────
def _request(wanted: shapes.ChangePlan | shapes.ChangeResources | shapes.ChangePeriod) -> facts.Request:
    if isinstance(wanted, shapes.ChangePlan):
        return facts.ChangePlan(target=wanted.plan)
    if isinstance(wanted, shapes.ChangeResources):
        return facts.ChangeResources(amounts=dict(wanted.additional))
    return facts.ChangePeriod(length=Length(wanted.months))


def _taxed(amount: Taxed | None) -> dict[str, str] | None:
    return quote_json.taxed(amount) if amount is not None else None


def _service(client: str, card: views.ServiceCard) -> dict[str, Any]:
    return {
        "number": card.number,
        "client": client,
        "name": card.name,
        "family": card.family_code,
        "plan": card.plan_code,
        "state": card.state,
        "term_start": card.term_start_on,
        "term_end": card.term_end_on,
        "period_months": card.period_months,
        "auto_renew": card.auto_renew,
        "currency": card.currency,
        "additional": dict(card.additional),
        "next_renewal": _taxed(card.renewal),
        "open_change": card.open_change.number if card.open_change else "",
    }


def _quote(kept: views.KeptQuote) -> dict[str, Any]:
    return {
        "number": kept.number,
        "service": kept.service,
        "state": kept.state,
        "made_at": kept.made_at,
        "valid_until": kept.valid_until,
        "orderable": not kept.not_orderable,
        "not_orderable": [reason.code for reason in kept.not_orderable],
        "change": kept.change,
        "offer": quote_json.encode(kept.offer),
    }


def _change(client: str, number: str) -> dict[str, Any]:
    at = clock.business()
    page = queries.change(client=client, number=number, at=at)
    return {
        "number": page.number,
        "service": page.service.number,
        "quote": page.quote,
        "order": page.order,
        "state": page.state,
        "final": page.final,
        "operation": page.operation,
        "kind": page.kind,
        "direction": page.direction,
        "ordered_at": page.ordered_at,
        "promised_on": page.promised_on,
        "overdue": page.overdue,
        "total": _taxed(page.total),
        "payment": _payment(queries.order(client=client, number=page.order, at=at)) if page.order else None,
        "steps": [
            {
                "code": step.code,
                "status": step.status,
                "at": step.at,
                "due_at": step.due_at,
                "owner": step.owner,
            }
            for step in page.steps
        ],
        "invoices": [each.number for each in page.invoices],
        "next_renewal": _taxed(page.next_renewal),
    }


def _payment(order: views.OrderPage) -> dict[str, Any] | None:
    if order.transfer is None:
        return None
    return {
        "due": order.due.text,
        "currency": order.due.currency,
        "due_at": order.due_at,
        "payee": order.transfer.payee,
        "account": order.transfer.account,
        "reference": order.transfer.reference,
        "why_not_from_deposit": [reason.code for reason in order.draw_reasons],
    }


def _notice_text(code: str, known: dict[str, Any], page: views.QuotePage) -> str:
    if code not in known:
        return code  # the procedure refuses it by name
    shown = notices.text(code, known[code].facts, page.names)
    return f"{shown.title}. {shown.body}"


# ── problems ──────────────────────────────────────────────────────────────────────────────────────────────────────────
class Api(NinjaAPI):
    """Its document says that problems are problem details, not plain JSON."""

    def get_openapi_schema(self, **more: Any) -> OpenAPISchema:
        """The OpenAPI document."""
        document = super().get_openapi_schema(**more)
        for methods in document["paths"].values():
            for operation in methods.values():
                for status, answer in operation["responses"].items():
                    if int(status) >= 400:
                        answer["content"] = {problems.MEDIA_TYPE: answer["content"]["application/json"]}
        return document


def build() -> NinjaAPI:
    """The API with its way to say what went wrong; mounted by project.urls."""
    api = Api(
        title="Planshift",
        version="1",
        description="Quote, order and follow changes of services. Amounts are decimal strings.",
        urls_namespace=ENDPOINT,
        parser=reading.OneMeaning(),
    )
    api.add_router("", router)

    @api.exception_handler(Refused)
    def refused(request: HttpRequest, exc: Refused) -> HttpResponse:
        told = [problems.reason(each) for each in exc.reasons]
        return problems.answer(status=409, detail=" ".join(each["text"] for each in told), told=told)

    @api.exception_handler(queries.NotFound)
    def not_found(request: HttpRequest, exc: queries.NotFound) -> HttpResponse:
        return problems.answer(status=404, detail="There is nothing with this number that this token may see.")

    @api.exception_handler(HttpError)
    def failed(request: HttpRequest, exc: HttpError) -> HttpResponse:
        why = exc.__cause__  # what stopped the reading of the body
        if isinstance(why, reading.Unreadable):
            return problems.answer(status=why.status, detail=str(why))
        return problems.answer(status=exc.status_code, detail=exc.message)

    @api.exception_handler(RequestDataTooBig)
    def too_big(request: HttpRequest, exc: RequestDataTooBig) -> HttpResponse:
        return problems.answer(status=413, detail=f"The body is larger than {reading.MOST_BYTES} bytes.")

    @api.exception_handler(AuthenticationError)
    def unknown(request: HttpRequest, exc: AuthenticationError) -> HttpResponse:
        answer = problems.answer(status=401, detail="A valid token is needed: Authorization: Bearer ps_…")
        answer["WWW-Authenticate"] = 'Bearer realm="Planshift"'
        return answer

    @api.exception_handler(ValidationError)
    def unreadable(request: HttpRequest, exc: ValidationError) -> HttpResponse:
        told = []
        for each in exc.errors:
            where = ".".join(str(part) for part in each["loc"][1:])
            told.append({"code": "unreadable", "text": f"{where}: {each['msg']}", "facts": {"field": where}})
        return problems.answer(status=422, detail="; ".join(str(each["text"]) for each in told), told=told)

    return api
