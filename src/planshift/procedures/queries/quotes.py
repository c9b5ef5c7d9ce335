"""A kept quote, as its reader sees it: frozen, and whether it can still be ordered."""

from collections.abc import Sequence
from datetime import datetime

from planshift.catalog import queries as catalog
from planshift.domain import facts
from planshift.domain import quote as quotes
from planshift.domain.errors import Reason
from planshift.domain.money import Money
from planshift.procedures import keeping, knowledge, models, placing, unanswered, views
from planshift.procedures.queries import choices, services
from planshift.services.queries import NotFound


def quote(*, client: str, number: str, at: datetime) -> views.QuotePage:
    """A client's quote. NotFound for another's."""
    kept = (
        models.Quote.objects.filter(number=number, client__number=client)
        .select_related("service__client__seller", "policy", "change", "replaced_by")
        .first()
    )
    if kept is None:
        raise NotFound(number)
    known = knowledge.of(service=kept.service.number, client=client, at=at)
    documents = catalog.catalog_of(revision=kept.catalog_id)
    offered = keeping.from_json(kept.offer, kind=quotes.Offer)
    asked = keeping.from_json(kept.request, kind=object)
    why_not = placing.not_orderable(offered, state=kept.service.state)
    due = offered.total.gross
    drawn = services.would_draw(known=known, due=due, at=at)
    rest = due - drawn.amounts.get("account_credit", Money.zero(due.currency))
    deposit = known.facts.standing.deposit
    change = getattr(kept, "change", None)
    return views.QuotePage(
        number=kept.number,
        state=_state(kept, known, at),
        made_at=kept.created_at,
        valid_until=kept.expires_at,
        service=services.card(known=known, at=at),
        operation=offered.operation,  # type: ignore[arg-type]
        source=services.source_name(kept, documents=documents),
        target=services.target_name(kept, documents=documents),
        resource_changes=_resource_changes(asked, known, change),
        period_change=_period_change(asked, known, change),
        offer=offered,
        names=choices.names(documents=documents, known=known),
        buyer=services.buyer(known=known),
        orderable=why_not is None,
        not_orderable=(why_not,) if why_not else (),
        pays_by_itself=drawn.in_full,
        pay_reasons=() if drawn.in_full else pay_reasons(because=drawn.kept["because"], deposit=deposit, due=rest),
        drawn=drawn.amounts,
        rest=rest,
        deposit=deposit,
        policy=known.rules.policy.title or {"en": known.rules.policy.code},
        policy_revision=kept.policy.number,
        change=change.number if change else "",
        replaced_by=kept.replaced_by.number if hasattr(kept, "replaced_by") else "",
    )


def kept_quote(*, client: str, number: str, at: datetime) -> views.KeptQuote:
    """A client's quote without its page. NotFound for another's."""
    kept = models.Quote.objects.filter(number=number, client__number=client).select_related("service", "change").first()
    if kept is None:
        raise NotFound(number)
    offered = keeping.from_json(kept.offer, kind=quotes.Offer)
    why_not = placing.not_orderable(offered, state=kept.service.state)
    change = getattr(kept, "change", None)
    return views.KeptQuote(
        number=kept.number,
        service=kept.service.number,
        state=_state_at(kept, client, at),
        made_at=kept.created_at,
        valid_until=kept.expires_at,
        offer=offered,
        not_orderable=(why_not,) if why_not else (),
        change=change.number if change else "",
        names=choices.names(documents=catalog.catalog_of(revision=kept.catalog_id)),
    )


def _state_at(kept: models.Quote, client: str, at: datetime) -> views.QuoteState:
    """A quote made at this very instant cannot be stale: its facts are not gathered again."""
    if kept.state == "OPEN" and kept.created_at == at:
        return "open"
    return _state(kept, knowledge.of(service=kept.service.number, client=client, at=at), at)


def pay_reasons(*, because: Sequence[str], deposit: Money | None, due: Money) -> tuple[Reason, ...]:
    """Why an order is not paid from the deposit by itself (D4), with what is missing."""
    short = due - deposit if deposit is not None and due > deposit else Money.zero(due.currency)
    return tuple(
        Reason(code, {"missing": short, "deposit": deposit} if code == "deposit_too_small" else {}) for code in because
    )


def _state(kept: models.Quote, known: knowledge.Known, at: datetime) -> views.QuoteState:
    if kept.state == "ORDERED":
        return "ordered"
    if kept.state == "VOID":
        return "replaced"
    if kept.state == "EXPIRED" or kept.expires_at <= at:
        return "expired"
    free = not known.facts.standing.open_change or unanswered.stands_for(kept=kept)
    return "open" if known.digest == kept.facts_digest and free else "stale"


def _resource_changes(
    asked: object, known: knowledge.Known, change: models.Change | None
) -> tuple[tuple[views.Words, int, int, views.Words], ...]:
    if not isinstance(asked, facts.ChangeResources) or (change is not None and change.applied_at is not None):
        return ()
    plan = known.facts.catalog.plans.get(known.holding.service.plan)
    resources = plan.resources if plan else {}
    return tuple(
        (
            resources[code].name if code in resources else code,
            known.holding.additional.get(code, 0),
            amount,
            resources[code].unit if code in resources else "",
        )
        for code, amount in asked.amounts.items()
        if amount != known.holding.additional.get(code, 0)
    )


def _period_change(asked: object, known: knowledge.Known, change: models.Change | None) -> tuple[int, int] | None:
    if not isinstance(asked, facts.ChangePeriod) or (change is not None and change.applied_at is not None):
        return None
    return known.holding.service.months, int(asked.length.months)
