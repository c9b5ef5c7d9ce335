"""The next term of a service: announced, paid for, entered; or suspended and given up.

    announce → settle → (renewed | overdue → lapsed)

The price is that of what the service is when its renewal is announced (H8, D6). A change that takes effect before the
renewal is paid replaces it by one at the new price.
"""

from datetime import date, datetime, timedelta

from django.db import transaction

from planshift.billing import invoices, orders
from planshift.billing import queries as billing
from planshift.catalog import models as sellers
from planshift.catalog import queries as catalog
from planshift.domain import periods, renewing
from planshift.domain.errors import Refused
from planshift.domain.policy import document, renewal_dates
from planshift.domain.tax import Taxed
from planshift.procedures import collection, models, paper, rules
from planshift.runtime import locks, moves, runs
from planshift.services import models as services
from planshift.services import queries as holdings
from planshift.services import register

KIND = "renewal"
OPEN = ("AWAITING_PAYMENT", "OVERDUE")
ANNOUNCEMENT = "renewal_announcement"
BATCH = 100
_ANNOUNCED_AT_MOST_BEFORE = 181  # days: more than any policy may say (domain.policy.renewal_dates)


# 1 ── announced ───────────────────────────────────────────────────────────────────────────────────────────────────────
def announce_due(*, seller: sellers.Seller, at: datetime, actor: str, after_pk: int = 0) -> int | None:
    """Announce the next term of one batch of services whose term ends soon; the pk to go on from, None at the end."""
    in_force = catalog.in_force(seller=seller)
    furthest = rules.day(seller=seller, at=at) + timedelta(days=_ANNOUNCED_AT_MOST_BEFORE)
    batch = holdings.ending(seller=seller.pk, before=furthest, after_pk=after_pk, limit=BATCH)
    announced = set(
        models.Renewal.objects.filter(service__in=[each.service.pk for each in batch])
        .exclude(state="REPLACED")
        .values_list("service_id", "start_on")
    )
    for holding in batch:
        if (holding.service.pk, holding.last.end_on) not in announced and _is_due(holding, in_force, at):
            _announce(holding, in_force, at, actor)
    return batch[-1].service.pk if len(batch) == BATCH else None


def announce(*, holding: holdings.Holding, at: datetime, actor: str) -> models.Renewal | None:
    """Place the order of the next term if the policy's day for it has come and none is placed. None otherwise."""
    in_force = catalog.in_force(seller=holding.service.client.seller)
    return _announce(holding, in_force, at, actor) if _is_due(holding, in_force, at) else None


def _is_due(holding: holdings.Holding, in_force: catalog.InForce, at: datetime) -> bool:
    family = in_force.catalog.families.get(holding.service.family)
    if family is not None and family.metered:
        return False
    days = _dates(in_force.policy, family=holding.service.family, ends_on=holding.last.end_on)
    return days.announced_on <= rules.day(seller=in_force.seller, at=at)


def _announce(holding: holdings.Holding, in_force: catalog.InForce, at: datetime, actor: str) -> models.Renewal | None:
    """A term that cannot be priced (its plan is no longer sold at its period) becomes a stuck run that staff see."""
    service, ends_on = holding.service, holding.last.end_on
    with transaction.atomic():
        locks.lock(services.Service.objects.filter(pk=service.pk))
        if models.Renewal.objects.filter(service=service, start_on=ends_on).exclude(state="REPLACED").exists():
            return None
        try:
            with transaction.atomic():
                return _place(holding, in_force, at, actor)
        except Refused:
            runs.start(kind=ANNOUNCEMENT, key=f"{ANNOUNCEMENT}:{service.number}:{ends_on}", subject=service.number)
            return None


def _announce_again(task: runs.Work) -> runs.Outcome:
    """Tried again when staff say so; Refused makes the run stuck, with its reason."""
    holding = holdings.holding(number=task.subject)
    locks.lock(services.Service.objects.filter(pk=holding.service.pk))
    taken = models.Renewal.objects.filter(service=holding.service, start_on=holding.last.end_on)
    if not taken.exclude(state="REPLACED").exists():
        _place(holding, catalog.in_force(seller=holding.service.client.seller), task.at, task.actor)
    return runs.Done()


def _place(holding: holdings.Holding, in_force: catalog.InForce, at: datetime, actor: str) -> models.Renewal:
    service, seller = holding.service, holding.service.client.seller
    start_on = holding.last.end_on
    end_on = periods.add_months(start_on, service.months, anchor=holding.terms[0].start_on.day)
    priced = renewing.lines(
        sold=in_force.catalog,
        plan=service.plan,
        length=periods.Length(service.months),
        additional=holding.additional,
        on=start_on,
    )
    renewal = models.Renewal.objects.create(
        service=service, start_on=start_on, end_on=end_on, months=service.months, created_at=at
    )
    last_day = _dates(in_force.policy, family=service.family, ends_on=start_on).ended_on
    rate = in_force.catalog.seller.tax_rate(start_on)
    renewal.order = orders.place(
        seller=seller,
        client=service.client,
        subject=f"{service.number}/{start_on}",
        purpose="renewal",
        lines=[
            paper.renewal_line(
                service=service.number,
                label=service.label,
                component=line.component,
                name=line.name,
                quantity=line.quantity,
                amount=line.amount,
                rate=rate,
                start_on=start_on,
                end_on=end_on,
            )
            for line in priced
        ],
        total=Taxed.total((line.amount for line in priced), currency=seller.currency),
        expires_at=max(rules.start_of(last_day, seller=seller), at + timedelta(days=1)),
        signal_key=run_key(renewal),
        at=at,
        actor=actor,
    )
    renewal.save(update_fields=["order"])
    runs.start(kind=KIND, key=run_key(renewal), subject=str(renewal.pk))
    return renewal


