"""What is in my deposit and account credit? Movements with balances, statements; payouts of the deposit (D11)."""

import uuid
from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from planshift.domain.errors import BadMoney, Refused
from planshift.interfaces import asking
from planshift.interfaces.panel import door, papers
from planshift.interfaces.presenters import movements, reasons
from planshift.procedures import deposit as doing
from planshift.procedures import views
from planshift.procedures.queries import deposit
from planshift.procedures.views import deposit as balances
from planshift.runtime import clock

MOST = 10**11  # minor units: more than any deposit


@require_GET
@door.client_page
def show(request: HttpRequest, client: views.ClientHeader) -> HttpResponse:
    """Movements in a period, newest first, each with the balance after it."""
    return _show(request, client)


def _show(
    request: HttpRequest, client: views.ClientHeader, *, error: str = "", asked: dict[str, str] | None = None
) -> HttpResponse:
    shown = _moves(request, client, kind="deposit")
    page: balances.DepositPage = shown["page"]
    return door.show(
        request,
        client,
        "panel/deposit.html",
        here="money",
        status=422 if error else 200,
        **shown,
        key=uuid.uuid4().hex,
        error=error,
        asked=asked or {"amount": "", "holder": page.holder, "iban": page.iban},
    )


@require_GET
@door.client_page
def credit(request: HttpRequest, client: views.ClientHeader) -> HttpResponse:
    """The same of account credit, and what it is used for."""
    shown = _moves(request, client, kind="account_credit")
    return door.show(request, client, "panel/credit.html", here="money", **shown)


def _moves(request: HttpRequest, client: views.ClientHeader, *, kind: deposit.Kind) -> dict[str, Any]:
    """A page of the movements of a balance in the period that was asked for."""
    first, last = _day(request.GET.get("from", "")), _day(request.GET.get("to", ""))
    page = deposit.page(
        client=client.number,
        kind=kind,
        start_on=first,
        end_on=last + timedelta(days=1) if last else None,
        cursor=request.GET.get("cursor", "")[:64],
    )
    kept = {"from": first.isoformat() if first else "", "to": last.isoformat() if last else ""}
    return {
        "page": page,
        "rows": [{"it": each, "title": movements.title(each)} for each in page.rows],
        "first": kept["from"],
        "last": kept["to"],
        "period": "&".join(f"{name}={value}" for name, value in kept.items() if value),
    }


@require_GET
@door.client_page
def statement(request: HttpRequest, client: views.ClientHeader, form: str) -> HttpResponse:
    """All movements of a period as a file; without days the last twelve months."""
    return _statement(request, client, form, kind="deposit")


@require_GET
@door.client_page
def credit_statement(request: HttpRequest, client: views.ClientHeader, form: str) -> HttpResponse:
    """The same of account credit."""
    return _statement(request, client, form, kind="account_credit")


def _statement(request: HttpRequest, client: views.ClientHeader, form: str, *, kind: deposit.Kind) -> HttpResponse:
    today = clock.today(zone=client.time_zone)
    first = _day(request.GET.get("from", "")) or today - timedelta(days=365)
    last = _day(request.GET.get("to", "")) or today
    wanted = {"client": client.number, "kind": kind, "start_on": first, "end_on": last + timedelta(days=1)}
    try:
        if form == "pdf":
            return papers.pdf(*deposit.statement_pdf(**wanted))  # type: ignore[arg-type]
        name, content = deposit.statement_csv(**wanted)  # type: ignore[arg-type]
    except Refused as refused:
        return door.refusal(request, client, refused, back=request.path.rpartition("statement")[0])
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type="text/csv; charset=utf-8", headers=disposition)


@require_GET
@door.client_page
def receipt(request: HttpRequest, client: views.ClientHeader, number: str) -> HttpResponse:
    """The receipt of a paid top-up; another order has none."""
    return papers.pdf(*deposit.receipt_pdf(client=client.number, order=number))


@require_POST
@door.client_page
def ask(request: HttpRequest, client: views.ClientHeader) -> HttpResponse:
    """Have a part of the deposit, or all of it, paid out to a bank account."""
    asked = {name: request.POST.get(name, "").strip()[:140] for name in ("amount", "holder", "iban")}
    try:
        amount = asking.typed(asked["amount"], currency=client.currency, most=MOST)
    except BadMoney:
        return _show(request, client, error=_("Give an amount such as 50.00."), asked=asked)
    try:
        doing.ask(
            client=client.number,
            amount=amount,
            holder=asked["holder"],
            iban=asked["iban"],
            key=door.key(request),
            at=clock.business(),
            actor=door.actor(request),
        )
    except Refused as refused:
        return _show(request, client, error=" ".join(reasons.sentences(refused)), asked=asked)
    return redirect("panel:deposit")


@require_POST
@door.client_page
def withdraw(request: HttpRequest, client: views.ClientHeader, number: str) -> HttpResponse:
    """Take a payout back as long as staff have not sent it."""
    try:
        doing.withdraw(client=client.number, number=number, at=clock.business(), actor=door.actor(request))
    except Refused as refused:
        return door.refusal(request, client, refused, back="/payments/deposit/")
    return redirect("panel:deposit")


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text[:10])
    except ValueError:
        return None
    return found if 1990 <= found.year <= 2200 else None
