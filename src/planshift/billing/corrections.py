"""How is an issued document corrected? Drafted, perhaps accepted, issued, credited, or taken back (D5, D7, D8).

    draft → ask → accept → issue → credit        the client is asked before the document is issued
    draft → issue → accept → credit              it is issued first, the client confirms it (`issue_then_confirm`)
    draft → issue → credit                       nobody is asked: a change was undone, a price was lowered (`at_once`)

Every function takes the numbers of drafts, does its part for all of them or for none, and does it once: a second call
finds it done. Money moves in `credit` alone.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

from django.db import IntegrityError, transaction

from planshift.billing import chains, correction_papers, covering, crediting, models
from planshift.catalog import models as catalog
from planshift.domain import correcting, correction, correction_tax
from planshift.domain.errors import Refused
from planshift.runtime import locks, moves

Regime = Literal["at_once", "draft_then_issue", "issue_then_confirm"]
NEVER_ISSUED = ("VOIDED", "REFUSED", "LAPSED")


def draft(
    *,
    seller: catalog.Seller,
    credits: Iterable[correction.Credit],
    reason: correction.Why,
    cause: str,
    key: str,
    at: dt.datetime,
    actor: str,
    regime: Regime = "draft_then_issue",
    method: correction_tax.Method | None = None,
) -> list[models.Correction]:
    """Compute and keep the corrective documents of `credits`: one draft per corrected document, without a number of the
    series, frozen. `cause` is the change's number; `method` says how the tax was found (default: per rate, from the
    seller's prices). The same `key` again returns the same drafts.

    Refused: `document_unknown` and all that `correcting.correct` refuses, such as `correction_beyond_paid`.
    """
    asked = list(credits)
    numbers = [each.document for each in asked]

    def compute() -> Sequence[correction.Correction]:
        documents = chains.of_numbers(seller=seller.code, numbers=numbers, method=method)
        return correcting.correct(documents=documents, credits=asked, reason=reason)

    return _drafted(seller, compute, numbers, cause=cause, key=key, regime=regime, at=at, actor=actor)


def draft_to_zero(
    *, seller: catalog.Seller, document: str, cause: str, key: str, at: dt.datetime, actor: str
) -> list[models.Correction]:
    """The draft after which nothing of `document` is left, a set-up fee included: a paid change is undone. It needs no
    acceptance. The same `key` again returns the same draft.

    Refused: `document_unknown`, `nothing_to_correct`, `correction_beyond_paid`.
    """

    def compute() -> Sequence[correction.Correction]:
        (issued,) = chains.of_numbers(seller=seller.code, numbers=[document])
        return [correcting.to_zero(document=issued)]

    return _drafted(seller, compute, [document], cause=cause, key=key, regime="at_once", at=at, actor=actor)


def ask(*, numbers: Sequence[str], at: dt.datetime, actor: str) -> list[models.Correction]:
    """The client is asked to accept these drafts (D7). In `issue_then_confirm` it is `issue` that asks.

    Refused: `correction_draft_unknown`, `move_not_allowed`.
    """
    return _each(numbers, "asked", from_states=("DRAFT",), at=at, actor=actor, asked_at=at)


def accept(*, numbers: Sequence[str], at: dt.datetime, actor: str, note: str = "") -> list[models.Correction]:
    """The client accepted: a draft is to be issued next, an issued document is to be credited. Refused: as `ask`."""
    waiting = ("AWAITING_ACCEPTANCE", "AWAITING_CONFIRMATION")
    return _each(numbers, "accepted", from_states=waiting, at=at, actor=actor, note=note, answered_at=at)


def issue(*, numbers: Sequence[str], on: dt.date, at: dt.datetime, actor: str) -> list[models.Correction]:
    """Issue the corrective documents: each gets the next number of the seller's corrections, is dated `on` and frozen;
    revenue, VAT and what the client owes change by the difference. Issued ones stay as they are.

    Refused: `correction_draft_unknown`, `correction_not_accepted` (the client must accept it first),
    `move_not_allowed`, `correction_outdated` (another correction was issued since it was drafted),
    `invoice_date_in_future`.
    """
    with transaction.atomic():
        locked = _lock(numbers)
        due = [row for row in locked if row.document_id is None]
        for row in due:
            if row.regime == "draft_then_issue" and row.state in ("DRAFT", "AWAITING_ACCEPTANCE"):
                raise Refused("correction_not_accepted", number=row.number)
            row.lifecycle.after(row.state, "issued" if row.regime != "issue_then_confirm" else "issued_to_confirm")
        correction_papers.issue(corrections=due, on=on, at=at, actor=actor)
        at_once = [row for row in due if row.regime != "issue_then_confirm"]
        moves.move_many(at_once, "issued", actor=actor, at=at)
        moves.move_many(
            [row for row in due if row not in at_once], "issued_to_confirm", actor=actor, at=at, asked_at=at
        )
        return locked


def credit(
    *, numbers: Sequence[str], to: crediting.Where, at: dt.datetime, actor: str, pays: str = ""
) -> list[models.Correction]:
    """Give back what issued (and, where needed, accepted) corrections give back: gross, a posting of its own, once.

    `to`: "deposit" or "account_credit" all of it; "as_paid" what was drawn from a balance of the client goes back there
    and payments become unapplied money that staff send back. Credited ones stay as they are. `pays`: an open order (its
    number) that is paid out of it, before anything else can be paid from it.

    Refused: `correction_draft_unknown`, `move_not_allowed` (not issued, not accepted), `no_deposit`,
    `nothing_to_credit` (a document that increases what is owed), `order_unknown`, `credit_too_small`.
    """
    with transaction.atomic():
        orders = covering.lock(numbers=[pays]) if pays else []
        locked = _lock(numbers)
        due = [row for row in locked if row.state != "CREDITED"]
        for row in due:
            row.lifecycle.after(row.state, "credited")
        order = next((row for row in orders if due and row.state == "AWAITING_PAYMENT"), None)
        crediting.credit(corrections=due, to=to, at=at, actor=actor, pays=order)
        moves.move_many(due, "credited", actor=actor, at=at, credited_at=at, credited_to=to)
        return locked


def void(
    *,
    numbers: Sequence[str],
    on: dt.date,
    at: dt.datetime,
    actor: str,
    event: Literal["voided", "refused", "lapsed"] = "voided",
    note: str = "",
) -> list[models.Correction]:
    """Nothing comes of these corrections: the client refused, did not answer in time, or the change came to nothing.
    What was not issued just ends; what was issued and not credited is taken back by a counter-correction dated `on`.
    Ended ones stay as they are.

    Refused: `correction_draft_unknown`, `move_not_allowed` (credited already).
    """
    with transaction.atomic():
        locked = _lock(numbers)
        open_still = [row for row in locked if row.state not in (*NEVER_ISSUED, "REVERSED")]
        unissued = [row for row in open_still if row.document_id is None]
        issued = [row for row in open_still if row.document_id is not None]
        for row in issued:
            row.lifecycle.after(row.state, "reversed")
        for row in unissued:  # one whom nobody was asked about yet can only be voided
            moves.move(row, event if row.state == "AWAITING_ACCEPTANCE" else "voided", actor=actor, at=at, note=note)
        _reverse(issued, on, at, actor)
        moves.move_many(issued, "reversed", actor=actor, at=at, note=note or event)
        return locked


def _drafted(
    seller: catalog.Seller,
    compute: Callable[[], Sequence[correction.Correction]],
    documents: Sequence[str],
    *,
    cause: str,
    key: str,
    regime: Regime,
    at: dt.datetime,
    actor: str,
) -> list[models.Correction]:
    known = _known(seller, key)
    if known:
        return known
    try:
        with transaction.atomic():
            invoices = models.Invoice.objects.filter(seller=seller, number__in=set(documents))
            held = {row.number: row for row in locks.lock(invoices.select_related("client", "seller"))}
            found = _known(seller, key)  # another call may have come first, until the lock was ours
            return found or [
                correction_papers.keep(
                    computed=each,
                    corrects=held[each.corrects],
                    cause=cause,
                    key=key,
                    regime=regime,
                    at=at,
                    actor=actor,
                )
                for each in compute()
            ]
    except IntegrityError:
        known = _known(seller, key)
        if not known:
            raise
        return known


def _known(seller: catalog.Seller, key: str) -> list[models.Correction]:
    return list(models.Correction.objects.filter(seller=seller, key=key).select_related("corrects").order_by("pk"))


def _lock(numbers: Sequence[str]) -> list[models.Correction]:
    """Drafts with the documents that they correct, locked: documents first. Refused("correction_draft_unknown")."""
    wanted = models.Correction.objects.filter(number__in=set(numbers))
    locks.lock(models.Invoice.objects.filter(pk__in=list(wanted.values_list("corrects_id", flat=True))))
    found = locks.lock(wanted.select_related("corrects__order", "corrects__seller", "seller", "client"))
    if missing := set(numbers) - {row.number for row in found}:
        raise Refused("correction_draft_unknown", numbers=sorted(missing))
    return found


def _each(
    numbers: Sequence[str],
    event: str,
    *,
    from_states: tuple[str, ...],
    at: dt.datetime,
    actor: str,
    note: str = "",
    **changed: Any,
) -> list[models.Correction]:
    """The event for all that wait for it; those that are past it stay as they are, those that ended are refused."""
    with transaction.atomic():
        locked = _lock(numbers)
        done = {row.pk for row in locked if _passed(row, event)}
        moves.move_many([row for row in locked if row.pk not in done], event, actor=actor, at=at, note=note, **changed)
        return locked


def _passed(row: models.Correction, event: str) -> bool:
    stamp = row.asked_at if event == "asked" else row.answered_at
    return stamp is not None and row.state not in (*NEVER_ISSUED, "REVERSED")


def _reverse(issued: Sequence[models.Correction], on: dt.date, at: dt.datetime, actor: str) -> None:
    """Issue the counter-corrections of issued ones, the newest first."""
    invoices = {row.corrects_id: row.corrects for row in issued}
    standing = dict(zip(invoices, chains.of_rows(invoices=list(invoices.values())), strict=True))
    counters = []
    for row in sorted(issued, key=lambda row: -row.pk):
        assert row.document is not None
        computed = correcting.undo(document=standing[row.corrects_id], number=row.document.number)
        standing[row.corrects_id] = standing[row.corrects_id].with_correction(computed, number=f"{row.number}/reversed")
        counters.append(
            correction_papers.keep(
                computed=computed,
                corrects=row.corrects,
                cause=row.cause,
                key=f"{row.key}/{row.number}/reversed",
                regime="at_once",
                at=at,
                actor=actor,
                undoes=row,
            )
        )
    locks.lock(models.Correction.objects.filter(pk__in=[row.pk for row in counters]))
    correction_papers.issue(corrections=counters, on=on, at=at, actor=actor)
    moves.move_many(counters, "issued", actor=actor, at=at)
