"""What becomes of a paid change that could not, or shall not, be carried out? Its paper goes to zero, its money back.

    undo → (the machines take back what they did) → correct → give back → renew

A next term that was paid at its price meanwhile costs again what the service as it is costs (`repricing`). The client
accepts nothing here: it is no decrease (D5, H12). A set-up fee is given back too. Every part is a step of the change's
run, so that a crash or a second click neither loses nor repeats anything.
"""

from datetime import datetime

from django.db import transaction

from planshift.billing import correction_queries, corrections
from planshift.billing import queries as billing
from planshift.catalog import queries as catalog
from planshift.domain.errors import Refused
from planshift.domain.policy import failure
from planshift.procedures import held, models, renewal, repricing, rules, waking
from planshift.provisioning import executions
from planshift.runtime import moves, runs

UNDOABLE = ("AWAITING_TERM_END", "AWAITING_EXECUTION", "AWAITING_STAFF")
OVER = ("DONE", "FAILED", "CANCELLED")  # of an execution: nothing is left to take back


def undo(*, number: str, note: str, at: datetime, actor: str) -> None:
    """Staff give a paid change up: what the machines did is taken back first, then all money goes back. Twice is once.

    Refused: `note_needed`, `change_not_undoable` (unpaid, a decrease, in force or over), `point_of_no_return_passed`;
    NotFound.
    """
    if not note.strip():
        raise Refused("note_needed", number=number)
    with transaction.atomic():
        change = held.change(number)
        if change.undo_at is not None:
            return
        settled = change.order is not None or not hasattr(change, "acceptance")  # metered: nothing was to be paid
        paid = settled and change.state in UNDOABLE
        if not paid or change.applied_at is not None:
            raise Refused("change_not_undoable", number=number, state=change.state)
        work = change.execution
        if work is not None and work.state == "DONE":
            raise Refused("point_of_no_return_passed", number=number)
        if work is not None and work.state not in OVER:
            if not work.undo_ends_in:
                executions.cancel(number=work.number, note=note, at=at, actor=actor)
            elif work.state == "STUCK":  # while it was taken back: that is tried again
                executions.retry(number=work.number, note=note, at=at, actor=actor)
        change.undo_at, change.undo_by, change.undo_note = at, actor, note.strip()[:500]
        change.save(update_fields=["undo_at", "undo_by", "undo_note"])
        runs.signal(key=held.run_key(number), name="undo")


def correct(task: runs.Work) -> runs.Outcome:
    """The invoice of the change is corrected to zero; an order over nothing has none."""
    change = held.change(task.subject)
    if change.state == "AWAITING_EXECUTION":
        moves.move(change, "failed", actor=task.actor, at=task.at, note=change.undo_note)
    if change.order is None:
        return runs.Go("correct_renewals")
    seller = change.client.seller
    invoice = billing.order(number=change.order.number).invoice
    if invoice:
        try:
            drafts = corrections.draft_to_zero(
                seller=seller,
                document=invoice,
                cause=change.number,
                key=_key(change),
                at=task.at,
                actor=task.actor,
            )
        except Refused as refused:
            if {each.code for each in refused.reasons} != {"nothing_to_correct"}:
                raise
            drafts = []  # earlier corrections gave everything back
        today = rules.day(seller=seller, at=task.at)
        corrections.issue(numbers=[each.number for each in drafts], on=today, at=task.at, actor=task.actor)
    return runs.Go("correct_renewals")


def correct_renewals(task: runs.Work) -> runs.Outcome:
    """So are, in part, the invoices of terms that were paid at its price (H8)."""
    repricing.correct(change=held.change(task.subject), at=task.at, actor=task.actor)
    return runs.Go("give_back")


def give_back(task: runs.Work) -> runs.Outcome:
    """All that was paid goes where the policy in force at the order says; the change is over."""
    change = held.change(task.subject)
    policy = catalog.policy_of(revision=change.quote.policy_id)
    to = rules.carried_out(failure, policy=policy, family=change.service.family)
    drafts = correction_queries.of_causes(causes=[change.number]).get(change.number, ())
    issued = [each.number for each in drafts if each.reason in ("change_undone", repricing.REASON)]
    corrections.credit(numbers=issued, to=to, at=task.at, actor=task.actor)
    moves.move(change, "undone", actor=task.actor, at=task.at, note=change.undo_note, finished_at=task.at)
    return runs.Go("renew_as_before")


def renew_as_before(task: runs.Work) -> runs.Outcome:
    """The service is what it was, and so is the price of its renewal (H8)."""
    change = held.change(task.subject)
    renewal.replace_unpaid(service=change.service, at=task.at, actor=task.actor)
    waking.renewal_of(service=change.service)
    return runs.Done()


def _key(change: models.Change) -> str:
    return f"{change.number}/undone"


STEPS = {
    "correct": correct,
    "correct_renewals": correct_renewals,
    "give_back": give_back,
    "renew_as_before": renew_as_before,
}
