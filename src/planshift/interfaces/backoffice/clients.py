"""Who are our clients, and what do we order for them? Clients, their services, quotes, orders placed by staff."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from planshift.domain import facts
from planshift.domain.errors import Refused
from planshift.interfaces import asking
from planshift.interfaces.backoffice import door
from planshift.interfaces.presenters import amounts, figures, notices, settlements
from planshift.interfaces.presenters import states as worded
from planshift.procedures import on_behalf, placing, views
from planshift.procedures.queries import desk
from planshift.procedures.views import desk as seen
from planshift.procedures.views import office
from planshift.runtime import clock

WAYS = {
    "telephone": gettext_lazy("By telephone"),
    "in_writing": gettext_lazy("In writing"),
    "in_person": gettext_lazy("In person"),
}


@require_GET
@door.staff_page
def every(request: HttpRequest, staff: office.StaffHeader) -> HttpResponse:
    """Clients by name, or those that hold what was typed."""
    text = request.GET.get("q", "").replace("\x00", "").strip()[:80]
    page = desk.every(sellers=staff.sellers, text=text, page=door.page_number(request))
    return door.show(request, staff, "staff/clients.html", here="clients", page=page, text=text)


@require_GET
@door.staff_page
def one(request: HttpRequest, staff: office.StaffHeader, number: str) -> HttpResponse:
    """One client: services, what is to be paid, money that matched no order."""
    page = desk.one(sellers=staff.sellers, number=number, at=clock.business())
    return door.show(request, staff, "staff/client.html", here="clients", page=page, key=door.new_key())


@require_GET
@door.staff_page
def service(request: HttpRequest, staff: office.StaffHeader, number: str) -> HttpResponse:
    """One service and everything that could be ordered for it, paths for staff too (H2)."""
    page = desk.service(sellers=staff.sellers, number=number, at=clock.business())
    names = page.plans.names
    plans = [row for each in page.plans.options if not each.current for row in _targets(each, names, each.plan_code)]
    periods = [row for each in page.periods.options if not each.current for row in _targets(each, names)]
    shown: dict[str, Any] = {"page": page, "card": page.plans.card, "names": names, "plans": plans, "periods": periods}
    return door.show(request, staff, "staff/service.html", here="clients", **shown)


def _targets(option: Any, names: views.Names, plan: str = "") -> list[dict[str, Any]]:
    """A target as a row; where the client chooses the settlement, one row for each."""
    return [_target(each, option, names, plan) for each in option.choices or (option,)]


def _target(priced: Any, option: Any, names: views.Names, plan: str) -> dict[str, Any]:
    offer, choice = priced.offer, priced.code if option.choices else ""
    return {
        "title": amounts.words(option.plan) if plan else worded.months(option.months),
        "choice": choice,
        "settled": settlements.title(choice) if choice else "",
        "family": option.family if plan else "",
        "field": "plan" if plan else "months",
        "value": plan or option.months,
        "offer": offer,
        "kind_note": figures.kind_note(offer, names) if offer else "",
        "orderable": priced.orderable,
        "reasons": (*priced.reasons, *priced.not_orderable),
    }


@require_POST
@door.staff_page
def offer(request: HttpRequest, staff: office.StaffHeader, number: str) -> HttpResponse:
    """Keep a quote for the client."""
    try:
        asked = _asked(request)
        who = door.actor(request)
        made = on_behalf.offer(sellers=staff.sellers, service=number, request=asked, at=clock.business(), actor=who)
    except Refused as refused:
        return door.refusal(request, staff, refused, back=reverse("staff:service", args=[number]), here="clients")
    return redirect("staff:quote", made)


def _asked(request: HttpRequest) -> facts.Request:
    """What the form asks for; fields left blank ask for nothing."""
    filled = request.POST.copy()
    for name in [name for name in filled if not filled[name]]:
        del filled[name]
    return asking.request_of(filled)


@require_GET
@door.staff_page
def quote(request: HttpRequest, staff: office.StaffHeader, number: str) -> HttpResponse:
    """The quote with its working, and what can be done with it."""
    page = desk.quote(sellers=staff.sellers, number=number, at=clock.business())
    return door.show(request, staff, "staff/quote.html", here="clients", **_quote(page))


def _quote(found: seen.OfficeQuote) -> dict[str, Any]:
    page = found.page
    return {
        "found": found,
        "page": page,
        "names": page.names,
        "figures": figures.of_offer(page.offer, page.names),
        "kind_note": figures.kind_note(page.offer, page.names),
        "notices": [
            {"code": each.code, **notices.text(each.code, each.facts, page.names)._asdict()}
            for each in page.offer.notices
        ],
        "ways": WAYS.items(),
        "other_kind": "hard" if page.offer.kind == "easy" else "easy",
        "key": door.new_key(),
    }


@require_POST
@door.staff_page
def place(request: HttpRequest, staff: office.StaffHeader, number: str) -> HttpResponse:
    """Order for the client: every notice was read out and acknowledged, the note says how (H2, H9)."""
    found = desk.quote(sellers=staff.sellers, number=number, at=clock.business())
    ticked = set(request.POST.getlist("ack"))
    language = translation.get_language() or "en"
    try:
        change = on_behalf.order(
            sellers=staff.sellers,
            quote=number,
            acknowledged={
                each.code: placing.Acknowledged(language=language, text=notices.said(each, found.page.names))
                for each in found.page.offer.notices
                if each.code in ticked
            },
            how=request.POST.get("how", "")[:20],
            note=door.note(request),
            key=door.key(request),
            at=clock.business(),
            actor=door.actor(request),
        )
    except Refused as refused:
        return door.refusal(request, staff, refused, back=reverse("staff:quote", args=[number]), here="clients")
    messages.success(request, _("Ordered for the client, who sees it in the panel and pays it."))
    return redirect("staff:change", change)


@require_POST
@door.staff_page
def kind(request: HttpRequest, staff: office.StaffHeader, number: str) -> HttpResponse:
    """Easy or hard: staff decide, and a new quote takes the place of this one (H3)."""
    try:
        made = on_behalf.decide_kind(
            sellers=staff.sellers,
            quote=number,
            kind=request.POST.get("kind", "")[:10],
            note=door.note(request),
            at=clock.business(),
            actor=door.actor(request),
        )
    except Refused as refused:
        return door.refusal(request, staff, refused, back=reverse("staff:quote", args=[number]), here="clients")
    messages.success(request, _("Decided. This quote takes the place of %(quote)s.") % {"quote": number})
    return redirect("staff:quote", made)
