"""How does a mail leave us? Written with the facts it tells of, sent by a run of its own, never lost, never forgotten.

A mail may go out twice (a worker died between the server's answer and our note of it), each time with the same message
id, so that the reader's program shows one.
"""

import dataclasses
import hashlib
import secrets
from datetime import datetime

from django.conf import settings
from django.db import transaction

from planshift.catalog import models as catalog
from planshift.domain import errors, letters
from planshift.domain.errors import Refused
from planshift.domain.replies import matching
from planshift.procedures import models, ports
from planshift.runtime import moves, numbers, runs
from planshift.services import queries as services

KIND = "mail"
ATTEMPTS = 12  # with the pauses below: about nine hours
RETRIES = runs.Retries(attempts=ATTEMPTS + 1, first=30, longest=3600)


# 1 ── written ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def send(
    *,
    client: str,
    letter: letters.Letter,
    purpose: str,
    key: str,
    at: datetime,
    actor: str,
    recipient: str = "",
    about: str = "",
    documents: tuple[str, ...] = (),
    signal_key: str = "",
    answers: str = "",
) -> str:
    """Queue a letter to a client, in the caller's transaction. Returns the mail's number; the same `key` queues once.

    It goes to `recipient`, or to the client's contact address (D7). `about` is the number of what it is about,
    `documents` those that an answer may name; `answers` the number of an earlier mail of the same thread. The run
    `signal_key` is told: "mail_sent", "mail_failed", "mail_bounced", "replied". Refused: `mail_address_bad`; NotFound.
    """
    if (known := _queued(key)) is not None:
        return known
    owner = services.client(number=client)
    row = models.OutgoingMail(
        key=key,
        seller=owner.seller,
        client=owner,
        purpose=purpose,
        about=about,
        documents=list(documents),
        signal_key=signal_key,
        queued_at=at,
        queued_by=actor,
    )
    return _queue(row, letter, recipient=recipient or owner.email, answers=answers)


def send_to_staff(
    *, seller: catalog.Seller, recipient: str, letter: letters.Letter, key: str, at: datetime, actor: str
) -> models.OutgoingMail:
    """Queue an alarm to a seller's staff, in the caller's transaction (H6). The `key` is new. Refused:
    `mail_address_bad`."""
    row = models.OutgoingMail(
        key=key, seller=seller, client=None, purpose=models.STAFF_ALARM, queued_at=at, queued_by=actor
    )
    _queue(row, letter, recipient=recipient, answers="")
    return row


def _queued(key: str) -> str | None:
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("a mail is queued in the transaction of what it tells of")
    return models.OutgoingMail.objects.filter(key=key).values_list("number", flat=True).first()


def _queue(row: models.OutgoingMail, letter: letters.Letter, *, recipient: str, answers: str) -> str:
    row.token = "".join(secrets.choice(matching.ALPHABET) for _ in range(matching.LENGTH))
    subject = matching.subject_with(" ".join(letter.subject.split())[:400], token=row.token)
    sender = str(settings.DEFAULT_FROM_EMAIL)
    envelope = letters.Envelope(
        sender=sender,
        sender_name=row.seller.name,
        reply_to=_reply_address(row.token),
        recipient=recipient,
        message_id=f"{row.token}.{row.purpose}@{sender.rpartition('@')[2]}",
        in_reply_to=_message_id(answers),
        sent_at=row.queued_at,
    )
    _write(row, dataclasses.replace(letter, subject=subject), envelope)
    runs.start(kind=KIND, key=_run_key(row), subject=row.number)
    return row.number


def _write(row: models.OutgoingMail, letter: letters.Letter, envelope: letters.Envelope) -> None:
    """The letter as it will go out, for ever; its number is taken last."""
    try:
        row.raw = letters.compose(letter, envelope)
    except letters.BadAddress as problem:
        raise Refused("mail_address_bad", address=envelope.recipient) from problem
    row.sha256 = hashlib.sha256(row.raw).hexdigest()
    row.recipient, row.sender, row.message_id = envelope.recipient, envelope.sender, envelope.message_id
    row.subject, row.text, row.html = letter.subject, letter.text, letter.html
    row.number = f"M-{row.queued_at.year}-{numbers.take_one(series=f'mail/{row.queued_at.year}'):06}"
    row.save(force_insert=True)


