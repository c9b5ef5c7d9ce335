"""What would every change cost today, and why not? One gathering of facts, then only arithmetic."""

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import cast

from planshift.catalog import models as sellers_of
from planshift.catalog import queries as catalog
from planshift.domain import catalog as sold
from planshift.domain import facts, quote
from planshift.domain import periods as lengths
from planshift.domain.errors import Reason, Refused
from planshift.domain.money import Money
from planshift.procedures import knowledge, placing, rules, views
from planshift.procedures.queries import services
from planshift.services import queries as held

ASK_STAFF = "only_staff_may_order"
TO_BE_CHOSEN = "settlement_to_be_chosen"


def options(*, client: str, service: str, at: datetime, asked_by: str = "client") -> views.OptionsPage:
    """Every plan of the catalog beside the present one: its price, or every reason why not (H1). NotFound.

    `asked_by` is "staff" in the back office: paths for staff only can be ordered there (H2)."""
    known = knowledge.of(service=service, client=client, at=at)
    row = known.holding.service
    plans = [plan for plan in known.facts.catalog.plans.values() if plan.offered or plan.code == row.plan]
    return views.OptionsPage(
        card=services.card(known=known, at=at),
        options=tuple(
            _option(known, plan, at, asked_by) for plan in sorted(plans, key=lambda plan: _order(plan, known))
        ),
        as_of=at,
        names=names(documents=known.facts.catalog, known=known),
    )


def _order(plan: sold.Plan, known: knowledge.Known) -> tuple[bool, str, int]:
    return (plan.family != known.holding.service.family, plan.family, plan.rank)


def _option(known: knowledge.Known, plan: sold.Plan, at: datetime, asked_by: str) -> views.Option:
    row, documents = known.holding.service, known.facts.catalog
    length = lengths.Length(row.months)
    current = plan.code == row.plan
    request = facts.ChangePlan(target=plan.code, asked_by=asked_by)
    seen = preview(known=known, request=request, at=at)
    price = plan.price(length, known.holding.last.start_on)
    return views.Option(
        plan=plan.name,
        plan_code=plan.code,
        family=documents.families[plan.family].name,
        current=current,
        resources=tuple((each.name, each.included, each.unit) for each in plan.resources.values() if each.included),
        price=Money(price.amount, known.rules.seller.currency) if price else None,
        period_months=row.months,
        offer=None if current else seen.offer,
        shrink=() if current else _shrink(known, plan),
        reasons=() if current or seen.choices else seen.reasons,
        orderable=not current and seen.orderable,
        not_orderable=() if current else seen.not_orderable,
        choices=() if current else seen.choices,
    )


def _shrink(known: knowledge.Known, plan: sold.Plan) -> tuple[views.Shrink, ...]:
    usage = known.facts.usage
    if usage is None:
        return ()
    found = []
    for code, used in sorted(usage.amounts.items()):
        resource = plan.resources.get(code)
        if resource is None:
            continue
        allowed = resource.included + (known.holding.additional.get(code, 0) if resource.additional else 0)
        if allowed and used > allowed:
            found.append(views.Shrink(resource=resource.name, unit=resource.unit, used=used, allowed=allowed))
    return tuple(found)


def periods(*, client: str, service: str, at: datetime, asked_by: str = "client") -> views.PeriodsPage:
    """Every billing period that the plan is sold for (D11). NotFound."""
    known = knowledge.of(service=service, client=client, at=at)
    row = known.holding.service
    plan = known.facts.catalog.plans.get(row.plan)
    made = []
    today = rules.day(seller=known.rules.seller, at=at)
    for length in plan.lengths(today) if plan else ():
        months = int(length.months)
        price = plan.price(length, today) if plan else None
        if price is None:
            continue
        current = months == row.months
        seen = preview(known=known, request=facts.ChangePeriod(length=length, asked_by=asked_by), at=at)
        made.append(
            views.PeriodOption(
                months=months,
                current=current,
                price=Money(price.amount, known.rules.seller.currency),
                offer=None if current else seen.offer,
                reasons=() if current or seen.choices else seen.reasons,
                orderable=not current and seen.orderable,
                not_orderable=() if current else seen.not_orderable,
                choices=() if current else seen.choices,
            )
        )
    return views.PeriodsPage(
        card=services.card(known=known, at=at),
        options=tuple(made),
        names=names(documents=known.facts.catalog, known=known),
    )


