"""Which money do we wait for, and which has come? Open orders, transfers received, money that matched none."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from planshift.domain.errors import BadMoney, Reason, Refused
from planshift.domain.money import Money
from planshift.interfaces import asking
from planshift.interfaces.backoffice import door, taxes
from planshift.interfaces.presenters import amounts
from planshift.procedures import office as doing
from planshift.procedures.queries import office
from planshift.procedures.views import office as views
from planshift.runtime import clock

MOST = 100_000_000  # minor units: nobody transfers more by one form


@require_GET
@door.staff_page
def every(request: HttpRequest, staff: views.StaffHeader) -> HttpResponse:
    """Orders that wait for payment, the next to expire first."""
    page = office.orders(sellers=staff.sellers, page=door.page_number(request))
    rows = [{"order": each, "key": door.new_key()} for each in page.rows]
    now = clock.business()
    invoices = [{"it": each, "key": door.new_key()} for each in page.invoices]
    payouts = [{"it": each, "key": door.new_key(), "late": each.due_at < now} for each in page.payouts]
    return door.show(
        request,
        staff,
        "staff/orders.html",
        here="orders",
        page=page,
        rows=rows,
        payouts=payouts,
        invoices=invoices,
        taxes=taxes.rows(staff=staff),
        taxes_total=taxes.count(staff=staff),
    )


@require_POST
@door.staff_page
def received(request: HttpRequest, staff: views.StaffHeader, number: str) -> HttpResponse:
    """A transfer for this order is on the bank account: book it, once for every form."""
    order = office.order(sellers=staff.sellers, number=number)
    change = request.POST.get("change", "")
    back = reverse("staff:change", args=[change]) if change and change == order.subject else reverse("staff:orders")
    here = "changes" if back != reverse("staff:orders") else "orders"
    try:
        amount = _amount(request.POST.get("amount", ""), order.total.currency)
        payment = doing.transfer_received(
            sellers=staff.sellers,
            order=number,
            amount=amount,
            key=door.key(request),
            at=clock.business(),
            actor=door.actor(request),
        )
    except Refused as refused:
        return door.refusal(request, staff, refused, back=back, here=here)
    told = {"payment": payment, "amount": amounts.money(amount), "order": number}
    messages.success(request, _("%(amount)s booked for order %(order)s as payment %(payment)s.") % told)
    return redirect(back)


@require_POST
@door.staff_page
def invoice_received(request: HttpRequest, staff: views.StaffHeader, number: int) -> HttpResponse:
    """A transfer for an invoice that was issued elsewhere: book it, once for every form."""
    missing = office.invoice_missing(sellers=staff.sellers, invoice=number)
    try:
        amount = _amount(request.POST.get("amount", ""), missing.currency)
        payment = doing.document_received(
            sellers=staff.sellers,
            invoice=number,
            amount=amount,
            key=door.key(request),
            at=clock.business(),
            actor=door.actor(request),
        )
    except Refused as refused:
        return door.refusal(request, staff, refused, back=reverse("staff:orders"), here="orders")
    told = {"payment": payment, "amount": amounts.money(amount)}
    messages.success(request, _("%(amount)s booked for the invoice as payment %(payment)s.") % told)
    return redirect("staff:orders")


def _amount(text: str, currency: str) -> Money:
    """What staff typed. Refused("amount_unreadable")."""
    try:
        return asking.typed(text, currency=currency, most=MOST)
    except BadMoney as problem:
        raise Refused.for_reasons([Reason("payment_amount_unreadable", {"text": text[:20]})]) from problem
