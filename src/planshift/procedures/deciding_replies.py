"""What may staff do with a decrease that waits? Decide an unclear reply, ask once more, or give it up at the end."""

from datetime import datetime

from django.db import transaction

from planshift.billing import corrections
from planshift.domain.errors import Refused
from planshift.procedures import acceptance, asking, decrease_papers, held, mailbox, rules
from planshift.runtime import moves, runs
from planshift.services.queries import NotFound


def decide(
    *, sellers: tuple[str, ...], number: str, mail: str, decision: str, note: str, at: datetime, actor: str
) -> None:
    """Staff decide an unclear reply to the request of change `number`: "accepted" or "refused" on the evidence of the
    mail, or "ask_again" (the reply counts for nothing, and the client is asked once more).

    Refused: `acceptance_over`, `note_needed`, `mail_decided`, `request_unreadable`; NotFound.
    """
    with transaction.atomic():
        change = held.change(number, sellers=sellers)
        acceptance.asked_of(change)
        in_time = decision in ("accepted", "refused")
        acceptance.check_open(change, at=at, by_staff=in_time)
        known = {
            reply.number: reply
            for each in asking.mails(change=number)
            for reply in mailbox.replies(outgoing=each.number)
        }
        if mail not in known:
            raise NotFound(mail)
        lapses_at = acceptance.asked_of(change).lapses_at
        if in_time and lapses_at is not None and known[mail].came_at >= lapses_at:
            raise Refused("acceptance_over", change=number)
        answer = "set_aside" if decision == "ask_again" else decision
        mailbox.decide(sellers=sellers, every_seller=False, number=mail, answer=answer, note=note, at=at, actor=actor)
        runs.signal(key=held.run_key(number), name="answered")
    if decision == "ask_again":
        ask_again(sellers=sellers, number=number, at=at, actor=actor)


def ask_again(*, sellers: tuple[str, ...], number: str, at: datetime, actor: str) -> None:
    """Staff have the client asked once more, at the contact address of today (after a bounce, say).

    Refused: `acceptance_over`, `acceptance_not_asked`; NotFound.
    """
    enclosures = decrease_papers.enclosed(change=number)
    with transaction.atomic():
        change = held.change(number, sellers=sellers)
        acceptance.asked_of(change)
        acceptance.check_open(change, at=at)
        asking.write(change=change, kind=asking.ASKED_AGAIN, enclosures=enclosures, at=at, actor=actor)
        runs.signal(key=held.run_key(number), name="answered")


def take_back(*, sellers: tuple[str, ...], number: str, note: str, at: datetime, actor: str) -> None:
    """The last button: an accepted decrease that the machines could not make is given up. Its documents are taken back
    by a counter-correction; old limits and old deposit stay.

    Refused: `note_needed`, `not_awaiting_staff`, `execution_under_way` (roll it back first); NotFound.
    """
    if not note.strip():
        raise Refused("note_needed", number=number)
    with transaction.atomic():
        change = held.change(number, sellers=sellers)
        asked = acceptance.asked_of(change)
        if change.state != "AWAITING_STAFF" or change.applied_at is not None:
            raise Refused("not_awaiting_staff", number=number, state=change.state)
        if change.execution is not None and change.execution.state not in ("FAILED", "CANCELLED"):
            raise Refused("execution_under_way", number=change.execution.number)
        moves.move(asked, "taken_back", actor=actor, at=at, note=note)
        moves.move(change, "undone", actor=actor, at=at, note=note, finished_at=at)
        corrections.void(
            numbers=[row.number for row in decrease_papers.papers(change=number)],
            on=rules.day(seller=change.client.seller, at=at),
            at=at,
            actor=actor,
            note=note,
        )
        runs.signal(key=held.run_key(number), name="retry")
