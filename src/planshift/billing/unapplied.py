"""What becomes of money that matched no open order? Staff assign it, move it to the deposit, or return it."""

import datetime as dt

from django.db import transaction

from planshift.billing import booking, covering, models, opened
from planshift.catalog import models as catalog
from planshift.domain import postings
from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.runtime import audit, locks
from planshift.services import models as services


def identify(*, payment: str, client: services.Client, at: dt.datetime, actor: str, note: str = "") -> models.Payment:
    """Say whose an unidentified payment is; it becomes that client's unapplied money. Refused: `payment_identified`,
    `client_of_other_seller`."""
    with transaction.atomic():
        row = _lock(payment)
        if row.client_id is not None:
            raise Refused("payment_identified", payment=payment)
        if client.seller_id != row.seller_id:
            raise Refused("client_of_other_seller", client=client.number)
        amount = Money.from_minor(row.unapplied_minor, row.currency)
        row.client = client
        row.save(update_fields=["client"])
        _book(row, "identified", amount, at, actor, note)
    return row


def assign(
    *, payment: str, order: str, at: dt.datetime, actor: str, amount: Money | None = None, note: str = ""
) -> models.Order:
    """Put unapplied money (default: as much as fits) towards an open order of the same client.

    Refused: `order_not_open`, `payment_of_other_client`, `other_currency`, `not_so_much_unapplied`.
    """
    with transaction.atomic():
        target = covering.lock(numbers=[order])[0]
        row = _lock(payment)
        if target.state != "AWAITING_PAYMENT" or target.expires_at <= at:
            raise Refused("order_not_open", order=order, state=target.state)
        if row.client_id != target.client_id:
            raise Refused("payment_of_other_client", payment=payment, order=order)
        if row.currency != target.currency:
            raise Refused("other_currency", payment=payment, order=order)
        lacking = covering.missing(target)
        wanted = min(lacking, Money.from_minor(row.unapplied_minor, row.currency)) if amount is None else amount
        if wanted > lacking:
            raise Refused("draw_not_possible", order=order, wanted=wanted, lacking=lacking)
        _take(row, wanted)
        source = covering.through(gateway=row.gateway)
        share = covering.Share(order=target, payment=row, source=source, amount=wanted, from_unapplied=True)
        covering.put(shares=[share], at=at, actor=actor)
        _audit(row, "assigned", wanted, at, actor, note, order=order)
    return target


def settle(*, payment: str, document: str, at: dt.datetime, actor: str, note: str = "") -> None:
    """Settle an invoice of the same client that was issued elsewhere, as far as the unapplied money goes.

    Refused: `document_unknown`, `document_paid`, `payment_of_other_client`, `other_currency`, `not_so_much_unapplied`.
    """
    with transaction.atomic():
        seller = _seller_of(payment)
        balances = opened.lock(seller=seller, numbers=[document])
        row = _lock(payment)
        if not balances:
            raise Refused("document_unknown", number=document)
        lacking, invoice = opened.missing(balances[0]), balances[0].invoice
        if row.client_id != invoice.client_id:
            raise Refused("payment_of_other_client", payment=payment, order=document)
        if row.currency != invoice.currency:
            raise Refused("other_currency", payment=payment, order=document)
        if not lacking:
            raise Refused("document_paid", number=document)
        wanted = min(lacking, Money.from_minor(row.unapplied_minor, row.currency))
        _take(row, wanted)
        parts = opened.shares(balances=balances, payment=row, amount=wanted, from_unapplied=True)
        opened.put(shares=parts, at=at, actor=actor)
        _audit(row, "settled", wanted, at, actor, note, document=document)


def take_back(*, payment: str, document: str, at: dt.datetime, actor: str, note: str = "") -> None:
    """All that a payment put towards an invoice issued elsewhere becomes the client's unapplied money again.

    Refused: `document_unknown`, `not_put_there`, `document_corrected`.
    """
    with transaction.atomic():
        balances = opened.lock(seller=_seller_of(payment), numbers=[document])
        if not balances:
            raise Refused("document_unknown", number=document)
        # corrections lock the document: one that counts this money as paid is seen, or counts it no more
        locks.lock_only(models.Invoice.objects.filter(pk=balances[0].invoice_id))
        row = _lock(payment)
        amount = opened.release(row=balances[0], payment=row, at=at, actor=actor)
        row.unapplied_minor += amount.minor
        row.why_unapplied = "taken_back"
        row.save(update_fields=["unapplied_minor", "why_unapplied"])
        _audit(row, "taken-back", amount, at, actor, note, document=document)


