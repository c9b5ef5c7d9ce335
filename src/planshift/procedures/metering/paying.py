"""How does money come into the prepaid balance? By a paid order, or from the deposit when somebody says so (D3)."""

from datetime import datetime

from django.db import transaction

from planshift.billing import models, orders, prepaid_balance
from planshift.catalog import queries as catalog
from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.procedures import rules
from planshift.procedures.metering import knowing, watching
from planshift.runtime import audit, keys, runs
from planshift.services import models as services
from planshift.services import queries as clients
from planshift.services.queries import NotFound

KIND = "prepaid_top_up"


def top_up(*, client: str, amount: Money, key: str, at: datetime, actor: str) -> str:
    """Order a top-up of the prepaid balance, paid like any order. Returns the order's number; the same `key` gives the
    same. Refused: `not_metered`, `prepaid_amount`, `prepaid_currency`."""
    owner = clients.client(number=client)
    in_force = _metered(owner)

    def make() -> str:
        signal_key = f"{KIND}:{client}:{key}"
        placed = prepaid_balance.top_up_order(
            client=owner,
            amount=amount,
            expires_at=rules.order_end(policy=in_force.policy, family="", seller=owner.seller, at=at),
            at=at,
            actor=actor,
            signal_key=signal_key,
        )
        runs.start(kind=KIND, key=signal_key, subject=placed.number)
        return placed.number

    content = keys.fingerprint({"amount": str(amount)})
    return keys.once(scope=f"prepaid_top_up/{client}", key=key, fingerprint=content, make=make)


def _await_payment(task: runs.Work) -> runs.Outcome:
    """Once the money is there, what is owed is settled already; machines that were stopped start again."""
    row = models.Order.objects.select_related("client").get(number=task.subject)
    if row.state == "PAID":
        look_again(client=row.client.number, at=task.at, actor=task.actor)
        return runs.Done()
    if row.state != "AWAITING_PAYMENT" or orders.expire(order=row.number, at=task.at, actor=task.actor):
        return runs.Done()
    return runs.Wait(
        resume="await_payment", signal=("paid", "expired", "withdrawn"), due_at=row.expires_at, owner="client"
    )


def transfer(
    *, client: str, direction: prepaid_balance.Direction, amount: Money, key: str, at: datetime, actor: str
) -> None:
    """Move money between deposit and prepaid balance; the same `key` moves it once. What is owed is settled first.

    Refused with nothing moved: `not_metered`, `no_deposit`, `prepaid_amount`, `prepaid_currency`, `deposit_too_low`,
    `prepaid_too_low`.
    """
    owner = clients.client(number=client)
    _metered(owner)

    def make() -> str:
        prepaid_balance.transfer(client=owner, direction=direction, amount=amount, key=key, at=at, actor=actor)
        runs.start(kind=LOOK_KIND, key=f"{LOOK_KIND}:{client}:{key}", subject=client)
        return key

    content = keys.fingerprint({"amount": str(amount), "direction": direction})
    keys.once(scope=f"prepaid_transfer/{client}", key=key, fingerprint=content, make=make)


def transfer_for(
    *,
    sellers: tuple[str, ...],
    client: str,
    direction: prepaid_balance.Direction,
    amount: Money,
    note: str,
    key: str,
    at: datetime,
    actor: str,
) -> None:
    """The same by staff of the client's seller (`sellers`: codes), on the client's word: `note` keeps it.

    Refused also: `note_needed`; NotFound for another seller's.
    """
    if not note.strip():
        raise Refused("note_needed", number=client)
    if not services.Client.objects.filter(number=client, seller__code__in=sellers).exists():
        raise NotFound(client)
    with transaction.atomic():
        transfer(client=client, direction=direction, amount=amount, key=key, at=at, actor=actor)
        told = {"amount": amount.text, "direction": direction, "key": key}
        audit.record(kind="client", number=client, event="money moved", actor=actor, at=at, note=note, facts=told)


LOOK_KIND = "prepaid_look"


def _look(task: runs.Work) -> runs.Outcome:
    look_again(client=task.subject, at=task.at, actor=task.actor)
    return runs.Done()


def look_again(*, client: str, at: datetime, actor: str) -> None:
    """The balance has changed: what it decides is decided anew."""
    owner = clients.client(number=client)
    in_force = catalog.in_force(seller=owner.seller)
    watching.check(clients=[owner.pk], in_force=in_force, at=at, actor=actor)


def _metered(owner: services.Client) -> catalog.InForce:
    in_force = catalog.in_force(seller=owner.seller)
    if not knowing.families(in_force):
        raise Refused("not_metered", seller=owner.seller.code)
    return in_force


def define() -> None:
    """Name the steps to the runtime. Called once, when Django is ready."""
    runs.define(KIND, steps={"await_payment": _await_payment}, first="await_payment")
    runs.define(LOOK_KIND, steps={"look": _look}, first="look")
