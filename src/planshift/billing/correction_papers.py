"""What is written when a correction is drafted, and when it is issued? Frozen rows, a number, a posting."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence

from planshift.billing import booking, chains, models, numbering, references, rows
from planshift.domain import correction, documents, postings
from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.domain.tax import Taxed
from planshift.runtime import audit


def keep(
    *,
    computed: correction.Correction,
    corrects: models.Invoice,
    cause: str,
    key: str,
    regime: str,
    at: dt.datetime,
    actor: str,
    undoes: models.Correction | None = None,
) -> models.Correction:
    """Write one draft with its lines. `corrects` is locked by the caller, with seller and client loaded."""
    difference = computed.difference
    row = models.Correction.objects.create(
        number=references.correction_number(on=booking.day(seller=corrects.seller, at=at)),
        seller=corrects.seller,
        client=corrects.client,
        corrects=corrects,
        undoes=undoes,
        key=key,
        cause=cause,
        reason=computed.reason,
        regime=regime,
        currency=computed.currency,
        net_minor=difference.net.minor,
        tax_minor=difference.tax.minor,
        gross_minor=difference.gross.minor,
        drafted_at=at,
        drafted_by=actor,
    )
    _keep_lines(row, computed)
    audit.record(
        kind="billing.correction",
        object_id=row.pk,
        number=row.number,
        event="drafted",
        to_state=row.state,
        actor=actor,
        at=at,
        facts={"corrects": corrects.number, "gross": row.gross_minor, "currency": row.currency, "cause": cause},
    )
    return row


def _keep_lines(row: models.Correction, computed: correction.Correction) -> None:
    originals = chains.lines_of(invoice=row.corrects)
    models.CorrectionLine.objects.bulk_create(
        models.CorrectionLine(
            correction=row,
            line=originals[each.position],
            start_on=each.span[0] if each.span else None,
            end_on=each.span[1] if each.span else None,
            before_net_minor=each.before.net.minor,
            before_tax_minor=each.before.tax.minor,
            net_minor=each.difference.net.minor,
            tax_minor=each.difference.tax.minor,
        )
        for each in computed.lines
    )


def issue(*, corrections: Sequence[models.Correction], on: dt.date, at: dt.datetime, actor: str) -> None:
    """Write the documents of locked drafts, number and book them; `document` and `issued_at` of each are set.

    Refused: `invoice_date_in_future`, `correction_outdated`.
    """
    if not corrections:
        return
    lines: defaultdict[int, list[models.CorrectionLine]] = defaultdict(list)
    found = models.CorrectionLine.objects.filter(correction__in=corrections).select_related("line")
    for line in found.order_by("correction_id", "line__position"):
        lines[line.correction_id].append(line)
    for row in corrections:
        if on > booking.day(seller=row.seller, at=at):
            raise Refused("invoice_date_in_future", on=on)
    _check_still_true(corrections, lines)
    made = {row.pk: _posting(row) for row in corrections}
    held = booking.lock(a for p in made.values() if p for t in p.transfers for a in (t.debit, t.credit))
    entries = []
    for row, series, number in _numbered(corrections, on):  # accounts come before series
        row.document, row.issued_at = _document(row, lines[row.pk], series, number, on, at, actor), at
        models.Correction.objects.filter(pk=row.pk).update(document=row.document, issued_at=at)
        posting = made[row.pk]
        if posting is not None:
            entries.append(_entry(row, posting, number, at, actor))
    booking.book_many(entries, locked=held)


def _numbered(corrections: Sequence[models.Correction], on: dt.date) -> list[tuple[models.Correction, str, str]]:
    """Each with its series and number; the series are locked in the order of their sellers."""
    by_seller: defaultdict[int, list[models.Correction]] = defaultdict(list)
    for row in corrections:
        by_seller[row.seller_id].append(row)
    found = []
    for _, group in sorted(by_seller.items()):
        series, numbers = numbering.documents(seller=group[0].seller, on=on, count=len(group), kind="correction")
        found += [(row, series, number) for row, number in zip(group, numbers, strict=True)]
    return found


def _check_still_true(
    corrections: Sequence[models.Correction], lines: defaultdict[int, list[models.CorrectionLine]]
) -> None:
    """What stands before must be what stood there when the draft was computed, and no more than it may go."""
    invoices = {row.corrects_id: row.corrects for row in corrections}
    issued = dict(zip(invoices, chains.of_rows(invoices=list(invoices.values())), strict=True))
    for row in corrections:
        chain = issued[row.corrects_id]
        now = chain.now
        for line in lines[row.pk]:
            if _before(line, row.currency) != now[line.line.position]:
                raise Refused("correction_outdated", number=row.number, document=row.corrects.number)
        computed = {line.line.position: _difference(line, row.currency) for line in lines[row.pk]}
        earlier = correction.Earlier(number=row.number, differences=computed)
        issued[row.corrects_id] = chain.with_earlier(earlier)  # two drafts of one document in one call


def _before(line: models.CorrectionLine, currency: str) -> Taxed:
    return rows.taxed_of(net_minor=line.before_net_minor, tax_minor=line.before_tax_minor, currency=currency)


def _difference(line: models.CorrectionLine, currency: str) -> Taxed:
    return rows.taxed(line, currency=currency)


def _posting(row: models.Correction) -> postings.Posting | None:
    if not row.net_minor and not row.tax_minor:
        return None
    return postings.correction_issued(
        seller=row.seller.code,
        client=row.client.number,
        net=Money.from_minor(row.net_minor, row.currency),
        tax=Money.from_minor(row.tax_minor, row.currency),
    )


def _entry(
    row: models.Correction, posting: postings.Posting, number: str, at: dt.datetime, actor: str
) -> booking.Entry:
    return booking.entry(
        posting,
        key=f"{row.number}/{posting.name}",
        seller=row.seller,
        at=at,
        actor=actor,
        order=row.corrects.order.number if row.corrects.order else "",
        document=number,
    )


def _document(
    row: models.Correction,
    lines: Sequence[models.CorrectionLine],
    series: str,
    number: str,
    on: dt.date,
    at: dt.datetime,
    actor: str,
) -> models.Invoice:
    """The document's rows: parties, texts and rates are copied from the corrected document as it was issued."""
    of = row.corrects
    document = models.Invoice.objects.create(
        number=number,
        series=series,
        seller=row.seller,
        client=row.client,
        corrects=of,
        undoes=row.undoes.document if row.undoes else None,
        kind="correction",
        reason=row.reason,
        legal_form=of.legal_form,
        issued_on=on,
        sold_on=on,
        issued_at=at,
        issued_by=actor,
        language=of.language,
        currency=row.currency,
        net_minor=row.net_minor,
        tax_minor=row.tax_minor,
        gross_minor=row.gross_minor,
        seller_party=of.seller_party,
        buyer_party=of.buyer_party,
        bank_account=of.bank_account,
        payment_reference="",
    )
    models.InvoiceLine.objects.bulk_create(_line(document, each) for each in lines)
    audit.record(
        kind="billing.invoice",
        object_id=document.pk,
        number=number,
        event="issued",
        actor=actor,
        at=at,
        facts={"corrects": of.number, "gross": row.gross_minor, "currency": row.currency, "cause": row.cause},
    )
    return document


def _line(document: models.Invoice, each: models.CorrectionLine) -> models.InvoiceLine:
    of = each.line
    kind: documents.LineKind = of.kind  # type: ignore[assignment]
    return models.InvoiceLine(
        invoice=document,
        corrects=of,
        position=of.position,
        kind=kind,
        text=of.text,
        service=of.service,
        component=of.component,
        quantity=of.quantity,
        start_on=each.start_on,
        end_on=each.end_on,
        vat_code=of.vat_code,
        vat_percent=of.vat_percent,
        before_net_minor=each.before_net_minor,
        before_tax_minor=each.before_tax_minor,
        net_minor=each.net_minor,
        tax_minor=each.tax_minor,
        gross_minor=each.net_minor + each.tax_minor,
    )
