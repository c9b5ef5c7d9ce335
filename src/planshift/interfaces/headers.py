"""What may a page load? Our own files only: no inline script, no inline style, no other host, no frame."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

from planshift.interfaces import errors

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",  # the QR code of two-step sign-in is a data: image
    "font-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}


class SecurityHeaders:
    """Adds Content-Security-Policy and Permissions-Policy to every answer that does not bring its own.

    `settings.PAYMENT_PAGES` lists origins of payment pages that a form's redirect may lead to.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        targets = " ".join(["'self'", *getattr(settings, "PAYMENT_PAGES", [])])
        self.policy = "; ".join(f"{name} {value}" for name, value in {**POLICY, "form-action": targets}.items())

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if isinstance(response, HttpResponseNotAllowed) and not response.content:
            allowed, response = response.headers["Allow"], errors.not_allowed(request)
            response.headers["Allow"] = allowed
        response.headers.setdefault("Content-Security-Policy", self.policy)
        response.headers.setdefault(
            "Permissions-Policy",
            "camera=(), geolocation=(), microphone=(), payment=(), publickey-credentials-get=(self)",
        )
        if request.path.startswith(("/static/", "/healthz")):
            return response
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response
