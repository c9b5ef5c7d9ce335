"""What would it cost, exactly, and do you want it? Ask for a quote, read it, order it."""

import uuid
from collections.abc import Collection
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import translation
from django.views.decorators.http import require_GET, require_POST

from planshift.domain import facts
from planshift.domain.errors import Refused
from planshift.interfaces import asking
from planshift.interfaces.panel import actions, choosing, door
from planshift.interfaces.presenters import figures, notices
from planshift.procedures import queries, views
from planshift.runtime import clock

AGAIN = {"plan": "panel:options", "resources": "panel:resources", "period": "panel:period"}


@require_POST
@door.client_page
def offer(request: HttpRequest, client: views.ClientHeader, number: str) -> HttpResponse:
    """Keep a quote for what the form asks, and show it."""
    try:
        wanted = asking.request_of(request.POST)
        who = door.actor(request)
        kept = actions.offer(client=client.number, service=number, request=wanted, at=clock.business(), actor=who)
    except Refused as refused:
        if [each.code for each in refused.reasons] == [queries.TO_BE_CHOSEN] and not wanted.choice:
            return _choose(request, client, number, wanted)
        return door.refusal(request, client, refused, back=reverse("panel:service", args=[number]))
    return redirect("panel:quote", kept)


def _choose(request: HttpRequest, client: views.ClientHeader, number: str, wanted: facts.Request) -> HttpResponse:
    """The policy leaves the settlement to the client: every one with its price, and a button."""
    seen = queries.what_if(client=client.number, service=number, request=wanted, at=clock.business())
    card = queries.service(client=client.number, number=number, at=clock.business()).card
    context: dict[str, Any] = {
        "card": card,
        "names": seen.names,
        "asked": asking.asked(request.POST),
        "choices": choosing.choices(seen.choices, seen.names),
    }
    return door.show(request, client, "panel/choose.html", here="services", **context)


@require_GET
@door.client_page
def show(request: HttpRequest, client: views.ClientHeader, number: str) -> HttpResponse:
    """The quote with its working, its notices and the order button."""
    page = queries.quote(client=client.number, number=number, at=clock.business())
    return door.show(request, client, "panel/quote.html", here="services", **quote_context(page))


def quote_context(page: views.QuotePage, *, ticked: Collection[str] = (), missing: bool = False) -> dict[str, Any]:
    """A quote as its page shows it. The key makes a double click or a second send of this form harmless."""
    offered = page.offer
    return {
        "page": page,
        "figures": figures.of_offer(offered, page.names),
        "kind_note": figures.kind_note(offered, page.names),
        "notices": [
            {"code": each.code, **notices.text(each.code, each.facts, page.names)._asdict()} for each in offered.notices
        ],
        "again_url": reverse(AGAIN[page.operation], args=[page.service.number]),
        "key": uuid.uuid4().hex,
        "ticked": ticked,
        "missing": missing,
    }


@require_POST
@door.client_page
def place(request: HttpRequest, client: views.ClientHeader, number: str) -> HttpResponse:
    """Order what was quoted. The text of each ticked notice is stored as it was shown (H9)."""
    at = clock.business()
    page = queries.quote(client=client.number, number=number, at=at)
    if page.change:
        return redirect("panel:change", page.change)
    ticked = set(request.POST.getlist("ack"))
    if page.state == "open" and not {notice.code for notice in page.offer.notices} <= ticked:
        context = quote_context(page, ticked=ticked, missing=True)
        return door.show(request, client, "panel/quote.html", here="services", status=422, **context)
    language = translation.get_language() or "en"
    try:
        change = actions.order(
            client=client.number,
            quote=number,
            acknowledged={
                each.code: (language, notices.said(each, page.names))
                for each in page.offer.notices
                if each.code in ticked
            },
            key=door.key(request),
            at=at,
            actor=door.actor(request),
        )
    except Refused as refused:
        ordered = queries.quote(client=client.number, number=number, at=at).change
        if ordered:  # in another tab, a moment ago
            return redirect("panel:change", ordered)
        return door.refusal(request, client, refused, back=reverse("panel:quote", args=[number]))
    return redirect("panel:change", change)
