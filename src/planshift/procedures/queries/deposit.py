"""What went into and out of a deposit or of account credit, when, and what was left? In the order of business time.

Everything about deposits is NotFound where the seller keeps none, and for another client's.
"""

import csv
import io
from datetime import date, datetime
from typing import Literal

from planshift.billing import deposit_queries as billing
from planshift.billing import models as bills
from planshift.billing import payout_queries
from planshift.domain import deposit_statement
from planshift.domain.errors import Refused
from planshift.ledger import history
from planshift.procedures import rules
from planshift.procedures.queries import credit
from planshift.procedures.views import deposit as views
from planshift.services import models as clients
from planshift.services import queries as services
from planshift.services.queries import NotFound

SIZE = 25
Kind = Literal["deposit", "account_credit"]


def page(
    *,
    client: str,
    kind: Kind = "deposit",
    start_on: date | None = None,
    end_on: date | None = None,
    cursor: str = "",
    size: int = SIZE,
) -> views.DepositPage:
    """A page of the movements in [start_on, end_on), newest first, each with the balance after it."""
    owner = _owner(client, kind)
    start_at = rules.start_of(start_on, seller=owner.seller) if start_on else None
    end_at = rules.start_of(end_on, seller=owner.seller) if end_on else None
    found = billing.movements(
        client=owner, kind=kind, start_at=start_at, end_at=end_at, before=_place(cursor), limit=size + 1
    )
    rows, payouts = found[:size], payout_queries.of_client(client=client) if kind == "deposit" else ()
    return views.DepositPage(
        balance=billing.balance(client=owner, kind=kind),
        rows=rows,
        next=f"{rows[-1].at.isoformat()}_{rows[-1].id}" if len(found) > size else "",
        start_on=start_on,
        end_on=end_on,
        payouts=payouts,
        pays=credit.pays(client=owner) if kind == "account_credit" else "",
        holder=payouts[0].holder if payouts else owner.name,
        iban=payouts[0].iban if payouts else "",
    )


def payout(*, client: str, number: str) -> payout_queries.PayoutView:
    """One payout, however old."""
    found = payout_queries.one(client=client, number=number)
    if found is None:
        raise NotFound(number)
    return found


def statement(*, client: str, start_on: date, end_on: date, kind: Kind = "deposit") -> deposit_statement.Statement:
    """Every movement in [start_on, end_on), oldest first, with the balances before and after.

    Refused: `period_unreadable`, `deposit_statement_too_long`.
    """
    owner = _owner(client, kind)
    if start_on >= end_on or start_on.year < 1990 or end_on.year > 2200:
        raise Refused("period_unreadable")
    start_at, end_at = (rules.start_of(each, seller=owner.seller) for each in (start_on, end_on))
    return billing.statement(
        client=owner, kind=kind, start_on=start_on, end_on=end_on, start_at=start_at, end_at=end_at
    )


def statement_pdf(*, client: str, start_on: date, end_on: date, kind: Kind = "deposit") -> tuple[str, bytes]:
    """It as (file name, PDF)."""
    found = statement(client=client, start_on=start_on, end_on=end_on, kind=kind)
    return f"{client}-{start_on}-{end_on}.pdf", billing.statement_pdf(found=found)


def statement_csv(*, client: str, start_on: date, end_on: date, kind: Kind = "deposit") -> tuple[str, str]:
    """It as (file name, CSV): day, code, reference, amount, balance; the first row is the opening balance."""
    found = statement(client=client, start_on=start_on, end_on=end_on, kind=kind)
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(["on", "code", "reference", "amount", "balance", "currency"])
    currency = found.opening.currency
    table.writerow([found.start_on.isoformat(), "opening_balance", "", "", found.opening.text, currency])
    for row in found.rows:
        table.writerow([row.on.isoformat(), row.code, row.reference, row.amount.text, row.balance.text, currency])
    return f"{client}-{start_on}-{end_on}.csv", out.getvalue()


def receipt_pdf(*, client: str, order: str) -> tuple[str, bytes]:
    """The receipt of a paid top-up as (file name, PDF)."""
    if not bills.Order.objects.filter(number=order, client__number=client).exists():
        raise NotFound(order)
    try:
        return f"{order}.pdf", billing.receipt_pdf(order=order)
    except Refused as refused:
        raise NotFound(order) from refused


def _owner(client: str, kind: Kind) -> clients.Client:
    owner = services.client(number=client)
    if kind == "deposit" and not owner.seller.has_deposit:
        raise NotFound(client)
    return owner


def _place(cursor: str) -> history.Place | None:
    """Where a page goes on; the first page where the cursor makes no sense."""
    at, _, number = cursor.rpartition("_")
    try:
        found = datetime.fromisoformat(at)
    except ValueError:
        return None
    return (found, int(number)) if found.tzinfo is not None and number.isdecimal() and len(number) < 19 else None
