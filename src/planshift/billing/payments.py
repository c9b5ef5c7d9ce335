"""What happens when money comes in? It covers the open order that it names, or settles the invoice issued elsewhere;
what is left of it waits for staff."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from planshift.billing import booking, covering, models, opened, ports, references
from planshift.catalog import models as catalog
from planshift.domain import postings
from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.runtime import audit
from planshift.services import models as services

BANK = covering.BANK


@dataclass(frozen=True, slots=True, kw_only=True)
class _Received:
    """One payment as it was reported."""

    gateway: str
    external_id: str
    amount: Money
    reference: str
    received_at: dt.datetime
    at: dt.datetime
    actor: str
    document: str = ""  # number, where staff said which

    @property
    def through(self) -> str:
        return covering.through(gateway=self.gateway)


def record(
    *,
    gateway: str,
    external_id: str,
    amount: Money,
    reference: str,
    received_at: dt.datetime,
    at: dt.datetime,
    actor: str,
    seller: catalog.Seller | None = None,
    document: str = "",
) -> models.Payment:
    """Record money that came in. `amount` is gross; `reference` an order number, a creditor reference or a transfer's
    title.

    The same gateway and external id again changes nothing and returns the payment as it stands; with another amount
    it is Refused("payment_differs"). An open order in the same currency is covered up to what it lacks and becomes
    PAID when nothing is missing. With `seller`, invoices issued elsewhere that it names (or `document`, where somebody
    says so) are settled, the oldest first, up to what is unpaid. Everything else is unapplied: late, double, too much,
    another currency, or (when `seller` is given) of an unknown payer. `received_at` decides whether it was in
    time, `at` is now (both business).

    Refused: `payment_not_positive`, `payment_matches_nothing` (no order, no client, and no seller given).
    """
    if amount.minor <= 0:
        raise Refused("payment_not_positive", amount=amount)
    received = _Received(
        gateway=gateway,
        external_id=external_id,
        amount=amount,
        reference=reference[:200],
        received_at=received_at,
        at=at,
        actor=actor,
        document=document,
    )
    try:
        with transaction.atomic():
            return _record(received, seller)
    except IntegrityError:
        # Two reports of a payment that names no order had no common lock: the other one was first.
        known = _known(received)
        if known is None:
            raise
        return known


def mark_transfer_received(
    *,
    order: str,
    amount: Money,
    received_at: dt.datetime,
    key: str,
    at: dt.datetime,
    actor: str,
) -> models.Payment:
    """Staff saw a transfer on the bank account. `key` is the bank's own reference, or one made for the form that was
    filled in: sending the same form twice records one payment. Refused: `order_unknown`, as `record`."""
    seller = catalog.Seller.objects.filter(orders__number=order).first()
    if seller is None:
        raise Refused("order_unknown", orders=[order])
    return _seen_by_staff(seller, order, amount, received_at=received_at, key=key, at=at, actor=actor)


def mark_document_paid(
    *,
    seller: catalog.Seller,
    document: str,
    amount: Money,
    received_at: dt.datetime,
    key: str,
    at: dt.datetime,
    actor: str,
) -> models.Payment:
    """The same for an invoice that was issued elsewhere, of which something was unpaid."""
    return _seen_by_staff(
        seller, document, amount, received_at=received_at, key=key, at=at, actor=actor, document=document
    )


def _seen_by_staff(
    seller: catalog.Seller,
    reference: str,
    amount: Money,
    *,
    received_at: dt.datetime,
    key: str,
    at: dt.datetime,
    actor: str,
    document: str = "",
) -> models.Payment:
    """A transfer that somebody saw: its `key` is one of the seller's bank. Only a document needs its seller told."""
    return record(
        gateway=BANK,
        external_id=f"{seller.code}/{key}",
        amount=amount,
        reference=reference,
        received_at=received_at,
        at=at,
        actor=actor,
        seller=seller if document else None,
        document=document,
    )


