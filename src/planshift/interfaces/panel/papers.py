"""Where are my invoices and my money? Documents with their PDF, payments, deposit."""

import re
import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from planshift.domain.errors import BadMoney, Refused
from planshift.interfaces import asking
from planshift.interfaces.panel import actions, door
from planshift.interfaces.presenters import movements, reasons
from planshift.procedures import queries, views
from planshift.runtime import clock

SIZE = 25
MOST = 10_000_000  # minor units in one form


@require_GET
@door.client_page
def invoices(request: HttpRequest, client: views.ClientHeader) -> HttpResponse:
    """All documents, newest first."""
    page = queries.invoices(client=client.number, cursor=request.GET.get("cursor", "")[:64], size=SIZE)
    return door.show(request, client, "panel/invoices.html", here="invoices", page=page)


@require_GET
@door.client_page
def invoice_pdf(request: HttpRequest, client: views.ClientHeader, number: str) -> HttpResponse:
    """One document as PDF; somebody else's is not there."""
    return pdf(*queries.invoice_pdf(client=client.number, number=number))


def pdf(name: str, content: bytes) -> HttpResponse:
    """A PDF under a name that every system takes."""
    safe = re.sub(r"[^A-Za-z0-9._-]", "-", name)
    return HttpResponse(
        content, content_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{safe}"'}
    )


@require_GET
@door.client_page
def money(request: HttpRequest, client: views.ClientHeader) -> HttpResponse:
    """Deposit, movements, orders that wait for a payment."""
    return _money(request, client)


def _money(request: HttpRequest, client: views.ClientHeader, *, asked: str = "", error: str = "") -> HttpResponse:
    cursor = request.GET.get("cursor", "")[:64]
    page = queries.money(client=client.number, cursor=cursor, size=SIZE, at=clock.business())
    context = {**money_context(page), "asked": asked, "amount_error": error}
    return door.show(request, client, "panel/money.html", here="money", status=422 if error else 200, **context)


def money_context(page: views.MoneyPage) -> dict[str, Any]:
    """Movements in words."""
    rows: list[dict[str, Any]] = []
    for row in page.postings.rows:
        if getattr(row, "code", "") in movements.ON_PAPER:  # moves no money: it stands among the invoices
            continue
        shown = {field: getattr(row, field) for field in ("at", "amount", "reference")}
        rows.append({**shown, "title": movements.title(row), "is_in": shown["amount"].amount > 0})
    return {"page": page, "postings": rows, "key": uuid.uuid4().hex}


@require_POST
@door.client_page
def top_up(request: HttpRequest, client: views.ClientHeader) -> HttpResponse:
    """An order that fills the deposit; it renews nothing by itself (D11)."""
    asked = request.POST.get("amount", "").strip()[:20]
    try:
        amount = asking.typed(asked, currency=client.currency, most=MOST)
    except BadMoney:
        return _money(request, client, asked=asked, error=_("Give an amount such as 50.00."))
    try:
        who = door.actor(request)
        key = door.key(request)
        order = actions.top_up(client=client.number, amount=amount, key=key, at=clock.business(), actor=who)
    except Refused as refused:
        return _money(request, client, asked=asked, error=" ".join(reasons.sentences(refused)))
    return redirect("panel:order", order)
