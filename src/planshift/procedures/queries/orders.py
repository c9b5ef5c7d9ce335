"""What has to be paid, how, and why it waits."""

from collections.abc import Mapping
from datetime import datetime

from planshift.billing import ports
from planshift.billing import queries as billing
from planshift.catalog import models as sellers
from planshift.domain.errors import Reason, Refused
from planshift.domain.money import Money
from planshift.procedures import collection, knowledge, models, rules, views
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
    balances, zero = billing.balances_of(clients=[client]), Money.zero(found.total.currency)
    free = {kind: amount for (_, kind, of), amount in balances.items() if of == found.total.currency}
    deposit = free.get("deposit", zero) if owner.seller.has_deposit else None
    open_still = found.state == "AWAITING_PAYMENT"
    credit = _usable(known, found, free.get("account_credit", zero)) if open_still and known else zero
    parts = [part for part in found.parts if not part.released_at]
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
        deciding=_deciding(known, found, free, at) if known and open_still and not decision else "",
        drawn_by_itself=bool(decision.get("drawn")),
        draw_reasons=_draw_reasons(decision, found.missing, deposit) if open_still else (),
        can_draw=bool(open_still and known is not None and (credit or deposit)),
        deposit=deposit,
        credit=credit,
        from_credit=Money.total(
            (part.amount for part in parts if part.source == "account_credit"), currency=found.total.currency
        ),
        transfer=_transfer(found, owner.seller.legal_name) if open_still else None,
        card=open_still and bool(ports.gateways()),
        can_withdraw=bool(open_still and change and change.state == "AWAITING_PAYMENT"),
        invoices=_invoices(found, seller=owner.seller),
    )


def _deciding(
    known: knowledge.Known, found: billing.OrderView, free: Mapping[str, Money], at: datetime
) -> views.Settling:
    """What is about to pay an order that no worker has looked at yet."""
    drawn = collection.decide(
        policy=known.rules.policy,
        service=known.holding.service,
        purpose=found.purpose,
        free=free,
        due=found.missing,
        at=at,
    )
    if not drawn.in_full:
        return ""
    return "deposit" if "deposit" in drawn.amounts else "account_credit"


def _usable(known: knowledge.Known, found: billing.OrderView, credit: Money) -> Money:
    """What account credit pays of an open order, by hand or by itself."""
    return collection.usable(
        policy=known.rules.policy,
        service=known.holding.service,
        purpose=found.purpose,
        credit=credit,
        due=found.missing,
    )


def _draw_reasons(decision: dict[str, object], due: Money, deposit: Money | None) -> tuple[Reason, ...]:
    of_credit = decision.get("account_credit")
    codes = list(dict.fromkeys([*_codes(of_credit), *_codes(decision)]))
    missing = due - deposit if deposit is not None and due > deposit else Money.zero(due.currency)
    return tuple(
        Reason(str(code), {"missing": missing, "deposit": deposit} if code == "deposit_too_small" else {})
        for code in codes
    )


def _codes(decision: object) -> list[str]:
    because = decision.get("because") if isinstance(decision, dict) else None
    return because if isinstance(because, list) else []


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
