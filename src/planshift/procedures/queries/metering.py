"""What does a metered service cost now, and what was drawn for it? Live figures are counted when they are read (D3)."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q

from planshift.billing import models as bills
from planshift.billing import queries as billing
from planshift.catalog import queries as catalog
from planshift.domain import catalog as sold
from planshift.domain import metering
from planshift.domain.exact import Fraction
from planshift.domain.money import Money
from planshift.domain.policy.metering import Terms
from planshift.domain.tax import Taxed
from planshift.ledger import balances as ledger
from planshift.procedures.metering import counting, knowing, watching
from planshift.procedures.views import metering as views
from planshift.procedures.views.papers import OrderRow
from planshift.services import models as services
from planshift.services.queries import NotFound

Balances = Mapping[tuple[str, str, str], Money]  # of one client, by (number, kind, currency)

SIZE = 25
FURTHEST = 400  # pages
SUGGESTED = ("50", "100", "200")
FILTERS = ("all", "blocked", "owing")


def meter(*, client: str, service: str, at: datetime) -> views.Meter:
    """A metered service as it stands. NotFound for another client's, and for one that is not metered."""
    found = _meters(client)
    row = next((each for each in found if each.service.number == service), None)
    if row is None:
        raise NotFound(service)
    return _told(found, billing.balances_of(clients=[client]), client=client, at=at)[0][row.pk]


def prepaid_page(*, client: str, at: datetime) -> views.PrepaidPage:
    """The prepaid balance of a client with everything that is paid from it. NotFound where nothing is metered."""
    found = _meters(client)
    if not found:
        raise NotFound(client)
    balances = billing.balances_of(clients=[client])
    meters, prepaid = _told(found, balances, client=client, at=at)
    seller = found[0].seller
    nothing = Money.zero(seller.currency)
    deposit = balances.get((client, "deposit", seller.currency), nothing) if seller.has_deposit else None
    orders = [
        each
        for each in billing.orders_of_client(client=client)
        if each.state == "AWAITING_PAYMENT" and each.purpose == "prepaid"
    ]
    return views.PrepaidPage(
        prepaid=prepaid,
        deposit=deposit,
        meters=tuple(meters[each.pk] for each in found if each.service.state != "ENDED"),
        open_orders=tuple(
            OrderRow(
                number=each.number,
                placed_at=each.placed_at,
                due=each.missing,
                due_at=each.expires_at,
                service="",
                change="",
            )
            for each in orders
        ),
        top_up=tuple(Money.of(amount, seller.currency) for amount in SUGGESTED),
    )


def is_metered(*, client: str) -> bool:
    """Whether a client has (or had) a metered service: then there is a prepaid balance. One statement."""
    return bills.Meter.objects.filter(client__number=client).exists()


def draws(*, client: str, service: str, cursor: str = "", size: int = SIZE) -> views.Draws:
    """The statement of a metered service: one row per day, newest first; `cursor` is opaque. NotFound."""
    row = (
        bills.Meter.objects.select_related("service", "seller")
        .filter(service__number=service, client__number=client)
        .first()
    )
    if row is None:
        raise NotFound(service)
    found = bills.Draw.objects.filter(service=row.service)
    if cursor.isdecimal() and len(cursor) < 19:
        found = found.filter(pk__lt=int(cursor))
    rows = list(found.order_by("-pk")[: size + 1])
    return views.Draws(
        service=service,
        label=row.service.label,
        rows=tuple(_draw(each, row) for each in rows[:size]),
        next=str(rows[size - 1].pk) if len(rows) > size else "",
    )


def accounts(*, sellers: tuple[str, ...], only: str, page: int) -> views.PrepaidAccounts:
    """Clients with metered services, for staff: those that owe or are blocked first. Eight statements."""
    page, only = max(1, min(page, FURTHEST)), only if only in FILTERS else "all"
    stopped = bills.Meter.objects.filter(client=OuterRef("pk"), closed=False, wanted="blocked")
    debtors = Q(number__in=ledger.of_kind(kind="owed"))
    metered = bills.Meter.objects.filter(client=OuterRef("pk"))
    found = services.Client.objects.filter(Exists(metered), seller__code__in=sellers)
    counted = {
        "all": found.count(),
        "blocked": found.filter(Exists(stopped)).count(),
        "owing": found.filter(debtors).count(),
    }
    found = found.annotate(stopped=Exists(stopped), owing=ExpressionWrapper(debtors, output_field=BooleanField()))
    chosen = {"all": found, "blocked": found.filter(stopped=True), "owing": found.filter(owing=True)}[only]
    rows = list(
        chosen.select_related("seller").order_by("-stopped", "-owing", "name", "pk")[(page - 1) * SIZE :][: SIZE + 1]
    )
    return views.PrepaidAccounts(
        rows=_accounts(rows[:SIZE]), page=page, more=len(rows) > SIZE, filter=only, counts=counted
    )


