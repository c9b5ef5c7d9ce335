"""Which deposits are to be paid out? Sent, or refused with a reason that the client reads (D11)."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from planshift.interfaces.backoffice import door
from planshift.procedures import deposit
from planshift.procedures.views import office
from planshift.runtime import clock


@require_POST
@door.staff_page
def decide(request: HttpRequest, staff: office.StaffHeader, number: str) -> HttpResponse:
    """Sent, or refused; once for every form."""
    return door.decided(
        request,
        staff,
        lambda: deposit.decide(
            sellers=staff.sellers,
            number=number,
            decision=request.POST.get("decision", ""),
            note=door.note(request),
            key=door.key(request),
            at=clock.business(),
            actor=door.actor(request),
        ),
        back=reverse("staff:orders"),
        here="orders",
    )
