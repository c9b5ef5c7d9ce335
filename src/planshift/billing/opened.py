"""What is still unpaid of invoices that were issued elsewhere, and what settles it?

Money that names such an invoice settles it, as far as something is open; the rest is the client's unapplied money.
Balances are locked before payments, and those before accounts.
"""

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import F, Q, QuerySet, Sum

from planshift.billing import booking, covering, models
from planshift.catalog import models as catalog
from planshift.domain import postings
from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.runtime import locks
from planshift.services import models as services

_WORD = re.compile(r"[^\W_]+")
_WORDS = 12  # parts that a number may have, between blanks, slashes and hyphens
_LONGEST = 40
_SHORTEST = 4  # of a number that is looked for in a title: "7" is in too many
_SURE = 8  # digits alone say so little that the amount must agree where there are fewer


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """An amount for a locked balance, from a payment."""

    balance: models.OpeningBalance
    payment: models.Payment
    amount: Money
    from_unapplied: bool = False  # staff assign money that was received before


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenView:
    """An invoice issued elsewhere of which something is unpaid."""

    id: int
    number: str
    seller: str  # code
    client: str  # number
    client_name: str
    issued_on: dt.date
    total: Money  # gross
    missing: Money


# 1 ── taken over ──────────────────────────────────────────────────────────────────────────────────────────────────────
def key_of(number: str) -> str:
    """A number as it is looked for in titles: its letters and digits alone, in capitals."""
    return "".join(_WORD.findall(number.upper()))[:_LONGEST]


def balance(*, invoice: models.Invoice, owed: Money) -> models.OpeningBalance:
    """The row (not saved) of an invoice that is taken over with so much unpaid."""
    return models.OpeningBalance(
        invoice=invoice, seller=invoice.seller, key=key_of(invoice.number), owed_minor=owed.minor
    )


# 2 ── named ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def named_in(*, title: str, seller: catalog.Seller, amount: Money) -> list[str]:
    """Numbers of the seller's invoices issued elsewhere that a transfer's title names, the oldest first, paid or not;
    blanks, slashes and hyphens do not matter. One statement.

    None where they are of different clients. Digits alone that are few must agree with the amount, and of two numbers
    with the same letters and digits the title must spell the one.
    """
    keys = _keys(title)
    if not keys:
        return []
    found = models.OpeningBalance.objects.filter(seller=seller, key__in=keys).select_related("invoice")
    rows = list(found.order_by("invoice__issued_on", "pk"))
    spelled = "".join(title.upper().split())
    chosen = []
    for row in rows:
        if any(row.key != other.key and row.key in other.key for other in rows):
            continue  # a part of a longer number that is named
        same = [other for other in rows if other.key == row.key]
        if len(same) > 1 and "".join(row.invoice.number.upper().split()) not in spelled:
            continue
        if row.key.isdecimal() and len(row.key) < _SURE and amount != missing(row):
            continue
        chosen.append(row)
    if len({row.invoice.client_id for row in chosen}) > 1:
        return []
    return [row.invoice.number for row in chosen]


def _keys(title: str) -> set[str]:
    words = _WORD.findall(title.upper())
    found = set()
    for start in range(len(words)):
        key = ""
        for word in words[start : start + _WORDS]:
            key += word
            if len(key) > _LONGEST:
                break
            if len(key) >= _SHORTEST and any(sign.isdecimal() for sign in key):
                found.add(key)
    return found


# 3 ── settled ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def lock(*, seller: catalog.Seller, numbers: Sequence[str]) -> list[models.OpeningBalance]:
    """The balances of the invoices with these numbers, locked; the oldest invoice first."""
    if not numbers:
        return []
    found = models.OpeningBalance.objects.filter(seller=seller, invoice__number__in=numbers)
    rows = locks.lock(found.select_related("invoice__client", "seller"))
    return sorted(rows, key=lambda row: (row.invoice.issued_on, row.pk))


def missing(row: models.OpeningBalance) -> Money:
    """What is still open of a balance, gross."""
    return Money.from_minor(row.owed_minor - row.settled_minor, row.invoice.currency)


