"""What does my metered service cost, and how is it paid? The live view, the statement, the prepaid balance (D3)."""

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from planshift.domain.errors import BadMoney, Refused
from planshift.interfaces import asking
from planshift.interfaces.panel import actions, door
from planshift.interfaces.presenters import reasons
from planshift.procedures import queries, views
from planshift.runtime import clock

MOST = 10_000_000  # minor units in one form


@require_GET
@door.client_page
def meter(request: HttpRequest, client: views.ClientHeader, number: str) -> HttpResponse:
    """The live view alone: the service's page asks for it again and again."""
    found = queries.meter(client=client.number, service=number, at=clock.business())
    return render(request, "panel/meter.html", {"meter": found})


@require_GET
@door.client_page
def draws(request: HttpRequest, client: views.ClientHeader, number: str) -> HttpResponse:
    """The statement of draws, day by day."""
    page = queries.draws(client=client.number, service=number, cursor=request.GET.get("cursor", "")[:64])
    card = queries.service_card(client=client.number, number=number, at=clock.business())
    heading = _("Statement, day by day")
    return door.show(request, client, "panel/draws.html", here="services", page=page, card=card, heading=heading)


@require_POST
@door.client_page
def end(request: HttpRequest, client: views.ClientHeader, number: str) -> HttpResponse:
    """Give a metered service up; the form asks to confirm."""
    if request.POST.get("confirmed") != "1":
        raise Refused("request_unreadable")
    actions.end_metered(client=client.number, number=number, at=clock.business(), actor=door.actor(request))
    messages.success(request, _("The service ends. Its machine is stopped, and nothing more is counted."))
    return redirect("panel:service", number)


@require_GET
@door.client_page
def prepaid(request: HttpRequest, client: views.ClientHeader) -> HttpResponse:
    """The prepaid balance."""
    return _page(request, client)


@require_POST
@door.client_page
def top_up(request: HttpRequest, client: views.ClientHeader) -> HttpResponse:
    """An order that fills the prepaid balance once it is paid."""
    asked = request.POST.get("amount", "").strip()[:20]
    try:
        amount = asking.typed(asked, currency=client.currency, most=MOST)
        key, at = door.key(request), clock.business()
        order = actions.top_up_prepaid(client=client.number, amount=amount, key=key, at=at, actor=door.actor(request))
    except BadMoney:
        return _page(request, client, asked=asked, amount_error=_("Give an amount such as 50.00."))
    except Refused as refused:
        return _page(request, client, asked=asked, amount_error=" ".join(reasons.sentences(refused)))
    return redirect("panel:order", order)


@require_POST
@door.client_page
def transfer(request: HttpRequest, client: views.ClientHeader) -> HttpResponse:
    """Move money between deposit and prepaid balance."""
    asked = request.POST.get("amount", "").strip()[:20]
    try:
        amount, direction = asking.typed(asked, currency=client.currency, most=MOST), request.POST.get("direction", "")
        if direction not in ("to_prepaid", "to_deposit"):
            raise Refused("request_unreadable")
        actions.transfer_prepaid(
            client=client.number,
            direction=direction,
            amount=amount,
            key=door.key(request),
            at=clock.business(),
            actor=door.actor(request),
        )
    except BadMoney:
        return _page(request, client, moved=asked, move_error=_("Give an amount such as 50.00."))
    except Refused as refused:
        return _page(request, client, moved=asked, move_error=" ".join(reasons.sentences(refused)))
    messages.success(request, _("The money was moved."))
    return redirect("panel:prepaid")


def _page(request: HttpRequest, client: views.ClientHeader, **said: str) -> HttpResponse:
    page = queries.prepaid_page(client=client.number, at=clock.business())
    keys = {"key": uuid.uuid4().hex, "transfer_key": uuid.uuid4().hex}
    status = 422 if any(name.endswith("_error") for name in said) else 200
    return door.show(request, client, "panel/prepaid.html", here="money", status=status, page=page, **keys, **said)
