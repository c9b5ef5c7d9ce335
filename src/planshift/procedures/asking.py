"""How is the client asked to accept a corrective document? By mail to the contact address (D7)."""

from datetime import datetime

from django.conf import settings

from planshift.domain import letters
from planshift.procedures import (
    asking_letters,
    decrease_credit,
    decrease_papers,
    held,
    mailing,
    models,
    placing,
    unanswered,
)

PURPOSE = "acceptance"
ASKED, REMINDED, ASKED_AGAIN = asking_letters.ASKED, asking_letters.REMINDED, asking_letters.ASKED_AGAIN


def write(
    *, change: models.Change, kind: str, enclosures: tuple[letters.Enclosure, ...], at: datetime, actor: str
) -> None:
    """Queue the letter of `kind` in the caller's transaction, in the language of the client."""
    asked, offered = change.acceptance, placing.offer_of(change.quote)
    given = decrease_credit.back(asked)
    numbers = tuple(decrease_papers.shown_number(row) for row in decrease_papers.papers(change=change.number))
    assert asked.last_on is not None
    about = asking_letters.About(
        service=change.service.label,
        change=change.number,
        what=asking_letters.what(kept=change.quote),
        credit=given.left,
        charged=given.charged,
        to=given.to,
        renewal=offered.next_renewal.amount.gross if offered.next_renewal is not None else None,
        documents=numbers,
        last_on=asked.last_on,
        seller=change.client.seller.name,
        draft=asked.regime != "issue_then_confirm",
        later=unanswered.begins_on(change=change, asked=asked),
        link=f"{settings.BASE_URL}/changes/{change.number}/",
    )
    sent = mails(change=change.number)
    mailing.send(
        client=change.client.number,
        letter=asking_letters.write(kind=kind, about=about, language=change.client.language, enclosures=enclosures),
        purpose=PURPOSE,
        key=f"{PURPOSE}:{change.number}:{len(sent)}",
        about=change.number,
        documents=numbers,
        signal_key=held.run_key(change.number),
        answers=sent[-1].number if sent else "",
        at=at,
        actor=actor,
    )


def mails(*, change: str) -> list[models.OutgoingMail]:
    """The mails with which the client was asked, in the order in which they were written; without their bytes."""
    return list(models.OutgoingMail.objects.filter(about=change, purpose=PURPOSE).defer("raw").order_by("pk"))
