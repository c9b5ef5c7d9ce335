"""Who is at the door, and for whom may they act?"""

from django.conf import settings
from django.contrib.auth import get_user_model

from planshift.billing import queries as billing
from planshift.catalog import models as catalog
from planshift.domain.money import Money
from planshift.procedures import views
from planshift.procedures.demo import cast
from planshift.services import models, queries


def client_of(*, user_id: int, chosen: str = "") -> views.ClientHeader | None:
    """The client that a person acts for, as the head of every page shows it; None for staff and strangers.

    `chosen` is the number of the client that the person switched to; where it is not (or no longer) theirs, the first.
    """
    clients = queries.clients_of_user(user_id=user_id)
    if not clients:
        return None
    client = next((each for each in clients if each.number == chosen), clients[0])
    return header(client=client, clients=clients)


def header(*, client: models.Client, clients: tuple[models.Client, ...] = ()) -> views.ClientHeader:
    """Client and seller for the head of a page; one statement for what the client has here."""
    seller = client.seller
    found, zero = billing.balances_of(clients=[client.number]), Money.zero(seller.currency)
    deposit = found.get((client.number, "deposit", seller.currency), zero) if seller.has_deposit else None
    return views.ClientHeader(
        number=client.number,
        name=client.name,
        seller=seller.code,
        brand=seller.name,
        language=client.language,
        time_zone=seller.time_zone,
        currency=seller.currency,
        deposit=deposit,
        credit=found.get((client.number, "account_credit", seller.currency)),
        demo=settings.DEMO,
        user_name=client.name,
        clients=tuple(
            views.ClientChoice(number=each.number, name=each.name, brand=each.seller.name) for each in clients
        ),
    )


def is_staff(*, user_id: int) -> bool:
    """Does this person work for a seller?"""
    return bool(queries.sellers_of_staff(user_id=user_id))


def demo_people() -> tuple[views.DemoPerson, ...]:
    """The people of the demo; () where it is not a demo installation."""
    if not settings.DEMO:
        return ()
    users = {user.email: user.pk for user in get_user_model().objects.filter(email__endswith="@demo.example")}
    brands = dict(catalog.Seller.objects.values_list("code", "name"))
    languages = dict(catalog.Seller.objects.values_list("code", "language"))
    return tuple(
        views.DemoPerson(
            user_id=users[person.email],
            name=person.name,
            email=person.email,
            seller_brand=brands[person.seller],
            story=person.story,
            staff=person.staff,
            language=languages[person.seller],
        )
        for person in (*cast.CAST, *cast.LAB)
        if person.email in users
    )
