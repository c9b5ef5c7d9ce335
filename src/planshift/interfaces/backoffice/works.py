"""What is stuck, and do the workers live? Runs, work on machines, and what staff decide about them."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from planshift.domain.errors import Refused
from planshift.interfaces.backoffice import door
from planshift.procedures import office as doing
from planshift.procedures.queries import works
from planshift.procedures.views import office as views
from planshift.runtime import clock


@require_GET
@door.staff_page
def every(request: HttpRequest, staff: views.StaffHeader) -> HttpResponse:
    """Stuck runs, work that waits for staff, workers."""
    page = works.works(sellers=staff.sellers, every_seller=staff.every_seller, at=clock.business())
    alive = sum(1 for each in page.workers if each.alive)
    return door.show(request, staff, "staff/runs.html", here="runs", page=page, alive=alive)


@require_POST
@door.staff_page
def run(request: HttpRequest, staff: views.StaffHeader) -> HttpResponse:
    """Retry, skip or cancel the run that the form names."""
    try:
        doing.decide_run(
            sellers=staff.sellers,
            every_seller=staff.every_seller,
            key=request.POST.get("run", "")[:160],
            decision=request.POST.get("decision", "")[:10],
            note=door.note(request),
            at=clock.business(),
            actor=door.actor(request),
        )
    except Refused as refused:
        return door.refusal(request, staff, refused, back=reverse("staff:runs"), here="runs")
    messages.success(request, _("Done, and recorded with your reason."))
    return redirect("staff:runs")


@require_POST
@door.staff_page
def execution(request: HttpRequest, staff: views.StaffHeader, number: str) -> HttpResponse:
    """Retry, skip or cancel work on machines, or report set-up work as done."""
    try:
        doing.decide_execution(
            sellers=staff.sellers,
            number=number,
            decision=request.POST.get("decision", "")[:10],
            note=door.note(request),
            at=clock.business(),
            actor=door.actor(request),
        )
    except Refused as refused:
        return door.refusal(request, staff, refused, back=reverse("staff:runs"), here="runs")
    messages.success(request, _("Done, and recorded with your reason."))
    return redirect("staff:runs")
