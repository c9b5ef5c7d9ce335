"""Who came with us from another system? Clients and services in bulk, a constant number of statements for all."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType

from django.contrib.auth import models as auth

from planshift.catalog import models as catalog
from planshift.runtime import audit, numbers
from planshift.services import models


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """A client to be. `buyer` holds the columns of a buyer profile; with `login` the address may sign in."""

    number: str
    name: str
    email: str
    language: str
    bill_day: int
    time_zone: str
    since: datetime
    buyer: Mapping[str, object]
    login: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A service to be, with the term [start_on, end_on) that is paid."""

    number: str
    client: models.Client
    label: str
    family: str
    plan: str
    months: int
    start_on: date
    end_on: date
    auto_renew: bool
    additional: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    attached_to: str = ""  # number


def numbers_of(*, series: str, letter: str, count: int) -> list[str]:
    """The next numbers of clients (C) or services (S)."""
    return [f"{letter}-{1000 + n}" for n in numbers.take(series=series, count=count)] if count else []


def add_clients(
    *, seller: catalog.Seller, clients: Sequence[Newcomer], at: datetime, actor: str
) -> list[models.Client]:
    """New clients whose buyer data count as confirmed since they are clients (D6)."""
    made = models.Client.objects.bulk_create(
        models.Client(
            seller=seller,
            number=each.number,
            name=each.name,
            email=each.email,
            language=each.language,
            bill_day=each.bill_day,
            time_zone=each.time_zone,
            created_at=each.since,
        )
        for each in clients
    )
    models.BuyerProfile.objects.bulk_create(
        models.BuyerProfile(client=row, created_at=at, confirmed_at=each.since, **each.buyer)
        for each, row in zip(clients, made, strict=True)
    )
    _let_in([(each, row) for each, row in zip(clients, made, strict=True) if each.login])
    audit.write(audit.entry(kind="client", number=row.number, event="imported", actor=actor, at=at) for row in made)
    return made


def add_services(*, services: Sequence[Running], at: datetime, actor: str) -> list[models.Service]:
    """Services that run already, in an order in which a main one may come after those attached to it."""
    made = models.Service.objects.bulk_create(
        models.Service(
            client=each.client,
            number=each.number,
            label=each.label,
            family=each.family,
            plan=each.plan,
            months=each.months,
            auto_renew=each.auto_renew,
            created_at=at,
        )
        for each in services
    )
    pairs = list(zip(services, made, strict=True))
    _attach(pairs)
    models.Term.objects.bulk_create(
        models.Term(service=row, start_on=each.start_on, end_on=each.end_on, months=each.months) for each, row in pairs
    )
    models.Allocation.objects.bulk_create(
        models.Allocation(service=row, resource=resource, amount=amount)
        for each, row in pairs
        for resource, amount in each.additional.items()
        if amount
    )
    audit.write(audit.entry(kind="service", number=row.number, event="imported", actor=actor, at=at) for row in made)
    return made


def _attach(pairs: Iterable[tuple[Running, models.Service]]) -> None:
    attached = [(each, row) for each, row in pairs if each.attached_to]
    main = models.Service.objects.in_bulk([each.attached_to for each, _ in attached], field_name="number")
    for each, row in attached:
        row.attached_to = main[each.attached_to]
    if attached:
        models.Service.objects.bulk_update([row for _, row in attached], ["attached_to"], batch_size=500)


def _let_in(pairs: Sequence[tuple[Newcomer, models.Client]]) -> None:
    """People by their address; a new one has no password and gets in by a link."""
    wanted = {each.email.lower() for each, _ in pairs}
    known = {user.username: user for user in auth.User.objects.filter(username__in=wanted)}
    fresh = [auth.User(username=email, email=email) for email in sorted(wanted - set(known))]
    for user in fresh:
        user.set_unusable_password()
    known |= {user.username: user for user in auth.User.objects.bulk_create(fresh)}
    models.Membership.objects.bulk_create(
        models.Membership(user=known[each.email.lower()], client=row) for each, row in pairs
    )
