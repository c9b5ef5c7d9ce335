"""By which rules, since when and at which tax is a service metered? Reads, and the beginning of a meter."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import OuterRef, Subquery

from planshift.billing import models as billing
from planshift.catalog import models as sellers
from planshift.catalog import queries as catalog
from planshift.domain import catalog as sold
from planshift.domain import metering, vat
from planshift.domain.errors import Refused
from planshift.domain.policy import document
from planshift.domain.policy import metering as answers
from planshift.procedures import rules
from planshift.procedures import vat as taxing
from planshift.runtime import among
from planshift.services import models as services
from planshift.services import register


def terms(*, policy: document.Policy, family: str) -> answers.Terms | None:
    """The policy's terms for metered services of a family; None where it is not metered."""
    found: answers.Terms | None = rules.carried_out(answers, policy=policy, family=family)
    return found


def families(in_force: catalog.InForce) -> dict[str, answers.Terms]:
    """The terms of every family that catalog and policy meter."""
    metered = [each.code for each in in_force.catalog.families.values() if each.metered]
    found = {code: terms(policy=in_force.policy, family=code) for code in metered}
    return {code: each for code, each in found.items() if each is not None}


def zone(seller: sellers.Seller) -> ZoneInfo:
    """The seller's time zone: its days and months are counted."""
    return ZoneInfo(seller.time_zone)


def taxes(
    *, wanted: Sequence[tuple[services.Service, date]], in_force: catalog.InForce
) -> dict[int, metering.Tax | Refused]:
    """How the hours of services on a day are taxed, by pk; Refused where it cannot be told. One statement where nobody
    is abroad."""
    selling = in_force.catalog.seller
    abroad: dict[int, vat.Case | Refused] = {}
    for family in dict.fromkeys(service.family for service, _ in wanted):
        of_family = [(service, on) for service, on in wanted if service.family == family]
        basis = rules.buyer(policy=in_force.policy, family=family)
        abroad |= taxing.abroad(wanted=of_family, sold=selling, basis=basis)
    return {service.pk: _tax(abroad.get(service.pk), selling, on) for service, on in wanted}


def _tax(case: vat.Case | Refused | None, selling: sold.Seller, on: date) -> metering.Tax | Refused:
    if isinstance(case, Refused):
        return case
    home = selling.tax_rate(on)
    if case is None or case.treatment == "standard":
        return metering.Tax(rate=home if case is None else case.rate)
    inside = home if selling.prices == "gross" and case.treatment != "oss" else metering.Tax().inside
    return metering.Tax(treatment=case.treatment, rate=case.rate, inside=inside)


def histories(*, pks: Iterable[int], begins: datetime, ends: datetime) -> Mapping[int, Sequence[metering.Held]]:
    """What services held between two instants, in order of time, with what they held before. Two statements."""
    wanted = list(pks)
    earlier = services.HeldFrom.objects.filter(service=OuterRef("pk"), since__lte=begins).order_by("-since", "-pk")
    before = services.Service.objects.filter(among.of("pk", wanted)).values_list(
        "pk", Subquery(earlier.values("amounts")[:1])
    )
    found: defaultdict[int, list[metering.Held]] = defaultdict(list)
    for pk, amounts in before:
        if amounts is not None:
            found[pk].append(metering.Held(begins, amounts))
    rows = services.HeldFrom.objects.filter(among.of("service_id", wanted), since__gt=begins, since__lt=ends)
    for pk, since, amounts in rows.order_by("since", "pk").values_list("service_id", "since", "amounts"):
        found[pk].append(metering.Held(since, amounts))
    return found


def begin(*, service: services.Service, since: datetime, at: datetime) -> billing.Meter:
    """Meter a service from an instant on, with what it holds now. A second time changes nothing. The service must be
    locked."""
    known = billing.Meter.objects.filter(service=service).first()
    if known is not None:
        return known
    seller = service.client.seller
    day = rules.day(seller=seller, at=since)
    register.hold_from(service=service, since=since, amounts=register.additional_of(service), cause="metered", at=at)
    return billing.Meter.objects.create(
        service=service,
        client=service.client,
        seller=seller,
        began_on=day,
        drawn_until=day,
        invoiced_until=metering.month_of(day),
    )


def held_from(*, meter: billing.Meter, since: datetime) -> datetime:
    """When a change counts from that a machine confirmed at `since`: not within days that are drawn already."""
    return max(since, metering.day_begins(meter.drawn_until, zone=zone(meter.seller)))


def day_bounds(day: date, *, seller: sellers.Seller) -> tuple[datetime, datetime]:
    """Midnight to midnight of a day of the seller."""
    here = zone(seller)
    return metering.day_begins(day, zone=here), metering.day_begins(day + timedelta(days=1), zone=here)
