"""Is what was ordered what was quoted? The kept offer of each change against the rows of its quote and order."""

from collections.abc import Iterator

from planshift.procedures import models, placing
from planshift.procedures.reconciling.checks import Difference

CODE, TABLE = "quote_order", "procedures_change"


def differences(*, after: int, until: int, seller: str) -> Iterator[Difference]:
    """Of the changes with an id in (after, until]; one statement."""
    found = models.Change.objects.filter(pk__gt=after, pk__lte=until, order__isnull=False)
    if seller:
        found = found.filter(client__seller__code=seller)
    for change in found.select_related("quote__replaces", "order", "client__seller").order_by("pk"):
        assert change.order is not None
        order, kept = change.order, change.quote
        if kept.created_at > change.ordered_at and kept.replaces is not None:  # lowered after it was paid (H3)
            kept = kept.replaces
        total = placing.offer_of(kept).total
        figures = (
            ("quote gross", kept.gross_minor, total.gross),
            ("net", order.net_minor, total.net),
            ("tax", order.tax_minor, total.tax),
            ("gross", order.gross_minor, total.gross),
        )
        for figure, stored, offered in figures:
            if (stored, order.currency) != (offered.minor, offered.currency):
                yield Difference(
                    check=CODE,
                    seller=change.client.seller.code,
                    subject=change.number,
                    figure=figure,
                    currency=order.currency,
                    stored=stored,
                    computed=offered.minor,
                )
