"""What may staff do? Book a transfer, decide about stuck work, push the clock of a demo. All of it audited.

`sellers` are the codes of those that the actor works for; what is another seller's is NotFound.
"""

from datetime import datetime, timedelta

from django.db import transaction

from planshift.billing import opened, payments
from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.procedures import change, models, retrying, undoing
from planshift.procedures.queries import office, works
from planshift.provisioning import executions
from planshift.runtime import clock, runs
from planshift.services.queries import NotFound

PUSHES = (1, 7, 30)


def transfer_received(
    *, sellers: tuple[str, ...], order: str, amount: Money, key: str, at: datetime, actor: str
) -> str:
    """A transfer for an order was seen on the bank account. Returns the payment's number; the same `key` books once.

    Refused: `order_not_open`, `payment_not_positive`, `payment_differs` (the key came with another amount); NotFound.
    """
    found = office.order(sellers=sellers, number=order)
    if amount.currency != found.total.currency:
        raise Refused("other_currency", payment=amount, order=order)
    return payments.mark_transfer_received(
        order=order, amount=amount, received_at=at, key=key, at=at, actor=actor
    ).number


def document_received(
    *, sellers: tuple[str, ...], invoice: int, amount: Money, key: str, at: datetime, actor: str
) -> str:
    """A transfer for an invoice that was issued elsewhere (id of its opened.OpenView) was seen on the bank account.
    Returns the payment's number; the same `key` books once. More than is unpaid becomes the client's unapplied money.

    Refused: `other_currency`, `payment_not_positive`, `payment_differs`; NotFound.
    """
    found = opened.one(sellers=sellers, id=invoice)
    if found is None:
        raise NotFound(str(invoice))
    if amount.currency != found.invoice.currency:
        raise Refused("other_currency", payment=amount, order=found.invoice.number)
    return payments.mark_document_paid(
        seller=found.seller,
        document=found.invoice.number,
        amount=amount,
        received_at=at,
        key=key,
        at=at,
        actor=actor,
    ).number


def retry_change(*, sellers: tuple[str, ...], number: str, note: str, at: datetime, actor: str) -> None:
    """Carry a paid change out anew. Refused: `not_awaiting_staff`, `note_needed`; NotFound."""
    _check_change(sellers, number)
    retrying.retry(number=number, note=note, at=at, actor=actor)


def undo_change(*, sellers: tuple[str, ...], number: str, note: str, at: datetime, actor: str) -> None:
    """Give a paid change up and all money back. Refused as in `undoing.undo`; NotFound."""
    _check_change(sellers, number)
    undoing.undo(number=number, note=note, at=at, actor=actor)


def confirm_change(*, sellers: tuple[str, ...], number: str, at: datetime, actor: str) -> None:
    """The client told staff that the new environment is in use (H9). Refused: `nothing_to_confirm`; NotFound."""
    change.switch_over(client=_check_change(sellers, number), number=number, at=at, actor=actor)


def decide_execution(
    *, sellers: tuple[str, ...], number: str, decision: str, note: str, at: datetime, actor: str
) -> None:
    """Retry, skip, cancel, roll back or report (set-up work done) an execution, with the reason.

    Refused as in `provisioning.executions`; NotFound.
    """
    if not works.is_theirs(sellers=sellers, execution=number):
        raise NotFound(number)
    decisions = {
        "retry": executions.retry,
        "skip": executions.skip,
        "cancel": executions.cancel,
        "roll_back": executions.roll_back,
        "report": executions.report_work,
    }
    if decision not in decisions:
        raise Refused("request_unreadable")
    decisions[decision](number=number, note=note, at=at, actor=actor)


def decide_run(
    *,
    sellers: tuple[str, ...],
    every_seller: bool,
    key: str,
    decision: str,
    note: str,
    at: datetime,
    actor: str,
) -> None:
    """Retry, skip or cancel a stuck run, with the reason. An unpaid change is withdrawn with its run.

    Refused: `run_not_for_you` (what `works.possible` does not hold), `run_still_needed` (its change or renewal is under
    way), `run_not_possible`, `note_needed`; NotFound.
    """
    run = works.run_of(sellers=sellers, every_seller=every_seller, key=key)
    if decision not in works.possible(run=run, every_seller=every_seller):
        raise Refused("run_not_for_you", key=key)
    if decision == "retry":
        runs.retry(key=key, actor=actor, note=note)
    elif decision == "skip":
        runs.skip(key=key, actor=actor, note=note)
    else:
        with transaction.atomic():
            _release_owner(run.kind, key, at, actor)
            runs.cancel(key=key, actor=actor, note=note)


def push_clock(*, days: int, at: datetime, actor: str) -> datetime:
    """Move the business clock of a demo ahead by 1, 7 or 30 days. Refused: `clock_not_movable`,
    `request_unreadable`."""
    if days not in PUSHES:
        raise Refused("request_unreadable")
    return clock.move_to(at=at + timedelta(days=days), actor=actor, note=f"{days} days ahead")


def _check_change(sellers: tuple[str, ...], number: str) -> str:
    """The number of the client of a change of these sellers. NotFound."""
    found = models.Change.objects.filter(number=number, client__seller__code__in=sellers)
    client = found.values_list("client__number", flat=True).first()
    if client is None:
        raise NotFound(number)
    return client


def _release_owner(kind: str, key: str, at: datetime, actor: str) -> None:
    """What the run stands for ends with it, or stands in the way."""
    subject = key.partition(":")[2]
    if kind == "change":
        row = models.Change.objects.select_related("client").get(number=subject)
        if row.state == "AWAITING_PAYMENT":
            change.withdraw(client=row.client.number, number=row.number, at=at, actor=actor)
        elif row.state not in row.lifecycle.final:
            raise Refused("run_still_needed", key=key)
    if kind == "renewal":
        renewal = models.Renewal.objects.get(order__signal_key=key)
        if renewal.state not in renewal.lifecycle.final:
            raise Refused("run_still_needed", key=key)
