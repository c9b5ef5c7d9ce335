"""Which paper does the client get? Invoices are issued once per order, numbered without gaps, and never change."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction

from planshift.billing import booking, covering, models, numbering, ports, rows, vat_proofs
from planshift.domain import documents, einvoices, postings
from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.runtime import audit, bulk, shapes

Lines = Mapping[int, Sequence[rows.Columns]]  # of orders, by pk
Movements = Mapping[str, Sequence[postings.Posting]]  # of orders, by number


def issue(
    *, order: str, on: dt.date, at: dt.datetime, actor: str, legal_form: str | None = None
) -> models.Invoice | None:
    """Issue the invoice of one paid order (see `issue_many`); None when there is nothing to document."""
    return issue_many(orders=[order], on=on, at=at, actor=actor, legal_form=legal_form)[0]


def issue_many(
    *, orders: Sequence[str], on: dt.date, at: dt.datetime, actor: str, legal_form: str | None = None
) -> list[models.Invoice | None]:
    """Issue the invoices of paid orders, dated `on`: parties, lines and totals are copied from the orders, so that
    quote = order = invoice = ledger. In the order of `orders`; a constant number of statements per seller.

    `legal_form` is decided per invoice where none is given (`einvoices.legal_form`).

    An order that has its invoice already keeps it: issuing again changes nothing. None for a top-up (no
    supply yet, D11) and for an order whose lines are all zero. Refused: `order_unknown`, `order_not_paid`,
    `invoice_date_in_future`.
    """
    with transaction.atomic():
        locked = {order.number: order for order in covering.lock(numbers=orders)}
        done = {
            invoice.order.number: invoice
            for invoice in models.Invoice.objects.filter(order__in=locked.values()).select_related("order")
            if invoice.order is not None
        }
        lines = lines_of(locked.values())
        due = [
            order for order in locked.values() if order.number not in done and documented(order, lines=lines[order.id])
        ]
        for order in due:
            if order.state != "PAID":
                raise Refused("order_not_paid", order=order.number, state=order.state)
            if on > booking.day(seller=order.seller, at=at):
                raise Refused("invoice_date_in_future", on=on)
        if due:
            moved = movements(due)
            held = booking.lock(accounts(moved))  # accounts come before series
            issued = _issue(due, lines, on, at, actor, legal_form=legal_form, moved=moved, held=held, parts=_parts(due))
            done |= {order.number: invoice for order, invoice in zip(due, issued, strict=True)}
    return [done.get(number) for number in orders]


def issue_covered(
    *,
    orders: Sequence[models.Order],
    lines: Lines,
    parts: Sequence[models.PartPayment],
    moved: Movements,
    held: booking.Locked,
    also: Sequence[booking.Entry],
    on: dt.date,
    at: dt.datetime,
    actor: str,
) -> list[models.Invoice]:
    """`issue_many` for orders that the caller's transaction has placed and covered in full by `parts`. `moved` are
    their `movements`, `held` has the accounts of these; the entries in `also` are booked in the same round."""
    return _issue(orders, lines, on, at, actor, moved=moved, held=held, parts=parts, also=also) if orders else []


def document(*, seller: str, number: str) -> documents.Document:
    """The frozen document with this number. Refused("document_unknown")."""
    row = (
        models.Invoice.objects.select_related("order", "corrects__order")
        .prefetch_related("lines")
        .filter(seller__code=seller, number=number)
        .first()
    )
    if row is None:
        raise Refused("document_unknown", number=number)
    lines = sorted(row.lines.all(), key=lambda one: one.position)
    order = row.order or (row.corrects.order if row.corrects else None)
    return documents.Document(
        kind=row.kind,  # type: ignore[arg-type]
        number=row.number,
        language=row.language,
        seller=documents.Party.from_json(row.seller_party),
        buyer=documents.Party.from_json(row.buyer_party),
        bank_account=row.bank_account,
        payment_reference=row.payment_reference,
        order_number=order.number if order else "",
        issued_on=row.issued_on,
        sold_on=row.sold_on,
        due_on=row.due_on,
        lines=tuple(rows.line(line, currency=row.currency) for line in lines),
        total=rows.taxed(row, currency=row.currency),
        settled=rows.settled(row.settled, currency=row.currency),
        legal_form=row.legal_form,
        e_invoice_number=row.e_invoice_number,
        issued_at=row.issued_at,
        imported=row.imported,
        corrects=_corrected(row.corrects) if row.corrects else None,
        reason=row.reason,
        before=tuple(
            rows.taxed_of(net_minor=line.before_net_minor, tax_minor=line.before_tax_minor, currency=row.currency)
            for line in lines
            if line.before_net_minor is not None and line.before_tax_minor is not None
        ),
    )


def _corrected(row: models.Invoice) -> documents.Corrected:
    return documents.Corrected(
        number=row.number,
        issued_on=row.issued_on,
        legal_form=row.legal_form,
        e_invoice_number=row.e_invoice_number,
    )


def proforma(*, order: str) -> documents.Document:
    """The pro forma of an order, with what was paid so far. Refused("order_unknown")."""
    row = models.Order.objects.select_related("seller").prefetch_related("lines").filter(number=order).first()
    if row is None:
        raise Refused("order_unknown", orders=[order])
    return documents.Document(
        kind="proforma",
        number=row.number,
        language=row.language,
        seller=documents.Party.from_json(row.seller_party),
        buyer=documents.Party.from_json(row.buyer_party),
        bank_account=row.bank_account,
        payment_reference=row.payment_reference,
        order_number=row.number,
        issued_on=booking.day(seller=row.seller, at=row.placed_at),
        sold_on=booking.day(seller=row.seller, at=row.placed_at),
        due_on=booking.day(seller=row.seller, at=row.expires_at),
        lines=tuple(
            rows.line(line, currency=row.currency) for line in sorted(row.lines.all(), key=lambda one: one.position)
        ),
        total=rows.taxed(row, currency=row.currency),
        settled=rows.settled(_settled([row], _parts([row]))[row.pk], currency=row.currency),
        issued_at=row.placed_at,
    )


def pdf(*, seller: str, number: str) -> bytes:
    """The document as a PDF, rendered from the frozen row. Refused("document_unknown")."""
    return ports.renderer().pdf(document=document(seller=seller, number=number))


def xml(*, seller: str, number: str) -> bytes:
    """The document as the e-invoice of the seller's country, written from the frozen row. Refused: `document_unknown`,
    and with every reason (`einvoice_…`) why it cannot be written."""
    found = document(seller=seller, number=number)
    return ports.writer(einvoices.format_of(found)).xml(document=found)


def proforma_pdf(*, order: str) -> bytes:
    """The pro forma of an order as a PDF. Refused("order_unknown")."""
    return ports.renderer().pdf(document=proforma(order=order))


def movements(orders: Iterable[models.Order]) -> Movements:
    """What the invoices of these orders move, by number of the order."""
    return {order.number: _postings(order) for order in orders}


def accounts(moved: Movements) -> list[postings.Account]:
    """The accounts of these movements."""
    made = (posting for each in moved.values() for posting in each)
    return [account for posting in made for each in posting.transfers for account in (each.debit, each.credit)]


def documented(order: models.Order, *, lines: Sequence[rows.Columns]) -> bool:
    """Does an invoice belong to this order?"""
    return order.purpose not in covering.TOP_UPS and any(line["gross_minor"] for line in lines)


_LINES = shapes.Shape(lambda: models.OrderLine.objects.filter(order_id=shapes.whole("order")).order_by("position"))


def lines_of(orders: Any) -> Lines:
    """The lines of orders, as their invoices copy them; one statement."""
    found: defaultdict[int, list[rows.Columns]] = defaultdict(list)
    wanted = list(orders)
    if len(wanted) == 1:
        lines = _LINES.ask(order=wanted[0].pk)
    else:
        lines = list(models.OrderLine.objects.filter(order__in=wanted).order_by("order_id", "position"))
    for line in lines:
        found[line.order_id].append(rows.copied(line))
    return found


def _issue(
    orders: Sequence[models.Order],
    lines: Lines,
    on: dt.date,
    at: dt.datetime,
    actor: str,
    *,
    legal_form: str | None = None,
    moved: Movements,
    held: booking.Locked,
    parts: Iterable[models.PartPayment],
    also: Sequence[booking.Entry] = (),
) -> list[models.Invoice]:
    settled = _settled(orders, parts)
    forms = _forms(orders, lines, on, legal_form)
    proofs = vat_proofs.of(orders=orders, lines=lines)
    numbered = _numbered(orders, on)  # whoever issues after us waits from here to our commit
    invoices = bulk.create(
        _invoice(
            order, *numbered[order.id], on, at, actor, forms[order.id], settled[order.id], proofs.get(order.id, "")
        )
        for order in orders
    )
    bulk.insert(
        models.InvoiceLine,
        (
            {"invoice_id": invoice.id, **line}
            for order, invoice in zip(orders, invoices, strict=True)
            for line in lines[order.id]
        ),
    )
    entries = [
        entry for order in orders for entry in _entries(order, moved[order.number], numbered[order.id][1], at, actor)
    ]
    booking.book_many([*also, *entries], locked=held)
    audit.write(
        audit.entry(
            kind="billing.invoice",
            object_id=invoice.id,
            number=invoice.number,
            event="issued",
            actor=actor,
            at=at,
            facts={"order": order.number, "gross": invoice.gross_minor, "currency": invoice.currency},
        )
        for order, invoice in zip(orders, invoices, strict=True)
    )
    return invoices


def _forms(orders: Sequence[models.Order], lines: Lines, on: dt.date, given: str | None) -> Mapping[int, str]:
    """The legal form of each order's invoice; sellers that are one object (placed together) are read once."""
    if given:
        return {order.id: given for order in orders}
    sold_by = {id(order.seller_party): order.seller_party for order in orders}
    sellers = {key: documents.Party.from_json(party) for key, party in sold_by.items()}
    return {
        order.id: einvoices.legal_form(
            seller=sellers[id(order.seller_party)],
            buyer=documents.Party.from_json(order.buyer_party),
            vat_codes={line["vat_code"] for line in lines[order.id]},
            on=on,
        )
        for order in orders
    }


