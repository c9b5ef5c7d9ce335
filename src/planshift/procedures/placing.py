"""What is checked before a quote becomes a change, and what is kept when it does? All in the caller's transaction."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import OuterRef, QuerySet, Subquery

from planshift.billing import models as billing
from planshift.billing import orders
from planshift.catalog import queries as catalog
from planshift.domain import quote, tax
from planshift.domain.errors import Reason, Refused
from planshift.procedures import keeping, knowledge, models, paper, rules
from planshift.runtime import audit, bulk, locks, moves, shapes, writing
from planshift.services import models as services
from planshift.services import register
from planshift.services.queries import NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """A notice as the client saw and ticked it (H9): the text in the language it was shown in."""

    language: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How the client told staff that they want this, where staff place the order (H2)."""

    how: str  # telephone | in_writing | in_person; "": the client ordered
    note: str


BY_THE_CLIENT = Told(how="", note="")


def offer_of(kept: models.Quote) -> quote.Offer:
    """The offer exactly as it was kept."""
    return keeping.offer_of(kept)


def locked_quote(*, client: str, number: str) -> models.Quote:
    """A client's quote, with its service locked before it is read, and the number of the change under way
    (`open_change`). NotFound for another client's."""
    found = _QUOTE.ask(client=client, number=number) if locks.ahead(_SERVICE, client=client, number=number) else []
    if not found:
        raise NotFound(number)
    (row,) = found
    locks.seen(services.Service, [row.service_id])
    row.service.client = row.client
    return row


def _asked_for() -> "QuerySet[models.Quote]":
    return models.Quote.objects.filter(number=shapes.text("number"), client__number=shapes.text("client"))


def _to_order() -> "QuerySet[models.Quote]":
    under_way = models.Change.objects.filter(service=OuterRef("service"), state__in=models.Change.lifecycle.open)
    return (
        _asked_for()
        .select_related("service", "client__seller")
        .defer("offer")
        .annotate(offer_text=keeping.as_text("offer"))
        .annotate(open_change=Subquery(under_way.values("number")[:1]), **knowledge.at_a_glance())
    )


_SERVICE = shapes.Shape(
    lambda: locks.for_update(services.Service.objects.filter(quotes__in=_asked_for())).values_list("pk", flat=True)
)
_QUOTE = shapes.Shape(_to_order)


def check_still_good(
    *, kept: models.Quote, priced: quote.Offer, at: datetime, instead: bool = False
) -> knowledge.Known:
    """A quote is executed as kept, or not at all. Returns what its price rests on. `instead`: it takes the place of the
    change under way.

    Refused: `quote_ordered`, `quote_replaced`, `quote_expired`, `change_open`, `quote_stale` (a fact that decides the
    price has changed), or the reason why it cannot be ordered yet.
    """
    if kept.state == "ORDERED":
        raise Refused("quote_ordered", quote=kept.number)
    if kept.state == "VOID":
        raise Refused("quote_replaced", quote=kept.number)
    if kept.state == "EXPIRED" or kept.expires_at <= at:
        raise Refused("quote_expired", quote=kept.number, expires_at=kept.expires_at)
    if (why := not_orderable(priced, state=kept.service.state)) is not None:
        raise Refused.for_reasons([why])
    if (number := vars(kept)["open_change"]) is not None and not instead:
        raise Refused("change_open", change=number)
    known = knowledge.of_price(service=kept.service, at=at, read=kept)
    if known.digest != kept.facts_digest:
        raise Refused("quote_stale", quote=kept.number)
    return known


def gives_back(priced: quote.Offer) -> bool:
    """Whether the offer is a decrease that is given back by a corrective document (D5, D8): to the deposit, as a credit
    on the account, or the way it was paid."""
    return priced.total.gross.amount < 0 and priced.credit_to != "nowhere"


def credited(priced: quote.Offer) -> tuple[quote.Line, ...]:
    """The lines of a decrease that its corrective documents give back."""
    return tuple(line for line in priced.lines if line.amount.gross.amount <= 0)


def charged(priced: quote.Offer) -> tuple[quote.Line, ...]:
    """The lines beside them that are charged (a fee, the lower plan): their order is paid out of what is given back."""
    return tuple(line for line in priced.lines if line.amount.gross.amount > 0)


def ordered(priced: quote.Offer) -> tuple[quote.Line, ...]:
    """The lines of the order of an offer. What the policy gives back nowhere is lost: then there are none."""
    if gives_back(priced):
        return charged(priced)
    return () if priced.total.gross.amount < 0 else priced.lines


def is_metered(priced: quote.Offer) -> bool:
    """Whether the offer changes what a metered service holds: at once, without order, document or acceptance (D3)."""
    return priced.timing == "at_once" and priced.settlement == "metered"


