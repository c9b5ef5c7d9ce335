"""What went wrong? One shape for every answer that is no success: problem details (RFC 9457)."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse

from planshift.domain.errors import Reason
from planshift.domain.money import Money
from planshift.interfaces.api.v1 import shapes
from planshift.interfaces.presenters import reasons

MEDIA_TYPE = "application/problem+json"
TITLES = {
    400: "bad request",
    401: "unauthorized",
    403: "forbidden",
    404: "not found",
    405: "method not allowed",
    409: "refused",
    413: "too large",
    415: "unsupported media type",
    422: "unreadable",
    429: "too many requests",
    500: "internal error",
}


def declared(*statuses: int) -> dict[int, Any]:
    """Problems that an operation may answer with, for its OpenAPI entry; 401, 404, 422 and 429 belong to all."""
    return dict.fromkeys(sorted({401, 404, 422, 429, *statuses}), shapes.Problem)


READING = declared()
WRITING = declared(403, 409)
WRITING_BODY = declared(400, 403, 409, 413, 415)


def answer(*, status: int, detail: str, told: Sequence[dict[str, Any]] = ()) -> HttpResponse:
    """A problem as an answer; `told` holds every reason of a refusal."""
    body = {"title": TITLES.get(status, "problem"), "status": status, "detail": detail, "reasons": list(told)}
    return HttpResponse(json.dumps(body), status=status, content_type=MEDIA_TYPE)


def reason(each: Reason, names: Any = None) -> dict[str, Any]:
    """A reason: its stable code, its sentence in the language in force, and the facts in it."""
    return {"code": each.code, "text": reasons.sentence(each, names), "facts": plain(each.facts)}


def plain(value: Any) -> Any:
    """A fact as JSON can hold it; money as "12.30 EUR"."""
    if isinstance(value, bool | int | str) or value is None:
        return value
    if isinstance(value, Money):
        return f"{value.text} {value.currency}"
    if hasattr(value, "items"):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(each) for each in value]
    return str(value)


class Shaped:
    """Middleware: below /api/ an unknown address, a wrong method or a failure of ours is told in the same shape."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The answer; pages for people become problems, their headers (Allow, Retry-After) stay."""
        response = self.get_response(request)
        if not request.path.startswith("/api/") or response.status_code < 400:
            return response
        if response.headers.get("Content-Type", "") == MEDIA_TYPE:
            return response
        shaped = answer(status=response.status_code, detail=_detail(response.status_code))
        response.content = shaped.content
        response.headers["Content-Type"] = MEDIA_TYPE
        if response.headers.get("Content-Length"):
            response.headers["Content-Length"] = str(len(shaped.content))
        return response


def _detail(status: int) -> str:
    if status >= 500:
        return "That was our fault. Nothing was half done; try again in a while."
    return {
        404: "There is no such address here.",
        405: "This address does not know this method; see the header Allow.",
    }.get(status, "The request could not be read.")
