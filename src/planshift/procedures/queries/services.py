"""What does a client have, and what may be done with it? Constant numbers of statements, however many services."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from planshift.billing import buyers
from planshift.billing import queries as billing
from planshift.catalog import queries as catalog
from planshift.domain import catalog as sold
from planshift.domain import facts, periods, quote
from planshift.domain import vat as domain_vat
from planshift.domain.errors import Reason, Refused
from planshift.domain.money import Money
from planshift.domain.tax import Taxed
from planshift.procedures import collection, contracts, keeping, knowledge, models, placing, rules, vat, views
from planshift.procedures.queries import metering
from planshift.services import queries as services


def services_of(*, client: str, at: datetime) -> tuple[views.ServiceCard, ...]:
    """A client's services, oldest first."""
    found = services.holdings(client=client)
    if not found:
        return ()
    in_force = catalog.in_force(seller=found[0].service.client.seller)
    return cards(holdings=found, in_force=in_force, at=at)


def service_card(*, client: str, number: str, at: datetime) -> views.ServiceCard:
    """One service of a client, without its page. NotFound."""
    held = services.holding(number=number, client=client)
    return cards(holdings=[held], in_force=catalog.in_force(seller=held.service.client.seller), at=at)[0]


def cards(
    *, holdings: Iterable[services.Holding], in_force: catalog.InForce, at: datetime
) -> tuple[views.ServiceCard, ...]:
    """Cards of services of one seller; three statements for all (more where a buyer is abroad)."""
    held = tuple(holdings)
    today = rules.day(seller=in_force.seller, at=at)
    taxed = vat.abroad(wanted=[(each.service, today) for each in held], sold=in_force.catalog.seller)
    open_ones = {
        row.service_id: row
        for row in models.Change.objects.filter(
            service__in=[each.service.pk for each in held], state__in=models.Change.lifecycle.open
        ).select_related("quote", "order")
    }
    since = contracts.concluded(
        held, sold=in_force.catalog, policy=in_force.policy, seller=in_force.seller, today=today
    )
    return tuple(
        _card(
            each,
            in_force,
            open_ones.get(each.service.pk),
            taxed.get(each.service.pk),
            since.get(each.service.pk),
            at,
        )
        for each in held
    )


def card(*, known: knowledge.Known, at: datetime) -> views.ServiceCard:
    """One card."""
    return cards(holdings=[known.holding], in_force=known.rules, at=at)[0]


def _card(
    held: services.Holding,
    in_force: catalog.InForce,
    change: models.Change | None,
    taxed: domain_vat.Case | Refused | None,
    since: contracts.Agreed | None,
    at: datetime,
) -> views.ServiceCard:
    row, family = held.service, in_force.catalog.families.get(held.service.family)
    plan = in_force.catalog.plans.get(row.plan)
    term = held.term_on(rules.day(seller=in_force.seller, at=at))
    return views.ServiceCard(
        number=row.number,
        name=row.label,
        family=family.name if family else row.family,
        plan=plan.name if plan else row.plan,
        plan_code=row.plan,
        family_code=row.family,
        currency=in_force.seller.currency,
        additional=held.additional,
        state=row.state,
        term_start_on=term.start_on,
        term_end_on=held.last.end_on,
        period_months=row.months,
        renewal=next_renewal(held=held, in_force=in_force, taxed=taxed, since=since),
        auto_renew=row.auto_renew,
        metered=bool(family and family.metered),
        open_change=None if change is None else _reference(change, in_force.catalog),
    )


def next_renewal(
    *,
    held: services.Holding,
    in_force: catalog.InForce,
    taxed: domain_vat.Case | Refused | None,
    since: contracts.Agreed | None,
) -> Taxed | None:
    """What the next term costs as the service stands; None where it is metered, no longer sold, or `taxed` (how a buyer
    abroad is taxed) cannot be told. `since`: when its plan was taken."""
    return contracts.term_price(
        held=held,
        in_force=in_force,
        taxed=taxed,
        contract=contracts.of(since=since, policy=in_force.policy, family=held.service.family),
        on=held.last.end_on,
    )


def _reference(change: models.Change, documents: sold.Catalog) -> views.ChangeRef:
    paid = _is_paid(change)
    return views.ChangeRef(
        number=change.number,
        state=change.state,
        operation=change.operation,  # type: ignore[arg-type]
        target=target_name(change.quote, documents=documents),
        order=change.order.number if change.order else "",
        awaits_client=change.lifecycle.waiting.get(change.state) == "client" and not paid,
        paid=paid,
    )


