"""A decrease: nothing moves before the client accepted its corrective document (D5, D7, D8). Read it downwards.

    order → draft → ask → answer → (the machines, as for every change) → credit

The price is in `decrease_papers`, the credit in `decrease_credit`, what staff may do in `deciding_replies`.
The steps belong to the run of the change. Every wake-up reads the facts anew; whoever answers first decides, under the
lock of the change, so that a reply and a click at once count once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from django.db import transaction

from planshift.billing import corrections
from planshift.catalog import queries as catalog
from planshift.domain import letters, quote
from planshift.domain.errors import Refused
from planshift.domain.policy import acceptance as policy_acceptance
from planshift.procedures import asking, decrease_papers, held, mailbox, models, placing, rules, tax_differences, waking
from planshift.runtime import moves, runs
from planshift.services import register

GRACE = timedelta(days=3)  # the longest that a lapse waits for a mailbox that cannot be read, or for staff
UNREAD_AFTER, LOOKED_AGAIN = timedelta(hours=1), timedelta(minutes=15)
OPEN = ("TO_BE_ASKED", "AWAITING_ANSWER", "AWAITING_STAFF")
WAKING = ("answered", "replied", "mail_sent", "mail_failed", "mail_bounced", "withdrawn")
How = Literal["reply", "click", "api", "staff"]


# 1 ── the order ───────────────────────────────────────────────────────────────────────────────────────────────────────
def begin(*, change: models.Change, priced: quote.Offer, at: datetime) -> models.Acceptance:
    """An ordered decrease has a request to accept in the place of an order. Caller's transaction."""
    window = _window(change, at)
    return models.Acceptance.objects.create(
        change=change,
        regime=window.regime if window is not None else "not_asked",
        currency=priced.currency,
        credit_minor=-sum(line.amount.gross.minor for line in placing.credited(priced)),
    )


def ask_first(*, change: models.Change, at: datetime, actor: str) -> None:
    """One that a former program ordered waits for its acceptance too, not for a payment."""
    if change.state == "AWAITING_PAYMENT":
        moves.move(change, "needs_acceptance", actor=actor, at=at)


def _window(change: models.Change, at: datetime) -> policy_acceptance.Window | None:
    """The client's time, counted from now. None where the policy asks for no acceptance."""
    seller = change.client.seller
    found: policy_acceptance.Window | None = rules.carried_out(
        policy_acceptance,
        policy=catalog.policy_of(revision=change.quote.policy_id),
        family=change.service.family,
        sent_on=rules.day(seller=seller, at=at),
    )
    return found


# 2 ── the document ────────────────────────────────────────────────────────────────────────────────────────────────────
def _draft(task: runs.Work) -> runs.Outcome:
    """The corrective documents are computed and kept. Where another correction came between and the amounts differ now,
    the client is asked about the new ones."""
    change = held.change(task.subject)
    asked = change.acceptance
    if asked.state != "TO_BE_ASKED":
        return runs.Go("answer")
    rows = decrease_papers.papers(change=change.number) or decrease_papers.drafted(
        change=change, at=task.at, actor=task.actor
    )
    given_back = -sum(row.gross_minor for row in rows)
    if given_back != asked.credit_minor:
        asked.credit_minor = given_back
        asked.answered_at, asked.answered_by, asked.answered_how, asked.evidence = None, "", "", ""
        asked.save(update_fields=["credit_minor", "answered_at", "answered_by", "answered_how", "evidence"])
    return runs.Go("issue")


def _issue(task: runs.Work) -> runs.Outcome:
    """Issued first, where the policy says so (`issue_then_confirm`), or where nobody is asked."""
    change = held.change(task.subject)
    asked = change.acceptance
    if asked.state != "TO_BE_ASKED":
        return runs.Go("answer")
    numbers = [row.number for row in decrease_papers.papers(change=change.number)]
    if asked.regime == "issue_then_confirm":
        on = rules.day(seller=change.client.seller, at=task.at)
        corrections.issue(numbers=numbers, on=on, at=task.at, actor=task.actor)
    elif asked.regime == "draft_then_issue":
        corrections.ask(numbers=numbers, at=task.at, actor=task.actor)
    if asked.regime == "not_asked" or asked.answered_at is not None:
        answer = Answer(how="staff", by="policy") if asked.answered_at is None else Answer.of(asked)
        return runs.Go("renewal") if _accept(change, answer, at=task.at, actor=task.actor) else runs.Go("draft")
    return runs.Go("ask")