# 2 ── paid, or not ────────────────────────────────────────────────────────────────────────────────────────────────────
def _settle(task: runs.Work) -> runs.Outcome:
    """From the deposit by itself where D4 holds; else wait; suspended at the end of the term, given up later."""
    renewal = _locked(int(task.subject))
    if renewal.state not in ("AWAITING_PAYMENT", "OVERDUE"):
        return runs.Done()
    assert renewal.order is not None
    paying = collection.collect(order=renewal.order.number, service=renewal.service, at=task.at, actor=task.actor)
    renewal.collection = paying.decision
    renewal.save(update_fields=["collection"])
    if paying.state == "PAID":
        return _renewed(renewal, task)
    seller = renewal.service.client.seller
    policy = catalog.in_force(seller=seller).policy
    days = _dates(policy, family=renewal.service.family, ends_on=renewal.start_on)
    if rules.day(seller=seller, at=task.at) >= days.suspended_on and renewal.state == "AWAITING_PAYMENT":
        moves.move(renewal, "overdue", actor=task.actor, at=task.at)
        if renewal.service.state == "ACTIVE":
            moves.move(renewal.service, "unpaid", actor=task.actor, at=task.at)
    if orders.expire(order=renewal.order.number, at=task.at, actor=task.actor):
        moves.move(renewal, "lapsed", actor=task.actor, at=task.at)
        moves.move(renewal.service, "ended", actor=task.actor, at=task.at)
        return runs.Done()
    suspended_at = rules.start_of(days.suspended_on, seller=seller)
    due_at = suspended_at if renewal.state == "AWAITING_PAYMENT" else renewal.order.expires_at
    return runs.Wait(
        resume="settle",
        signal=("paid", "expired", "withdrawn", "deposit", "auto_renew"),
        due_at=due_at,
        owner="client",
    )


def _renewed(renewal: models.Renewal, task: runs.Work) -> runs.Outcome:
    assert renewal.order is not None
    seller = renewal.service.client.seller
    today = rules.day(seller=seller, at=task.at)
    invoices.issue(order=renewal.order.number, on=today, at=task.at, actor=task.actor)
    register.extend(
        service=renewal.service,
        start_on=renewal.start_on,
        end_on=renewal.end_on,
        months=renewal.months,
        at=task.at,
        actor=task.actor,
    )
    moves.move(renewal, "paid", actor=task.actor, at=task.at)
    return runs.Done()


# 3 ── overtaken by a change ───────────────────────────────────────────────────────────────────────────────────────────
def replace_unpaid(*, service: services.Service, at: datetime, actor: str) -> None:
    """A change took effect: an announced, unpaid renewal is taken back and announced anew at the new price.

    The caller holds the lock of `service` and has applied the change.
    """
    open_one = models.Renewal.objects.filter(service=service, state="AWAITING_PAYMENT").select_related("order").first()
    if open_one is None or open_one.order is None:
        return
    if billing.order(number=open_one.order.number).state != "AWAITING_PAYMENT":
        return  # just paid: its run turns it into a term
    moves.move(open_one, "replaced", actor=actor, at=at)
    orders.withdraw(order=open_one.order.number, at=at, actor=actor, note="replaced after a change")
    announce(holding=holdings.holding(number=service.number), at=at, actor=actor)


# 4 ── given up with its service ───────────────────────────────────────────────────────────────────────────────────────
def give_up(*, service: services.Service, at: datetime, actor: str) -> None:
    """The service ends: nobody is asked to pay its renewal any more. The caller holds the lock of `service`."""
    for row in models.Renewal.objects.filter(service=service, state__in=OPEN).select_related("order"):
        if row.order is not None and billing.order(number=row.order.number).state == "AWAITING_PAYMENT":
            moves.move(row, "service_ended", actor=actor, at=at)
            orders.withdraw(order=row.order.number, at=at, actor=actor, note="the service has ended")


# ── below: what the steps above are made of ───────────────────────────────────────────────────────────────────────────
def _dates(policy: document.Policy, *, family: str, ends_on: date) -> renewal_dates.Dates:
    """When the renewal after the term that ends on `ends_on` is announced, suspended and given up."""
    found: renewal_dates.Dates = rules.carried_out(renewal_dates, policy=policy, family=family, term_ends_on=ends_on)
    return found


def run_key(renewal: models.Renewal) -> str:
    """The run of a renewal, and the key under which billing signals it."""
    return f"{KIND}:{renewal.pk}"


def _locked(pk: int) -> models.Renewal:
    service = models.Renewal.objects.values_list("service_id", flat=True).get(pk=pk)
    locks.lock(services.Service.objects.filter(pk=service))
    locks.lock(models.Renewal.objects.filter(pk=pk))
    return models.Renewal.objects.select_related("service__client__seller", "order").get(pk=pk)


def define() -> None:
    """Name the steps of a renewal to the runtime. Called once, when Django is ready."""
    runs.define(KIND, steps={"settle": _settle}, first="settle")
    runs.define(ANNOUNCEMENT, steps={"announce": _announce_again}, first="announce")
