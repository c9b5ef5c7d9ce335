"""Which mails went out, and which replies wait for a person? For staff; `sellers` are those that the reader works for.

A mail that matches none of ours is shown to people who work for every seller.
"""

from django.db.models import Case, Count, Q, QuerySet, Value, When

from planshift.catalog import models as catalog
from planshift.domain.lifecycles import mail as lifecycle
from planshift.procedures import models
from planshift.procedures.views import mail as views
from planshift.services.queries import NotFound

SIZE = 25
FURTHEST = 10_000
WAITING = 100  # replies shown at once
SHOWN = 60_000  # characters of a raw mail
DECIDABLE = frozenset({"set_aside"})  # "accepted" and "refused" are offered by the procedure that asked


def page(*, sellers: tuple[str, ...], every_seller: bool, number: int) -> views.Mails:
    """Replies that wait for a person, the oldest first, and what went out, what needs staff first. Three statements."""
    number = max(1, min(number, FURTHEST // SIZE))
    waiting = _theirs(sellers, every_seller).filter(answer="unclear", duplicate_of=None, decision=None)
    found = models.OutgoingMail.objects.filter(seller__code__in=sellers).defer("raw", "text", "html")
    rows = list(_in_order(found)[(number - 1) * SIZE : number * SIZE + 1])
    return views.Mails(
        waiting=tuple(_received(row) for row in _light(waiting).order_by("recorded_at", "pk")[:WAITING]),
        sent=tuple(_sent(row) for row in rows[:SIZE]),
        mailboxes=tuple(
            views.Mailbox(name=each.mailbox, checked_at=each.checked_at, trouble=each.trouble)
            for each in models.MailboxCheck.objects.order_by("mailbox")
        ),
        page=number,
        more=len(rows) > SIZE,
    )


def unsent() -> dict[str, int]:
    """How many mails have not left, by state, for whoever watches the installation. Two statements."""
    sellers = list(catalog.Seller.objects.values_list("pk", flat=True))  # the index begins with them
    found = models.OutgoingMail.objects.filter(seller__in=sellers, state__in=lifecycle.LIFECYCLE.open)
    counted = dict(found.order_by().values_list("state").annotate(Count("pk")))
    return {state: counted.get(state, 0) for state in lifecycle.LIFECYCLE.open}


def letter(*, sellers: tuple[str, ...], every_seller: bool, number: str) -> views.Letter:
    """One mail that came in. NotFound for another seller's. One statement."""
    row = _related(_theirs(sellers, every_seller)).filter(number=number, duplicate_of=None).first()
    if row is None:
        raise NotFound(number)
    shown = _received(row)
    raw = bytes(row.raw).decode("utf-8", "replace").replace("\r\n", "\n").replace("\x00", "�")
    return views.Letter(
        row=shown,
        own_text=row.own_text,
        matched_by=tuple(row.matched_by),
        vouched=dict(row.vouched),
        received_at=row.received_at,
        raw=raw[:SHOWN],
        shortened=len(raw) > SHOWN or row.truncated,
        sha256=row.sha256,
        message_id=row.message_id,
        asked=_sent(row.outgoing) if row.outgoing else None,
        can=DECIDABLE if shown.waits else frozenset(),
    )


def _in_order(found: "QuerySet[models.OutgoingMail]") -> "QuerySet[models.OutgoingMail]":
    needs = Case(When(state__in=("FAILED", "BOUNCED"), then=Value(0)), default=Value(1))
    return found.select_related("client").order_by(needs, "-queued_at", "-pk")


def _theirs(sellers: tuple[str, ...], every_seller: bool) -> "QuerySet[models.IncomingMail]":
    theirs = Q(outgoing__seller__code__in=sellers)
    return models.IncomingMail.objects.filter(theirs | Q(outgoing=None) if every_seller else theirs)


def _related(found: "QuerySet[models.IncomingMail]") -> "QuerySet[models.IncomingMail]":
    heavy = ("outgoing__raw", "outgoing__text", "outgoing__html")
    return found.select_related("decision", "outgoing__client").defer(*heavy)


def _light(found: "QuerySet[models.IncomingMail]") -> "QuerySet[models.IncomingMail]":
    heavy = ("raw", "own_text", "outgoing__raw", "outgoing__text", "outgoing__html")
    return found.select_related("decision", "outgoing__client").defer(*heavy)


def _sent(row: models.OutgoingMail) -> views.Sent:
    allowed = {"retry": "retried", "set_aside": "set_aside"}
    return views.Sent(
        number=row.number,
        client=row.client.name if row.client else "",
        client_number=row.client.number if row.client else "",
        recipient=row.recipient,
        subject=row.subject,
        purpose=row.purpose,
        about=row.about,
        state=row.state,
        queued_at=row.queued_at,
        sent_at=row.sent_at,
        trouble=row.trouble,
        can=frozenset(name for name, event in allowed.items() if lifecycle.LIFECYCLE.allows(row.state, event)),
    )


def _received(row: models.IncomingMail) -> views.Received:
    decided, ours = getattr(row, "decision", None), row.outgoing
    return views.Received(
        number=row.number,
        client=ours.client.name if ours and ours.client else "",
        client_number=ours.client.number if ours and ours.client else "",
        answers=ours.number if ours else "",
        about=ours.about if ours else "",
        sender=row.sender,
        subject=row.subject,
        answer=decided.answer if decided else row.answer,
        reason=row.reason,
        recorded_at=row.recorded_at,
        waits=row.answer == "unclear" and decided is None,
        decided_by=decided.by if decided else "",
        note=decided.note if decided else "",
    )