def start(*, order: str, gateway: str, return_path: str, at: dt.datetime, base_url: str, language: str = "") -> str:
    """The address of the gateway's page for what `order` still lacks. Call it outside a transaction.

    `return_path` is a path of our own site, where the client comes back to; `language` the one in which they read it
    (that of the order where it is not said). Refused: `order_unknown`, `order_not_open`,
    `gateway_unknown`; raises what the gateway raises.
    """
    if not return_path.startswith("/") or return_path.startswith(("//", "/\\")):
        raise ValueError("the client returns to a path of this site")
    chosen = ports.gateway(gateway)
    with transaction.atomic():
        row = covering.lock(numbers=[order])[0]
        if row.state != "AWAITING_PAYMENT" or row.expires_at <= at:
            raise Refused("order_not_open", order=order, state=row.state)
        missing = covering.missing(row)
        attempt = models.PaymentAttempt.objects.create(
            number=references.attempt_number(on=booking.day(seller=row.seller, at=at)),
            order=row,
            gateway=gateway,
            currency=missing.currency,
            amount_minor=missing.minor,
            return_path=return_path,
            started_at=at,
        )
    return chosen.start(
        intent=ports.PaymentIntent(
            number=attempt.number,
            order=order,
            amount=missing,
            language=language or row.language,
            seller_name=row.seller.name,
            return_url=f"{base_url}{return_path}",
        )
    )


def receive(*, gateway: str, event: ports.Event, at: dt.datetime) -> str:
    """Take a verified message of a gateway; returns the path to send the client to.

    An amount that differs from the intent's is real money all the same: it is recorded as what it is (a part payment,
    or too much), never as what was asked for. Refused("payment_intent_unknown").
    """
    actor = f"gateway:{gateway}"
    attempt = models.PaymentAttempt.objects.select_related("order").filter(number=event.intent, gateway=gateway).first()
    if attempt is None:
        raise Refused("payment_intent_unknown", gateway=gateway)
    if event.kind == "paid":
        record(
            gateway=gateway,
            external_id=event.external_id,
            amount=event.amount,
            reference=attempt.order.number,
            received_at=at,
            at=at,
            actor=actor,
        )
    attempts = models.PaymentAttempt.objects.filter(pk=attempt.pk)
    if event.kind != "paid":
        attempts = attempts.exclude(result="paid")  # a late or forged order of messages never unsays a payment
    attempts.update(result=event.kind, result_at=at)
    return attempt.return_path


def _known(received: _Received) -> models.Payment | None:
    found = models.Payment.objects.filter(gateway=received.gateway, external_id=received.external_id).first()
    same = (received.amount.minor, received.amount.currency, received.reference)
    if found is not None and (found.amount_minor, found.currency, found.reference) != same:
        raise Refused("payment_differs", payment=found.number, amount=received.amount)
    return found


def _record(received: _Received, seller: catalog.Seller | None) -> models.Payment:
    order = _order_of(received.reference, seller)
    balances = _balances_of(received, seller) if order is None else []
    known = _known(received)  # after these locks: a second report of the same payment waits there for the first
    if known is not None:
        return known
    client = order.client if order else _owner(balances) or _client_of(received.reference, seller)
    seller = order.seller if order else client.seller if client else seller
    if seller is None:
        raise Refused("payment_matches_nothing", reference=received.reference)
    why = _why_not_settled(received, balances) if balances else _why_not(received, order)
    put = Money.zero(received.amount.currency)
    if not why:
        lacking = [covering.missing(order)] if order else [opened.missing(each) for each in balances]
        put = min(received.amount, Money.total(lacking, currency=put.currency))
        why = "too_much" if put < received.amount else ""
    payment = models.Payment.objects.create(
        number=references.payment_number(on=booking.day(seller=seller, at=received.at)),
        seller=seller,
        client=client,
        gateway=received.gateway,
        external_id=received.external_id,
        reference=received.reference,
        currency=received.amount.currency,
        amount_minor=received.amount.minor,
        unapplied_minor=(received.amount - put).minor,
        why_unapplied=why,
        order_number=order.number if order else "",
        received_at=received.received_at,
        recorded_at=received.at,
    )
    _audit(payment, received)
    rest = _rest(payment, client, seller, received) if payment.unapplied_minor else []
    if order is not None and put:
        share = covering.Share(order=order, payment=payment, source=received.through, amount=put)
        covering.put(shares=[share], at=received.at, actor=received.actor, also=rest)
    elif put:
        settling = opened.shares(balances=balances, payment=payment, amount=put)
        opened.put(shares=settling, at=received.at, actor=received.actor, also=rest)
    else:
        booking.book_many(rest)
    return payment


