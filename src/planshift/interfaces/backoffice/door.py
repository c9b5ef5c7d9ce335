"""Who is at the back office's door, and may they see this? Every page of staff goes through `staff_page`."""

import functools
import re
import uuid
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from planshift.domain.errors import Refused
from planshift.interfaces.backoffice import sections
from planshift.procedures import queries
from planshift.procedures.queries import office
from planshift.procedures.views import office as views
from planshift.runtime import clock

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, views.StaffHeader, P], HttpResponse]


def staff_page(view: View[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Signs in, finds the sellers, speaks in the first one's time zone; for everybody else there is no such page."""

    @login_required
    @functools.wraps(view)
    def page(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        staff = office.staff(user_id=int(request.user.pk or 0))
        if staff is None:
            raise Http404
        with timezone.override(ZoneInfo(staff.time_zone)):
            try:
                return view(request, staff, *args, **kwargs)
            except queries.NotFound as problem:
                raise Http404 from problem

    return page


def refusal(request: HttpRequest, staff: views.StaffHeader, refused: Refused, *, back: str, here: str) -> HttpResponse:
    """409 with every reason; nothing was done. `back` is a path of ours."""
    return show(request, staff, "staff/refused.html", here=here, status=409, reasons=refused.reasons, back_url=back)


def decided(
    request: HttpRequest,
    staff: views.StaffHeader,
    decide: Callable[[], object],
    *,
    back: str,
    here: str,
    told: str = "",
    then: str = "",
) -> HttpResponse:
    """Does what staff decided and tells it on the page `then` (as a rule `back`), or every reason why not."""
    try:
        decide()
    except Refused as refused:
        return refusal(request, staff, refused, back=back, here=here)
    messages.success(request, told or _("Done, and recorded with your reason."))
    return redirect(then or back)


def show(
    request: HttpRequest, staff: views.StaffHeader, template: str, *, here: str, status: int = 200, **context: Any
) -> HttpResponse:
    """Renders a page of the back office; `here` is the entry of the navigation."""
    around = {"panel": staff, "sections": sections.SECTIONS, "here": here, "now": clock.business()}
    shown = {**around, "clock_moves": clock.movable(), **context}
    return render(request, template, shown, status=status)


def actor(request: HttpRequest) -> str:
    """Who acts, as the audit writes it."""
    return f"user:{request.user.pk}"


def key(request: HttpRequest) -> str:
    """The key that the form brought: the same form sent twice is one action."""
    found = request.POST.get("key", "")
    if not (16 <= len(found) <= 64 and found.isascii() and found.isalnum()):
        raise Refused("request_unreadable")
    return found


def note(request: HttpRequest) -> str:
    """The reason that staff give, at most 500 signs."""
    return request.POST.get("note", "").strip()[:500]


def page_number(request: HttpRequest) -> int:
    """Which page of a list is asked for; the first one where that makes no sense."""
    asked = request.GET.get("page", "1")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 1


def new_key() -> str:
    """A key for a form that must not act twice."""
    return uuid.uuid4().hex


def pdf(name: str, content: bytes) -> HttpResponse:
    """A PDF under a name that every system takes."""
    safe = re.sub(r"[^A-Za-z0-9._-]", "-", name)
    return HttpResponse(
        content, content_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{safe}"'}
    )
