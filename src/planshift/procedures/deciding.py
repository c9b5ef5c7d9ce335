"""Is it really easy, or hard? Staff decide it in the policy's place, with a note that the client reads (H3)."""

from dataclasses import replace
from datetime import datetime

from django.db import transaction

from planshift.billing import queries as billing
from planshift.catalog import queries as catalog
from planshift.domain import facts, quote
from planshift.domain.errors import Refused
from planshift.procedures import change, keeping, knowledge, models, placing
from planshift.runtime import audit, moves

KINDS = ("easy", "hard")


def decide_kind(*, client: str, number: str, kind: str, note: str, at: datetime, actor: str) -> str:
    """Price what the quote `number` asked for anew, as easy or hard as staff decided. Returns the new number.

    The old quote is void; an unpaid order, or a decrease not yet accepted, that was made from it is withdrawn, since
    nobody ordered the new price yet. Refused:
    `note_needed`, `kind_is_that_already`, `quote_over` (replaced, expired, or its change was taken back),
    `kind_raises_price` and `kind_after_payment` once it is paid (a paid price never rises; lowering it takes a
    correction); every reason of the policy; NotFound for another client's quote.
    """
    if kind not in KINDS:
        raise Refused("request_unreadable")
    if not note.strip():
        raise Refused("note_needed", number=number)
    with transaction.atomic():
        kept = placing.locked_quote(client=client, number=number)
        offered = placing.offer_of(kept)
        if offered.kind == kind:
            raise Refused("kind_is_that_already", kind=kind)
        _void(kept, offered, kind=kind, note=note, at=at, actor=actor)
        made = change.offer(
            client=client,
            service=kept.service.number,
            request=keeping.from_json(kept.request, kind=object),  # type: ignore[arg-type]  # a Request was kept
            decided=facts.Decided(kind, note.strip()),
            replaces=kept,
            at=at,
            actor=actor,
        )
        audit.record(
            kind="procedures.quote",
            object_id=kept.pk,
            number=kept.number,
            event="kind_decided",
            actor=actor,
            at=at,
            note=note.strip(),
            facts={"from": offered.kind, "to": kind, "quote": made},
        )
    return made


def _void(kept: models.Quote, offered: quote.Offer, *, kind: str, note: str, at: datetime, actor: str) -> None:
    """Whatever was asked for under the old kind ends, unless it is paid."""
    if kept.state == "OPEN" and kept.expires_at > at:
        moves.move(kept, "voided", actor=actor, at=at, note=note)
        return
    ordered = models.Change.objects.filter(quote=kept).select_related("order").first()
    if ordered is None or ordered.state in ("WITHDRAWN", "LAPSED", "UNDONE"):
        raise Refused("quote_over", quote=kept.number)
    paid = ordered.order is not None and billing.order(number=ordered.order.number).state == "PAID"
    if paid or ordered.state not in ("AWAITING_PAYMENT", "AWAITING_ACCEPTANCE"):
        raise _refused_after_payment(kept, offered, kind=kind)
    change.withdraw(client=kept.client.number, number=ordered.number, at=at, actor=actor)


def _refused_after_payment(kept: models.Quote, offered: quote.Offer, *, kind: str) -> Refused:
    """Why a paid change keeps its kind: both kinds are priced on the same facts, and their difference decides."""
    known = knowledge.of(service=kept.service.number, at=kept.created_at)
    undisturbed = replace(known.facts, standing=replace(known.facts.standing, open_change=""))
    asked = keeping.from_json(kept.request, kind=object)
    now, then = (
        quote.price(
            facts=replace(undisturbed, decided=facts.Decided(each, "")),
            request=asked,  # type: ignore[arg-type]  # a Request was kept
            policy=catalog.policy_of(revision=kept.policy_id),
            on=kept.created_at,
        )
        for each in (offered.kind, kind)
    )
    if isinstance(now, quote.Offer) and isinstance(then, quote.Offer) and then.total.gross > now.total.gross:
        return Refused("kind_raises_price", difference=then.total.gross - now.total.gross)
    return Refused("kind_after_payment")
