"""Rows that wait for staff: VAT that is another one by now, a payout, what a machine says otherwise."""

from planshift.billing import models as billing
from planshift.procedures import models
from planshift.provisioning import models as machines
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


def difference(execution: str) -> int:
    """A limit that the machine holds otherwise."""
    found = {"environment": machines.Execution.objects.get(number=execution).new, "found_at": clock.business()}
    told = {"what": "limit", "subject": "mailboxes", "ours": "918273", "theirs": "918274"}
    return machines.Difference.objects.create(pk=918273645, seen_at=clock.business(), **found, **told).pk


def unknown_account(execution: str) -> int:
    """An account that no environment is."""
    new, at = machines.Execution.objects.get(number=execution).new, clock.business()
    assert new is not None
    found = {"server": new.server, "name": "unknown-918273645"}
    return machines.UnknownAccount.objects.create(pk=918273646, found_at=at, seen_at=at, **found).pk


def unpaid_invoice(*, change: models.Change) -> str:
    """An invoice issued elsewhere of which 1.00 is unpaid; the id of its row."""
    day = clock.business().date()
    paper = billing.Invoice.objects.create(
        number="ELSEWHERE-9",
        seller=change.client.seller,
        client=change.client,
        kind="invoice",
        imported=True,
        issued_on=day,
        sold_on=day,
        issued_at=clock.business(),
        issued_by="test",
        language="it",
        currency="EUR",
        net_minor=100,
        tax_minor=0,
        gross_minor=100,
        seller_party={},
        buyer_party={},
    )
    row = {"key": "ELSEWHERE9", "owed_minor": 100, "seller": paper.seller}
    return str(billing.OpeningBalance.objects.create(pk=918_273_647, invoice=paper, **row).pk)
