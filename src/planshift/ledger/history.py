"""What happened on one account, in the order of business time? Each transfer with the balance after it.

Balances of the past are found backwards from the one that is kept, so that a page of the newest transfers reads no
others. Only for clients' accounts, whose balance is kept.
"""

import datetime as dt
from dataclasses import dataclass

from django.db.models import BigIntegerField, Case, F, Q, QuerySet, Subquery, Sum, When

from planshift.domain import postings
from planshift.domain.money import Money
from planshift.ledger import models

Place = tuple[dt.datetime, int]  # instant and id: where a page goes on


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A transfer as one account sees it: `amount` is more than zero where the balance grew."""

    id: int
    at: dt.datetime
    code: str  # name of the posting
    reference: str  # document, order or payment
    order: str
    amount: Money
    balance: Money


def balance_at(*, account: postings.Account, at: dt.datetime) -> Money:
    """The balance from all transfers before a business instant. One statement."""
    return Money.from_minor(_before(account, Q(booked_at__gte=at)), account.currency)


def of_account(
    *,
    account: postings.Account,
    start_at: dt.datetime | None,
    end_at: dt.datetime | None,
    before: Place | None,
    limit: int,
) -> tuple[Step, ...]:
    """The newest `limit` transfers in [start_at, end_at) before a place, newest first. Two statements."""
    found = _of(account)
    if start_at is not None:
        found = found.filter(booked_at__gte=start_at)
    if end_at is not None:
        found = found.filter(booked_at__lt=end_at)
    if before is not None:
        found = found.filter(_earlier(before))
    rows = list(found.select_related("debit", "credit").order_by("-booked_at", "-pk")[:limit])
    if not rows:
        return ()
    balance = _before(account, Q(booked_at__gt=rows[0].booked_at) | Q(booked_at=rows[0].booked_at, pk__gt=rows[0].pk))
    steps = []
    for row in rows:
        grew = (row.debit.code == account.code) == (postings.KINDS[account.kind].grows_on == "debit")
        change = row.amount_minor if grew else -row.amount_minor
        steps.append(
            Step(
                id=row.pk,
                at=row.booked_at,
                code=row.posting,
                reference=row.document_number or row.order_number or row.payment_number,
                order=row.order_number,
                amount=Money.from_minor(change, account.currency),
                balance=Money.from_minor(balance, account.currency),
            )
        )
        balance -= change
    return tuple(steps)


def _of(account: postings.Account) -> QuerySet[models.Transfer]:
    """By the owner first: that is what the index of statements is about."""
    touching = Q(debit__code=account.code) | Q(credit__code=account.code)
    return models.Transfer.objects.filter(touching, owner=account.owner)


def _earlier(place: Place) -> Q:
    return Q(booked_at__lt=place[0]) | Q(booked_at=place[0], pk__lt=place[1])


def _before(account: postings.Account, later: Q) -> int:
    """The balance without these transfers, in one statement: what is booked meanwhile is in both or in neither."""
    debit_grows = postings.KINDS[account.kind].grows_on == "debit"
    plus, minus = F("amount_minor"), -F("amount_minor")
    of_debit, of_credit = (plus, minus) if debit_grows else (minus, plus)
    moved = Case(When(debit__code=account.code, then=of_debit), default=of_credit, output_field=BigIntegerField())
    since = _of(account).filter(later).order_by().values("owner").annotate(moved=Sum(moved)).values("moved")
    kept = models.Account.objects.filter(code=account.code).values_list("balance_minor", Subquery(since)).first()
    return int((kept[0] or 0) - (kept[1] or 0)) if kept is not None else 0
