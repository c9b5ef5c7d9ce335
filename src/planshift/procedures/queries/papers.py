"""Documents and movements of money of a client: paged, newest first."""

from datetime import datetime

from planshift.billing import invoices as documents
from planshift.billing import opened
from planshift.billing import queries as billing
from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.ledger import balances
from planshift.procedures import models, views
from planshift.procedures.queries import credit, metering
from planshift.services import queries as services
from planshift.services.queries import NotFound

SUGGESTED = ("50", "100", "200")


def invoices(*, client: str, cursor: str = "", size: int = 25) -> views.Page:
    """A client's documents; `cursor` is opaque, "" is the first page."""
    rows = billing.invoices_of_client(client=client, before=_before(cursor), limit=size + 1)
    shown = tuple(
        views.InvoiceRow(
            number=each.number,
            kind="correction" if each.kind == "correction" else "invoice",
            state="issued",
            issued_on=each.issued_on,
            total=each.total,
            order=each.order,
            missing=each.missing,
        )
        for each in rows[:size]
    )
    return views.Page(rows=shown, next=str(rows[size - 1].id) if len(rows) > size else "", previous="")


def invoice_pdf(*, client: str, number: str) -> tuple[str, bytes]:
    """A client's document as (file name, PDF). NotFound for another's."""
    owner = services.client(number=client)
    try:
        whose = billing.invoice_owner(seller=owner.seller.code, number=number)
    except Refused as refused:
        raise NotFound(number) from refused
    if whose != client:
        raise NotFound(number)
    safe = "".join(sign if sign.isalnum() else "-" for sign in number)
    return f"{safe}.pdf", documents.pdf(seller=owner.seller.code, number=number)


def money(*, client: str, cursor: str = "", size: int = 25, at: datetime) -> views.MoneyPage:
    """Deposit, movements and what is to be paid."""
    owner = services.client(number=client)
    seller = owner.seller
    found, zero = billing.balances_of(clients=[client]), Money.zero(seller.currency)
    deposit = found.get((client, "deposit", seller.currency), zero) if seller.has_deposit else None
    prepaid = found.get((client, "prepaid", seller.currency), zero) if metering.is_metered(client=client) else None
    rows = billing.postings_of_client(client=client, before=_before(cursor), limit=size + 1)
    open_orders = [each for each in billing.orders_of_client(client=client) if each.state == "AWAITING_PAYMENT"]
    changes = dict(
        models.Change.objects.filter(order__number__in=[each.number for each in open_orders]).values_list(
            "order__number", "number"
        )
    )
    return views.MoneyPage(
        deposit=deposit,
        postings=views.Page(
            rows=tuple(_posting(each) for each in rows[:size]),
            next=str(rows[size - 1].id) if len(rows) > size else "",
            previous="",
        ),
        open_orders=tuple(
            views.OrderRow(
                number=each.number,
                placed_at=each.placed_at,
                due=each.missing,
                due_at=each.expires_at,
                service="",
                change=changes.get(each.number, ""),
            )
            for each in open_orders
        ),
        top_up=tuple(Money.of(amount, seller.currency) for amount in SUGGESTED) if deposit is not None else (),
        prepaid=prepaid,
        invoices=opened.open_of(client=client),
        bank_account=seller.bank_account,
        credit=found.get((client, "account_credit", seller.currency)),
        credit_pays=credit.pays(client=owner) if (client, "account_credit", seller.currency) in found else "",
    )


def _before(cursor: str) -> int | None:
    return int(cursor) if cursor.isdecimal() and len(cursor) < 19 else None


def _posting(movement: balances.Movement) -> views.Posting:
    """A movement from the client's side: into deposit, account credit or prepaid balance is positive, out of them
    negative, and what is owed is negative too. Between two of them it is as the deposit sees it."""
    came, went = movement.credit.split(":")[-2], movement.debit.split(":")[-2]
    account = next((kind for kind in ("deposit", "account_credit", "prepaid") if kind in (came, went)), "payment")
    out = went == account or went == "owed"
    return views.Posting(
        at=movement.booked_at,
        account=account,  # type: ignore[arg-type]
        code=movement.posting,
        facts={},
        amount=-movement.amount if out else movement.amount,
        reference=movement.document or movement.order or movement.payment,
    )
