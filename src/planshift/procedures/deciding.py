"""Is it really easy, or hard? Staff decide it in the policy's place, with a note that the client reads (H3)."""

from datetime import datetime

from django.db import transaction

from planshift.billing import queries as billing
from planshift.domain import facts
from planshift.domain.errors import Refused
from planshift.procedures import change, held, keeping, lowering, models, placing
from planshift.runtime import audit, moves

KINDS = ("easy", "hard")
OVER = ("WITHDRAWN", "LAPSED", "UNDONE", "REFUSED")  # of a change: nothing came of its quote


def decide_kind(*, client: str, number: str, kind: str, note: str, at: datetime, actor: str) -> str:
    """Price what the quote `number` asked for anew, as easy or hard as staff decided. Returns the new number.

    The old quote is void; an unpaid order made from it is withdrawn, since nobody ordered the new price yet. A paid
    change goes on as decided where that costs less, and the difference is given back (`lowering`). Refused:
    `note_needed`, `kind_is_that_already`, `quote_over` (replaced, expired, or its change was taken back),
    `kind_after_acceptance`; once it is paid as in `lowering.lower`; every reason of the policy; NotFound for another
    client's quote.
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
        paid = _paid(kept)
        if paid is not None:
            made = lowering.lower(change=paid, kept=kept, kind=kind, note=note.strip(), at=at, actor=actor)
        else:
            _void(kept, note=note, at=at, actor=actor)
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


def _paid(kept: models.Quote) -> models.Change | None:
    """The change ordered from the quote, locked, where it is paid; None where it is not, or there is none."""
    number = models.Change.objects.filter(quote=kept).values_list("number", flat=True).first()
    if number is None:
        return None
    ordered = held.change(number)
    if ordered.order is None or ordered.state in OVER:
        return None
    paid = ordered.state != "AWAITING_PAYMENT" or billing.order(number=ordered.order.number).state == "PAID"
    return ordered if paid else None


def _void(kept: models.Quote, *, note: str, at: datetime, actor: str) -> None:
    """Whatever was asked for under the old kind ends; it is not paid."""
    if kept.state == "OPEN" and kept.expires_at > at:
        moves.move(kept, "voided", actor=actor, at=at, note=note)
        return
    ordered = models.Change.objects.filter(quote=kept).first()
    if ordered is None or ordered.state in OVER:
        raise Refused("quote_over", quote=kept.number)
    if ordered.state not in ("AWAITING_PAYMENT", "AWAITING_ACCEPTANCE"):
        raise Refused("kind_after_acceptance")
    change.withdraw(client=kept.client.number, number=ordered.number, at=at, actor=actor)
