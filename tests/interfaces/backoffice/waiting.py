"""Rows that wait for staff: VAT that is another one by now, a payout."""

from planshift.billing import models as billing
from planshift.procedures import models
from planshift.runtime import clock


def otherwise(*, change: models.Change) -> str:
    """Its key in addresses; a long one, which no page shows by chance."""
    row = models.TaxDifference.objects.create(
        pk=73_005_179,
        client=change.client,
        seller=change.client.seller,
        what="invoice",
        about=change.number,
        was=[],
        now={"unknown": "x"},
        decided="kept",
        found_at=clock.business(),
    )
    return str(row.pk)


def payout(*, change: models.Change) -> str:
    """The number of a payout that waits to be sent."""
    row = billing.Payout.objects.create(
        number="W-1-TEST",
        seller=change.client.seller,
        client=change.client,
        currency="EUR",
        amount_minor=100,
        holder="Demo",
        iban="PL61109010140000071219812874",
        requested_at=clock.business(),
        requested_by="test",
        due_at=clock.business(),
    )
    return row.number
