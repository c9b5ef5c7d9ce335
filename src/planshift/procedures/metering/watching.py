"""Does the prepaid balance suffice? Looked at when the policy says so, and after every payment (D3).

The client is warned once each time the balance falls below a threshold. Below the floor the machine of every metered
service is stopped; at the floor again it is started (`power`).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from planshift.billing import models as billing
from planshift.billing import queries as accounts
from planshift.catalog import queries as catalog
from planshift.domain.exact import Fraction
from planshift.domain.money import Money
from planshift.domain.policy.metering import Terms
from planshift.procedures import pace
from planshift.procedures.metering import counting, knowing, letters, power
from planshift.runtime import audit, clock, locks
from planshift.services import models as services

NOT_METERED = Terms(floor=Fraction(-(10**12)))  # a family that is metered no longer: what was held is drawn, not judged
BATCH = 200
_pace = pace.Pace(most=BATCH)


def check_some(*, meters: QuerySet[billing.Meter], in_force: catalog.InForce, at: datetime, actor: str) -> bool:
    """Check clients of these meters of one seller whose balance was not looked at since the policy's last check, as
    many as fit into one transaction; whether there are more."""
    here = knowing.zone(in_force.seller)
    slots = [each.checked_last(at=at, zone=here) for each in knowing.families(in_force).values()]
    found = meters.filter(closed=False).order_by("client_id").values_list("client_id", flat=True).distinct()
    checked = dict(
        billing.PrepaidStanding.objects.filter(client__in=found, checked_at__isnull=False).values_list(
            "client_id", "checked_at"
        )
    )
    due = [pk for pk in found if slots and _before(checked.get(pk), max(slots))]
    some, began = due[: _pace.room()], clock.system()
    if some:
        check(clients=some, in_force=in_force, at=at, actor=actor)
        _pace.learn(count=len(some), took=clock.system() - began)
    return len(some) < len(due)


def _before(checked_at: datetime | None, slot: datetime) -> bool:
    return checked_at is None or checked_at < slot


def check(*, clients: Sequence[int], in_force: catalog.InForce, at: datetime, actor: str) -> None:
    """Look at the balances of these clients (pk) of one seller now: warn, and decide about their machines. A constant
    number of statements, and some for every client about whom something is decided."""
    with transaction.atomic():
        owners = {each.pk: each for each in locks.lock(services.Client.objects.filter(pk__in=clients))}
        locks.lock(services.Service.objects.filter(meter__client__in=list(owners), meter__closed=False))
        meters = list(
            billing.Meter.objects.filter(client__in=list(owners), closed=False).select_related("service").order_by("pk")
        )
        standing = _standing(owners)
        left = balances(clients=owners.values(), currency=in_force.seller.currency)
        open_hours = counting.undrawn(meters=meters, in_force=in_force, at=at)
        families = knowing.families(in_force)
        for pk, owner in owners.items():
            mine = [meter for meter in meters if meter.client_id == pk]
            terms = [families.get(meter.service.family, NOT_METERED) for meter in mine]
            balance = left[pk] - Money.total(
                (open_hours[meter.pk] for meter in mine), currency=in_force.seller.currency
            )
            _warn(standing[pk], owner, terms, balance, in_force, at, actor)
            for meter, of in zip(mine, terms, strict=True):
                _decide(meter, of, balance, at, actor)
        billing.PrepaidStanding.objects.bulk_update(
            list(standing.values()), ["checked_at", "told_minor", "warnings"], batch_size=BATCH
        )


def balances(*, clients: Iterable[services.Client], currency: str) -> Mapping[int, Money]:
    """The prepaid balance of clients, less what they owe, by pk; one statement."""
    known, zero = {each.number: each.pk for each in clients}, Money.zero(currency)
    found = accounts.balances_of(clients=known)
    return {
        pk: found.get((number, "prepaid", currency), zero) - found.get((number, "owed", currency), zero)
        for number, pk in known.items()
    }


def _standing(owners: Mapping[int, services.Client]) -> dict[int, billing.PrepaidStanding]:
    rows = billing.PrepaidStanding.objects
    missing = set(owners) - set(rows.filter(client__in=list(owners)).values_list("client_id", flat=True))
    rows.bulk_create([billing.PrepaidStanding(client_id=pk) for pk in sorted(missing)], ignore_conflicts=True)
    return {row.client_id: row for row in rows.filter(client__in=list(owners))}


def _warn(
    row: billing.PrepaidStanding,
    owner: services.Client,
    terms: Sequence[Terms],
    balance: Money,
    in_force: catalog.InForce,
    at: datetime,
    actor: str,
) -> None:
    row.checked_at = at
    every = Terms(NOT_METERED.floor, warnings=tuple(sorted({w for each in terms for w in each.warnings}, reverse=True)))
    currency = in_force.seller.currency
    kept = None if row.told_minor is None else Money.from_minor(row.told_minor, currency).amount
    told = every.still_told(balance=balance.amount, told=kept)
    crossed = every.warning(balance=balance.amount, told=told)
    if crossed is not None:
        told, row.warnings = crossed, int(row.warnings) + 1
        letters.warn(
            client=owner,
            threshold=Money(crossed, currency),
            balance=balance,
            floor=Money(max(each.floor for each in terms), currency),
            key=f"{owner.number}/prepaid-warning/{row.warnings}",
            at=at,
            actor=actor,
        )
    told_minor: int | None = None if told is None else Money(told, currency).minor
    row.told_minor = told_minor  # type: ignore[assignment]


def _decide(meter: billing.Meter, terms: Terms, balance: Money, at: datetime, actor: str) -> None:
    """Below the floor the machine is to stop, at it to run; a service that ends is left alone."""
    wanted = "running" if terms.goes_on(balance.amount) else "blocked"
    if meter.wanted in (wanted, "ended"):
        return
    audit.record(
        kind="service",
        number=meter.service.number,
        event="below the floor" if wanted == "blocked" else "at the floor again",
        actor=actor,
        at=at,
        facts={"balance": balance.text, "floor": Money(terms.floor, balance.currency).text},
    )
    power.want(meter=meter, wanted=wanted)
