"""A decrease that nobody has answered: may the client have it with the next term instead, and how? (D5, D9)

The same wish is quoted to begin at the boundary: nothing is given back then, so nothing is to be accepted, and the
renewal costs what the service becomes. Ordering it takes the decrease that still waits back, in one transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from planshift.catalog import queries as catalog
from planshift.domain import facts, quote
from planshift.domain.errors import Refused
from planshift.domain.policy import acceptance as policy_acceptance
from planshift.domain.policy import document
from planshift.procedures import held, keeping, knowledge, models, quoting, rules
from planshift.runtime import among
from planshift.services import models as services
from planshift.services import register

ASKED = ("AWAITING_ANSWER", "AWAITING_STAFF")


@dataclass(frozen=True, slots=True)
class Known:
    """What is read once for many requests: policies in force by pk of the seller, last terms by pk of the service."""

    policies: Mapping[int, document.Policy]
    last: Mapping[int, services.Term]


def known(changes: Sequence[models.Change]) -> Known:
    """One statement for the terms, and one for each seller; none where there is no change."""
    sellers, found = {each.client.seller for each in changes}, {each.service_id for each in changes}
    terms = services.Term.objects.filter(among.of("service_id", found)).order_by("end_on") if found else ()
    return Known(
        {each.pk: catalog.in_force(seller=each).policy for each in sellers}, {term.service_id: term for term in terms}
    )


def begins_on(*, change: models.Change, asked: models.Acceptance, among_many: Known | None = None) -> date | None:
    """The day on which it would begin instead: that after the term for which it was ordered. None where the policy
    lets it lapse, it was answered, the next term is paid, the service is over, or what waits is no decrease of the plan
    or of resources."""
    waits = change.state == "AWAITING_ACCEPTANCE" and asked.state in ASKED
    if not waits and (change.state, asked.state) != ("LAPSED", "LAPSED"):
        return None
    if change.direction != "down" or _later(change.quote) is None:
        return None
    seller = change.client.seller
    window: policy_acceptance.Window | None = rules.carried_out(
        policy_acceptance,
        policy=among_many.policies[seller.pk] if among_many else catalog.in_force(seller=seller).policy,
        family=change.service.family,
        sent_on=rules.day(seller=seller, at=change.ordered_at),
    )
    if window is None or not window.later or change.service.state not in ("ACTIVE", "SUSPENDED"):
        return None
    if not waits and models.Change.objects.filter(service=change.service, pk__gt=change.pk).exists():
        return None
    last = among_many.last[change.service_id] if among_many else register.current_term(change.service)
    return last.end_on if last.start_on <= rules.day(seller=seller, at=change.ordered_at) else None


def quote_for_next_term(*, client: str, number: str, at: datetime, actor: str) -> str:
    """Quote what the decrease `number` asked for, to begin with the next term. Returns the quote's number.

    Refused: `next_term_not_offered`, every reason of the policy; NotFound for another client's.
    """
    change = held.find(number, client=client)
    asked: models.Acceptance | None = getattr(change, "acceptance", None)
    request = _later(change.quote)
    if request is None or asked is None or begins_on(change=change, asked=asked) is None:
        raise Refused("next_term_not_offered")
    known = knowledge.of(service=change.service.number, client=client, at=at)
    gathered = knowledge.to_sell_by(known)
    standing = gathered.standing  # neither the decrease nor the unpaid renewal, which it makes anew, is in its way
    open_change = "" if standing.open_change == number else standing.open_change
    unpaid = tuple(each for each in standing.unpaid_documents if each != standing.renewal_issued)
    gathered = replace(gathered, standing=replace(standing, open_change=open_change, unpaid_documents=unpaid))
    priced = quote.price(facts=gathered, request=request, policy=known.rules.policy, on=at)
    if isinstance(priced, quote.Refusal):
        raise Refused.for_reasons(priced.reasons)
    return quoting.keep(known=known, request=request, priced=priced, at=at, actor=actor, replaces=None)


def stands_for(*, kept: models.Quote) -> bool:
    """Whether a quote takes the place of the open change of its service: it asks for the same with the next term, and
    the change still waits for an answer."""
    if not _begins_later(kept):
        return False
    open_ones = models.Change.objects.filter(service=kept.service, state__in=models.Change.lifecycle.open)
    row = open_ones.select_related("quote").first()
    later = _later(row.quote) if row is not None and row.state == "AWAITING_ACCEPTANCE" else None
    return later is not None and keeping.to_json(later) == kept.request


def _later(kept: models.Quote) -> facts.ChangePlan | facts.ChangeResources | None:
    """What was asked for, to begin with the next term; None where a request of its kind cannot."""
    asked = keeping.from_json(kept.request, kind=object)
    if not isinstance(asked, facts.ChangePlan | facts.ChangeResources):
        return None
    return replace(asked, begins=facts.NEXT_TERM)


def _begins_later(kept: models.Quote) -> bool:
    asked = keeping.from_json(kept.request, kind=object)
    return isinstance(asked, facts.ChangePlan | facts.ChangeResources) and asked.begins == facts.NEXT_TERM