def not_orderable(priced: quote.Offer, *, state: str = "ACTIVE") -> Reason | None:
    """Why an offer can be shown but not ordered: the service is blocked (`state`), what starts at once is not metered,
    or more is left for later than the next term can carry."""
    if state == "BLOCKED":
        return Reason("service_blocked")
    if is_metered(priced) and priced.operation == "resources":
        return None
    if priced.timing == "at_once" and (priced.settlement == "metered" or priced.total.gross.amount > 0):
        return Reason("at_once_not_metered")
    if priced.due_later is not None and _more_than_the_next_term(priced, priced.due_later):
        return Reason("later_credit_too_large")
    return None


def _more_than_the_next_term(priced: quote.Offer, later: tax.Taxed) -> bool:
    """Whether more is left to be given back than the next term, on whose order it will stand, costs."""
    term = priced.next_renewal
    return later.gross.amount < 0 and (term is None or (term.amount + later).gross.amount < 0)


def check_acknowledged(*, priced: quote.Offer, acknowledged: Mapping[str, Acknowledged]) -> None:
    """Exactly the notices of this change were acknowledged (H9), else Refused with the codes that are missing or
    strange."""
    wanted = {notice.code for notice in priced.notices}
    if missing := sorted(wanted - acknowledged.keys()):
        raise Refused("notices_not_acknowledged", notices=missing)
    if strange := sorted(acknowledged.keys() - wanted):
        raise Refused("notices_not_of_this_quote", notices=strange)


def place(
    *,
    number: str,
    kept: models.Quote,
    priced: quote.Offer,
    known: knowledge.Known,
    acknowledged: Mapping[str, Acknowledged],
    told: Told,
    signal_key: str,
    at: datetime,
    actor: str,
) -> models.Change:
    """Write the order that pays for it (a decrease has none), the change, and what was acknowledged.

    Refused("change_open") when another change of the service is under way: the database decides."""
    order = None
    if not gives_back(priced) and not is_metered(priced):
        order = order_of(
            kept=kept, priced=priced, subject=number, signal_key=signal_key, at=at, actor=actor, known=known
        )
    change = bulk.new(
        models.Change,
        number=number,
        service=kept.service,
        client=kept.client,
        quote=kept,
        operation=priced.operation,
        direction=priced.direction,
        kind=priced.kind,
        from_plan=kept.service.plan,
        ordered_by=actor,
        ordered_how=told.how,
        ordered_note=told.note,
        ordered_at=at,
        order=order,
    )
    audited = _never_paid(change, priced, at=at, actor=actor)
    try:
        with transaction.atomic():
            writing.add(change)
    except IntegrityError:
        raise Refused("change_open", service=kept.service.number) from None
    if audited is not None:
        audit.write(audited())
    _keep_acknowledged(change, acknowledged, at=at, actor=actor)
    moves.move(kept, "ordered", actor=actor, at=at)
    return change


def _never_paid(
    change: models.Change, priced: quote.Offer, *, at: datetime, actor: str
) -> Callable[[], list[audit.Entry]] | None:
    """What is not to be paid waits for no payment: a decrease waits for its acceptance from the first, what is metered
    is carried out at once (D3)."""
    if gives_back(priced):
        return moves.ahead([change], "needs_acceptance", actor=actor, at=at)
    if is_metered(priced):
        seller = change.client.seller
        promised_on = rules.promised(seller=seller, offered=priced, on=rules.day(seller=seller, at=at))
        return moves.ahead([change], "at_once", actor=actor, at=at, promised_on=promised_on)
    return None


def _keep_acknowledged(
    change: models.Change, acknowledged: Mapping[str, Acknowledged], *, at: datetime, actor: str
) -> None:
    models.Acknowledgement.objects.bulk_create(
        models.Acknowledgement(
            change=change,
            notice=code,
            language=each.language,
            text=each.text,
            text_digest=hashlib.sha256(each.text.encode()).hexdigest(),
            at=at,
            by=actor,
        )
        for code, each in acknowledged.items()
    )


def order_of(
    *,
    kept: models.Quote,
    priced: quote.Offer,
    subject: str,
    signal_key: str,
    at: datetime,
    actor: str,
    known: knowledge.Known | None = None,
) -> billing.Order:
    """Place the order of a kept offer: all of its lines, or those that a decrease charges. Caller's transaction. What
    is `known` of the service is not read again."""
    offered = replace(priced, lines=ordered(priced))
    policy = catalog.policy_of(revision=kept.policy_id)
    seller = kept.client.seller
    term = (
        known.holding.term_on(known.at_day)
        if known is not None
        else register.term_on(kept.service, day=rules.day(seller=seller, at=at))
    )
    return orders.place(
        seller=seller,
        client=kept.client,
        subject=subject,
        lines=paper.lines(
            offered=offered,
            service=kept.service.number,
            label=kept.service.label,
            sold=catalog.catalog_of(revision=kept.catalog_id),
        ),
        total=tax.Taxed.total((line.amount for line in offered.lines), currency=priced.currency),
        expires_at=rules.order_end(
            policy=policy,
            family=kept.service.family,
            seller=seller,
            at=at,
            term_ends_on=term.end_on,
        ),
        signal_key=signal_key,
        at=at,
        actor=actor,
        party=known.party if known is not None and known.party.name else None,
    )
