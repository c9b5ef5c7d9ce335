"""Whose next term is announced today? Seller by seller, in batches; what stops one service stops no other.

    renewals (one run per seller and day) → renewal_batch (one run per stretch of services) → announce_many

A batch is one transaction with a constant number of statements. What is announced once is not announced again: a
database constraint allows one renewal per service and first day, so a batch that died is simply carried out anew.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Literal, NamedTuple

from django.db import transaction
from django.db.models import Exists, OuterRef

from planshift.billing import models as billing_rows
from planshift.billing import orders, paid_at_once
from planshift.billing import queries as billing
from planshift.catalog import models as sellers
from planshift.catalog import queries as catalog
from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.procedures import billed_later, collection, models, next_term, pace, planning, rules
from planshift.runtime import among, audit, bulk, clock, database, garbage, locks, moves, runs
from planshift.services import models as services
from planshift.services import queries as holdings
from planshift.services import register

KIND = "renewals"
BATCH_KIND = "renewal_batch"
ANNOUNCEMENT = "renewal_announcement"
BATCH = 1000
_STRETCHES = 1000  # batches started by one statement


# 1 ── who is due ──────────────────────────────────────────────────────────────────────────────────────────────────────
def begin(*, at: datetime) -> None:
    """Start the day's run of every seller; a second time on one day changes nothing."""
    found = sellers.Seller.objects.order_by("pk")
    runs.start_many(
        kind=KIND, subjects=[(f"{KIND}:{each.code}:{rules.day(seller=each, at=at)}", each.code) for each in found]
    )


def due_pks(*, in_force: catalog.InForce, on: date, first: int = 0, last: int | None = None) -> Iterator[int]:
    """Services (pk, ascending) whose next term may be announced by `on`: the policy's day has come by the last term,
    and no renewal of theirs waits for payment. Read from the database in pieces, whatever their number."""
    ahead = max(
        (on - next_term.dates(in_force.policy, family=family, ends_on=on).announced_on).days
        for family in ("", *in_force.catalog.families)
    )
    waiting = models.Renewal.objects.filter(service=OuterRef("pk"), state__in=next_term.UNPAID, service__gte=first)
    found = holdings.ending(seller=in_force.seller.id, before=on + timedelta(days=ahead + 1))
    stretch = {"pk__gte": first}
    if last is not None:
        stretch["pk__lte"] = last
        waiting = waiting.filter(service__lte=last)  # told twice: else all of them are read for each stretch
    return (
        found.filter(**stretch)
        .exclude(Exists(waiting))
        .order_by("pk")
        .values_list("pk", flat=True)
        .iterator(chunk_size=5000)
    )


def _split(task: runs.Work) -> runs.Outcome:
    """Each batch is a run of its own, so that several workers share them and a stuck one holds up no other."""
    seller = sellers.Seller.objects.get(code=task.subject)
    in_force = catalog.in_force(seller=seller)  # without rules nothing can be announced: one stuck run says so
    day = task.key.rpartition(":")[2]
    stretches = stretches_of(due_pks(in_force=in_force, on=rules.day(seller=seller, at=task.at)), size=BATCH)
    while some := list(islice(stretches, _STRETCHES)):
        _start(seller.code, day, some)
    return runs.Done()


def stretches_of(pks: Iterable[int], *, size: int) -> Iterator[tuple[int, int]]:
    """First and last of every `size` pks."""
    each = iter(pks)
    while part := list(islice(each, size)):
        yield part[0], part[-1]


def _start(seller: str, day: str, stretches: Iterable[tuple[int, int]]) -> None:
    runs.start_many(
        kind=BATCH_KIND,
        subjects=[
            (f"{BATCH_KIND}:{seller}:{day}:{first}-{last}", f"{seller}:{first}:{last}") for first, last in stretches
        ],
    )


# 2 ── a batch ─────────────────────────────────────────────────────────────────────────────────────────────────────────
_pace = pace.Pace(most=BATCH)


def _batch(task: runs.Work) -> runs.Outcome:
    """One stretch. One that fails is halved until the service that stops it stands alone, in a run that staff see."""
    code, first, last = task.subject.rsplit(":", 2)
    seller, day = sellers.Seller.objects.get(code=code), task.key.split(":")[2]
    in_force = catalog.in_force(seller=seller)
    due = due_pks(in_force=in_force, on=rules.day(seller=seller, at=task.at), first=int(first), last=int(last))
    pks = list(islice(due, BATCH + 1))
    half, room = len(pks) // 2, _pace.room()
    if task.attempt and len(pks) > 1:
        _start(code, day, [(pks[0], pks[half - 1]), (pks[half], pks[-1])])
    elif task.attempt:
        for holding in holdings.holdings_of(pks=pks):
            announce_later(service=holding.service, start_on=holding.last.end_on)
    elif pks:
        if len(pks) > room:
            _start(code, day, [(pks[room], int(last))])
        began = clock.system()
        with garbage.later():
            announce_many(pks=pks[:room], in_force=in_force, at=task.at, actor=task.actor)
        _pace.learn(count=len(pks[:room]), took=clock.system() - began)
    return runs.Done()


