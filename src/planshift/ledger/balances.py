"""How much is there? Balances of accounts and the transfers of one client."""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Q, Subquery, Sum

from planshift.domain import postings
from planshift.domain.money import Money
from planshift.ledger import models
from planshift.runtime import among, shapes


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """One transfer as a statement shows it. `id` is the cursor of the next page."""

    id: int
    entry: str
    posting: str
    debit: str
    credit: str
    amount: Money
    booked_on: datetime.date
    booked_at: datetime.datetime
    order: str
    payment: str
    document: str
    actor: str


def of_client(*, client: str, kind: str, currency: str) -> Money:
    """The stored balance of one account of a client; zero when there was never a movement."""
    account = postings.client_account(client=client, kind=kind, currency=currency)
    found = models.Account.objects.filter(code=account.code).values_list("balance_minor", flat=True).first()
    return Money.from_minor(found or 0, currency)


def of_clients(*, clients: Iterable[str], kinds: Iterable[str]) -> Mapping[tuple[str, str, str], Money]:
    """Balances by (client number, kind, currency), in one statement. Accounts never used are absent."""
    rows = models.Account.objects.filter(
        among.of("owner", [postings.client_key(number) for number in clients]), kind__in=list(kinds)
    ).values_list("owner", "kind", "currency", "balance_minor")
    return {(o.removeprefix("client:"), k, c): Money.from_minor(b or 0, c) for o, k, c, b in rows}


def of_postings(*, client: str, names: Iterable[str], currency: str) -> Mapping[str, Money]:
    """How much these postings moved for a client in all, by name, each there. One statement."""
    wanted = list(names)
    rows = models.Transfer.objects.filter(owner=postings.client_key(client), posting__in=wanted, currency=currency)
    summed = dict(rows.order_by().values_list("posting").annotate(total=Sum("amount_minor")))
    return {name: Money.from_minor(int(summed.get(name, 0)), currency) for name in wanted}


def of_kind(*, kind: str) -> Mapping[str, tuple[Money, ...]]:
    """Every stored balance of `kind` that is not zero, by client number: the queue of unapplied money."""
    rows = models.Account.objects.filter(kind=kind).exclude(balance_minor=0).exclude(balance_minor=None)
    found: dict[str, tuple[Money, ...]] = {}
    for owner, currency, balance in rows.order_by("owner", "currency").values_list(
        "owner", "currency", "balance_minor"
    ):
        number = owner.removeprefix("client:")
        found[number] = (*found.get(number, ()), Money.from_minor(balance or 0, currency))
    return found


def summed(*, account: postings.Account, until: datetime.date | None = None) -> Money:
    """The balance of any account from its transfers booked before `until` (exclusive), on the side on which it
    grows."""
    transfers = models.Transfer.objects.all() if until is None else models.Transfer.objects.filter(booked_on__lt=until)
    debits = transfers.filter(debit__code=account.code).aggregate(total=Sum("amount_minor"))["total"] or 0
    credits = transfers.filter(credit__code=account.code).aggregate(total=Sum("amount_minor"))["total"] or 0
    grown = debits - credits if postings.KINDS[account.kind].grows_on == "debit" else credits - debits
    return Money.from_minor(int(grown), account.currency)


def of_seller(*, seller: str, kind: str, currency: str, until: datetime.date | None = None) -> Money:
    """A seller-wide balance, such as revenue or VAT, before `until` (exclusive)."""
    return summed(account=postings.seller_account(seller=seller, kind=kind, currency=currency), until=until)


def _summed_by(side: str) -> shapes.Shape[tuple[int, int]]:
    return shapes.Shape(
        lambda: models.Transfer.objects.values_list(side).annotate(total=Sum("amount_minor")).order_by()
    )


_DEBITS, _CREDITS = _summed_by("debit"), _summed_by("credit")
_KEPT = shapes.Shape(lambda: models.Account.objects.exclude(balance_minor=None))


def differences() -> Mapping[str, tuple[int, int]]:
    """Accounts whose stored balance (first) is not the sum of their transfers (second), in minor units: must be
    empty."""
    sums: dict[int, int] = {}
    for side, sign in ((_DEBITS, 1), (_CREDITS, -1)):
        for account, total in side.ask():
            sums[account] = sums.get(account, 0) + sign * int(total)
    wrong = {}
    for row in _KEPT.ask():
        debit_balance = sums.get(row.pk, 0)
        expected = debit_balance if postings.KINDS[row.kind].grows_on == "debit" else -debit_balance
        if row.balance_minor != expected:
            wrong[row.code] = (row.balance_minor or 0, expected)
    return wrong


def statement(*, client: str, before: int | None = None, limit: int = 50) -> tuple[Movement, ...]:
    """A client's transfers, the newest in business time first; `before` is the id of the last one of the page
    before."""
    rows = models.Transfer.objects.filter(owner=postings.client_key(client))
    if before is not None:
        at = Subquery(models.Transfer.objects.filter(pk=before).values("booked_at"))
        rows = rows.filter(Q(booked_at__lt=at) | Q(booked_at=at, pk__lt=before))
    return _movements(rows.order_by("-booked_at", "-pk")[:limit])


def of_order(*, order: str) -> tuple[Movement, ...]:
    """Every transfer that names this order, oldest first."""
    return _movements(models.Transfer.objects.filter(order_number=order).order_by("pk"))


def of_documents(*, client: str, documents: Iterable[str]) -> tuple[Movement, ...]:
    """Every transfer of a client that names one of these documents, oldest first."""
    rows = models.Transfer.objects.filter(owner=postings.client_key(client), document_number__in=list(documents))
    return _movements(rows.order_by("pk"))


def _movements(rows: Iterable[models.Transfer]) -> tuple[Movement, ...]:
    if hasattr(rows, "select_related"):
        rows = rows.select_related("debit", "credit")
    return tuple(
        Movement(
            id=row.pk,
            entry=row.entry,
            posting=row.posting,
            debit=row.debit.code,
            credit=row.credit.code,
            amount=Money.from_minor(row.amount_minor, row.currency),
            booked_on=row.booked_on,
            booked_at=row.booked_at,
            order=row.order_number,
            payment=row.payment_number,
            document=row.document_number,
            actor=row.actor,
        )
        for row in rows
    )
