"""What came over the bank? Statements uploaded, lines with what they are, suggestions accepted with one click."""

from typing import BinaryIO, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from planshift.domain.errors import Refused
from planshift.interfaces.backoffice import door
from planshift.procedures import bank as doing
from planshift.procedures.queries import bank
from planshift.procedures.views import bank as seen
from planshift.procedures.views import office
from planshift.runtime import clock

MEGABYTES = 20

BECAUSE = {
    "client": gettext_lazy("the title names the client"),
    "amount": gettext_lazy("same amount"),
    "account": gettext_lazy("paid from this account before"),
    "name": gettext_lazy("same name"),
}


@require_GET
@door.staff_page
def page(request: HttpRequest, staff: office.StaffHeader) -> HttpResponse:
    """What waits for staff, then every line."""
    found = bank.page(sellers=staff.sellers, number=door.page_number(request))
    return door.show(
        request,
        staff,
        "staff/bank.html",
        here="bank",
        page=found,
        credits=[_row(each) for each in found.credits],
        debits=[_row(each) for each in found.debits],
        several=len(staff.sellers) > 1,
    )


def _row(line: seen.Line) -> dict[str, object]:
    return {
        "line": line,
        "key": door.new_key(),
        "suggestions": [
            {"it": each, "because": [BECAUSE[reason] for reason in each.because]} for each in line.suggestions
        ],
    }


@require_POST
@door.staff_page
def upload(request: HttpRequest, staff: office.StaffHeader) -> HttpResponse:
    """A statement of an account of the reader's own sellers; the same file again changes nothing."""
    file = request.FILES.get("statement")
    try:
        if file is None or not file.size:
            raise Refused("statement_missing")
        if file.size > MEGABYTES * 1_000_000:
            raise Refused("statement_too_big", megabytes=MEGABYTES)
        done = doing.import_statement(
            sellers=staff.sellers,
            file=cast(BinaryIO, file.file),
            name=file.name or "",
            at=clock.business(),
            actor=door.actor(request),
        )
    except Refused as refused:
        return door.refusal(request, staff, refused, back=reverse("staff:bank"), here="bank")
    told = {"new": done.new, "matched": done.matched, "known": done.known}
    messages.success(
        request,
        _("Imported: %(new)s new lines, %(matched)s of them paid an order; %(known)s were known already.") % told,
    )
    return redirect("staff:bank")


@require_POST
@door.staff_page
def accept(request: HttpRequest, staff: office.StaffHeader, number: str) -> HttpResponse:
    """One click: this money pays that order."""
    order = request.POST.get("order", "")[:40]
    return door.decided(
        request,
        staff,
        lambda: doing.accept(
            sellers=staff.sellers,
            line=number,
            order=order,
            key=door.key(request),
            at=clock.business(),
            actor=door.actor(request),
        ),
        back=reverse("staff:bank"),
        here="bank",
        told=_("The money was put towards order %(order)s.") % {"order": order},
    )


@require_POST
@door.staff_page
def explain(request: HttpRequest, staff: office.StaffHeader, number: str) -> HttpResponse:
    """A debit gave back a payment, or is no client's matter."""
    payment, at, actor = request.POST.get("payment", "")[:40], clock.business(), door.actor(request)
    try:
        key = door.key(request)
        if payment:
            doing.was_return(sellers=staff.sellers, line=number, payment=payment, key=key, at=at, actor=actor)
        else:
            note = door.note(request)
            doing.was_other(sellers=staff.sellers, line=number, note=note, key=key, at=at, actor=actor)
    except Refused as refused:
        return door.refusal(request, staff, refused, back=reverse("staff:bank"), here="bank")
    messages.success(request, _("Line %(line)s is explained.") % {"line": number})
    return redirect("staff:bank")
