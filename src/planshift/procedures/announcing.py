"""Whose next term is announced today? Seller by seller, in batches; what stops one service stops no other.

    renewals (one run per seller and day) → renewal_batch (one run per stretch of services) → announce_many

A batch is one transaction with a constant number of statements. What is announced once is not announced again: a
database constraint allows one renewal per service and first day, so a batch that died is simply carried out anew.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice

from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from planshift.billing import orders
from planshift.billing import queries as billing
from planshift.catalog import models as sellers
from planshift.catalog import queries as catalog
from planshift.domain import documents, periods, renewing
from planshift.domain import vat as domain_vat
from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.domain.tax import Taxed
from planshift.procedures import collection, models, next_term, paper, rules, vat
from planshift.runtime import clock, locks, runs
from planshift.services import models as services
from planshift.services import queries as holdings

KIND = "renewals"
BATCH_KIND = "renewal_batch"
ANNOUNCEMENT = "renewal_announcement"
BATCH = 500
LONGEST = {"sqlite": timedelta(milliseconds=100)}  # of one transaction, where a writer keeps all others out
Taxing = Mapping[int, domain_vat.Case | Refused]  # of buyers abroad, by pk of the service
_AT_HOME: Taxing = {}
_STRETCHES = 1000  # batches started by one statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A next term, priced, not yet written. `lines` and `total` are exact amounts of the document."""

    holding: holdings.Holding
    basis: next_term.Basis
    end_on: date
    lines: tuple[documents.Line, ...]
    total: Taxed
    expires_at: datetime


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
    waiting = models.Renewal.objects.filter(service=OuterRef("pk"), state__in=next_term.UNPAID)
    found = holdings.ending(seller=in_force.seller.pk, before=on + timedelta(days=ahead + 1))
    stretch = {"pk__gte": first} if last is None else {"pk__gte": first, "pk__lte": last}
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
class _Pace:
    """How many services fit into the longest transaction, as seen in this process."""

    each = timedelta(milliseconds=2)

    def room(self) -> int:
        longest = LONGEST.get(connection.vendor)
        return BATCH if longest is None else max(1, min(BATCH, longest // self.each))

    def learn(self, *, count: int, took: timedelta) -> None:
        self.each = max((self.each + took / count) / 2, timedelta(microseconds=1))


_pace = _Pace()


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
        announce_many(holdings.holdings_of(pks=pks[:room]), in_force=in_force, at=task.at, actor=task.actor)
        _pace.learn(count=len(pks[:room]), took=clock.system() - began)
    return runs.Done()


# 3 ── announced ───────────────────────────────────────────────────────────────────────────────────────────────────────
def announce(*, holding: holdings.Holding, at: datetime, actor: str) -> None:
    """Place the order of the next term of one service, if its day has come and none is placed (see `announce_many`)."""
    in_force = catalog.in_force(seller=holding.service.client.seller)
    announce_many([holding], in_force=in_force, at=at, actor=actor)


def announce_many(
    found: Sequence[holdings.Holding], *, in_force: catalog.InForce, at: datetime, actor: str
) -> list[models.Renewal]:
    """Place the orders of next terms whose day has come by the policy and that are not placed yet; a constant number of
    statements. All services of one seller.

    A term that cannot be priced (its plan is no longer sold at its period) becomes a stuck run that staff see.
    """
    with transaction.atomic():
        locks.lock(services.Service.objects.filter(pk__in=[each.service.pk for each in found]))
        plans, due = [], wanted(found, in_force=in_force, at=at)
        taxed = taxing(due, in_force=in_force)
        for holding, basis in due:
            try:
                plans.append(planned(holding, basis=basis, in_force=in_force, at=at, taxed=taxed))
            except Refused:
                announce_later(service=holding.service, start_on=basis.start_on)
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
    holding = holdings.holding(number=task.subject)
    locks.lock(services.Service.objects.filter(pk=holding.service.pk))
    in_force = catalog.in_force(seller=holding.service.client.seller)
    due = wanted([holding], in_force=in_force, at=task.at)
    taxed = taxing(due, in_force=in_force)
    plans = [planned(each, basis=basis, in_force=in_force, at=task.at, taxed=taxed) for each, basis in due]
    if plans:
        _place(plans, in_force, task.at, task.actor)
    return runs.Done()


def wanted(
    found: Sequence[holdings.Holding], *, in_force: catalog.InForce, at: datetime
) -> list[tuple[holdings.Holding, next_term.Basis]]:
    """Those whose day has come and whose next term is not announced yet."""
    changes = next_term.paid_changes(found)
    announced = set(
        models.Renewal.objects.filter(service__in=[each.service.pk for each in found])
        .exclude(state="REPLACED")
        .values_list("service_id", "start_on")
    )
    based = ((each, next_term.basis_of(each, change=changes.get(each.service.pk))) for each in found)
    return [
        (each, basis)
        for each, basis in based
        if (each.service.pk, basis.start_on) not in announced and next_term.is_due(basis, in_force=in_force, at=at)
    ]


def taxing(due: Sequence[tuple[holdings.Holding, next_term.Basis]], *, in_force: catalog.InForce) -> Taxing:
    """How the next terms of buyers abroad are taxed; by family, for the policy says whose data count."""
    found: dict[int, domain_vat.Case | Refused] = {}
    for family in dict.fromkeys(basis.family for _, basis in due):
        found |= vat.abroad(
            wanted=[(each.service, basis.start_on) for each, basis in due if basis.family == family],
            sold=in_force.catalog.seller,
            basis=rules.buyer(policy=in_force.policy, family=family),
        )
    return found


def planned(
    holding: holdings.Holding,
    *,
    basis: next_term.Basis,
    in_force: catalog.InForce,
    at: datetime,
    taxed: Taxing = _AT_HOME,
) -> Plan:
    """The next term as it will be announced: its days, its lines at full price, its deadline. Refused as in
    `renewing.lines` and, for a buyer abroad, `vat.decide`."""
    service, seller, policy = holding.service, in_force.seller, in_force.policy
    terms = tuple(renewing.Stretch(start_on=t.start_on, end_on=t.end_on, months=t.months) for t in holding.terms)
    start_on, months = basis.start_on, basis.months
    home = in_force.catalog.seller.tax_rate(start_on)
    case = taxed.get(service.pk)
    if isinstance(case, Refused):
        raise case
    treatment, rate = ("standard", home) if case is None else (case.treatment, case.rate)
    end_on = rules.next_end(policy=policy, family=basis.family, terms=terms, start_on=start_on, months=months)
    priced = renewing.lines(
        sold=in_force.catalog,
        plan=basis.plan,
        length=periods.Length(months),
        additional=basis.additional,
        on=start_on,
        rounding=rules.renewal_rounding(policy=policy, family=basis.family, currency=seller.currency),
        treatment=treatment,
        rate=rate,
    )
    last_day = next_term.dates(policy, family=basis.family, ends_on=start_on).ended_on
    return Plan(
        holding=holding,
        basis=basis,
        end_on=end_on,
        lines=tuple(
            paper.renewal_line(
                service=service.number,
                label=service.label,
                component=line.component,
                name=line.name,
                quantity=line.quantity,
                amount=line.amount,
                rate=rate,
                treatment=treatment,
                start_on=start_on,
                end_on=end_on,
            )
            for line in priced
        ),
        total=Taxed.total((line.amount for line in priced), currency=seller.currency),
        expires_at=max(rules.start_of(last_day, seller=seller), at + timedelta(days=1)),
    )


def _placed_alone(plan: Plan, in_force: catalog.InForce, at: datetime, actor: str) -> list[models.Renewal]:
    try:
        with transaction.atomic():
            return _place([plan], in_force, at, actor)
    except Refused:
        announce_later(service=plan.holding.service, start_on=plan.basis.start_on)
        return []


def _place(plans: Sequence[Plan], in_force: catalog.InForce, at: datetime, actor: str) -> list[models.Renewal]:
    placed = orders.place_many(
        drafts=[
            orders.Draft(
                seller=in_force.seller,
                client=plan.holding.service.client,
                subject=f"{plan.holding.service.number}/{plan.basis.start_on}",
                purpose="renewal",
                lines=plan.lines,
                total=plan.total,
                expires_at=plan.expires_at,
                signal_key=f"{next_term.RENEWAL}:{{order}}",
                buyer=rules.buyer(policy=in_force.policy, family=plan.basis.family),
            )
            for plan in plans
        ],
        at=at,
        actor=actor,
    )
    decisions = _decisions(plans, in_force, at)
    rows = models.Renewal.objects.bulk_create(
        models.Renewal(
            service=plan.holding.service,
            start_on=plan.basis.start_on,
            end_on=plan.end_on,
            months=plan.basis.months,
            basis=plan.basis.to_json(),
            order=order,
            collection=decision or {},
            created_at=at,
        )
        for plan, order, decision in zip(plans, placed, decisions, strict=True)
    )
    _start_runs(rows, in_force, at)
    return rows


def _decisions(plans: Sequence[Plan], in_force: catalog.InForce, at: datetime) -> list[dict[str, object] | None]:
    """For each: why the deposit is not drawn (D4), as it is kept; None where the renewal's run has to look itself.

    That is where the deposit suffices, where a change of the service is open, and where an earlier renewal was
    replaced, whose money may be carried over.
    """
    pks = [plan.holding.service.pk for plan in plans]
    open_changes = models.Change.objects.filter(service__in=pks, state__in=models.Change.lifecycle.open)
    replaced = models.Renewal.objects.filter(service__in=pks, state="REPLACED")
    own = {*open_changes.values_list("service_id", flat=True), *replaced.values_list("service_id", flat=True)}
    currency = in_force.seller.currency
    clients = {plan.holding.service.client.number for plan in plans} if in_force.seller.has_deposit else set()
    balances = billing.balances_of(clients=clients)
    nothing, found = Money.zero(currency), list[dict[str, object] | None]()
    for plan in plans:
        service = plan.holding.service
        deposit = balances.get((service.client.number, "deposit", currency), nothing)
        draws, decision = collection.decide(
            policy=in_force.policy, service=service, deposit=deposit, due=plan.total.gross, at=at
        )
        found.append(None if draws or service.pk in own or not plan.total.gross.minor else decision)
    return found


def _start_runs(rows: Sequence[models.Renewal], in_force: catalog.InForce, at: datetime) -> None:
    """A run for each: one of which it is known that it would only wait, begins waiting."""
    waiting, ready = [], []
    for row in rows:
        key, subject = next_term.run_key(row), str(row.pk)
        wait = next_term.waits(renewal=row, policy=in_force.policy)
        if row.collection and wait.due_at is not None and wait.due_at > at:
            waiting.append((key, subject, wait))
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
