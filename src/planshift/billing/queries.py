"""What do we know about orders, payments and documents? Reads only, frozen values, a constant number of statements."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from planshift.billing import chains, models, opened, rows
from planshift.domain import documents
from planshift.domain.errors import Refused
from planshift.domain.exact import Fraction
from planshift.domain.money import Money
from planshift.domain.tax import Taxed
from planshift.ledger import balances
from planshift.runtime import shapes

PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class PartView:
    """What covers (or covered) a part of an order."""

    source: str  # bank, gateway, deposit
    amount: Money
    applied_at: dt.datetime
    released_at: dt.datetime | None
    payment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderView:
    """An order as people see it. `id` is the cursor of the next page."""

    id: int
    number: str
    client: str
    purpose: str
    subject: str
    state: str
    total: Taxed
    covered: Money
    payment_reference: str
    bank_account: str
    placed_at: dt.datetime
    expires_at: dt.datetime
    paid_at: dt.datetime | None
    closed_at: dt.datetime | None
    invoice: str
    lines: tuple[documents.Line, ...] = ()
    parts: tuple[PartView, ...] = ()

    @property
    def missing(self) -> Money:
        """What is still to be paid; zero for an order that has ended."""
        return self.total.gross - self.covered if self.state == "AWAITING_PAYMENT" else Money.zero(self.total.currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceView:
    """An issued document in a list."""

    id: int
    number: str
    kind: str
    seller: str
    client: str
    order: str
    issued_on: dt.date
    total: Taxed
    buyer: str
    legal_form: str
    missing: Money | None  # of an invoice issued elsewhere: what is unpaid


@dataclass(frozen=True, slots=True, kw_only=True)
class BilledLine:
    """One line really billed: what was charged, paid and given back, as `domain.facts` wants it."""

    id: str  # "<invoice number>/<position>"
    invoice: str
    issued_on: dt.date
    component: str
    service: str
    amount: Taxed
    paid: Taxed
    credited: Taxed  # positive
    credits: tuple[tuple[Taxed, dt.date], ...]  # of it, what each correction gave back for the time from a day on
    vat_code: str
    vat_percent: Fraction
    start_on: dt.date | None
    end_on: dt.date | None
    quantity: int
    on_top_of: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentView:
    """A payment, and what of it still waits for staff."""

    id: int
    number: str
    seller: str
    client: str
    gateway: str
    external_id: str
    reference: str
    amount: Money
    unapplied: Money
    why_unapplied: str
    order: str
    received_at: dt.datetime


def order(*, number: str) -> OrderView:
    """One order with lines and part payments (three statements). Refused("order_unknown")."""
    row = (
        models.Order.objects.select_related("client", "invoice")
        .prefetch_related("lines", "part_payments__payment")
        .filter(number=number)
        .first()
    )
    if row is None:
        raise Refused("order_unknown", orders=[number])
    lines = tuple(
        rows.line(line, currency=row.currency) for line in sorted(row.lines.all(), key=lambda one: one.position)
    )
    parts = tuple(_part(part, row.currency) for part in sorted(row.part_payments.all(), key=lambda one: one.pk))
    return _order(row, lines=lines, parts=parts)


def orders_of_client(*, client: str, before: int | None = None, limit: int = PAGE) -> tuple[OrderView, ...]:
    """A client's orders, newest first, without lines (one statement)."""
    found = models.Order.objects.filter(client__number=client).select_related("client", "invoice")
    if before is not None:
        found = found.filter(pk__lt=before)
    return tuple(_order(row) for row in found.order_by("-pk")[:limit])


def open_orders(*, seller: str, before: int | None = None, limit: int = PAGE) -> tuple[OrderView, ...]:
    """A seller's orders that wait for payment, newest first (one statement)."""
    found = models.Order.objects.filter(seller__code=seller, state="AWAITING_PAYMENT")
    if before is not None:
        found = found.filter(pk__lt=before)
    return tuple(_order(row) for row in found.select_related("client", "invoice").order_by("-pk")[:limit])


def orders_about(*, subjects: Iterable[str]) -> Mapping[str, tuple[OrderView, ...]]:
    """Orders by their subject (number of a change or renewal), oldest first (one statement)."""
    found: defaultdict[str, list[OrderView]] = defaultdict(list)
    for row in (
        models.Order.objects.filter(subject__in=list(subjects)).select_related("client", "invoice").order_by("pk")
    ):
        found[row.subject].append(_order(row))
    return {subject: tuple(views) for subject, views in found.items()}


def invoices_of_client(*, client: str, before: int | None = None, limit: int = PAGE) -> tuple[InvoiceView, ...]:
    """A client's documents, newest first (one statement)."""
    found = models.Invoice.objects.filter(client__number=client)
    if before is not None:
        found = found.filter(pk__lt=before)
    return _invoices(found.order_by("-pk")[:limit])


