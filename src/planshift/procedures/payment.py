"""How does a client pay? Into the deposit, from the deposit by hand, or on the gateway's page."""

from datetime import datetime

import structlog
from django.conf import settings

from planshift.billing import deposits, models, orders, payments, ports
from planshift.billing import queries as billing
from planshift.catalog import queries as catalog
from planshift.domain.errors import Refused, Trouble
from planshift.domain.money import Money
from planshift.procedures import collection, rules
from planshift.runtime import keys, runs
from planshift.services import queries as services

KIND = "top_up"
log = structlog.get_logger("planshift.payment")


# 1 ── topped up ───────────────────────────────────────────────────────────────────────────────────────────────────────
def top_up(*, client: str, amount: Money, key: str, at: datetime, actor: str) -> str:
    """Order a top-up of the deposit, paid like any order. Returns the order's number; the same `key` gives the same.

    Refused: `no_deposit`, `deposit_amount`, `deposit_currency`.
    """
    owner = services.client(number=client)
    policy = catalog.in_force(seller=owner.seller).policy

    def make() -> str:
        signal_key = f"{KIND}:{client}:{key}"
        placed = deposits.top_up_order(
            client=owner,
            amount=amount,
            expires_at=rules.order_end(policy=policy, family="", seller=owner.seller, at=at),
            at=at,
            actor=actor,
            signal_key=signal_key,
        )
        runs.start(kind=KIND, key=signal_key, subject=placed.number)
        return placed.number

    content = keys.fingerprint({"amount": str(amount)})
    return keys.once(scope=f"top_up/{client}", key=key, fingerprint=content, make=make)


def _await_payment(task: runs.Work) -> runs.Outcome:
    """Until it is paid (then the money is in the deposit, and who waits for it was woken) or its time is over."""
    row = models.Order.objects.select_related("client").get(number=task.subject)
    if row.state != "AWAITING_PAYMENT" or orders.expire(order=row.number, at=task.at, actor=task.actor):
        return runs.Done()
    return runs.Wait(
        resume="await_payment", signal=("paid", "expired", "withdrawn"), due_at=row.expires_at, owner="client"
    )


# 2 ── drawn by hand ───────────────────────────────────────────────────────────────────────────────────────────────────
def draw(*, client: str, order: str, key: str, at: datetime, actor: str) -> None:
    """The client pays an open order from what is here (account credit, deposit), as far as it goes. The same `key`
    draws once.

    Refused: `order_not_open`, `topup_from_deposit`, `deposit_empty`; NotFound for another client's order.
    """
    found = billing.order(number=order)
    if found.client != client:
        raise services.NotFound(order)

    def make() -> str:
        service = collection.service_of(order=order)
        if service is None:
            raise Refused("topup_from_deposit", order=order)
        policy = catalog.in_force(seller=service.client.seller).policy
        collection.by_hand(order=order, service=service, policy=policy, at=at, actor=actor)
        return order

    keys.once(scope=f"draw/{client}", key=key, fingerprint=keys.fingerprint({"order": order}), make=make)


# 3 ── on the gateway's page ───────────────────────────────────────────────────────────────────────────────────────────
def by_card(*, client: str, order: str, return_path: str, at: datetime, actor: str, language: str = "") -> str:
    """The address of the payment page for what an open order lacks, in the client's `language` (else that
    of the order). Call it outside a transaction.

    Refused: `order_not_open`, `gateway_unknown`, `gateway_silent` (it cannot be reached, or refuses: no money moved);
    NotFound for another client's order.
    """
    if billing.order(number=order).client != client:
        raise services.NotFound(order)
    (gateway, *_) = ports.gateways() or ("",)
    try:
        return payments.start(
            order=order,
            gateway=gateway,
            return_path=return_path,
            at=at,
            base_url=settings.BASE_URL,
            language=language,
        )
    except Trouble as problem:  # nobody has paid yet: the client tries again or pays in another way
        log.error("gateway.silent", gateway=gateway, order=order, what=problem.what, **problem.facts)
        raise Refused("gateway_silent", order=order) from problem


def define() -> None:
    """Name the steps of a top-up to the runtime. Called once, when Django is ready."""
    runs.define(KIND, steps={"await_payment": _await_payment}, first="await_payment")
