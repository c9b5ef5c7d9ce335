"""Who is the buyer on the paper? As the policy says: data as on the previous settlement, unless newer data was
confirmed for invoicing (D6); or those of the account on that day."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from django.db.models import Max, Model, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from planshift.billing import models, rows, vat_proofs
from planshift.domain import documents
from planshift.domain.errors import Refused
from planshift.runtime import among, shapes
from planshift.services import models as services

AS_BEFORE, CURRENT = "as_before", "current"


class Wanted(NamedTuple):
    """Whose buyer is wanted: of an order of this client, about these services (numbers), as_before or current."""

    client: services.Client
    services: tuple[str, ...]
    basis: str = AS_BEFORE


class Seen(NamedTuple):
    """What was read already of the only service that is asked about."""

    lines: Sequence[models.InvoiceLine]  # all, with their invoices
    read: Model | None = None  # a row that was read `with_confirmed` as `buyer_confirmed_at`

    def last(self) -> dict[str, models.Invoice]:
        """The last invoice, by number of the service, as `_last_invoices` finds it."""
        last = min(self.lines, key=lambda line: (line.invoice.imported, -line.invoice_id), default=None)
        return {} if last is None else {last.service: last.invoice}

    def decides(self, last: Mapping[str, models.Invoice]) -> bool:
        """Whether the last invoice says who the buyer is: no profile was confirmed after it."""
        if self.read is None or not last:
            return False
        confirmed_at, (invoice,) = vars(self.read)["buyer_confirmed_at"], last.values()
        return confirmed_at is None or bool(confirmed_at <= invoice.issued_at)


def with_confirmed(client: str) -> Subquery:
    """When a profile was last confirmed for invoicing; `client` names the column of the client's pk."""
    profiles = services.BuyerProfile.objects.filter(client=OuterRef(client), confirmed_at__isnull=False)
    return Subquery(profiles.order_by("-confirmed_at").values("confirmed_at")[:1])


def for_orders(*, wanted: Sequence[Wanted], seen: Seen | None = None) -> tuple[documents.Party, ...]:
    """The buyer of each, in the given order; three statements for all, fewer for one of whose service was `seen`.

    As before: the newest of the buyer of the last invoice about one of these services and the profile last confirmed
    for invoicing. Current: the newest profile of the account. Raises Refused("buyer_not_confirmed") for a client who
    has none of these.
    """
    if seen is not None:
        last = seen.last()
        settled = seen.decides(last) and all(one.client_id == wanted[0].client.id for one in last.values())
        profiles = {} if settled else _profiles({wanted[0].client.id})
    else:
        last = _last_invoices({number for each in wanted for number in each.services if number})
        profiles = _profiles({each.client.id for each in wanted})
    return tuple(_of(each, last, profiles.get(each.client.id, [])) for each in wanted)


def _of(wanted: Wanted, last: dict[str, models.Invoice], profiles: Sequence[services.BuyerProfile]) -> documents.Party:
    if wanted.basis == CURRENT and profiles:
        newest = max(profiles, key=lambda each: (each.created_at, each.pk))
        return rows.profile_party(newest, email=wanted.client.email)
    confirmed = [each for each in profiles if each.confirmed_at is not None]
    return _newest(wanted.client, wanted.services, last, confirmed[-1] if confirmed else None)


def _newest(
    client: services.Client,
    numbers: Iterable[str],
    last: dict[str, models.Invoice],
    profile: services.BuyerProfile | None,
) -> documents.Party:
    invoices = [last[number] for number in numbers if number in last]
    invoice = max((one for one in invoices if one.client_id == client.id), key=lambda one: one.pk, default=None)
    if invoice is not None and (
        profile is None or profile.confirmed_at is None or profile.confirmed_at <= invoice.issued_at
    ):
        return documents.Party.from_json(vat_proofs.on(party=invoice.buyer_party, consultation=""))
    if profile is None:
        raise Refused("buyer_not_confirmed", client=client.number)
    return rows.profile_party(profile, email=client.email)


_LAST = shapes.Shape(
    lambda: (
        models.InvoiceLine.objects.filter(service=shapes.text("service"))
        .select_related("invoice")
        .order_by("invoice__imported", "-invoice_id")[:1]
    )
)


def _last_invoices(numbers: set[str]) -> dict[str, models.Invoice]:
    if not numbers:
        return {}
    if len(numbers) == 1:
        line = _LAST.first(service=next(iter(numbers)))
        return {line.service: line.invoice} if line is not None else {}
    newest = dict(  # an invoice issued elsewhere may have come in after later ones of ours
        models.InvoiceLine.objects.filter(among.of("service", numbers))
        .values_list("service")
        .annotate(newest=Coalesce(Max("invoice_id", filter=Q(invoice__imported=False)), Max("invoice_id")))
        .order_by()
    )
    rows_of = models.Invoice.objects.filter(among.of("pk", newest.values()))
    found = {row.pk: row for row in rows_of.only("client_id", "issued_at", "buyer_party")}
    return {number: found[pk] for number, pk in newest.items()}


def _profiles(clients: set[int]) -> dict[int, list[services.BuyerProfile]]:
    """All versions by client, the last confirmed at the end."""
    found: dict[int, list[services.BuyerProfile]] = {}
    if len(clients) == 1:
        rows = _PROFILES.ask(client=next(iter(clients)))
    else:
        rows = list(_versions(among.of("client_id", clients)))
    for each in rows:
        found.setdefault(each.client_id, []).append(each)
    return found


def _versions(of: Q) -> "QuerySet[services.BuyerProfile]":
    return services.BuyerProfile.objects.filter(of).order_by("confirmed_at", "pk")


_PROFILES = shapes.Shape(lambda: _versions(Q(client_id=shapes.whole("client"))))
