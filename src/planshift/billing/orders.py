"""What does the client have to pay, and what becomes of it? Placing, withdrawing and expiry of orders."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction

from planshift.billing import booking, buyers, covering, models, references, rows
from planshift.catalog import models as catalog
from planshift.domain import documents, virtual_accounts
from planshift.domain.errors import Refused
from planshift.domain.exact import Fraction
from planshift.domain.money import Money
from planshift.domain.tax import Taxed
from planshift.runtime import audit, bulk
from planshift.services import models as services


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An order to place. `total` is what the quote promised; lines that do not sum to it are refused."""

    seller: catalog.Seller
    client: services.Client
    subject: str
    purpose: str  # change, renewal, topup
    lines: Sequence[documents.Line]
    total: Taxed
    expires_at: dt.datetime
    signal_key: str  # "{order}" in it becomes the order's number
    language: str = ""
    buyer: str = buyers.AS_BEFORE  # or buyers.CURRENT
    party: documents.Party | None = None  # the buyer, where the caller's transaction has read it


def place(
    *,
    seller: catalog.Seller,
    client: services.Client,
    subject: str,
    lines: Sequence[documents.Line],
    total: Taxed,
    expires_at: dt.datetime,
    signal_key: str,
    at: dt.datetime,
    actor: str,
    purpose: str = "change",
    language: str = "",
    buyer: str = buyers.AS_BEFORE,
    party: documents.Party | None = None,
) -> models.Order:
    """Place one order (see `place_many`). `language` defaults to the client's."""
    draft = Draft(
        seller=seller,
        client=client,
        subject=subject,
        purpose=purpose,
        lines=lines,
        total=total,
        expires_at=expires_at,
        signal_key=signal_key,
        language=language,
        buyer=buyer,
        party=party,
    )
    return place_many(drafts=[draft], at=at, actor=actor)[0]


def place_top_up(
    *,
    client: services.Client,
    purpose: str,
    text: Mapping[str, str],
    amount: Money,
    expires_at: dt.datetime,
    at: dt.datetime,
    actor: str,
    signal_key: str,
) -> models.Order:
    """Place an order for money that the client pays ahead: no VAT, no invoice. `text` by language; else as `place`."""
    untaxed = Taxed(amount, Money.zero(amount.currency), amount)
    line = documents.Line(kind="topup", text=text, amount=untaxed, vat_percent=Fraction(0), vat_code="outside")
    return place(
        seller=client.seller,
        client=client,
        subject=client.number,
        purpose=purpose,
        lines=[line],
        total=untaxed,
        expires_at=expires_at,
        signal_key=signal_key,
        at=at,
        actor=actor,
    )


def place_many(*, drafts: Sequence[Draft], at: dt.datetime, actor: str) -> list[models.Order]:
    """Place orders with their number, payment reference and frozen pro forma data; a constant number of statements.

    Lines sum to the total exactly (ValueError otherwise: a programming error, quote and order must agree). An order
    over nothing, with lines of 0.00 or none at all, is PAID at once and its run is signalled; it gets no invoice.
    Refused: `order_negative`, `order_expired` (deadline not after `at`), `buyer_not_confirmed`.
    """
    made = prepare(drafts=drafts, at=at)
    with transaction.atomic():
        write(prepared=made, at=at, actor=actor)
        covering.wake(orders=[order for order, _ in made if order.state == "PAID"])
    return [order for order, _ in made]


Prepared = tuple[models.Order, Sequence[rows.Columns]]  # a new order and its lines, not yet written


def prepare(*, drafts: Sequence[Draft], at: dt.datetime) -> list[Prepared]:
    """The orders of these drafts, checked and with their buyers, not yet written. Refused as `place_many`."""
    for draft in drafts:
        _check(draft, at)
    unread = [each for each in drafts if each.party is None]
    found = iter(
        buyers.for_orders(
            wanted=[
                buyers.Wanted(each.client, tuple(line.service for line in each.lines), each.buyer) for each in unread
            ]
        )
        if unread
        else ()
    )
    parties = [each.party or next(found) for each in drafts]
    sold_by = {each.seller.id: rows.seller_party(each.seller).to_json() for each in drafts}
    return [
        (
            _order(draft, buyer, sold_by[draft.seller.id], at),
            [rows.columns(line, position=position) for position, line in enumerate(draft.lines, start=1)],
        )
        for draft, buyer in zip(drafts, parties, strict=True)
    ]


def write(*, prepared: Sequence[Prepared], at: dt.datetime, actor: str) -> None:
    """Write prepared orders with their lines, inside the caller's transaction."""
    bulk.create(order for order, _ in prepared)
    bulk.insert(models.OrderLine, ({"order_id": order.id, **line} for order, lines in prepared for line in lines))
    audit.write(_audited(order, actor, at) for order, _ in prepared)


