"""Where is the VAT another one by now, and nobody has looked? The oldest first; one statement."""

from planshift.procedures import models
from planshift.procedures.views import tax as views

LIMIT = 100


def differences(*, sellers: tuple[str, ...]) -> tuple[views.TaxDifference, ...]:
    """Of clients of these sellers."""
    found = models.TaxDifference.objects.filter(seller__code__in=sellers, seen_at=None).select_related("client")
    return tuple(
        views.TaxDifference(
            pk=row.pk,
            what=row.what,
            about=row.about,
            change="" if row.what == "renewal" else row.about,
            document=row.document,
            client=row.client.number,
            client_name=row.client.name,
            was=tuple(row.was),
            now=row.now,
            decided=row.decided,
            found_at=row.found_at,
        )
        for row in found.order_by("found_at", "pk")[:LIMIT]
    )
