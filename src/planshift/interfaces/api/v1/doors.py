"""The REST API, version 1: translate, make one call, translate back. It decides nothing."""

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema

from planshift.domain.errors import Refused
from planshift.interfaces.api.v1 import (
    callers,
    changes,
    clocks,
    deposit,
    imports,
    metering,
    money,
    problems,
    quotes,
    reading,
    services,
)
from planshift.procedures import queries

ENDPOINT = "api-1"
ABOUT = """
Quote, order and follow changes of services.

**Token.** `Authorization: Bearer ps_…`, made by `planshift token create`: for a whole seller, or for one client
(`--client`), to read and write or only to read (`--read-only`). What a token may not see is not there (404).

**The way of a change.** `list_options` (or `preview_quote`) → `create_quote` → show the client the quote's notices →
`create_change` with their codes → pay (`payment` of the change; or `pay_from_deposit`) → `get_change` until `final`.

**Metered services** need no order: `create_quote`, then `create_change`; `get_meter` tells what is counted,
`get_prepaid` how long the balance lasts.

**Promises.** `get_clock` tells the promised day of a change; `pause_clock` stops its clock for a stated reason and
`resume_clock` lets it go on. Only with a token of the whole seller.

**Amounts** are decimal strings ("26.84"); days are ISO dates in the seller's zone, an end is exclusive; instants are
ISO with zone.

**Sentences** are in the client's language; `Accept-Language` (en, pl, it) asks for another one.

**Problems** have one shape (RFC 9457, `application/problem+json`). 409 means that the rules say no and nothing was
done: `reasons` has every reason at once, each with a stable code, its sentence and the facts in it. 422 means that the
request does not fit this document and names each field.

**Repeating.** Send an `Idempotency-Key` of your own with every POST; after a lost answer send the same again.

**Pages.** Lists take `limit` and `after`; `next` of an answer is the `after` of the following one, empty on the last.
"""


class Api(NinjaAPI):
    """Its document says that problems are problem details, not plain JSON."""

    def get_openapi_schema(self, **more: Any) -> OpenAPISchema:
        """The OpenAPI document."""
        document = super().get_openapi_schema(**more)
        for methods in document["paths"].values():
            for operation in methods.values():
                for status, answer in operation["responses"].items():
                    if int(status) >= 400:
                        answer["description"] = problems.TITLES[int(status)].capitalize()
                        answer["content"] = {problems.MEDIA_TYPE: answer["content"]["application/json"]}
                    elif operation["operationId"].endswith("_pdf"):
                        answer["content"] = {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}
        return document


def build() -> NinjaAPI:
    """The API with its way to say what went wrong; mounted by project.urls."""
    api = Api(
        title="Planshift",
        version="1",
        description=ABOUT,
        urls_namespace=ENDPOINT,
        parser=reading.OneMeaning(),
    )
    for each in (services, quotes, changes, clocks, money, deposit, metering, imports):
        api.add_router("", each.router, auth=callers.Token(), throttle=callers.Rate())

    @api.exception_handler(Refused)
    def refused(request: HttpRequest, exc: Refused) -> HttpResponse:
        names = callers.names(request)
        told = [problems.reason(each, names) for each in exc.reasons]
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
            where = ".".join(_field(each["loc"]))
            told.append({"code": "unreadable", "text": f"{where}: {each['msg']}", "facts": {"field": where}})
        return problems.answer(status=422, detail="; ".join(str(each["text"]) for each in told), told=told)

    return api


_OPERATIONS = frozenset({"plan", "resources", "period"})  # shapes.Request


def _field(place: "tuple[str | int, ...]") -> list[str]:
    """Where it stands in the request as the caller knows it: without the name of our parameter, and without the kind
    of request by which the shape was chosen."""
    parts = [str(part) for part in place[2 if place[0] == "body" else 1 :]]
    return [part for n, part in enumerate(parts) if not (n and parts[n - 1] == "request" and part in _OPERATIONS)]
