"""What is there to do for staff? The queue of changes, one change, open orders and money that matched none.

`sellers` are the codes of those that the reader works for: what is another seller's is not there (NotFound).
"""

from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Case, Count, F, Q, QuerySet, Value, When

from planshift.billing import correction_queries as corrections
from planshift.billing import models as bills
from planshift.billing import opened, payout_queries
from planshift.billing import queries as billing
from planshift.catalog import models as sellers_of
from planshift.catalog import queries as catalog
from planshift.domain import quote
from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.procedures import deadlines, held, keeping, models, rules, undoing
from planshift.procedures.queries import choices, services
from planshift.procedures.queries import deadlines as due
from planshift.procedures.queries import rows as rows_of
from planshift.procedures.views import office as views
from planshift.provisioning import queries as provisioning
from planshift.runtime import runs
from planshift.services import models as clients
from planshift.services.queries import NotFound

SIZE = 25
FURTHEST = 10_000  # no page starts further down than this

_STAFF = (
    Q(state="AWAITING_STAFF")
    | Q(acceptance__state="AWAITING_STAFF")
    | Q(state__in=("AWAITING_EXECUTION", "AWAITING_RETIREMENT"), execution__state__in=("STUCK", "AWAITING_STAFF"))
)
FILTERS: dict[str, Q] = {
    "open": Q(
        state__in=[state for state in models.Change.lifecycle.states if state not in models.Change.lifecycle.final]
    ),
    "payment": Q(state="AWAITING_PAYMENT"),
    "acceptance": Q(state="AWAITING_ACCEPTANCE"),
    "scheduled": Q(state="AWAITING_TERM_END"),
    "execution": Q(state="AWAITING_EXECUTION"),
    "staff": _STAFF,
    "retirement": Q(state="AWAITING_RETIREMENT"),
    "done": Q(state__in=sorted(models.Change.lifecycle.final)),
}


def staff(*, user_id: int) -> views.StaffHeader | None:
    """Who reads, with the sellers that they work for; None for everybody who works for none. Four statements."""
    roles = clients.StaffRole.objects.filter(user_id=user_id).select_related("seller").order_by("seller_id")
    found = [role.seller for role in roles]
    if not found:
        return None
    user = get_user_model().objects.get(pk=user_id)
    return views.StaffHeader(
        user_id=user_id,
        name=user.get_full_name() or user.email,
        sellers=tuple(seller.code for seller in found),
        brand=" · ".join(seller.name for seller in found),
        number="",
        time_zone=found[0].time_zone,
        every_seller=sellers_of.Seller.objects.count() == len(found),
        notices=due.unseen(sellers=tuple(seller.code for seller in found)),
    )


