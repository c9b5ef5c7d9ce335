"""What does a visitor see when a door does not open? Pages for 400, 403, 404 and 500, and the CSRF refusal."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Words = str | Promise


def _page(request: HttpRequest, status: int, title: Words, text: Words, *, to: str = "") -> HttpResponse:
    return render(request, "error.html", {"code": status, "title": title, "text": text, "to": to}, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: the request itself makes no sense."""
    return _page(request, 400, _("This request could not be read"), _("Go back and try again from the page before."))


def forbidden(request: HttpRequest, exception: Exception | None = None, reason: str = "") -> HttpResponse:
    """403: not allowed; also the form's token is missing or old (CSRF)."""
    return _page(
        request,
        403,
        _("This is not allowed"),
        _("You may have been signed out, or the page was open for too long. Load it again and try once more."),
    )


def not_allowed(request: HttpRequest) -> HttpResponse:
    """405: the address of a form, opened like a page."""
    text = _("This address belongs to a form. Go back to the page before and use its button.")
    return _page(request, 405, _("This page cannot be opened like this"), text)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: not there, or not yours."""
    return _page(request, 404, _("Page not found"), _("The address may be mistyped, or it belongs to somebody else."))


def old_link(request: HttpRequest) -> HttpResponse:
    """404: a link that signed somebody in, cut off on its way or of an earlier installation."""
    text = _("It is incomplete, or it belongs to an earlier demo. Choose a person anew, or use a link printed last.")
    return _page(request, 404, _("This login link is no longer valid"), text, to=reverse("demo"))


def broken(request: HttpRequest) -> HttpResponse:
    """500: our fault; nothing about the cause is shown."""
    text = _("That was our fault. Nothing of what you were doing was half done; please try again in a while.")
    return _page(request, 500, _("Something went wrong"), text)
