"""How does a procedure get hold of a change? Its service is locked first, then the change; its run has a key."""

from collections.abc import Sequence

from django.db.models import Exists, OuterRef, Q, QuerySet

from planshift.catalog import queries as catalog
from planshift.procedures import keeping, models, next_term
from planshift.runtime import locks, shapes
from planshift.services import models as clients
from planshift.services import queries as services
from planshift.services.queries import NotFound

KIND = "change"


def run_key(number: str) -> str:
    """The run of a change, and the key under which lower packages signal it."""
    return f"{KIND}:{number}"


Found = QuerySet[models.Change]


def _service(found: Found) -> QuerySet[clients.Service, int]:
    return locks.for_update(clients.Service.objects.filter(changes__in=found)).values_list("pk", flat=True)


def _whole(found: Found) -> Found:
    # whoever writes what is joined here holds the lock of the service: it is read after that
    related = ("service", "client__seller", "quote", "lowered_from", "order", "execution", "acceptance")
    waits = models.Renewal.objects.filter(service=OuterRef("service"), state__in=next_term.UNPAID)
    beside = catalog.with_newest("client__seller") | services.with_parts("service")
    known = found.select_related(*related).defer("quote__offer").annotate(renewal_waits=Exists(waits), **beside)
    return locks.for_update(known.annotate(offer_text=keeping.as_text("quote__offer")))


def _numbered() -> Found:
    return models.Change.objects.filter(number=shapes.text("number"))


_SERVICE = shapes.Shape(lambda: _service(_numbered()))
_WHOLE = shapes.Shape(lambda: _whole(_numbered()))


def change(number: str, *, client: str | None = None, sellers: tuple[str, ...] | None = None) -> models.Change:
    """A change with its service, both locked; of `client` or of `sellers`, where given. NotFound. `renewal_waits` says
    whether a renewal of the service waits for its payment; rules and additional amounts need no other look
    (`catalog.in_force`, `register.additional_of`)."""
    if client is None and sellers is None:
        rows = _WHOLE.ask(number=number) if locks.ahead(_SERVICE, number=number) else []
        locks.seen(clients.Service, [row.service_id for row in rows])
    else:
        found = models.Change.objects.filter(number=number)
        if client is not None:
            found = found.filter(client__number=client)
        if sellers is not None:
            found = found.filter(client__seller__code__in=sellers)
        rows = list(_whole(found)) if _seen(list(_service(found))) else []
    if not rows:
        raise NotFound(number)
    (row,) = rows
    locks.seen(models.Change, [row.pk])
    row.service.client = row.client
    vars(row.service)["known_additional"] = services.additional_with(row)
    row.quote.service, row.quote.client = row.service, row.client
    vars(row.quote)["offer_text"] = vars(row)["offer_text"]
    return row


def _seen(locked: list[int]) -> list[int]:
    locks.seen(clients.Service, locked)
    return locked


def find(number: str, *, client: str) -> models.Change:
    """A client's change to read, not locked, with what belongs to it. NotFound for another's."""
    related = ("service", "client__seller", "quote__service", "acceptance")
    row = models.Change.objects.filter(number=number, client__number=client).select_related(*related).first()
    if row is None:
        raise NotFound(number)
    return row


def ordered(quote: str) -> str:
    """The number of the change that was ordered by a quote, also where staff lowered its price since (H3)."""
    return models.Change.objects.get(Q(quote__number=quote) | Q(lowered_from__number=quote)).number


def changes(numbers: Sequence[str]) -> list[models.Change]:
    """Several changes, each with its service locked; what is known of them is the client and its seller."""
    found = models.Change.objects.filter(number__in=numbers)
    locks.lock_only(clients.Service.objects.filter(changes__in=found))
    return locks.lock(found.select_related("client__seller"))
