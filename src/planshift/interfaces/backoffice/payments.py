"""Where does money go that matched no order? One payment, what can be done with its rest, asked back before it is."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from planshift.domain.errors import Refused
from planshift.interfaces.backoffice import door
from planshift.interfaces.presenters import amounts
from planshift.procedures import unapplied
from planshift.procedures.queries import actors, desk
from planshift.procedures.views import desk as seen
from planshift.procedures.views import office
from planshift.runtime import clock

QUESTIONS = {
    "identify": gettext_lazy("Does payment %(payment)s (%(amount)s) belong to client %(target)s?"),
    "assign": gettext_lazy("Put %(amount)s of payment %(payment)s towards %(target)s, as far as it goes?"),
    "to_deposit": gettext_lazy("Move %(amount)s of payment %(payment)s to the client's deposit?"),
    "take_back": gettext_lazy("Take %(amount)s of payment %(payment)s back from invoice %(target)s?"),
    "return": gettext_lazy("Was %(amount)s of payment %(payment)s really sent back to where it came from?"),
}


@require_GET
@door.staff_page
def one(request: HttpRequest, staff: office.StaffHeader, number: str) -> HttpResponse:
    """A payment and what can be done with what is left of it."""
    page = desk.payment(sellers=staff.sellers, number=number)
    people = actors.names(actors=[each.who for each in page.history])
    return door.show(request, staff, "staff/payment.html", here="orders", page=page, key=door.new_key(), people=people)


@require_POST
@door.staff_page
def decide(request: HttpRequest, staff: office.StaffHeader, number: str) -> HttpResponse:
    """Asks back first; with `confirmed` it is done, once for every form."""
    page = desk.payment(sellers=staff.sellers, number=number)
    back = reverse("staff:payment", args=[number])
    decision, note = request.POST.get("decision", ""), door.note(request)
    target = request.POST.get("target", "").strip()[:40]
    if decision == "identify":
        target = target.upper()
    try:
        if decision not in QUESTIONS:
            raise Refused("request_unreadable")
        if not note:
            raise Refused("note_needed", number=number)
        key = door.key(request)
        if request.POST.get("confirmed") != "1":
            return door.show(
                request,
                staff,
                "staff/payment_confirm.html",
                here="orders",
                **_question(page, decision, target, note, key),
            )
        _carry_out(request, staff, number, decision=decision, target=target, note=note, key=key)
    except Refused as refused:
        return door.refusal(request, staff, refused, back=back, here="orders")
    messages.success(request, _("Done, and recorded with your reason."))
    return redirect(back)


def _question(page: seen.OfficePayment, decision: str, target: str, note: str, key: str) -> dict[str, Any]:
    amount = page.payment.unapplied
    if decision == "take_back":
        if target not in page.put:
            raise Refused("not_put_there", payment=page.payment.number, number=target)
        amount = page.put[target]
    told = {"payment": page.payment.number, "amount": amounts.money(amount), "target": target}
    question = str(QUESTIONS[decision]) % told
    return {"page": page, "question": question, "decision": decision, "target": target, "note": note, "key": key}


def _carry_out(
    request: HttpRequest, staff: office.StaffHeader, number: str, *, decision: str, target: str, note: str, key: str
) -> None:
    common: dict[str, Any] = {
        "sellers": staff.sellers,
        "payment": number,
        "note": note,
        "key": key,
        "at": clock.business(),
        "actor": door.actor(request),
    }
    if decision == "identify":
        unapplied.identify(client=target, **common)
    elif decision == "assign":
        unapplied.assign(order=target, **common)
    elif decision == "take_back":
        unapplied.take_back(document=target, **common)
    elif decision == "to_deposit":
        unapplied.to_deposit(**common)
    else:
        unapplied.return_money(**common)
