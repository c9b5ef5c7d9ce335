"""An issued document never changes; of an order and a payment only what happens to it does."""

from django.db import migrations

from planshift.runtime import guards


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial")]
    operations = [
        guards.append_only("billing_invoice"),
        guards.append_only("billing_invoiceline"),
        guards.append_only("billing_orderline"),
        guards.frozen("billing_order", but=["state", "covered_minor", "paid_at", "closed_at"]),
        guards.frozen("billing_payment", but=["client_id", "unapplied_minor", "why_unapplied"]),
        guards.frozen("billing_partpayment", but=["released_at"]),
    ]