def carry_over(*, ended: str, order: str, at: dt.datetime, actor: str) -> None:
    """Put what an ended order released of its payments towards the order that takes its place, as far as it lacks.

    What staff did with the money meanwhile stands: only what is still unapplied is carried over.
    """
    released: dict[str, int] = {}
    parts = models.PartPayment.objects.filter(order__number=ended, released_at__isnull=False, payment__isnull=False)
    for number, minor in parts.order_by("payment_id").values_list("payment__number", "amount_minor"):
        released[str(number)] = released.get(str(number), 0) + minor
    with transaction.atomic():
        target = covering.lock(numbers=[order])[0]
        for number, minor in released.items():
            row = _lock(number)
            left = min(minor, row.unapplied_minor, covering.missing(target).minor)
            if left > 0 and target.state == "AWAITING_PAYMENT" and target.expires_at > at:
                amount = Money.from_minor(left, row.currency)
                target = assign(payment=number, order=order, amount=amount, at=at, actor=actor, note=f"from {ended}")


def to_deposit(*, payment: str, at: dt.datetime, actor: str, note: str = "") -> models.Payment:
    """Move all that is unapplied of a payment to the client's deposit. Refused: `no_deposit`,
    `not_so_much_unapplied`."""
    with transaction.atomic():
        row = _lock(payment)
        if not row.seller.has_deposit:
            raise Refused("no_deposit", seller=row.seller.code)
        amount = Money.from_minor(row.unapplied_minor, row.currency)
        _take(row, amount)
        _book(row, "to-deposit", amount, at, actor, note)
    return row


def return_money(*, payment: str, at: dt.datetime, actor: str, note: str = "") -> models.Payment:
    """All that is unapplied of a payment was sent back to where it came from. Refused: `not_so_much_unapplied`."""
    with transaction.atomic():
        row = _lock(payment)
        amount = Money.from_minor(row.unapplied_minor, row.currency)
        _take(row, amount)
        _book(row, "returned", amount, at, actor, note)
    return row


def _seller_of(payment: str) -> catalog.Seller:
    found = catalog.Seller.objects.filter(payments__number=payment).first()
    if found is None:
        raise Refused("payment_unknown", payment=payment)
    return found


def _lock(number: str) -> models.Payment:
    found = locks.lock(models.Payment.objects.filter(number=number).select_related("seller", "client"))
    if not found:
        raise Refused("payment_unknown", payment=number)
    return found[0]


def _take(row: models.Payment, amount: Money) -> None:
    if row.client_id is None:
        raise Refused("payment_unidentified", payment=row.number)
    if amount.minor <= 0 or amount.minor > row.unapplied_minor:
        raise Refused("not_so_much_unapplied", payment=row.number, unapplied_minor=row.unapplied_minor)
    row.unapplied_minor -= amount.minor
    row.save(update_fields=["unapplied_minor"])


def _book(row: models.Payment, what: str, amount: Money, at: dt.datetime, actor: str, note: str) -> None:
    assert row.client is not None
    seller, client = row.seller.code, row.client.number
    through = covering.through(gateway=row.gateway)
    if what == "identified":
        posting = postings.unidentified_assigned(seller=seller, client=client, amount=amount)
    elif what == "to-deposit":
        posting = postings.unapplied_to_deposit(client=client, amount=amount)
    else:
        posting = postings.unapplied_returned(seller=seller, client=client, through=through, amount=amount)
    entry = _audit(row, what, amount, at, actor, note)
    booking.book(posting, key=f"{row.number}/{what}/{entry}", seller=row.seller, at=at, actor=actor, payment=row.number)


def _audit(row: models.Payment, event: str, amount: Money, at: dt.datetime, actor: str, note: str, **facts: str) -> int:
    """Record it; returns how often this happened to the payment, for a unique key."""
    audit.record(
        kind="billing.payment",
        object_id=row.pk,
        number=row.number,
        event=event,
        actor=actor,
        at=at,
        note=note,
        facts={"amount": amount.text, "currency": amount.currency, **facts},
    )
    return sum(1 for one in audit.history(kind="billing.payment", number=row.number) if one.event == event)
