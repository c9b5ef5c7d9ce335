"""How is an order paid? The amount due, the ways to pay it."""

import uuid

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_GET, require_POST

from planshift.domain.errors import Refused
from planshift.interfaces.panel import actions, door
from planshift.interfaces.presenters import figures
from planshift.procedures import queries, views
from planshift.runtime import clock


@require_GET
@door.client_page
def show(request: HttpRequest, client: views.ClientHeader, number: str) -> HttpResponse:
    """The order and how to pay it; why it was, or was not, paid from the deposit by itself (D4)."""
    page = queries.order(client=client.number, number=number, at=clock.business())
    lines = figures.of_paper(page.lines)
    here = "services" if page.change else "money"
    key = uuid.uuid4().hex
    return door.show(request, client, "panel/order.html", here=here, page=page, lines=lines, key=key)


@require_POST
@door.client_page
def draw(request: HttpRequest, client: views.ClientHeader, number: str) -> HttpResponse:
    """Pay from the deposit by hand."""
    key = door.key(request)
    try:
        actions.draw(client=client.number, order=number, key=key, at=clock.business(), actor=door.actor(request))
    except Refused as refused:
        return door.refusal(request, client, refused, back=reverse("panel:order", args=[number]))
    return redirect("panel:order", number)


@require_POST
@door.client_page
def card(request: HttpRequest, client: views.ClientHeader, number: str) -> HttpResponse:
    """Go to the payment page. Its address comes from the gateway's adapter, never from the request."""
    try:
        target = actions.card(
            client=client.number,
            order=number,
            return_path=reverse("panel:order", args=[number]),
            language=get_language() or "",
            at=clock.business(),
            actor=door.actor(request),
        )
    except Refused as refused:
        return door.refusal(request, client, refused, back=reverse("panel:order", args=[number]))
    return HttpResponseRedirect(target)