def _accounts(rows: Sequence[services.Client]) -> tuple[views.PrepaidAccount, ...]:
    balances = billing.balances_of(clients=[row.number for row in rows])
    meters = list(bills.Meter.objects.filter(client__in=rows).select_related("service").order_by("pk"))
    standing = {each.client_id: each for each in bills.PrepaidStanding.objects.filter(client__in=rows)}
    made = []
    for row in rows:
        mine, currency = [each for each in meters if each.client_id == row.pk], row.seller.currency
        known, zero = standing.get(row.pk), Money.zero(currency)
        told = known.told_minor if known else None
        made.append(
            views.PrepaidAccount(
                client=row.number,
                name=row.name,
                seller=row.seller.name,
                balance=balances.get((row.number, "prepaid", currency), zero),
                owed=balances.get((row.number, "owed", currency), zero),
                services=sum(1 for each in mine if not each.closed),
                blocked=tuple(each.service.number for each in mine if not each.closed and each.wanted == "blocked"),
                told=None if told is None else Money.from_minor(told, currency),
                checked_at=known.checked_at if known else None,
                drawn_until=min((each.drawn_until for each in mine if not each.closed), default=None),
            )
        )
    return tuple(made)


def _meters(client: str) -> list[bills.Meter]:
    found = bills.Meter.objects.filter(client__number=client).select_related("service", "seller", "client__seller")
    return list(found.order_by("pk"))


def _told(
    found: Sequence[bills.Meter], balances: Balances, *, client: str, at: datetime
) -> tuple[Mapping[int, views.Meter], views.Prepaid]:
    seller = found[0].seller
    in_force = catalog.in_force(seller=seller)
    live = counting.live(meters=found, in_force=in_force, at=at)
    prepaid = _prepaid(found, live, in_force, balances, client=client, at=at)
    return {each.pk: _meter(each, live[each.pk], in_force, prepaid, at) for each in found}, prepaid


def _prepaid(
    found: Sequence[bills.Meter],
    live: Mapping[int, counting.Live],
    in_force: catalog.InForce,
    balances: Balances,
    *,
    client: str,
    at: datetime,
) -> views.Prepaid:
    currency = in_force.seller.currency
    zero = Money.zero(currency)
    balance = balances.get((client, "prepaid", currency), zero)
    owed = balances.get((client, "owed", currency), zero)
    undrawn = Money.total((each.undrawn for each in live.values()), currency=currency)
    running = [meter for meter in found if not meter.closed]
    hour = sum((live[meter.pk].hour for meter in running), Fraction(0))
    families = knowing.families(in_force)
    terms = [families.get(meter.service.family, watching.NOT_METERED) for meter in running or found]
    strictest = max(terms, key=lambda each: each.floor, default=Terms(Fraction(0)))
    available = balance - owed - undrawn
    standing = bills.PrepaidStanding.objects.filter(client__number=client).first()
    floor = Money(strictest.floor, currency)
    return views.Prepaid(
        balance=balance,
        owed=owed,
        undrawn=undrawn,
        available=available,
        hour_gross=Money(hour, currency),
        floor=floor,
        warnings=tuple(Money(each, currency) for each in strictest.warnings),
        hours=strictest.hours,
        check_every_hours=strictest.check_every_hours,
        checked_at=standing.checked_at if standing else None,
        lasts_until=metering.lasts_until(available=(available - floor).amount, hourly=hour, now=at),
        services=len(running),
    )


def _meter(
    row: bills.Meter, live: counting.Live, in_force: catalog.InForce, prepaid: views.Prepaid, at: datetime
) -> views.Meter:
    seller, plan = in_force.seller, in_force.catalog.plans.get(row.service.plan)
    today = at.astimezone(knowing.zone(seller)).date()
    held = []
    for code, resource in (plan.resources if plan else {}).items():
        price = resource.hourly_on(today)
        if price is not None and code in live.held:
            amount = live.held[code]
            held.append(
                views.HeldLine(
                    resource=code,
                    name=resource.name,
                    unit=resource.unit,
                    amount=amount,
                    price=Money(price, seller.currency),
                    hour=Money(price * amount, seller.currency),
                )
            )
    return views.Meter(
        service=row.service.number,
        label=row.service.label,
        state=row.service.state,
        as_of=at,
        held=tuple(held),
        hour_net=Money(live.hour_net, seller.currency),
        hour_gross=Money(live.hour, seller.currency),
        lines=_lines([line.used for line in live.lines], plan, seller.currency),
        month=metering.month_of(today),
        so_far=live.so_far,
        drawn=live.drawn,
        undrawn=live.undrawn,
        hours_today=live.hours,
        drawn_until=row.drawn_until,
        prepaid=prepaid,
    )


def _lines(used: Sequence[metering.Used], plan: sold.Plan | None, currency: str) -> tuple[views.MeteredLine, ...]:
    names = {code: each.name for code, each in plan.resources.items()} if plan else {}
    return tuple(
        views.MeteredLine(
            resource=each.resource,
            name=names.get(each.resource, each.resource),
            units=each.units,
            price=Money(each.price, currency),
            amount=Money(each.exact, currency),
        )
        for each in used
    )


def _draw(row: bills.Draw, meter: bills.Meter) -> views.DrawRow:
    plan = catalog.catalog_of(revision=row.price_list_id).plans.get(meter.service.plan)
    used = [metering.Used.from_json(each) for each in row.day_used]

    def amount(minor: int) -> Money:
        return Money.from_minor(minor, row.currency)

    return views.DrawRow(
        id=row.pk,
        on=row.on,
        hours=row.hours,
        lines=_lines(used, plan, row.currency),
        draw=amount(row.draw_minor),
        from_balance=amount(row.balance_minor),
        owed=amount(row.owed_minor),
        so_far=Taxed(amount(row.net_minor), amount(row.tax_minor), amount(row.gross_minor)),
    )
