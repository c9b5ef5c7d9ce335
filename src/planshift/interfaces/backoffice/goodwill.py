"""Account credit that staff give a client, or take back: a form on the client's page."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from planshift.domain.errors import BadMoney, Refused
from planshift.interfaces import asking
from planshift.interfaces.backoffice import door
from planshift.procedures import goodwill
from planshift.procedures.queries import desk
from planshift.procedures.views import office
from planshift.runtime import clock

MOST = 10**9  # minor units in one form


@require_POST
@door.staff_page
def move(request: HttpRequest, staff: office.StaffHeader, number: str) -> HttpResponse:
    """Grant credit or take it back, once for every form."""
    currency = desk.one(sellers=staff.sellers, number=number, at=clock.business()).currency

    def decide() -> None:
        acts = {"grant": goodwill.grant, "take_back": goodwill.take_back}
        try:
            act = acts[request.POST.get("decision", "")]
            amount = asking.typed(request.POST.get("amount", ""), currency=currency, most=MOST)
        except (BadMoney, KeyError):
            raise Refused("request_unreadable") from None
        act(
            sellers=staff.sellers,
            client=number,
            amount=amount,
            note=door.note(request),
            key=door.key(request),
            at=clock.business(),
            actor=door.actor(request),
        )

    return door.decided(request, staff, decide, back=reverse("staff:client", args=[number]), here="clients")
