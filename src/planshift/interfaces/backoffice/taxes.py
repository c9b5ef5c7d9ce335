"""Where is the VAT another one by now? Staff read what was decided, and say what they did about it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

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


def count(*, staff: views.StaffHeader) -> int:
    """How many wait in all."""
    return tax.count(sellers=staff.sellers)


@require_POST
@door.staff_page
def seen(request: HttpRequest, staff: views.StaffHeader, pk: int) -> HttpResponse:
    """A person has looked at it; the reason stays with it."""
    return door.decided(
        request,
        staff,
        lambda: tax_differences.seen(
            sellers=staff.sellers, pk=pk, note=door.note(request), at=clock.business(), actor=door.actor(request)
        ),
        back=reverse("staff:orders"),
        here="orders",
    )
