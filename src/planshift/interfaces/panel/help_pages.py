"""What are the rules, and did the page help? The regulation, made from the policy in force (D10)."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import translation
from django.views.decorators.http import require_GET, require_POST

from planshift.interfaces.panel import actions, door
from planshift.interfaces.presenters import regulation
from planshift.procedures import queries, views
from planshift.runtime import clock


@require_GET
@door.client_page
def every(request: HttpRequest, client: views.ClientHeader) -> HttpResponse:
    """The list of pages."""
    return door.show(request, client, "panel/help.html", here="help", pages=pages(client))


def pages(client: views.ClientHeader) -> tuple[regulation.Page, ...]:
    """The help pages of the regulation in force, in the reader's language: one per operation, then the whole of it."""
    rules = queries.rulebook(seller=client.seller)
    language = (translation.get_language() or "en")[:2]
    on = clock.today(zone=client.time_zone)
    return regulation.articles(policy=rules.policy, catalog=rules.catalog, language=language, on=on)


@require_GET
@door.client_page
def one(request: HttpRequest, client: views.ClientHeader, slug: str) -> HttpResponse:
    """One page and the vote on it."""
    page = _page(client, slug)
    vote = queries.help_vote(user_id=door.signed_in(request), seller=client.seller, page=slug)
    return door.show(request, client, "panel/help_page.html", here="help", page=page, vote=vote)


@require_POST
@door.client_page
def vote(request: HttpRequest, client: views.ClientHeader, slug: str) -> HttpResponse:
    """One answer per person; a later one replaces it."""
    page = _page(client, slug)
    helped = request.POST.get("helpful") == "yes"
    language = (translation.get_language() or "en")[:2]
    user = door.signed_in(request)
    actions.vote(user_id=user, seller=client.seller, page=slug, language=language, helped=helped, at=clock.business())
    if getattr(request, "htmx", False):
        return door.show(request, client, "panel/vote.html", here="help", page=page, vote=helped)
    return redirect("panel:help_page", slug)


def _page(client: views.ClientHeader, slug: str) -> regulation.Page:
    for page in pages(client):
        if page.slug == slug:
            return page
    raise Http404
