"""Which corrective documents does a decrease leave, and for how much?"""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from planshift.billing import chains, correction_queries, corrections
from planshift.billing import models as billing
from planshift.catalog import models as sellers
from planshift.domain import correcting, correction, credited_lines, letters, quote
from planshift.domain.tax import Taxed
from planshift.procedures import held, knowledge, models, placing

_REGIMES: dict[str, corrections.Regime] = {"issue_then_confirm": "issue_then_confirm", "not_asked": "at_once"}


def exact(*, priced: quote.Offer, known: knowledge.Known) -> quote.Offer:
    """The offer of a decrease with the amounts of its corrective documents: quote = order = document = ledger.

    A quote taxes the credit on its own sum, a correction on what is left of each document; they can differ by a unit.
    Refused: `credit_without_document`, `correction_beyond_paid`.
    """
    if not placing.gives_back(priced):
        return priced
    laid = _credits(priced, seller=known.rules.seller)
    issued = chains.of_numbers(seller=known.rules.seller.code, numbers=[each.document for each in laid])
    made = correcting.correct(documents=issued, credits=laid, reason="decrease")
    total = Taxed.total((each.difference for each in made), currency=priced.currency)
    if total == priced.total:
        return priced
    last = max(range(len(priced.lines)), key=lambda index: -priced.lines[index].amount.gross.amount)
    lines = list(priced.lines)
    lines[last] = replace(lines[last], amount=lines[last].amount + (total - priced.total))
    return replace(priced, lines=tuple(lines), total=total)


def _credits(priced: quote.Offer, *, seller: sellers.Seller) -> tuple[correction.Credit, ...]:
    """The parts of issued lines that the offer gives back."""
    zone = ZoneInfo(seller.time_zone)
    prices: correction.Prices = "gross" if seller.prices == "gross" else "net"
    numbers = {part.billed_id.rpartition("/")[0] for line in priced.lines for part in line.returns}
    issued = chains.of_numbers(seller=seller.code, numbers=sorted(numbers))
    return credited_lines.of_offer(lines=priced.lines, documents=issued, prices=prices, zone=zone)


def drafted(*, change: models.Change, at: datetime, actor: str) -> list[billing.Correction]:
    """New drafts for a change; its earlier ones, if any, are void. Refused as `billing.corrections.draft`."""
    before = billing.Correction.objects.filter(cause=change.number).count()
    return corrections.draft(
        seller=change.client.seller,
        credits=_credits(placing.offer_of(change.quote), seller=change.client.seller),
        reason="decrease",
        cause=change.number,
        key=f"{held.run_key(change.number)}:{before}",
        regime=_REGIMES.get(change.acceptance.regime, "draft_then_issue"),
        at=at,
        actor=actor,
    )


def papers(*, change: str) -> list[billing.Correction]:
    """The corrections of a change that stand, drafts included, in the order in which they were made."""
    found = billing.Correction.objects.filter(cause=change, undoes=None).exclude(state="VOIDED")
    return list(found.select_related("corrects", "document", "seller").order_by("pk"))


def shown_number(row: billing.Correction) -> str:
    """The number that the client sees: of the document, or of its draft."""
    return row.document.number if row.document is not None else row.number


def pdf(row: billing.Correction) -> bytes:
    """The corrective document as a PDF, or what it will say where it is a draft."""
    return correction_queries.pdf(number=row.number)


def enclosed(*, change: str) -> tuple[letters.Enclosure, ...]:
    """The documents as PDF, made outside any transaction."""
    return tuple(
        letters.Enclosure(
            name=f"{shown_number(row).replace('/', '-')}.pdf",
            content_type="application/pdf",
            content=pdf(row),
        )
        for row in papers(change=change)
    )
