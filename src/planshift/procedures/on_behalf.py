"""What do staff ask for and order for a client? Some paths are theirs alone (H2); price and notices as ever.

`sellers` are the codes of those that the actor works for; what is another seller's is NotFound.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from planshift.domain import facts
from planshift.domain.errors import Refused
from planshift.procedures import change, deciding, models, placing
from planshift.services import models as clients
from planshift.services.queries import NotFound

WAYS = ("telephone", "in_writing", "in_person")


def offer(*, sellers: tuple[str, ...], service: str, request: facts.Request, at: datetime, actor: str) -> str:
    """A quote for a client's service, on paths for staff too. Returns its number; the client sees it in the panel.

    Refused as in `change.offer`; NotFound.
    """
    found = clients.Service.objects.filter(number=service, client__seller__code__in=sellers)
    client = found.values_list("client__number", flat=True).first()
    if client is None:
        raise NotFound(service)
    asked = replace(request, asked_by="staff")
    return change.offer(client=client, service=service, request=asked, at=at, actor=actor)


def order(
    *,
    sellers: tuple[str, ...],
    quote: str,
    acknowledged: Mapping[str, placing.Acknowledged],
    how: str,
    note: str,
    key: str,
    at: datetime,
    actor: str,
) -> str:
    """Order for the client, who said so by telephone, in writing or in person (`how`); `note` keeps what was said.

    Every notice was read to the client and acknowledged there: without it no order (H9). The client sees the order and
    pays it. Returns the change's number; the same `key` orders once. Refused: `how_needed`, `note_needed`, and as in
    `change.order`; NotFound.
    """
    client = _client_of(sellers, quote)
    if how not in WAYS:
        raise Refused("how_needed")
    if not note.strip():
        raise Refused("note_needed", number=quote)
    return change.order(
        client=client,
        quote=quote,
        acknowledged=acknowledged,
        told=placing.Told(how=how, note=note.strip()),
        key=key,
        at=at,
        actor=actor,
    )


def decide_kind(*, sellers: tuple[str, ...], quote: str, kind: str, note: str, at: datetime, actor: str) -> str:
    """Decide easy or hard in the policy's place (H3). Returns the new quote. As `deciding.decide_kind`."""
    return deciding.decide_kind(
        client=_client_of(sellers, quote), number=quote, kind=kind, note=note, at=at, actor=actor
    )


def _client_of(sellers: tuple[str, ...], quote: str) -> str:
    found = models.Quote.objects.filter(number=quote, client__seller__code__in=sellers)
    client = found.values_list("client__number", flat=True).first()
    if client is None:
        raise NotFound(quote)
    return client
