"""When does a change begin that was ordered for the next term? With the first term that is paid at its price.

Until then nothing moves and the order can be taken back; the renewal is priced on what the service will then be (H8).
The billing period alone is no such change: it is noted at once and only the next renewal reads it (D11).
"""

from datetime import date, datetime, timedelta

from planshift.billing import orders
from planshift.domain.errors import Refused
from planshift.procedures import models, next_term, placing, renewal, rules
from planshift.runtime import locks, moves, runs
from planshift.services import models as services
from planshift.services import queries as holdings


def is_for_next_term(change: models.Change) -> bool:
    """Was this change (with its quote) ordered for the next term?"""
    return change.operation != "period" and placing.offer_of(change.quote).timing == "at_renewal"


def price_and_wait(task: runs.Work) -> runs.Outcome:
    """A step of a paid change (`task.subject`): a renewal that is not yet a term costs what its target costs (H8);
    a change for the next term waits for that term, every other one begins."""
    locks.lock(services.Service.objects.filter(changes__number=task.subject))
    change = models.Change.objects.select_related("service__client__seller", "quote__service__client__seller").get(
        number=task.subject
    )
    if change.state != "AWAITING_EXECUTION":
        return runs.Done() if change.state in change.lifecycle.final else runs.Go("begin")
    renewal.replace_unpaid(service=change.service, at=task.at, actor=task.actor)
    if not is_for_next_term(change):
        return runs.Go("begin")
    if change.service.state == "ENDED":
        moves.move(change, "lapsed", actor=task.actor, at=task.at, finished_at=task.at)
        return runs.Done()
    seller = change.service.client.seller
    today, begins_on = rules.day(seller=seller, at=task.at), _begins_on(change)
    if begins_on is not None and begins_on <= today:
        return runs.Go("begin")
    ends_on = holdings.holding(number=change.service.number).last.end_on
    wake_on = begins_on or max(ends_on, today + timedelta(days=1))
    return runs.Wait(
        resume="renewal",
        signal=("term", "withdrawn"),
        due_at=rules.start_of(wake_on, seller=seller),
        owner="system",
    )


def recalled(*, change: models.Change, at: datetime, actor: str) -> bool:
    """Take a change for the next term back before it begins; False when `change` (locked, with its service) is none.

    The renewal is announced anew at the price of what the service stays. Refused: `next_term_paid` (a term is paid at
    the new price), `order_invoiced` (a fee was paid for the change).
    """
    if change.state != "AWAITING_EXECUTION" or change.execution is not None or not is_for_next_term(change):
        return False
    if (begins_on := _begins_on(change)) is not None:
        raise Refused("next_term_paid", on=begins_on)
    moves.move(change, "recalled", actor=actor, at=at, finished_at=at)
    if change.order is not None:
        orders.overtake(order=change.order.number, at=at, actor=actor, note="taken back before the next term")
    runs.signal(key=f"change:{change.number}", name="withdrawn")
    renewal.look_again(service=change.service)
    return True


def _begins_on(change: models.Change) -> date | None:
    """First day of the first term that is paid at the price of what the change makes of the service."""
    holding = holdings.holding(number=change.service.number)
    wanted = next_term.basis_of(holding, change=change).to_json()
    paid = models.Renewal.objects.filter(service=change.service, state="RENEWED", created_at__gte=change.ordered_at)
    for basis, start_on in paid.order_by("start_on").values_list("basis", "start_on"):
        if {**basis, "start_on": ""} == {**wanted, "start_on": ""}:
            return start_on
    return None
