"""The REST API, version 1: translate, make one call, translate back. It decides nothing."""

import uuid
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from ninja import Header, NinjaAPI, Query, Router
from ninja.errors import AuthenticationError, ValidationError
from ninja.responses import Status
from ninja.security import HttpBearer

from planshift.domain import facts, quote_json
from planshift.domain.errors import Reason, Refused
from planshift.domain.money import Money
from planshift.domain.periods import Length
from planshift.domain.tax import Taxed
from planshift.interfaces.api.v1 import shapes
from planshift.interfaces.presenters import notices, reasons
from planshift.procedures import access, change, placing, queries, views
from planshift.runtime import clock

PROBLEMS = {400: shapes.Problem, 401: shapes.Problem, 404: shapes.Problem, 409: shapes.Problem, 422: shapes.Problem}
READING = {code: PROBLEMS[code] for code in (400, 401, 404, 422)}


class Token(HttpBearer):
    """`Authorization: Bearer ps_…`"""

    def authenticate(self, request: HttpRequest, token: str) -> access.Holder | None:
        return access.holder_of(token=token, at=clock.system())


router = Router(auth=Token())


def _holder(request: HttpRequest) -> access.Holder:
    holder: access.Holder = request.auth  # type: ignore[attr-defined]
    return holder


@router.get("/services", response={200: shapes.Services, **READING}, operation_id="list_services")
def list_services(
    request: HttpRequest, after: Annotated[str, Query("", max_length=40, description="cursor of the page before")] = ""
) -> dict[str, Any]:
    """The services that the token may see, client by client."""
    at = clock.business()
    clients = access.clients_of(holder=_holder(request), after=after, limit=20)
    found = [_service(client, card) for client, card in queries.services_of_clients(clients=clients, at=at)]
    return {"services": found, "next": clients[-1] if len(clients) == 20 else ""}


@router.get("/services/{number}", response={200: shapes.Service, **READING}, operation_id="get_service")
def get_service(request: HttpRequest, number: shapes.Number) -> dict[str, Any]:
    """One service."""
    client = access.client_of_service(holder=_holder(request), service=number)
    return _service(client, queries.service_card(client=client, number=number, at=clock.business()))


@router.get("/services/{number}/options", response={200: shapes.Options, **READING}, operation_id="list_options")
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
                "reasons": [_reason(reason, page.names) for reason in (*each.reasons, *each.not_orderable)],
            }
            for each in page.options
        ],
    }


@router.post("/quotes", response={201: shapes.Quote, **PROBLEMS}, operation_id="create_quote")
def create_quote(request: HttpRequest, wanted: shapes.QuoteIn) -> Status[dict[str, Any]]:
    """Price a change and keep the quote: numbered, frozen, valid until the stated instant."""
    holder, at = _holder(request), clock.business()
    client = access.client_of_service(holder=holder, service=wanted.service)
    number = change.offer(
        client=client, service=wanted.service, request=_request(wanted.request), at=at, actor=holder.actor
    )
    return Status(201, _quote(queries.kept_quote(client=client, number=number, at=at)))


@router.get("/quotes/{number}", response={200: shapes.Quote, **READING}, operation_id="get_quote")
def get_quote(request: HttpRequest, number: shapes.Number) -> dict[str, Any]:
    """A kept quote, and whether it can still be ordered."""
    client = access.client_of_quote(holder=_holder(request), quote=number)
    return _quote(queries.kept_quote(client=client, number=number, at=clock.business()))


@router.post("/changes", response={201: shapes.Change, **PROBLEMS}, operation_id="create_change")
def create_change(
    request: HttpRequest,
    wanted: shapes.ChangeIn,
    idempotency_key: Annotated[str, Header("", max_length=100, description="the same key orders once")] = "",
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


@router.get("/changes/{number}", response={200: shapes.Change, **READING}, operation_id="get_change")
def get_change(request: HttpRequest, number: shapes.Number) -> dict[str, Any]:
    """Where a change stands."""
    return _change(access.client_of_change(holder=_holder(request), change=number), number)


@router.post("/changes/{number}/withdraw", response={200: shapes.Change, **PROBLEMS}, operation_id="withdraw_change")
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


def _reason(reason: Reason, names: views.Names | None = None) -> dict[str, Any]:
    return {"code": reason.code, "text": reasons.sentence(reason, names), "facts": _plain(reason.facts)}


def _plain(value: Any) -> Any:
    if isinstance(value, bool | int | str) or value is None:
        return value
    if isinstance(value, Money):
        return f"{value.text} {value.currency}"
    if hasattr(value, "items"):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(each) for each in value]
    return str(value)


# ── problems ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def build() -> NinjaAPI:
    """The API with its way to say what went wrong; mounted by project.urls."""
    api = NinjaAPI(
        title="Planshift",
        version="1",
        description="Quote, order and follow changes of services. Amounts are decimal strings.",
        urls_namespace="api-1",
    )
    api.add_router("", router)

    def problem(
        request: HttpRequest, status: int, title: str, detail: str, told: list[dict[str, Any]] | None = None
    ) -> HttpResponse:
        body = {"title": title, "status": status, "detail": detail, "reasons": told or []}
        response = api.create_response(request, body, status=status)
        response["Content-Type"] = "application/problem+json"
        return response

    @api.exception_handler(Refused)
    def refused(request: HttpRequest, exc: Refused) -> HttpResponse:
        told = [_reason(reason) for reason in exc.reasons]
        return problem(request, 409, "refused", " ".join(each["text"] for each in told), told)

    @api.exception_handler(queries.NotFound)
    def not_found(request: HttpRequest, exc: queries.NotFound) -> HttpResponse:
        return problem(request, 404, "not found", "There is nothing with this number that this token may see.")

    @api.exception_handler(AuthenticationError)
    def unknown(request: HttpRequest, exc: AuthenticationError) -> HttpResponse:
        return problem(request, 401, "unauthorized", "A valid token is needed: Authorization: Bearer ps_…")

    @api.exception_handler(ValidationError)
    def unreadable(request: HttpRequest, exc: ValidationError) -> HttpResponse:
        told = [
            {
                "code": "unreadable",
                "text": f"{'.'.join(str(part) for part in each['loc'][1:])}: {each['msg']}",
                "facts": {},
            }
            for each in exc.errors
        ]
        return problem(request, 422, "unreadable", "; ".join(str(each["text"]) for each in told), told)

    return api
