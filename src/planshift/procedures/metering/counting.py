"""What was counted since the last draw, and what does an hour cost? Reads; nothing is written by the hour (D3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from planshift.billing import models as billing
from planshift.catalog import queries as catalog
from planshift.domain import metering
from planshift.domain.errors import Refused
from planshift.domain.exact import Fraction
from planshift.domain.money import Money
from planshift.domain.tax import Taxed
from planshift.procedures import rules
from planshift.procedures.metering import knowing


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """A meter as it stands at an instant. `hour`: what the amounts held now cost per hour, gross and exact."""

    held: Mapping[str, int]
    hour: Fraction
    hour_net: Fraction
    lines: tuple[metering.Line, ...]  # of the month so far
    so_far: Taxed
    drawn: Money  # of this month
    hours: int  # of today, in which anything counted
    tax: metering.Tax

    @property
    def undrawn(self) -> Money:
        """Of the month so far, what is not drawn yet."""
        return metering.to_draw(so_far=self.so_far, drawn=self.drawn)


def live(
    *, meters: Sequence[billing.Meter], in_force: catalog.InForce, at: datetime, whole_hours: bool = False
) -> dict[int, Live]:
    """Meters (with service) of one seller as they stand at an instant, by pk; days that are over and not drawn are
    counted too. With `whole_hours` an hour that has not ended is left out. A constant number of statements for all
    that are drawn until the same day."""
    found: dict[int, Live] = {}
    for day in dict.fromkeys(meter.drawn_until for meter in meters):
        group = [meter for meter in meters if meter.drawn_until == day]
        found |= _live(group, in_force, at, whole_hours)
    return found


def undrawn(*, meters: Sequence[billing.Meter], in_force: catalog.InForce, at: datetime) -> Mapping[int, Money]:
    """What counts against the balance beyond the draws, by pk: of families whose balance is checked more often than
    once a day, the whole hours since the last draw."""
    zero = Money.zero(in_force.seller.currency)
    often = {code for code, each in knowing.families(in_force).items() if each.check_every_hours < 24}
    counted = [meter for meter in meters if meter.service.family in often]
    known = live(meters=counted, in_force=in_force, at=at, whole_hours=True) if counted else {}
    return {meter.pk: known[meter.pk].undrawn if meter.pk in known else zero for meter in meters}


def _live(
    group: Sequence[billing.Meter], in_force: catalog.InForce, at: datetime, whole_hours: bool
) -> dict[int, Live]:
    seller, here = in_force.seller, knowing.zone(in_force.seller)
    today, first = rules.day(seller=seller, at=at), group[0].drawn_until
    pks = [meter.service_id for meter in group]
    history = knowing.histories(
        pks=pks, begins=metering.day_begins(min(first, today), zone=here), ends=at + timedelta(microseconds=1)
    )
    taxed = knowing.taxes(wanted=[(meter.service, today) for meter in group], in_force=in_force)
    rows = billing.Draw.objects.filter(service__in=pks, on=first - timedelta(days=1))
    last = {row.service_id: row for row in rows}
    made = {}
    for meter in group:
        tax = taxed[meter.service_id]
        if isinstance(tax, Refused):
            tax = metering.Tax(rate=in_force.catalog.seller.tax_rate(today))
        made[meter.pk] = _of(
            meter, history.get(meter.service_id, ()), last.get(meter.service_id), tax, in_force, at, whole_hours
        )
    return made


def _of(
    meter: billing.Meter,
    history: Sequence[metering.Held],
    last: billing.Draw | None,
    tax: metering.Tax,
    in_force: catalog.InForce,
    at: datetime,
    whole_hours: bool,
) -> Live:
    seller, here = in_force.seller, knowing.zone(in_force.seller)
    today = rules.day(seller=seller, at=at)
    month = metering.month_of(today)
    plan = in_force.catalog.plans.get(meter.service.plan)
    this_month = last is not None and metering.month_of(last.on) == month
    used = tuple(metering.Used.from_json(each) for each in last.used) if last and this_month else ()
    drawn = last.gross_minor if last and this_month else 0
    terms = knowing.terms(policy=in_force.policy, family=meter.service.family)
    hours = "full" if whole_hours else terms.hours if terms else "started"
    day, busy = max(meter.drawn_until, month), 0
    while day <= today:
        found = metering.counted(history=history, day=day, zone=here, hours=hours, until=at)
        used = metering.added(used, metering.priced(found, plan=plan, day=day, tax=tax))
        busy, day = found.hours, day + timedelta(days=1)
    lines = metering.lines(
        used,
        prices=seller.prices,
        currency=seller.currency,
        rounding=rules.renewal_rounding(policy=in_force.policy, family=meter.service.family, currency=seller.currency),
    )
    held = history[-1].amounts if history else {}
    hour = metering.per_hour(held, plan=plan, day=today, tax=tax, prices=seller.prices)
    return Live(
        held=held,
        hour=hour,
        hour_net=hour / (1 + tax.rate),
        lines=lines,
        so_far=metering.total(lines, currency=seller.currency),
        drawn=Money.from_minor(drawn, seller.currency),
        hours=busy,
        tax=tax,
    )
