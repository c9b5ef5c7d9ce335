"""A change that was ordered for the next term: when does it begin, and how is it taken back before?

    schedule → at_the_boundary → (the machines, as for every change)

What is paid for stays as it is until it has ended. The renewal is priced for what the service becomes; the change
begins when that term has begun and is paid, and lapses with a service that ends unpaid.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from planshift.billing import orders
from planshift.billing import queries as billing
from planshift.domain.errors import Refused
from planshift.procedures import held, models, placing, renewal, rules, waking, work
from planshift.runtime import moves, runs
from planshift.services import models as services
from planshift.services import register

STATE = "AWAITING_TERM_END"
LOOKED_AT_AFTER = timedelta(days=1)


def is_later(change: models.Change) -> bool:
    """Was this change ordered for the next term?"""
    return placing.offer_of(change.quote).timing == "at_renewal"


def schedule(change: models.Change, *, task: runs.Work) -> runs.Outcome:
    """It waits for the end of all that is paid; the renewal after it is priced for what the service becomes (H8)."""
    ends_on = register.current_term(change.service).end_on
    moves.move(change, "scheduled", actor=task.actor, at=task.at, effective_on=ends_on)
    return runs.Go("renewal")


def at_the_boundary(change: models.Change, *, task: runs.Work) -> runs.Outcome:
    """The term has begun and is paid: the change begins. Not paid: it waits with the service, and lapses with it."""
    assert change.effective_on is not None
    if change.undo_at is not None:
        return runs.Go("correct")
    seller = change.client.seller
    if change.service.state == "ENDED":
        if _undone(change, at=task.at, actor=task.actor, note="the service has ended"):
            return runs.Go("correct")
        moves.move(change, "lapsed", actor=task.actor, at=task.at, finished_at=task.at)
        return runs.Done()
    today = rules.day(seller=seller, at=task.at)
    begins_at = rules.start_of(change.effective_on, seller=seller)
    if today < change.effective_on:
        return _wait(begins_at, owner="system")
    if not services.Term.objects.filter(service=change.service, start_on=change.effective_on).exists():
        return _wait(task.at + LOOKED_AT_AFTER, owner="client")
    promised = rules.promised(seller=seller, offered=placing.offer_of(change.quote), on=today)
    moves.move(change, "term_began", actor=task.actor, at=task.at, promised_on=promised)
    return runs.Go("begin")


def _wait(until: datetime, *, owner: str) -> runs.Wait:
    return runs.Wait(resume="begin", signal=("renewed", "withdrawn", "undo", "retry"), due_at=until, owner=owner)


def withdraw(change: models.Change, *, at: datetime, actor: str) -> None:
    """Take a locked scheduled change back; the renewal costs again what the service as it is costs.

    What was paid for it already (a fee) is given back by a correction. Refused("next_term_paid") once the term that it
    begins with is paid: what was paid is for what the service becomes.
    """
    if _next_term_paid(change):
        raise Refused("next_term_paid", change=change.number, start=change.effective_on)
    assert change.order is not None
    if _undone(change, at=at, actor=actor, note="taken back by the client"):
        runs.signal(key=held.run_key(change.number), name="undo")
        return
    moves.move(change, "withdrawn", actor=actor, at=at, finished_at=at)
    orders.overtake(order=change.order.number, at=at, actor=actor)
    renewal.replace_unpaid(service=change.service, at=at, actor=actor)
    waking.renewal_of(service=change.service)
    runs.signal(key=held.run_key(change.number), name="withdrawn")


def _undone(change: models.Change, *, at: datetime, actor: str, note: str) -> bool:
    """What was paid and invoiced for it (a fee) is to be given back; False where nothing was."""
    assert change.order is not None
    if not billing.order(number=change.order.number).invoice:
        return False
    change.undo_at, change.undo_by, change.undo_note = at, actor, note
    change.save(update_fields=["undo_at", "undo_by", "undo_note"])
    return True


def in_its_term(change: models.Change, *, after: work.After) -> work.After:
    """The service after a scheduled change: the term that it begins with was sold by the renewal, and stays."""
    assert change.effective_on is not None
    term = register.term_on(change.service, day=change.effective_on)
    return replace(after, effective_on=change.effective_on, term_start_on=term.start_on, term_end_on=term.end_on)


def can_withdraw(change: models.Change) -> bool:
    """Can it still be taken back?"""
    return change.state == STATE and change.undo_at is None and not _next_term_paid(change)


def _next_term_paid(change: models.Change) -> bool:
    """Also where the payment has come and nobody has looked yet."""
    assert change.effective_on is not None
    paid = models.Renewal.objects.filter(service=change.service, start_on=change.effective_on).exclude(state="REPLACED")
    return any(row.state == "RENEWED" or (row.order and row.order.state == "PAID") for row in paid)
