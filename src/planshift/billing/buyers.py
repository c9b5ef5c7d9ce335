"""Who is the buyer on the paper? Data as on the previous settlement, unless newer data was confirmed for invoicing
(D6)."""

from collections.abc import Iterable, Sequence

from django.db.models import Max

from planshift.billing import models, rows
from planshift.domain import documents
from planshift.domain.errors import Refused
from planshift.services import models as services


def for_orders(*, wanted: Sequence[tuple[services.Client, Iterable[str]]]) -> tuple[documents.Party, ...]:
    """The buyer of each (client, numbers of the services it is about), in the given order; three statements for all.

    The newest of: the buyer of the last invoice about one of these services, the profile last confirmed for invoicing.
    Raises Refused("buyer_not_confirmed") for a client who has neither.
    """
    asked = [(client, tuple(numbers)) for client, numbers in wanted]
    last = _last_invoices({number for _, numbers in asked for number in numbers if number})
    confirmed = _confirmed({client.pk for client, _ in asked})
    return tuple(_newest(client, numbers, last, confirmed) for client, numbers in asked)


def _newest(
    client: services.Client,
    numbers: Iterable[str],
    last: dict[str, models.Invoice],
    confirmed: dict[int, services.BuyerProfile],
) -> documents.Party:
    invoices = [last[number] for number in numbers if number in last]
    invoice = max((one for one in invoices if one.client_id == client.pk), key=lambda one: one.pk, default=None)
    profile = confirmed.get(client.pk)
    if invoice is not None and (
        profile is None or profile.confirmed_at is None or profile.confirmed_at <= invoice.issued_at
    ):
        return documents.Party.from_json(invoice.buyer_party)
    if profile is None:
        raise Refused("buyer_not_confirmed", client=client.number)
    return rows.profile_party(profile, email=client.email)


def _last_invoices(numbers: set[str]) -> dict[str, models.Invoice]:
    if not numbers:
        return {}
    newest = dict(
        models.InvoiceLine.objects.filter(service__in=numbers)
        .values_list("service")
        .annotate(newest=Max("invoice_id"))
        .order_by()
    )
    found = models.Invoice.objects.in_bulk(list(newest.values()))
    return {number: found[pk] for number, pk in newest.items()}


def _confirmed(clients: set[int]) -> dict[int, services.BuyerProfile]:
    profiles = services.BuyerProfile.objects.filter(client__in=clients, confirmed_at__isnull=False)
    return {profile.client_id: profile for profile in profiles.order_by("confirmed_at", "pk")}
