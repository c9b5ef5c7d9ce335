"""What do readers think of the help pages, and what time is it here?"""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from planshift.domain.errors import Refused
from planshift.interfaces.backoffice import door
from planshift.interfaces.presenters import amounts
from planshift.procedures import office as doing
from planshift.procedures.queries import office
from planshift.procedures.views import office as views
from planshift.runtime import clock


@require_GET
@door.staff_page
def home(request: HttpRequest, staff: views.StaffHeader) -> HttpResponse:
    """The back office begins with the queue."""
    return redirect("staff:changes")


@require_GET
@door.staff_page
def votes(request: HttpRequest, staff: views.StaffHeader) -> HttpResponse:
    """Did the help pages help? (D10)"""
    found = office.votes(sellers=staff.sellers)
    return door.show(request, staff, "staff/votes.html", here="votes", votes=found)


@require_POST
@door.staff_page
def push_clock(request: HttpRequest, staff: views.StaffHeader) -> HttpResponse:
    """Push the business clock ahead; only where that is possible at all."""
    if not clock.movable():
        raise Http404
    days = request.POST.get("days", "")
    try:
        now = doing.push_clock(
            days=int(days) if days in ("1", "7", "30") else 0, at=clock.business(), actor=door.actor(request)
        )
    except Refused as refused:
        return door.refusal(request, staff, refused, back=reverse("staff:changes"), here="changes")
    messages.success(request, _("It is now %(at)s.") % {"at": amounts.moment(now)})
    return redirect("staff:changes")