# 3 ── announced ───────────────────────────────────────────────────────────────────────────────────────────────────────
def announce(*, service: services.Service, at: datetime, actor: str) -> None:
    """Place the order of the next term of one service, if its day has come and none is placed (see `announce_many`)."""
    announce_many(pks=[service.id], in_force=catalog.in_force(seller=service.client.seller), at=at, actor=actor)


def announce_many(*, pks: Sequence[int], in_force: catalog.InForce, at: datetime, actor: str) -> list[models.Renewal]:
    """Place the orders of next terms whose day has come by the policy and that are not placed yet, and collect those
    that the deposit pays by itself (D4); a constant number of statements. All services of one seller.

    A term that cannot be priced (its plan is no longer sold at its period) becomes a stuck run that staff see.
    """
    with transaction.atomic():
        database.by_index()
        locks.lock_only(services.Service.objects.filter(among.of("pk", pks)))
        found = holdings.holdings_of(pks=pks, seller=in_force.seller)
        plans, others = planning.Planner(in_force=in_force, at=at).plans(found)
        for each in others:
            announce_later(service=each.service, start_on=each.start_on)
        if not plans:
            return []
        try:
            with transaction.atomic():
                return _place(plans, in_force, at, actor)
        except Refused:  # one of them: each for itself
            return [row for plan in plans for row in _placed_alone(plan, in_force, at, actor)]


def announce_later(*, service: services.Service, start_on: date) -> None:
    """The term becomes a run of its own: what stands in its way stops no other service, and staff see it."""
    before = models.Renewal.objects.filter(service=service).count()
    key = f"{ANNOUNCEMENT}:{service.number}:{start_on}:{before}"
    runs.start(kind=ANNOUNCEMENT, key=key, subject=service.number)


def _again(task: runs.Work) -> runs.Outcome:
    """Tried again when staff say so; Refused makes the run stuck, with its reason."""
    (service,) = locks.lock(services.Service.objects.filter(number=task.subject))
    in_force = catalog.in_force(seller=service.client.seller)
    found = holdings.holdings_of(pks=[service.id], seller=in_force.seller)
    plans, others = planning.Planner(in_force=in_force, at=task.at).plans(found)
    for each in others:
        raise each.refused
    if plans:
        _place(plans, in_force, task.at, task.actor)
    return runs.Done()


def _placed_alone(plan: planning.Plan, in_force: catalog.InForce, at: datetime, actor: str) -> list[models.Renewal]:
    try:
        with transaction.atomic():
            return _place([plan], in_force, at, actor)
    except Refused:
        announce_later(service=plan.service, start_on=plan.basis.start_on)
        return []


def _place(plans: Sequence[planning.Plan], in_force: catalog.InForce, at: datetime, actor: str) -> list[models.Renewal]:
    """Orders and renewals; what the deposit pays is a term at once, everything else gets a run that waits."""
    decided = _decisions(plans, in_force, at)
    today = rules.day(seller=in_force.seller, at=at)
    drafts = {plan.service.id: _draft(plan, in_force) for plan in plans}
    drawn = [plan.service.id for plan in plans if decided[plan.service.id].what == "draws"]
    at_once = set(drawn)
    others = [pk for pk in drafts if pk not in at_once]
    made = orders.place_many(drafts=[drafts[pk] for pk in others], at=at, actor=actor)
    paid, issue = paid_at_once.place_many(drafts=[drafts[pk] for pk in drawn], on=today, at=at, actor=actor)
    placed = dict(zip((*others, *drawn), (*made, *paid), strict=True))
    rows = [_renewal(plan, placed[plan.service.id], decided[plan.service.id], in_force, at) for plan in plans]
    renewed = [row for row in rows if row.order is not None and row.order.state == "PAID" and row.service_id in at_once]
    audited = moves.ahead(renewed, "paid", actor=actor, at=at)
    bulk.create(rows)
    audit.write(audited())
    register.extend_many(extensions=[_extension(row) for row in renewed], at=at, actor=actor)
    waits = {plan.service.id: plan.suspended_at for plan in plans if decided[plan.service.id].what == "waits"}
    for plan in plans:
        if plan.basis.later:
            billed_later.carried(changes=[each.change for each in plan.basis.later], order=placed[plan.service.id])
    _start_runs([row for row in rows if row.state != "RENEWED"], waits, at)
    issue()
    return rows


