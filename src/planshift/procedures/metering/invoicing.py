"""Which metered months are over, and what stands on their invoices? Exactly what was drawn (D3)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import TruncMonth

from planshift.billing import buyers, metered
from planshift.billing import models as billing
from planshift.catalog import queries as catalog
from planshift.domain import catalog as sold
from planshift.domain import documents, metering, money
from planshift.domain.money import Money
from planshift.domain.tax import Taxed
from planshift.procedures import paper, rules
from planshift.runtime import locks
from planshift.services import models as services

_TEXT = {
    "en": "{label}: {resource}, {units} unit-hours at {price} {currency}",
    "pl": "{label}: {resource}, {units} jednostkogodzin po {price} {currency}",
    "it": "{label}: {resource}, {units} ore-unità a {price} {currency}",
}


def invoice_some(
    *, meters: QuerySet[billing.Meter], in_force: catalog.InForce, room: int, at: datetime, actor: str
) -> bool:
    """Invoice one month of up to `room` of these meters of one seller; whether there may be more. A constant number of
    statements."""
    over = Q(invoiced_until__lt=TruncMonth("drawn_until")) | Q(ended_on__lt=F("drawn_until"))
    waiting = meters.filter(over, closed=False).order_by("invoiced_until", "pk")
    month = waiting.values_list("invoiced_until", flat=True).first()
    if month is None:
        return False
    with transaction.atomic():
        pks = list(waiting.filter(invoiced_until=month).values_list("pk", flat=True)[:room])
        locks.lock(services.Service.objects.filter(meter__in=pks))
        rows = meters.filter(over, pk__in=pks, invoiced_until=month, closed=False).select_related("service", "client")
        found = list(rows.order_by("pk"))
        papers = _papers(found, month, in_force)
        today = rules.day(seller=in_force.seller, at=at)
        metered.issue_many(papers=papers, seller=in_force.seller, on=today, at=at, actor=actor)
        _advance(found, month)
    return True


def _advance(found: Sequence[billing.Meter], month: date) -> None:
    over = metering.next_month(month)
    finished = [meter.pk for meter in found if meter.ended_on is not None and meter.ended_on < over]
    billing.Meter.objects.filter(pk__in=[meter.pk for meter in found]).update(invoiced_until=over)
    if finished:
        billing.Meter.objects.filter(pk__in=finished).update(closed=True)


def _papers(found: Sequence[billing.Meter], month: date, in_force: catalog.InForce) -> list[metered.Paper]:
    """The invoices of the meters that drew anything in the month, from the last draw of each."""
    last_days = {meter.service_id: _last_day(meter, month) for meter in found}
    draws = billing.Draw.objects.filter(service__in=list(last_days), on__in=set(last_days.values()), gross_minor__gt=0)
    last = {row.service_id: row for row in draws if row.on == last_days[row.service_id]}
    billed = [meter for meter in found if meter.service_id in last]
    parties = buyers.for_orders(
        wanted=[
            buyers.Wanted(
                meter.client,
                (meter.service.number,),
                rules.buyer(policy=in_force.policy, family=meter.service.family),
            )
            for meter in billed
        ]
    )
    made = []
    for meter, buyer in zip(billed, parties, strict=True):
        row = last[meter.service_id]
        lines = lines_of(row, meter=meter, month=month, in_force=in_force)
        total = Taxed.total((line.amount for line in lines), currency=row.currency)
        made.append(metered.Paper(meter=meter, month=month, lines=lines, total=total, buyer=buyer, sold_on=row.on))
    return made


def _last_day(meter: billing.Meter, month: date) -> date:
    last = metering.next_month(month) - timedelta(days=1)
    return last if meter.ended_on is None else min(last, meter.ended_on)


def lines_of(
    row: billing.Draw, *, meter: billing.Meter, month: date, in_force: catalog.InForce
) -> tuple[documents.Line, ...]:
    """The month so far of a draw as lines of a document."""
    policy = catalog.policy_of(revision=row.policy_id)
    priced = metering.lines(
        [metering.Used.from_json(each) for each in row.used],
        prices=in_force.seller.prices,
        currency=row.currency,
        rounding=rules.renewal_rounding(policy=policy, family=meter.service.family, currency=row.currency),
    )
    plan = catalog.catalog_of(revision=row.price_list_id).plans.get(meter.service.plan)
    return tuple(
        documents.Line(
            kind="charge",
            text=_words(line.used, label=meter.service.label, plan=plan, currency=row.currency),
            amount=line.amount,
            vat_percent=line.used.tax.rate * 100,
            vat_code=paper.vat_code(treatment=line.used.tax.treatment, rate=line.used.tax.rate),
            service=meter.service.number,
            component=f"resource:{line.used.resource}",
            start_on=max(month, meter.began_on),
            end_on=row.on + timedelta(days=1),
        )
        for line in priced
    )


def _words(used: metering.Used, *, label: str, plan: sold.Plan | None, currency: str) -> Mapping[str, str]:
    resource = plan.resources.get(used.resource) if plan is not None else None
    price = money.decimal_text(used.price, decimals=Money.zero(currency).text.count("0") - 1)
    made = {}
    for language, text in _TEXT.items():
        name = used.resource if resource is None else resource.name.get(language) or resource.name["en"]
        figures = price if language == "en" else price.replace(".", ",")
        made[language] = text.format(label=label, resource=name, units=used.units, price=figures, currency=currency)
    return made
