"""Is what was ordered what was quoted? The kept offer of each change against the rows of its quote and order."""

from collections.abc import Iterator

from planshift.domain.tax import Taxed
from planshift.procedures import lowering, models, placing
from planshift.procedures.reconciling.checks import Difference

CODE, TABLE = "quote_order", "procedures_change"


def differences(*, after: int, until: int, seller: str) -> Iterator[Difference]:
    """Of the changes with an id in (after, until]; one statement."""
    found = models.Change.objects.filter(pk__gt=after, pk__lte=until, order__isnull=False)
    if seller:
        found = found.filter(client__seller__code=seller)
    for change in found.select_related("quote", "lowered_from", "order", "client__seller").order_by("pk"):
        assert change.order is not None
        order, kept = change.order, lowering.quote_paid(change)
        offered = placing.offer_of(kept)
        total = Taxed.total((line.amount for line in placing.ordered(offered)), currency=offered.currency)
        figures = (
            ("quote gross", kept.gross_minor, offered.total.gross),
            ("net", order.net_minor, total.net),
            ("tax", order.tax_minor, total.tax),
            ("gross", order.gross_minor, total.gross),
        )
        for figure, stored, wanted in figures:
            if (stored, order.currency) != (wanted.minor, wanted.currency):
                yield Difference(
                    check=CODE,
                    seller=change.client.seller.code,
                    subject=change.number,
                    figure=figure,
                    currency=order.currency,
                    stored=stored,
                    computed=wanted.minor,
                )
