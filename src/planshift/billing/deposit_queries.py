"""What happened to a client's deposit, or account credit? Movements with balances, statements, top-up receipts."""

import datetime as dt
from dataclasses import replace

from planshift.billing import invoices, models, ports, rows
from planshift.domain import deposit_statement, documents, postings
from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.ledger import balances, history
from planshift.services import models as services

MOST = 2_000  # movements of one statement


def movements(
    *,
    client: services.Client,
    kind: str,
    start_at: dt.datetime | None,
    end_at: dt.datetime | None,
    before: history.Place | None,
    limit: int,
) -> tuple[history.Step, ...]:
    """Movements in [start_at, end_at), newest first, each with the balance after it. Two statements."""
    return history.of_account(
        account=_account(client, kind), start_at=start_at, end_at=end_at, before=before, limit=limit
    )


def statement(
    *,
    client: services.Client,
    kind: str,
    start_on: dt.date,
    end_on: dt.date,
    start_at: dt.datetime,
    end_at: dt.datetime,
) -> deposit_statement.Statement:
    """Every movement in [start_at, end_at), which are the midnights of these days in the seller's zone.

    Refused("statement_too_long") for more than MOST movements.
    """
    found = movements(client=client, kind=kind, start_at=start_at, end_at=end_at, before=None, limit=MOST + 1)
    if len(found) > MOST:
        raise Refused("deposit_statement_too_long", most=MOST)
    zone = start_at.tzinfo
    account = _account(client, kind)
    return deposit_statement.Statement(
        kind=kind,
        language=client.language,
        seller=rows.seller_party(client.seller),
        client=client.number,
        client_name=client.name,
        start_on=start_on,
        end_on=end_on,
        opening=history.balance_at(account=account, at=start_at),
        closing=history.balance_at(account=account, at=end_at),
        rows=tuple(
            deposit_statement.Row(
                on=each.at.astimezone(zone).date(),
                code=each.code,
                reference=each.reference,
                amount=each.amount,
                balance=each.balance,
            )
            for each in reversed(found)
        ),
    )


def balance(*, client: services.Client, kind: str) -> Money:
    """The balance as it is kept, which is what the movements sum to (`planshift reconcile`)."""
    account = _account(client, kind)
    return balances.of_client(client=client.number, kind=account.kind, currency=account.currency)


def receipt(*, order: str) -> documents.Document:
    """What a client gets for a paid top-up: a receipt, no invoice (a deposit is no supply, D11).

    Refused: `order_unknown`, `no_receipt` (another order, or not paid).
    """
    row = models.Order.objects.filter(number=order).first()
    if row is None or row.purpose != "topup" or row.state != "PAID" or row.paid_at is None:
        raise Refused("no_receipt", order=order)
    paper = invoices.proforma(order=order)
    paid_on = max((part.on for part in paper.settled), default=paper.issued_on)
    return replace(paper, kind="receipt", issued_on=paid_on, sold_on=paid_on, due_on=None, issued_at=row.paid_at)


def receipt_pdf(*, order: str) -> bytes:
    """It as a PDF. Refused as `receipt`."""
    return ports.renderer().pdf(document=receipt(order=order))


def statement_pdf(*, found: deposit_statement.Statement) -> bytes:
    """A statement as a PDF."""
    return ports.renderer().statement(statement=found)


def _account(client: services.Client, kind: str) -> postings.Account:
    return postings.client_account(client=client.number, kind=kind, currency=client.seller.currency)
