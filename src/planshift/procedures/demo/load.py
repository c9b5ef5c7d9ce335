"""How does the demo come in? Through the same doors as everything else: catalogs, clients, paid orders, machines."""

from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.db import transaction

from planshift.billing import deposits, invoices, orders, payments, prepaid_balance
from planshift.catalog import load as catalogs
from planshift.catalog import models as catalog
from planshift.catalog import queries
from planshift.domain import periods, recipes, renewing
from planshift.domain.money import Money
from planshift.domain.tax import Taxed
from planshift.procedures import paper, rules, work
from planshift.procedures.demo import cast
from planshift.procedures.metering import drawing, knowing
from planshift.provisioning import executions, ports, servers, usage
from planshift.provisioning import queries as provisioning
from planshift.runtime import runs
from planshift.services import models, register

ACTOR = "system:demo"
FILES = {cast.ITALIA: ("easy-hard.toml", "easy-hard.toml"), cast.POLSKA: ("deposit.toml", "deposit.toml")}
ROOM = {"disk": 20_000, "memory": 2_000, "cpu": 500, "ip": 400, "mailboxes": 20_000, "databases": 5_000}


def load(*, folder: Path, at: datetime) -> bool:
    """Load the demo sellers, people, services and their history up to `at`. False when it is there already.

    `folder` holds `catalogs/` and `policies/`. Runs everything that becomes due, in this process.
    """
    if catalog.Seller.objects.filter(code__in=FILES).exists():
        return False
    for seller, (sold, policy) in FILES.items():
        _seller(seller, folder / "catalogs" / sold, folder / "policies" / policy, at)
    for person in cast.CAST:
        _person(person, at)
    runs.drain()
    with transaction.atomic():
        for person in cast.CAST:
            _usage(person, at)
    runs.start(kind=drawing.KIND, key=f"{drawing.KIND}:demo", subject="demo")  # the days that are over
    runs.drain()
    return True


def _seller(code: str, sold: Path, policy: Path, at: datetime) -> None:
    catalogs.load_catalog(text=sold.read_text(encoding="utf-8"), name=sold.name, at=at, actor=ACTOR)
    catalogs.load_policy(seller=code, text=policy.read_text(encoding="utf-8"), at=at, actor=ACTOR)
    seller = catalog.Seller.objects.get(code=code)
    plans = queries.in_force(seller=seller).catalog.plans
    platforms = {plan_traits(seller, plan=plan).get("platform") for plan in plans}
    for platform in sorted(str(each) for each in platforms if each):
        traits: dict[str, str | int | bool] = {
            "platform": platform,
            **{f"room_{name}": amount for name, amount in ROOM.items()},
        }
        servers.add_server(
            seller=seller, code=f"{platform}-1", driver="simulated", dns="simulated", traits=traits, at=at, actor=ACTOR
        )


def plan_traits(seller: catalog.Seller, *, plan: str) -> dict[str, str | int | bool]:
    """A plan's traits on top of its family's."""
    documents = queries.in_force(seller=seller).catalog
    return dict(documents.traits(documents.plans[plan]))


def _person(person: cast.Person, at: datetime) -> None:
    seller = catalog.Seller.objects.get(code=person.seller)
    user = user_of(person)
    if person.staff:
        models.StaffRole.objects.create(user=user, seller=seller)
        return
    with transaction.atomic():
        client = client_of(person, seller=seller, at=at)
    register.add_member(client=client, user=user, at=at, actor=ACTOR)
    if person.deposit:
        _top_up(client, Money.of(person.deposit, seller.currency), at - timedelta(days=40))
    if person.prepaid:
        _top_up_prepaid(client, Money.of(person.prepaid, seller.currency), at - timedelta(days=40))
    known: dict[str, models.Service] = {}
    for held in person.services:
        known[held.label] = _service(client, held, known.get(held.attached_to), at)


def client_of(person: cast.Person, *, seller: catalog.Seller, at: datetime) -> models.Client:
    """A new client of that name, known for a while."""
    return register.add_client(
        seller=seller,
        name=person.name,
        email=person.email,
        language=seller.language,
        buyer={
            "name": person.name,
            "street": "Via Demo 1" if seller.country == "IT" else "ul. Demo 1",
            "postcode": person.postcode,
            "city": person.city,
            "country": seller.country,
            "tax_id": "",
            "is_business": person.is_business,
        },
        at=at - timedelta(days=500),
        actor=ACTOR,
    )


def user_of(person: cast.Person) -> User:
    """A new user, who comes in by a signed link only."""
    user = get_user_model()(username=person.email, email=person.email, first_name=person.name, is_active=True)
    user.set_unusable_password()  # demo people come in by signed links only
    user.save()
    return user


