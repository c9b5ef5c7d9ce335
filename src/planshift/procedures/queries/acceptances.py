"""What is the client to accept, what did they answer, and what may be done about it?"""

from datetime import datetime

from planshift.billing import models as billing
from planshift.domain.money import Money
from planshift.domain.tax import Taxed
from planshift.procedures import acceptance, access, asking, decrease_credit, decrease_papers, models, unanswered, views
from planshift.services.queries import NotFound

ANSWERABLE = ("AWAITING_ANSWER", "AWAITING_STAFF")
_RELATED = ("change__client__seller", "change__service", "change__quote")


def accepting(*, change: str, client: str, at: datetime) -> views.Accepting | None:
    """The request to accept of a client's change; None where it needs none, NotFound for another's."""
    if not models.Change.objects.filter(number=change, client__number=client).exists():
        raise NotFound(change)
    asked = models.Acceptance.objects.filter(change__number=change).select_related(*_RELATED).first()
    return _accepting(asked, at) if asked is not None else None


def acceptances_page(
    *, holder: access.Holder, client: str, after: str, size: int, at: datetime
) -> tuple[tuple[views.Accepting, ...], str]:
    """Requests that wait for an answer, newest first, of one client or of all that the holder may see; next cursor."""
    found = models.Acceptance.objects.filter(change__client__in=access.seen(holder=holder), state__in=ANSWERABLE)
    if client:
        found = found.filter(change__client__number=client)
    if after.isascii() and after.isdecimal() and len(after) < 19:
        found = found.filter(pk__lt=int(after))
    rows = list(found.select_related(*_RELATED).order_by("-pk")[: size + 1])
    known = unanswered.known([row.change for row in rows[:size]])
    made = tuple(_accepting(row, at, known) for row in rows[:size])
    return made, str(rows[size - 1].pk) if len(rows) > size else ""


def paper_pdf(*, change: str, client: str, key: str) -> tuple[str, bytes]:
    """Name and bytes of one corrective document of a client's change, as they are now. NotFound."""
    found = billing.Correction.objects.filter(number=key, cause=change, client__number=client)
    row = found.select_related("corrects", "document", "seller").first()
    if row is None:
        raise NotFound(key)
    return f"{decrease_papers.shown_number(row)}.pdf", decrease_papers.pdf(row)


def thread(*, sellers: tuple[str, ...], change: str, at: datetime) -> views.Thread | None:
    """The request to accept of a change of these sellers with its mails; None where there is none."""
    asked = (
        models.Acceptance.objects.filter(change__number=change, change__client__seller__code__in=sellers)
        .select_related(*_RELATED, "change__execution")
        .first()
    )
    if asked is None:
        return None
    shown, row = _accepting(asked, at), asked.change
    over = row.execution is None or row.execution.state in ("FAILED", "CANCELLED")
    return views.Thread(
        accepting=shown,
        mails=_mails(change, open_still=_staff_may_decide(asked, at)),
        can_ask_again=shown.can_answer,
        can_take_back=row.state == "AWAITING_STAFF" and row.applied_at is None and over,
    )


def _staff_may_decide(asked: models.Acceptance, at: datetime) -> bool:
    """A reply that came in time is decided some days longer than a client may answer."""
    return asked.state in ANSWERABLE and (asked.lapses_at is None or at < acceptance.decided_until(asked))


def _accepting(asked: models.Acceptance, at: datetime, known: unanswered.Known | None = None) -> views.Accepting:
    change = asked.change
    in_time = asked.lapses_at is None or at < asked.lapses_at
    given = decrease_credit.back(asked)
    sent = asking.mails(change=change.number)
    return views.Accepting(
        change=change.number,
        client=change.client.number,
        service=change.service.number,
        state=asked.state,
        can_answer=asked.state in ANSWERABLE and in_time,
        credit=given.left,
        charged=given.charged,
        to=given.to,
        papers=tuple(_paper(row) for row in decrease_papers.papers(change=change.number)),
        sent_to=sent[-1].recipient if sent else change.client.email,
        asked_at=asked.asked_at,
        last_on=asked.last_on,
        answered_at=asked.answered_at,
        answered_how=asked.answered_how,
        next_term_on=unanswered.begins_on(change=change, asked=asked, among_many=known),
        trouble=asked.trouble,
    )


def _paper(row: billing.Correction) -> views.CorrectivePaper:
    lines = []
    for each in row.lines.select_related("line").order_by("line__position"):
        before = _taxed(each.before_net_minor, each.before_tax_minor, row.currency)
        difference = _taxed(each.net_minor, each.tax_minor, row.currency)
        lines.append(
            views.CorrectedLine(
                text=each.line.text,
                start_on=each.start_on,
                end_on=each.end_on,
                before=before,
                after=before + difference,
                difference=difference,
            )
        )
    return views.CorrectivePaper(
        key=row.number,
        number=decrease_papers.shown_number(row),
        issued=row.document is not None,
        state=row.state,
        corrects=row.corrects.number,
        lines=tuple(lines),
        difference=_taxed(row.net_minor, row.tax_minor, row.currency),
    )


def _taxed(net_minor: int, tax_minor: int, currency: str) -> Taxed:
    net, tax = Money.from_minor(net_minor, currency), Money.from_minor(tax_minor, currency)
    return Taxed(net, tax, net + tax)


def _mails(change: str, *, open_still: bool) -> tuple[views.MailRow, ...]:
    """Ours and theirs, in the order of time."""
    sent = asking.mails(change=change)
    made = [
        views.MailRow(
            number=each.number,
            ours=True,
            at=each.queued_at,
            who=each.recipient,
            subject=each.subject,
            text=each.text,
            state=each.state,
            reason=each.trouble,
            vouched="",
            sha256=each.sha256,
            decided_by="",
            note="",
            to_decide=False,
        )
        for each in sent
    ]
    came = models.IncomingMail.objects.filter(outgoing__in=sent, duplicate_of=None).defer("raw")
    for mail in came.select_related("decision"):
        decided = getattr(mail, "decision", None)
        made.append(
            views.MailRow(
                number=mail.number,
                ours=False,
                at=mail.recorded_at,
                who=mail.sender,
                subject=mail.subject,
                text=mail.own_text,
                state=decided.answer if decided else mail.answer,
                reason=mail.reason,
                vouched=", ".join(f"{name}: {found}" for name, found in sorted(mail.vouched.items()) if found),
                sha256=mail.sha256,
                decided_by=decided.by if decided else "",
                note=decided.note if decided else "",
                to_decide=open_still and decided is None and mail.answer == "unclear" and mail.reason != "too_late",
            )
        )
    return tuple(sorted(made, key=lambda row: (row.at, not row.ours, row.number)))
