"""Is every draw what the allocation history gives, and every month's invoice the sum of its draws? (D3)"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

from planshift.billing import models as billing
from planshift.catalog import queries as catalog
from planshift.domain import metering
from planshift.procedures import rules
from planshift.procedures.metering import knowing, watching
from planshift.procedures.reconciling.checks import RANGE, Check, Difference
from planshift.services import models as services

CODE, TABLE = "draw_recounted", "billing_draw"

_DRAWS = f"(SELECT * FROM billing_draw WHERE {RANGE})"


def _posted(figure: str, posting: str, name: str) -> str:
    return f"""
SELECT c.seller_id, s.number || ' ' || CAST(d."on" AS varchar(10)) AS subject, '{figure}' AS figure, d.currency,
       d.{figure}_minor AS stored,
       (SELECT COALESCE(SUM(t.amount_minor), 0) FROM ledger_transfer t
        WHERE t.entry = s.number || '/' || CAST(d."on" AS varchar(10)) || '/{name}' AND t.posting = '{posting}')
         AS computed
FROM {_DRAWS} d JOIN services_service s ON s.id = d.service_id JOIN services_client c ON c.id = d.client_id"""


CHECKS = (
    Check(
        code="draw_postings",
        table="billing_draw",
        sql=" UNION ALL ".join((_posted("balance", "metered_drawn", "drawn"), _posted("owed", "metered_owed", "owed"))),
    ),
    Check(
        code="metered_invoice",
        table="billing_meteredinvoice",
        # months are counted without functions of one database: the draws before the next invoice's month
        sql=f"""
SELECT i.seller_id, i.number AS subject, 'draws' AS figure, i.currency, i.gross_minor AS stored,
       (SELECT COALESCE(SUM(d.draw_minor), 0) FROM billing_draw d WHERE d.service_id = m.service_id
          AND SUBSTR(CAST(d."on" AS varchar(10)), 1, 7) = SUBSTR(CAST(m.month AS varchar(10)), 1, 7)) AS computed
FROM (SELECT * FROM billing_meteredinvoice WHERE {RANGE}) m JOIN billing_invoice i ON i.id = m.invoice_id""",
    ),
)


def differences(*, after: int, until: int, seller: str) -> Iterator[Difference]:
    """Of the draws with an id in (after, until]: hours counted anew from the history, the month summed anew. A constant
    number of statements."""
    found = billing.Draw.objects.filter(pk__gt=after, pk__lte=until).order_by("pk")
    if seller:
        found = found.filter(client__seller__code=seller)
    rows = list(found.select_related("service", "client__seller"))
    pks = {row.service_id for row in rows}
    history: defaultdict[int, list[metering.Held]] = defaultdict(list)
    written = services.HeldFrom.objects.filter(service__in=pks).order_by("since", "pk")
    for pk, since, amounts in written.values_list("service_id", "since", "amounts"):
        history[pk].append(metering.Held(since, amounts))
    days = {row.on - timedelta(days=1) for row in rows}
    before = {(row.service_id, row.on): row for row in billing.Draw.objects.filter(service__in=pks, on__in=days)}
    for row in rows:
        earlier = before.get((row.service_id, row.on - timedelta(days=1))) if row.on.day > 1 else None
        yield from _of(row, earlier, history[row.service_id])


def _of(row: billing.Draw, earlier: billing.Draw | None, history: Sequence[metering.Held]) -> Iterator[Difference]:
    kept = [metering.Used.from_json(each) for each in row.day_used]
    seller = row.client.seller
    policy = catalog.policy_of(revision=row.policy_id)
    terms = knowing.terms(policy=policy, family=row.service.family) or watching.NOT_METERED
    zone = ZoneInfo(seller.time_zone)
    counted = metering.counted(history=history, day=row.on, zone=zone, hours=terms.hours)
    plan = catalog.catalog_of(revision=row.price_list_id).plans.get(row.service.plan)
    tax = (
        kept[0].tax
        if kept
        else metering.Tax(rate=catalog.catalog_of(revision=row.price_list_id).seller.tax_rate(row.on))
    )
    again = metering.priced(counted, plan=plan, day=row.on, tax=tax)
    stored, computed = _units(kept), _units(again)
    for code in sorted({*stored, *computed}):
        yield from _differs(row, f"unit-hours of {code}", "", stored.get(code, 0), computed.get(code, 0))
    so_far = metering.added((metering.Used.from_json(each) for each in earlier.used) if earlier else (), again)
    lines = metering.lines(
        so_far,
        prices=seller.prices,
        currency=row.currency,
        rounding=rules.renewal_rounding(policy=policy, family=row.service.family, currency=row.currency),
    )
    gross = metering.total(lines, currency=row.currency).gross.minor
    yield from _differs(row, "month so far", row.currency, row.gross_minor, gross)
    drawn = row.gross_minor - (earlier.gross_minor if earlier else 0)
    yield from _differs(row, "draw", row.currency, row.draw_minor, drawn)


def _units(used: Sequence[metering.Used]) -> Mapping[str, int]:
    sums: defaultdict[str, int] = defaultdict(int)
    for each in used:
        sums[each.resource] += each.units
    return sums


def _differs(row: billing.Draw, figure: str, currency: str, stored: int, computed: int) -> Iterator[Difference]:
    if stored != computed:
        yield Difference(
            check=CODE,
            seller=row.client.seller.code,
            subject=f"{row.service.number} {row.on}",
            figure=figure,
            currency=currency,
            stored=stored,
            computed=computed,
        )
