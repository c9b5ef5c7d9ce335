"""Where do machines say something else than we think? The report, a look on demand, and what staff decide."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from planshift.interfaces.backoffice import door
from planshift.interfaces.presenters import drifting
from planshift.procedures import drift as doing
from planshift.procedures.queries import actors, choices, drift
from planshift.procedures.views import office
from planshift.runtime import clock


@require_GET
@door.staff_page
def report(request: HttpRequest, staff: office.StaffHeader) -> HttpResponse:
    """Open differences, or with ?closed=1 what became of the others."""
    closed = request.GET.get("closed") == "1"
    found = drift.report(sellers=staff.sellers, closed=closed, page=door.page_number(request))
    names = choices.names_of_sellers(sellers=staff.sellers)
    closers = [each.closed_by for each in found.rows] + [each.closed_by for each in found.unknown]
    people = actors.names(actors=closers)
    rows = [
        {
            "it": each,
            "title": drifting.title(each.what),
            "subject": names[each.seller].get(each.subject, each.subject) if each.what == "limit" else each.subject,
            "ours": drifting.value(each.ours),
            "theirs": drifting.value(each.theirs),
            "outcome": drifting.OUTCOMES.get(each.outcome),
        }
        for each in found.rows
    ]
    return door.show(
        request,
        staff,
        "staff/drift.html",
        here="drift",
        found=found,
        rows=rows,
        unknown=[{"it": each, "outcome": drifting.OUTCOMES.get(each.outcome)} for each in found.unknown],
        silent=drifting.summary(found) if any(each.silent for each in found.servers) else "",
        closed=closed,
        people=people,
        kept="closed=1&" if closed else "",
    )


@require_POST
@door.staff_page
def look(request: HttpRequest, staff: office.StaffHeader) -> HttpResponse:
    """Have the machines asked by the worker."""
    if doing.look(sellers=staff.sellers, at=clock.business()):
        messages.success(request, _("The worker asks the servers now. Look again in a moment."))
    else:
        messages.info(request, _("There is nothing on a server to ask about."))
    return redirect("staff:drift")


@require_POST
@door.staff_page
def decide(request: HttpRequest, staff: office.StaffHeader, number: int) -> HttpResponse:
    """Our state again, taken over, or dismissed, with the reason."""
    return door.decided(
        request,
        staff,
        lambda: doing.decide(
            sellers=staff.sellers,
            difference=number,
            decision=request.POST.get("decision", "")[:12],
            note=door.note(request),
            at=clock.business(),
            actor=door.actor(request),
        ),
        back=reverse("staff:drift"),
        here="drift",
    )


@require_POST
@door.staff_page
def dismiss_unknown(request: HttpRequest, staff: office.StaffHeader, number: int) -> HttpResponse:
    """An account that we do not know may be there, with the reason."""
    return door.decided(
        request,
        staff,
        lambda: doing.dismiss_unknown(
            sellers=staff.sellers,
            account=number,
            note=door.note(request),
            at=clock.business(),
            actor=door.actor(request),
        ),
        back=reverse("staff:drift"),
        here="drift",
    )
