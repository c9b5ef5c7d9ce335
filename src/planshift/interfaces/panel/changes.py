"""How far is the change, and what is the client's part? Timeline until done, access data, switch-over, withdrawal."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from planshift.domain.errors import Refused
from planshift.interfaces.panel import actions, door, papers
from planshift.interfaces.presenters import timeline
from planshift.procedures import queries, views
from planshift.runtime import clock


@require_GET
@door.client_page
def show(request: HttpRequest, client: views.ClientHeader, number: str) -> HttpResponse:
    """The change; htmx asks for its inner part every few seconds until it is final."""
    page = queries.change(client=client.number, number=number, at=clock.business())
    template = "panel/change_part.html" if getattr(request, "htmx", False) else "panel/change.html"
    asked = queries.accepting(change=number, client=client.number, at=clock.business())
    return door.show(request, client, template, here="services", accepting=asked, **change_context(page))


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
def replace(request: HttpRequest, client: views.ClientHeader, number: str) -> HttpResponse:
    """Something else is wanted: what waits is taken back, and the choice is open again (D9)."""
    at = clock.business()
    page = queries.change(client=client.number, number=number, at=at)
    try:
        actions.withdraw(client=client.number, number=number, at=at, actor=door.actor(request))
    except Refused as refused:
        return door.refusal(request, client, refused, back=reverse("panel:change", args=[number]))
    messages.success(request, _("The order is withdrawn. Choose anew."))
    pages = {"plan": "panel:options", "resources": "panel:resources", "period": "panel:period"}
    return redirect(pages[page.operation], page.service.number)


@require_POST
@door.client_page
def accept(request: HttpRequest, client: views.ClientHeader, number: str) -> HttpResponse:
    """The client accepts the corrective document (D5). A second click finds it accepted."""
    try:
        actions.accept(client=client.number, number=number, at=clock.business(), actor=door.actor(request))
    except Refused as refused:
        return door.refusal(request, client, refused, back=reverse("panel:change", args=[number]))
    messages.success(request, _("Thank you. The service is lowered now, and the credit follows."))
    return redirect("panel:change", number)


@require_POST
@door.client_page
def refuse(request: HttpRequest, client: views.ClientHeader, number: str) -> HttpResponse:
    """The client does not accept it: nothing changes."""
    try:
        actions.refuse(client=client.number, number=number, at=clock.business(), actor=door.actor(request))
    except Refused as refused:
        return door.refusal(request, client, refused, back=reverse("panel:change", args=[number]))
    messages.success(request, _("You did not accept it. Nothing was changed."))
    return redirect("panel:change", number)


@require_POST
@door.client_page
def next_term(request: HttpRequest, client: views.ClientHeader, number: str) -> HttpResponse:
    """The decrease with the next term instead: its quote (D9)."""
    try:
        quote = actions.next_term(client=client.number, number=number, at=clock.business(), actor=door.actor(request))
    except Refused as refused:
        return door.refusal(request, client, refused, back=reverse("panel:change", args=[number]))
    return redirect("panel:quote", quote)


@require_GET
@door.client_page
def paper(request: HttpRequest, client: views.ClientHeader, number: str, key: str) -> HttpResponse:
    """The corrective document, or its draft, as PDF; somebody else's is not there."""
    name, content = queries.paper_pdf(change=number, client=client.number, key=key)
    return papers.pdf(name, content)


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
