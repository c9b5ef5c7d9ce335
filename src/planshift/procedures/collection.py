"""Is an order paid from what the client has with the provider by itself? The policy's answers, kept with their reasons.

Account credit goes first, as far as it reaches, where the policy uses it for such an order (`account_credit`). The
deposit pays what is left, in full or not at all (D4, `collection`). A renewal that nobody consented to in advance is
never completed by account credit alone: the client pays it so by hand, or switches automatic renewal on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from planshift.billing import booking, covering, drawing, invoices
from planshift.billing import models as billing
from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.domain.policy import account_credit, collection, document
from planshift.procedures import models, rules
from planshift.services import models as services


@dataclass(frozen=True, slots=True, kw_only=True)
class Paying:
    """The order after the decision, the decision as it is kept and shown, and whether the invoice is issued too."""

    order: billing.Order
    decision: dict[str, Any]
    invoiced: bool = False

    @property
    def state(self) -> str:
        """The order's state."""
        return self.order.state


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What is drawn of each balance of the client (those that give nothing left out), whether the order is then paid,
    and the decision with its reasons as it is kept."""

    amounts: Mapping[str, Money]
    in_full: bool
    kept: dict[str, Any]


def collect(
    *, of: models.Change | models.Renewal, policy: document.Policy, at: datetime, on: date | None, actor: str
) -> Paying:
    """Draw what the policy says of what the order of a change or a renewal lacks, and keep why not all of it. An order
    that is thereby paid is invoiced at once where a date for it is given (`on`; None: later). What account credit paid
    stays in the decision. Caller's transaction, which writes that.

    Of an order that is over no account is locked: giving back what was paid for it takes the payments first.
    """
    assert of.order is not None
    service, (found,) = of.service, covering.lock(numbers=[of.order.number])
    earlier = {name: each for name, each in of.collection.items() if name == "account_credit"}
    nothing: dict[str, Any] = {"at": at.isoformat(), "drawn": False, "because": []} | earlier
    if found.state != "AWAITING_PAYMENT":
        return Paying(order=found, decision=nothing)
    if found.expires_at <= at:
        return Paying(order=found, decision=nothing | {"because": ["order_not_open"]})
    held = booking.lock_client(found.client.number, beside=invoices.accounts(invoices.movements([found])))
    decided = decide(
        policy=policy,
        service=service,
        purpose=found.purpose,
        free=drawing.free_in(found, held=held),
        due=covering.missing(found),
        at=at,
    )
    if decided.in_full and on is not None:
        drawing.draw_and_invoice(found, amounts=decided.amounts, held=held, on=on, at=at, actor=actor)
        return Paying(order=found, decision=earlier | decided.kept, invoiced=True)
    if decided.amounts:
        drawing.draw(found, amounts=decided.amounts, held=held, at=at, actor=actor)
    return Paying(order=found, decision=earlier | decided.kept)


def by_hand(*, order: str, service: services.Service, policy: document.Policy, at: datetime, actor: str) -> None:
    """The client pays an open order from what is here, as far as it goes: account credit where the policy uses it for
    such an order, then the deposit. Caller's transaction.

    Refused: `order_unknown`, `order_not_open`, `topup_from_deposit`, `deposit_empty`.
    """
    (found,) = covering.lock(numbers=[order])
    due = drawing.lacking(found, at=at)
    held = booking.lock_client(found.client.number)
    free = drawing.free_in(found, held=held)
    used = usable(policy=policy, service=service, purpose=found.purpose, credit=free["account_credit"], due=due)
    amounts = {"account_credit": used, "deposit": min(free["deposit"], due - used)}
    if not any(amounts.values()):
        raise Refused("deposit_empty", balance=free["deposit"])
    drawn = {name: amount for name, amount in amounts.items() if amount}
    drawing.draw(found, amounts=drawn, held=held, at=at, actor=actor)


def service_of(*, order: str) -> services.Service | None:
    """The service whose change or next term an order pays for; None for a top-up."""
    found = services.Service.objects.select_related("client__seller")
    return found.filter(changes__order__number=order).first() or found.filter(renewals__order__number=order).first()


def decide(
    *,
    policy: document.Policy,
    service: services.Service,
    purpose: str,
    free: Mapping[str, Money],
    due: Money,
    at: datetime,
) -> Decided:
    """What of `due` an order with this purpose takes by itself of what is `free` in each balance."""
    nothing = Money.zero(due.currency)
    credit, deposit = free.get("account_credit", nothing), free.get("deposit", nothing)
    used, because = nothing, []
    asked: dict[str, Any] = {"policy": policy, "family": service.family, "auto_renewal": service.auto_renew}
    if credit.amount:
        used = usable(policy=policy, service=service, purpose=purpose, credit=credit, due=due)
        because = [] if used else ["account_credit_for_renewals"]
        consented = purpose != "renewal" or service.auto_renew
        by_itself = consented or rules.carried_out(collection, deposit=due, due=due, **asked).from_deposit
        if used == due and not by_itself:
            used, because = nothing, ["account_credit_needs_consent"]
    rest = due - used if used else due
    if used and not rest:
        decided = collection.Collection(from_deposit=False)
    else:
        decided = rules.carried_out(collection, deposit=deposit, due=rest, **asked)
    amounts = {"account_credit": used, "deposit": rest if decided.from_deposit else nothing}
    in_full = bool(used and not rest) or decided.from_deposit
    kept: dict[str, Any] = {
        "at": at.isoformat(),
        "auto_renewal": service.auto_renew,
        "deposit": str(deposit),
        "due": str(due),
        "drawn": in_full,
        "because": list(decided.waits_because),
    }
    if credit.amount:
        kept["account_credit"] = {"balance": str(credit), "used": str(used), "because": because}
    return Decided(amounts={name: each for name, each in amounts.items() if each.amount}, in_full=in_full, kept=kept)


def usable(*, policy: document.Policy, service: services.Service, purpose: str, credit: Money, due: Money) -> Money:
    """How much of `credit` the policy uses for an order with this purpose that lacks `due`."""
    if not credit.amount:
        return Money.zero(due.currency)
    used = rules.carried_out(
        account_credit,
        policy=policy,
        family=service.family,
        due=due.amount,
        balance=credit.amount,
        renewal=purpose == "renewal",
    )
    return Money(used, due.currency)