def invoices_of_service(*, service: str, before: int | None = None, limit: int = PAGE) -> tuple[InvoiceView, ...]:
    """Documents with a line about this service, newest first (one statement)."""
    about = models.InvoiceLine.objects.filter(service=service).values("invoice_id")
    found = models.Invoice.objects.filter(pk__in=about)
    if before is not None:
        found = found.filter(pk__lt=before)
    return _invoices(found.order_by("-pk")[:limit])


def invoice_owner(*, seller: str, number: str) -> str:
    """The number of the client whose document this is, for permission checks. Refused("document_unknown")."""
    found = models.Invoice.objects.filter(seller__code=seller, number=number).values_list("client__number", flat=True)
    client = found.first()
    if client is None:
        raise Refused("document_unknown", number=number)
    return client


_LINES = shapes.Shape(
    lambda: (
        models.InvoiceLine.objects.filter(service=shapes.text("service"))
        .select_related("invoice")
        .order_by("-invoice__issued_on", "-invoice_id", "position")
    )
)


def lines_of(*, service: str) -> list[models.InvoiceLine]:
    """All invoice lines of a service with their invoices, corrections too, newest first (one statement)."""
    return _LINES.ask(service=service)


def billed_lines(
    *, service: str, start_on: dt.date, end_on: dt.date, among: Sequence[models.InvoiceLine] | None = None
) -> tuple[BilledLine, ...]:
    """Invoice lines of a service whose period touches [start_on, end_on), newest invoice first, with what corrections
    gave back of each (one statement, none where all its lines are given; one more where one came in unpaid). An issued
    invoice of an order is paid in full; lines without a period are left out."""
    found = lines_of(service=service) if among is None else among
    credited: defaultdict[int, list[models.InvoiceLine]] = defaultdict(list)
    for correction in sorted(found, key=lambda line: line.pk):
        if correction.corrects_id is not None:
            credited[correction.corrects_id].append(correction)
    whole = [line for line in found if line.corrects_id is None and line.start_on and line.end_on]
    lines = [line for line in whole if line.start_on < end_on and line.end_on > start_on]  # type: ignore[operator]
    settled = opened.settled_of(lines=lines)
    return tuple(_billed(line, credited[line.pk], settled.get(line.pk, 0)) for line in lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paying:
    """What a client owes for a service, and how it was last paid for."""

    unpaid: tuple[str, ...]  # numbers of the orders for time that has begun and is not paid, oldest first
    method: str  # "transfer", "card", "deposit"; "" before the first payment


def paying(*, client: str, service: str, on: dt.date) -> Paying:
    """How a client pays for one service, as of a day. Two statements.

    A renewal ordered ahead and the order of a change under way are not owed yet: paying them is the client's choice.
    """
    about = models.OrderLine.objects.filter(service=service)
    begun = about.filter(start_on__lte=on).values("order")
    unpaid = (
        models.Order.objects.filter(client__number=client, state="AWAITING_PAYMENT", pk__in=begun)
        .exclude(purpose="change")
        .exclude(pk__in=about.filter(start_on__gt=on).values("order"))  # the next term with what is billed with it
        .order_by("pk")
        .values_list("number", flat=True)
    )
    last = (
        models.PartPayment.objects.filter(order__client__number=client, order__in=about.values("order"))
        .filter(released_at__isnull=True)
        .exclude(source="account_credit")  # no way of paying: it goes before any
        .order_by("-pk")
        .values_list("source", flat=True)
        .first()
    )
    return Paying(unpaid=tuple(unpaid), method=_METHODS.get(last or "", last or ""))


_METHODS = {"bank": "transfer", "gateway": "card"}


def unapplied(*, seller: str, before: int | None = None, limit: int = PAGE) -> tuple[PaymentView, ...]:
    """`unapplied_of` one seller."""
    return unapplied_of(sellers=[seller], before=before, limit=limit)


def unapplied_of(*, sellers: Iterable[str], before: int | None = None, limit: int = PAGE) -> tuple[PaymentView, ...]:
    """Payments of which something matches no open order, newest first: the queue of staff. Client "" is
    unidentified. One statement, however many sellers."""
    found = models.Payment.objects.filter(seller__code__in=list(sellers), unapplied_minor__gt=0)
    if before is not None:
        found = found.filter(pk__lt=before)
    return tuple(_payment(row) for row in found.select_related("seller", "client").order_by("-pk")[:limit])


def payment(*, number: str) -> PaymentView:
    """One payment (one statement). Refused("payment_unknown")."""
    row = models.Payment.objects.filter(number=number).select_related("seller", "client").first()
    if row is None:
        raise Refused("payment_unknown", payment=number)
    return _payment(row)


def payments_of_client(*, client: str, before: int | None = None, limit: int = PAGE) -> tuple[PaymentView, ...]:
    """A client's payments, newest first (one statement)."""
    found = models.Payment.objects.filter(client__number=client)
    if before is not None:
        found = found.filter(pk__lt=before)
    return tuple(_payment(row) for row in found.select_related("seller", "client").order_by("-pk")[:limit])


def postings_of_client(*, client: str, before: int | None = None, limit: int = PAGE) -> tuple[balances.Movement, ...]:
    """The client's statement: every transfer, newest first (one statement)."""
    return balances.statement(client=client, before=before, limit=limit)


def postings_of_order(*, number: str) -> tuple[balances.Movement, ...]:
    """Every transfer that names an order, oldest first (one statement)."""
    return balances.of_order(order=number)


def balances_of(*, clients: Iterable[str]) -> Mapping[tuple[str, str, str], Money]:
    """Deposit, account credit, held, unapplied, receivable, prepaid, metered and owed by (client number, kind,
    currency), in one statement."""
    kinds = ("deposit", "account_credit", "held", "unapplied", "receivable", "prepaid", "metered", "owed")
    return balances.of_clients(clients=clients, kinds=kinds)


def _order(row: models.Order, *, lines: tuple[documents.Line, ...] = (), parts: tuple[PartView, ...] = ()) -> OrderView:
    invoice = getattr(row, "invoice", None)
    return OrderView(
        id=row.pk,
        number=row.number,
        client=row.client.number,
        purpose=row.purpose,
        subject=row.subject,
        state=row.state,
        total=rows.taxed(row, currency=row.currency),
        covered=Money.from_minor(row.covered_minor, row.currency),
        payment_reference=row.payment_reference,
        bank_account=row.bank_account,
        placed_at=row.placed_at,
        expires_at=row.expires_at,
        paid_at=row.paid_at,
        closed_at=row.closed_at,
        invoice=invoice.number if invoice else "",
        lines=lines,
        parts=parts,
    )


def _part(row: models.PartPayment, currency: str) -> PartView:
    return PartView(
        source=row.source,
        amount=Money.from_minor(row.amount_minor, currency),
        applied_at=row.applied_at,
        released_at=row.released_at,
        payment=row.payment.number if row.payment else "",
    )


def _invoices(found: Iterable[models.Invoice]) -> tuple[InvoiceView, ...]:
    if hasattr(found, "select_related"):
        found = found.select_related("seller", "client", "order", "corrects__order", "opening_balance")
    return tuple(
        InvoiceView(
            id=row.pk,
            number=row.number,
            kind=row.kind,
            seller=row.seller.code,
            client=row.client.number,
            order=_order_of(row),
            issued_on=row.issued_on,
            total=rows.taxed(row, currency=row.currency),
            buyer=str(row.buyer_party.get("name", "")),
            legal_form=row.legal_form,
            missing=opened.missing(row.opening_balance) if hasattr(row, "opening_balance") else None,
        )
        for row in found
    )


def _order_of(row: models.Invoice) -> str:
    """A correction belongs to the order of what it corrects."""
    order = row.order or (row.corrects.order if row.corrects else None)
    return order.number if order else ""


def _billed(line: models.InvoiceLine, corrections: Iterable[models.InvoiceLine], settled: int) -> BilledLine:
    currency = line.invoice.currency
    amount = rows.taxed(line, currency=currency)
    given_back = Taxed.total((-rows.taxed(one, currency=currency) for one in corrections), currency=currency)
    return BilledLine(
        id=f"{line.invoice.number}/{line.position}",
        invoice=line.invoice.number,
        issued_on=line.invoice.issued_on,
        component=line.component,
        service=line.service,
        amount=amount,
        paid=chains.paid(line=line, currency=currency, settled=settled),
        credited=given_back,
        credits=tuple(
            (-rows.taxed(one, currency=currency), one.start_on) for one in corrections if one.start_on is not None
        ),
        vat_code=line.vat_code,
        vat_percent=Fraction(line.vat_percent),
        start_on=line.start_on,
        end_on=line.end_on,
        quantity=line.quantity,
        on_top_of=line.on_top_of,
    )


def _payment(row: models.Payment) -> PaymentView:
    return PaymentView(
        id=row.pk,
        number=row.number,
        seller=row.seller.code,
        client=row.client.number if row.client else "",
        gateway=row.gateway,
        external_id=row.external_id,
        reference=row.reference,
        amount=Money.from_minor(row.amount_minor, row.currency),
        unapplied=Money.from_minor(row.unapplied_minor, row.currency),
        why_unapplied=row.why_unapplied,
        order=row.order_number,
        received_at=row.received_at,
    )