def withdraw(*, order: str, at: dt.datetime, actor: str, note: str = "") -> models.Order:
    """Take an unpaid order back; what was reserved or paid in part is released. Withdrawn already: nothing happens.

    Refused: `order_unknown`, `move_not_allowed` (paid or expired).
    """
    with transaction.atomic():
        row = covering.lock(numbers=[order])[0]
        if row.state != "WITHDRAWN":
            covering.release(orders=[row], event="withdrawn", at=at, actor=actor, note=note)
    return row


def overtake(*, order: str, at: dt.datetime, actor: str, note: str = "") -> models.Order:
    """End an order, paid or not, that something else has overtaken before it was invoiced: draws return to the deposit,
    payments become unapplied. Ended already: nothing happens. Refused: `order_unknown`, `order_invoiced`."""
    with transaction.atomic():
        row = covering.lock(numbers=[order])[0]
        if row.state == "AWAITING_PAYMENT":
            covering.release(orders=[row], event="withdrawn", at=at, actor=actor, note=note)
        elif row.state == "PAID":
            if models.Invoice.objects.filter(order=row).exists():
                raise Refused("order_invoiced", order=order)
            covering.release(orders=[row], event="overtaken", at=at, actor=actor, note=note)
    return row


def expire(*, order: str, at: dt.datetime, actor: str) -> bool:
    """Expire one order when its deadline has passed; True when it is (or was already) expired, False when it is not due
    or was paid or withdrawn before."""
    with transaction.atomic():
        row = covering.lock(numbers=[order])[0]
        if row.state == "AWAITING_PAYMENT" and row.expires_at <= at:
            covering.release(orders=[row], event="expired", at=at, actor=actor)
    return row.state == "EXPIRED"


def expire_due(*, at: dt.datetime, actor: str, limit: int = 200) -> int:
    """Expire up to `limit` orders whose deadline has passed; how many there were."""
    with transaction.atomic():
        due = models.Order.objects.filter(state="AWAITING_PAYMENT", expires_at__lte=at).order_by("expires_at")
        locked = covering.lock(numbers=list(due.values_list("number", flat=True)[:limit]))
        open_still = [row for row in locked if row.state == "AWAITING_PAYMENT" and row.expires_at <= at]
        covering.release(orders=open_still, event="expired", at=at, actor=actor)
    return len(open_still)


def _check(draft: Draft, at: dt.datetime) -> None:
    total = documents.total_of(draft.lines, currency=draft.total.currency)
    if total != draft.total:
        raise ValueError(f"lines sum to {total.gross}, the quote says {draft.total.gross}")
    if draft.total.gross.minor < 0:
        raise Refused("order_negative", gross=draft.total.gross)
    if draft.expires_at <= at:
        raise Refused("order_expired", expires_at=draft.expires_at)
    if draft.client.seller_id != draft.seller.id:
        raise ValueError("the client belongs to another seller")


def _order(draft: Draft, buyer: documents.Party, seller: dict[str, object], at: dt.datetime) -> models.Order:
    number = references.order_number(on=booking.day(seller=draft.seller, at=at))
    return bulk.new(
        models.Order,
        number=number,
        seller=draft.seller,
        client=draft.client,
        purpose=draft.purpose,
        subject=draft.subject,
        currency=draft.total.currency,
        net_minor=draft.total.net.minor,
        tax_minor=draft.total.tax.minor,
        gross_minor=draft.total.gross.minor,
        payment_reference=references.creditor_reference(order=number),
        signal_key=draft.signal_key.replace("{order}", number),
        language=draft.language or draft.client.language,
        seller_party=seller,
        buyer_party=buyer.to_json(),
        bank_account=_account(draft),
        # over nothing: born paid, so that no row is moved after the caller's numbers were taken (order of locks)
        **({} if draft.total.gross.minor else {"state": "PAID", "paid_at": at}),
        placed_at=at,
        expires_at=draft.expires_at,
    )


def _account(draft: Draft) -> str:
    """Where to pay: an account of the client's own, where the seller has such accounts."""
    seller = draft.seller
    if pattern := seller.legal.get("virtual_accounts"):
        return virtual_accounts.iban(country=seller.country, pattern=pattern, client=draft.client.number)
    return seller.bank_account


def _audited(order: models.Order, actor: str, at: dt.datetime) -> audit.Entry:
    return audit.entry(
        kind="billing.order",
        object_id=order.id,
        number=order.number,
        event="placed",
        to_state=order.lifecycle.initial if order.gross_minor else order.state,  # also where it is paid in this moment
        actor=actor,
        at=at,
        facts={"gross": order.gross_minor, "currency": order.currency, "subject": order.subject},
    )
