"""What may a token see, page by page? A constant number of statements a page; cursors are opaque."""

from datetime import datetime

from planshift.catalog import queries as catalog
from planshift.procedures import access, models, views
from planshift.procedures.queries import services
from planshift.services import models as held
from planshift.services import queries as holdings


def clients_page(*, holder: access.Holder, after: str, size: int) -> tuple[tuple[views.ClientRow, ...], str]:
    """Clients in the order in which they came, and the cursor of the next page ("" on the last)."""
    rows = list(access.seen(holder=holder).filter(pk__gt=_pk(after)).order_by("pk")[: size + 1])
    made = tuple(views.ClientRow(number=row.number, name=row.name, language=row.language) for row in rows[:size])
    return made, str(rows[size - 1].pk) if len(rows) > size else ""


def services_page(
    *, holder: access.Holder, client: str, after: str, size: int, at: datetime
) -> tuple[tuple[tuple[str, views.ServiceCard], ...], str]:
    """(client, service) oldest first, of one client or of all that the holder may see; and the next cursor."""
    found = held.Service.objects.filter(client__in=access.seen(holder=holder), pk__gt=_pk(after))
    if client:
        found = found.filter(client__number=client)
    pks = list(found.order_by("pk").values_list("pk", flat=True)[: size + 1])
    have = holdings.holdings_of(pks=pks[:size])
    if not have:
        return (), ""
    made = services.cards(holdings=have, in_force=catalog.in_force(seller=have[0].service.client.seller), at=at)
    shown = tuple((each.service.client.number, card) for each, card in zip(have, made, strict=True))
    return shown, str(pks[size - 1]) if len(pks) > size else ""


def changes_page(
    *, holder: access.Holder, client: str, service: str, only_open: bool, after: str, size: int
) -> tuple[tuple[views.ListedChange, ...], str]:
    """Changes newest first, of one client or service or of all that the holder may see; and the next cursor."""
    found = models.Change.objects.filter(client__in=access.seen(holder=holder))
    if client:
        found = found.filter(client__number=client)
    if service:
        found = found.filter(service__number=service)
    if only_open:
        found = found.exclude(state__in=models.Change.lifecycle.final)
    if after:
        found = found.filter(pk__lt=_pk(after))
    rows = list(found.select_related("client", "service", "quote").order_by("-pk")[: size + 1])
    made = tuple(
        views.ListedChange(
            number=row.number,
            client=row.client.number,
            service=row.service.number,
            quote=row.quote.number,
            state=row.state,
            final=row.state in row.lifecycle.final,
            operation=row.operation,  # type: ignore[arg-type]
            kind=row.kind,  # type: ignore[arg-type]
            direction=row.direction,  # type: ignore[arg-type]
            ordered_at=row.ordered_at,
            promised_on=row.promised_on,
        )
        for row in rows[:size]
    )
    return made, str(rows[size - 1].pk) if len(rows) > size else ""


def _pk(cursor: str) -> int:
    return int(cursor) if cursor.isascii() and cursor.isdecimal() and len(cursor) < 19 else 0
