"""What must the machines do for this quote, and what is the service afterwards?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast

from planshift.catalog import queries as catalog
from planshift.domain import catalog as sold
from planshift.domain import facts, quote, recipes
from planshift.domain.errors import Refused
from planshift.domain.policy import content_transfer, cut_over, document, interruption, retention
from planshift.procedures import keeping, models, rules
from planshift.services import queries as services
from planshift.services import register


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """A service as the change leaves it."""

    plan: str
    family: str
    additional: Mapping[str, int]
    months: int
    effective_on: date  # the day on which the price counts: it lies in the term that changes
    term_start_on: date  # of the term after the change; later than the present one's where the term begins anew
    term_end_on: date
    before: register.Before  # as it was read for this


def after(*, kept: models.Quote, read: models.Change | None = None) -> After:
    """The service after the change that `kept` priced. Additional resources stay where the target offers them. `read`:
    the change as it was locked, where nothing of the service was written since."""
    before = register.before(kept.service, read=read)
    plan, months, additional = _wanted(kept, before.additional)
    seller = kept.service.client.seller
    offered = keeping.offer_of(kept)
    effective_on = rules.day_of(offered.effective or kept.created_at, seller=seller)
    term = before.term_on(effective_on)
    return After(
        plan=plan,
        family=catalog.catalog_of(revision=kept.catalog_id).plans[plan].family,
        additional=additional,
        months=months,
        effective_on=effective_on,
        term_start_on=rules.day_of(offered.term_start, seller=seller) if offered.term_start else term.start_on,
        term_end_on=rules.day_of(offered.term_end, seller=seller) if offered.term_end else term.end_on,
        before=before,
    )


def _wanted(kept: models.Quote, additional: Mapping[str, int]) -> tuple[str, int, dict[str, int]]:
    """Plan, months and additional amounts after the change, with the `additional` amounts of now."""
    service = kept.service
    asked = keeping.from_json(kept.request, kind=object)
    documents = catalog.catalog_of(revision=kept.catalog_id)
    plan, months = service.plan, service.months
    if isinstance(asked, facts.ChangePlan):
        plan = asked.target
        months = int(asked.length.months) if asked.length else months
        possible = documents.plans[plan].resources
        additional = {**additional, **asked.amounts}
        additional = {code: n for code, n in additional.items() if code in possible and possible[code].additional}
    elif isinstance(asked, facts.ChangeResources):
        additional = {**additional, **asked.amounts}
    elif isinstance(asked, facts.ChangePeriod):
        months = int(asked.length.months)
    return plan, months, {code: amount for code, amount in additional.items() if amount}


def check_terms(*, held: services.Holding, offered: quote.Offer, at: datetime) -> None:
    """Nothing that is paid ahead is sold again or lost: with a later term that is paid, the running one keeps its end
    or takes the later one in. Refused("later_period_paid")."""
    seller = held.service.client.seller
    term = held.term_on(rules.day(seller=seller, at=at))
    later = [each for each in held.terms if each.start_on >= term.end_on]
    if not later or offered.term_start is None or offered.term_end is None:
        return
    begins, ends = (rules.day_of(each, seller=seller) for each in (offered.term_start, offered.term_end))
    kept = begins == term.start_on and ends == term.end_on
    taken_in = offered.operation == "period" and bool(offered.months_charged) and ends > later[-1].end_on
    if not kept and not taken_in:
        raise Refused("later_period_paid", until=later[-1].end_on)


def target(*, kept: models.Quote) -> recipes.Target:
    """Plan and whole amounts by resource that the environment must have, and what its server must offer."""
    plan, _, additional = _wanted(kept, register.additional_of(kept.service))
    documents = catalog.catalog_of(revision=kept.catalog_id)
    return target_of(plan=documents.plans[plan], sold_in=documents, additional=additional)


def target_of(*, plan: sold.Plan, sold_in: sold.Catalog, additional: Mapping[str, int]) -> recipes.Target:
    """A plan with additional amounts (of what it knows) as the machines must have it."""
    return recipes.Target(
        plan=plan.code,
        limits=limits(plan=plan, additional=additional),
        requires={name: value for name, value in sold_in.traits(plan).items() if name == "platform"},
    )


def recipe(*, offered: quote.Offer) -> str:
    """Which recipe carries the offer out: in place, or by moving to a new environment (H3)."""
    if offered.kind == "hard":
        return recipes.HARD.code
    return recipes.EASY.code if offered.operation == "plan" else recipes.RESOURCES.code


def limits(*, plan: sold.Plan, additional: Mapping[str, int]) -> dict[str, int]:
    """Whole amounts by resource: what the plan includes plus what is bought on top."""
    return {
        code: resource.included + additional.get(code, 0)
        for code, resource in plan.resources.items()
        if resource.included or additional.get(code, 0)
    }


def ending(*, offered: quote.Offer) -> tuple[str, ...]:
    """Numbers of the attached services that end with the old environment, as the client was told (H10)."""
    told = [notice.facts["ends"] for notice in offered.notices if notice.code == "attached_end"]
    return tuple(str(each["number"]) for ends in cast(list[tuple[Mapping[str, object], ...]], told) for each in ends)


def parameters(
    *, kept: models.Quote, offered: quote.Offer, policy: document.Policy, promised_on: date | None
) -> recipes.Parameters:
    """What policy and order say about the execution: hold, notices, which attached services end (H9, H10)."""
    today = date(2000, 1, 1)  # the rule answers a day; the span is what the recipe counts with
    kept_until = rules.carried_out(
        retention, policy=policy, family=kept.service.family, handed_over_on=today, in_use_on=today
    )
    in_use_on = rules.carried_out(cut_over, policy=policy, family=kept.service.family, handed_over_on=today)
    return recipes.Parameters(
        content_transfer=rules.carried_out(content_transfer, policy=policy, family=kept.service.family),
        pass_on=rules.carried_out(interruption, policy=policy, family=kept.service.family),
        hold_days=(kept_until - today).days,
        cutover_days=(in_use_on - today).days,
        ending=ending(offered=offered),
        domains=(kept.service.label,),
        promised_on=promised_on,
    )