def _order_of(reference: str, seller: catalog.Seller | None) -> models.Order | None:
    """The order that a reference names, locked. Several candidates: the first that exists (of the seller, if given)."""
    candidates = references.orders_in(reference)
    found = models.Order.objects.filter(number__in=candidates)
    if seller is not None:
        found = found.filter(seller=seller)
    numbers = set(found.values_list("number", flat=True))
    chosen = next((number for number in candidates if number in numbers), None)
    return covering.lock(numbers=[chosen])[0] if chosen else None


def _balances_of(received: _Received, seller: catalog.Seller | None) -> list[models.OpeningBalance]:
    """What was unpaid of the invoices issued elsewhere that the money means, locked. None where the title names another
    client than theirs: staff decide."""
    if seller is None:
        return []
    numbers = [received.document] if received.document else None
    if numbers is None:
        numbers = opened.named_in(title=received.reference, seller=seller, amount=received.amount)
    found = opened.lock(seller=seller, numbers=numbers)
    named = references.clients_in(received.reference)
    if found and named and not received.document:
        others = services.Client.objects.filter(seller=seller, number__in=named).exclude(pk=found[0].invoice.client_id)
        if others.exists():
            return []
    return found


def _owner(balances: Sequence[models.OpeningBalance]) -> services.Client | None:
    return balances[0].invoice.client if balances else None


def _why_not_settled(received: _Received, balances: Sequence[models.OpeningBalance]) -> str:
    """Why the money cannot go to the invoices that it names; empty when it can."""
    if received.amount.currency != balances[0].invoice.currency:
        return "other_currency"
    return "" if any(opened.missing(each) for each in balances) else "invoice_paid"


def _client_of(reference: str, seller: catalog.Seller | None) -> services.Client | None:
    if seller is None:
        return None
    numbers = references.clients_in(reference)
    return services.Client.objects.select_related("seller").filter(seller=seller, number__in=numbers).first()


def _why_not(received: _Received, order: models.Order | None) -> str:
    """Why the money cannot go to the order that it names; empty when it can."""
    if order is None:
        return "no_order"
    if order.state != "AWAITING_PAYMENT":
        return {"PAID": "paid_twice", "EXPIRED": "too_late", "WITHDRAWN": "order_withdrawn"}[order.state]
    if received.received_at >= order.expires_at:
        return "too_late"
    if received.amount.currency != order.currency:
        return "other_currency"
    return ""


def _rest(
    payment: models.Payment, client: services.Client | None, seller: catalog.Seller, received: _Received
) -> list[booking.Entry]:
    amount = Money.from_minor(payment.unapplied_minor, payment.currency)
    if client is None:
        posting = postings.received_unidentified(seller=seller.code, through=received.through, amount=amount)
    else:
        posting = postings.received_unapplied(
            seller=seller.code, client=client.number, through=received.through, amount=amount
        )
    return [
        booking.entry(
            posting,
            key=f"{payment.number}/unapplied",
            seller=seller,
            at=received.at,
            actor=received.actor,
            order=payment.order_number,
            payment=payment.number,
        )
    ]


def _audit(payment: models.Payment, received: _Received) -> None:
    audit.record(
        kind="billing.payment",
        object_id=payment.pk,
        number=payment.number,
        event="received",
        actor=received.actor,
        at=received.at,
        facts={
            "gateway": payment.gateway,
            "external_id": payment.external_id,
            "amount": received.amount.text,
            "currency": payment.currency,
            "order": payment.order_number,
            "unapplied_minor": payment.unapplied_minor,
            "why": payment.why_unapplied,
        },
    )
