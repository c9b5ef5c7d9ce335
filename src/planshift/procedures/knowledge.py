"""What must be known to price a change of this service? Gathered from all sides, a constant number of statements.

A reading of usage or capacity may be old: it carries its time, the policy says how old it may be. No machine is asked.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Q, Subquery

from planshift.billing import buyers
from planshift.billing import queries as billing
from planshift.catalog import queries as catalog
from planshift.domain import documents, facts, periods
from planshift.domain.catalog import Catalog
from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.procedures import contracts, keeping, models, rules, vat, work
from planshift.provisioning import queries as provisioning
from planshift.provisioning import room
from planshift.runtime import shapes
from planshift.services import models as clients
from planshift.services import queries as services


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The facts of one service with the rules in force and what they were read from."""

    holding: services.Holding
    facts: facts.Facts
    rules: catalog.InForce
    digest: str  # of everything that decides the price: when it differs, a kept quote is stale
    party: documents.Party  # the buyer as on the paper; without a name where nobody knows it
    at_day: date  # of the instant at which they were gathered, in the seller's zone
    untaxed: Refused | None = None  # why the VAT of this buyer cannot be told: nothing is sold until it can

    def quote_end(self, *, at: datetime) -> datetime:
        """The instant at which a quote made at `at` from these facts expires: at most the end of the running term."""
        row = self.holding.service
        term = self.holding.term_on(rules.day(seller=row.client.seller, at=at))
        return rules.quote_end(
            policy=self.rules.policy, family=row.family, seller=row.client.seller, at=at, term_ends_on=term.end_on
        )


def to_sell_by(known: Known) -> facts.Facts:
    """The facts. Refused where nobody can tell the VAT of this buyer: then nothing is quoted."""
    if known.untaxed is not None:
        raise known.untaxed
    return known.facts


def of(*, service: str, at: datetime, client: str | None = None) -> Known:
    """All facts of `service` (of `client`, where given: NotFound for another's) at the business instant `at`."""
    holding = services.holding(number=service, client=client)
    owner = holding.service.client
    rules = catalog.in_force(seller=owner.seller)
    on = at.astimezone(ZoneInfo(owner.seller.time_zone)).date()
    beside = _Beside(
        history=_history(holding, on=on),
        agreed=contracts.concluded(
            [holding], sold=rules.catalog, policy=rules.policy, seller=owner.seller, today=on
        ).get(holding.service.pk),
        paying=billing.paying(client=owner.number, service=service, on=on),
        usage=_usage(service),
        capacity=_capacity(owner.seller.code, rules.catalog, holding),
        balances=_balances(owner),
    )
    return _known(holding, rules, beside, on=on)


def of_price(*, service: clients.Service, at: datetime, read: models.Quote) -> Known:
    """What decides the price of `service` (with client and seller), and no more: its digest and its buyer are those of
    `of`. For whoever only asks whether a price still holds, and has read its quote `at_a_glance`."""
    seller = service.client.seller
    on = at.astimezone(ZoneInfo(seller.time_zone)).date()
    holding, rules = services.holding_of(service=service, read=read), catalog.in_force(seller=seller, read=read)
    return _known(holding, rules, _Beside(), on=on, read=read)