def _is_paid(change: models.Change) -> bool:
    """Its order is paid, although no worker has looked yet."""
    return change.order is not None and change.state == "AWAITING_PAYMENT" and change.order.state == "PAID"


def target_name(kept: models.Quote, *, documents: sold.Catalog) -> views.Words:
    """The name of the plan that a quote leads to; "" where the plan stays."""
    asked = keeping.from_json(kept.request, kind=object)
    if isinstance(asked, facts.ChangePlan):
        plan = documents.plans.get(asked.target)
        return plan.name if plan else asked.target
    return ""


def source_name(kept: models.Quote, *, documents: sold.Catalog) -> views.Words:
    """The name of the plan that the service had when it was quoted."""
    offered = keeping.from_json(kept.offer, kind=quote.Offer)
    for line in offered.lines:
        code = line.facts.get("from_plan") or line.facts.get("plan")
        if code in documents.plans:
            return documents.plans[str(code)].name
    plan = documents.plans.get(kept.service.plan)
    return plan.name if plan else kept.service.plan


def service(*, client: str, number: str, at: datetime) -> views.ServicePage:
    """Everything about one service. NotFound."""
    known = knowledge.of(service=number, client=client, at=at)
    row, seller = known.holding.service, known.rules.seller
    changes = models.Change.objects.filter(service=row).select_related("quote", "order").order_by("-pk")[:50]
    return views.ServicePage(
        card=card(known=known, at=at),
        resources=resource_rows(known=known),
        buyer=_buyer(known),
        attached=tuple(
            views.AttachedService(
                number=each.number,
                name=each.label,
                plan=known.facts.catalog.plans[each.plan].name if each.plan in known.facts.catalog.plans else each.plan,
                term_end_on=known.holding.last.end_on,
            )
            for each in known.holding.attached
        ),
        operations=operations(known=known, at=at),
        changes=tuple(_change_row(each, known.facts.catalog) for each in changes),
        invoices=invoice_rows(service=number),
        pays_by_itself=pays_by_itself(known=known, due=Money.zero(seller.currency), at=at) == (),
        meter=_meter(known, at=at),
        from_staff=tuple(each for each in waiting_quotes(known=known, at=at) if each.by_staff),
    )


def waiting_quotes(*, known: knowledge.Known, at: datetime) -> tuple[views.WaitingQuote, ...]:
    """Quotes of a service that can still be ordered, newest first; none while a change is under way. One statement."""
    if known.facts.standing.open_change:
        return ()
    found = models.Quote.objects.filter(
        service=known.holding.service, state="OPEN", expires_at__gt=at, facts_digest=known.digest
    ).order_by("-pk")[:20]
    return tuple(_waiting(kept, known.facts.catalog) for kept in found)


def _waiting(kept: models.Quote, documents: sold.Catalog) -> views.WaitingQuote:
    offered = keeping.from_json(kept.offer, kind=quote.Offer)
    asked = keeping.from_json(kept.request, kind=object)
    return views.WaitingQuote(
        number=kept.number,
        operation=offered.operation,  # type: ignore[arg-type]
        target=target_name(kept, documents=documents),
        kind=offered.kind,
        total=offered.total,
        valid_until=kept.expires_at,
        by_staff=bool(offered.decided) or getattr(asked, "asked_by", "") == "staff",
        note=offered.decided,
    )


def _meter(known: knowledge.Known, *, at: datetime) -> views.Meter | None:
    row = known.holding.service
    family = known.facts.catalog.families.get(row.family)
    if family is None or not family.metered:
        return None
    try:
        return metering.meter(client=row.client.number, service=row.number, at=at)
    except services.NotFound:
        return None  # nothing is counted yet


def _change_row(change: models.Change, documents: sold.Catalog) -> views.ChangeRow:
    offered = keeping.from_json(change.quote.offer, kind=quote.Offer)
    return views.ChangeRow(
        number=change.number,
        operation=change.operation,  # type: ignore[arg-type]
        source=source_name(change.quote, documents=documents),
        target=target_name(change.quote, documents=documents),
        state=change.state,
        ordered_at=change.ordered_at,
        done_at=change.finished_at,
        total=None if placing.is_metered(offered) else offered.total,
        paid=_is_paid(change),
    )