# 3 ── the request ─────────────────────────────────────────────────────────────────────────────────────────────────────
def _typeset(task: runs.Work) -> tuple[letters.Enclosure, ...]:
    return decrease_papers.enclosed(change=task.subject)


def _ask(task: runs.Work, enclosures: tuple[letters.Enclosure, ...]) -> runs.Outcome:
    """The mail with the document and the request to accept it goes to the contact address; the time begins."""
    change = held.change(task.subject)
    asked = change.acceptance
    if asked.state == "TO_BE_ASKED":
        window = _window(change, task.at)
        assert window is not None
        last_on = min(window.last_on, _term_end(change, task.at) - timedelta(days=1))
        moves.move(
            asked,
            "asked",
            actor=task.actor,
            at=task.at,
            asked_at=task.at,
            last_on=last_on,
            lapses_at=rules.start_of(last_on + timedelta(days=1), seller=change.client.seller),
            reminders_on=[day.isoformat() for day in window.reminders_on if day <= last_on],
            reminded=0,
        )
        asking.write(change=change, kind=asking.ASKED, enclosures=enclosures, at=task.at, actor=task.actor)
    return runs.Go("answer")


def _term_end(change: models.Change, at: datetime) -> date:
    """The end of the paid term: nothing can be given back of it later. Never before tomorrow."""
    day = rules.day(seller=change.client.seller, at=at)
    return max(register.term_on(change.service, day=day).end_on, day + timedelta(days=1))


# 4 ── the answer ──────────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Who answered, by which way, and on which evidence (the number of a mail)."""

    how: How
    by: str
    evidence: str = ""

    @classmethod
    def of(cls, asked: models.Acceptance) -> "Answer":
        """The answer as it was kept."""
        return cls(how=asked.answered_how, by=asked.answered_by, evidence=asked.evidence)  # type: ignore[arg-type]


def _await(task: runs.Work, enclosures: tuple[letters.Enclosure, ...]) -> runs.Outcome:
    """Read what came, remind, lapse, or go on waiting: for the client, or for staff where a person must look."""
    change = held.change(task.subject)
    asked = change.acceptance
    if asked.state not in OPEN:
        return runs.Go("renewal") if asked.state == "ACCEPTED" else runs.Done()
    if asked.state == "TO_BE_ASKED":
        return runs.Go("draft")
    sent = asking.mails(change=change.number)
    replies = _replies(change, sent)
    assert asked.lapses_at is not None
    in_time = [each for each in replies if each.came_at < asked.lapses_at]
    decisive = next((each for each in in_time if each.answer in ("accepted", "refused")), None)
    if decisive is not None:
        how: How = "staff" if decisive.decided_by else "reply"
        answer = Answer(how=how, by=decisive.decided_by or decisive.sender, evidence=decisive.number)
        if decisive.answer == "refused":
            _end(change, "refused", answer=answer, at=task.at, actor=task.actor)
            return runs.Done()
        return runs.Go("renewal") if _accept(change, answer, at=task.at, actor=task.actor) else runs.Go("draft")
    if asked.lapses_at <= task.at:
        return _lapse(change, in_time, task)
    _note_trouble(asked, _trouble(sent, replies), task)
    due = [day for day in asked.reminders_on[asked.reminded :] if _start(change, day) <= task.at]
    if due:
        asked.reminded += len(due)
        asked.save(update_fields=["reminded"])
        if asked.state == "AWAITING_ANSWER":
            asking.write(change=change, kind=asking.REMINDED, enclosures=enclosures, at=task.at, actor=task.actor)
    later = [_start(change, day) for day in asked.reminders_on[asked.reminded :]]
    return runs.Wait(
        resume="answer",
        signal=WAKING,
        due_at=min([*later, asked.lapses_at]),
        owner="staff" if asked.state == "AWAITING_STAFF" else "client",
    )


def _lapse(change: models.Change, in_time: Sequence[mailbox.Reply], task: runs.Work) -> runs.Outcome:
    """The time is over. What the client may have sent in time counts, so it lapses once the mailbox was read since, and
    staff have decided what came in time; GRACE later it lapses all the same."""
    asked = change.acceptance
    assert asked.lapses_at is not None
    unread = not mailbox.read_since(moment=asked.lapses_at)
    undecided = any(each.answer == "unclear" for each in in_time)
    if not (unread or undecided) or task.at >= decided_until(asked):
        note = "the mailbox could not be read" if unread else ""
        _end(change, "lapsed", at=task.at, actor=task.actor, note=note)
        return runs.Done()
    if undecided or task.at >= asked.lapses_at + UNREAD_AFTER:
        _note_trouble(asked, "unclear_reply" if undecided else "mailbox_unread", task)
    due_at = min(task.at + LOOKED_AGAIN, decided_until(asked))
    return runs.Wait(resume="answer", signal=(*WAKING, mailbox.READ), due_at=due_at, owner="staff")


