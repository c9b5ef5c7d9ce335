"""What came in, whose is it, and what does it say? Every mail is kept as evidence; a run is told, a person decides.

Nothing is acted upon here: the procedure that asked (its run is named by the mail's `signal_key`) reads `replies`.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q

from planshift.domain import errors
from planshift.domain.errors import Refused
from planshift.domain.replies import authentication, mails, matching, reading, verdict
from planshift.procedures import held, mailing, models, ports
from planshift.runtime import audit, clock, moves, numbers, runs
from planshift.services.queries import NotFound

BATCH = 50
DECISIONS = ("accepted", "refused", "set_aside")
_PENDING = ("unclear",)
READ = "mailbox_read"  # what a run hears that waits for the mailbox to be read


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """To which mail of ours an incoming one belongs, and by what: "token", "answered" (In-Reply-To), "thread"
    (References), "sender" (it comes from the address that we wrote to, or from the client's contact address).

    `doubt`: "unmatched", "ambiguous" (the traces point to several of ours) or "".
    """

    outgoing: models.OutgoingMail | None
    by: tuple[str, ...] = ()
    doubt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer to a mail of ours, as far as it counts: what the rules say, or else what staff decided."""

    number: str
    answer: str  # accepted, refused, unclear, automatic, set_aside
    reason: str
    recorded_at: datetime
    received_at: datetime  # system time, of the mail server
    came_at: datetime  # the same in business time: what was sent in time counts, however late it was fetched
    sender: str
    decided_by: str  # "" when the rules did
    sha256: str


# 1 ── fetched ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def collect(*, at: datetime, actor: str = "system:mailbox") -> int:
    """Take in everything new in the mailbox; returns how many mails. Call it outside a transaction.

    Each mail is recorded in a transaction of its own; only then it is marked in the mailbox: a crash repeats nothing
    and loses nothing. Trouble with the server is noted for staff, not raised.
    """
    box, count = ports.mailbox(), 0
    if box is None:
        return 0
    try:
        while fetched := box.fetch(after=_last(box.name), limit=BATCH):
            for each in fetched:
                record(fetched=each, at=at, actor=actor)
            box.done(places=tuple(each.place for each in fetched))
            count += len(fetched)
    except (errors.Transient, errors.Permanent, errors.Unknown) as problem:
        _checked(box.name, trouble=problem.what)
        return count
    _checked(box.name, trouble="", read_at=at)
    overdue = models.Acceptance.objects.filter(state__in=("AWAITING_ANSWER", "AWAITING_STAFF"), lapses_at__lte=at)
    runs.signal_many(keys=[held.run_key(each) for each in overdue.values_list("change__number", flat=True)], name=READ)
    return count


def read_since(*, moment: datetime) -> bool:
    """Was the mailbox read to its end at or after this business instant? Without a mailbox nothing can lie there."""
    box = ports.mailbox()
    return box is None or models.MailboxCheck.objects.filter(mailbox=box.name, read_at__gte=moment).exists()


def wait(*, seconds: int) -> bool:
    """Until something may have come, at most `seconds`. Raises Transient or Permanent."""
    box = ports.mailbox()
    return box is not None and box.wait(seconds=seconds)


def exists() -> bool:
    """Does this installation have a mailbox?"""
    return ports.mailbox() is not None


def _last(name: str) -> ports.Place | None:
    row = models.IncomingMail.objects.filter(mailbox=name).order_by("-pk").first()
    if row is None:
        return None
    newest = models.IncomingMail.objects.filter(mailbox=name, uid_validity=row.uid_validity).order_by("-uid")[0]
    return ports.Place(mailbox=name, validity=newest.uid_validity, uid=newest.uid)


def _checked(name: str, *, trouble: str, read_at: datetime | None = None) -> None:
    changed: dict[str, Any] = {"checked_at": clock.system(), "trouble": trouble[:500]}
    if read_at is not None:
        changed["read_at"] = read_at
    models.MailboxCheck.objects.update_or_create(mailbox=name, defaults=changed)


def _came_at(fetched: ports.Fetched, *, at: datetime) -> datetime:
    """When our mail server took it, in business time; never later than now. Its clock is the server's, not a sender's
    (IMAP's INTERNALDATE)."""
    return at - max(clock.system() - fetched.received_at, timedelta(0))


# 2 ── recorded ────────────────────────────────────────────────────────────────────────────────────────────────────────
def record(*, fetched: ports.Fetched, at: datetime, actor: str) -> str:
    """Keep a mail with what it says, and tell the run that waits for it. Returns its number.

    The same place in the mailbox again changes nothing; the same message again (delivered twice, or after the mailbox
    was renumbered) is kept as a duplicate that nobody is told of.
    """
    mail = reading.read(fetched.raw)
    try:
        with transaction.atomic():
            return _known(fetched.place) or _record(mail, fetched, at=at, actor=actor)
    except IntegrityError:  # another process took in the same mail at the same moment
        known = _known(fetched.place)
        if known is None:
            raise
        return known


def _known(place: ports.Place) -> str | None:
    found = models.IncomingMail.objects.filter(mailbox=place.mailbox, uid_validity=place.validity, uid=place.uid)
    return found.values_list("number", flat=True).first()


def _record(mail: mails.Mail, fetched: ports.Fetched, *, at: datetime, actor: str) -> str:
    digest = hashlib.sha256(fetched.raw).hexdigest()
    original = _original(mail, digest)
    matched = match(mail=mail)
    vouched = authentication.vouched(mail, server=str(settings.MAIL_AUTHENTICATED_BY))
    found = _judge(mail, matched, vouched, truncated=fetched.truncated)
    if found.answer in ("accepted", "refused") and _is_over(matched, at=_came_at(fetched, at=at)):
        found = verdict.Verdict(answer="unclear", reason="too_late", own=found.own)
    if original is None and matched.outgoing is not None:
        _act(matched.outgoing, found, at=at, actor=actor)
    models.IncomingMail.objects.create(
        number=(number := f"MI-{at.year}-{numbers.take_one(series=f'mailbox/{at.year}'):06}"),
        mailbox=fetched.place.mailbox,
        uid_validity=fetched.place.validity,
        uid=fetched.place.uid,
        outgoing=matched.outgoing,
        duplicate_of=original,
        received_at=fetched.received_at,
        recorded_at=at,
        came_at=_came_at(fetched, at=at),
        sender=mail.sender[:320],
        sender_name=mail.sender_name,
        subject=mail.subject[:1000],
        message_id=mail.message_id,
        in_reply_to=list(mail.in_reply_to),
        thread=list(mail.references),
        token=next(iter(matching.traces(mail).tokens), ""),
        matched_by=list(matched.by),
        vouched=dict(vouched.as_json()),
        answer=found.answer,
        reason=found.reason,
        rules=found.rules,
        own_text=found.own.replace("\x00", ""),
        machine=_machine(found),
        raw=fetched.raw,
        truncated=fetched.truncated,
        sha256=digest,
    )
    return number


def _original(mail: mails.Mail, digest: str) -> models.IncomingMail | None:
    """The same bytes, or the same message id from the same sender with the same words."""
    same = models.IncomingMail.objects.filter(sha256=digest, duplicate_of=None).order_by("pk").first()
    if same is not None or not mail.message_id:
        return same
    for each in models.IncomingMail.objects.filter(message_id=mail.message_id, duplicate_of=None).order_by("pk")[:10]:
        other = reading.read(bytes(each.raw))
        if (other.sender, other.subject, other.text, other.html, other.attachments) == (
            *(mail.sender, mail.subject, mail.text, mail.html, mail.attachments),
        ):
            return each
    return None


def _judge(mail: mails.Mail, matched: Matched, vouched: authentication.Vouched, *, truncated: bool) -> verdict.Verdict:
    ours = matched.outgoing
    asked = verdict.Asked(
        subject=ours.subject if ours else "",
        text=ours.text if ours else "",
        about=frozenset(ours.documents) if ours else frozenset(),
    )
    found = verdict.judge(mail, asked=asked)
    if found.answer == "automatic":
        return found
    doubt = matched.doubt
    if not doubt and found.answer in ("accepted", "refused"):
        if truncated:
            doubt = "unreadable"
        elif "sender" not in matched.by:
            doubt = "other_sender"
        elif vouched.failed:
            doubt = "not_authenticated"
    return verdict.Verdict(answer="unclear", reason=doubt, own=found.own) if doubt else found


def _is_over(matched: Matched, *, at: datetime) -> bool:
    """Had what the mail answers to lapsed when it came? Then nothing follows by itself: a person writes back."""
    ours = matched.outgoing
    lapsed = models.Acceptance.objects.filter(change__number=ours.about if ours else "", lapses_at__lte=at)
    return lapsed.filter(state__in=("LAPSED", "AWAITING_ANSWER", "AWAITING_STAFF")).exists()


def _act(ours: models.OutgoingMail, found: verdict.Verdict, *, at: datetime, actor: str) -> None:
    """A report of failure moves the mail; a person's answer wakes the run."""
    if found.answer != "automatic":
        mailing.tell(ours, what="replied")
        return
    machine = found.machine
    bounced = machine is not None and machine.kind == "bounce" and machine.recipient in ("", ours.recipient.lower())
    if machine is not None and bounced and ours.lifecycle.allows(ours.state, "bounced"):
        trouble = f"{machine.status} {machine.recipient}".strip()
        moves.move(ours, "bounced", actor=actor, at=at, trouble=trouble)
        mailing.tell(ours, what="mail_bounced")


def _machine(found: verdict.Verdict) -> dict[str, str]:
    machine = found.machine
    return {"kind": machine.kind, "recipient": machine.recipient, "status": machine.status} if machine else {}


# 3 ── matched ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def match(*, mail: mails.Mail) -> Matched:
    """Which mail of ours this one belongs to. Token and In-Reply-To must not contradict; the thread only helps out.
    Two statements."""
    traces = matching.traces(mail)
    if not traces.tokens and not traces.ids:
        return Matched(outgoing=None, doubt="unmatched")
    wanted = Q(token__in=traces.tokens) | Q(message_id__in=traces.ids)
    found = list(models.OutgoingMail.objects.filter(wanted).select_related("client").order_by("pk"))
    by_token = [each for each in found if each.token in traces.tokens]
    by_answer = [each for each in found if each.message_id in traces.answered]
    by_thread = [each for each in found if each.message_id in traces.thread]
    sure = {each.pk for each in (*by_token, *by_answer)}
    if len(sure) > 1:
        return Matched(outgoing=None, doubt="ambiguous")
    chosen = next(iter((*by_token, *by_answer, *reversed(by_thread))), None)
    if chosen is None:
        return Matched(outgoing=None, doubt="unmatched")
    ways = {"token": by_token, "answered": by_answer, "thread": by_thread}
    by = [name for name, rows in ways.items() if any(each.pk == chosen.pk for each in rows)]
    if mail.sender and mail.sender in (chosen.recipient.lower(), chosen.client.email.lower() if chosen.client else ""):
        by.append("sender")
    return Matched(outgoing=chosen, by=tuple(by))


# 4 ── read by the procedure that asked ────────────────────────────────────────────────────────────────────────────────
def replies(*, outgoing: str) -> tuple[Reply, ...]:
    """What people answered to a mail of ours, in the order in which it came; machines and duplicates are left out."""
    found = models.IncomingMail.objects.filter(outgoing__number=outgoing, duplicate_of=None)
    rows = found.exclude(answer="automatic").select_related("decision").order_by("pk")
    return tuple(_reply(row) for row in rows)


def _reply(row: models.IncomingMail) -> Reply:
    decided = getattr(row, "decision", None)
    return Reply(
        number=row.number,
        answer=decided.answer if decided else row.answer,
        reason=row.reason,
        recorded_at=row.recorded_at,
        received_at=row.received_at,
        came_at=row.came_at or row.recorded_at,
        sender=row.sender,
        decided_by=decided.by if decided else "",
        sha256=row.sha256,
    )


# 5 ── decided by a person ─────────────────────────────────────────────────────────────────────────────────────────────
def decide(
    *, sellers: tuple[str, ...], every_seller: bool, number: str, answer: str, note: str, at: datetime, actor: str
) -> None:
    """A person says what an unclear mail means: "accepted", "refused", or "set_aside" (no answer at all). Once.

    A mail that matches none of ours can only be set aside, by people who work for every seller. Refused: `note_needed`,
    `request_unreadable`, `mail_decided`, `mail_matches_nothing`; NotFound for another seller's.
    """
    with transaction.atomic():
        theirs = Q(outgoing__seller__code__in=sellers) | (Q(outgoing=None) if every_seller else Q(pk=None))
        row = models.IncomingMail.objects.filter(theirs, number=number, duplicate_of=None).first()
        if row is None:
            raise NotFound(number)
        if answer not in DECISIONS:
            raise Refused("request_unreadable")
        if not note.strip():
            raise Refused("note_needed")
        if row.outgoing is None and answer != "set_aside":
            raise Refused("mail_matches_nothing", mail=number)
        made = models.MailDecision(mail=row, answer=answer, at=at, by=actor, note=note.strip()[:500])
        if row.answer not in _PENDING or models.MailDecision.objects.filter(mail=row).exists():
            raise Refused("mail_decided", mail=number)
        try:
            with transaction.atomic():
                made.save(force_insert=True)
        except IntegrityError as problem:  # somebody else decided at the same moment
            raise Refused("mail_decided", mail=number) from problem
        audit.record(
            kind="incoming_mail", object_id=row.pk, number=number, event=answer, actor=actor, at=at, note=made.note
        )
        if row.outgoing is not None:
            mailing.tell(row.outgoing, what="replied")
