"""Where does the money of a correction go? To a balance of the client, or back to where it came from; gross, in
postings of its own (D5, D8). What account credit paid is given back as account credit, wherever the rest goes: it never
becomes money."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Literal

from django.db.models import Case, F, Sum, Value, When

from planshift.billing import booking, covering, models, opened, own_money, references
from planshift.domain import postings
from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.runtime import locks

Where = Literal["deposit", "account_credit", "as_paid"]
CREDIT = "account_credit"
Source = int | str  # pk of a payment, or a balance of the client
GATEWAY = "credit"  # of a payment that stands for money which another system took


def credit(
    *,
    corrections: Sequence[models.Correction],
    to: Where,
    at: dt.datetime,
    actor: str,
    pays: models.Order | None = None,
) -> None:
    """Book what each of these locked, issued corrections gives back, and pay the locked open order `pays` out of it.

    Refused: `nothing_to_credit`, `no_deposit`, `credit_too_small` (for that order: facts order, missing).
    """
    wrong = [row.number for row in corrections if row.gross_minor > 0]
    if wrong:
        raise Refused("nothing_to_credit", numbers=wrong)
    if to == "deposit" and any(not row.seller.has_deposit for row in corrections):
        raise Refused("no_deposit", seller=corrections[0].seller.code)
    planned = [part for row in corrections for part in _planned(row, to, at)]
    shares = _shares(planned, pays) if pays is not None else []
    spent = {share.payment.pk: share.amount.minor for share in shares if share.payment is not None}
    _unapply([part for part in planned if part.payment is not None], spent=spent)
    entries = [_entry(part, at, actor) for part in models.Credited.objects.bulk_create(planned)]
    if shares:
        covering.put(shares=shares, also=entries, at=at, actor=actor)
    else:
        booking.book_many(entries)


def _shares(planned: Sequence[models.Credited], order: models.Order) -> list[covering.Share]:
    """What the order takes of each part, in their sequence; of one payment in one share."""
    found: dict[Source, covering.Share] = {}
    lacking = covering.missing(order)
    for part in planned:
        taken = min(Money.from_minor(part.amount_minor, order.currency), lacking)
        lacking -= taken
        key = part.to if part.payment is None else part.payment.pk
        before = found[key].amount if key in found else Money.zero(order.currency)
        if taken:
            found[key] = covering.Share(
                order=order,
                payment=part.payment,
                source=part.to if part.payment is None else covering.through(gateway=part.payment.gateway),
                amount=before + taken,
                from_unapplied=part.payment is not None,
            )
    if lacking:
        raise Refused("credit_too_small", order=order.number, missing=lacking)
    return list(found.values())


def _planned(row: models.Correction, to: Where, at: dt.datetime) -> list[models.Credited]:
    """The parts of one correction: what each source gave to the order, less what was given back to it before."""
    left = -row.gross_minor
    if not left:
        return []
    if to != "as_paid":
        again = _once_credit(row, left) if to != CREDIT else 0
        both = ((to, left - again), (CREDIT, again))
        return [models.Credited(correction=row, to=place, amount_minor=minor) for place, minor in both if minor]
    found = []
    for source, room in _sources(row):
        part = min(left, room)
        if part:
            if isinstance(source, models.Payment):
                made = models.Credited(correction=row, to="unapplied", payment=source, amount_minor=part)
            else:
                made = models.Credited(correction=row, to=source, amount_minor=part)
            found.append(made)
            left -= part
    if left:
        found.append(
            models.Credited(correction=row, to="unapplied", payment=_elsewhere(row, left, at), amount_minor=left)
        )
    return found


def _once_credit(row: models.Correction, left: int) -> int:
    """How much of `left` account credit paid: it goes back there after what was paid otherwise."""
    if row.corrects.order_id is None:
        return 0
    parts = list(models.PartPayment.objects.filter(order=row.corrects.order_id, released_at__isnull=True))
    if all(part.source != CREDIT for part in parts):
        return 0
    otherwise = sum(part.amount_minor for part in parts if part.source != CREDIT)
    earlier = models.Credited.objects.filter(correction__corrects=row.corrects).exclude(to=CREDIT)
    given = int(earlier.aggregate(total=Sum("amount_minor"))["total"] or 0)
    return max(left - max(otherwise - given, 0), 0)


def _sources(row: models.Correction) -> list[tuple[models.Payment | str, int]]:
    """What paid the corrected document (by its order, or since it was taken over) and is not given back yet, the
    newest first: payments, and balances of the client."""
    before: defaultdict[Source, int] = defaultdict(int)
    earlier = models.Credited.objects.filter(correction__corrects=row.corrects).values_list("payment", "to")
    for payment, to, total in earlier.annotate(total=Sum("amount_minor")).order_by():
        before[payment or to] += int(total)
    found: list[tuple[models.Payment | str, int]] = []
    for part in _parts(row.corrects):
        own = part.source if isinstance(part, models.PartPayment) else ""
        key = part.payment_id or own
        taken = min(before[key], part.amount_minor)
        before[key] -= taken
        found.append((part.payment or own, part.amount_minor - taken))
    return found


def _parts(document: models.Invoice) -> Sequence[models.PartPayment | models.OpeningPayment]:
    if document.order is None:
        return opened.parts_of(invoice=document)
    parts = models.PartPayment.objects.filter(order=document.order, released_at__isnull=True)
    return list(parts.select_related("payment").order_by("-pk"))


def _elsewhere(row: models.Correction, minor: int, at: dt.datetime) -> models.Payment:
    """Money that another system took: a payment of its own, so that staff find it in their queue."""
    return models.Payment.objects.create(
        number=references.payment_number(on=booking.day(seller=row.seller, at=at)),
        seller=row.seller,
        client=row.client,
        gateway=GATEWAY,
        external_id=row.number,
        reference=row.corrects.number,
        currency=row.currency,
        amount_minor=minor,
        unapplied_minor=0,
        received_at=at,
        recorded_at=at,
    )


def _unapply(parts: Sequence[models.Credited], *, spent: Mapping[int, int]) -> None:
    """What is given back of each payment, less what is `spent` of it at once, waits for staff, who send it back;
    payments are locked in order of their ids."""
    given: defaultdict[int, int] = defaultdict(int)
    for part in parts:
        assert part.payment_id is not None
        given[part.payment_id] += part.amount_minor
    if given:
        payments = models.Payment.objects.filter(pk__in=given)
        locks.lock(payments)
        more = Case(*(When(pk=pk, then=Value(minor - spent.get(pk, 0))) for pk, minor in given.items()))
        payments.update(unapplied_minor=F("unapplied_minor") + more, why_unapplied="given_back")


def _entry(part: models.Credited, at: dt.datetime, actor: str) -> booking.Entry:
    row = part.correction
    assert row.document is not None
    amount = Money.from_minor(part.amount_minor, row.currency)
    own = own_money.BALANCES.get(part.to)
    make = own.credited if own is not None else postings.credit_to_unapplied
    return booking.entry(
        make(client=row.client.number, amount=amount),
        key=f"{row.number}/credited/{part.pk}",
        seller=row.seller,
        at=at,
        actor=actor,
        order=row.corrects.order.number if row.corrects.order else "",
        payment=part.payment.number if part.payment else "",
        document=row.document.number,
    )