def resources(*, client: str, service: str, at: datetime) -> views.ResourcesPage:
    """What can be bought on top of the plan, and given up again (D1). NotFound."""
    known = knowledge.of(service=service, client=client, at=at)
    door = next(each for each in services.operations(known=known, at=at) if each.operation == "resources")
    return views.ResourcesPage(
        card=services.card(known=known, at=at),
        resources=services.resource_rows(known=known),
        reasons=door.reasons,
    )


def what_if(*, client: str, service: str, request: facts.Request, at: datetime) -> views.Preview:
    """What a request would cost now; nothing is kept. NotFound."""
    return preview(known=knowledge.of(service=service, client=client, at=at), request=request, at=at)


def preview(*, known: knowledge.Known, request: facts.Request, at: datetime) -> views.Preview:
    """The same function and the same facts that a kept quote is made from.

    What only staff may order is priced for clients too, and cannot be ordered by them: they ask (H2).
    """
    priced = quote.price(facts=known.facts, request=request, policy=known.rules.policy, on=at)
    why_not: tuple[Reason, ...] = ()
    if isinstance(priced, quote.Refusal) and [each.code for each in priced.reasons] == [ASK_STAFF]:
        why_not = priced.reasons
        asked = replace(request, asked_by="staff")
        priced = quote.price(facts=known.facts, request=asked, policy=known.rules.policy, on=at)
    offered = priced if isinstance(priced, quote.Offer) else None
    choices = _choices(known, request, priced.reasons, at) if isinstance(priced, quote.Refusal) else ()
    if (
        not why_not
        and offered is not None
        and (reason := placing.not_orderable(offered, state=known.holding.service.state)) is not None
    ):
        why_not = (reason,)
    return views.Preview(
        offer=offered,
        reasons=(*why_not, *priced.reasons) if isinstance(priced, quote.Refusal) else (),
        orderable=(offered is not None and not why_not) or any(each.orderable for each in choices),
        not_orderable=why_not,
        names=names(documents=known.facts.catalog, known=known),
        choices=choices,
    )


def _choices(
    known: knowledge.Known, request: facts.Request, reasons: tuple[Reason, ...], at: datetime
) -> tuple[views.Choice, ...]:
    """Every settlement that the client may choose, priced, where nothing else stands in the way."""
    if request.choice or [each.code for each in reasons] != [TO_BE_CHOSEN]:
        return ()
    found = []
    for code in cast(tuple[str, ...], reasons[0].facts["options"]):
        seen = preview(known=known, request=replace(request, choice=code), at=at)
        found.append(views.Choice(code, seen.offer, seen.reasons, seen.orderable, seen.not_orderable))
    return tuple(found)


def names_of(*, client: str) -> views.Names:
    """Codes → names of what is sold to a client now. NotFound."""
    return names(documents=catalog.in_force(seller=held.client(number=client).seller).catalog)


def names_of_sellers(*, sellers: tuple[str, ...]) -> dict[str, views.Names]:
    """By seller, codes → names of what it sells now; a seller without a catalog has none. Two statements each."""
    found: dict[str, views.Names] = {code: {} for code in sellers}
    for row in sellers_of.Seller.objects.filter(code__in=sellers):
        with contextlib.suppress(Refused):
            found[row.code] = names(documents=catalog.in_force(seller=row).catalog)
    return found


def names(*, documents: sold.Catalog, known: knowledge.Known | None = None) -> views.Names:
    """Codes → names: plans, families, resources ("ip" and "resource:ip"), the policy's reasons ("case:…")."""
    made: dict[str, Mapping[str, str] | str] = {}
    for code, family in documents.families.items():
        made[code] = family.name
    for plan in documents.plans.values():
        made[plan.code] = plan.name
        for code, resource in plan.resources.items():
            made[code] = made[facts.resource_component(code)] = resource.name
    if known is not None:
        for case in known.rules.policy.cases:
            if case.reason is not None:
                made[f"case:{case.name}"] = dict(case.reason)
    return made