def _renewal(
    plan: planning.Plan, order: billing_rows.Order, decided: "Decided", in_force: catalog.InForce, at: datetime
) -> models.Renewal:
    return bulk.new(
        models.Renewal,
        service=plan.service,
        start_on=plan.basis.start_on,
        end_on=plan.end_on,
        months=plan.basis.months,
        basis=plan.basis.to_json(),
        catalog_id=in_force.catalog_revision,
        policy_id=in_force.policy_revision,
        order=order,
        collection=decided.kept,
        created_at=at,
    )


def _extension(row: models.Renewal) -> register.Extension:
    return register.Extension(row.service, row.start_on, row.end_on, row.months)


def _draft(plan: planning.Plan, in_force: catalog.InForce) -> orders.Draft:
    return orders.Draft(
        seller=in_force.seller,
        client=plan.service.client,
        subject=f"{plan.service.number}/{plan.basis.start_on}",
        purpose="renewal",
        lines=plan.lines,
        total=plan.total,
        expires_at=plan.expires_at,
        signal_key=f"{next_term.RENEWAL}:{{order}}",
        buyer=rules.buyer(policy=in_force.policy, family=plan.basis.family),
    )


class Decided(NamedTuple):
    """What becomes of a renewal when it is announced, and the decision as it is kept (D4)."""

    what: Literal["draws", "waits", "looks"]
    kept: dict[str, object]


def _decisions(plans: Sequence[planning.Plan], in_force: catalog.InForce, at: datetime) -> dict[int, Decided]:
    """By pk of the service: the deposit is drawn by itself, or why not (D4); or the renewal's run has to look itself.

    That is where a change of the service is open, where an earlier renewal was replaced, whose money may be carried
    over, where nothing is to be paid, and where the client has account credit, which goes first. One deposit pays for
    several services as far as it goes, in their order.
    """
    pks = [plan.service.id for plan in plans]
    open_changes = models.Change.objects.filter(among.of("service_id", pks), state__in=models.Change.lifecycle.open)
    replaced = models.Renewal.objects.filter(among.of("service_id", pks), state="REPLACED")
    own = {*open_changes.values_list("service_id", flat=True), *replaced.values_list("service_id", flat=True)}
    currency = in_force.seller.currency
    balances = billing.balances_of(clients={plan.service.client.number for plan in plans})
    left = {client: amount for (client, kind, of), amount in balances.items() if (kind, of) == ("deposit", currency)}
    credited = {client for (client, kind, of), amount in balances.items()
                if (kind, of) == ("account_credit", currency) and amount}  # fmt: skip
    nothing, found = Money.zero(currency), dict[int, Decided]()
    for plan in plans:
        client, due = plan.service.client.number, plan.total.gross
        if plan.service.id in own or not due.minor or client in credited:
            found[plan.service.id] = Decided("looks", {})
            continue
        deposit = left.get(client, nothing)
        decided = collection.decide(
            policy=in_force.policy,
            service=plan.service,
            purpose="renewal",
            free={"deposit": deposit},
            due=due,
            at=at,
        )
        if decided.in_full:
            left[client] = deposit - due
        found[plan.service.id] = Decided("draws" if decided.in_full else "waits", decided.kept)
    return found


def _start_runs(made: Sequence[models.Renewal], waits: Mapping[int, datetime], at: datetime) -> None:
    """A run for each: one of which it is known until when it would only wait, begins waiting."""
    waiting, ready = [], []
    for row in made:
        key, subject, until = next_term.run_key(row), str(row.pk), waits.get(row.service_id)
        if until is not None and until > at:
            waiting.append((key, subject, next_term.until(until)))
        else:
            ready.append((key, subject))
    if waiting:
        runs.start_waiting(kind=next_term.RENEWAL, subjects=waiting)
    if ready:
        runs.start_many(kind=next_term.RENEWAL, subjects=ready)


def define() -> None:
    """Name the steps to the runtime. Called once, when Django is ready."""
    runs.define(KIND, steps={"split": _split}, first="split")
    runs.define(BATCH_KIND, steps={"announce": _batch}, first="announce")
    runs.define(ANNOUNCEMENT, steps={"announce": _again}, first="announce")
