"""The number of the clearing system comes after the issue: it is written once, everything else stays frozen."""

from django.db import migrations

from planshift.runtime import guards


class Migration(migrations.Migration):
    dependencies = [("billing", "0010_payout_guards"), ("runtime", "0002_guards")]
    operations = [
        guards.frozen("billing_invoice", but=["e_invoice_number"]),
        guards.frozen(
            "billing_invoice", when="OLD.\"e_invoice_number\" <> ''", columns=["e_invoice_number"], name="numbered"
        ),
    ]
