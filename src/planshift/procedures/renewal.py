"""The next term of a service, once it is announced: paid for, entered; or suspended and given up.

    announcing.announce → carry → settle → (renewed | overdue → lapsed)

The price is that of what the service is, or becomes by a change that is paid (H8, D6). A change that is paid before the
renewal has become a term replaces it by one at the new price, and takes along what was paid. A renewal that is paid
first ends a change that still waits for its payment: what that one cost no longer holds.
"""

from datetime import datetime

from django.db.models import Q

from planshift.billing import invoices, orders, unapplied
from planshift.billing import queries as billing
from planshift.catalog import queries as catalog
from planshift.domain.errors import Refused
from planshift.procedures import (
    acceptance,
    announcing,
    collection,
    held,
    models,
    next_term,
    placing,
    rules,
    tax_differences,
    work,
)
from planshift.runtime import locks, moves, runs
from planshift.services import models as services
from planshift.services import queries as holdings
from planshift.services import register

UNPAID = next_term.UNPAID


# 1 ── paid, or not ────────────────────────────────────────────────────────────────────────────────────────────────────
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
    paid_change = next_term.paid_changes([holding]).get(renewal.service_id)
    if renewal.basis and renewal.basis != next_term.bases([holding])[0].to_json():
        return _replaced(renewal, task)
    differs = tax_differences.of_renewal(renewal=renewal)
    if differs is not None and billing.order(number=renewal.order.number).state != "PAID":
        return _taxed_anew(renewal, differs, task)
    waiting = models.Change.objects.filter(
        service=renewal.service_id, state__in=("AWAITING_PAYMENT", "AWAITING_ACCEPTANCE")
    )
    change = None if paid_change else waiting.select_related("order", "acceptance").first()
    if billing.order(number=renewal.order.number).state == "PAID":
        return _renewed(renewal, differs, task) if change is None else _overtake(change, task)
    if change is not None and (why := _holds_back(change, task.at)):
        decision = {"at": task.at.isoformat(), "drawn": False, "because": [why]}
    else:  # nothing else of the service waits for the same money
        policy = catalog.in_force(seller=renewal.service.client.seller).policy
        paying = collection.collect(of=renewal, policy=policy, on=None, at=task.at, actor=task.actor)
        decision = paying.decision
        if paying.state == "PAID":
            renewal.collection = decision
            renewal.save(update_fields=["collection"])
            return runs.Go("settle")
    renewal.collection = decision
    renewal.save(update_fields=["collection"])
    return _await(renewal, task)


def _holds_back(change: models.Change, at: datetime) -> str:
    """Why nothing is drawn for the renewal while this change waits for the client: it may make another one of it.
    "" when its time is over."""
    asked: models.Acceptance | None = getattr(change, "acceptance", None)
    if asked is not None:
        return "decrease_not_accepted" if asked.lapses_at is None or asked.lapses_at > at else ""
    return "change_not_paid" if change.order is not None and change.order.expires_at > at else ""


def _await(renewal: models.Renewal, task: runs.Work) -> runs.Outcome:
    """Suspended when the days of grace are over, given up later; until then a payment is waited for."""
    assert renewal.order is not None
    seller = renewal.service.client.seller
    policy = catalog.in_force(seller=seller).policy
    days = next_term.dates(policy, family=renewal.service.family, ends_on=renewal.start_on)
    if rules.day(seller=seller, at=task.at) >= days.suspended_on and renewal.state == "AWAITING_PAYMENT":
        moves.move(renewal, "overdue", actor=task.actor, at=task.at)
        if renewal.service.state == "ACTIVE":
            moves.move(renewal.service, "unpaid", actor=task.actor, at=task.at)
    if orders.expire(order=renewal.order.number, at=task.at, actor=task.actor):
        moves.move(renewal, "lapsed", actor=task.actor, at=task.at)
        moves.move(renewal.service, "ended", actor=task.actor, at=task.at)
        return runs.Done()
    return next_term.waits(renewal=renewal, policy=policy)


def _renewed(renewal: models.Renewal, differs: tax_differences.Differs | None, task: runs.Work) -> runs.Outcome:
    """Invoiced as it was announced and paid; where its VAT is another one by now, staff are told."""
    assert renewal.order is not None
    seller = renewal.service.client.seller
    today = rules.day(seller=seller, at=task.at)
    issued = invoices.issue(order=renewal.order.number, on=today, at=task.at, actor=task.actor)
    if differs is not None:
        tax_differences.note(
            client=renewal.service.client,
            what="renewal",
            about=renewal.order.number,
            differs=differs,
            decided="kept",
            document=issued.number if issued is not None else "",
            at=task.at,
            actor=task.actor,
        )
    register.extend(
        service=renewal.service,
        start_on=renewal.start_on,
        end_on=renewal.end_on,
        months=renewal.months,
        at=task.at,
        actor=task.actor,
    )
    moves.move(renewal, "paid", actor=task.actor, at=task.at)
    scheduled = models.Change.objects.filter(service=renewal.service_id, state="AWAITING_TERM_END")
    runs.signal_many(keys=[held.run_key(each.number) for each in scheduled], name="renewed")
    return runs.Done()


