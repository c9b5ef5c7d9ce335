"""Is an order paid from the deposit by itself? The policy's answer, kept with its reason (D4)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from planshift.billing import deposits
from planshift.billing import queries as billing
from planshift.catalog import queries as catalog
from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.domain.policy import collection, document
from planshift.procedures import rules
from planshift.services import models as services


@dataclass(frozen=True, slots=True, kw_only=True)
class Paying:
    """The order's state after the decision, and the decision as it is kept and shown."""

    state: str
    decision: dict[str, Any]


def collect(*, order: str, service: services.Service, at: datetime, actor: str) -> Paying:
    """Draw what the order lacks from the deposit if the policy says so; else keep why not. Caller's transaction."""
    found = billing.order(number=order)
    if found.state != "AWAITING_PAYMENT":
        return Paying(state=found.state, decision={"at": at.isoformat(), "drawn": False, "because": []})
    seller = service.client.seller
    deposit = (
        deposits.balance(client=service.client.number, currency=seller.currency)
        if seller.has_deposit
        else Money.zero(seller.currency)
    )
    policy = catalog.in_force(seller=seller).policy
    draws, decision = decide(policy=policy, service=service, deposit=deposit, due=found.missing, at=at)
    if not draws:
        return Paying(state=found.state, decision=decision)
    try:
        drawn = deposits.draw_for(order=order, at=at, actor=actor)
    except Refused as refused:  # somebody else drew it between the two looks
        decision.update(drawn=False, because=[refused.code])
        return Paying(state=found.state, decision=decision)
    return Paying(state=drawn.state, decision=decision)


def decide(
    *, policy: document.Policy, service: services.Service, deposit: Money, due: Money, at: datetime
) -> tuple[bool, dict[str, Any]]:
    """Whether `due` is drawn from `deposit` by itself, and the decision with its reasons as it is kept (D4)."""
    decided = rules.carried_out(
        collection,
        policy=policy,
        family=service.family,
        auto_renewal=service.auto_renew,
        deposit=deposit,
        due=due,
    )
    return decided.from_deposit, {
        "at": at.isoformat(),
        "auto_renewal": service.auto_renew,
        "deposit": str(deposit),
        "due": str(due),
        "drawn": decided.from_deposit,
        "because": list(decided.waits_because),
    }