def _top_up(client: models.Client, amount: Money, at: datetime) -> None:
    placed = deposits.top_up_order(client=client, amount=amount, expires_at=at + timedelta(days=14), at=at, actor=ACTOR)
    _pay(placed.number, placed.gross_minor, client, at)


def _top_up_prepaid(client: models.Client, amount: Money, at: datetime) -> None:
    expires_at = at + timedelta(days=14)
    placed = prepaid_balance.top_up_order(client=client, amount=amount, expires_at=expires_at, at=at, actor=ACTOR)
    _pay(placed.number, placed.gross_minor, client, at)


def _pay(order: str, minor: int, client: models.Client, at: datetime) -> None:
    if minor:
        payments.mark_transfer_received(
            order=order,
            amount=Money.from_minor(minor, client.seller.currency),
            received_at=at,
            key=f"demo-{order}",
            at=at,
            actor=ACTOR,
        )


def start_of_term(held: cast.Holding, *, on: date) -> date:
    """The first day of a service's present term, seen from `on`."""
    return periods.add_months(on, -held.months_ago) - timedelta(days=held.days_ago)


def _service(
    client: models.Client, held: cast.Holding, attached_to: models.Service | None, at: datetime
) -> models.Service:
    seller = client.seller
    zone = ZoneInfo(seller.time_zone)
    start_on = start_of_term(held, on=at.astimezone(zone).date())
    began = min(at, datetime.combine(start_on, time(9), tzinfo=zone))
    with transaction.atomic():
        service = register.add_service(
            client=client,
            label=held.label,
            family=held.family,
            plan=held.plan,
            months=held.months,
            start_on=start_on,
            auto_renew=held.auto_renew,
            additional=held.additional,
            attached_to=attached_to,
            at=began,
            actor=ACTOR,
        )
    documents = queries.in_force(seller=seller).catalog
    if documents.families[held.family].metered:
        with transaction.atomic():
            knowing.begin(service=service, since=began, at=began)
    else:
        first_order(service, start_on=start_on, at=began)
    plan = documents.plans[held.plan]
    with transaction.atomic():
        executions.start(
            service=service,
            recipe=recipes.ACTIVATE.code,
            target=recipes.Target(
                plan=plan.code,
                limits=work.limits(plan=plan, additional=held.additional),
                requires={"platform": str(documents.traits(plan).get("platform", ""))},
            ),
            cause=service.number,
            signal_key="",
            parameters=recipes.Parameters(content_transfer="nobody"),
            at=began,
            actor=ACTOR,
        )
    return service


def first_order(service: models.Service, *, start_on: date, at: datetime) -> None:
    """The order, payment and invoice of the present term, dated as they would have been."""
    seller = service.client.seller
    in_force = queries.in_force(seller=seller)
    documents = in_force.catalog
    end_on = register.current_term(service).end_on
    priced = renewing.lines(
        sold=documents,
        plan=service.plan,
        length=periods.Length(service.months),
        additional=register.additional_of(service),
        on=start_on,
        rounding=rules.renewal_rounding(policy=in_force.policy, family=service.family, currency=seller.currency),
    )
    placed = orders.place(
        seller=seller,
        client=service.client,
        subject=f"{service.number}/{start_on}",
        purpose="renewal",
        lines=[
            paper.renewal_line(
                service=service.number,
                label=service.label,
                component=line.component,
                words=paper.renewal_words(component=line.component, name=line.name, quantity=line.quantity),
                quantity=line.quantity,
                amount=line.amount,
                rate=documents.seller.tax_rate(start_on),
                start_on=start_on,
                end_on=end_on,
            )
            for line in priced
        ],
        total=Taxed.total((line.amount for line in priced), currency=seller.currency),
        expires_at=at + timedelta(days=7),
        signal_key="",
        at=at,
        actor=ACTOR,
    )
    _pay(placed.number, placed.gross_minor, service.client, at)
    on = at.astimezone(ZoneInfo(seller.time_zone)).date()
    invoices.issue(order=placed.number, on=on, at=at, actor=ACTOR)


def _usage(person: cast.Person, at: datetime) -> None:
    simulation = ports.simulation()
    for held in person.services:
        service = models.Service.objects.get(label=held.label)
        place = provisioning.active_environments(services=[service.number]).get(service.number)
        if held.used and simulation is not None and place is not None:
            simulation.set_usage(server=place.server, account=place.account, used=held.used)
        usage.refresh(service=service, at=at)