def _postings(order: models.Order) -> list[postings.Posting]:
    if not order.gross_minor:
        return []
    net, tax = (Money.from_minor(minor, order.currency) for minor in (order.net_minor, order.tax_minor))
    return [
        postings.invoice_issued(seller=order.seller.code, client=order.client.number, net=net, tax=tax),
        postings.invoice_settled(client=order.client.number, amount=net + tax),
    ]


def _entries(
    order: models.Order, moved: Sequence[postings.Posting], number: str, at: dt.datetime, actor: str
) -> list[booking.Entry]:
    return [
        booking.entry(
            posting,
            key=f"{order.number}/{posting.name}",
            seller=order.seller,
            at=at,
            actor=actor,
            order=order.number,
            document=number,
        )
        for posting in moved
    ]


def _numbered(orders: Sequence[models.Order], on: dt.date) -> dict[int, tuple[str, str]]:
    """Series and number by order, sellers in the order of their ids (series are locks too)."""
    by_seller: defaultdict[int, list[models.Order]] = defaultdict(list)
    for order in orders:
        by_seller[order.seller_id].append(order)
    found: dict[int, tuple[str, str]] = {}
    for _, group in sorted(by_seller.items()):
        series, numbers = numbering.documents(seller=group[0].seller, on=on, count=len(group))
        found |= {order.id: (series, number) for order, number in zip(group, numbers, strict=True)}
    return found


