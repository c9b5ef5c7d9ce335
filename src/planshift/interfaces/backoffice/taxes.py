"""Where is the VAT another one by now? Staff read what was decided, and say what they did about it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from planshift.domain.errors import Refused
from planshift.interfaces.backoffice import door
from planshift.interfaces.presenters import taxing
from planshift.procedures import tax_differences
from planshift.procedures.queries import tax
from planshift.procedures.views import office as views
from planshift.runtime import clock


def rows(*, staff: views.StaffHeader) -> list[dict[str, Any]]:
    """The queue, worded."""
    return [
        {
            "it": each,
            "what": taxing.WHAT[each.what],
            "was": [taxing.taxed(way) for way in each.was],
            "now": taxing.taxed(each.now),
            "decided": taxing.DECIDED[each.decided],
        }
        for each in tax.differences(sellers=staff.sellers)
    ]


@require_POST
@door.staff_page
def seen(request: HttpRequest, staff: views.StaffHeader, pk: int) -> HttpResponse:
    """A person has looked at it; the reason stays with it."""
    try:
        tax_differences.seen(
            sellers=staff.sellers, pk=pk, note=door.note(request), at=clock.business(), actor=door.actor(request)
        )
    except Refused as refused:
        return door.refusal(request, staff, refused, back=reverse("staff:orders"), here="orders")
    messages.success(request, _("Done, and recorded with your reason."))
    return redirect("staff:orders")
