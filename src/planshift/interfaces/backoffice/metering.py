"""Whose prepaid balance runs out, who is blocked, who owes? And money moved on a client's word (D3)."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from planshift.domain.errors import BadMoney, Refused
from planshift.domain.money import Money
from planshift.interfaces import asking
from planshift.interfaces.backoffice import door
from planshift.procedures.metering import paying
from planshift.procedures.queries import desk, metering
from planshift.procedures.views import office
from planshift.runtime import clock

MOST = 10**9  # minor units in one form


@require_GET
@door.staff_page
def accounts(request: HttpRequest, staff: office.StaffHeader) -> HttpResponse:
    """Prepaid balances, blocked ones and those that owe first."""
    only = request.GET.get("only", "all")[:10]
    page = metering.accounts(sellers=staff.sellers, only=only, page=door.page_number(request))
    several = len(staff.sellers) > 1
    return door.show(request, staff, "staff/prepaid.html", here="prepaid", page=page, several=several)


@require_POST
@door.staff_page
def transfer(request: HttpRequest, staff: office.StaffHeader, number: str) -> HttpResponse:
    """Move money between a client's deposit and prepaid balance."""
    client = desk.one(sellers=staff.sellers, number=number, at=clock.business())
    back = reverse("staff:client", args=[number])
    try:
        amount, direction = _asked(request, client.currency)
        paying.transfer_for(
            sellers=staff.sellers,
            client=number,
            direction=direction,  # type: ignore[arg-type]
            amount=amount,
            note=door.note(request),
            key=door.key(request),
            at=clock.business(),
            actor=door.actor(request),
        )
    except Refused as refused:
        return door.refusal(request, staff, refused, back=back, here="clients")
    messages.success(request, _("Done, and recorded with your reason."))
    return redirect(back)


def _asked(request: HttpRequest, currency: str) -> tuple[Money, str]:
    direction = request.POST.get("direction", "")
    try:
        amount = asking.typed(request.POST.get("amount", ""), currency=currency, most=MOST)
    except BadMoney:
        raise Refused("request_unreadable") from None
    if direction not in ("to_prepaid", "to_deposit"):
        raise Refused("request_unreadable")
    return amount, direction
