"""What is known about each request: an id, a line in the log, its figures. Middleware around all doors."""

import re
import time
import uuid
from collections.abc import Callable

import structlog
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from planshift.project import metrics

log = structlog.get_logger("planshift.request")
GIVEN = re.compile(r"[A-Za-z0-9._-]{8,64}")
QUIET = ("healthz", "metrics")


class Observed:
    """Gives each request an id (or keeps the proxy's), logs it in one line, and counts it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The answer, with its X-Request-ID. The log has the route, never the path: paths may carry signed links."""
        given = request.headers.get("X-Request-ID", "")
        request_id = given if GIVEN.fullmatch(given) else uuid.uuid4().hex
        structlog.contextvars.bind_contextvars(request_id=request_id)
        began = time.monotonic()
        try:
            response = self.get_response(request)
            seconds = time.monotonic() - began
            response["X-Request-ID"] = request_id
            route = _route(request)
            metrics.observe(method=request.method or "", route=route, status=response.status_code, seconds=seconds)
            if route not in QUIET and not route.startswith("static"):
                log.info(
                    "request",
                    method=request.method,
                    route=route,
                    status=response.status_code,
                    ms=round(seconds * 1000, 1),
                    user=getattr(getattr(request, "user", None), "pk", None),
                )
        finally:
            structlog.contextvars.unbind_contextvars("request_id")
        return response


def _route(request: HttpRequest) -> str:
    """The pattern that answered (`services/<str:number>/`): few values, and no secret among them."""
    match = request.resolver_match
    return match.route if match is not None else ("static" if request.path.startswith("/static/") else "none")
