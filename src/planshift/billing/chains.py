"""What was issued, and what did corrections leave of it? Documents with their corrections as values of the domain."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from planshift.billing import models, opened, rows
from planshift.domain import correction, correction_tax
from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.domain.tax import Taxed


def of_numbers(
    *, seller: str, numbers: Iterable[str], method: correction_tax.Method | None = None
) -> tuple[correction.Issued, ...]:
    """The invoices with these numbers and all their corrections, in the order in which they were issued (three
    statements). `method`: how their tax was found; by default per rate from the seller's prices, half up.

    Refused("document_unknown") when one is missing or is a correction itself.
    """
    wanted = list(dict.fromkeys(numbers))
    found = models.Invoice.objects.filter(seller__code=seller, number__in=wanted, corrects__isnull=True)
    invoices = list(found.select_related("seller").order_by("issued_on", "pk"))
    if missing := set(wanted) - {each.number for each in invoices}:
        raise Refused("document_unknown", number=", ".join(sorted(missing)))
    return of_rows(invoices=invoices, method=method)


def of_rows(
    *, invoices: Sequence[models.Invoice], method: correction_tax.Method | None = None
) -> tuple[correction.Issued, ...]:
    """`of_numbers` of rows that are read already (two statements, one more where one came in unpaid); `seller` must be
    loaded with them."""
    by_invoice: defaultdict[int, list[models.InvoiceLine]] = defaultdict(list)
    corrections = list(models.Invoice.objects.filter(corrects__in=invoices).select_related("undoes").order_by("pk"))
    lines = list(models.InvoiceLine.objects.filter(invoice__in=[*invoices, *corrections]).order_by("position"))
    for line in lines:
        by_invoice[line.invoice_id].append(line)
    settled = opened.settled_of(lines=lines)
    earlier: defaultdict[int, list[correction.Earlier]] = defaultdict(list)
    for each in corrections:
        assert each.corrects_id is not None
        earlier[each.corrects_id].append(_earlier(each, by_invoice[each.pk]))
    return tuple(_issued(each, by_invoice[each.pk], tuple(earlier[each.pk]), method, settled) for each in invoices)


def lines_of(*, invoice: models.Invoice) -> Mapping[int, models.InvoiceLine]:
    """The rows of a document's lines by position."""
    return {line.position: line for line in models.InvoiceLine.objects.filter(invoice=invoice)}


def _issued(
    row: models.Invoice,
    lines: Iterable[models.InvoiceLine],
    corrections: tuple[correction.Earlier, ...],
    method: correction_tax.Method | None,
    settled: Mapping[int, int],
) -> correction.Issued:
    return correction.Issued(
        number=row.number,
        issued_on=row.issued_on,
        currency=row.currency,
        lines=tuple(
            correction.IssuedLine(
                position=line.position,
                line=rows.line(line, currency=row.currency),
                paid=paid(line=line, currency=row.currency, settled=settled.get(line.pk, 0)).gross,
            )
            for line in lines
        ),
        method=method or correction_tax.Method(prices="gross" if row.seller.prices == "gross" else "net"),
        corrections=corrections,
    )


def paid(*, line: models.InvoiceLine, currency: str, settled: int = 0) -> Taxed:
    """What was paid of an issued line: all of it, unless an opening document says less; then in the line's proportion
    of net to gross, to the whole unit. `settled`: minor units paid since it came (`opened.settled_of`)."""
    amount = rows.taxed(line, currency=currency)
    if line.paid_minor is None or line.paid_minor + settled == line.gross_minor or not line.gross_minor:
        return amount
    gross = Money.from_minor(line.paid_minor + settled, currency)
    net = (amount.net * (gross.amount / amount.gross.amount)).rounded()
    return Taxed(net, gross - net, gross)


def _earlier(row: models.Invoice, lines: Sequence[models.InvoiceLine]) -> correction.Earlier:
    return correction.Earlier(
        number=row.number,
        differences={line.position: rows.taxed(line, currency=row.currency) for line in lines},
        spans={
            line.position: (line.start_on, line.end_on) if line.start_on and line.end_on else None for line in lines
        },
        undoes=row.undoes.number if row.undoes else "",
    )