def shares(
    *, balances: Iterable[models.OpeningBalance], payment: models.Payment, amount: Money, from_unapplied: bool = False
) -> list[Share]:
    """`amount` over locked balances in their sequence, each up to what is open of it."""
    found, left = [], amount
    for row in balances:
        part = min(left, missing(row))
        if part:
            found.append(Share(balance=row, payment=payment, amount=part, from_unapplied=from_unapplied))
            left -= part
    return found


def put(*, shares: Sequence[Share], at: dt.datetime, actor: str, also: Sequence[booking.Entry] = ()) -> None:
    """Settle locked balances and book it together with the entries in `also`."""
    entries = []
    for share in shares:
        row = share.balance
        parts = _over_lines(row, share.amount)  # before this payment counts
        changed = models.OpeningBalance.objects.filter(pk=row.pk)
        changed.update(settled_minor=F("settled_minor") + share.amount.minor)
        row.settled_minor += share.amount.minor
        part = models.OpeningPayment.objects.create(
            balance=row, payment=share.payment, amount_minor=share.amount.minor, applied_at=at
        )
        models.OpeningPaymentLine.objects.bulk_create(
            models.OpeningPaymentLine(part=part, line_id=line, amount_minor=minor) for line, minor in parts.items()
        )
        entries.append(_entry(share, part, at, actor))
    booking.book_many([*also, *entries])


def release(*, row: models.OpeningBalance, payment: models.Payment, at: dt.datetime, actor: str) -> Money:
    """Take back all that a locked payment put towards a locked balance, for the client's unapplied account; how much
    that was. Refused: `not_put_there`, `document_corrected` (what it gives back is counted by what was paid)."""
    number = row.invoice.number
    parts = list(_standing().filter(balance=row, payment=payment).order_by("pk"))
    if not parts:
        raise Refused("not_put_there", payment=payment.number, number=number)
    made = models.Correction.objects.filter(corrects=row.invoice, undoes=None)
    if made.exclude(state__in=("REFUSED", "LAPSED", "VOIDED", "REVERSED")).exists():
        raise Refused("document_corrected", number=number)
    models.OpeningRelease.objects.bulk_create(models.OpeningRelease(part=part, released_at=at) for part in parts)
    total = sum(part.amount_minor for part in parts)
    models.OpeningBalance.objects.filter(pk=row.pk).update(settled_minor=F("settled_minor") - total)
    row.settled_minor -= total
    booking.book_many(
        [
            booking.entry(
                postings.document_released(
                    client=row.invoice.client.number, amount=Money.from_minor(part.amount_minor, row.invoice.currency)
                ),
                key=f"{payment.number}/settled/{part.pk}/released",
                seller=row.seller,
                at=at,
                actor=actor,
                payment=payment.number,
                document=number,
            )
            for part in parts
        ]
    )
    return Money.from_minor(total, row.invoice.currency)


def _standing() -> "QuerySet[models.OpeningPayment]":
    """Parts that were not taken back."""
    return models.OpeningPayment.objects.filter(release=None)


def _over_lines(row: models.OpeningBalance, amount: Money) -> dict[int, int]:
    """By line (pk): all that is open when it is all paid, else a part of each charge in proportion to what is open."""
    lines = list(models.InvoiceLine.objects.filter(invoice=row.invoice_id).order_by("position"))
    paid = settled_of(lines=lines)
    left = {line.pk: line.gross_minor - (line.paid_minor or 0) - paid.get(line.pk, 0) for line in lines}
    if amount != missing(row):
        charges = {pk: minor for pk, minor in left.items() if minor > 0}
        parts = amount.split(list(charges.values()))
        left = {pk: part.minor for pk, part in zip(charges, parts, strict=True)}
    return {pk: minor for pk, minor in left.items() if minor}


def _entry(share: Share, part: models.OpeningPayment, at: dt.datetime, actor: str) -> booking.Entry:
    client, seller = share.balance.invoice.client.number, share.balance.seller
    if share.from_unapplied:
        posting = postings.unapplied_to_document(client=client, amount=share.amount)
    else:
        through = covering.through(gateway=share.payment.gateway)
        posting = postings.received_for_document(
            seller=seller.code, client=client, through=through, amount=share.amount
        )
    return booking.entry(
        posting,
        key=f"{share.payment.number}/settled/{part.pk}",
        seller=seller,
        at=at,
        actor=actor,
        payment=share.payment.number,
        document=share.balance.invoice.number,
    )