def _message_id(number: str) -> str:
    found = models.OutgoingMail.objects.filter(number=number).values_list("message_id", flat=True) if number else ()
    return next(iter(found), "")


# 2 ── sent ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def _hand_over(task: runs.Work) -> tuple[str, str]:
    """Outside any transaction: what happened and what the server said."""
    row = models.OutgoingMail.objects.get(number=task.subject)
    if row.state != "QUEUED" or task.key != _run_key(row):
        return "", ""
    try:
        said = ports.mail_out().send(raw=bytes(row.raw), sender=row.sender, recipient=row.recipient, key=row.message_id)
    except errors.Permanent as problem:
        return "failed", problem.what
    except (errors.Transient, errors.Unknown) as problem:
        if task.attempt + 1 >= ATTEMPTS:
            return "failed", problem.what
        raise
    return "sent", said


def _note(task: runs.Work, happened: tuple[str, str]) -> runs.Outcome:
    """The mail is sent, or has failed and waits for staff on the page of mails."""
    event, said = happened
    row = models.OutgoingMail.objects.get(number=task.subject)
    if event and row.lifecycle.allows(row.state, event):  # a bounce may be faster than our note
        kept = {"receipt": said[:300], "sent_at": task.at} if event == "sent" else {"trouble": said[:500]}
        moves.move(row, event, actor=task.actor, at=task.at, **kept)
        tell(row, what=f"mail_{event}")
    return runs.Done()


def _stuck(task: runs.Work, reason: str) -> None:
    """A fault of ours must not hide the mail."""
    row = models.OutgoingMail.objects.get(number=task.subject)
    if row.state == "QUEUED":
        moves.move(row, "failed", actor=task.actor, at=task.at, trouble=reason[:500])
        tell(row, what="mail_failed")


def tell(row: models.OutgoingMail, *, what: str) -> None:
    """Wake the run that the mail belongs to; it reads the facts anew."""
    if row.signal_key:
        runs.signal(key=row.signal_key, name=what)


# 3 ── by staff ────────────────────────────────────────────────────────────────────────────────────────────────────────
def retry(*, sellers: tuple[str, ...], number: str, note: str, at: datetime, actor: str) -> None:
    """Send a failed or bounced mail again: the same bytes, the same message id.

    Refused: `note_needed`, `move_not_allowed`; NotFound for another seller's.
    """
    with transaction.atomic():
        row = _theirs(sellers, number, note)
        _end_stuck_run(row, note=note, actor=actor)
        moves.move(row, "retried", actor=actor, at=at, note=note, round=row.round + 1, trouble="")
        runs.start(kind=KIND, key=_run_key(row), subject=row.number)


def set_aside(*, sellers: tuple[str, ...], number: str, note: str, at: datetime, actor: str) -> None:
    """A failed or bounced mail need not arrive. Refused: `note_needed`, `move_not_allowed`; NotFound."""
    with transaction.atomic():
        row = _theirs(sellers, number, note)
        _end_stuck_run(row, note=note, actor=actor)
        moves.move(row, "set_aside", actor=actor, at=at, note=note)


def _theirs(sellers: tuple[str, ...], number: str, note: str) -> models.OutgoingMail:
    row = models.OutgoingMail.objects.filter(number=number, seller__code__in=sellers).first()
    if row is None:
        raise services.NotFound(number)
    if not note.strip():
        raise Refused("note_needed")
    return row


def _end_stuck_run(row: models.OutgoingMail, *, note: str, actor: str) -> None:
    found = runs.queries.find(key=_run_key(row))
    if found is not None and found.state == "STUCK":
        runs.cancel(key=found.key, actor=actor, note=note)


def _run_key(row: models.OutgoingMail) -> str:
    return f"{KIND}:{row.number}:{row.round}"


def _reply_address(token: str) -> str:
    address = str(settings.MAIL_REPLY_TO)
    return matching.address_with(address, token=token) if settings.MAIL_REPLY_PLUS else address


def define() -> None:
    """Name the sending of a mail to the runtime. Called once, when Django is ready."""
    step = runs.Step(_note, external=_hand_over, retries=RETRIES)
    runs.define(KIND, steps={"send": step}, first="send", stuck=_stuck)
