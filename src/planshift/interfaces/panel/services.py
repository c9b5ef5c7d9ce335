"""What does this client have? All services, one service, its auto-renewal."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from planshift.interfaces.panel import actions, door
from planshift.procedures import queries, views
from planshift.runtime import clock


@require_POST
@door.client_page
def choose_client(request: HttpRequest, client: views.ClientHeader) -> HttpResponse:
    """Act for another client of this person from now on; the session remembers it."""
    number = request.POST.get("client", "")
    found = next((each for each in client.clients if each.number == number), None)
    if found is None:
        raise Http404
    request.session[door.CHOSEN] = found.number
    messages.success(request, _("You now act for %(client)s.") % {"client": found.name})
    return redirect("panel:services")


@require_GET
@door.client_page
def every(request: HttpRequest, client: views.ClientHeader) -> HttpResponse:
    """My services."""
    cards = queries.services_of(client=client.number, at=clock.business())
    waiting = sum(1 for card in cards if card.open_change and card.open_change.awaits_client)
    return door.show(request, client, "panel/services.html", here="services", services=cards, waiting=waiting)


@require_GET
@door.client_page
def one(request: HttpRequest, client: views.ClientHeader, number: str) -> HttpResponse:
    """One service with its operations, changes and documents."""
    page = queries.service(client=client.number, number=number, at=clock.business())
    return door.show(request, client, "panel/service.html", here="services", page=page)


@require_POST
@door.client_page
def auto_renew(request: HttpRequest, client: views.ClientHeader, number: str) -> HttpResponse:
    """Switch auto-renewal on or off."""
    on = request.POST.get("on") == "1"
    who = door.actor(request)
    actions.set_auto_renew(client=client.number, number=number, on=on, at=clock.business(), actor=who)
    messages.success(request, _("Auto-renewal is on.") if on else _("Auto-renewal is off."))
    return redirect("panel:service", number)
