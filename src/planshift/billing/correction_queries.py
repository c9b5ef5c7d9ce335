"""What do we know about corrections? Drafts and issued ones, their lines, and the paper of both. Reads only."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from planshift.billing import booking, invoices, models, ports, rows
from planshift.domain import documents
from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.domain.tax import Taxed


@dataclass(frozen=True, slots=True, kw_only=True)
class LineView:
    """One original line as a correction leaves it; `line` has the difference as its amount and the time it is about."""

    line: documents.Line
    before: Taxed

    @property
    def after(self) -> Taxed:
        """What the correction leaves of the line."""
        return self.before + self.line.amount


@dataclass(frozen=True, slots=True, kw_only=True)
class PartView:
    """Where a part of the money went."""

    to: str  # deposit, unapplied
    amount: Money
    payment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionView:
    """A correction as people see it. `document` is its number in the seller's series, "" until it is issued."""

    number: str
    document: str
    corrects: str
    seller: str
    client: str
    cause: str
    reason: str
    regime: str
    state: str
    total: Taxed  # the difference: negative where it reduces
    drafted_at: dt.datetime
    asked_at: dt.datetime | None
    answered_at: dt.datetime | None
    issued_on: dt.date | None
    credited_at: dt.datetime | None
    credited_to: str
    lines: tuple[LineView, ...]
    parts: tuple[PartView, ...]

    @property
    def given_back(self) -> Money:
        """Gross; negative for a counter-correction."""
        return -self.total.gross


def one(*, number: str) -> CorrectionView:
    """The correction whose draft has this number. Refused("correction_draft_unknown")."""
    found = _views(models.Correction.objects.filter(number=number))
    if not found:
        raise Refused("correction_draft_unknown", numbers=[number])
    return found[0]


def of_causes(*, causes: Iterable[str]) -> Mapping[str, tuple[CorrectionView, ...]]:
    """All corrections that were made for these changes, in the order of their drafts (three statements)."""
    found: defaultdict[str, list[CorrectionView]] = defaultdict(list)
    for each in _views(models.Correction.objects.filter(cause__in=list(causes))):
        found[each.cause].append(each)
    return {cause: tuple(views) for cause, views in found.items()}


def paper(*, number: str) -> documents.Document:
    """The paper of a correction: as issued, or as a draft without a number of the series, to be accepted.

    Refused("correction_draft_unknown").
    """
    row = models.Correction.objects.select_related("document", "seller", "corrects").filter(number=number).first()
    if row is None:
        raise Refused("correction_draft_unknown", numbers=[number])
    if row.document is not None:
        return invoices.document(seller=row.seller.code, number=row.document.number)
    original = invoices.document(seller=row.seller.code, number=row.corrects.number)
    lines = _lines([row])[row.pk]
    return replace(
        original,
        kind="correction",
        number=row.number,
        draft=True,
        imported=False,
        issued_on=booking.day(seller=row.seller, at=row.drafted_at),
        sold_on=booking.day(seller=row.seller, at=row.drafted_at),
        issued_at=row.drafted_at,
        due_on=None,
        payment_reference="",
        lines=tuple(each.line for each in lines),
        before=tuple(each.before for each in lines),
        total=rows.taxed(row, currency=row.currency),
        settled=(),
        corrects=documents.Corrected(
            number=original.number,
            issued_on=original.issued_on,
            legal_form=original.legal_form,
            e_invoice_number=original.e_invoice_number,
        ),
        reason=row.reason,
    )


def pdf(*, number: str) -> bytes:
    """`paper` as a PDF."""
    return ports.renderer().pdf(document=paper(number=number))


def _views(found: Any) -> list[CorrectionView]:
    corrections = list(
        found.select_related("document", "corrects", "seller", "client")
        .prefetch_related("parts__payment")
        .order_by("pk")
    )
    lines = _lines(corrections)
    return [_view(row, tuple(lines[row.pk])) for row in corrections]


def _lines(corrections: Sequence[models.Correction]) -> Mapping[int, list[LineView]]:
    currencies = {row.pk: row.currency for row in corrections}
    found: defaultdict[int, list[LineView]] = defaultdict(list)
    every = models.CorrectionLine.objects.filter(correction__in=corrections).select_related("line")
    for each in every.order_by("correction_id", "line__position"):
        currency = currencies[each.correction_id]
        original = rows.line(each.line, currency=currency)
        found[each.correction_id].append(
            LineView(
                line=replace(
                    original,
                    amount=rows.taxed(each, currency=currency),
                    start_on=each.start_on,
                    end_on=each.end_on,
                ),
                before=rows.taxed_of(
                    net_minor=each.before_net_minor, tax_minor=each.before_tax_minor, currency=currency
                ),
            )
        )
    return found


def _view(row: models.Correction, lines: tuple[LineView, ...]) -> CorrectionView:
    return CorrectionView(
        number=row.number,
        document=row.document.number if row.document else "",
        corrects=row.corrects.number,
        seller=row.seller.code,
        client=row.client.number,
        cause=row.cause,
        reason=row.reason,
        regime=row.regime,
        state=row.state,
        total=rows.taxed(row, currency=row.currency),
        drafted_at=row.drafted_at,
        asked_at=row.asked_at,
        answered_at=row.answered_at,
        issued_on=row.document.issued_on if row.document else None,
        credited_at=row.credited_at,
        credited_to=row.credited_to,
        lines=lines,
        parts=tuple(
            PartView(
                to=part.to,
                amount=Money.from_minor(part.amount_minor, row.currency),
                payment=part.payment.number if part.payment else "",
            )
            for part in row.parts.all()
        ),
    )
