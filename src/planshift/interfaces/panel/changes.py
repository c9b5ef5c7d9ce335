"""How far is the change, and what is the client's part? Timeline until done, access data, switch-over, withdrawal."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from planshift.domain.errors import Refused
from planshift.interfaces.panel import actions, door
from planshift.interfaces.presenters import timeline
from planshift.procedures import queries, views
from planshift.runtime import clock


@require_GET
@door.client_page
def show(request: HttpRequest, client: views.ClientHeader, number: str) -> HttpResponse:
    """The change; htmx asks for its inner part every few seconds until it is final."""
    page = queries.change(client=client.number, number=number, at=clock.business())
    template = "panel/change_part.html" if getattr(request, "htmx", False) else "panel/change.html"
    return door.show(request, client, template, here="services", **change_context(page))


def change_context(page: views.ChangePage) -> dict[str, Any]:
    """A change as its page shows it."""
    return {"page": page, "steps": timeline.show(page.steps), "duties": timeline.duties(page.duties)}


@require_POST
@door.client_page
def withdraw(request: HttpRequest, client: views.ClientHeader, number: str) -> HttpResponse:
    """Take the unpaid order back."""
    try:
        actions.withdraw(client=client.number, number=number, at=clock.business(), actor=door.actor(request))
    except Refused as refused:
        return door.refusal(request, client, refused, back=reverse("panel:change", args=[number]))
    messages.success(request, _("The order is withdrawn. Nothing was changed."))
    return redirect("panel:change", number)


@require_POST
@door.client_page
def switch_over(request: HttpRequest, client: views.ClientHeader, number: str) -> HttpResponse:
    """The client's content is on the new service."""
    try:
        actions.switch_over(client=client.number, number=number, at=clock.business(), actor=door.actor(request))
    except Refused as refused:
        return door.refusal(request, client, refused, back=reverse("panel:change", args=[number]))
    messages.success(request, _("Thank you. The switch-over has begun."))
    return redirect("panel:change", number)


@require_POST
@door.client_page
def credentials(request: HttpRequest, client: views.ClientHeader, number: str) -> HttpResponse:
    """Show the access data, this one time; the answer is never cached (headers)."""
    at = clock.business()
    try:
        found = actions.credentials(client=client.number, number=number, at=at, actor=door.actor(request))
    except Refused as refused:
        return door.refusal(request, client, refused, back=reverse("panel:change", args=[number]))
    page = queries.change(client=client.number, number=number, at=at)
    context = {**change_context(page), "credentials": found, "pause": True}
    return door.show(request, client, "panel/change.html", here="services", **context)


@require_POST
@door.client_page
def renew_credentials(request: HttpRequest, client: views.ClientHeader, number: str) -> HttpResponse:
    """The client lost the access data: new ones are made."""
    try:
        actions.renew_credentials(client=client.number, number=number, at=clock.business(), actor=door.actor(request))
    except Refused as refused:
        return door.refusal(request, client, refused, back=reverse("panel:change", args=[number]))
    messages.success(
        request, _("New access data is being made. It appears here in a moment; the old one stops working.")
    )
    return redirect("panel:change", number)
