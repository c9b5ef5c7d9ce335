"""What has to be paid, how, and why it waits."""

from datetime import datetime

from planshift.billing import ports
from planshift.billing import queries as billing
from planshift.catalog import models as sellers
from planshift.domain.errors import Reason, Refused
from planshift.domain.money import Money
from planshift.procedures import knowledge, models, rules, views
from planshift.procedures.queries import services
from planshift.services import queries as held
from planshift.services.queries import NotFound


def order(*, client: str, number: str, at: datetime) -> views.OrderPage:
    """A client's order. NotFound for another's."""
    try:
        found = billing.order(number=number)
    except Refused as refused:
        raise NotFound(number) from refused
    if found.client != client:
        raise NotFound(number)
    owner = held.client(number=client)
    change = models.Change.objects.filter(order__number=number).select_related("service").first()
    renewal = models.Renewal.objects.filter(order__number=number).select_related("service").first()
    subject = change or renewal
    decision = subject.collection if subject else {}
    known = knowledge.of(service=subject.service.number, client=client, at=at) if subject else None
    deposit = _deposit(client, owner.seller.currency) if owner.seller.has_deposit else None
    open_still = found.state == "AWAITING_PAYMENT"
    return views.OrderPage(
        number=found.number,
        state=found.state,
        placed_at=found.placed_at,
        due_at=found.expires_at if open_still else None,
        service=services.card(known=known, at=at) if known else None,
        change=change.number if change else "",
        lines=found.lines,
        total=found.total,
        paid=found.covered,
        released=Money.total((part.amount for part in found.parts if part.released_at), currency=found.total.currency),
        due=found.missing,
        deciding=open_still and not decision and bool(known and _pays_itself(known, deposit, found.missing)),
        drawn_by_itself=bool(decision.get("drawn")),
        draw_reasons=_draw_reasons(decision, found.missing, deposit) if open_still else (),
        can_draw=bool(
            open_still and found.purpose not in ("topup", "prepaid") and deposit is not None and deposit.amount > 0
        ),
        deposit=deposit,
        transfer=_transfer(found, owner.seller.legal_name) if open_still else None,
        card=open_still and bool(ports.gateways()),
        can_withdraw=bool(open_still and change and change.state == "AWAITING_PAYMENT"),
        invoices=_invoices(found, seller=owner.seller),
    )


def _pays_itself(known: knowledge.Known, deposit: Money | None, due: Money) -> bool:
    return known.holding.service.auto_renew and deposit is not None and deposit >= due


def _deposit(client: str, currency: str) -> Money:
    return billing.balances_of(clients=[client]).get((client, "deposit", currency)) or Money.zero(currency)


def _draw_reasons(decision: dict[str, object], due: Money, deposit: Money | None) -> tuple[Reason, ...]:
    because = decision.get("because")
    codes = because if isinstance(because, list) else []
    missing = due - deposit if deposit is not None and due > deposit else Money.zero(due.currency)
    return tuple(
        Reason(str(code), {"missing": missing, "deposit": deposit} if code == "deposit_too_small" else {})
        for code in codes
    )


def _transfer(found: billing.OrderView, payee: str) -> views.TransferData:
    return views.TransferData(
        payee=payee,
        account=found.bank_account,
        bank="",
        reference=found.payment_reference,
        amount=found.missing,
    )


def _invoices(found: billing.OrderView, *, seller: sellers.Seller) -> tuple[views.InvoiceRow, ...]:
    if not found.invoice or found.paid_at is None:
        return ()
    return (
        views.InvoiceRow(
            number=found.invoice,
            kind="invoice",
            state="issued",
            issued_on=rules.day(seller=seller, at=found.paid_at),
            total=found.total,
            order=found.number,
        ),
    )
