"""How does a procedure get hold of a change? Its service is locked first, then the change; its run has a key."""

from collections.abc import Sequence

from django.db.models import Exists, OuterRef

from planshift.procedures import models, next_term
from planshift.runtime import locks
from planshift.services import models as clients
from planshift.services.queries import NotFound

KIND = "change"


def run_key(number: str) -> str:
    """The run of a change, and the key under which lower packages signal it."""
    return f"{KIND}:{number}"


def change(number: str, *, client: str | None = None, sellers: tuple[str, ...] | None = None) -> models.Change:
    """A change with its service, both locked; of `client` or of `sellers`, where given. NotFound. `renewal_waits` says
    whether a renewal of the service waits for its payment."""
    found = models.Change.objects.filter(number=number)
    if client is not None:
        found = found.filter(client__number=client)
    if sellers is not None:
        found = found.filter(client__seller__code__in=sellers)
    if not locks.lock_only(clients.Service.objects.filter(changes__in=found)):
        raise NotFound(number)
    # whoever writes what is joined here holds the lock of the service: it is read after that
    related = ("service", "client__seller", "quote", "lowered_from", "order", "execution", "acceptance")
    waits = models.Renewal.objects.filter(service=OuterRef("service"), state__in=next_term.UNPAID)
    row = locks.lock(found.select_related(*related).annotate(renewal_waits=Exists(waits)))[0]
    row.service.client = row.client
    row.quote.service, row.quote.client = row.service, row.client
    return row


def find(number: str, *, client: str) -> models.Change:
    """A client's change to read, not locked, with what belongs to it. NotFound for another's."""
    related = ("service", "client__seller", "quote__service", "acceptance")
    row = models.Change.objects.filter(number=number, client__number=client).select_related(*related).first()
    if row is None:
        raise NotFound(number)
    return row


def changes(numbers: Sequence[str]) -> list[models.Change]:
    """Several changes, each with its service locked; what is known of them is the client and its seller."""
    found = models.Change.objects.filter(number__in=numbers)
    locks.lock_only(clients.Service.objects.filter(changes__in=found))
    return locks.lock(found.select_related("client__seller"))