def decided_until(asked: models.Acceptance) -> datetime:
    """Until when a reply that came in time is still read and decided: GRACE after the last day."""
    assert asked.lapses_at is not None
    return asked.lapses_at + GRACE


def _enclosed_when_due(task: runs.Work) -> tuple[letters.Enclosure, ...]:
    """The documents again, where a reminder is due."""
    asked = models.Acceptance.objects.select_related("change__client__seller").get(change__number=task.subject)
    due = any(_start(asked.change, day) <= task.at for day in asked.reminders_on[asked.reminded :])
    return decrease_papers.enclosed(change=task.subject) if due and asked.state == "AWAITING_ANSWER" else ()


def _start(change: models.Change, day: str) -> datetime:
    return rules.start_of(date.fromisoformat(day), seller=change.client.seller)


def _replies(change: models.Change, sent: Sequence[models.OutgoingMail]) -> list[mailbox.Reply]:
    """What people answered to the mails about the documents that stand, in the order in which it came."""
    now = [decrease_papers.shown_number(row) for row in decrease_papers.papers(change=change.number)]
    found = [reply for each in sent if each.documents == now for reply in mailbox.replies(outgoing=each.number)]
    return sorted(found, key=lambda reply: (reply.recorded_at, reply.number))


def _trouble(sent: Sequence[models.OutgoingMail], replies: Sequence[mailbox.Reply]) -> str:
    """A reply that nobody has decided, or a mail that did not arrive, is for staff."""
    if any(each.answer == "unclear" for each in replies):
        return "unclear_reply"
    return f"mail_{sent[-1].state.lower()}" if sent and sent[-1].state in ("FAILED", "BOUNCED") else ""


def _note_trouble(asked: models.Acceptance, trouble: str, task: runs.Work) -> None:
    """Staff look at it; once the trouble is over, the client is waited for again."""
    event = "unclear" if trouble else "cleared"
    if asked.lifecycle.allows(asked.state, event):
        moves.move(asked, event, actor=task.actor, at=task.at, trouble=trouble)


def accept(*, client: str, number: str, at: datetime, actor: str, how: How = "click") -> None:
    """The client accepts in the panel or by the API; twice is once.

    Refused: `acceptance_over` once it was refused, withdrawn or lapsed, `nothing_to_accept`; NotFound.
    """
    with transaction.atomic():
        change = _waiting(number, client, at=at)
        if change is not None:
            _accept(change, Answer(how=how, by=actor), at=at, actor=actor)
            runs.signal(key=held.run_key(number), name="answered")


def refuse(*, client: str, number: str, at: datetime, actor: str, how: How = "click") -> None:
    """The client does not accept: nothing changes. Refused: `acceptance_over`, `accepted_already`; NotFound."""
    with transaction.atomic():
        change = held.change(number, client=client)
        asked = asked_of(change)
        if asked.state == "REFUSED":
            return
        if asked.state in ("ACCEPTED", "CREDITED"):
            raise Refused("accepted_already", change=number)
        check_open(change, at=at)
        _end(change, "refused", answer=Answer(how=how, by=actor), at=at, actor=actor)
        runs.signal(key=held.run_key(number), name="answered")


def withdraw(*, change: models.Change, at: datetime, actor: str) -> None:
    """The client takes a locked change back before it is accepted. Refused("move_not_allowed") after that."""
    _end(change, "withdrawn", at=at, actor=actor)
    runs.signal(key=held.run_key(change.number), name="withdrawn")


def overtake(*, change: models.Change, at: datetime, actor: str) -> None:
    """The next term was paid before the client answered about a locked change: what it gives back no longer holds."""
    _end(change, "overtaken", at=at, actor=actor)
    runs.signal(key=held.run_key(change.number), name="answered")


def _waiting(number: str, client: str, *, at: datetime) -> models.Change | None:
    """The locked change that waits for an answer; None when it is accepted already."""
    change = held.change(number, client=client)
    if asked_of(change).state in ("ACCEPTED", "CREDITED"):
        return None
    check_open(change, at=at)
    return change