def _parts(orders: Sequence[models.Order]) -> Iterable[models.PartPayment]:
    return models.PartPayment.objects.filter(order__in=orders, released_at__isnull=True).order_by("pk")


def _settled(orders: Sequence[models.Order], parts: Iterable[models.PartPayment]) -> Mapping[int, list[dict[str, Any]]]:
    """How each order was covered: source, amount and day of every part that was not released."""
    by_pk = {order.id: order for order in orders}
    found: dict[int, list[dict[str, Any]]] = {pk: [] for pk in by_pk}
    for part in parts:
        on = booking.day(seller=by_pk[part.order_id].seller, at=part.applied_at)
        found[part.order_id].append({"source": part.source, "amount_minor": part.amount_minor, "on": on.isoformat()})
    return found


def _invoice(
    order: models.Order,
    series: str,
    number: str,
    on: dt.date,
    at: dt.datetime,
    actor: str,
    legal_form: str,
    settled: list[dict[str, Any]],
    consultation: str,
) -> models.Invoice:
    paid_on = booking.day(seller=order.seller, at=order.paid_at or at)
    return bulk.new(
        models.Invoice,
        number=number,
        series=series,
        seller=order.seller,
        client=order.client,
        order=order,
        kind="invoice",
        legal_form=legal_form,
        issued_on=on,
        sold_on=min(paid_on, on),
        issued_at=at,
        issued_by=actor,
        language=order.language,
        currency=order.currency,
        net_minor=order.net_minor,
        tax_minor=order.tax_minor,
        gross_minor=order.gross_minor,
        seller_party=order.seller_party,
        buyer_party=vat_proofs.on(party=order.buyer_party, consultation=consultation),
        bank_account=order.bank_account,
        payment_reference=order.payment_reference,
        settled=settled,
    )
