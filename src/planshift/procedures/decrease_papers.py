"""Which corrective documents does a decrease leave, and for how much?"""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from planshift.billing import chains, correction_queries, corrections
from planshift.billing import models as billing
from planshift.catalog import models as sellers
from planshift.domain import correcting, correction, credited_lines, letters, quote, tax
from planshift.domain.policy import tax_rounding
from planshift.domain.pricing import afterwards
from planshift.domain.tax import Taxed
from planshift.procedures import decrease_working, held, keeping, knowledge, models, placing, rules

_REGIMES: dict[str, corrections.Regime] = {"issue_then_confirm": "issue_then_confirm", "not_asked": "at_once"}


def exact(*, priced: quote.Offer, known: knowledge.Known) -> quote.Offer:
    """The offer of a decrease with the amounts of its documents: quote = order = document = ledger.

    A quote taxes the credit on its own sum, a correction on what is left of each document; they can differ by a unit.
    What is charged beside it has an invoice of its own, and so a tax of its own. Refused: `credit_without_document`,
    `correction_beyond_paid`.
    """
    if not placing.gives_back(priced):
        return priced
    laid = _credits(priced, seller=known.rules.seller)
    issued = chains.of_numbers(seller=known.rules.seller.code, numbers=[each.document for each in laid])
    made = correcting.correct(documents=issued, credits=laid, reason="decrease")
    corrected = Taxed.total((each.difference for each in made), currency=priced.currency)
    quoted = Taxed.total((line.amount for line in placing.credited(priced)), currency=priced.currency)
    lines = _taxed_apart(priced, known=known) if placing.charged(priced) else list(priced.lines)
    last = max(range(len(lines)), key=lambda index: -lines[index].amount.gross.amount)
    lines[last] = replace(lines[last], amount=lines[last].amount + (corrected - quoted))
    total = Taxed.total((line.amount for line in lines), currency=priced.currency)
    if total == priced.total:
        return priced
    billed = _balanced(replace(priced, lines=tuple(lines), total=total), quoted=priced)
    steps = decrease_working.steps(billed=billed, corrections=made, prices=known.rules.seller.prices)
    return replace(billed, sketch=keeping.KeptWorking(steps))


def _balanced(priced: quote.Offer, *, quoted: quote.Offer) -> quote.Offer:
    """With the account credit, and the next invoice that it pays, as the documents leave them."""
    if priced.credit_to != "account_credit":
        return priced
    left = quoted.balance_left + quoted.total.gross - priced.total.gross
    due = afterwards.next_invoice(priced.next_renewal, priced.due_later, left)
    return replace(priced, balance_left=left, next_invoice=due)


def _taxed_apart(priced: quote.Offer, *, known: knowledge.Known) -> list[quote.Line]:
    """The lines, those that are charged with the tax of an invoice of theirs alone."""
    seller, family = known.rules.seller, known.holding.service.family
    place, mode = rules.carried_out(tax_rounding, policy=known.rules.policy, family=family)
    if place != "per_rate":
        return list(priced.lines)
    prices = "gross" if seller.prices == "gross" else "net"
    charged = placing.charged(priced)
    amounts = tax.per_rate(
        [(getattr(line.amount, prices), line.tax_rate) for line in charged], prices=prices, mode=mode
    )
    apart = {id(line): amount for line, amount in zip(charged, amounts, strict=True)}
    return [replace(line, amount=apart.get(id(line), line.amount)) for line in priced.lines]


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