# 4 ── what is known ───────────────────────────────────────────────────────────────────────────────────────────────────
def settled_of(*, lines: Iterable[models.InvoiceLine]) -> Mapping[int, int]:
    """By line (pk) what was paid of it since it was taken over, in minor units. One statement; none where every line is
    one of ours or was paid when it came."""
    wanted = [line.pk for line in lines if line.paid_minor is not None and line.paid_minor != line.gross_minor]
    if not wanted:
        return {}
    found = models.OpeningPaymentLine.objects.filter(line__in=wanted, part__release=None).values_list("line")
    return {pk: int(minor) for pk, minor in found.annotate(sum=Sum("amount_minor")).order_by()}


def parts_of(*, invoice: models.Invoice) -> list[models.OpeningPayment]:
    """What was paid of an invoice since it was taken over, the newest first."""
    return list(_standing().filter(balance__invoice=invoice).select_related("payment").order_by("-pk"))


def put_by(*, payment: str) -> Mapping[str, Money]:
    """By number of the invoice: what a payment put towards invoices issued elsewhere, and was not taken back."""
    found: dict[str, Money] = {}
    parts = _standing().filter(payment__number=payment).select_related("balance__invoice").order_by("pk")
    for part in parts:
        invoice, amount = part.balance.invoice, Money.from_minor(part.amount_minor, part.balance.invoice.currency)
        found[invoice.number] = amount + found.get(invoice.number, Money.zero(invoice.currency))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An unpaid invoice that money could be for, as an open order is one."""

    number: str
    seller_id: int
    client: services.Client
    client_id: int
    currency: str
    lacking: int  # minor units


def candidates(
    *, sellers: Iterable[int], clients: Iterable[int], names: Iterable[str], amounts: Iterable[int], limit: int
) -> list[Candidate]:
    """Unpaid invoices of these clients (pk), of clients with these names, or of which just this much (minor units) is
    unpaid; the oldest first. One statement."""
    found = models.OpeningBalance.objects.filter(seller__in=list(sellers), settled_minor__lt=F("owed_minor"))
    wanted = Q(lacking__in=list(amounts)) | Q(invoice__client__in=list(clients))
    for name in names:
        wanted |= Q(invoice__client__name__iexact=name)
    found = found.annotate(lacking=F("owed_minor") - F("settled_minor")).filter(wanted)
    return [
        Candidate(
            number=row.invoice.number,
            seller_id=row.seller_id,
            client=row.invoice.client,
            client_id=row.invoice.client_id,
            currency=row.invoice.currency,
            lacking=missing(row).minor,
        )
        for row in found.select_related("invoice__client").order_by("invoice__issued_on", "pk")[:limit]
    ]


def open_of(*, sellers: Iterable[str] = (), client: str = "", limit: int = 100) -> tuple[OpenView, ...]:
    """Invoices with something unpaid, of these sellers (codes) or of one client, the oldest first. One statement."""
    found = models.OpeningBalance.objects.filter(settled_minor__lt=F("owed_minor"))
    found = found.filter(invoice__client__number=client) if client else found.filter(seller__code__in=list(sellers))
    rows = found.select_related("invoice__client", "seller").order_by("invoice__issued_on", "pk")[:limit]
    return tuple(
        OpenView(
            id=row.pk,
            number=row.invoice.number,
            seller=row.seller.code,
            client=row.invoice.client.number,
            client_name=row.invoice.client.name,
            issued_on=row.invoice.issued_on,
            total=Money.from_minor(row.invoice.gross_minor, row.invoice.currency),
            missing=missing(row),
        )
        for row in rows
    )


def one(*, sellers: Iterable[str], id: int) -> models.OpeningBalance | None:
    """The balance with this id (of an OpenView), if it is of these sellers."""
    found = models.OpeningBalance.objects.filter(seller__code__in=list(sellers), pk=id)
    return found.select_related("invoice", "seller").first()
