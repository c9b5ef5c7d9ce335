"""The next term of a service: announced, paid for, entered; or suspended and given up.

    announce → carry → settle → (renewed | overdue → lapsed)

The price is that of what the service is, or becomes by a change that is paid (H8, D6). A change that is paid before the
renewal has become a term replaces it by one at the new price, and takes along what was paid. A renewal that is paid
first ends a change that still waits for its payment: what that one cost no longer holds.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from planshift.billing import invoices, orders, unapplied
from planshift.billing import queries as billing
from planshift.catalog import queries as catalog
from planshift.domain import periods, renewing
from planshift.domain.errors import Refused
from planshift.domain.policy import document, renewal_dates
from planshift.domain.tax import Taxed
from planshift.procedures import collection, models, paper, rules, work
from planshift.runtime import locks, moves, runs
from planshift.services import models as services
from planshift.services import queries as holdings
from planshift.services import register

KIND = "renewal"
OPEN = ("AWAITING_PAYMENT", "OVERDUE")
ANNOUNCEMENT = "renewal_announcement"
UNPAID = ("AWAITING_PAYMENT", "OVERDUE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What the next term is priced for: the service as it is, or as a paid change leaves it."""

    plan: str
    family: str
    months: int
    additional: Mapping[str, int]
    start_on: date

    def to_json(self) -> dict[str, Any]:
        """As it is kept with the renewal."""
        return {**asdict(self), "additional": dict(sorted(self.additional.items())), "start_on": str(self.start_on)}


# 1 ── announced ───────────────────────────────────────────────────────────────────────────────────────────────────────
def announce(*, holding: holdings.Holding, at: datetime, actor: str) -> models.Renewal | None:
    """Place the order of the next term if the policy's day for it has come and none is placed. None otherwise.

    A term that cannot be priced (its plan is no longer sold at its period) becomes a stuck run that staff see.
    """
    in_force = catalog.in_force(seller=holding.service.client.seller)
    basis = basis_of(holding, change=paid_changes([holding]).get(holding.service.pk))
    if not is_due(basis, in_force=in_force, at=at):
        return None
    with transaction.atomic():
        locks.lock(services.Service.objects.filter(pk=holding.service.pk))
        if _announced(holding.service, basis.start_on):
            return None
        try:
            with transaction.atomic():
                return _place(holding, basis, in_force, at, actor)
        except Refused:
            announce_later(service=holding.service, start_on=basis.start_on)
            return None


def announce_later(*, service: services.Service, start_on: date) -> None:
    """The term becomes a run of its own: what stands in its way stops no other service, and staff see it."""
    before = models.Renewal.objects.filter(service=service).count()
    key = f"{ANNOUNCEMENT}:{service.number}:{start_on}:{before}"
    runs.start(kind=ANNOUNCEMENT, key=key, subject=service.number)


def _announce_again(task: runs.Work) -> runs.Outcome:
    """Tried again when staff say so; Refused makes the run stuck, with its reason."""
    holding = holdings.holding(number=task.subject)
    locks.lock(services.Service.objects.filter(pk=holding.service.pk))
    basis = basis_of(holding, change=paid_changes([holding]).get(holding.service.pk))
    in_force = catalog.in_force(seller=holding.service.client.seller)
    if not _announced(holding.service, basis.start_on) and is_due(basis, in_force=in_force, at=task.at):
        _place(holding, basis, in_force, task.at, task.actor)
    return runs.Done()


def _announced(service: services.Service, start_on: date) -> bool:
    return models.Renewal.objects.filter(service=service, start_on=start_on).exclude(state="REPLACED").exists()


