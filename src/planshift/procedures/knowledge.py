"""What must be known to price a change of this service? Gathered from all sides, a constant number of statements.

A reading of usage or capacity may be old: it carries its time, the policy says how old it may be. No machine is asked.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from planshift.billing import queries as billing
from planshift.catalog import queries as catalog
from planshift.domain import facts, periods
from planshift.domain.money import Money
from planshift.procedures import keeping, models, rules
from planshift.provisioning import queries as provisioning
from planshift.services import models as clients
from planshift.services import queries as services


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The facts of one service with the rules in force and what they were read from."""

    holding: services.Holding
    facts: facts.Facts
    rules: catalog.InForce
    digest: str  # of everything that decides the price: when it differs, a kept quote is stale

    def quote_end(self, *, at: datetime) -> datetime:
        """The instant at which a quote made at `at` from these facts expires: at most the end of the running term."""
        row = self.holding.service
        term = self.holding.term_on(rules.day(seller=row.client.seller, at=at))
        return rules.quote_end(
            policy=self.rules.policy, family=row.family, seller=row.client.seller, at=at, term_ends_on=term.end_on
        )


def of(*, service: str, at: datetime, client: str | None = None) -> Known:
    """All facts of `service` (of `client`, where given: NotFound for another's) at the business instant `at`."""
    holding = services.holding(number=service, client=client)
    seller = holding.service.client.seller
    rules = catalog.in_force(seller=seller)
    on = at.astimezone(ZoneInfo(seller.time_zone)).date()
    term = holding.term_on(on)
    open_change = (
        models.Change.objects.filter(service=holding.service, state__in=models.Change.lifecycle.open)
        .values_list("number", flat=True)
        .first()
    )
    renewal = (
        models.Renewal.objects.filter(service=holding.service, start_on__gte=term.end_on)
        .exclude(state="REPLACED")
        .select_related("order")
        .first()
    )
    balance = _balances(holding.service.client)
    known = facts.Facts(
        catalog=rules.catalog,
        service=_service(holding, rules, on=on),
        billed=tuple(
            _billed(line, prices=seller.prices)
            for line in reversed(billing.billed_lines(service=service, start_on=term.start_on, end_on=term.end_on))
        ),
        buyer=facts.Buyer(),
        usage=_usage(service),
        capacity=_capacity(seller.code),
        standing=facts.Standing(
            open_change=open_change or "",
            renewal_issued=(renewal.order.number if renewal and renewal.order else ""),
            renewal_paid=bool(renewal and renewal.order and renewal.order.state == "PAID"),
            deposit=balance.get("deposit"),
            account_credit=None,
        ),
    )
    return Known(holding=holding, facts=known, rules=rules, digest=_digest(known, rules))


def _service(holding: services.Holding, rules: catalog.InForce, *, on: date) -> facts.Service:
    row = holding.service
    term = holding.term_on(on)
    later = [each for each in holding.terms if each.start_on >= term.end_on]
    names = rules.catalog.plans
    return facts.Service(
        plan=row.plan,
        length=periods.Length(row.months),
        term=periods.Period(term.start_on, term.end_on),
        resources=holding.additional,
        number=row.number,
        auto_renew=row.auto_renew,
        bought_on=holding.terms[0].start_on,
        prepaid_periods=len(later),
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
        document=line.invoice,
        issued_on=line.issued_on,
        credits=tuple(facts.Credit(getattr(amount, prices), since) for amount, since in line.credits),
    )


def _usage(service: str) -> facts.Usage | None:
    seen = provisioning.last_usage(service=service)
    return (
        None if seen is None else facts.Usage(amounts=dict(sorted(seen.used.items())), as_of=seen.as_of)
    )  # jsonb has an order of its own


def _capacity(seller: str) -> facts.Capacity | None:
    """The most room that any one server has for each resource; None when no server was ever read."""
    read = [each for each in provisioning.capacity(seller=seller) if each.as_of is not None and each.takes_new]
    free: dict[str, int] = {}
    for each in read:
        for name, total in each.total.items():
            free[name] = max(free.get(name, 0), total - each.sold.get(name, 0))
    return facts.Capacity(free=free, as_of=min(each.as_of for each in read if each.as_of)) if read else None


def _balances(client: clients.Client) -> dict[str, Money]:
    found = billing.balances_of(clients=[client.number])
    return {kind: amount for (_, kind, currency), amount in found.items() if currency == client.seller.currency}


def again_on(plan: object) -> tuple[str, ...]:
    """The plans and families to which a service of this plan can be attached (catalog trait `attaches_to`)."""
    traits = getattr(plan, "traits", {})
    return tuple(str(traits.get("attaches_to", "")).split())


def _digest(known: facts.Facts, rules: catalog.InForce) -> str:
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
                "billed": [(line.id, line.paid, line.credited) for line in known.billed or ()],
            }
        ),
    }
    return hashlib.sha256(json.dumps(priced, sort_keys=True).encode()).hexdigest()
