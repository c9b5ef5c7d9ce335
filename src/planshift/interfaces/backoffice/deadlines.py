"""What is promised for when, and is it in time (H6)? The board, pauses of the clock, and notices."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from planshift.interfaces.backoffice import door
from planshift.interfaces.presenters import states
from planshift.procedures import deadlines as doing
from planshift.procedures.queries import deadlines
from planshift.procedures.views import office
from planshift.runtime import clock

LISTS = {
    "overdue": gettext_lazy("Overdue"),
    "today": gettext_lazy("Due today"),
    "soon": gettext_lazy("Due on the next business days"),
    "later": gettext_lazy("Due later"),
    "stuck": gettext_lazy("Stuck"),
    "paused": gettext_lazy("Paused"),
}


@require_GET
@door.staff_page
def board(request: HttpRequest, staff: office.StaffHeader) -> HttpResponse:
    """Everything that is promised and not yet in force, the overdue first."""
    found = deadlines.board(sellers=staff.sellers, at=clock.business())
    lists = [
        {"code": code, "title": title, "rows": getattr(found, code), "total": found.totals[code]}
        for code, title in LISTS.items()
    ]
    empty = not any(found.totals.values())
    several, alarmed = len(staff.sellers) > 1, deadlines.alarmed(sellers=staff.sellers)
    return door.show(
        request,
        staff,
        "staff/deadlines.html",
        here="deadlines",
        page=found,
        lists=lists,
        empty=empty,
        several=several,
        alarmed=alarmed,
    )


@require_POST
@door.staff_page
def seen(request: HttpRequest, staff: office.StaffHeader) -> HttpResponse:
    """The notices that the form names have been read."""
    named = [each for each in request.POST.getlist("notice")[:500] if each.isascii() and each.isdigit()]
    ids = tuple(int(each) for each in named if len(each) < 19)
    doing.seen(sellers=staff.sellers, notices=ids, at=clock.business(), actor=door.actor(request))
    return redirect("staff:deadlines")


@require_POST
@door.staff_page
def pause(request: HttpRequest, staff: office.StaffHeader, number: str) -> HttpResponse:
    """The clock of a change stands still, for a stated reason."""
    return door.decided(
        request,
        staff,
        lambda: doing.pause(
            sellers=staff.sellers,
            number=number,
            reason=request.POST.get("reason", "")[:20],
            note=door.note(request),
            at=clock.business(),
            actor=door.actor(request),
        ),
        back=reverse("staff:change", args=[number]),
        here="changes",
        told=_("The clock is paused. The promised day moves when it goes on."),
    )


@require_POST
@door.staff_page
def resume(request: HttpRequest, staff: office.StaffHeader, number: str) -> HttpResponse:
    """The clock of a change goes on."""
    return door.decided(
        request,
        staff,
        lambda: doing.resume(
            sellers=staff.sellers,
            number=number,
            note=door.note(request),
            at=clock.business(),
            actor=door.actor(request),
        ),
        back=reverse("staff:change", args=[number]),
        here="changes",
        told=_("The clock goes on."),
    )


def choices() -> list[tuple[str, object]]:
    """The reasons for which a clock may pause: code and words."""
    return [(code, states.of("pause", code)[0]) for code in doing.REASONS]
