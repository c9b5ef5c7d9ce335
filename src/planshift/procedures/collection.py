"""Is an order paid from the deposit by itself? The policy's answer, kept with its reason (D4)."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from planshift.billing import booking, covering, deposits, models
from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.domain.policy import collection, document
from planshift.procedures import rules
from planshift.services import models as services


@dataclass(frozen=True, slots=True, kw_only=True)
class Paying:
    """The order after the decision, the decision as it is kept and shown, and whether the invoice is issued too."""

    order: models.Order
    decision: dict[str, Any]
    invoiced: bool = False

    @property
    def state(self) -> str:
        """The order's state."""
        return self.order.state


def collect(
    *, order: str, service: services.Service, policy: document.Policy, at: datetime, on: date | None, actor: str
) -> Paying:
    """Draw what the order lacks from the deposit if the policy says so, else keep why not. What is drawn is invoiced at
    once where a date for it is given (`on`; None: later). Caller's transaction.

    Of an order that is over no account is locked: giving back what was paid for it takes the payments first.
    """
    (found,) = covering.lock(numbers=[order])
    nothing: dict[str, Any] = {"at": at.isoformat(), "drawn": False, "because": []}
    if found.state != "AWAITING_PAYMENT":
        return Paying(order=found, decision=nothing)
    if found.expires_at <= at:
        return Paying(order=found, decision=nothing | {"because": ["order_not_open"]})
    held = booking.lock_client(found.client.number) if found.seller.has_deposit else booking.Locked()
    free, due = deposits.free_in(found, held=held), covering.missing(found)
    draws, decision = decide(policy=policy, service=service, deposit=free, due=due, at=at)
    if not draws:
        return Paying(order=found, decision=decision)
    try:
        amount = deposits.drawable(found, held=held, at=at)
    except Refused as refused:
        decision.update(drawn=False, because=[refused.code])
        return Paying(order=found, decision=decision)
    if on is None:
        deposits.draw(found, amount=amount, held=held, at=at, actor=actor)
    else:
        deposits.draw_and_invoice(found, amount=amount, held=held, on=on, at=at, actor=actor)
    return Paying(order=found, decision=decision, invoiced=on is not None)


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