def asked_of(change: models.Change) -> models.Acceptance:
    """The acceptance of a locked change. Refused: `nothing_to_accept` where none is needed."""
    asked: models.Acceptance | None = getattr(change, "acceptance", None)
    if asked is None:
        raise Refused("nothing_to_accept", change=change.number)
    return asked


def check_open(change: models.Change, *, at: datetime, by_staff: bool = False) -> None:
    """Refused: `acceptance_over`, `acceptance_not_asked` (the document is being made). Staff who decide a reply that
    came in time have until `decided_until`."""
    asked = change.acceptance
    over = asked.lapses_at is not None and at >= (decided_until(asked) if by_staff else asked.lapses_at)
    if asked.state not in OPEN or over:
        raise Refused("acceptance_over", change=change.number)
    if asked.state == "TO_BE_ASKED":
        raise Refused("acceptance_not_asked", change=change.number)


def _accept(change: models.Change, answer: Answer, *, at: datetime, actor: str) -> bool:
    """The documents are issued and the machines may begin. False when another correction came between: the documents
    are voided and made anew; the acceptance holds where they give back the same."""
    asked = change.acceptance
    numbers = [row.number for row in decrease_papers.papers(change=change.number)]
    today = rules.day(seller=change.client.seller, at=at)
    kept: dict[str, Any] = {
        "answered_at": at,
        "answered_by": answer.by,
        "answered_how": answer.how,
        "evidence": answer.evidence,
    }
    try:
        with transaction.atomic():
            if asked.regime != "not_asked":
                corrections.accept(numbers=numbers, at=at, actor=actor, note=answer.evidence)
            corrections.issue(numbers=numbers, on=today, at=at, actor=actor)
    except Refused as refused:
        if refused.code != "correction_outdated":
            raise
        corrections.void(numbers=numbers, on=today, at=at, actor=actor, note="another correction was issued meanwhile")
        if asked.state == "TO_BE_ASKED":
            return False
        moves.move(asked, "recomputed", actor=actor, at=at, trouble="", **kept)
        return False
    for row in decrease_papers.papers(change=change.number):
        differs = tax_differences.of_correction(correction=row, client=change.client, on=today)
        if differs is not None:
            tax_differences.note(
                client=change.client,
                what="correction",
                about=change.number,
                differs=differs,
                decided="as_documented",
                document=decrease_papers.shown_number(row),
                at=at,
                actor=actor,
            )
    moves.move(asked, "accepted", actor=actor, at=at, trouble="", **kept)
    moves.move(
        change,
        "accepted",
        actor=actor,
        at=at,
        promised_on=rules.promised(seller=change.client.seller, offered=placing.offer_of(change.quote), on=today),
    )
    return True


def _end(
    change: models.Change,
    event: Literal["refused", "lapsed", "withdrawn", "overtaken"],
    *,
    at: datetime,
    actor: str,
    answer: Answer | None = None,
    note: str = "",
) -> None:
    """Nothing comes of it: drafts are void, issued documents are taken back by a counter-correction."""
    kept: dict[str, Any] = {"trouble": ""}
    if answer is not None:
        kept |= {"answered_at": at, "answered_by": answer.by, "answered_how": answer.how, "evidence": answer.evidence}
    asked = change.acceptance
    ended = (
        event if event != "overtaken" else "lapsed" if asked.lifecycle.allows(asked.state, "lapsed") else "withdrawn"
    )
    moves.move(asked, ended, actor=actor, at=at, note=note, **kept)
    moves.move(change, event, actor=actor, at=at, finished_at=at)
    numbers = [row.number for row in decrease_papers.papers(change=change.number)]
    if numbers:
        ends: dict[str, Literal["voided", "refused", "lapsed"]] = {"withdrawn": "voided", "overtaken": "lapsed"}
        corrections.void(
            numbers=numbers,
            on=rules.day(seller=change.client.seller, at=at),
            at=at,
            actor=actor,
            event=ends.get(event, event),  # type: ignore[arg-type]  # refused and lapsed are called the same
        )
    waking.renewal_of(service=change.service)


STEPS = {
    "draft": runs.Step(_draft),
    "issue": runs.Step(_issue),
    "ask": runs.Step(_ask, external=_typeset),
    "answer": runs.Step(_await, external=_enclosed_when_due),
}
