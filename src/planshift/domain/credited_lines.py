"""Which issued lines does a credit give back? As the offer laid it, or an amount laid by the policy's rule."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from zoneinfo import ZoneInfo

from planshift.domain import money, offer, periods
from planshift.domain.correction import Credit, Issued, IssuedLine, Prices, Span
from planshift.domain.errors import Reason, Refused
from planshift.domain.exact import Fraction
from planshift.domain.money import Money

Lay = Callable[..., tuple[Fraction, ...]]  # the `run` of policy.credit_distribution


def of_offer(
    *, lines: Iterable[offer.Line], documents: Sequence[Issued], prices: Prices, zone: ZoneInfo
) -> tuple[Credit, ...]:
    """The credits of an offer's lines, on the issued lines that the quote laid them on, in the seller's `prices`.

    Days are those of the seller's `zone`. The time of a credit is the part of its line's own time that is given up.
    Refused("credit_without_document", …) where a part of a credit has no issued line to be given back from.
    """
    by_id = {f"{each.number}/{line.position}": (each, line) for each in documents for line in each.lines}
    found: list[Credit] = []
    reasons: list[Reason] = []
    for line in lines:
        asked = -(line.amount.net if prices == "net" else line.amount.gross)
        if asked.amount <= 0:
            continue
        known = [part for part in line.returns if part.billed_id in by_id]
        laid = Money.total((part.amount for part in known), currency=asked.currency)
        if laid != asked:
            reasons.append(Reason("credit_without_document", {"component": line.component, "missing": asked - laid}))
        for part in known:
            document, issued = by_id[part.billed_id]
            span = _common(issued.span, _days(line, zone))
            found.append(
                Credit(document=document.number, position=issued.position, amount=part.amount, prices=prices, span=span)
            )
    if reasons:
        raise Refused.for_reasons(reasons)
    return tuple(found)


def distributed(
    *,
    amount: Money,
    documents: Sequence[Issued],
    service: str,
    component: str,
    lay: Lay,
    prices: Prices = "net",
    span: Span | None = None,
) -> tuple[Credit, ...]:
    """`amount` (> 0) laid on the lines of one component of a service, over all documents, by the rule `lay` (D5, D8).

    `documents` in the order in which they were issued: of two of one day the later one is the newer.
    Only lines count whose time touches `span` (None: all), each with what was paid for it less its corrections. The
    credits sum to `amount` exactly. Refused: `correction_currency_differs`, `correction_amount_wrong`,
    `credit_beyond_paid` (asked, allowed).
    """
    for each in documents:
        if each.currency != amount.currency:
            raise Refused(
                "correction_currency_differs", document=each.number, line=0, currency=each.currency, asked=amount
            )
    if amount.amount <= 0 or amount != amount.rounded("down"):
        raise Refused("correction_amount_wrong", document="", line=0, asked=amount)
    lines = [
        (document, line)
        for document in sorted(documents, key=lambda each: each.issued_on)[::-1]
        for line in document.lines
        if line.line.service == service
        and line.line.component == component
        and (span is None or line.span is None or _common(line.span, span) is not None)
    ]
    rooms = tuple(_room(document, line, prices).amount for document, line in lines)
    allowed = sum(rooms, Fraction(0))
    if amount.amount > allowed:
        raise Refused("credit_beyond_paid", asked=amount, allowed=Money(allowed, amount.currency))
    unit = Fraction(1, 10 ** money.decimals_of(currency=amount.currency))
    parts = lay(amount=amount.amount, rooms=rooms, unit=unit)
    return tuple(
        Credit(
            document=document.number,
            position=line.position,
            amount=Money(part, amount.currency),
            prices=prices,
            span=_common(line.span, span),
        )
        for (document, line), part in zip(lines, parts, strict=True)
        if part
    )


def _room(document: Issued, line: IssuedLine, prices: Prices) -> Money:
    """What can still be given back of a line, in `prices`; of a line not paid in full its paid share, rounded down."""
    now = document.now[line.position]
    whole = now.net if prices == "net" else now.gross
    returned = line.line.amount.gross - now.gross
    open_gross = line.paid - returned
    if whole.amount <= 0 or open_gross.amount <= 0:
        return Money.zero(document.currency)
    if open_gross >= now.gross:
        return whole
    return (whole * (open_gross.amount / now.gross.amount)).rounded("down")


def _common(one: Span | None, other: Span | None) -> Span | None:
    """The time that both have in common; None where they have none, or where one knows no time."""
    if one is None or other is None:
        return None if one is None else one
    start, end = max(one[0], other[0]), min(one[1], other[1])
    return (start, end) if start < end else None


def _days(line: offer.Line, zone: ZoneInfo) -> tuple[date, date] | None:
    if line.start is None or line.end is None:
        return None
    start, end = periods.day_of(line.start, zone), periods.day_of(line.end, zone)
    return (start, end) if start < end else None