def _buyer(known: knowledge.Known) -> views.Buyer | None:
    client = known.holding.service.client
    try:
        (party,) = buyers.for_orders(
            wanted=[
                buyers.Wanted(
                    client,
                    (known.holding.service.number,),
                    rules.buyer(policy=known.rules.policy, family=known.holding.service.family),
                )
            ]
        )
    except Refused:
        return None
    return views.Buyer(
        name=party.name,
        lines=tuple(line for line in (party.street, f"{party.postcode} {party.city}".strip()) if line),
        tax_id=party.tax_id,
        country=party.country,
    )


def buyer(*, known: knowledge.Known) -> views.Buyer | None:
    """Buyer data of the next invoice of this service (D6)."""
    return _buyer(known)


def resource_rows(*, known: knowledge.Known) -> tuple[views.ResourceRow, ...]:
    """The plan's resources: what is a fixed part (a floor) and what is or can be bought on top (D1)."""
    row = known.holding.service
    plan = known.facts.catalog.plans.get(row.plan)
    if plan is None:
        return ()
    on = known.holding.last.start_on
    used = known.facts.usage
    made = []
    for code, resource in plan.resources.items():
        price = sold.price_on(resource.prices, periods.Length(row.months), on)
        have, hour = known.holding.additional.get(code, 0), resource.hourly_on(known.at_day)
        made.append(
            views.ResourceRow(
                code=code,
                name=resource.name,
                unit=resource.unit,
                included=resource.included,
                additional=have,
                minimum=0 if resource.shrinkable else have,
                maximum=resource.maximum,
                step=resource.step,
                price=Money(price.amount, known.rules.seller.currency) if price and resource.additional else None,
                used=used.amounts.get(code) if used else None,
                used_as_of=used.as_of if used else None,
                hour=None if hour is None else Money(hour, known.rules.seller.currency),
            )
        )
    return tuple(made)


def operations(*, known: knowledge.Known, at: datetime) -> tuple[views.OperationDoor, ...]:
    """Which of the three operations can be started now, and every reason where not (D1)."""
    doors = []
    for operation, requests in _samples(known).items():
        refusals: list[tuple[Reason, ...]] = []
        for request in requests:
            priced = quote.price(facts=known.facts, request=request, policy=known.rules.policy, on=at)
            if isinstance(priced, quote.Offer):
                refusals = []
                break
            refusals.append(priced.reasons)
        common = tuple(reason for reason in refusals[0] if all(reason in each for each in refusals)) if refusals else ()
        doors.append(
            views.OperationDoor(
                operation=operation,  # type: ignore[arg-type]
                offered=bool(requests),
                reasons=common if refusals else (),
            )
        )
    return tuple(doors)


def _samples(known: knowledge.Known) -> Mapping[str, list[facts.Request]]:
    row = known.holding.service
    plan = known.facts.catalog.plans.get(row.plan)
    resources = plan.resources if plan else {}
    lengths = {price.length for price in plan.prices} if plan else set()
    return {
        "plan": [facts.ChangePlan(target=code) for code in known.facts.catalog.plans if code != row.plan],
        "resources": [
            facts.ChangeResources(amounts={code: known.holding.additional.get(code, 0) + resource.step})
            for code, resource in resources.items()
            if resource.additional or resource.hourly
        ],
        "period": [
            facts.ChangePeriod(length=length)
            for length in sorted(lengths, key=str)
            if length != periods.Length(row.months)
        ],
    }


def pays_by_itself(*, known: knowledge.Known, due: Money, at: datetime) -> tuple[str, ...]:
    """() when an order over `due` would be drawn from what the client has here by itself (D4); else every reason why
    not."""
    decided = would_draw(known=known, due=due, at=at)
    return () if decided.in_full else tuple(decided.kept["because"])


def would_draw(*, known: knowledge.Known, due: Money, at: datetime) -> collection.Decided:
    """What an order of a change over `due` would take by itself of the balances of the client."""
    standing = known.facts.standing
    free = {"account_credit": standing.account_credit, "deposit": standing.deposit}
    return collection.decide(
        policy=known.rules.policy,
        service=known.holding.service,
        purpose="change",
        free={name: amount for name, amount in free.items() if amount is not None},
        due=due,
        at=at,
    )


def invoice_rows(*, service: str) -> tuple[views.InvoiceRow, ...]:
    """Documents about a service, newest first."""
    return tuple(
        views.InvoiceRow(
            number=each.number,
            kind="correction" if each.kind == "correction" else "invoice",
            state="issued",
            issued_on=each.issued_on,
            total=each.total,
            order=each.order,
            service=service,
            missing=each.missing,
        )
        for each in billing.invoices_of_service(service=service)
    )
