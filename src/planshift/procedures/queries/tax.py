"""Where is the VAT another one by now, and nobody has looked?"""

from django.db.models import QuerySet

from planshift.procedures import models
from planshift.procedures.views import tax as views

LIMIT = 100  # that are shown: the others follow as these are seen


def differences(*, sellers: tuple[str, ...]) -> tuple[views.TaxDifference, ...]:
    """Of clients of these sellers, the oldest first, at most LIMIT. One statement."""
    found = _open(sellers).select_related("client")
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


def count(*, sellers: tuple[str, ...]) -> int:
    """How many there are in all. One statement."""
    return _open(sellers).count()


def _open(sellers: tuple[str, ...]) -> QuerySet[models.TaxDifference]:
    return models.TaxDifference.objects.filter(seller__code__in=sellers, seen_at=None)
