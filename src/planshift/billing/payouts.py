"""How does a client get the deposit back? Set aside with the request, sent by staff, back in every other case (D11)."""

import datetime as dt
from typing import Literal

from django.db import transaction
from stdnum import exceptions, iban

from planshift.billing import booking, models, references
from planshift.domain import postings
from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.runtime import audit, locks, moves
from planshift.services import models as services

End = Literal["refused", "withdrawn"]


def account(text: str) -> str:
    """An IBAN without blanks, its check digits right. Refused("iban_wrong")."""
    try:
        found: str = iban.validate(text)
    except exceptions.ValidationError as problem:
        raise Refused("iban_wrong", iban=text[:40]) from problem
    return found


def request(
    *,
    client: services.Client,
    amount: Money,
    holder: str,
    bank_account: str,
    due_at: dt.datetime,
    at: dt.datetime,
    actor: str,
) -> models.Payout:
    """Set `amount` of the client's deposit aside for a payout to this bank account.

    Refused with nothing changed: `no_deposit`, `deposit_currency`, `deposit_amount`, `payout_holder`, `iban_wrong`,
    `deposit_too_low`.
    """
    seller = client.seller
    _check(client, amount, holder)
    to = account(bank_account)
    with transaction.atomic():
        posting = postings.payout_reserved(client=client.number, amount=amount)
        (transfer,) = posting.transfers
        locked = booking.lock([transfer.debit, transfer.credit])
        free = Money.from_minor(locked.rows[transfer.debit.code].balance_minor or 0, amount.currency)
        if free < amount:
            raise Refused("deposit_too_low", balance=free, wanted=amount)
        row = models.Payout.objects.create(
            number=references.payout_number(on=booking.day(seller=seller, at=at)),
            seller=seller,
            client=client,
            currency=amount.currency,
            amount_minor=amount.minor,
            holder=holder.strip(),
            iban=to,
            requested_at=at,
            requested_by=actor,
            due_at=due_at,
        )
        entry = booking.entry(
            posting, key=f"{row.number}/reserved", seller=seller, at=at, actor=actor, payment=row.number
        )
        booking.book_many([entry], locked=locked)
        audit.record(
            kind="billing.payout",
            object_id=row.pk,
            number=row.number,
            event="requested",
            to_state=row.state,
            actor=actor,
            at=at,
            facts={"amount": amount.text, "currency": amount.currency, "client": client.number},
        )
    return row


def _check(client: services.Client, amount: Money, holder: str) -> None:
    seller = client.seller
    if not seller.has_deposit:
        raise Refused("no_deposit", seller=seller.code)
    if amount.currency != seller.currency:
        raise Refused("deposit_currency", currency=amount.currency, expected=seller.currency)
    if amount.minor <= 0:
        raise Refused("deposit_amount", amount=amount)
    if not 2 <= len(holder.strip()) <= 140 or not holder.isprintable():
        raise Refused("payout_holder")


def pay_out(*, number: str, at: dt.datetime, actor: str, note: str = "") -> models.Payout:
    """Staff have sent the money. Refused: `payout_unknown`, `payout_closed`."""
    return _close(number, "paid_out", at, actor, note)


def end(*, number: str, event: End, at: dt.datetime, actor: str, note: str = "") -> models.Payout:
    """It is not sent: the money is back in the deposit. Refused: `payout_unknown`, `payout_closed`."""
    return _close(number, event, at, actor, note)


def _close(number: str, event: str, at: dt.datetime, actor: str, note: str) -> models.Payout:
    with transaction.atomic():
        found = locks.lock(models.Payout.objects.filter(number=number).select_related("seller", "client"))
        if not found:
            raise Refused("payout_unknown", number=number)
        row = found[0]
        if row.state != "REQUESTED":
            raise Refused("payout_closed", number=number, state=row.state)
        amount = Money.from_minor(row.amount_minor, row.currency)
        if event == "paid_out":
            posting = postings.payout_sent(seller=row.seller.code, client=row.client.number, amount=amount)
        else:
            posting = postings.payout_released(client=row.client.number, amount=amount)
        booking.book(posting, key=f"{number}/{event}", seller=row.seller, at=at, actor=actor, payment=number)
        moves.move(row, event, actor=actor, at=at, note=note, closed_at=at)
        models.Payout.objects.filter(pk=row.pk).update(note=note[:500])
        return row
