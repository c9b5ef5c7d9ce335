"""What was unpaid of invoices that came in before balances were kept; of a balance only what is settled changes."""

import re

from django.db import migrations
from django.db.models import F, OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce

from planshift.runtime import guards


def take_over(apps, schema_editor):
    """A balance for every invoice issued elsewhere that was not paid in full."""
    invoices = apps.get_model("billing", "Invoice")
    lines = apps.get_model("billing", "InvoiceLine").objects.filter(invoice=OuterRef("pk")).order_by()
    paid = lines.values("invoice").annotate(sum=Sum(Coalesce("paid_minor", "gross_minor"))).values("sum")
    unpaid = invoices.objects.filter(imported=True).annotate(paid=Subquery(paid)).filter(gross_minor__gt=F("paid"))
    balances = apps.get_model("billing", "OpeningBalance").objects
    balances.bulk_create(
        (
            balances.model(
                invoice_id=row.pk,
                seller_id=row.seller_id,
                key="".join(re.findall(r"[^\W_]+", row.number.upper()))[:40],
                owed_minor=row.gross_minor - row.paid,
            )
            for row in unpaid.iterator(chunk_size=1000)
        ),
        batch_size=1000,
    )


class Migration(migrations.Migration):
    dependencies = [("billing", "0013_opening_balances"), ("runtime", "0002_guards")]
    operations = [
        migrations.RunPython(take_over, migrations.RunPython.noop),
        guards.frozen("billing_openingbalance", but=["settled_minor"]),
        guards.append_only("billing_openingpayment"),
        guards.append_only("billing_openingpaymentline"),
    ]