def _place(
    holding: holdings.Holding, basis: Basis, in_force: catalog.InForce, at: datetime, actor: str
) -> models.Renewal:
    service, seller, policy = holding.service, holding.service.client.seller, in_force.policy
    terms = tuple(renewing.Stretch(start_on=t.start_on, end_on=t.end_on, months=t.months) for t in holding.terms)
    start_on, months = basis.start_on, basis.months
    end_on = rules.next_end(policy=policy, family=basis.family, terms=terms, start_on=start_on, months=months)
    priced = renewing.lines(
        sold=in_force.catalog,
        plan=basis.plan,
        length=periods.Length(months),
        additional=basis.additional,
        on=start_on,
        rounding=rules.renewal_rounding(policy=policy, family=basis.family, currency=seller.currency),
    )
    renewal = models.Renewal.objects.create(
        service=service, start_on=start_on, end_on=end_on, months=months, basis=basis.to_json(), created_at=at
    )
    last_day = dates(policy, family=basis.family, ends_on=start_on).ended_on
    rate = in_force.catalog.seller.tax_rate(start_on)
    renewal.order = orders.place(
        seller=seller,
        client=service.client,
        subject=f"{service.number}/{start_on}",
        purpose="renewal",
        buyer=rules.buyer(policy=in_force.policy, family=service.family),
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
def _carry(task: runs.Work) -> runs.Outcome:
    """What was paid for a renewal that this one replaces counts towards it; draws are on the deposit again."""
    renewal = _locked(int(task.subject))
    before = models.Renewal.objects.filter(service=renewal.service, state="REPLACED", pk__lt=renewal.pk)
    replaced = before.select_related("order").order_by("-pk").first()
    if replaced is not None and replaced.order is not None and renewal.order is not None:
        unapplied.carry_over(ended=replaced.order.number, order=renewal.order.number, at=task.at, actor=task.actor)
    return runs.Go("settle")


def _settle(task: runs.Work) -> runs.Outcome:
    """Read everything anew, then make at most one move: replaced, or an unpaid change ended, or paid, or waiting."""
    renewal = _locked(int(task.subject))
    if renewal.state not in UNPAID:
        return runs.Done()
    assert renewal.order is not None
    holding = holdings.holding(number=renewal.service.number)
    paid_change = paid_changes([holding]).get(renewal.service_id)
    if renewal.basis and renewal.basis != basis_of(holding, change=paid_change).to_json():
        return _replaced(renewal, task)
    waiting = models.Change.objects.filter(service=renewal.service_id, state="AWAITING_PAYMENT")
    change = None if paid_change else waiting.select_related("order").first()
    if billing.order(number=renewal.order.number).state == "PAID":
        return _renewed(renewal, task) if change is None else _overtake(change, task)
    if change is not None and change.order is not None and change.order.expires_at > task.at:
        decision = {"at": task.at.isoformat(), "drawn": False, "because": ["change_not_paid"]}
    else:  # nothing else of the service waits for the same money
        paying = collection.collect(order=renewal.order.number, service=renewal.service, at=task.at, actor=task.actor)
        decision = paying.decision
        if paying.state == "PAID":
            renewal.collection = decision
            renewal.save(update_fields=["collection"])
            return runs.Go("settle")
    renewal.collection = decision
    renewal.save(update_fields=["collection"])
    return _await(renewal, task)


def _await(renewal: models.Renewal, task: runs.Work) -> runs.Outcome:
    """Suspended when the days of grace are over, given up later; until then a payment is waited for."""
    assert renewal.order is not None
    seller = renewal.service.client.seller
    policy = catalog.in_force(seller=seller).policy
    days = dates(policy, family=renewal.service.family, ends_on=renewal.start_on)
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
        signal=("paid", "expired", "withdrawn", "deposit", "auto_renew", "change"),
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


# 3 ── where a change and a renewal meet (D9) ──────────────────────────────────────────────────────────────────────────
def replace_unpaid(*, service: services.Service, at: datetime, actor: str) -> None:
    """A change was paid, took effect or was undone: a renewal that is not yet a term and was priced for another service
    is taken back and announced anew. The caller holds the lock of `service`.
    """
    open_one = models.Renewal.objects.filter(service=service, state__in=UNPAID).select_related("order").first()
    if open_one is None or open_one.order is None:
        return
    holding = holdings.holding(number=service.number)
    basis = basis_of(holding, change=paid_changes([holding]).get(service.pk))
    if open_one.basis == basis.to_json():
        return
    moves.move(open_one, "replaced", actor=actor, at=at)
    orders.overtake(order=open_one.order.number, at=at, actor=actor, note="the service changes")
    runs.signal(key=run_key(open_one), name="change")
    announce(holding=holding, at=at, actor=actor)


def price_on_target(task: runs.Work) -> runs.Outcome:
    """A step of a paid change (`task.subject`): a renewal that is not yet a term costs what its target costs (H8)."""
    service = services.Service.objects.filter(changes__number=task.subject)
    replace_unpaid(service=locks.lock(service)[0], at=task.at, actor=task.actor)
    return runs.Go("begin")


def look_again(*, service: services.Service) -> None:
    """A change that waited for payment is over: a renewal that held back because of it may be collected now."""
    waiting = models.Renewal.objects.filter(service=service, state__in=UNPAID)
    runs.signal_many(keys=[run_key(each) for each in waiting], name="change")


def _replaced(renewal: models.Renewal, task: runs.Work) -> runs.Outcome:
    replace_unpaid(service=renewal.service, at=task.at, actor=task.actor)
    return runs.Done()


def _overtake(change: models.Change, task: runs.Work) -> runs.Outcome:
    """The next term is paid, so the price of a change that still waits for payment no longer holds: it ends (D9)."""
    locks.lock(models.Change.objects.filter(pk=change.pk))
    if change.order is not None:
        try:
            orders.withdraw(order=change.order.number, at=task.at, actor=task.actor, note="the next term was paid")
        except Refused:
            return runs.Go("settle")  # paid at this very moment: read again
    moves.move(change, "overtaken", actor=task.actor, at=task.at, finished_at=task.at)
    runs.signal(key=f"change:{change.number}", name="withdrawn")
    return runs.Go("settle")


# 4 ── given up with its service ───────────────────────────────────────────────────────────────────────────────────────
def give_up(*, service: services.Service, at: datetime, actor: str) -> None:
    """The service ends: nobody is asked to pay its renewal any more. The caller holds the lock of `service`."""
    for row in models.Renewal.objects.filter(service=service, state__in=UNPAID).select_related("order"):
        moves.move(row, "service_ended", actor=actor, at=at)
        if row.order is not None:
            orders.overtake(order=row.order.number, at=at, actor=actor, note="the service has ended")


# ── below: what the steps above are made of ───────────────────────────────────────────────────────────────────────────
def paid_changes(found: Iterable[holdings.Holding]) -> dict[int, models.Change]:
    """By service: the change that is paid and has not yet taken effect; one statement."""
    paid = Q(order__state="PAID") | ~Q(state="AWAITING_PAYMENT")
    open_ones = models.Change.objects.filter(
        paid, service__in=[each.service.pk for each in found], state__in=models.Change.lifecycle.open, applied_at=None
    )
    return {row.service_id: row for row in open_ones.select_related("quote__service__client__seller")}


def basis_of(holding: holdings.Holding, *, change: models.Change | None) -> Basis:
    """What the next term is: of the service as it is, or of the one that a paid change makes of it."""
    row, ends_on = holding.service, holding.last.end_on
    if change is None:
        return Basis(
            plan=row.plan, family=row.family, months=row.months, additional=holding.additional, start_on=ends_on
        )
    after = work.after(kept=change.quote)
    return Basis(
        plan=after.plan,
        family=after.family,
        months=after.months,
        additional=after.additional,
        start_on=max(ends_on, after.term_end_on),
    )


def is_due(basis: Basis, *, in_force: catalog.InForce, at: datetime) -> bool:
    """Has the policy's day come on which the term from `basis.start_on` is announced? Never where it is metered."""
    family = in_force.catalog.families.get(basis.family)
    if family is not None and family.metered:
        return False
    days = dates(in_force.policy, family=basis.family, ends_on=basis.start_on)
    return days.announced_on <= rules.day(seller=in_force.seller, at=at)


def dates(policy: document.Policy, *, family: str, ends_on: date) -> renewal_dates.Dates:
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
    runs.define(KIND, steps={"carry": _carry, "settle": _settle}, first="carry")
    runs.define(ANNOUNCEMENT, steps={"announce": _announce_again}, first="announce")