# 2 ── where a change and a renewal meet (D9) ──────────────────────────────────────────────────────────────────────────
def replace_unpaid(*, service: services.Service, at: datetime, actor: str) -> None:
    """A change was paid, took effect or was undone: a renewal that is not yet a term and was priced for another service
    is taken back and announced anew. The caller holds the lock of `service`.
    """
    open_one = models.Renewal.objects.filter(service=service, state__in=UNPAID).select_related("order").first()
    if open_one is None or open_one.order is None:
        return
    holding = holdings.holding(number=service.number)
    if open_one.basis == next_term.bases([holding])[0].to_json():
        return
    _announced_anew(open_one, at=at, actor=actor, note="the service changes")


def _announced_anew(renewal: models.Renewal, *, at: datetime, actor: str, note: str) -> None:
    assert renewal.order is not None
    moves.move(renewal, "replaced", actor=actor, at=at)
    orders.overtake(order=renewal.order.number, at=at, actor=actor, note=note)
    runs.signal(key=next_term.run_key(renewal), name="change")
    announcing.announce(service=renewal.service, at=at, actor=actor)


def _taxed_anew(renewal: models.Renewal, differs: tax_differences.Differs, task: runs.Work) -> runs.Outcome:
    """Its VAT is another one by now, and it is not paid: announced anew with that of today, where it can be told."""
    assert renewal.order is not None
    tax_differences.note(
        client=renewal.service.client,
        what="renewal",
        about=renewal.order.number,
        differs=differs,
        decided="priced_anew",
        at=task.at,
        actor=task.actor,
    )
    _announced_anew(renewal, at=task.at, actor=task.actor, note="the VAT has changed")
    return runs.Done()


def price_on_target(task: runs.Work) -> runs.Outcome:
    """A step of a paid change (`task.subject`): a renewal that is not yet a term costs what its target costs (H8)."""
    service = services.Service.objects.filter(changes__number=task.subject)
    replace_unpaid(service=locks.lock(service)[0], at=task.at, actor=task.actor)
    return runs.Go("begin")


def _replaced(renewal: models.Renewal, task: runs.Work) -> runs.Outcome:
    replace_unpaid(service=renewal.service, at=task.at, actor=task.actor)
    return runs.Done()


def _overtake(change: models.Change, task: runs.Work) -> runs.Outcome:
    """The next term is paid, so the price of a change that still waits for payment, or for acceptance, no longer holds:
    it ends (D9)."""
    locks.lock(models.Change.objects.filter(pk=change.pk))
    if change.state == "AWAITING_ACCEPTANCE":
        acceptance.overtake(change=held.change(change.number), at=task.at, actor=task.actor)
        return runs.Go("settle")
    if change.order is not None:
        try:
            orders.withdraw(order=change.order.number, at=task.at, actor=task.actor, note="the next term was paid")
        except Refused:
            return runs.Go("settle")  # paid at this very moment: read again
    moves.move(change, "overtaken", actor=task.actor, at=task.at, finished_at=task.at)
    return runs.Go("settle")


# 3 ── given up with its service ───────────────────────────────────────────────────────────────────────────────────────
def give_up(*, service: services.Service, at: datetime, actor: str) -> None:
    """The service ends: nobody is asked to pay its renewal any more. The caller holds the lock of `service`."""
    for row in models.Renewal.objects.filter(service=service, state__in=UNPAID).select_related("order"):
        moves.move(row, "service_ended", actor=actor, at=at)
        if row.order is not None:
            orders.overtake(order=row.order.number, at=at, actor=actor, note="the service has ended")


def end_attached(*, change: str, at: datetime, actor: str) -> None:
    """Services that ended with the old environment of a change (its number) are over, and their renewals (H10)."""
    kept = models.Change.objects.select_related("quote").get(number=change)
    ending = work.ending(offered=placing.offer_of(kept.quote))
    gone = locks.lock(services.Service.objects.filter(Q(number__in=ending) | Q(pk=kept.service_id)))
    for each in gone:
        if each.pk != kept.service_id:
            give_up(service=each, at=at, actor=actor)
            register.end(service=each, cause=kept.number, at=at, actor=actor)


# ── below: what the steps above are made of ───────────────────────────────────────────────────────────────────────────
def _locked(pk: int) -> models.Renewal:
    service = models.Renewal.objects.values_list("service_id", flat=True).get(pk=pk)
    locks.lock(services.Service.objects.filter(pk=service))
    locks.lock(models.Renewal.objects.filter(pk=pk))
    return models.Renewal.objects.select_related("service__client__seller", "order").get(pk=pk)


def define() -> None:
    """Name the steps of a renewal to the runtime. Called once, when Django is ready."""
    runs.define(next_term.RENEWAL, steps={"carry": _carry, "settle": _settle}, first="carry")
