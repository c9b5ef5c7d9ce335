"""Which days of metered services are to be drawn? Every day that is over, once, also those that nobody was there for.

    metering (every hour) → metering_seller → metering_batch: draw → invoice → check

A batch is a stretch of meters; one transaction draws one day of as many as fit. What is drawn once is not drawn again:
a database constraint allows one draw per service and day, and the day to draw next is read under the service's lock.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import F, Max, Q, QuerySet

from planshift.billing import metered
from planshift.billing import models as billing
from planshift.catalog import models as sellers
from planshift.catalog import queries as catalog
from planshift.domain import metering
from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.domain.tax import Taxed
from planshift.procedures import announcing, pace, rules
from planshift.procedures.metering import invoicing, knowing, watching
from planshift.provisioning import models as machines
from planshift.runtime import among, clock, garbage, locks, runs
from planshift.services import models as services

KIND = "metering"
SELLER_KIND = "metering_seller"
BATCH_KIND = "metering_batch"
BATCH = 500
_STRETCHES = 1000
_CHANGING = ("EASY", "RESOURCES", "SUSPEND", "UNSUSPEND")  # recipes after which something else counts
_pace = pace.Pace(most=BATCH)
_adopting = pace.Pace(most=BATCH)


# 1 ── who is due ──────────────────────────────────────────────────────────────────────────────────────────────────────
def _sellers(task: runs.Work) -> runs.Outcome:
    """A run for every seller that meters anything."""
    slot = task.key.partition(":")[2]
    for seller in sellers.Seller.objects.order_by("pk"):
        try:
            in_force = catalog.in_force(seller=seller)
        except Refused:
            continue  # it sells nothing yet
        if knowing.families(in_force):
            runs.start(kind=SELLER_KIND, key=f"{SELLER_KIND}:{seller.code}:{slot}", subject=seller.code)
    return runs.Done()


def _split(task: runs.Work) -> runs.Outcome:
    """Services that nobody meters yet are metered from now on, some in a transaction; then each stretch of meters is a
    run of its own."""
    seller = sellers.Seller.objects.get(code=task.subject)
    in_force = catalog.in_force(seller=seller)
    if _adopt(in_force, at=task.at):
        return runs.Go("split")
    slot = task.key.split(":", 2)[2]
    stretches = announcing.stretches_of(
        due(in_force=in_force, at=task.at).values_list("pk", flat=True).iterator(chunk_size=5000), size=BATCH
    )
    while some := list(islice(stretches, _STRETCHES)):
        _start(seller.code, slot, some)
    return runs.Done()


def _adopt(in_force: catalog.InForce, *, at: datetime) -> bool:
    """As many as fit into one transaction; whether there may be more."""
    room, began = _adopting.room(), clock.system()
    unmetered = services.Service.objects.filter(
        client__seller=in_force.seller, family__in=list(knowing.families(in_force)), meter__isnull=True
    ).exclude(state="ENDED")
    pks = list(unmetered.order_by("pk").values_list("pk", flat=True)[:room])
    if pks:
        for service in locks.lock(services.Service.objects.filter(pk__in=pks).select_related("client__seller")):
            knowing.begin(service=service, since=at, at=at)
        _adopting.learn(count=len(pks), took=clock.system() - began)
    return len(pks) == room


def due(*, in_force: catalog.InForce, at: datetime) -> QuerySet[billing.Meter]:
    """Meters of a seller with a day to draw, a month to invoice, or a balance to check; in pk order."""
    today = rules.day(seller=in_force.seller, at=at)
    here = knowing.zone(in_force.seller)
    slots = [each.checked_last(at=at, zone=here) for each in knowing.families(in_force).values()]
    found = billing.Meter.objects.filter(seller=in_force.seller, closed=False)
    standing = "client__prepaid_standing__checked_at"
    unchecked = Q(**{f"{standing}__lt": max(slots)}) | Q(**{f"{standing}__isnull": True}) if slots else Q(pk=None)
    return found.filter(Q(drawn_until__lt=today) | unchecked).order_by("pk")


def _start(seller: str, slot: str, stretches: Iterable[tuple[int, int]]) -> None:
    runs.start_many(
        kind=BATCH_KIND,
        subjects=[(f"{BATCH_KIND}:{seller}:{slot}:{a}-{b}", f"{seller}:{a}:{b}") for a, b in stretches],
    )


# 2 ── drawn ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def _draw(task: runs.Work) -> runs.Outcome:
    """One day of one stretch, then the next, until today. A stretch that fails is halved until the service that stops
    it stands alone, in a run that staff see."""
    code, first, last = task.subject.rsplit(":", 2)
    in_force = catalog.in_force(seller=sellers.Seller.objects.get(code=code))
    today = rules.day(seller=in_force.seller, at=task.at)
    meters = billing.Meter.objects.filter(seller=in_force.seller, closed=False, pk__gte=first, pk__lte=last)
    waiting = _undrawn(meters, today)
    if task.attempt and int(first) < int(last):
        middle = (int(first) + int(last)) // 2
        _start(code, task.key.split(":")[2], [(int(first), middle), (middle + 1, int(last))])
        return runs.Done()
    for day in waiting.order_by("drawn_until").values_list("drawn_until", flat=True).distinct():
        pks = list(waiting.filter(drawn_until=day).order_by("pk").values_list("pk", flat=True))
        while pks:
            some, pks = pks[: _pace.room()], pks[_pace.room() :]
            began = clock.system()
            with garbage.later():
                drawn = draw_day(pks=some, on=day, in_force=in_force, at=task.at, actor=task.actor)
            _pace.learn(count=len(some), took=clock.system() - began)
            if drawn.refused is not None and first == last:
                raise drawn.refused
            if drawn.refused_pks:  # each in a run of its own, that staff see: it holds up no other
                _start(code, f"{day}", [(pk, pk) for pk in drawn.refused_pks])
            if drawn.draws:
                return runs.Go("draw")
    return runs.Go("invoice")


def _undrawn(meters: QuerySet[billing.Meter], today: date) -> QuerySet[billing.Meter]:
    """Those with a day that is over and not drawn; of a service that has ended, up to its last day."""
    ended = Q(ended_on__isnull=True) | Q(ended_on__gte=F("drawn_until"))
    return meters.filter(ended, drawn_until__lt=today)


@dataclass(frozen=True, slots=True)
class Drawn:
    """What one transaction drew. `refused_pks`: meters of which nobody can tell the tax, and why not. Others that are
    not drawn wait for the word of their machine."""

    draws: tuple[billing.Draw, ...] = ()
    refused_pks: tuple[int, ...] = ()
    refused: Refused | None = None


def draw_day(*, pks: Sequence[int], on: date, in_force: catalog.InForce, at: datetime, actor: str) -> Drawn:
    """Draw the day `on` of these meters of one seller, as far as each waits for that day; a constant number of
    statements. Raises ValueError for a day that is not over."""
    seller = in_force.seller
    begins, ends = knowing.day_bounds(on, seller=seller)
    if ends > at:
        raise ValueError(f"{on} is not over")
    with transaction.atomic():
        locks.lock_only(services.Service.objects.filter(among.of("meter__pk", pks)))
        meters = list(
            billing.Meter.objects.filter(among.of("pk", pks), drawn_until=on, closed=False)
            .select_related("service", "client")
            .order_by("pk")
        )
        unheard = _unheard([meter.service_id for meter in meters], begins, ends)
        taxed = knowing.taxes(wanted=[(meter.service, on) for meter in meters], in_force=in_force)
        refused = {pk: tax for pk, tax in taxed.items() if isinstance(tax, Refused)}
        ready = [meter for meter in meters if meter.service_id not in unheard and meter.service_id not in refused]
        untaxed = tuple(meter.pk for meter in meters if meter.service_id in refused)
        days = _days(ready, on, in_force, {pk: tax for pk, tax in taxed.items() if isinstance(tax, metering.Tax)})
        made = metered.draw_many(days=days, seller=seller, at=at, actor=actor)
    return Drawn(tuple(made), untaxed, next(iter(refused.values()), None))


def _unheard(pks: Sequence[int], begins: datetime, ends: datetime) -> set[int]:
    """Services of which a machine confirmed something that the history does not have yet: their run is on its way."""
    confirmed = dict(
        machines.Execution.objects.filter(
            among.of("service_id", pks),
            recipe__in=_CHANGING,
            point_of_no_return_at__gte=begins,
            point_of_no_return_at__lt=ends,
        )
        .values_list("service")
        .annotate(newest=Max("point_of_no_return_at"))
        .order_by()
    )
    if not confirmed:
        return set()
    written = services.HeldFrom.objects.filter(service__in=list(confirmed)).values_list("service")
    heard = dict(written.annotate(newest=Max("since")).order_by())
    return {pk for pk, instant in confirmed.items() if pk not in heard or heard[pk] < instant}


def _days(
    meters: Sequence[billing.Meter], on: date, in_force: catalog.InForce, taxed: Mapping[int, metering.Tax]
) -> list[metered.Day]:
    """Days of services that held and cost the same are counted and priced once: same facts, same result."""
    seller = in_force.seller
    begins, ends = knowing.day_bounds(on, seller=seller)
    pks = [meter.service_id for meter in meters]
    history = knowing.histories(pks=pks, begins=begins, ends=ends)
    earlier = billing.Draw.objects.filter(among.of("service_id", pks), on=on - timedelta(days=1)) if on.day > 1 else ()
    before = {row.service_id: row for row in earlier}
    made, known = [], dict[_Same, _Priced]()
    for meter in meters:
        last, service = before.get(meter.service_id), meter.service
        same = _Same(
            in_force.policy_revision if last is None else last.policy_id,  # one rounding for the whole month
            service.family,
            service.plan,
            taxed[meter.service_id],
            tuple((held.since, *sorted(held.amounts.items())) for held in history.get(meter.service_id, ())),
            () if last is None else tuple(map(tuple, last.used)),
        )
        if same not in known:
            known[same] = _priced(same, on, in_force)
        day = known[same]
        drawn = Money.from_minor(last.gross_minor if last else 0, seller.currency)
        made.append(
            metered.Day(
                meter=meter,
                on=on,
                price_list=in_force.catalog_revision,
                policy=same.policy,
                hours=day.hours,
                day_used=day.day_used,
                used=day.used,
                so_far=day.so_far,
                draw=metering.to_draw(so_far=day.so_far, drawn=drawn),
            )
        )
    return made


class _Same(NamedTuple):
    """Days that are equal in this cost the same. `held`: from when on, and (resource, amount) each; `before`: the units
    of the month until then, as they are kept."""

    policy: int
    family: str
    plan: str
    tax: metering.Tax
    held: tuple[tuple[Any, ...], ...]
    before: tuple[tuple[str | int, ...], ...]


class _Priced(NamedTuple):
    """A day, and the month with it."""

    hours: int
    day_used: tuple[metering.Used, ...]
    used: tuple[metering.Used, ...]
    so_far: Taxed


def _priced(same: _Same, on: date, in_force: catalog.InForce) -> _Priced:
    seller, ruled = in_force.seller, catalog.policy_of(revision=same.policy)
    terms = knowing.terms(policy=ruled, family=same.family) or watching.NOT_METERED
    history = [metering.Held(since, dict(amounts)) for since, *amounts in same.held]
    found = metering.counted(history=history, day=on, zone=knowing.zone(seller), hours=terms.hours)
    day_used = metering.priced(found, plan=in_force.catalog.plans.get(same.plan), day=on, tax=same.tax)
    used = metering.added((metering.Used.from_json(each) for each in same.before), day_used)
    lines = metering.lines(
        used,
        prices=seller.prices,
        currency=seller.currency,
        rounding=rules.renewal_rounding(policy=ruled, family=same.family, currency=seller.currency),
    )
    return _Priced(found.hours, day_used, used, metering.total(lines, currency=seller.currency))


# 3 ── then ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def _invoice(task: runs.Work) -> runs.Outcome:
    """Months that are over and drawn get their invoices, month by month."""
    code, first, last = task.subject.rsplit(":", 2)
    in_force = catalog.in_force(seller=sellers.Seller.objects.get(code=code))
    meters = billing.Meter.objects.filter(seller=in_force.seller, closed=False, pk__gte=first, pk__lte=last)
    more = invoicing.invoice_some(meters=meters, in_force=in_force, room=_pace.room(), at=task.at, actor=task.actor)
    return runs.Go("invoice" if more else "check")


def _check(task: runs.Work) -> runs.Outcome:
    """The balances of the clients of this stretch, those with services elsewhere too, some in a transaction."""
    code, first, last = task.subject.rsplit(":", 2)
    in_force = catalog.in_force(seller=sellers.Seller.objects.get(code=code))
    meters = billing.Meter.objects.filter(seller=in_force.seller, pk__gte=first, pk__lte=last)
    more = watching.check_some(meters=meters, in_force=in_force, at=task.at, actor=task.actor)
    return runs.Go("check") if more else runs.Done()


def define() -> None:
    """Name the steps to the runtime. Called once, when Django is ready."""
    runs.define(KIND, steps={"sellers": _sellers}, first="sellers")
    runs.define(SELLER_KIND, steps={"split": _split}, first="split")
    runs.define(BATCH_KIND, steps={"draw": _draw, "invoice": _invoice, "check": _check}, first="draw")
    runs.every(KIND, hours=1)