# 1 ── changes ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def queue(*, sellers: tuple[str, ...], state: str, page: int, at: datetime) -> views.Queue:
    """Changes by filter (a key of FILTERS), the overdue first, then by promised day. Three statements."""
    page = max(1, min(page, FURTHEST // SIZE))
    ours = models.Change.objects.filter(client__seller__code__in=sellers)
    counted = ours.aggregate(**{f"n_{name}": Count("pk", filter=condition) for name, condition in FILTERS.items()})
    found = _with_relations(ours.filter(FILTERS[state]), sellers=sellers, at=at)
    if state == "done":
        found = found.order_by("-finished_at", "-pk")
    else:
        found = found.order_by("-late", F("promised_on").asc(nulls_last=True), "ordered_at", "pk")
    rows = list(found[(page - 1) * SIZE : page * SIZE + 1])
    return views.Queue(
        rows=tuple(_row(each) for each in rows[:SIZE]),
        counts={name: counted[f"n_{name}"] for name in FILTERS},
        page=page,
        more=len(rows) > SIZE,
    )


def change(*, sellers: tuple[str, ...], number: str, at: datetime) -> views.OfficeChange:
    """One change of these sellers with money and machines. NotFound for another's."""
    row = _with_relations(
        models.Change.objects.filter(number=number, client__seller__code__in=sellers), sellers=sellers, at=at
    ).first()
    if row is None:
        raise NotFound(number)
    documents = catalog.catalog_of(revision=row.quote.catalog_id)
    order = billing.order(number=row.order.number) if row.order else None
    execution = provisioning.execution(number=row.execution.number, at=at) if row.execution else None
    key = held.run_key(number)
    return views.OfficeChange(
        row=_row(row),
        final=row.state in row.lifecycle.final,
        source=services.source_name(row.quote, documents=documents),
        target=services.target_name(row.quote, documents=documents),
        names=choices.names(documents=documents),
        quote=row.quote.number,
        offer=keeping.from_json(row.quote.offer, kind=quote.Offer),
        ordered_at=row.ordered_at,
        ordered_by=row.ordered_by,
        ordered_how=row.ordered_how,
        ordered_note=row.ordered_note,
        applied_at=row.applied_at,
        can_undo=(row.order is not None or not hasattr(row, "acceptance"))
        and row.state in undoing.UNDOABLE
        and row.applied_at is None
        and row.undo_at is None
        and (execution is None or execution.point_of_no_return_at is None),
        undo_at=row.undo_at,
        undo_note=row.undo_note,
        corrections=corrections.of_causes(causes=[number]).get(number, ()),
        finished_at=row.finished_at,
        order=order,
        postings=billing.postings_of_order(number=order.number) if order else (),
        execution=execution,
        steps=tuple(provisioning.timeline(number=execution.number)) if execution else (),
        run=runs.queries.find(key=key),
        history=tuple(runs.queries.timeline(key=key)),
        pauses=due.pauses(change=number),
        clock_runs=deadlines.open_promise(row) is not None,
    )


def _with_relations(found: QuerySet[models.Change], *, sellers: tuple[str, ...], at: datetime) -> QuerySet[Any]:
    """With `late`: promised for a day that is over where the seller is, and the service is not the new one yet."""
    late = Q()
    for seller in sellers_of.Seller.objects.filter(code__in=sellers):
        late |= Q(client__seller=seller, promised_on__lt=rules.day(seller=seller, at=at))
    late &= deadlines.PROMISED & ~Q(deadlines.PAUSED)
    return found.select_related("service", "client__seller", "quote__service", "order", "execution").annotate(
        late=Case(When(late, then=Value(1)), default=Value(0))
    )


def _row(row: models.Change) -> views.QueueRow:
    return views.QueueRow(
        **rows_of.told(row),
        direction=row.direction,
        total=Money.from_minor(row.quote.gross_minor, row.quote.currency),
        overdue=bool(getattr(row, "late", 0)),
    )


# 2 ── money ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def orders(*, sellers: tuple[str, ...], page: int) -> views.Orders:
    """Orders that wait for money, the next to expire first, money that matched none, payouts to send, invoices
    issued elsewhere that are not paid. Four statements."""
    page = max(1, min(page, FURTHEST // SIZE))
    found = (
        bills.Order.objects.filter(seller__code__in=sellers, state="AWAITING_PAYMENT")
        .select_related("client", "change")
        .order_by("expires_at", "pk")
    )
    rows = list(found[(page - 1) * SIZE : page * SIZE + 1])
    return views.Orders(
        rows=tuple(_open_order(each) for each in rows[:SIZE]),
        page=page,
        more=len(rows) > SIZE,
        unapplied=billing.unapplied_of(sellers=sellers),
        payouts=payout_queries.waiting(sellers=sellers),
        invoices=opened.open_of(sellers=sellers),
    )


def order(*, sellers: tuple[str, ...], number: str) -> billing.OrderView:
    """An order of these sellers. NotFound for another's."""
    if not bills.Order.objects.filter(number=number, seller__code__in=sellers).exists():
        raise NotFound(number)
    try:
        return billing.order(number=number)
    except Refused as refused:
        raise NotFound(number) from refused


def invoice_missing(*, sellers: tuple[str, ...], invoice: int) -> Money:
    """What is unpaid of an invoice issued elsewhere (id of its opened.OpenView). NotFound for another seller's."""
    found = opened.one(sellers=sellers, id=invoice)
    if found is None:
        raise NotFound(str(invoice))
    return opened.missing(found)


def _open_order(row: bills.Order) -> views.OpenOrder:
    ordered = getattr(row, "change", None)
    total, covered = Money.from_minor(row.gross_minor, row.currency), Money.from_minor(row.covered_minor, row.currency)
    return views.OpenOrder(
        number=row.number,
        client=row.client.name,
        client_number=row.client.number,
        purpose=row.purpose,
        change=ordered.number if ordered else "",
        total=total,
        covered=covered,
        missing=total - covered,
        expires_at=row.expires_at,
        reference=row.payment_reference,
    )


# 3 ── help pages ──────────────────────────────────────────────────────────────────────────────────────────────────────
def votes(*, sellers: tuple[str, ...]) -> tuple[views.Votes, ...]:
    """How often each help page helped, the least helpful first. One statement."""
    counted = (
        models.HelpVote.objects.filter(seller__code__in=sellers)
        .values("seller__name", "page")
        .annotate(yes=Count("pk", filter=Q(helped=True)), no=Count("pk", filter=Q(helped=False)))
        .order_by("-no", "page")
    )
    return tuple(
        views.Votes(page=each["page"], seller=each["seller__name"], yes=each["yes"], no=each["no"]) for each in counted
    )