def at_a_glance() -> dict[str, Exists | Subquery]:
    """What to annotate a quote with so that `of_price` looks for nothing that is not there."""
    renewals = models.Renewal.objects.filter(service=OuterRef("service")).exclude(state="REPLACED")
    return {
        **catalog.with_newest("client__seller"),
        **services.with_parts("service"),
        "last_renewal_on": Subquery(renewals.order_by("-start_on").values("start_on")[:1]),
        "buyer_confirmed_at": buyers.with_confirmed("client"),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Beside:
    """What is shown and checked beside the price."""

    history: "_History" = field(default_factory=lambda: _History())
    agreed: contracts.Agreed | None = None
    paying: billing.Paying = field(default_factory=lambda: billing.Paying(unpaid=(), method=""))
    usage: facts.Usage | None = None
    capacity: facts.Capacity | None = None
    balances: Mapping[str, Money] = field(default_factory=dict)  # of the client, by kind of account


_RENEWAL = shapes.Shape(
    lambda: (
        models.Renewal.objects.filter(service_id=shapes.whole("service"), start_on__gte=shapes.day("after"))
        .exclude(state="REPLACED")
        .select_related("order")
        .order_by("pk")[:1]
    )
)


def _known(
    holding: services.Holding, rules: catalog.InForce, beside: _Beside, *, on: date, read: models.Quote | None = None
) -> Known:
    service, seller = holding.service.number, holding.service.client.seller
    term, history, paying, usage = holding.term_on(on), beside.history, beside.paying, beside.usage
    last_on = vars(read)["last_renewal_on"] if read is not None else term.end_on
    none = last_on is None or last_on < term.end_on
    renewal = None if none else _RENEWAL.first(service=holding.service.pk, after=term.end_on)
    lines = billing.lines_of(service=service)
    seen = buyers.Seen(lines=lines, read=read)
    party = vat.party(client=holding.service.client, numbers=[service], sold=rules.catalog.seller, seen=seen)
    buyer, untaxed = _buyer(holding.service, rules.catalog, party, on=on)
    known = facts.Facts(
        catalog=rules.catalog,
        service=_service(holding, rules, beside, on=on),
        billed=tuple(
            _billed(line, prices=seller.prices)
            for line in reversed(  # of the terms that are paid ahead as well
                billing.billed_lines(service=service, start_on=term.start_on, end_on=holding.last.end_on, among=lines)
            )
        ),
        buyer=buyer,
        usage=usage,
        capacity=beside.capacity,
        standing=facts.Standing(
            unpaid_documents=paying.unpaid,
            open_change=history.open_change,
            renewal_issued=(renewal.order.number if renewal and renewal.order else ""),
            renewal_paid=bool(renewal and renewal.order and renewal.order.state == "PAID"),
            deposit=beside.balances.get("deposit"),
            account_credit=beside.balances.get("account_credit"),
        ),
    )
    return Known(
        holding=holding,
        facts=known,
        rules=rules,
        digest=_digest(known, rules, on=on),
        at_day=on,
        party=party,
        untaxed=untaxed,
    )


def _buyer(
    row: clients.Service, sold: Catalog, party: documents.Party, *, on: date
) -> tuple[facts.Buyer, Refused | None]:
    """How the buyer is taxed, by the data that will stand on the order; where that cannot be told, as at home."""
    try:
        return vat.buyer(vat.of(client=row.client, party=party, sold=sold.seller, on=on)), None
    except Refused as refused:
        return facts.Buyer(), refused


@dataclass(frozen=True, slots=True, kw_only=True)
class _History:
    """What earlier changes and quotes of the service say."""

    open_change: str = ""  # number of the change under way
    changed_on: date | None = None
    announced_on: date | None = None  # of the first quote since the last change: it announced a change
    used_plans: tuple[str, ...] = ()  # in this calendar month, the present one left out


def _history(holding: services.Holding, *, on: date) -> _History:
    """From the changes and the first quote of a service. Two statements."""
    zone = ZoneInfo(holding.service.client.seller.time_zone)
    begun = holding.terms[0].start_on.replace(day=1)
    rows = models.Change.objects.filter(service=holding.service).filter(
        Q(state__in=models.Change.lifecycle.open) | Q(applied_at__gte=datetime.combine(begun, time(), tzinfo=zone))
    )
    open_change, plans = "", []
    changed_at: datetime | None = None
    for number, state, applied_at, from_plan in rows.order_by("pk").values_list(
        "number", "state", "applied_at", "from_plan"
    ):
        open_change = number if state in models.Change.lifecycle.open else open_change
        if applied_at is None:
            continue
        changed_at = applied_at if changed_at is None else max(changed_at, applied_at)
        day = applied_at.astimezone(zone).date()
        if from_plan and (day.year, day.month) == (on.year, on.month):
            plans.append(from_plan)
    quotes = models.Quote.objects.filter(service=holding.service)
    quotes = quotes if changed_at is None else quotes.filter(created_at__gt=changed_at)
    first = quotes.order_by("created_at").values_list("created_at", flat=True).first()
    return _History(
        open_change=open_change,
        changed_on=changed_at.astimezone(zone).date() if changed_at else None,
        announced_on=first.astimezone(zone).date() if first else None,
        used_plans=tuple(plans),
    )


def _service(
    holding: services.Holding,
    rules: catalog.InForce,
    beside: _Beside,
    *,
    on: date,
) -> facts.Service:
    row, history, usage = holding.service, beside.history, beside.usage
    term = holding.term_on(on)
    later = [each for each in holding.terms if each.start_on >= term.end_on]
    names = rules.catalog.plans
    return facts.Service(
        plan=row.plan,
        length=periods.Length(row.months),
        term=None if _metered(rules.catalog, row.family) else periods.Period(term.start_on, term.end_on),
        resources=holding.additional,
        number=row.number,
        auto_renew=row.auto_renew,
        payment_method=beside.paying.method,
        bought_on=holding.terms[0].start_on,
        agreed_on=beside.agreed.on if beside.agreed else None,
        held=beside.agreed.held if beside.agreed else (),
        changed_on=history.changed_on,
        promotional=_promotional(holding, rules, on=on),
        prepaid_periods=len(later),
        zone=ZoneInfo(row.client.time_zone) if row.client.time_zone else None,
        bill_day=row.client.bill_day,
        aligned_until=holding.main_until,
        announced_on=history.announced_on,
        numbers=usage.amounts if usage is not None else {},
        highest_plan=_highest(holding, rules, history.used_plans, on=on),
        attached=tuple(
            facts.Attached(
                number=each.number,
                name=each.label,
                code=each.plan,
                again_on=again_on(names[each.plan]) if each.plan in names else (),
            )
            for each in holding.attached
        ),
    )


def _metered(sold: Catalog, family: str) -> bool:
    """Whether it is sold by the hour: it has no term in which a change would lie."""
    found = sold.families.get(family)
    return found is not None and found.metered


def _promotional(holding: services.Holding, rules: catalog.InForce, *, on: date) -> bool:
    """Whether the term that holds `on` is the first and was sold below the regular price (renewals never are)."""
    first, plan = holding.terms[0], rules.catalog.plans.get(holding.service.plan)
    if plan is None or holding.term_on(on).pk != first.pk:
        return False
    price = plan.price(periods.Length(first.months), first.start_on)
    return price is not None and price.regular > price.amount


def _highest(holding: services.Holding, rules: catalog.InForce, used: tuple[str, ...], *, on: date) -> str:
    """The dearest plan of this calendar month, for settlements in arrears."""
    length, row = periods.Length(holding.service.months), holding.service
    prices = {}
    for code in (*used, row.plan):
        plan = rules.catalog.plans.get(code)
        price = plan.price(length, on) if plan is not None else None
        if price is not None:
            prices[code] = price.amount
    return max(prices, key=lambda code: prices[code], default=row.plan)


def _billed(line: billing.BilledLine, *, prices: str) -> facts.BilledLine:
    """A line as the seller's prices are: net or gross."""
    amount, paid, credited = (getattr(each, prices) for each in (line.amount, line.paid, line.credited))
    return facts.BilledLine(
        id=line.id,
        component=line.component,
        amount=amount,
        paid=paid,
        credited=credited,
        tax_rate=line.vat_percent / 100,
        period=periods.Period(line.start_on, line.end_on) if line.start_on and line.end_on else None,
        quantity=line.quantity,
        on_top_of=line.on_top_of,
        document=line.invoice,
        issued_on=line.issued_on,
        credits=tuple(facts.Credit(getattr(amount, prices), since) for amount, since in line.credits),
    )


def _usage(service: str) -> facts.Usage | None:
    seen = provisioning.last_usage(service=service)
    return (
        None if seen is None else facts.Usage(amounts=dict(sorted(seen.used.items())), as_of=seen.as_of)
    )  # jsonb has an order of its own


def _capacity(seller: str, sold: Catalog, holding: services.Holding) -> facts.Capacity | None:
    """What the service's own server has left of each resource, and whether any that fits has room for each plan.

    None when none was ever read. The first step of an execution asks the machines themselves.
    """
    found = room.for_plans(
        seller=seller,
        service=holding.service.number,
        targets={
            plan.code: work.target_of(plan=plan, sold_in=sold, additional=holding.additional)
            for plan in sold.plans.values()
            if plan.offered and plan.code != holding.service.plan
        },
    )
    return None if found is None else facts.Capacity(free=found.free, as_of=found.as_of)


def _balances(client: clients.Client) -> dict[str, Money]:
    found = billing.balances_of(clients=[client.number])
    return {kind: amount for (_, kind, currency), amount in found.items() if currency == client.seller.currency}


def again_on(plan: object) -> tuple[str, ...]:
    """The plans and families to which a service of this plan can be attached (catalog trait `attaches_to`)."""
    traits = getattr(plan, "traits", {})
    return tuple(str(traits.get("attaches_to", "")).split())


def _digest(known: facts.Facts, rules: catalog.InForce, *, on: date) -> str:
    """Of what a price is computed from. Readings and balances are left out: they price nothing."""
    priced = {
        "catalog": rules.catalog_revision,
        "policy": rules.policy_revision,
        "service": keeping.to_json(
            {
                "plan": known.service.plan,
                "length": known.service.length,
                "term": known.service.term,
                "resources": known.service.resources,
                "prepaid": known.service.prepaid_periods,
                "renewal_paid": known.standing.renewal_paid,
                "attached": [each.number for each in known.service.attached],
                "buyer": (known.buyer.treatment, known.buyer.country, known.buyer.tax_rate),
                "tax_rate": rules.catalog.seller.tax_rate(on),
                "billed": [(line.id, line.paid, line.credited) for line in known.billed or ()],
            }
        ),
    }
    return hashlib.sha256(json.dumps(priced, sort_keys=True).encode()).hexdigest()
