"""Of a correction only what happens to it changes; SQLite lost the guards of the documents when their tables were
rebuilt."""

from django.db import migrations

from planshift.runtime import guards


class Migration(migrations.Migration):
    dependencies = [("billing", "0005_corrections")]
    operations = [
        guards.append_only("billing_invoice"),
        guards.append_only("billing_invoiceline"),
        guards.frozen(
            "billing_correction",
            but=["state", "document_id", "asked_at", "answered_at", "issued_at", "credited_at", "credited_to"],
        ),
        guards.append_only("billing_correctionline"),
        guards.append_only("billing_credited"),
    ]
