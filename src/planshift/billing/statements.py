"""What becomes of the lines of a bank statement? Credits are payments, debits are matched to what we returned.

A file is read twice: first as a whole, so that one that is broken or of a strange account changes nothing; then line by
line, each in a transaction of its own. A line is known by what the bank says of it, so a file that comes again, or one
that overlaps another, or that was interrupted, adds only what is new.
"""

import datetime as dt
import hashlib
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import Q

from planshift.billing import models, opened, payments, ports, references
from planshift.catalog import models as catalog
from planshift.domain import bank, virtual_accounts
from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.runtime.models import AuditEntry
from planshift.services import models as services

BATCH = 100
OLDEST, AHEAD = dt.timedelta(days=3660), dt.timedelta(days=31)  # of a booking, seen from the day of the import
_START = 4096  # bytes by which a format is known
_CANDIDATES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import added. `matched` of the new credits paid an order in full or in part."""

    statements: tuple[str, ...]  # their numbers
    new: int
    known: int
    credits: int
    matched: int
    debits: int


@dataclass(slots=True)
class _Counts:
    known: int = 0
    credits: int = 0
    matched: int = 0
    debits: int = 0


def read_in(*, file: BinaryIO, name: str, sellers: Sequence[str] | None, at: dt.datetime, actor: str) -> Imported:
    """Import a statement file (seekable), in memory that does not grow with it; `sellers` are the codes whose accounts
    the actor may import for (None: all). `at` is now (business).

    Refused: `statement_unreadable`, `statement_account_unknown`, `statement_account_shared`; then nothing was recorded.
    """
    try:
        reader = _reader(file)
        owners = _owners(reader.entries(file=file), sellers, on=at.date())
        file.seek(0)
        digest = _digest(file)
        found: dict[tuple[str, str], models.Statement] = {}
        counts = _Counts()
        for batch in _batches(bank.identified(reader.entries(file=file))):
            for entry in (each for _, each in batch):
                if (entry.account, entry.statement) not in found:
                    head = _statement(owners[entry.account], entry, reader.code, name, digest, at, actor)
                    found[entry.account, entry.statement] = head
            _take(batch, found, counts, at, actor)
    except bank.Unreadable as problem:
        raise Refused("statement_unreadable", why=problem.why, where=problem.where) from problem
    return Imported(
        statements=tuple(dict.fromkeys(each.number for each in found.values())),
        new=counts.credits + counts.debits,
        known=counts.known,
        credits=counts.credits,
        matched=counts.matched,
        debits=counts.debits,
    )


def _reader(file: BinaryIO) -> ports.StatementReader:
    file.seek(0)
    start = file.read(_START)
    file.seek(0)
    return ports.statement_reader(start=start)


def _digest(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while part := file.read(1 << 16):
        digest.update(part)
    file.seek(0)
    return digest.hexdigest()


def _owners(entries: Iterator[bank.Entry], sellers: Sequence[str] | None, *, on: dt.date) -> dict[str, catalog.Seller]:
    """Whose each account is; reads the whole file. A day that no statement of today can tell of is unreadable."""
    allowed = catalog.Seller.objects.exclude(bank_account="")
    ours = list(allowed if sellers is None else allowed.filter(code__in=sellers))
    owners: dict[str, catalog.Seller] = {}
    for entry in entries:
        if not on - OLDEST <= entry.booked_on <= on + AHEAD:
            raise bank.Unreadable("date", entry.booked_on.isoformat())
        if entry.account in owners:
            continue
        fitting = [each for each in ours if bank.same_account(iban=each.bank_account, given=entry.account)]
        if len(fitting) != 1:
            code = "statement_account_shared" if fitting else "statement_account_unknown"
            raise Refused(code, account=entry.account)
        owners[entry.account] = fitting[0]
    return owners


def _batches(entries: Iterator[tuple[str, bank.Entry]]) -> Iterator[list[tuple[str, bank.Entry]]]:
    while batch := list(itertools.islice(entries, BATCH)):
        yield batch


def _statement(
    seller: catalog.Seller, entry: bank.Entry, code: str, name: str, digest: str, at: dt.datetime, actor: str
) -> models.Statement:
    made, _ = models.Statement.objects.get_or_create(
        seller=seller,
        digest=digest,
        bank_number=_clean(entry.statement, 80),
        defaults={
            "number": references.statement_number(on=at.date()),
            "account": bank.plain(seller.bank_account),
            "format": code,
            "file": _clean(name.replace("\\", "/").rsplit("/", 1)[-1], 200),
            "imported_at": at,
            "imported_by": actor,
        },
    )
    return made


def _take(
    batch: list[tuple[str, bank.Entry]],
    heads: dict[tuple[str, str], models.Statement],
    counts: _Counts,
    at: dt.datetime,
    actor: str,
) -> None:
    ids = [external_id for external_id, _ in batch]
    rows = models.StatementLine.objects.filter(external_id__in=ids).values_list("seller_id", "external_id")
    known = set(rows)
    for external_id, entry in batch:
        head = heads[entry.account, entry.statement]
        if (head.seller_id, external_id) in known:
            counts.known += 1
            continue
        try:
            with transaction.atomic():
                match = _take_one(head, external_id, entry, at, actor)
        except IntegrityError:
            # Another import of the same line was faster; anything else is no race and is raised.
            if not models.StatementLine.objects.filter(seller=head.seller_id, external_id=external_id).exists():
                raise
            counts.known += 1
            continue
        if entry.direction == "debit":
            counts.debits += 1
        else:
            counts.credits += 1
            paid = match.payment if match else None
            counts.matched += paid is not None and paid.unapplied_minor < paid.amount_minor


def _take_one(
    head: models.Statement, external_id: str, entry: bank.Entry, at: dt.datetime, actor: str
) -> models.LineMatch | None:
    if entry.direction == "credit":
        kind: str = "payment"
        payment: models.Payment | None = _payment(head.seller, external_id, entry, at, actor)
    else:
        kind, payment = "return", _returned(head.seller, entry)
    line = models.StatementLine.objects.create(
        number=references.line_number(on=at.date()),
        seller=head.seller,
        statement=head,
        external_id=external_id,
        direction=entry.direction,
        reversal=entry.reversal,
        booked_on=entry.booked_on,
        value_on=entry.value_on,
        currency=entry.amount.currency,
        amount_minor=entry.amount.minor,
        party=_clean(entry.party, 140),
        party_account=_clean(bank.plain(entry.party_account), 40),
        text=_clean(entry.text, 1000),
        end_to_end=_clean(entry.end_to_end, 40),
        bank_reference=_clean(entry.bank_reference, 80),
    )
    if payment is None:
        return None
    return models.LineMatch.objects.create(line=line, kind=kind, payment=payment, matched_at=at, matched_by=actor)


def _payment(
    seller: catalog.Seller, external_id: str, entry: bank.Entry, at: dt.datetime, actor: str
) -> models.Payment:
    """The payment that a credit is: the one that staff booked by hand before the statement came, or a new one."""
    told = _clean(f"{entry.text} {entry.end_to_end}", 1100)
    orders = references.orders_in(told)
    documents = [] if orders else opened.named_in(title=told, seller=seller, amount=entry.amount)
    if not orders and (meant := _by_account(seller, entry, documents)):
        told, orders = f"{meant} {told}", references.orders_in(meant)
        documents = [] if orders else opened.named_in(title=told, seller=seller, amount=entry.amount)
    by_hand = models.Payment.objects.filter(
        Q(order_number__in=orders) | Q(reference__in=documents),
        seller=seller,
        gateway=payments.BANK,
        currency=entry.amount.currency,
        amount_minor=entry.amount.minor,
        statement_matches__isnull=True,
    )
    known = by_hand.order_by("pk").first() if orders or documents else None
    if known is not None:
        return known
    named = (*orders, *documents, *references.clients_in(told))
    booked = dt.datetime.combine(entry.booked_on, dt.time(), ZoneInfo(seller.time_zone))
    return payments.record(
        gateway=payments.BANK,
        external_id=f"{seller.code}/{external_id}",
        amount=entry.amount,
        # what is cut off of a long title must not be its reference
        reference=told if len(told) <= 200 else " ".join((*named[:4], told))[:200],
        received_at=min(booked, at),  # a statement tells the day alone: its beginning, in the payer's favour
        at=at,
        actor=actor,
        seller=seller,
    )


def _by_account(seller: catalog.Seller, entry: bank.Entry, documents: Sequence[str]) -> str:
    """What money on a client's own account is for: an open order or unpaid invoice that lacks just this, else the only
    one (those that the title names come first), else nothing but whose it is. "" where it came on no such account."""
    pattern = seller.legal.get("virtual_accounts")
    if not pattern:
        return ""
    text = f"{entry.credited} {entry.text}"
    named = virtual_accounts.clients_in(text, country=seller.country, pattern=pattern)
    owners = services.Client.objects.filter(seller=seller, number__in=named).values_list("number", flat=True)
    if len(owners) != 1:  # the seller's main account may look like one of nobody
        return ""
    if documents:
        return owners[0]
    waiting = models.Order.objects.filter(
        client__number=owners[0], state="AWAITING_PAYMENT", currency=entry.amount.currency
    )
    lacking = [(row.number, row.gross_minor - row.covered_minor) for row in waiting.order_by("expires_at", "pk")]
    lacking += [
        (f"{each.number} {owners[0]}", each.missing.minor)  # a number that is too short to be found still has an owner
        for each in opened.open_of(client=owners[0])
        if each.missing.currency == entry.amount.currency
    ]
    fitting = [number for number, minor in lacking if minor == entry.amount.minor]
    if fitting or len(lacking) == 1:
        return (fitting or [lacking[0][0]])[0]
    return owners[0]


def _returned(seller: catalog.Seller, entry: bank.Entry) -> models.Payment | None:
    """The payment that we gave back with this debit: named in the title, or from the account that the money went to."""
    for payment in return_candidates(
        seller=seller, text=entry.text, party_account=bank.plain(entry.party_account), currency=entry.amount.currency
    ):
        if entry.amount.minor in returns_not_seen(payment=payment):
            return payment
    return None


def return_candidates(*, seller: catalog.Seller, text: str, party_account: str, currency: str) -> list[models.Payment]:
    """Payments that a debit may have given back, those named in its title first, then the newest."""
    ours = models.Payment.objects.filter(seller=seller, currency=currency)
    named = list(ours.filter(number__in=references.payments_in(text)))
    if not party_account:
        return named
    matched = models.LineMatch.objects.filter(
        kind="payment", line__seller=seller, line__party_account=party_account
    ).values("payment_id")
    same_payer = ours.filter(pk__in=matched).order_by("-pk")[:_CANDIDATES]
    return [*named, *(each for each in same_payer if each not in named)]


def returns_not_seen(*, payment: models.Payment) -> list[int]:
    """Amounts (minor units) that were booked as returned of a payment and that no debit has shown yet."""
    return returns_not_seen_of(payments=[payment.number]).get(payment.number, [])


def returns_not_seen_of(*, payments: Iterable[str]) -> dict[str, list[int]]:
    """The same for several payments by number, in two statements."""
    amounts: dict[str, list[int]] = {}
    numbers = list(payments)
    for each in AuditEntry.objects.filter(kind="billing.payment", number__in=numbers, event="returned").order_by("id"):
        amounts.setdefault(each.number, []).append(_minor(each.facts))
    shown = models.LineMatch.objects.filter(kind="return", payment__number__in=numbers)
    for number, minor in shown.values_list("payment__number", "line__amount_minor"):
        if minor in amounts.get(number, ()):
            amounts[number].remove(minor)
    return amounts


def _minor(facts: dict[str, str]) -> int:
    return Money.of(facts["amount"], facts["currency"]).minor


def _clean(text: str, most: int) -> str:
    """One line without control characters, cut to what the column holds."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:most]
