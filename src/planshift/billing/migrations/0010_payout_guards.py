"""Of a payout only its end is written."""

from django.db import migrations

from planshift.runtime import guards


class Migration(migrations.Migration):
    dependencies = [("billing", "0009_payouts"), ("runtime", "0002_guards")]
    operations = [guards.frozen("billing_payout", but=["state", "closed_at", "note"])]
