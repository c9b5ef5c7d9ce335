"""Who is at the panel's door, and may they see this? Every page of the panel goes through `client_page`."""

import functools
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from planshift.domain.errors import Refused
from planshift.procedures import queries, views

P = ParamSpec("P")
CHOSEN = "client"  # in the session: the number of the client that the person switched to
View = Callable[Concatenate[HttpRequest, views.ClientHeader, P], HttpResponse]


def signed_in(request: HttpRequest) -> int:
    """The id of the user who is signed in; only behind `login_required`."""
    user_id: int | None = request.user.pk
    assert user_id is not None
    return user_id


def client_page(view: View[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Signs in, finds the client, speaks in the seller's time zone; not theirs is not there; a refusal gets a page."""

    @functools.wraps(view)
    def page(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(_page_of(request))
        client = queries.client_of(user_id=signed_in(request), chosen=str(request.session.get(CHOSEN, "")))
        if client is None:
            if queries.is_staff(user_id=signed_in(request)):
                return redirect("home")
            raise Http404
        with timezone.override(ZoneInfo(client.time_zone)):
            try:
                return view(request, client, *args, **kwargs)
            except queries.NotFound as problem:
                raise Http404 from problem
            except Refused as refused:
                return refusal(request, client, refused, back=str(kwargs.get("back") or reverse("panel:services")))

    return page


def _page_of(request: HttpRequest) -> str:
    """Where to go after the log-in: the page itself; for a form, the page on which it was filled in."""
    if request.method in ("GET", "HEAD"):
        return request.get_full_path()
    came_from = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(came_from, {request.get_host()}, require_https=request.is_secure()):
        return urlsplit(came_from).path
    return reverse("home")


def refusal(request: HttpRequest, client: views.ClientHeader, refused: Refused, *, back: str) -> HttpResponse:
    """409: the rules say no, with every reason; nothing was done. `back` is a path of ours."""
    context = {"reasons": refused.reasons, "back_url": back, "names": queries.names_of(client=client.number)}
    return show(request, client, "panel/refused.html", here="services", status=409, **context)


def show(
    request: HttpRequest, client: views.ClientHeader, template: str, *, here: str, status: int = 200, **context: Any
) -> HttpResponse:
    """Renders a page of the panel for this client; `here` is the entry of the navigation."""
    names = getattr(context.get("page"), "names", {})
    return render(request, template, {"panel": client, "here": here, "names": names, **context}, status=status)


def actor(request: HttpRequest) -> str:
    """Who acts, as the audit writes it."""
    return f"user:{request.user.pk}"


def key(request: HttpRequest) -> str:
    """The key that the form brought: the same form sent twice is one action."""
    found = request.POST.get("key", "")
    if not (16 <= len(found) <= 64 and found.isascii() and found.isalnum()):
        raise Refused("request_unreadable")
    return found
