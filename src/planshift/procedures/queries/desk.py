"""Who are our clients, and what can be ordered for them? For staff.

`sellers` are the codes of those that the reader works for: what is another seller's is not there (NotFound).
"""

from datetime import datetime
from typing import Any

from django.db.models import Count, Q

from planshift.billing import account_credit, opened
from planshift.billing import models as bills
from planshift.billing import queries as billing
from planshift.domain.money import Money
from planshift.procedures import knowledge, models
from planshift.procedures.queries import choices, metering, quotes, services
from planshift.procedures.views import desk as views
from planshift.runtime import audit
from planshift.services import models as clients
from planshift.services.queries import NotFound

SIZE = 25
FURTHEST = 400  # pages


def every(*, sellers: tuple[str, ...], text: str, page: int) -> views.Clients:
    """Clients by name; with `text`, those whose number, name, address or service holds it. One statement."""
    page = max(1, min(page, FURTHEST))
    found = _clients(sellers)
    if text:
        about = clients.Service.objects.filter(Q(label__icontains=text) | Q(number__iexact=text)).values("client_id")
        hits = Q(number__iexact=text) | Q(name__icontains=text) | Q(email__icontains=text) | Q(pk__in=about)
        found = found.filter(hits)
    rows = list(found.order_by("name", "pk")[(page - 1) * SIZE : page * SIZE + 1])
    return views.Clients(rows=tuple(_row(each) for each in rows[:SIZE]), page=page, more=len(rows) > SIZE)


def one(*, sellers: tuple[str, ...], number: str, at: datetime) -> views.OfficeClient:
    """One client with services, open orders and money that matched none. NotFound."""
    row = _one(sellers, number)
    currency = row.seller.currency
    held, zero = billing.balances_of(clients=[number]), Money.zero(currency)
    deposit = held.get((number, "deposit", currency), zero) if row.seller.has_deposit else None
    metered = metering.is_metered(client=number)
    return views.OfficeClient(
        row=_row(row),
        currency=currency,
        deposit=deposit,
        credit=held.get((number, "account_credit", currency)),
        takeable=account_credit.takeable(client=row),
        prepaid=held.get((number, "prepaid", currency), zero) if metered else None,
        owed=held.get((number, "owed", currency), zero) if metered else None,
        services=services.services_of(client=number, at=at),
        orders=tuple(each for each in billing.orders_of_client(client=number) if each.state == "AWAITING_PAYMENT"),
        invoices=opened.open_of(client=number),
        unapplied=tuple(each for each in billing.payments_of_client(client=number) if each.unapplied.amount > 0),
    )


def service(*, sellers: tuple[str, ...], number: str, at: datetime) -> views.OfficeService:
    """One service with every target as staff may order it (H2), and its quotes that wait. NotFound."""
    owner = _one(sellers, _client_of(clients.Service.objects.filter(number=number), number))
    known = knowledge.of(service=number, client=owner.number, at=at)
    return views.OfficeService(
        client=_row(owner),
        plans=choices.options(client=owner.number, service=number, at=at, asked_by="staff"),
        periods=choices.periods(client=owner.number, service=number, at=at, asked_by="staff"),
        quotes=services.waiting_quotes(known=known, at=at),
        resources=tuple(each for each in services.resource_rows(known=known) if each.hour is not None),
    )


def quote(*, sellers: tuple[str, ...], number: str, at: datetime) -> views.OfficeQuote:
    """A quote of a client, as the client sees it. NotFound."""
    owner = _one(sellers, _client_of(models.Quote.objects.filter(number=number), number))
    page = quotes.quote(client=owner.number, number=number, at=at)
    return views.OfficeQuote(
        client=_row(owner),
        page=page,
        can_order=page.state == "open" and page.orderable,
        can_decide=page.state == "open" and page.operation == "plan",
    )


def _clients(sellers: tuple[str, ...]) -> Any:
    found = clients.Client.objects.filter(seller__code__in=sellers).select_related("seller")
    return found.annotate(service_count=Count("services", distinct=True))


def _one(sellers: tuple[str, ...], number: str) -> Any:
    found = _clients(sellers).filter(number=number).first()
    if found is None:
        raise NotFound(number)
    return found


def _client_of(found: Any, number: str) -> str:
    client: str | None = found.values_list("client__number", flat=True).first()
    if client is None:
        raise NotFound(number)
    return client


def _row(row: Any) -> views.ClientRow:
    return views.ClientRow(
        number=row.number, name=row.name, email=row.email, seller=row.seller.name, services=row.service_count
    )


def payment(*, sellers: tuple[str, ...], number: str) -> views.OfficePayment:
    """A payment with what staff did about it, and the orders that its rest could pay. NotFound."""
    row = bills.Payment.objects.filter(number=number, seller__code__in=sellers).select_related("seller").first()
    if row is None:
        raise NotFound(number)
    found = billing.payment(number=number)
    open_orders: tuple[billing.OrderView, ...] = ()
    invoices: tuple[opened.OpenView, ...] = ()
    if found.client and found.unapplied.amount > 0:
        listed = billing.orders_of_client(client=found.client)
        open_orders = tuple(
            each for each in listed if each.state == "AWAITING_PAYMENT" and each.total.currency == found.amount.currency
        )
        unpaid = opened.open_of(client=found.client)
        invoices = tuple(each for each in unpaid if each.total.currency == found.amount.currency)
    done = found.unapplied.amount <= 0
    put = opened.put_by(payment=number)
    can = {"take_back"} if put else set()
    if not done:
        can |= {"assign", "return"} if found.client else {"identify"}
        if found.client and row.seller.has_deposit and row.seller.currency == found.amount.currency:
            can.add("to_deposit")
    return views.OfficePayment(
        payment=found,
        seller=row.seller.name,
        client=clients.Client.objects.filter(number=found.client).values_list("name", flat=True).first() or "",
        orders=open_orders,
        invoices=invoices,
        put=put,
        can=frozenset(can),
        history=tuple(
            views.Decision(event=each.event, at=each.business_at, who=each.actor, note=each.note)
            for each in audit.history(kind="billing.payment", number=number)
        ),
    )
